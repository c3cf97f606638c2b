import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { tensor, zeros } from "../../core/mod.ts";
import { reshape } from "../../ops/mod.ts";
import { checkOp } from "../check_op.ts";

describe("reshape", () => {
  it("keeps the numbers in row-major order, with its gradient", async () => {
    await checkOp({
      op: (x) => reshape(x, [3, -1]),
      reference: ({ data }) => data,
      inputs: [[2, 6]],
      shape: [3, 4],
      half: true,
    });
  });

  it("works out one size and gives back the same tensor for the same shape", async () => {
    const x = zeros([2, 3, 4]);
    assert.deepEqual(reshape(x, [-1, 4]).shape, [6, 4]);
    assert.equal(reshape(x, [2, -1, 4]), x);
    assert.deepEqual(reshape(zeros([1]), []).shape, []);
    assert.deepEqual(reshape(zeros([0, 3]), [3, 0]).shape, [3, 0]);
    assert.deepEqual(await reshape(tensor([[1], [2]]).mul(2), [2]).array(), [2, 4]);
  });

  it("refuses sizes that do not fit", () => {
    assert.throws(() => reshape(zeros([2, 3]), [4]), {
      name: "ShapeError",
      message: /^reshape: the new shape holds 4 numbers, x holds 6\n/,
    });
    assert.throws(() => reshape(zeros([2, 3]), [4, -1]), {
      name: "ShapeError",
      message: /^reshape: 6 numbers cannot be dealt out evenly to sizes that multiply to 4\n/,
    });
    assert.throws(() => reshape(zeros([0]), [0, -1]), { name: "ShapeError" });
    assert.throws(() => reshape(zeros([2, 3]), [-1, -1]), {
      name: "ShapeError",
      message: /^reshape: only one size can be worked out, so only one may be -1\n/,
    });
    assert.throws(() => reshape(zeros([2, 3]), [1.5, 4]), {
      name: "ShapeError",
      message: /^reshape: sizes must be whole numbers, 0 or more, or -1\n/,
    });
  });
});
