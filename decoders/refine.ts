/**
 * After grouping: move each keypoint by a quarter of a pixel towards where the heatmap leans, and look
 * once more for the keypoints that a person is missing, now that the person's tag is known.
 *
 * ## The quarter pixel
 *
 * A peak is a whole pixel, the truth lies somewhere in it. Along each axis, which neighbour is higher?
 *
 *      .3  [.9]  .5        the right one:  x + 0.25 + 0.5
 *      .5  [.9]  .3        the left one:   x - 0.25 + 0.5     (also when they are equal)
 *
 * The half is added because heatmap targets are drawn at truncated positions: a keypoint anywhere in
 * [x, x+1) makes its Gaussian at x, so x + 0.5 is right on average.
 *
 * ## Missing keypoints
 *
 * The person's tag is the mean tag of the keypoints it has. A missing keypoint k goes to the pixel of the
 * whole map that is as bright as possible with a tag as near as possible:
 *
 *     s[pixel] = heatmap[k, pixel] - round(‖tag[:, k, pixel] - tag(person)‖)         ‖·‖: root of the sum
 *
 * No threshold but 0: this finds keypoints that were too faint to be peaks. The authors' program and its
 * successors do it, and AP gains much from it.
 *
 * pose-ae-train, `utils/group.py` (adjust) and `test.py` (refine, there the name of the filling in).
 * Differences:
 *
 * |                               | pose-ae-train                        | here                       |
 * | ----------------------------- | ------------------------------------ | -------------------------- |
 * | bounds when filling in        | neighbours clamped at row K-1 and    | at row H-1 and column W-1; |
 * |                               | column H-1: a slip                   | `bounds: "authors"`        |
 * | score of a filled-in keypoint | 1                                    | 1, or `filledScore: "heatmap"` |
 * | tag of a filled-in keypoint   | 0                                    | read at its pixel          |
 *
 * @module
 */
import type { HostArray } from "../core/host_array.ts";
import type { DecodedKeypoint, DecodedPerson } from "../pose/person.ts";
import { shapeError } from "../core/errors.ts";
import { roundHalfToEven } from "./group_by_tag.ts";
import { heatmapSizes, type MapSizes, mapSizes, tagAt } from "./maps.ts";

/** How missing keypoints are filled in. */
export interface FillOptions {
  /**
   * Score of a filled-in keypoint: 1 as the authors have it, or the heatmap's value there as in
   * HigherHRNet.
   * @default {"one"}
   */
  readonly filledScore?: "one" | "heatmap";
  /**
   * Where the map ends for the quarter pixel of a filled-in keypoint: at the `"map"`'s borders, or where the
   * `"authors"` have it by a slip (rows end at K - 1, columns at H - 1), to check recorded figures.
   * @default {"map"}
   */
  readonly bounds?: "map" | "authors";
}

/**
 * Move every keypoint of a person by a quarter of a pixel along each axis towards the higher neighbour
 * (minus if they are equal), then by half a pixel. At a border the pixel itself stands in for the missing
 * neighbour. Scores, tags and missing keypoints stay.
 *
 * @param person Its keypoints on whole heatmap pixels, as {@linkcode groupByTag} gives them.
 * @param heatmaps `[K, H, W]`, not suppressed.
 * @throws {ShapeError} If `heatmaps` is not `[K, H, W]` with the person's K.
 * @throws {RangeError} If a keypoint is not on a pixel of the map, for example because it was already moved.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { adjustPerson, hostArray } from "ae";
 *
 * const heatmaps = hostArray([1, 1, 4], [0.1, 0.3, 0.9, 0.5]);
 * const nose = { x: 2, y: 0, score: 0.9, tag: [0] };
 * const { keypoints } = adjustPerson({ keypoints: [nose], score: 0.9 }, heatmaps);
 * assert.deepEqual(keypoints, [{ ...nose, x: 2.75, y: 0.25 }]);
 * ```
 */
export function adjustPerson(person: DecodedPerson, heatmaps: HostArray): DecodedPerson {
  const sizes = heatmapSizes("adjustPerson", heatmaps);
  checkKeypointCount("adjustPerson", person, heatmaps);
  const ends = { row: sizes.height - 1, column: sizes.width - 1 };
  const keypoints = person.keypoints.map((keypoint, k) => {
    if (!keypoint) return null;
    const { x, y } = keypoint;
    if (!isPixel(x, y, sizes)) {
      throw new RangeError(
        `adjustPerson: keypoint ${k} is at (${x}, ${y}), not on a pixel of the ` +
          `${sizes.height} x ${sizes.width} map; a person can be adjusted only once`,
      );
    }
    return { ...keypoint, ...quarterPixel(mapOf(heatmaps, sizes, k), sizes.width, x, y, ends) };
  });
  return { ...person, keypoints };
}

/**
 * Fill in a person's missing keypoints from the maps, as the module's header describes. A missing keypoint
 * whose best pixel has no positive heatmap value stays missing. The person's score stays as it is: it says
 * what was detected.
 *
 * @param person With at least one keypoint, before or after {@linkcode adjustPerson}; in heatmap pixels.
 * @param heatmaps `[K, H, W]`.
 * @param tags `[D, K, H, W]`.
 * @returns The person with filled-in keypoints, these moved like those of adjustPerson.
 * @throws {ShapeError} If the shapes are not `[K, H, W]` and `[D, K, H, W]` with the person's K and D.
 * @throws {RangeError} If a heatmap value or tag that could decide where a keypoint goes is NaN.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { fillMissing, hostArray } from "ae";
 *
 * const heatmaps = hostArray([2, 1, 4], [0, 0.9, 0, 0, 0.07, 0, 0.05, 0]);
 * const tags = hostArray([1, 2, 1, 4], [0, 5, 0, 0, 3, 0, 5.2, 0]);
 * const nose = { x: 1.25, y: 0.25, score: 0.9, tag: [5] };
 * const { keypoints } = fillMissing({ keypoints: [nose, null], score: 0.45 }, heatmaps, tags);
 * // 0.07 is brighter, but its tag 3 is 2 away from the person's tag 5; the tag of 0.05 is near.
 * assert.equal(keypoints[1]?.x, 2.25);
 * ```
 */
export function fillMissing(
  person: DecodedPerson,
  heatmaps: HostArray,
  tags: HostArray,
  options: FillOptions = {},
): DecodedPerson {
  const sizes = mapSizes("fillMissing", heatmaps, tags);
  checkKeypointCount("fillMissing", person, heatmaps);
  const tag = meanTag(person, sizes.tagDimensions);
  if (!tag) return person;
  const { height, width } = sizes;
  const ends = options.bounds === "authors"
    ? { row: sizes.keypoints - 1, column: height - 1 }
    : { row: height - 1, column: width - 1 };
  const keypoints = person.keypoints.map((keypoint, k): DecodedKeypoint | null => {
    if (keypoint) return keypoint;
    const pixel = nearestByTag(heatmaps, tags, sizes, k, tag);
    const map = mapOf(heatmaps, sizes, k);
    const value = map[pixel];
    if (!(value > 0)) return null;
    return {
      ...quarterPixel(map, width, pixel % width, Math.floor(pixel / width), ends),
      score: options.filledScore === "heatmap" ? value : 1,
      tag: tagAt(tags, sizes, k, pixel),
    };
  });
  return { ...person, keypoints };
}

/** The pixel of greatest s = heatmap - round(distance to the person's tag); the first in reading order. */
function nearestByTag(
  heatmaps: HostArray,
  tags: HostArray,
  sizes: MapSizes,
  keypoint: number,
  personTag: readonly number[],
): number {
  const { keypoints, tagDimensions } = sizes;
  const map = mapOf(heatmaps, sizes, keypoint);
  const { data } = tags;
  const firstTag = keypoint * map.length;
  const stride = keypoints * map.length; // from one tag dimension to the next
  let best = -1, bestScore = -Infinity;
  for (let pixel = 0; pixel < map.length; pixel++) {
    const value = map[pixel];
    // The distance loses at most 0.5 by rounding, and s never exceeds the heatmap: most pixels cannot
    // beat the best so far, which two comparisons without a root tell. (NaN fails neither.)
    if (value <= bestScore) continue;
    let sum = 0;
    for (let d = 0, at = firstTag + pixel; d < tagDimensions; d++, at += stride) {
      const difference = data[at] - personTag[d];
      sum += difference * difference;
    }
    if (sum > (value - bestScore + 0.5) ** 2) continue;
    const score = value - roundHalfToEven(Math.sqrt(sum));
    if (score > bestScore) {
      best = pixel;
      bestScore = score;
    } else if (Number.isNaN(score)) {
      throw new RangeError(
        `fillMissing: the heatmap or the tags of keypoint ${keypoint} hold NaN at ` +
          `x ${pixel % sizes.width}, y ${Math.floor(pixel / sizes.width)}`,
      );
    }
  }
  return best;
}

/** Mean tag of the keypoints that are there; undefined if there are none. */
function meanTag(person: DecodedPerson, tagDimensions: number): number[] | undefined {
  const present = person.keypoints.filter((keypoint) => keypoint !== null);
  if (present.length === 0) return undefined;
  for (const { tag } of present) {
    if (tag.length !== tagDimensions) {
      throw shapeError(
        "fillMissing",
        `the person's tags have ${tag.length} numbers but the tag maps ${tagDimensions} dimensions`,
        {},
      );
    }
  }
  return Array.from(
    { length: tagDimensions },
    (_, d) => present.reduce((sum, { tag }) => sum + tag[d], 0) / present.length,
  );
}

/** Pixel plus a quarter towards the higher neighbour (minus on a tie) plus a half, along both axes. */
function quarterPixel(
  map: Float32Array,
  width: number,
  x: number,
  y: number,
  ends: { readonly row: number; readonly column: number },
): { x: number; y: number } {
  const at = (row: number, column: number) => map[row * width + column];
  const right = at(y, Math.min(x + 1, ends.column)), left = at(y, Math.max(x - 1, 0));
  const below = at(Math.min(y + 1, ends.row), x), above = at(Math.max(y - 1, 0), x);
  return {
    x: x + (right > left ? 0.25 : -0.25) + 0.5,
    y: y + (below > above ? 0.25 : -0.25) + 0.5,
  };
}

function mapOf(heatmaps: HostArray, { height, width }: MapSizes, keypoint: number): Float32Array {
  return heatmaps.data.subarray(keypoint * height * width, (keypoint + 1) * height * width);
}

function isPixel(x: number, y: number, { height, width }: MapSizes): boolean {
  return Number.isInteger(x) && Number.isInteger(y) && x >= 0 && x < width && y >= 0 && y < height;
}

function checkKeypointCount(op: string, person: DecodedPerson, heatmaps: HostArray): void {
  if (person.keypoints.length === heatmaps.shape[0]) return;
  throw shapeError(
    op,
    `the person has ${person.keypoints.length} keypoints but there are ${
      heatmaps.shape[0]
    } heatmaps`,
    { heatmaps: [heatmaps.shape, "K H W"] },
  );
}
