/** A border around a tensor. @module */
import { holds } from "../core/dtype.ts";
import type { Tensor } from "../core/tensor.ts";
import { place } from "./concat.ts";
import { reshape } from "./reshape.ts";

/**
 * A border of one number: `y[i₀, i₁, …] = x[i₀ - before₀, i₁ - before₁, …]`, and `value` outside `x`.
 *
 * @param x Any shape.
 * @param before How many places to add before the first on every axis.
 * @param after How many to add after the last.
 * @param value What the border holds. @default {0}
 * @returns Size `before + size + after` on every axis.
 * @throws {RangeError} If a list has not one whole number from 0 per axis, or the value does not fit the type.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { pad, tensor } from "ae";
 *
 * assert.deepEqual(await pad(tensor([1, 2]), [1], [2], 9).array(), [9, 1, 2, 9, 9]);
 * ```
 */
export function pad(
  x: Tensor,
  before: readonly number[],
  after: readonly number[],
  value: number = 0,
): Tensor {
  const { shape, dtype } = x;
  const rank = shape.length;
  const isBorder = (list: readonly number[]) =>
    list.length === rank && list.every((places) => Number.isInteger(places) && places >= 0);
  if (!isBorder(before) || !isBorder(after)) {
    throw new RangeError(
      `pad: before and after must be ${rank} whole numbers from 0 each for shape [${
        shape.join(", ")
      }], ` +
        `not [${before}] and [${after}]`,
    );
  }
  if (!Number.isFinite(value) || !holds(dtype, value)) {
    throw new RangeError(`pad: ${value} cannot fill the border of a tensor of ${dtype}`);
  }
  const padded = shape.map((length, axis) => before[axis] + length + after[axis]);
  if (padded.every((length, axis) => length === shape[axis])) return reshape(x, shape);
  return place(x, padded, before, shape.map(() => 1), value);
}
