/** The same numbers under another shape: a view, so it costs nothing. @module */
import { shapeError } from "../core/errors.ts";
import { type Shape, sizeOf } from "../core/host_array.ts";
import { apply, type Op } from "../core/op.ts";
import { sameShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { Variable } from "../core/variable.ts";

const reshapeOp: Op<{ readonly shape: Shape }> = {
  name: "reshape",
  view: true,
  shape: (_inputs, { shape }) => shape,
  grad: ({ inputs: [x], gradOutput }) => [reshape(gradOutput, x.shape)],
};

/**
 * The same numbers, in the same row-major order, under another shape. Nothing is computed or copied.
 *
 * @param x Any shape.
 * @param shape Sizes whose product is `x`'s size; one of them may be -1 and is then worked out.
 * @returns A tensor of that shape.
 * @throws {ShapeError} If the sizes do not multiply to `x`'s size.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { reshape, tensor } from "ae";
 *
 * const x = tensor([1, 2, 3, 4, 5, 6]);
 * assert.deepEqual(await reshape(x, [2, -1]).array(), [[1, 2, 3], [4, 5, 6]]);
 * ```
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const full = workOut(x, shape);
  // A step that returns a variable means the variable, a result its value from before the step: a view of it is one.
  const isSame = sameShape(full, x.shape) && !(x instanceof Variable);
  return isSame ? x : apply(reshapeOp, [x], { shape: full });
}

/** The shape with -1 replaced by what is left. */
function workOut(x: Tensor, shape: Shape): Shape {
  if (!Array.isArray(shape)) {
    throw new TypeError(`reshape: a shape is a list of sizes, as [2, 3], not ${shape}`);
  }
  const refuse = (problem: string) => {
    const named = { x: [x.shape, `${x.size} numbers`], shape: [shape, ""] } as const;
    return shapeError("reshape", problem, named);
  };
  const open = shape.filter((length) => length === -1).length;
  if (open > 1) throw refuse("only one size can be worked out, so only one may be -1");
  if (!shape.every((length) => length === -1 || (Number.isInteger(length) && length >= 0))) {
    throw refuse("sizes must be whole numbers, 0 or more, or -1");
  }
  const known = sizeOf(shape.filter((length) => length !== -1));
  if (open === 0) {
    if (known !== x.size) throw refuse(`the new shape holds ${known} numbers, x holds ${x.size}`);
    return [...shape];
  }
  const left = x.size / known;
  if (!Number.isInteger(left)) {
    throw refuse(`${x.size} numbers cannot be dealt out evenly to sizes that multiply to ${known}`);
  }
  return shape.map((length) => length === -1 ? left : length);
}
