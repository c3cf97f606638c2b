import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, tensor } from "../../core/mod.ts";
import { stopGradient } from "../../ops/mod.ts";

describe("stopGradient", () => {
  it("passes numbers on and treats them as constants", async () => {
    const x = tensor([2, 3]);
    const y = stopGradient(x.square()).mul(x);
    const [gradX] = grad(y.sum(), [x]);
    assert.deepEqual(await y.array(), [8, 27]);
    assert.deepEqual(await gradX.array(), [4, 9]);
  });

  it("leaves what is only behind it without a gradient", async () => {
    const x = tensor([2, 3]);
    const loss = stopGradient(x).sum();
    assert.throws(() => grad(loss, [x]), {
      name: "RangeError",
      message: /^grad: the loss does not depend on/,
    });
    const [gradX] = grad(loss, [x], { unreached: "zero" });
    assert.deepEqual(await gradX.array(), [0, 0]);
  });
});
