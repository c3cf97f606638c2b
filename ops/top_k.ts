/**
 * Where the largest values of each row are, best first.
 *
 * A workgroup looks through its row k times: each time for the best value that comes after the one found last. So
 * nothing is sorted or changed, and equal values come in the order of their places.
 *
 *     row  .2 .9 .4 .9       k = 3       .9 at 1, then .9 at 3 (equal, later), then .4 at 2
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { sizeOf } from "../core/host_array.ts";
import { grid, kernel, MAX_ITERATIONS, WORKGROUP } from "../core/kernel.ts";
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
import { combineLanes } from "./lanes.ts";

/** Places are compared as f32 beside their values, which holds whole numbers up to here. */
export const MOST_PLACES = 2 ** 24;

/** WGSL: of two pairs (value, place) the larger value, of equal ones the earlier place. */
export function betterPlace(a: string, b: string): string {
  return `select(${a}, ${b}, ${b}.x > ${a}.x || (${b}.x == ${a}.x && ${b}.y < ${a}.y))`;
}

const topKOp: Op<{ readonly k: number }> = {
  name: "topK",
  shape: ([x], { k }) => [...x.slice(0, -1), k],
  dtype: () => "i32",
  kernel(request) {
    const { inputs: [{ shape }], attrs: { k } } = request;
    const length = shape[shape.length - 1];
    const rows = sizeOf(shape.slice(0, -1));
    const { workgroups, row } = grid(rows * WORKGROUP);
    return kernel({
      name: "topK",
      request,
      inputs: ["x"],
      constants: { PICKS: k, LANES: WORKGROUP },
      sizes: { ROWS: rows, LENGTH: length, ROW: row / WORKGROUP },
      declarations: combineLanes({
        name: "best",
        type: "vec2f",
        lanes: WORKGROUP,
        combine: betterPlace,
        toAll: true,
      }),
      workgroupSize: [WORKGROUP, 1, 1],
      workgroups,
      iterations: iterations(length, k),
      body: `  let row = workgroup.y * ROW + workgroup.x;
  if (row >= ROWS) { return; }
  var last = vec2f(0.0, -1.0); // value and place of the pick before
  for (var pick = 0u; pick < PICKS; pick++) {
    var own = vec2f(-3.4028234e38, f32(LENGTH));
    for (var m = lane; m < LENGTH; m += LANES) {
      let value = max(-3.4028234e38, f32(x[row * LENGTH + m])); // lanes without a place begin with that
      let isLeft = pick == 0u || value < last.x || (value == last.x && f32(m) > last.y);
      if (isLeft && (value > own.x || own.y == f32(LENGTH))) { own = vec2f(value, f32(m)); }
    }
    last = bestOfLanes(lane, own);
    if (lane == 0u) { out[row * PICKS + pick] = i32(last.y); }
    workgroupBarrier(); // everybody has read the winner before the next look writes over it
  }`,
    });
  },
  grad: () => [null],
};

function iterations(length: number, k: number): number {
  return k * (Math.ceil(length / WORKGROUP) + 2);
}

/**
 * The places of the `k` largest values along the last axis, best first; of equal values the earlier place comes first.
 * {@linkcode takeAlong} reads the values there.
 *
 * The work grows with k times the row's length: for few picks, as the 30 best peaks of a heatmap.
 *
 * @param x `[…, L]`, finite numbers.
 * @param k How many, from 1 to L.
 * @returns `[…, k]`, i32: places along the last axis. It has no gradient.
 * @throws {TypeError} If `x` holds integers.
 * @throws {ShapeError} If `x` has no axis.
 * @throws {RangeError} If `k` is not a whole number from 1 to L, or k times L is too much for one workgroup (about
 * 500,000 at k = 30).
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { takeAlong, tensor, topK } from "ae";
 *
 * const x = tensor([[0.2, 0.9, 0.4, 0.9]]);
 * const places = topK(x, 3);
 * assert.deepEqual(await places.array(), [[1, 3, 2]]);
 * assert.deepEqual((await takeAlong(x, places, -1).read()).data, Float32Array.of(0.9, 0.9, 0.4));
 * ```
 */
export function topK(x: Tensor, k: number): Tensor {
  if (x.dtype !== "f32" && x.dtype !== "f16") {
    throw new TypeError(`topK: compares f32 or f16, not ${x.dtype}\n  help: cast() it`);
  }
  if (x.shape.length === 0) throw shapeError("topK", "x must have an axis", { x: [x.shape, ""] });
  const length = x.shape[x.shape.length - 1];
  if (!Number.isInteger(k) || k < 1 || k > length) {
    throw new RangeError(`topK: k must be a whole number from 1 to ${length}, not ${k}`);
  }
  if (length > MOST_PLACES || iterations(length, k) > MAX_ITERATIONS) {
    throw new RangeError(
      `topK: ${k} of ${length} values are too many for one workgroup\n` +
        "  help: take the best of parts of the row first, then the best of those",
    );
  }
  return apply(topKOp, [x], { k });
}
