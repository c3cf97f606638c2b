/**
 * What all measures of tracking look at: who is in a frame, who was found in it, and how alike each pair is. Boxes,
 * masks and people differ only in how similarity is computed, so {@linkcode trackingFrames} takes it as a function.
 *
 *                  found 3   found 8
 *     truth 1        .9        .2        similarity of the pairs, one such table a frame
 *     truth 2        .0        .7
 *
 * @module
 */
import { ShapeError } from "../core/errors.ts";
import type { AnnotatedPerson, DecodedPerson } from "../pose/person.ts";
import type { Skeleton } from "../pose/skeleton.ts";
import type { TrackedBox, TrackFrame } from "../track/track.ts";
import { oks } from "./oks.ts";

/** One frame: identities annotated, identities found, and how alike each pair is. */
export interface TrackingFrame {
  /** Number of the frame. @default {its place in the list, from 1} */
  readonly frame?: number;
  /** Identities annotated in the frame, whole numbers, none twice. */
  readonly truth: readonly number[];
  /** Identities found in the frame, whole numbers, none twice. */
  readonly found: readonly number[];
  /** `similarity[t][f]` of `truth[t]` and `found[f]`, 0 to 1: the IoU of boxes or masks, the OKS of people. */
  readonly similarity: readonly (readonly number[])[];
}

/**
 * Annotated and found tracks side by side, frame by frame: every frame that one of the two has, in order.
 *
 * @param tracks Both lists, of one video and with the same frame numbers.
 * @param similarity How alike an annotated and a found thing are, 0 to 1; e.g. {@linkcode boxSimilarity}.
 * @throws {RangeError} If frame numbers do not rise.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { boxSimilarity, trackingFrames } from "ae";
 *
 * const truth = [{ frame: 1, things: [{ identity: 1, box: [0, 0, 10, 10], score: 1 } as const] }];
 * const found = [{ frame: 2, things: [{ identity: 5, box: [0, 0, 10, 10], score: 1 } as const] }];
 * assert.deepEqual(trackingFrames({ truth, found }, boxSimilarity), [
 *   { frame: 1, truth: [1], found: [], similarity: [[]] },
 *   { frame: 2, truth: [], found: [5], similarity: [] },
 * ]);
 * ```
 */
export function trackingFrames<
  Truth extends { readonly identity: number },
  Found extends { readonly identity: number },
>(
  tracks: {
    readonly truth: readonly TrackFrame<Truth>[];
    readonly found: readonly TrackFrame<Found>[];
  },
  similarity: (truth: Truth, found: Found) => number,
): TrackingFrame[] {
  const truthOf = byNumber("truth", tracks.truth);
  const foundOf = byNumber("found", tracks.found);
  const numbers = [...new Set([...truthOf.keys(), ...foundOf.keys()])].sort((a, b) => a - b);
  return numbers.map((frame) => {
    const truth = truthOf.get(frame) ?? [], found = foundOf.get(frame) ?? [];
    return {
      frame,
      truth: truth.map(({ identity }) => identity),
      found: found.map(({ identity }) => identity),
      similarity: truth.map((one) => found.map((other) => similarity(one, other))),
    };
  });
}

function byNumber<Thing extends { readonly identity: number }>(
  list: string,
  frames: readonly TrackFrame<Thing>[],
): Map<number, readonly Thing[]> {
  frames.forEach(({ frame }, f) => {
    if (f === 0 || frame > frames[f - 1].frame) return;
    throw new RangeError(
      `trackingFrames: frame ${frame} of ${list} comes after frame ${frames[f - 1].frame}\n` +
        "  help: sort the frames by their numbers, each once",
    );
  });
  return new Map(frames.map(({ frame, things }) => [frame, things]));
}

/**
 * Intersection over union of two boxes, 0 to 1; 0 where both are empty. A box is the area between its edges: width 10
 * is 10, as in TrackEval and py-motmetrics (and not 11 as for boxes of whole pixels).
 *
 * @param truth A thing with `box: [x, y, width, height]`.
 * @param found Another.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { boxSimilarity } from "ae";
 *
 * assert.equal(boxSimilarity({ box: [0, 0, 4, 4] }, { box: [2, 0, 4, 4] }), 8 / 24);
 * ```
 */
export function boxSimilarity(
  truth: Pick<TrackedBox, "box">,
  found: Pick<TrackedBox, "box">,
): number {
  const [x1, y1, width1, height1] = truth.box;
  const [x2, y2, width2, height2] = found.box;
  const width = Math.min(x1 + width1, x2 + width2) - Math.max(x1, x2);
  const height = Math.min(y1 + height1, y2 + height2) - Math.max(y1, y2);
  const both = Math.max(0, width) * Math.max(0, height);
  const either = width1 * height1 + width2 * height2 - both;
  return either > 0 ? Math.min(1, both / either) : 0; // rounding may exceed 1
}

/**
 * {@linkcode oks} of an annotated and a found person, as a function for {@linkcode trackingFrames}; a keypoint that was
 * not found counts as far away.
 *
 * @param skeleton Names and sigmas of the K keypoints.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { COCO, poseSimilarity } from "ae";
 *
 * const truth = {
 *   keypoints: COCO.keypoints.map((_, k) => ({ x: k, y: 2 * k, visibility: 2 }) as const),
 *   box: [0, 0, 17, 34] as const, area: 300, crowd: false,
 * };
 * const found = {
 *   keypoints: truth.keypoints.map(({ x, y }, k) => k === 0 ? null : { x, y, score: 1, tag: [] }),
 *   score: 1,
 * };
 * assert.ok(Math.abs(poseSimilarity(COCO)(truth, found) - 16 / 17) < 1e-12);
 * ```
 */
export function poseSimilarity(
  skeleton: Skeleton,
): (truth: AnnotatedPerson, found: DecodedPerson) => number {
  return ({ keypoints, box, area }, found) => {
    const places = found.keypoints.flatMap((keypoint) =>
      keypoint ? [keypoint.x, keypoint.y, 1] : [Infinity, Infinity, 0]
    );
    const annotated = keypoints.flatMap(({ x, y, visibility }) => [x, y, visibility]);
    return oks(places, { keypoints: annotated, bbox: box, area }, skeleton.sigmas);
  };
}

/** Least similarity of a match where nothing else is asked for: half of both boxes is common. */
export const MATCH_THRESHOLD = 0.5;

/** Whether a similarity is enough. The smallest step above 1 (2.2e-16) is granted for rounding, as TrackEval does. */
export function reaches(similarity: number, threshold: number): boolean {
  return similarity >= threshold - Number.EPSILON;
}

/**
 * See that frames and threshold are what measures expect.
 *
 * @param op Name of the measure, for the message.
 * @throws {ShapeError} If a table of similarities does not have a place for every pair.
 * @throws {RangeError} If an identity is no whole number or is in a frame twice, a similarity is not from 0 to 1, or
 *   the threshold is not above 0 and at most 1.
 */
export function checkTracking(
  op: string,
  frames: readonly TrackingFrame[],
  threshold: number,
): void {
  if (!(threshold > 0 && threshold <= 1)) {
    throw new RangeError(`${op}: threshold is ${threshold}, not above 0 and at most 1`);
  }
  frames.forEach(({ truth, found, similarity }, f) => {
    const place = `${op}: frames[${f}]`;
    for (const [list, identities] of Object.entries({ truth, found })) {
      const seen = new Set<number>();
      for (const identity of identities) {
        if (!Number.isSafeInteger(identity)) {
          throw new RangeError(`${place}.${list} holds ${identity}, not a whole number`);
        }
        if (seen.has(identity)) {
          throw new RangeError(`${place}.${list} holds identity ${identity} twice`);
        }
        seen.add(identity);
      }
    }
    const rows = similarity.length;
    const uneven = similarity.find((row) => row.length !== found.length);
    if (rows !== truth.length || uneven) {
      throw new ShapeError(
        `${place}.similarity does not have a number for every pair\n` +
          `  similarity  [${rows}, ${uneven?.length ?? found.length}]\n` +
          `  expected    [${truth.length}, ${found.length}]   truth found`,
      );
    }
    similarity.forEach((row, t) => {
      const bad = row.findIndex((value) => !(value >= 0 && value <= 1));
      if (bad < 0) return;
      throw new RangeError(`${place}.similarity[${t}][${bad}] is ${row[bad]}, not from 0 to 1`);
    });
  });
}
