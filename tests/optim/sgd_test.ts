import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { tensor, variable } from "../../core/mod.ts";
import { Sgd } from "../../optim/mod.ts";
import { families } from "../../tools/golden/nn.ts";
import { assertRecorded } from "../fixtures/networks/run.ts";

describe("Sgd", () => {
  it("follows PyTorch's trajectory with momentum, dampening, decay and Nesterov's form", async () => {
    await assertRecorded("optim", families.optim, "sgd");
  });

  it("refuses settings out of range", () => {
    const w = variable(tensor([1]), "w");
    const bad = [
      [{ learningRate: NaN }, "Sgd: learningRate must be 0 or more, not NaN"],
      [{ momentum: -0.5 }, "Sgd: momentum must be 0 or more, not -0.5"],
      [{ weightDecay: -1 }, "Sgd: weightDecay must be 0 or more, not -1"],
      [{ dampening: Infinity }, "Sgd: dampening must be a number, not Infinity"],
      [{ nesterov: true }, "Sgd: nesterov needs momentum above 0 and dampening 0"],
      [
        { nesterov: true, momentum: 0.9, dampening: 0.1 },
        "Sgd: nesterov needs momentum above 0 and dampening 0",
      ],
    ] as const;
    for (const [options, message] of bad) {
      assert.throws(() => new Sgd([w], options), { name: "RangeError", message });
    }
  });
});
