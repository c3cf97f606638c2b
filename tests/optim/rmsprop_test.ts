import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { tensor, variable } from "../../core/mod.ts";
import { RmsProp } from "../../optim/mod.ts";
import { families } from "../../tools/golden/nn.ts";
import { assertRecorded } from "../fixtures/networks/run.ts";

describe("RmsProp", () => {
  it("follows PyTorch's trajectory, plain and centered with momentum", async () => {
    await assertRecorded("optim", families.optim, "rmsprop");
  });

  it("refuses settings out of range", () => {
    const w = variable(tensor([1]), "w");
    const bad = [
      [{ alpha: 1 }, "RmsProp: alpha must be 0 or more and below 1, not 1"],
      [{ learningRate: -1 }, "RmsProp: learningRate must be 0 or more, not -1"],
      [{ eps: NaN }, "RmsProp: eps must be 0 or more, not NaN"],
      [{ weightDecay: -1 }, "RmsProp: weightDecay must be 0 or more, not -1"],
      [{ momentum: -1 }, "RmsProp: momentum must be 0 or more, not -1"],
    ] as const;
    for (const [options, message] of bad) {
      assert.throws(() => new RmsProp([w], options), { name: "RangeError", message });
    }
  });
});
