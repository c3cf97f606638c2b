/** Sums, products, quotients, extremes: element by element with broadcasting. @module */
import type { Tensor } from "../core/tensor.ts";
import { pointwise } from "./pointwise.ts";

const addOp = pointwise({
  name: "add",
  inputs: ["a", "b"],
  forward: "a + b",
  backward: { a: "g", b: "g" },
  js: (a, b) => a + b,
  integers: true,
});

const subOp = pointwise({
  name: "sub",
  inputs: ["a", "b"],
  forward: "a - b",
  backward: { a: "g", b: "-g" },
  js: (a, b) => a - b,
  integers: true,
});

const mulOp = pointwise({
  name: "mul",
  inputs: ["a", "b"],
  forward: "a * b",
  backward: { a: "g * b", b: "g * a" },
  js: (a, b) => a * b,
  integers: true,
});

const divOp = pointwise({
  name: "div",
  inputs: ["a", "b"],
  forward: "a / b",
  backward: { a: "g / b", b: "-g * y / b" },
  js: (a, b) => a / b,
  domain: { b: [0.5, 3] },
});

const maximumOp = pointwise({
  name: "maximum",
  inputs: ["a", "b"],
  forward: "max(a, b)",
  backward: {
    a: "g * select(select(0.0, 0.5, a == b), 1.0, a > b)",
    b: "g * select(select(0.0, 0.5, a == b), 1.0, b > a)",
  },
  js: Math.max,
  integers: true,
});

const minimumOp = pointwise({
  name: "minimum",
  inputs: ["a", "b"],
  forward: "min(a, b)",
  backward: {
    a: "g * select(select(0.0, 0.5, a == b), 1.0, a < b)",
    b: "g * select(select(0.0, 0.5, a == b), 1.0, b < a)",
  },
  js: Math.min,
  integers: true,
});

const clampOp = pointwise({
  name: "clamp",
  inputs: ["x", "low", "high"],
  forward: "min(max(x, low), high)",
  backward: { x: "select(0.0, g, x >= low && x <= high)" },
  js: (x, low, high) => Math.min(Math.max(x, low), high),
  domain: { low: [-2, -1], high: [1, 2] },
  integers: true,
});

/**
 * Sum: `y = a + b`, element by element.
 *
 * @param a Any shape.
 * @param b A shape that broadcasts with `a`'s, or a number.
 * @returns The broadcast shape.
 * @throws {ShapeError} If the shapes do not broadcast.
 * @throws {TypeError} If the number types differ.
 * @throws {RangeError} If a number is none of the tensors' type.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, tensor } from "ae";
 *
 * assert.deepEqual(await add(tensor([[1], [2]]), tensor([10, 20])).array(), [[11, 21], [12, 22]]);
 * ```
 */
export function add(a: Tensor | number, b: Tensor | number): Tensor {
  return addOp.call(a, b);
}

/**
 * Difference: `y = a - b`, element by element.
 *
 * @param a Any shape, or a number.
 * @param b A shape that broadcasts with `a`'s, or a number.
 * @throws {ShapeError} If the shapes do not broadcast.
 * @throws {TypeError} If the number types differ.
 * @throws {RangeError} If a number is none of the tensors' type.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { sub, tensor } from "ae";
 *
 * assert.deepEqual(await sub(1, tensor([0.25, 3])).array(), [0.75, -2]);
 * ```
 */
export function sub(a: Tensor | number, b: Tensor | number): Tensor {
  return subOp.call(a, b);
}

/**
 * Product: `y = a · b`, element by element.
 *
 * @param a Any shape, or a number.
 * @param b A shape that broadcasts with `a`'s, or a number.
 * @throws {ShapeError} If the shapes do not broadcast.
 * @throws {TypeError} If the number types differ.
 * @throws {RangeError} If a number is none of the tensors' type.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { mul, tensor } from "ae";
 *
 * assert.deepEqual(await mul(tensor([1, 2, 3]), 2).array(), [2, 4, 6]);
 * ```
 */
export function mul(a: Tensor | number, b: Tensor | number): Tensor {
  return mulOp.call(a, b);
}

/**
 * Quotient: `y = a / b`, element by element; ±∞ or undefined where `b` is 0.
 *
 * @param a Any shape, or a number.
 * @param b A shape that broadcasts with `a`'s, or a number.
 * @throws {ShapeError} If the shapes do not broadcast.
 * @throws {TypeError} If the number types differ.
 * @throws {RangeError} If a number is none of the tensors' type, or `b` is the number 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { div, tensor } from "ae";
 *
 * assert.deepEqual(await div(1, tensor([2, 4])).array(), [0.5, 0.25]);
 * ```
 */
export function div(a: Tensor | number, b: Tensor | number): Tensor {
  // A compiler that sees the 0 may make anything of it; llvmpipe's makes 0 of the quotient.
  if (b === 0) throw new RangeError("div: b is the number 0");
  return divOp.call(a, b);
}

/**
 * The larger of two: `y = max(a, b)`, element by element. Where they are equal each gets half of the
 * gradient, as in PyTorch; unlike there, of a number and NaN the result is the number.
 *
 * @param a Any shape, or a number.
 * @param b A shape that broadcasts with `a`'s, or a number.
 * @throws {ShapeError} If the shapes do not broadcast.
 * @throws {TypeError} If the number types differ.
 * @throws {RangeError} If a number is none of the tensors' type.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { maximum, tensor } from "ae";
 *
 * assert.deepEqual(await maximum(tensor([1, 5]), 3).array(), [3, 5]);
 * ```
 */
export function maximum(a: Tensor | number, b: Tensor | number): Tensor {
  return maximumOp.call(a, b);
}

/**
 * The smaller of two: `y = min(a, b)`, element by element. Where they are equal each gets half of the
 * gradient, as in PyTorch; unlike there, of a number and NaN the result is the number.
 *
 * @param a Any shape, or a number.
 * @param b A shape that broadcasts with `a`'s, or a number.
 * @throws {ShapeError} If the shapes do not broadcast.
 * @throws {TypeError} If the number types differ.
 * @throws {RangeError} If a number is none of the tensors' type.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { minimum, tensor } from "ae";
 *
 * assert.deepEqual(await minimum(tensor([1, 5]), 3).array(), [1, 3]);
 * ```
 */
export function minimum(a: Tensor | number, b: Tensor | number): Tensor {
  return minimumOp.call(a, b);
}

/**
 * Keep between two bounds: `y = min(max(x, low), high)`. The gradient is 1 within the bounds (included), 0
 * outside; the bounds have none. NaN becomes a bound.
 *
 * @param x Any shape.
 * @param low Lower bound.
 * @param high Upper bound.
 * @throws {RangeError} If `low` is larger than `high`, or one is no finite number of `x`'s type.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { clamp, tensor } from "ae";
 *
 * assert.deepEqual(await clamp(tensor([-1, 0.5, 2]), 0, 1).array(), [0, 0.5, 1]);
 * ```
 */
export function clamp(x: Tensor, low: number, high: number): Tensor {
  if (!(low <= high)) {
    throw new RangeError(`clamp: low ${low} must not be larger than high ${high}`);
  }
  return clampOp.call(x, low, high);
}
