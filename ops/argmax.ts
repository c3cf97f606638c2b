/**
 * Where the largest value along axes is.
 *
 * The reduced axes are brought to the end, so that a *row* of L values lies together, and every invocation walks one
 * segment of a row. A long row has several segments; a further pass looks among their winners in the same way:
 *
 *     16,000,000 values  ->  3,907 winners  ->  1
 *
 * @module
 */
import { type Shape, sizeOf } from "../core/host_array.ts";
import { perElement } from "../core/kernel.ts";
import { apply, type Op } from "../core/op.ts";
import { normaliseAxes, reducedShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { permute } from "./permute.ts";
import { reshape } from "./reshape.ts";

/** Values that one invocation looks at: far below llvmpipe's limit of loop iterations. */
const SEGMENT = 4096;

const segmentsOf = (length: number) => Math.ceil(length / SEGMENT);

/** x `[rows, L]`, and perhaps candidates `[rows, M]` (places in the row), to `[rows, ⌈L or M / 4096⌉]` places. */
const argmaxOp: Op<null> = {
  name: "argmax",
  shape: (shapes) => {
    const [rows, length] = shapes[shapes.length - 1];
    return [rows, segmentsOf(length)];
  },
  dtype: () => "i32",
  kernel(request) {
    const [x, candidates] = request.inputs;
    const length = (candidates ?? x).shape[1];
    const place = (k: string) => candidates ? `u32(candidates[row * LENGTH + ${k}])` : k;
    return perElement("argmax", request, {
      inputs: candidates ? ["x", "candidates"] : ["x"],
      constants: { LENGTH: length, WHOLE: x.shape[1], SEGMENTS: segmentsOf(length), SEGMENT },
      iterations: Math.min(length, SEGMENT),
      body: `  let row = i / SEGMENTS;
  let first = i % SEGMENTS * SEGMENT;
  var best = ${place("first")};
  var largest = x[row * WHOLE + best];
  for (var k = first + 1u; k < min(first + SEGMENT, LENGTH); k++) {
    let place = ${place("k")};
    let value = x[row * WHOLE + place];
    if (value > largest) {
      largest = value;
      best = place;
    }
  }
  out[i] = i32(best);`,
    });
  },
  grad: ({ inputs }) => inputs.map(() => null),
};

/**
 * The place of the largest value along axes: of equal ones the first. Places count from 0; over several axes they
 * count through them in row-major order, as if they were one.
 *
 * Nothing is larger than NaN, and NaN is not larger than anything: one that stands first stays the largest, any other is
 * passed over (PyTorch gives the place of the first NaN, wherever it stands).
 *
 * @param x Any shape and type; NaN first in one of the pieces of 4,096 that a row is looked at in may hide that piece.
 * @param axes Axes to look along, negative ones from the end; all when omitted.
 * @param keepAxes Keep these axes with size 1. @default {false}
 * @returns `x`'s shape without `axes`, i32; `[]` when all are looked along. It has no gradient.
 * @throws {RangeError} If an axis does not exist or is named twice, or there is nothing to look at.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { argmax, tensor } from "ae";
 *
 * const x = tensor([[1, 7, 7], [5, 2, 3]]);
 * assert.deepEqual(await argmax(x, [1]).array(), [1, 0]);
 * assert.equal(await argmax(x).item(), 1);
 * ```
 */
export function argmax(x: Tensor, axes?: readonly number[], keepAxes = false): Tensor {
  const all = x.shape.map((_, axis) => axis);
  const reduced = normaliseAxes("argmax", axes ?? all, x.shape);
  const sizes = (list: readonly number[]): Shape => list.map((axis) => x.shape[axis]);
  const length = sizeOf(sizes(reduced));
  if (length === 0) {
    throw new RangeError(
      `argmax: there are no numbers along axes [${reduced}] of [${x.shape.join(", ")}]`,
    );
  }
  const kept = all.filter((axis) => !reduced.includes(axis));
  const rows = reshape(permute(x, [...kept, ...reduced]), [sizeOf(sizes(kept)), length]);
  let places = apply(argmaxOp, [rows], null);
  while (places.shape[1] > 1) places = apply(argmaxOp, [rows, places], null);
  return reshape(places, reducedShape(x.shape, reduced, keepAxes));
}
