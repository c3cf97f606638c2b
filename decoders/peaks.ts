/**
 * Where the keypoints are: the local maxima of each heatmap.
 *
 *     heatmap of one keypoint            peaks (3x3 window, threshold 0.1)
 *
 *     .0  .1  .0  .0  .0  .0
 *     .1 [.8] .2  .0  .0  .0             (1, 1) score .8
 *     .0  .3  .1  .2  .3  .1             (4, 3) score .6
 *     .0  .0  .0  .4 [.6] .2
 *     .0  .0  .0  .1  .2  .05            everything else has a greater neighbour or is too low
 *
 * A pixel is a peak when no pixel of the window around it is greater (non-maximum suppression) and its
 * value is above the threshold. Of each keypoint the 30 highest peaks are kept. A peak carries the tag
 * read at its pixel: that is all that grouping will know about it.
 *
 * Newell, Huang and Deng, "Associative Embedding" (NIPS 2017), arXiv:1611.05424; pose-ae-train,
 * `utils/group.py` (nms and topk) and `test.py` (threshold). Differences:
 *
 * |                          | pose-ae-train                | here                                  |
 * | ------------------------ | ---------------------------- | ------------------------------------- |
 * | equal adjacent maxima    | all are peaks                | the same; `plateaus: "first"` keeps one |
 * | order of equal scores    | as the sort leaves them      | the upper, then the left one first    |
 *
 * @module
 */
import type { HostArray } from "../core/host_array.ts";
import type { DecodedKeypoint } from "../pose/person.ts";
import { heatmapSizes, mapSizes, requireFinite, tagAt } from "./maps.ts";

/** A local maximum of a heatmap: whole-numbered x (column) and y (row) in heatmap pixels, score, tag. */
export type Peak = DecodedKeypoint;

/** How peaks are picked. */
export interface PeakOptions {
  /**
   * Heatmap value that a peak must exceed, 0 or more. 0.1 in pose-ae-train, `test.py`.
   * @default {0.1}
   */
  readonly threshold?: number;
  /** Most peaks of one keypoint; the highest stay. @default {30} */
  readonly maxPeaks?: number;
  /** Side of the window in pixels, odd. HigherHRNet uses 5. @default {3} */
  readonly kernel?: number;
  /**
   * Which pixels of a plateau are peaks. `"all"` of them, as the authors have it: a heatmap clipped at
   * 1 can then make two people out of one. `"first"`: of equal pixels within one window only the first
   * in reading order.
   * @default {"all"}
   */
  readonly plateaus?: "all" | "first";
}

/**
 * Non-maximum suppression: the pixels of each heatmap that are above the threshold and not exceeded by
 * any pixel of the `kernel x kernel` window around them. Outside the map counts as minus infinity.
 *
 * @param heatmaps `[K, H, W]`.
 * @returns For each of the K keypoints its pixels as `y * W + x`, ascending.
 * @throws {ShapeError} If `heatmaps` is not `[K, H, W]`.
 * @throws {RangeError} If a heatmap value is NaN or infinite or an option is out of range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray, localMaxima } from "ae";
 *
 * const heatmaps = hostArray([1, 2, 4], [
 *   0.0, 0.9, 0.2, 0.0, // row 0
 *   0.0, 0.1, 0.2, 0.7, // row 1
 * ]);
 * assert.deepEqual(localMaxima(heatmaps), [[1, 7]]);
 * ```
 */
export function localMaxima(heatmaps: HostArray, options: PeakOptions = {}): number[][] {
  const { threshold = 0.1, kernel = 3, plateaus = "all" } = options;
  const { keypoints, height, width } = heatmapSizes("localMaxima", heatmaps);
  if (!(threshold >= 0 && threshold < Infinity)) {
    throw new RangeError(`localMaxima: threshold must be a number, 0 or more, not ${threshold}`);
  }
  if (!Number.isInteger(kernel) || kernel < 1 || kernel % 2 === 0) {
    throw new RangeError(`localMaxima: kernel must be an odd whole number, not ${kernel}`);
  }
  requireFinite("localMaxima", "heatmaps", heatmaps);
  const reach = (kernel - 1) / 2;
  const onlyFirst = plateaus === "first";
  const maxima: number[][] = [];
  for (let k = 0; k < keypoints; k++) {
    const map = heatmaps.data.subarray(k * height * width, (k + 1) * height * width);
    const pixels: number[] = [];
    for (let pixel = 0; pixel < map.length; pixel++) {
      // Nearly every pixel ends here, so the window is looked at only for a few hundred.
      if (map[pixel] > threshold && isMaximum(map, width, pixel, reach, onlyFirst)) {
        pixels.push(pixel);
      }
    }
    maxima.push(pixels);
  }
  return maxima;
}

/** Whether no pixel of the window exceeds this one (and, on request, no earlier one equals it). */
function isMaximum(
  map: Float32Array,
  width: number,
  pixel: number,
  reach: number,
  onlyFirst: boolean,
): boolean {
  const x = pixel % width;
  const y = (pixel - x) / width;
  const value = map[pixel];
  const top = Math.max(0, y - reach);
  const bottom = Math.min(map.length / width - 1, y + reach);
  const left = Math.max(0, x - reach);
  const right = Math.min(width - 1, x + reach);
  for (let row = top; row <= bottom; row++) {
    for (let other = row * width + left; other <= row * width + right; other++) {
      if (map[other] > value) return false;
      if (onlyFirst && other < pixel && map[other] === value) return false;
    }
  }
  return true;
}

/**
 * The peaks of each keypoint, best first, with the tags read there: local maxima above the threshold,
 * at most `maxPeaks` of each keypoint. A map without any gives an empty list.
 *
 * @param heatmaps `[K, H, W]`, a score for each keypoint and pixel.
 * @param tags `[D, K, H, W]`, D tag values for each keypoint and pixel.
 * @returns K lists of peaks, each by falling score; equal scores in reading order.
 * @throws {ShapeError} If the shapes are not `[K, H, W]` and `[D, K, H, W]`.
 * @throws {RangeError} If a map holds NaN or an infinite number, or an option is out of range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { findPeaks, hostArray } from "ae";
 *
 * const heatmaps = hostArray([1, 1, 5], [0.6, 0.1, 0.0, 0.2, 0.9]);
 * const tags = hostArray([1, 1, 1, 5], [3, 0, 0, 0, -2]);
 * const [noses] = findPeaks(heatmaps, tags);
 * assert.deepEqual(noses.map(({ x, tag }) => [x, tag]), [[4, [-2]], [0, [3]]]);
 * ```
 */
export function findPeaks(
  heatmaps: HostArray,
  tags: HostArray,
  options: PeakOptions = {},
): Peak[][] {
  const { maxPeaks = 30 } = options;
  const sizes = mapSizes("findPeaks", heatmaps, tags);
  if (!Number.isInteger(maxPeaks) || maxPeaks < 1) {
    throw new RangeError(`findPeaks: maxPeaks must be a whole number, 1 or more, not ${maxPeaks}`);
  }
  requireFinite("findPeaks", "tags", tags);
  const { height, width } = sizes;
  return localMaxima(heatmaps, options).map((pixels, k) => {
    const map = heatmaps.data.subarray(k * height * width, (k + 1) * height * width);
    return pixels
      .sort((a, b) => map[b] - map[a] || a - b)
      .slice(0, maxPeaks)
      .map((pixel) => ({
        x: pixel % width,
        y: Math.floor(pixel / width),
        score: map[pixel],
        tag: tagAt(tags, sizes, k, pixel),
      }));
  });
}
