/**
 * Several looks at one image, combined before decoding: the mirrored image, and the image at several sizes.
 *
 *     image ─────────── network ── heatmaps, tags ──────────────────────┐
 *     mirrored image ── network ── heatmaps, tags ── mirror back ───────┤   heatmaps: mean, at most 1
 *     image x 2 ─────── network ── heatmaps (tags) ── resize ───────────┼─► tags: one after the other,
 *     ...                                                               ┘   D grows with every look
 *
 * Heatmaps of all looks mean the same and are averaged. Tags do not: the network is free to number the
 * people differently each time, so tags of different looks are never averaged but put together to a vector.
 * Mirroring back swaps columns and also keypoints: the left eye of the mirrored image is the right eye.
 *
 * Newell, Huang and Deng, "Associative Embedding" (NIPS 2017), arXiv:1611.05424, and pose-ae-train, `test.py`
 * (multiperson): scales 2, 1 and 0.5, tags from scale 1 alone. Differences:
 *
 * |                         | pose-ae-train                      | here                                     |
 * | ----------------------- | ---------------------------------- | ---------------------------------------- |
 * | diverged scale          | its sum with the mirrored one > 10 | mean > 5 (the same), or a NaN anywhere    |
 * | mean after leaving one  | divided by all scales              | by those in use; `divideBy: "all"`        |
 * | every scale diverged    | no people                          | `null`                                    |
 *
 * @module
 */
import { type HostArray, hostArray } from "../core/host_array.ts";
import { shapeError } from "../core/errors.ts";
import { firstNonFinite, heatmapSizes, mapSizes, tagSizes } from "./maps.ts";

/** What the network says about one image. */
export interface PoseMaps {
  /** `[K, H, W]`. */
  readonly heatmaps: HostArray;
  /** `[D, K, H, W]`. */
  readonly tags: HostArray;
}

/** What the network says about one image at one size. */
export interface ScaleMaps {
  /** Size relative to the network's usual input: 1 is the usual size. */
  readonly scale: number;
  /** Of the image itself. */
  readonly plain: PoseMaps;
  /** Of the mirrored image, still mirrored. */
  readonly mirrored?: PoseMaps;
}

/** How scales are combined. */
export interface CombineOptions {
  /** `flip[k]` is the keypoint that k becomes in a mirrored image; needed where there is one. */
  readonly flip?: readonly number[];
  /** Tags are taken from scales with |scale - 1| below this; `Infinity` takes all. @default {0.5} */
  readonly tagsWithin?: number;
  /** Averaged heatmaps are cut off here; pose-ae-demo and HigherHRNet do not cut (`Infinity`). @default {1} */
  readonly cutOffAt?: number;
  /** A scale with a mean heatmap value above this has diverged and is left out. @default {5} */
  readonly divergedAbove?: number;
  /**
   * Heatmaps are divided by the number of scales in use, or of `"all"` of them, as the authors do: leaving
   * one out then lowers every score.
   * @default {"used"}
   */
  readonly divideBy?: "used" | "all";
}

/** Combined maps and which scales are in them. */
export interface CombinedMaps extends PoseMaps {
  /**
   * Positions in the given list of the scales in use. The maps have the size of the first of them: use its
   * affine to go back to the image.
   */
  readonly used: readonly number[];
}

/**
 * Undo mirroring: reverse the columns and swap left and right keypoints, of heatmaps and tags.
 *
 * @param maps Of a mirrored image.
 * @param flip `flip[k]` is the keypoint that k becomes in a mirrored image.
 * @throws {ShapeError} If the shapes are not `[K, H, W]` and `[D, K, H, W]`.
 * @throws {RangeError} If `flip` does not name each keypoint once.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray, mirrorMaps } from "ae";
 *
 * const maps = { heatmaps: hostArray([2, 1, 2], [1, 2, 3, 4]), tags: hostArray([1, 2, 1, 2], [5, 6, 7, 8]) };
 * const { heatmaps, tags } = mirrorMaps(maps, [1, 0]);
 * assert.deepEqual([...heatmaps.data], [4, 3, 2, 1]);
 * assert.deepEqual([...tags.data], [8, 7, 6, 5]);
 * ```
 */
export function mirrorMaps(maps: PoseMaps, flip: readonly number[]): PoseMaps {
  const { keypoints } = mapSizes("mirrorMaps", maps.heatmaps, maps.tags);
  const sorted = flip.toSorted((a, b) => a - b);
  if (sorted.length !== keypoints || sorted.some((k, i) => k !== i)) {
    throw new RangeError(
      `mirrorMaps: flip must name each of the ${keypoints} keypoints once, not [${
        flip.join(", ")
      }]`,
    );
  }
  return { heatmaps: mirror(maps.heatmaps, flip), tags: mirror(maps.tags, flip) };
}

/** Reverse the last axis and permute the last but two. */
function mirror({ shape, data }: HostArray, flip: readonly number[]): HostArray {
  const [keypoints, height, width] = shape.slice(-3);
  const mirrored = new Float32Array(data.length);
  const rows = data.length / width; // of all planes, one after the other
  for (let row = 0; row < rows; row++) {
    const k = Math.floor(row / height) % keypoints;
    const source = (row + (flip[k] - k) * height) * width;
    for (let x = 0; x < width; x++) mirrored[row * width + x] = data[source + width - 1 - x];
  }
  return { shape, data: mirrored };
}

/**
 * Combine the maps of an image and of its mirror image: heatmaps averaged and at most 1, tags of both as
 * one vector `[2D, K, H, W]`, the plain image's first.
 *
 * @param plain Of the image.
 * @param mirrored Of the mirrored image, still mirrored; same shapes.
 * @param flip `flip[k]` is the keypoint that k becomes in a mirrored image.
 * @throws {ShapeError} If the four maps do not fit together.
 * @throws {RangeError} If `flip` does not name each keypoint once.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { combineFlipped, hostArray } from "ae";
 *
 * const plain = { heatmaps: hostArray([1, 1, 2], [0, 0.5]), tags: hostArray([1, 1, 1, 2], [0, 7]) };
 * const mirrored = { heatmaps: hostArray([1, 1, 2], [0.25, 0]), tags: hostArray([1, 1, 1, 2], [3, 0]) };
 * const { heatmaps, tags } = combineFlipped(plain, mirrored, [0]);
 * assert.deepEqual([...heatmaps.data], [0, 0.375]);
 * assert.deepEqual(tags.shape, [2, 1, 1, 2]);
 * assert.deepEqual([...tags.data], [0, 7, 0, 3]);
 * ```
 */
export function combineFlipped(
  plain: PoseMaps,
  mirrored: PoseMaps,
  flip: readonly number[],
): PoseMaps {
  const back = mirrorMaps(mirrored, flip);
  return {
    heatmaps: averageHeatmaps([plain.heatmaps, back.heatmaps]),
    tags: concatTags([plain.tags, back.tags]),
  };
}

/**
 * Mean of several heatmaps of one size, pixel by pixel, cut off at 1.
 *
 * @param heatmaps One or more, all `[K, H, W]`.
 * @param count What the sum is divided by. Default: how many there are.
 * @param cutOffAt What the mean is cut off at.
 * @throws {ShapeError} If they differ in shape.
 * @throws {RangeError} If there are none.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { averageHeatmaps, hostArray } from "ae";
 *
 * const mean = averageHeatmaps([hostArray([1, 1, 2], [0.5, 1.5]), hostArray([1, 1, 2], [0, 1])]);
 * assert.deepEqual([...mean.data], [0.25, 1]);
 * ```
 */
export function averageHeatmaps(
  heatmaps: readonly HostArray[],
  count: number = heatmaps.length,
  cutOffAt: number = 1,
): HostArray {
  if (heatmaps.length === 0) throw new RangeError("averageHeatmaps: there are no heatmaps");
  const { shape } = heatmaps[0];
  for (const other of heatmaps) {
    heatmapSizes("averageHeatmaps", other);
    if (other.shape.some((length, axis) => length !== shape[axis])) {
      throw shapeError("averageHeatmaps", "the heatmaps differ in shape", {
        first: [shape, "K H W"],
        other: [other.shape, "K H W"],
      });
    }
  }
  const mean = hostArray(shape);
  for (let i = 0; i < mean.data.length; i++) {
    let sum = 0;
    for (const { data } of heatmaps) sum += data[i];
    mean.data[i] = Math.min(sum / count, cutOffAt);
  }
  return mean;
}

/**
 * Put tag maps together: `[D1, K, H, W]`, `[D2, K, H, W]`, ... to `[D1 + D2 + ..., K, H, W]`.
 *
 * @throws {ShapeError} If they differ in K, H or W.
 * @throws {RangeError} If there are none.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { concatTags, hostArray } from "ae";
 *
 * const tags = concatTags([hostArray([1, 1, 1, 2], [1, 2]), hostArray([1, 1, 1, 2], [3, 4])]);
 * assert.deepEqual(tags.shape, [2, 1, 1, 2]);
 * ```
 */
export function concatTags(tags: readonly HostArray[]): HostArray {
  if (tags.length === 0) throw new RangeError("concatTags: there are no tags");
  const [, ...map] = tags[0].shape;
  let dimensions = 0;
  for (const other of tags) {
    dimensions += tagSizes("concatTags", other).tagDimensions;
    if (map.some((length, axis) => length !== other.shape[axis + 1])) {
      throw shapeError("concatTags", "the tags must agree on K, H and W", {
        first: [tags[0].shape, "D K H W"],
        other: [other.shape, "D K H W"],
      });
    }
  }
  const joined = hostArray([dimensions, ...map]);
  let offset = 0;
  for (const { data } of tags) {
    joined.data.set(data, offset);
    offset += data.length;
  }
  return joined;
}

/**
 * Resize maps `[..., h, w]` to `[..., height, width]`, bilinearly. Pixel centres lie at halves: output
 * column x looks at the source at `(x + 0.5) · w / width - 0.5`, kept inside the map, between its two
 * neighbours. No smoothing when shrinking. This is OpenCV's `INTER_LINEAR`.
 *
 * @param maps Two axes or more.
 * @throws {ShapeError} If `maps` has fewer than two axes or an empty one.
 * @throws {RangeError} If `height` or `width` is not a whole number, 1 or more.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray, resizeMaps } from "ae";
 *
 * assert.deepEqual([...resizeMaps(hostArray([1, 2], [0, 1]), 1, 4).data], [0, 0.25, 0.75, 1]);
 * ```
 */
export function resizeMaps(maps: HostArray, height: number, width: number): HostArray {
  const { shape, data } = maps;
  if (shape.length < 2 || shape.some((length) => length < 1)) {
    throw shapeError("resizeMaps", "maps need two axes or more, none of them empty", {
      maps: [shape, "... H W"],
    });
  }
  if (![height, width].every((size) => Number.isInteger(size) && size >= 1)) {
    throw new RangeError(
      `resizeMaps: height and width must be whole numbers, 1 or more, not ${height} and ${width}`,
    );
  }
  const [h, w] = shape.slice(-2);
  if (h === height && w === width) return maps;
  const planes = data.length / (h * w);
  const rows = taps(h, height), columns = taps(w, width);
  const resized = hostArray([...shape.slice(0, -2), height, width]);
  for (let plane = 0, out = 0; plane < planes; plane++) {
    const start = plane * h * w;
    for (let y = 0; y < height; y++) {
      const upper = start + rows.low[y] * w, lower = start + rows.high[y] * w;
      const down = rows.part[y];
      for (let x = 0; x < width; x++, out++) {
        const left = columns.low[x], right = columns.high[x], across = columns.part[x];
        const above = data[upper + left] + (data[upper + right] - data[upper + left]) * across;
        const below = data[lower + left] + (data[lower + right] - data[lower + left]) * across;
        resized.data[out] = above + (below - above) * down;
      }
    }
  }
  return resized;
}

/** For each output position its two source positions and how far it is from the first to the second. */
function taps(
  from: number,
  to: number,
): { low: Int32Array; high: Int32Array; part: Float64Array } {
  const low = new Int32Array(to), high = new Int32Array(to), part = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const place = Math.min(Math.max((i + 0.5) * from / to - 0.5, 0), from - 1);
    low[i] = Math.floor(place);
    high[i] = Math.min(low[i] + 1, from - 1);
    part[i] = place - low[i];
  }
  return { low, high, part };
}

/**
 * Combine the maps of one image at several scales, each with or without its mirror image: resized to the
 * first scale in use, heatmaps averaged and at most 1, tags of the scales near 1 put together.
 *
 * A scale has diverged, and is left out, when a heatmap value (mean with the mirrored one) exceeds
 * `divergedAbove` or when a heatmap or tag is NaN or infinite.
 *
 * @param scales In the order of `used`; the authors put the largest first.
 * @returns `null` if nothing can be decoded: every scale, or every one near enough to 1 to give tags, has
 * diverged.
 * @throws {ShapeError} If maps of one scale do not fit together, or K or D differ between scales.
 * @throws {RangeError} If there are no scales, none is near enough to 1, or a mirrored one comes without `flip`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { combineScales, hostArray } from "ae";
 *
 * const at = (scale: number, side: number, value: number) => ({
 *   scale,
 *   plain: {
 *     heatmaps: hostArray([1, side, side], new Float32Array(side * side).fill(value)),
 *     tags: hostArray([1, 1, side, side]),
 *   },
 * });
 * const combined = combineScales([at(2, 8, 0.5), at(1, 4, 0.25), at(0.5, 2, NaN)]);
 * assert.deepEqual(combined?.used, [0, 1]); // the last has diverged
 * assert.deepEqual(combined?.heatmaps.shape, [1, 8, 8]);
 * assert.equal(combined?.heatmaps.data[0], 0.375);
 * ```
 */
export function combineScales(
  scales: readonly ScaleMaps[],
  options: CombineOptions = {},
): CombinedMaps | null {
  const { flip, tagsWithin = 0.5, divergedAbove = 5, divideBy = "used", cutOffAt } = options;
  const givesTags = ({ scale }: ScaleMaps) => Math.abs(scale - 1) < tagsWithin;
  if (!scales.some(givesTags)) {
    throw new RangeError(
      `combineScales: none of the scales [${
        scales.map(({ scale }) => scale).join(", ")
      }] is within ` +
        `${tagsWithin} of 1, so none gives tags`,
    );
  }
  const used: number[] = [];
  const heatmaps: HostArray[] = [], tags: HostArray[] = [];
  scales.forEach((entry, i) => {
    const looks = looksOf(entry, flip);
    if (hasDiverged(looks, divergedAbove)) return;
    used.push(i);
    const [height, width] = (heatmaps[0] ?? looks[0].heatmaps).shape.slice(1);
    for (const look of looks) {
      heatmaps.push(resizeMaps(look.heatmaps, height, width));
      if (givesTags(entry)) tags.push(resizeMaps(look.tags, height, width));
    }
  });
  if (tags.length === 0) return null;
  const allLooks = scales.reduce((count, { mirrored }) => count + (mirrored ? 2 : 1), 0);
  const count = divideBy === "all" ? allLooks : heatmaps.length;
  return { heatmaps: averageHeatmaps(heatmaps, count, cutOffAt), tags: concatTags(tags), used };
}

/** The plain maps and, mirrored back, the mirrored ones. */
function looksOf({ plain, mirrored }: ScaleMaps, flip?: readonly number[]): PoseMaps[] {
  mapSizes("combineScales", plain.heatmaps, plain.tags);
  if (!mirrored) return [plain];
  if (!flip) {
    throw new RangeError(
      "combineScales: mirrored maps need the option flip\n  help: flip: COCO.flip",
    );
  }
  const shapes = [plain.tags.shape, mirrored.tags.shape];
  if (shapes[0].some((length, axis) => length !== shapes[1][axis])) {
    throw shapeError("combineScales", "plain and mirrored maps of one scale differ in shape", {
      "plain.tags": [shapes[0], "D K H W"],
      "mirrored.tags": [shapes[1], "D K H W"],
    });
  }
  return [plain, mirrorMaps(mirrored, flip)];
}

function hasDiverged(looks: readonly PoseMaps[], above: number): boolean {
  if (looks.some(({ heatmaps }) => firstNonFinite(heatmaps.data) >= 0)) return true;
  if (looks.some(({ tags }) => firstNonFinite(tags.data) >= 0)) return true;
  const [{ heatmaps: { data } }] = looks;
  for (let i = 0; i < data.length; i++) {
    let sum = 0;
    for (const { heatmaps } of looks) sum += heatmaps.data[i];
    if (sum > above * looks.length) return true;
  }
  return false;
}
