/**
 * What MOTChallenge does with its files before it measures: some boxes are there so that finding them is not counted as
 * an error, and nobody has to find them.
 *
 *     1. per frame, every annotated box, of whatever class, gets at most one found box of IoU 0.5 or more, so that the
 *        sum of IoU is greatest,
 *     2. found boxes that fell to a distractor (a person on a vehicle, a still person, a poster, a reflection) are taken
 *        away,
 *     3. of the annotated boxes only walking people remain, and of those only the ones that count.
 *
 * Files without classes, those of 2015, skip 1 and 2.
 *
 * | case                            | TrackEval                       | here                                    |
 * | ------------------------------- | ------------------------------- | --------------------------------------- |
 * | which year's rules              | told by the benchmark's name    | seen by the classes in the file         |
 * | the distractors of 2020         | one more, vehicles              | `distractors: MOT20_DISTRACTORS`        |
 *
 * TrackEval, `datasets/mot_challenge_2d_box.py`; Milan et al., "MOT16" (2016), arXiv:1603.00831, section 4.1.3.
 *
 * @module
 */
import { assignMinimumCost } from "../decoders/assign.ts";
import type { MotBox } from "../track/mot_records.ts";
import type { TrackedBox, TrackFrame } from "../track/track.ts";
import {
  boxSimilarity,
  MATCH_THRESHOLD,
  reaches,
  type TrackingFrame,
  trackingFrames,
} from "./tracking_frame.ts";

/** The class of walking people, who are to be tracked. */
const WALKING_PERSON = 1;

/** Classes of MOT16 and MOT17 that excuse a found box: person on vehicle, static person, distractor, reflection. */
export const MOT_DISTRACTORS: readonly number[] = [2, 7, 8, 12];

/** Those of MOT20: also vehicles without a motor. */
export const MOT20_DISTRACTORS: readonly number[] = [2, 6, 7, 8, 12];

/**
 * A truth file and a results file of MOTChallenge as frames that measures take, after the steps at the top of the file.
 * Similarity is the IoU of the boxes.
 *
 * @param tracks What was annotated and what was found in one video.
 * @param options Which classes excuse a found box. @default {MOT_DISTRACTORS}
 * @throws {RangeError} If frame numbers do not rise.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { motResults, motTrackingFrames, motTruth } from "ae";
 *
 * const person = "1,1,0,0,10,10,1,1,1\n", reflection = "1,2,50,0,10,10,1,12,1\n";
 * const truth = motTruth(person + reflection, "gt.txt");
 * const found = motResults("1,5,0,0,10,10,1\n1,6,50,0,10,10,1\n1,7,90,0,10,10,1\n", "found.txt");
 * assert.deepEqual(motTrackingFrames({ truth, found }), [
 *   { frame: 1, truth: [1], found: [5, 7], similarity: [[1, 0]] },
 * ]);
 * ```
 */
export function motTrackingFrames(
  tracks: {
    readonly truth: readonly TrackFrame<MotBox>[];
    readonly found: readonly TrackFrame<TrackedBox>[];
  },
  options: { readonly distractors?: readonly number[] } = {},
): TrackingFrame[] {
  const { distractors = MOT_DISTRACTORS } = options;
  const annotated = new Map(tracks.truth.map(({ frame, things }) => [frame, things]));
  return trackingFrames(tracks, boxSimilarity).map((whole) => {
    const boxes = annotated.get(whole.frame!) ?? [];
    const excused = new Set(excusedIn(whole, boxes, distractors));
    const rows = boxes.keys().filter((t) => isWanted(boxes[t])).toArray();
    const columns = whole.found.keys().filter((f) => !excused.has(f)).toArray();
    return {
      frame: whole.frame,
      truth: rows.map((t) => whole.truth[t]),
      found: columns.map((f) => whole.found[f]),
      similarity: rows.map((t) => columns.map((f) => whole.similarity[t][f])),
    };
  });
}

function isWanted({ counts, category }: MotBox): boolean {
  return counts && (category === null || category === WALKING_PERSON);
}

/** Places of the found boxes that fell to a distractor. */
function excusedIn(
  { similarity }: TrackingFrame,
  boxes: readonly MotBox[],
  distractors: readonly number[],
): number[] {
  const gain = (value: number) => reaches(value, MATCH_THRESHOLD) ? value : 0;
  const assigned = assignMinimumCost(similarity.map((row) => row.map((value) => -gain(value))));
  return boxes.flatMap(({ category }, t) => {
    const f = assigned[t];
    if (f < 0 || gain(similarity[t][f]) === 0) return [];
    return category !== null && distractors.includes(category) ? [f] : [];
  });
}
