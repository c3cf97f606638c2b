/** Elementary functions of each element. @module */
import type { Tensor } from "../core/tensor.ts";
import { pointwise } from "./pointwise.ts";

const negOp = pointwise({
  name: "neg",
  inputs: ["x"],
  forward: "-x",
  backward: { x: "-g" },
  js: (x) => -x,
});

const absOp = pointwise({
  name: "abs",
  inputs: ["x"],
  forward: "abs(x)",
  backward: { x: "g * sign(x)" },
  js: Math.abs,
});

const squareOp = pointwise({
  name: "square",
  inputs: ["x"],
  forward: "x * x",
  backward: { x: "2.0 * g * x" },
  js: (x) => x * x,
});

const sqrtOp = pointwise({
  name: "sqrt",
  inputs: ["x"],
  forward: "sqrt(x)",
  backward: { x: "0.5 * g / y" },
  js: Math.sqrt,
  domain: { x: [0.1, 4] },
});

const expOp = pointwise({
  name: "exp",
  inputs: ["x"],
  forward: "exp(x)",
  backward: { x: "g * y" },
  js: Math.exp,
});

const logOp = pointwise({
  name: "log",
  inputs: ["x"],
  forward: "log(x)",
  backward: { x: "g / x" },
  js: Math.log,
  domain: { x: [0.1, 4] },
});

const sigmoidOp = pointwise({
  name: "sigmoid",
  inputs: ["x"],
  forward: "1.0 / (1.0 + exp(-x))",
  backward: { x: "g * y * (1.0 - y)" },
  js: (x) => 1 / (1 + Math.exp(-x)),
});

// tanh and softplus are written so that no exponential of a large positive number appears; log(1 + e) of a small e
// loses its digits in the sum, so there a series takes its place (error below e³ / 4).
const SMALL = "exp(-abs(x))";
const tanhOp = pointwise({
  name: "tanh",
  inputs: ["x"],
  // ±1 to the last bit beyond 15, where some drivers overflow; clamp would make a number of NaN.
  forward: "select(x, tanh(clamp(x, -15.0, 15.0)), x == x)",
  backward: { x: "g * (1.0 - y * y)" },
  js: Math.tanh,
});

const softplusOp = pointwise({
  name: "softplus",
  inputs: ["x"],
  forward: `max(x, 0.0) + select(log(1.0 + ${SMALL}), ` +
    `${SMALL} * (1.0 - ${SMALL} * (0.5 - ${SMALL} / 3.0)), abs(x) > 4.0)`,
  backward: { x: "g / (1.0 + exp(-x))" },
  js: (x) => Math.log1p(Math.exp(x)),
});

/**
 * WGSL of x to the power of `e`. What its pow() gives below 0, at 0 and for NaN is the driver's choice (llvmpipe: 0 for
 * 0^-1 and for NaN), so the sign is put back for whole exponents, others give NaN as a root does, 0 to a negative
 * exponent is infinite, and NaN stays NaN.
 */
function power(e: string): string {
  const magnitude = `select(pow(abs(x), ${e}), 1.0 / abs(x), x == 0.0 && ${e} < 0.0)`;
  const sign = `select(1.0, -1.0, x < 0.0 && abs(${e}) % 2.0 == 1.0)`;
  const ofNumber = `select(${magnitude} * ${sign}, sqrt(x), x < 0.0 && floor(${e}) != ${e})`;
  return `select(select(x + ${e}, ${ofNumber}, x == x && ${e} == ${e}), 1.0, ${e} == 0.0)`;
}

const powOp = pointwise({
  name: "pow",
  inputs: ["x", "exponent"],
  forward: power("exponent"),
  backward: {
    x: `select(g * exponent * ${power("(exponent - 1.0)")}, 0.0, exponent == 0.0)`,
    exponent: "select(0.0, g * y * log(x), x > 0.0)",
  },
  js: (x, exponent) => x ** exponent,
  domain: { x: [0.2, 3], exponent: [-2, 3] },
});

/**
 * Negative: `y = -x`.
 *
 * @param x Any shape.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { neg, tensor } from "ae";
 *
 * assert.deepEqual(await neg(tensor([1, -2])).array(), [-1, 2]);
 * ```
 */
export function neg(x: Tensor): Tensor {
  return negOp.call(x);
}

/**
 * Absolute value: `y = |x|`; the gradient at 0 is 0.
 *
 * @param x Any shape.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { abs, tensor } from "ae";
 *
 * assert.deepEqual(await abs(tensor([1, -2])).array(), [1, 2]);
 * ```
 */
export function abs(x: Tensor): Tensor {
  return absOp.call(x);
}

/**
 * Square: `y = x²`.
 *
 * @param x Any shape.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { square, tensor } from "ae";
 *
 * assert.deepEqual(await square(tensor([3, -2])).array(), [9, 4]);
 * ```
 */
export function square(x: Tensor): Tensor {
  return squareOp.call(x);
}

/**
 * Square root: `y = √x`; the gradient at 0 is infinite.
 *
 * @param x Any shape, 0 or more.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { sqrt, tensor } from "ae";
 *
 * assert.deepEqual(await sqrt(tensor([9, 4])).array(), [3, 2]);
 * ```
 */
export function sqrt(x: Tensor): Tensor {
  return sqrtOp.call(x);
}

/**
 * Exponential: `y = e^x`.
 *
 * @param x Any shape.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { exp, tensor } from "ae";
 *
 * assert.deepEqual(await exp(tensor([0])).array(), [1]);
 * ```
 */
export function exp(x: Tensor): Tensor {
  return expOp.call(x);
}

/**
 * Natural logarithm: `y = ln x`.
 *
 * @param x Any shape, positive.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { log, tensor } from "ae";
 *
 * assert.deepEqual(await log(tensor([1])).array(), [0]);
 * ```
 */
export function log(x: Tensor): Tensor {
  return logOp.call(x);
}

/**
 * Logistic function: `y = 1 / (1 + e^(-x))`.
 *
 * @param x Any shape.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { sigmoid, tensor } from "ae";
 *
 * assert.deepEqual(await sigmoid(tensor([0])).array(), [0.5]);
 * ```
 */
export function sigmoid(x: Tensor): Tensor {
  return sigmoidOp.call(x);
}

/**
 * Hyperbolic tangent: `y = (e^x - e^(-x)) / (e^x + e^(-x))`, without overflow for large `x`.
 *
 * @param x Any shape.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { tanh, tensor } from "ae";
 *
 * assert.deepEqual(await tanh(tensor([0, 100])).array(), [0, 1]);
 * ```
 */
export function tanh(x: Tensor): Tensor {
  return tanhOp.call(x);
}

/**
 * A smooth ReLU: `y = ln(1 + e^x)`, without overflow for large `x`.
 *
 * @param x Any shape.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { softplus, tensor } from "ae";
 *
 * assert.deepEqual(await softplus(tensor([200])).array(), [200]);
 * ```
 */
export function softplus(x: Tensor): Tensor {
  return softplusOp.call(x);
}

/**
 * Power: `y = x^exponent`. A negative `x` needs a whole exponent and gives NaN without; `x^0` is 1, 0 to a negative
 * exponent is ∞, and the gradient of the exponent is 0 where `x` is not positive.
 *
 * @param x Any shape.
 * @param exponent A number, or a shape that broadcasts with `x`'s.
 * @throws {ShapeError} If the shapes do not broadcast.
 * @throws {TypeError} If the number types differ.
 * @throws {RangeError} If a number is none of the tensors' type.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { pow, tensor } from "ae";
 *
 * const [cube] = await pow(tensor([-2]), 3).array() as number[];
 * assert.ok(Math.abs(cube + 8) < 1e-5);
 * ```
 */
export function pow(x: Tensor, exponent: Tensor | number): Tensor {
  return powOp.call(x, exponent);
}
