import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { checkWindow, pooledShape } from "../../ops/window.ts";

describe("checkWindow", () => {
  it("fills in windows of two, side by side", () => {
    assert.deepEqual(checkWindow("pool", {}), { size: 2, stride: 2, pad: 0 });
    assert.deepEqual(checkWindow("pool", { size: 3, pad: 1 }), { size: 3, stride: 3, pad: 1 });
  });

  it("refuses halves and negative borders", () => {
    const message = /^pool: size and stride must be whole numbers from 1/;
    for (const options of [{ size: 2.5 }, { stride: 0 }, { pad: -1 }]) {
      assert.throws(() => checkWindow("pool", options), { name: "RangeError", message });
    }
  });
});

describe("pooledShape", () => {
  it("leaves out a last row or column that fills no window", () => {
    assert.deepEqual(pooledShape("pool", [1, 2, 5, 6], { size: 2, stride: 2, pad: 0 }), [
      1,
      2,
      2,
      3,
    ]);
    assert.deepEqual(pooledShape("pool", [1, 2, 5, 6], { size: 3, stride: 2, pad: 1 }), [
      1,
      2,
      3,
      3,
    ]);
  });
});
