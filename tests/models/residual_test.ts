import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, ones, tensor } from "../../core/mod.ts";
import { Residual, ResidualHourglass } from "../../models/mod.ts";
import { loadState, parameters, stateOf, variables } from "../../nn/mod.ts";

describe("Residual", () => {
  it("adds to its input what three convolutions make of it", async () => {
    const residual = new Residual({ inChannels: 2, outChannels: 2, seed: 1 });
    const state = await stateOf(residual);
    state["widen.conv.weight"].data.fill(0);
    state["widen.conv.bias"].data.set([10, 20]);
    await loadState(residual, state);
    const x = tensor([[[[1, 2]], [[3, 4]]]]);
    assert.deepEqual(await residual.forward(x).array(), [[[[11, 12]], [[23, 24]]]]);
  });

  it("convolves its input where the channels change", async () => {
    const residual = new Residual({ inChannels: 1, outChannels: 2, seed: 1 });
    const state = await stateOf(residual);
    for (const name of ["widen.conv.weight", "widen.conv.bias", "skip.bias"]) {
      state[name].data.fill(0);
    }
    state["skip.weight"].data.set([2, 3]);
    await loadState(residual, state);
    assert.deepEqual(await residual.forward(tensor([[[[1, 5]]]])).array(), [[[[2, 10]], [[
      3,
      15,
    ]]]]);
  });

  it("refuses odd channels", () => {
    assert.throws(() => new Residual({ inChannels: 1, outChannels: 3 }), {
      name: "RangeError",
      message: "Residual: outChannels must be even, not 3",
    });
    assert.throws(() => new Residual({ inChannels: 0, outChannels: 2 }), {
      name: "RangeError",
      message: "Residual: inChannels must be a whole number, 1 or more, not 0",
    });
  });

  it("says when the channels do not fit", () => {
    const residual = new Residual({ inChannels: 2, outChannels: 2 });
    assert.throws(() => residual.forward(ones([1, 3, 4, 4])), { name: "ShapeError" });
  });
});

describe("ResidualHourglass", () => {
  it("keeps its width, and its output depends on every parameter", () => {
    const hourglass = new ResidualHourglass({ depth: 2, channels: 4, seed: 1 });
    const y = hourglass.forward(ones([2, 4, 8, 8]));
    assert.deepEqual(y.shape, [2, 4, 8, 8]);
    const wrt = parameters(hourglass);
    const gradients = grad(y.sum(), [...wrt.values()]); // names a parameter that is not reached
    assert.deepEqual(gradients.map((g) => g.shape), [...wrt.values()].map((w) => w.shape));
    assert.ok(variables(hourglass).has("low2.low2.look.bn.running_mean"));
  });

  it("refuses sizes that no hourglass has", () => {
    assert.throws(() => new ResidualHourglass({ depth: 0.5, channels: 4 }), {
      name: "RangeError",
      message: "ResidualHourglass: depth must be a whole number, 1 or more, not 0.5",
    });
    assert.throws(() => new ResidualHourglass({ depth: 1, channels: 5 }), {
      name: "RangeError",
      message: "Residual: outChannels must be even, not 5",
    });
  });

  it("says when a size cannot be halved so often", () => {
    const hourglass = new ResidualHourglass({ depth: 2, channels: 2 });
    assert.throws(() => hourglass.forward(ones([1, 2, 8, 6])), { name: "ShapeError" });
  });
});
