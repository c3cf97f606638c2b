/** Axes in another order. @module */
import { type Shape, sizeOf } from "../core/host_array.ts";
import { perElement } from "../core/kernel.ts";
import { apply, type Op } from "../core/op.ts";
import { normaliseAxes } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { reshape } from "./reshape.ts";
import { axesOf, lastAxisByFour, mergeAxes, offsetOf } from "./strided.ts";

const permuteOp: Op<{ readonly axes: readonly number[] }> = {
  name: "permute",
  shape: ([x], { axes }) => axes.map((axis) => x[axis]),
  kernel(request) {
    const { attrs: { axes }, inputs: [x], output } = request;
    const own = axesOf(x.shape);
    const walk = mergeAxes(axes.map((axis) => own[axis])); // in the output's order
    const { length, stride } = walk[walk.length - 1];
    const wide = stride === 1 && length % 4 === 0; // the last axis stays the last
    return perElement("permute", request, {
      inputs: ["x"],
      vectors: wide ? ["x", "out"] : [],
      count: sizeOf(output.shape) / (wide ? 4 : 1),
      body: `  out[i] = x[${offsetOf("i", wide ? lastAxisByFour(walk) : walk)}];`,
    });
  },
  grad({ attrs: { axes }, gradOutput }) {
    return [permute(gradOutput, axes.map((_, axis) => axes.indexOf(axis)))];
  },
};

/**
 * Axes in another order: `y[i₀, i₁, …] = x[…]` where axis `j` of `y` is axis `axes[j]` of `x`.
 *
 * @param x Any shape.
 * @param axes Every axis of `x` once; negative ones count from the end.
 * @returns Shape `axes.map((axis) => x.shape[axis])`.
 * @throws {RangeError} If an axis is missing, named twice or not one of `x`'s.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { permute, tensor } from "ae";
 *
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * assert.deepEqual(await permute(x, [1, 0]).array(), [[1, 4], [2, 5], [3, 6]]);
 * ```
 */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  normaliseAxes("permute", axes, x.shape);
  if (axes.length !== x.shape.length) {
    throw new RangeError(
      `permute: ${x.shape.length} axes must be named for shape [${x.shape.join(", ")}], ` +
        `not ${axes.length}`,
    );
  }
  const order = axes.map((axis) => axis < 0 ? axis + axes.length : axis);
  return movesNothing(x.shape, order)
    ? reshape(x, order.map((axis) => x.shape[axis]))
    : apply(permuteOp, [x], { axes: order });
}

/** True if only axes of size 1 change places: then the numbers stay where they are. */
function movesNothing(shape: Shape, order: readonly number[]): boolean {
  const moving = order.filter((axis) => shape[axis] !== 1);
  return moving.every((axis, i) => i === 0 || axis > moving[i - 1]);
}
