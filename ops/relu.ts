/** Rectified linear units: the shortest complete operations. Start reading here. @module */
import type { Tensor } from "../core/tensor.ts";
import { pointwise } from "./pointwise.ts";

const reluOp = pointwise({
  name: "relu",
  inputs: ["x"],
  forward: "select(x, 0.0, x <= 0.0)", // max(x, 0) would turn NaN into 0 and hide where it came from
  backward: { x: "select(0.0, g, y > 0.0)" },
  js: (x) => Math.max(x, 0),
});

const leakyReluOp = pointwise({
  name: "leakyRelu",
  inputs: ["x", "slope"],
  forward: "select(slope * x, x, x > 0.0)",
  backward: { x: "select(slope * g, g, x > 0.0)" },
  js: (x, slope) => x > 0 ? x : slope * x,
});

/**
 * Rectified linear unit: `y = max(x, 0)`, element by element.
 *
 * The gradient is 1 where `y > 0` and 0 elsewhere; at the corner, x = 0, it is 0, as in PyTorch. It is read
 * off `y`, not `x`, so `y` may be written over `x`: a ReLU after a convolution costs no memory. NaN stays NaN.
 *
 * @param x Any shape.
 * @returns Same shape as `x`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { relu, tensor } from "ae";
 *
 * assert.deepEqual(await relu(tensor([-1, 0, 2])).array(), [0, 0, 2]);
 * ```
 */
export function relu(x: Tensor): Tensor {
  return reluOp.call(x);
}

/**
 * Leaky rectified linear unit: `y = x` where `x > 0`, else `slope · x`.
 *
 * @param x Any shape.
 * @param options.slope Slope on the negative side. @default {0.01}
 * @returns Same shape as `x`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { leakyRelu, tensor } from "ae";
 *
 * assert.deepEqual(await leakyRelu(tensor([-2, 2]), { slope: 0.5 }).array(), [-1, 2]);
 * ```
 */
export function leakyRelu(x: Tensor, options: { readonly slope?: number } = {}): Tensor {
  return leakyReluOp.call(x, options.slope ?? 0.01);
}
