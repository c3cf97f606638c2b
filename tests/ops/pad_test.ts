import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { type Shape, type Tensor, tensor, zeros } from "../../core/mod.ts";
import { pad } from "../../ops/mod.ts";
import type { Numbers } from "../check_gradient.ts";
import { at, checkOp, places } from "../check_op.ts";

const padded =
  (before: readonly number[], after: readonly number[], value: number) => (x: Numbers) =>
    [...places(x.shape.map((length, a) => before[a] + length + after[a]))].map((place) => {
      const inner = place.map((i, a) => i - before[a]);
      return inner.every((i, a) => i >= 0 && i < x.shape[a]) ? at(x, inner) : value;
    });

describe("pad", () => {
  it("adds a border, with its gradient", async () => {
    const cases: readonly (readonly [Shape, number[], number[], number])[] = [
      [[3], [2], [1], 7],
      [[2, 3, 4], [0, 1, 0], [0, 2, 3], 0],
      [[2, 8], [1, 4], [0, 0], -0.5], // groups of four
      [[2, 3, 16, 16], [0, 0, 1, 1], [0, 0, 1, 1], 0], // more than one workgroup
    ];
    await checkOp(...cases.map(([shape, before, after, value], i) => ({
      op: (x: Tensor) => pad(x, before, after, value),
      reference: padded(before, after, value),
      inputs: [shape],
      shape: shape.map((length, a) => before[a] + length + after[a]),
      gradient: i < 3,
      half: i === 2,
    })));
  });

  it("pads nothing and integers", async () => {
    const x = zeros([2, 3]);
    assert.equal(pad(x, [0, 0], [0, 0]), x);
    assert.deepEqual(await pad(zeros([0]), [1], [1], 5).array(), [5, 5]);
    assert.deepEqual(await pad(tensor([3], { dtype: "i32" }), [1], [0], -2).array(), [-2, 3]);
  });

  it("refuses borders and values that do not fit", () => {
    assert.throws(() => pad(zeros([2]), [-1], [0]), {
      name: "RangeError",
      message: "pad: before and after must be 1 whole numbers from 0 each for shape [2], " +
        "not [-1] and [0]",
    });
    assert.throws(() => pad(zeros([2], "u32"), [1], [0], -1), {
      name: "RangeError",
      message: "pad: -1 cannot fill the border of a tensor of u32",
    });
    assert.throws(() => pad(zeros([2]), [1], [0], NaN), {
      message: "pad: NaN cannot fill the border of a tensor of f32",
    });
  });
});
