/** The same numbers, but a constant to differentiation. @module */
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";

const stopGradientOp: Op<null> = {
  name: "stopGradient",
  view: true,
  shape: ([x]) => x,
  grad: () => [null],
};

/**
 * `y = x`, with gradient zero: whatever is computed from `y` treats `x` as a constant. Nothing is copied.
 *
 * @param x Any shape.
 * @returns Same shape as `x`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { grad, stopGradient, tensor } from "ae";
 *
 * const x = tensor([3]);
 * const [gradX] = grad(x.mul(stopGradient(x)).sum(), [x]); // not 2x
 * assert.deepEqual(await gradX.array(), [3]);
 * ```
 */
export function stopGradient(x: Tensor): Tensor {
  return apply(stopGradientOp, [x], null);
}
