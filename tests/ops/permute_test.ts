import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { type Shape, type Tensor, zeros } from "../../core/mod.ts";
import { permute } from "../../ops/mod.ts";
import type { Numbers } from "../check_gradient.ts";
import { at, checkOp, places } from "../check_op.ts";

const permuted = (axes: readonly number[]) => (x: Numbers) =>
  [...places(axes.map((axis) => x.shape[axis]))].map((place) =>
    at(x, x.shape.map((_, axis) => place[axes.indexOf(axis)]))
  );

const CASES: readonly (readonly [shape: Shape, axes: readonly number[]])[] = [
  [[3, 5], [1, 0]],
  [[2, 3, 4], [1, 0, 2]], // groups of four stay together
  [[2, 3, 4, 5], [0, 2, 3, 1]],
  [[2, 3, 4, 5], [3, 1, 2, 0]],
  [[17, 33], [1, 0]], // more than one workgroup
];

describe("permute", () => {
  it("moves axes, with its gradient", async () => {
    await checkOp(...CASES.map(([shape, axes], i) => ({
      op: (x: Tensor) => permute(x, axes),
      reference: permuted(axes),
      inputs: [shape],
      shape: axes.map((axis) => shape[axis]),
      half: i === 2,
    })));
  });

  it("costs nothing where only axes of size 1 move, and counts negative axes from the end", () => {
    const x = zeros([2, 1, 3]);
    assert.equal(permute(x, [1, 0, 2]).recipe?.op.name, "reshape");
    assert.equal(permute(x, [0, 1, -1]), x);
    assert.deepEqual(permute(x, [-1, 0, 1]).shape, [3, 2, 1]);
  });

  it("refuses axes that are missing, come twice or do not exist", () => {
    const x = zeros([2, 3]);
    assert.throws(() => permute(x, [1]), {
      name: "RangeError",
      message: "permute: 2 axes must be named for shape [2, 3], not 1",
    });
    assert.throws(() => permute(x, [0, 0]), { message: "permute: axis 0 is named twice" });
    assert.throws(() => permute(x, [0, 2]), {
      message: "permute: axis 2 does not exist in shape [2, 3]; axes are -2 to 1",
    });
  });
});
