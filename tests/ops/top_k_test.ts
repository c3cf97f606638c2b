import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { hostArray, tensor, zeros } from "../../core/mod.ts";
import { Random } from "../../data/random.ts";
import { topK } from "../../ops/mod.ts";

describe("topK", () => {
  it("equals sorting by value, then by place", async () => {
    const random = new Random(5);
    for (
      const [rows, length, k] of [[3, 1, 1], [4, 7, 7], [2, 300, 30], [5, 1000, 3], [1, 9000, 30]]
    ) {
      const x = Float32Array.from({ length: rows * length }, () => random.integer(50) / 8 - 3);
      const expected = Array.from({ length: rows }, (_, r) => {
        const row = x.subarray(r * length, (r + 1) * length);
        return Array.from(row.keys()).sort((a, b) => row[b] - row[a] || a - b).slice(0, k);
      });
      const y = topK(tensor(hostArray([rows, length], x)), k);
      assert.deepEqual(y.shape, [rows, k]);
      assert.deepEqual(
        [...(await y.readIntegers()).data],
        expected.flat(),
        `${rows} ${length} ${k}`,
      );
    }
  });

  it("takes the lowest numbers there are, and refuses integers, which f32 cannot tell apart", async () => {
    const low = -3.4028234663852886e38;
    assert.deepEqual(await topK(tensor([low, low, low]), 2).array(), [0, 1]);
    assert.throws(
      () => topK(zeros([3], "i32"), 1),
      /^TypeError: topK: compares f32 or f16, not i32/,
    );
  });

  it("keeps leading axes", async () => {
    const y = topK(tensor([[[1, 3]], [[5, 4]]]), 1);
    assert.deepEqual(await y.array(), [[[1]], [[0]]]);
  });

  it("refuses a number without axis, and more picks than there are or can be", () => {
    assert.throws(() => topK(tensor(3), 1), /^ShapeError: topK: x must have an axis/);
    for (const k of [0, 4, 1.5]) {
      assert.throws(
        () => topK(zeros([2, 3]), k),
        /^RangeError: topK: k must be a whole number from 1 to 3, not/,
      );
    }
    assert.throws(
      () => topK(zeros([600_000]), 30),
      /^RangeError: topK: 30 of 600000 values are too many for one workgroup/,
    );
  });
});
