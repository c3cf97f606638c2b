/**
 * From heatmaps and tags to people: the whole decoder, five calls.
 *
 *     heatmaps [K, H, W] ─┬─ findPeaks ── groupByTag ── adjustPerson ── fillMissing ── toImagePixels ──► people
 *     tags  [D, K, H, W] ─┘   where?       whose?       ¼ pixel          the faint       in the photo
 *
 * Newell, Huang and Deng, "Associative Embedding" (NIPS 2017), arXiv:1611.05424; pose-ae-train, `test.py` and
 * `utils/group.py`. Each step says in its file where it differs. The authors' own people, quirks included, and those of
 * other programs: {@linkcode DECODERS}.
 *
 * @module
 */
import type { HostArray } from "../core/host_array.ts";
import type { DecodedPerson } from "../pose/person.ts";
import { shapeError } from "../core/errors.ts";
import { findPeaks, type PeakOptions } from "./peaks.ts";
import { groupByTag, type GroupOptions, personScore } from "./group_by_tag.ts";
import { withoutDuplicates } from "./duplicates.ts";
import { type AdjustOptions, adjustPerson, fillMissing, type FillOptions } from "./refine.ts";
import { type HeatmapFrame, toImagePixels } from "./image_frame.ts";

/** Options of every step of decoding. */
export interface DecodeOptions extends PeakOptions, GroupOptions, AdjustOptions, FillOptions {
  /** Whether people's missing keypoints are looked for below the threshold. @default {true} */
  readonly fill?: boolean;
  /**
   * Which keypoints a person's score is the mean of, missing ones counting 0: those `"found"` as peaks (pose-ae-train,
   * HigherHRNet), or those `"filled"` in as well, with their `filledScore` (mmpose).
   * @default {"found"}
   */
  readonly scoreOf?: "found" | "filled";
  /**
   * People nearer than this to a better one are left out, see {@linkcode withoutDuplicates}; in image pixels, or heatmap
   * pixels where there is no `frame`. 3 in simple-HigherHRNet; 0, nobody, in all others.
   * @default {0}
   */
  readonly duplicatesWithin?: number;
  /** How the heatmap lies in the image. Default: people stay in heatmap pixels. */
  readonly frame?: HeatmapFrame;
}

/** Options of decoding a batch. */
export interface DecodeBatchOptions extends Omit<DecodeOptions, "frame"> {
  /** How each heatmap lies in its image, N of them. Default: people stay in heatmap pixels. */
  readonly frames?: readonly HeatmapFrame[];
}

/**
 * The people of one image. An image without peaks has none.
 *
 * @param heatmaps `[K, H, W]`, or `[1, K, H, W]` as a network gives it for one image.
 * @param tags `[D, K, H, W]`, or `[1, D, K, H, W]`.
 * @returns People in the order in which they were founded (roughly the surest first), in heatmap pixels or,
 * with `frame`, in image pixels.
 * @throws {ShapeError} If the shapes do not fit together or are of more than one image.
 * @throws {RangeError} If a map holds NaN or an infinite number, or an option is out of range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodePoses, hostArray } from "ae";
 *
 * // Two keypoints, two people: one at the left with tag 0, one at the right with tag 3.
 * const heatmaps = hostArray([2, 1, 6], [0.9, 0, 0, 0, 0, 0.8, 0, 0.7, 0, 0, 0.6, 0]);
 * const tags = hostArray([1, 2, 1, 6], [0, 0, 0, 3, 3, 3, 0, 0, 0, 3, 3, 3]);
 * const people = decodePoses(heatmaps, tags);
 * assert.equal(people.length, 2);
 * assert.deepEqual(people.map(({ keypoints }) => keypoints.map((at) => at?.x)), [[0.25, 1.25], [5.75, 4.25]]);
 * ```
 */
export function decodePoses(
  heatmaps: HostArray,
  tags: HostArray,
  options: DecodeOptions = {},
): DecodedPerson[] {
  const maps = withoutBatchOfOne(heatmaps, 4), tagMaps = withoutBatchOfOne(tags, 5);
  const peaks = findPeaks(maps, tagMaps, options);
  let people = groupByTag(peaks, options);
  people = people.map((person) => adjustPerson(person, maps, options));
  if (options.fill ?? true) {
    people = people.map((person) => fillMissing(person, maps, tagMaps, options));
  }
  return finishPeople(people, options);
}

/**
 * The last steps, for which no maps are needed: scores, image pixels, duplicates.
 *
 * @param people In heatmap pixels, filled in.
 * @throws {RangeError} If an option is out of range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { finishPeople } from "ae";
 *
 * const at = (x: number) => ({ x, y: 0.5, score: 0.8, tag: [0] });
 * const people = [{ keypoints: [at(1), at(2)], score: 0.4 }];
 * assert.equal(finishPeople(people, { scoreOf: "filled" })[0].score, 0.8);
 * assert.equal(finishPeople(people, { frame: { stride: 4 } })[0].keypoints[1]?.x, 8);
 * ```
 */
export function finishPeople(
  people: readonly DecodedPerson[],
  { scoreOf = "found", frame, duplicatesWithin = 0 }: Pick<
    DecodeOptions,
    "scoreOf" | "frame" | "duplicatesWithin"
  > = {},
): DecodedPerson[] {
  const placed = people.map((person) => {
    const scored = scoreOf === "found"
      ? person
      : { ...person, score: personScore(person.keypoints) };
    return frame ? toImagePixels(scored, frame) : scored;
  });
  return duplicatesWithin === 0 ? placed : withoutDuplicates(placed, duplicatesWithin);
}

/**
 * The people of each image of a batch.
 *
 * @param heatmaps `[N, K, H, W]`.
 * @param tags `[N, D, K, H, W]`.
 * @returns N lists of people, as {@linkcode decodePoses} gives them.
 * @throws {ShapeError} If the shapes do not fit together.
 * @throws {RangeError} If there are not N frames, a map holds NaN, or an option is out of range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeBatch, hostArray } from "ae";
 *
 * const heatmaps = hostArray([2, 1, 1, 3], [0, 0.9, 0, 0, 0, 0]);
 * const tags = hostArray([2, 1, 1, 1, 3]);
 * assert.deepEqual(decodeBatch(heatmaps, tags).map((people) => people.length), [1, 0]);
 * ```
 */
export function decodeBatch(
  heatmaps: HostArray,
  tags: HostArray,
  options: DecodeBatchOptions = {},
): DecodedPerson[][] {
  const { frames, ...rest } = options;
  const N = heatmaps.shape[0];
  if (heatmaps.shape.length !== 4 || tags.shape.length !== 5 || tags.shape[0] !== N) {
    throw shapeError("decodeBatch", "heatmaps must be [N, K, H, W] and tags [N, D, K, H, W]", {
      heatmaps: [heatmaps.shape, "N K H W"],
      tags: [tags.shape, "N D K H W"],
    });
  }
  if (frames && frames.length !== N) {
    throw new RangeError(`decodeBatch: there are ${frames.length} frames for ${N} images`);
  }
  return Array.from(
    { length: N },
    (_, n) => decodePoses(imageOf(heatmaps, n), imageOf(tags, n), { ...rest, frame: frames?.[n] }),
  );
}

/** Image n of a batch; shares the numbers. */
function imageOf({ shape, data }: HostArray, n: number): HostArray {
  const size = data.length / shape[0];
  return { shape: shape.slice(1), data: data.subarray(n * size, (n + 1) * size) };
}

/** Maps of one image with or without the batch axis: without. */
function withoutBatchOfOne(maps: HostArray, rank: number): HostArray {
  return maps.shape.length === rank && maps.shape[0] === 1 ? imageOf(maps, 0) : maps;
}
