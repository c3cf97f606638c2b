import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { tensor, zeros } from "../../core/mod.ts";
import { oneHot } from "../../ops/mod.ts";

describe("oneHot", () => {
  it("makes a row for every index, of zeros where there is no such class", async () => {
    const index = tensor([[2, 0], [-1, 3]], { dtype: "i32" });
    assert.deepEqual(await oneHot(index, 3).array(), [
      [[0, 0, 1], [1, 0, 0]],
      [[0, 0, 0], [0, 0, 0]],
    ]);
  });

  it("takes unsigned integers, more than a workgroup of them", async () => {
    const index = tensor(Uint32Array.from({ length: 200 }, (_, i) => i % 4));
    const y = oneHot(index, 4);
    assert.deepEqual(y.shape, [200, 4]);
    assert.deepEqual(await y.sum([0]).array(), [50, 50, 50, 50]);
  });

  it("refuses floats and no classes", () => {
    assert.throws(() => oneHot(zeros([2]), 3), {
      name: "TypeError",
      message: /^oneHot: index must hold i32 or u32, not f32\n/,
    });
    assert.throws(() => oneHot(zeros([2], "i32"), 0), {
      name: "RangeError",
      message: "oneHot: classes must be a whole number from 1, not 0",
    });
  });
});
