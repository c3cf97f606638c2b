import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { ones } from "../../core/mod.ts";
import { Hourglass } from "../../models/mod.ts";
import { variables } from "../../nn/mod.ts";
import { families } from "../../tools/golden/nn.ts";
import { assertRecorded } from "../fixtures/networks/run.ts";

describe("Hourglass", () => {
  it("equals the authors' hourglass with batch norm, forward and backward", async () => {
    await assertRecorded("modules", families.modules, "hourglass_");
  });

  it("widens by `increase` once and by `innerIncrease` from then on", () => {
    const hourglass = new Hourglass({ depth: 3, channels: 2, increase: 1, innerIncrease: 5 });
    const widths = ["up1", "low2.up1", "low2.low2.up1", "low2.low2.low2"]
      .map((path) => variables(hourglass).get(`${path}.conv.weight`)?.shape[0]);
    assert.deepEqual(widths, [2, 3, 8, 13]);
  });

  it("normalises its last block only when told to normalise everywhere", () => {
    const has = (batchNorm: "authors" | "everywhere") =>
      variables(new Hourglass({ depth: 1, channels: 2, increase: 1, batchNorm }))
        .has("low3.bn.weight");
    assert.deepEqual([has("authors"), has("everywhere")], [false, true]);
  });

  it("names every variable by its path", () => {
    const hourglass = new Hourglass({ depth: 2, channels: 2, increase: 1, name: "features.0.0" });
    for (const [path, { name }] of variables(hourglass)) assert.equal(name, `features.0.0.${path}`);
  });

  it("refuses sizes that no hourglass has", () => {
    assert.throws(() => new Hourglass({ depth: 0, channels: 2 }), {
      name: "RangeError",
      message: "Hourglass: depth must be a whole number, 1 or more, not 0",
    });
    assert.throws(() => new Hourglass({ depth: 1, channels: 2, increase: -1 }), {
      name: "RangeError",
      message: "Hourglass: increase must be a whole number, 0 or more, not -1",
    });
  });

  it("says when a size cannot be halved so often", () => {
    const hourglass = new Hourglass({ depth: 2, channels: 1, increase: 0 });
    assert.throws(() => hourglass.forward(ones([1, 1, 8, 6])), { name: "ShapeError" });
  });
});
