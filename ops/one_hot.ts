/** Classes as rows of zeros with a single one. @module */
import { perElement } from "../core/kernel.ts";
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";

const oneHotOp: Op<{ readonly classes: number }> = {
  name: "oneHot",
  shape: ([index], { classes }) => [...index, classes],
  dtype: () => "f32",
  kernel: (request) =>
    perElement("oneHot", request, {
      inputs: ["index"],
      constants: { CLASSES: request.attrs.classes },
      body: "  out[i] = select(0.0, 1.0, u32(index[i / CLASSES]) == i % CLASSES);",
    }),
  grad: () => [null],
};

/**
 * One row per index: `y[…, c] = 1` where `c = index[…]`, else 0. An index outside 0 to `classes - 1` gives a
 * row of zeros.
 *
 * @param index Any shape, i32 or u32.
 * @param classes How long the rows are.
 * @returns `index`'s shape with a last axis of size `classes`, f32.
 * @throws {TypeError} If `index` holds no integers.
 * @throws {RangeError} If `classes` is not a whole number from 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { oneHot, tensor } from "ae";
 *
 * const y = oneHot(tensor([2, 0], { dtype: "i32" }), 3);
 * assert.deepEqual(await y.array(), [[0, 0, 1], [1, 0, 0]]);
 * ```
 */
export function oneHot(index: Tensor, classes: number): Tensor {
  if (index.dtype !== "i32" && index.dtype !== "u32") {
    throw new TypeError(
      `oneHot: index must hold i32 or u32, not ${index.dtype}\n  help: cast() it`,
    );
  }
  if (!Number.isInteger(classes) || classes < 1) {
    throw new RangeError(`oneHot: classes must be a whole number from 1, not ${classes}`);
  }
  return apply(oneHotOp, [index], { classes });
}
