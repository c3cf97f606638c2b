/**
 * Comparisons and choice, element by element. A comparison gives 1 or 0 in the inputs' own number type, so
 * that masks multiply and add without casts; comparisons have gradient zero. With NaN only notEqual gives 1.
 *
 * @module
 */
import type { Tensor } from "../core/tensor.ts";
import { pointwise } from "./pointwise.ts";

const comparison = (name: string, condition: string, js: (a: number, b: number) => boolean) =>
  pointwise({
    name,
    inputs: ["a", "b"],
    forward: `select(T(0), T(1), ${condition})`,
    js: (a, b) => js(a, b) ? 1 : 0,
    integers: true,
  });

const greaterOp = comparison("greater", "a > b", (a, b) => a > b);
const greaterEqualOp = comparison("greaterEqual", "a >= b", (a, b) => a >= b);
const lessOp = comparison("less", "a < b", (a, b) => a < b);
const lessEqualOp = comparison("lessEqual", "a <= b", (a, b) => a <= b);
const equalOp = comparison("equal", "a == b", (a, b) => a === b);
const notEqualOp = comparison("notEqual", "!(a == b)", (a, b) => a !== b); // `a != b` may be false for NaN

const whereOp = pointwise({
  name: "where",
  inputs: ["condition", "a", "b"],
  forward: "select(a, b, condition == T(0))", // NaN is not 0
  backward: { a: "select(g, 0.0, condition == 0.0)", b: "select(0.0, g, condition == 0.0)" },
  js: (condition, a, b) => condition !== 0 ? a : b,
  integers: true,
});

/**
 * 1 where a is larger than b, else 0: `a > b`.
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
 * import { greater, tensor } from "ae";
 *
 * assert.deepEqual(await greater(tensor([1, 2]), 1).array(), [0, 1]);
 * ```
 */
export function greater(a: Tensor | number, b: Tensor | number): Tensor {
  return greaterOp.call(a, b);
}

/**
 * 1 where a is at least b, else 0: `a >= b`.
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
 * import { greaterEqual, tensor } from "ae";
 *
 * assert.deepEqual(await greaterEqual(tensor([0, 1]), 1).array(), [0, 1]);
 * ```
 */
export function greaterEqual(a: Tensor | number, b: Tensor | number): Tensor {
  return greaterEqualOp.call(a, b);
}

/**
 * 1 where a is smaller than b, else 0: `a < b`.
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
 * import { less, tensor } from "ae";
 *
 * assert.deepEqual(await less(tensor([1, 2]), 2).array(), [1, 0]);
 * ```
 */
export function less(a: Tensor | number, b: Tensor | number): Tensor {
  return lessOp.call(a, b);
}

/**
 * 1 where a is at most b, else 0: `a <= b`.
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
 * import { lessEqual, tensor } from "ae";
 *
 * assert.deepEqual(await lessEqual(tensor([1, 2]), 1).array(), [1, 0]);
 * ```
 */
export function lessEqual(a: Tensor | number, b: Tensor | number): Tensor {
  return lessEqualOp.call(a, b);
}

/**
 * 1 where a equals b, else 0: `a == b`.
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
 * import { equal, tensor } from "ae";
 *
 * assert.deepEqual(await equal(tensor([1, 2]), 1).array(), [1, 0]);
 * ```
 */
export function equal(a: Tensor | number, b: Tensor | number): Tensor {
  return equalOp.call(a, b);
}

/**
 * 1 where a differs from b, else 0: `a != b`. NaN differs from everything, so `notEqual(x, x)` finds it.
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
 * import { notEqual, tensor } from "ae";
 *
 * assert.deepEqual(await notEqual(tensor([1, 2]), 1).array(), [0, 1]);
 * ```
 */
export function notEqual(a: Tensor | number, b: Tensor | number): Tensor {
  return notEqualOp.call(a, b);
}

/**
 * Choose: `a` where `condition` is not 0, else `b`. The side not chosen gets gradient 0, whatever it holds.
 *
 * @param condition 0 or not, in the number type of `a` and `b`.
 * @param a A shape that broadcasts with the others, or a number.
 * @param b A shape that broadcasts with the others, or a number.
 * @throws {ShapeError} If the shapes do not broadcast.
 * @throws {TypeError} If the number types differ.
 * @throws {RangeError} If a number is none of the tensors' type.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { tensor, where } from "ae";
 *
 * assert.deepEqual(await where(tensor([1, 0]), tensor([5, 6]), -1).array(), [5, -1]);
 * ```
 */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  return whereOp.call(condition, a, b);
}
