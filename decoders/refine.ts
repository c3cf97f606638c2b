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
 * pose-ae-train, `utils/group.py` (adjust) and `test.py` (refine, there the name of the filling in); other
 * programs' ways are options, see flavours.ts. Differences:
 *
 * |                               | pose-ae-train                        | here                       |
 * | ----------------------------- | ------------------------------------ | -------------------------- |
 * | bounds when filling in        | neighbours clamped at row K-1 and    | at row H-1 and column W-1; |
 * |                               | column H-1: a slip                   | `bounds: "authors"`        |
 * | score of a filled-in keypoint | 1                                    | 1, or `filledScore: "heatmap"` |
 * | tag of a filled-in keypoint   | 0                                    | read at its pixel          |
 *
 * The rules for one keypoint ({@linkcode adjustPlace}, {@linkcode fillPerson}) do not care where the numbers come
 * from: maps in main memory here, or a few numbers that a graphics card picked out of its own.
 *
 * @module
 */
import type { HostArray } from "../core/host_array.ts";
import type { DecodedKeypoint, DecodedPerson } from "../pose/person.ts";
import { shapeError } from "../core/errors.ts";
import { roundHalfToEven } from "./group_by_tag.ts";
import { heatmapSizes, type MapSizes, mapSizes, tagAt } from "./maps.ts";
import { localMaxima } from "./peaks.ts";

/** How keypoints move off the middle of their pixel. */
export interface AdjustOptions {
  /**
   * - `"quarter"`: by 0.25 towards the higher neighbour, back where they are equal (pose-ae-train, HigherHRNet).
   * - `"sign"`: by 0.25 towards the higher neighbour; not at all where they are equal, nor along an axis whose
   *   coordinate is 0, 1 or the last (OpenVINO).
   * - `"none"`: not at all. This is what mmpose 1.x comes to: it compares neighbours in the suppressed map, where
   *   both are 0.
   *
   * @default {"quarter"}
   */
  readonly adjust?: "quarter" | "sign" | "none";
  /**
   * Added to x and y after that: 0.5 where targets are drawn at truncated places, 0 where they are drawn at the
   * nearest pixel.
   * @default {0.5}
   */
  readonly centreShift?: number;
}

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
  /**
   * Factor on the rounded tag distance: 1, or 100 as mmpose 1.x has it: then a brighter pixel never makes up for a
   * tag that is farther away.
   * @default {1}
   */
  readonly tagWeight?: 1 | 100;
  /**
   * What a filled-in keypoint needs: a heatmap value `"above 0"`, or `"nothing"` (mmpose 1.x), so that nobody lacks a
   * keypoint.
   * @default {"above 0"}
   */
  readonly fillNeeds?: "above 0" | "nothing";
  /**
   * Which pixels count with their heatmap value: `"all"`, or only `"peaks"`, the others with 0 (mmpose 1.x fills in
   * from the suppressed map).
   * @default {"all"}
   */
  readonly fillFrom?: "all" | "peaks";
}

/** The heatmap's values beside a pixel; at a border the pixel's own stands in. */
export interface Neighbours {
  /** Value at (x - 1, y). */
  readonly left: number;
  /** Value at (x + 1, y). */
  readonly right: number;
  /** Value at (x, y - 1). */
  readonly above: number;
  /** Value at (x, y + 1). */
  readonly below: number;
}

/** A place that a missing keypoint may go to: a pixel, its value and tag, and its neighbours. */
export interface FillPlace extends DecodedKeypoint {
  /** Values beside it. */
  readonly around: Neighbours;
}

/**
 * A whole pixel moved as the options say.
 *
 * @param at The pixel, in heatmap pixels.
 * @param around The heatmap beside it.
 * @param size Of the map.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { adjustPlace } from "ae";
 *
 * const around = { left: 0.3, right: 0.5, above: 0.2, below: 0.2 };
 * const at = { x: 7, y: 4 }, size = { width: 32, height: 32 };
 * assert.deepEqual(adjustPlace(at, around, size), { x: 7.75, y: 4.25 });
 * assert.deepEqual(adjustPlace(at, around, size, { adjust: "sign" }), { x: 7.75, y: 4.5 });
 * assert.deepEqual(adjustPlace(at, around, size, { adjust: "none" }), { x: 7.5, y: 4.5 });
 * ```
 */
export function adjustPlace(
  { x, y }: { readonly x: number; readonly y: number },
  { left, right, above, below }: Neighbours,
  { width, height }: { readonly width: number; readonly height: number },
  { adjust = "quarter", centreShift = 0.5 }: AdjustOptions = {},
): { x: number; y: number } {
  const step = (low: number, high: number, at: number, length: number) => {
    if (adjust === "quarter") return high > low ? 0.25 : -0.25;
    return adjust === "sign" && at > 1 && at < length - 1 ? 0.25 * Math.sign(high - low) : 0;
  };
  return {
    x: x + step(left, right, x, width) + centreShift,
    y: y + step(above, below, y, height) + centreShift,
  };
}

/**
 * Move every keypoint of a person by a quarter of a pixel along each axis towards the higher neighbour
 * (minus if they are equal), then by half a pixel; options change this. At a border the pixel itself stands in for the missing
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
export function adjustPerson(
  person: DecodedPerson,
  heatmaps: HostArray,
  options: AdjustOptions = {},
): DecodedPerson {
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
    const around = neighboursOf(mapOf(heatmaps, sizes, k), sizes.width, keypoint, ends);
    return { ...keypoint, ...adjustPlace(keypoint, around, sizes, options) };
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
  options: FillOptions & AdjustOptions & { readonly kernel?: number } = {},
): DecodedPerson {
  const sizes = mapSizes("fillMissing", heatmaps, tags);
  checkKeypointCount("fillMissing", person, heatmaps);
  const tag = meanTag(person, sizes.tagDimensions);
  if (!tag) return person;
  const { width } = sizes;
  const ends = fillEnds(sizes, options);
  const searched = options.fillFrom === "peaks" ? suppressed(heatmaps, options.kernel) : heatmaps;
  const places = person.keypoints.map((keypoint, k): FillPlace | null => {
    if (keypoint) return null;
    const pixel = nearestByTag(searched, tags, sizes, k, tag, options.tagWeight);
    const at = { x: pixel % width, y: Math.floor(pixel / width) };
    return {
      ...at,
      score: mapOf(searched, sizes, k)[pixel],
      tag: tagAt(tags, sizes, k, pixel),
      around: neighboursOf(mapOf(heatmaps, sizes, k), width, at, ends),
    };
  });
  return fillPerson(person, places, sizes, options);
}

/**
 * A person whose missing keypoints go to given places, the best ones for its tag. Where the value is not positive the
 * keypoint stays missing, unless `fillNeeds` says otherwise.
 *
 * @param person Some of its keypoints null.
 * @param places K of them; looked at only where the keypoint is missing.
 * @param size Of the maps.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { fillPerson } from "ae";
 *
 * const around = { left: 0, right: 0.02, above: 0, below: 0 };
 * const place = { x: 2, y: 1, score: 0.05, tag: [5], around };
 * const { keypoints: [nose] } = fillPerson({ keypoints: [null], score: 0 }, [place], { width: 4, height: 4 });
 * assert.deepEqual(nose, { x: 2.75, y: 1.25, score: 1, tag: [5] });
 * ```
 */
export function fillPerson(
  person: DecodedPerson,
  places: readonly (FillPlace | null)[],
  size: { readonly width: number; readonly height: number },
  options: FillOptions & AdjustOptions = {},
): DecodedPerson {
  const { filledScore = "one", fillNeeds = "above 0" } = options;
  const keypoints = person.keypoints.map((keypoint, k): DecodedKeypoint | null => {
    const place = places[k];
    if (keypoint || !place || (fillNeeds === "above 0" && !(place.score > 0))) return keypoint;
    return {
      ...adjustPlace(place, place.around, size, options),
      score: filledScore === "heatmap" ? place.score : 1,
      tag: place.tag,
    };
  });
  return { ...person, keypoints };
}

/** Where the map ends for the neighbours of a filled-in keypoint. */
export function fillEnds(
  { keypoints, height, width }: Pick<MapSizes, "keypoints" | "height" | "width">,
  { bounds = "map" }: FillOptions = {},
): { readonly row: number; readonly column: number } {
  return bounds === "authors"
    ? { row: keypoints - 1, column: height - 1 }
    : { row: height - 1, column: width - 1 };
}

/** Heatmaps that are 0 but at local maxima. */
function suppressed(heatmaps: HostArray, kernel?: number): HostArray {
  const data = new Float32Array(heatmaps.data.length);
  const plane = data.length / heatmaps.shape[0];
  localMaxima(heatmaps, { kernel, threshold: 0 }).forEach((pixels, k) => {
    for (const pixel of pixels) data[k * plane + pixel] = heatmaps.data[k * plane + pixel];
  });
  return { shape: heatmaps.shape, data };
}

/** The pixel of greatest s = heatmap - weight · round(tag distance); the first in reading order. */
function nearestByTag(
  heatmaps: HostArray,
  tags: HostArray,
  sizes: MapSizes,
  keypoint: number,
  personTag: readonly number[],
  weight = 1,
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
    if (sum > ((value - bestScore) / weight + 0.5) ** 2) continue;
    const score = value - weight * roundHalfToEven(Math.sqrt(sum));
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

/** A person's tag, the mean tag of the keypoints that are there; undefined if there are none. */
export function meanTag(person: DecodedPerson, tagDimensions: number): number[] | undefined {
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

function neighboursOf(
  map: Float32Array,
  width: number,
  { x, y }: { readonly x: number; readonly y: number },
  ends: { readonly row: number; readonly column: number },
): Neighbours {
  const at = (row: number, column: number) => map[row * width + column];
  return {
    left: at(y, Math.max(x - 1, 0)),
    right: at(y, Math.min(x + 1, ends.column)),
    above: at(Math.max(y - 1, 0), x),
    below: at(Math.min(y + 1, ends.row), x),
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
