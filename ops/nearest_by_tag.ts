/**
 * The best place of every map for given tags: bright, and with a tag as near as possible. The decoders look there for
 * the keypoints that a person is missing.
 *
 *     y[n, k, p] = the m of largest   x[n, k, m] - weight · round(‖tags[n, :, k, m] - wanted[n, :, p]‖)
 *
 * Rounded half to even; ‖·‖ is the root of the sum over the D dimensions. A workgroup for each (n, k, p): nothing of the
 * size of all maps times all people is ever in memory.
 *
 * pose-ae-train, `test.py` (refine); the plain version is fillMissing() of the decoders.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { sizeOf } from "../core/host_array.ts";
import { grid, kernel, MAX_ITERATIONS, WORKGROUP } from "../core/kernel.ts";
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
import { combineLanes } from "./lanes.ts";
import { betterPlace, MOST_PLACES } from "./top_k.ts";

function iterations(M: number, D: number): number {
  return Math.ceil(M / WORKGROUP) * (1 + D);
}

const nearestOp: Op<{ readonly weight: number }> = {
  name: "nearestByTag",
  shape: ([x, tags, wanted]) => {
    const [N, K, M] = x;
    const [, D] = tags;
    const fits = x.length === 3 && tags.length === 4 && wanted.length === 3 && tags[0] === N &&
      tags[2] === K && tags[3] === M && wanted[0] === N && wanted[1] === D;
    if (!fits) {
      throw shapeError("nearestByTag", "x, tags and wanted must agree in N, D, K and M", {
        x: [x, "N K M"],
        tags: [tags, "N D K M"],
        wanted: [wanted, "N D P"],
      });
    }
    return [N, K, wanted[2]];
  },
  dtype: () => "i32",
  kernel(request) {
    const { inputs: [{ shape: [, K, M] }, { shape: [, D] }], output, attrs: { weight } } = request;
    const count = sizeOf(output.shape);
    const { workgroups, row } = grid(count * WORKGROUP);
    return kernel({
      name: "nearestByTag",
      request,
      inputs: ["x", "tags", "wanted"],
      constants: { D, WEIGHT: weight, LANES: WORKGROUP },
      sizes: { K, M, P: output.shape[2], COUNT: count, ROW: row / WORKGROUP },
      declarations: combineLanes({
        name: "best",
        type: "vec2f",
        lanes: WORKGROUP,
        combine: betterPlace,
      }),
      workgroupSize: [WORKGROUP, 1, 1],
      workgroups,
      iterations: iterations(M, D),
      body: `  let i = workgroup.y * ROW + workgroup.x;
  if (i >= COUNT) { return; }
  let n = i / (K * P);
  let k = i / P % K;
  var own = vec2f(-3.4028234e38, f32(M));
  for (var m = lane; m < M; m += LANES) {
    var sum = 0.0;
    for (var d = 0u; d < D; d++) {
      let difference = tags[((n * D + d) * K + k) * M + m] - wanted[(n * D + d) * P + i % P];
      sum += difference * difference;
    }
    // Not below the lowest number, with which lanes begin that have no place.
    let score = max(-3.4028234e38, x[(n * K + k) * M + m] - f32(WEIGHT) * round(sqrt(sum)));
    if (score > own.x || own.y == f32(M)) { own = vec2f(score, f32(m)); }
  }
  let winner = bestOfLanes(lane, own);
  if (lane == 0u) { out[i] = i32(winner.y); }`,
    });
  },
  grad: () => [null, null, null],
};

/**
 * The place of each map that is best for each wanted tag, see the file's header; of equally good ones the first.
 *
 * @param x `[N, K, M]`: K maps of M places for each of N images, f32.
 * @param tags `[N, D, K, M]`: the D numbers of the tag at each place, f32.
 * @param wanted `[N, D, P]`: P tags to look for in every map of an image, f32.
 * @param options.weight Factor on the rounded distance, a whole number. @default {1}
 * @returns `[N, K, P]`, i32: places from 0 to M - 1. It has no gradient.
 * @throws {ShapeError} If the axes are not these.
 * @throws {TypeError} If one of them does not hold f32.
 * @throws {RangeError} If the weight is not a whole number of 1 or more, or the maps are empty or too large for one
 * workgroup.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { nearestByTag, tensor } from "ae";
 *
 * const x = tensor([[[0.07, 0, 0.05, 0]]]);
 * const tags = tensor([[[[3, 0, 5.2, 0]]]]);
 * // 0.07 is brighter, but its tag 3 is 2 away from 5.
 * assert.deepEqual(await nearestByTag(x, tags, tensor([[[5, 3]]])).array(), [[[2, 0]]]);
 * ```
 */
export function nearestByTag(
  x: Tensor,
  tags: Tensor,
  wanted: Tensor,
  options: { readonly weight?: number } = {},
): Tensor {
  const { weight = 1 } = options;
  if (!Number.isInteger(weight) || weight < 1) {
    throw new RangeError(`nearestByTag: weight must be a whole number from 1, not ${weight}`);
  }
  const types = [x, tags, wanted].map(({ dtype }) => dtype);
  if (types.some((dtype) => dtype !== "f32")) {
    throw new TypeError(
      `nearestByTag: works on f32, not on ${types.join(", ")}\n  help: cast() them`,
    );
  }
  const nearest = apply(nearestOp, [x, tags, wanted], { weight });
  const [, D, , M] = tags.shape;
  if (M < 1 || M > MOST_PLACES || iterations(M, D) > MAX_ITERATIONS) {
    throw new RangeError(
      `nearestByTag: maps must have 1 to ${MOST_PLACES} places, and few enough for one workgroup, ` +
        `not ${M} with tags of ${D}`,
    );
  }
  return nearest;
}
