/**
 * PoseTrack's tracking measure: CLEAR MOT of every keypoint by itself, as if each were a thing of its own, right when it
 * lies within half a head of the truth (PCKh at 0.5).
 *
 *     similarity of a true and a found keypoint     1 - distance / head size, 0 beyond
 *     head size                                     0.6 * diagonal of the true head's box
 *     partners                                      similarity 0.5 or more; the last partner goes first
 *
 * The total is the mean over the 15 keypoints, the columns of the published tables are means over some. Keypoints in a
 * region to ignore are taken away, annotated and found ones; frames that are not labelled do not count.
 *
 * | case                                     | poseval                             | here, and with `rules: "poseval"` |
 * | ---------------------------------------- | ----------------------------------- | --------------------------------- |
 * | last frame of a video                    | left out                            | counts; left out                  |
 * | labelled frame in which nobody is        | left out                            | counts; left out                  |
 * | frame in which nobody was found          | one miss and one false positive for | all annotated are missed; as      |
 * |                                          | each keypoint, whoever is there     | poseval                           |
 * | MOTP                                     | adds up the distances of all pairs  | mean over partners, both          |
 * |                                          | within reach, and of the partners   |                                   |
 * | a keypoint that is annotated nowhere     | NaN, left out of the means          | null, left out of the means       |
 * | nothing found of a keypoint              | MOTP 0, precision left out          | null, left out of the means       |
 *
 * poseval, `py/evaluateTracking.py` and `py/eval_helpers.py`; Andriluka et al., "PoseTrack" (2018), arXiv:1710.10000.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { isInsidePolygon } from "../image/polygon.ts";
import { POSETRACK } from "../pose/skeletons.ts";
import type { PoseTrackFrame, PoseTrackPerson } from "../track/pose_track_records.ts";
import type { TrackedPerson, TrackFrame } from "../track/track.ts";
import { type ClearMot, clearMot, combineClearMot } from "./clear_mot.ts";
import { headSize } from "./mpii.ts";
import type { TrackingFrame } from "./tracking_frame.ts";

/** A video with what was found in it. */
export interface PoseTrackVideo {
  /** The annotated frames, e.g. of `readPoseTrackTruth`. */
  readonly truth: readonly PoseTrackFrame[];
  /** Who was found, under the same frame numbers. */
  readonly found: readonly TrackFrame<TrackedPerson>[];
  /** What error messages call it: the file's path. */
  readonly name?: string;
}

/** MOTA of the columns of PoseTrack's tables; null where nothing is annotated. */
export interface PoseTrackColumns {
  /** Nose, head bottom and head top. */
  readonly head: number | null;
  /** Both shoulders. */
  readonly shoulder: number | null;
  /** Both elbows. */
  readonly elbow: number | null;
  /** Both wrists. */
  readonly wrist: number | null;
  /** Both hips. */
  readonly hip: number | null;
  /** Both knees. */
  readonly knee: number | null;
  /** Both ankles. */
  readonly ankle: number | null;
  /** The mean over the 15 keypoints. */
  readonly total: number | null;
}

const COLUMNS: Readonly<Record<Exclude<keyof PoseTrackColumns, "total">, readonly string[]>> = {
  head: ["nose", "head_bottom", "head_top"],
  shoulder: ["right_shoulder", "left_shoulder"],
  elbow: ["right_elbow", "left_elbow"],
  wrist: ["right_wrist", "left_wrist"],
  hip: ["right_hip", "left_hip"],
  knee: ["right_knee", "left_knee"],
  ankle: ["right_ankle", "left_ankle"],
};

/** CLEAR MOT of one keypoint. */
export interface PoseTrackKeypoint {
  /** Its name. */
  readonly keypoint: string;
  /** Its figures over all videos. */
  readonly figures: ClearMot;
}

/** All that the measure finds out. */
export interface PoseTrackEvaluation {
  /** MOTA: the row of a published table. */
  readonly columns: PoseTrackColumns;
  /** Mean over the keypoints of the mean similarity of partners; null if there are none. */
  readonly MOTP: number | null;
  /** Mean over the keypoints of the share of the found that is right; null if nothing was found. */
  readonly precision: number | null;
  /** Mean over the keypoints of the share of the annotated that was found; null if nothing is annotated. */
  readonly recall: number | null;
  /** Each keypoint, in `POSETRACK`'s order. */
  readonly keypoints: readonly PoseTrackKeypoint[];
  /** Frames evaluated. */
  readonly frames: number;
}

/** By whose rules. */
export interface PoseTrackOptions {
  /** Every labelled frame as it is, or as the published figures were made (see the table at the top). @default {"plain"} */
  readonly rules?: "plain" | "poseval";
}

/**
 * Measure tracked people by PoseTrack's rules.
 *
 * @param videos Videos with what was found in them.
 * @param options By whose rules the odd frames count.
 * @throws {InputError} If an annotated person has no head box, or one of no size; or somebody is found in a frame that
 *   the video does not have.
 * @throws {RangeError} If the rules are neither of the two.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluatePoseTrack, POSETRACK, poseTrackResults, poseTrackTruth } from "ae";
 *
 * const video = (track_id: (image: number) => number) => ({
 *   images: [1, 2, 3].map((id) => ({ id, file_name: `${id}.jpg` })),
 *   annotations: [1, 2, 3].map((id) => ({
 *     image_id: id, track_id: track_id(id), keypoints: Array(45).fill(9), bbox_head: [0, 0, 30, 40],
 *   })),
 *   categories: [{ keypoints: POSETRACK.keypoints }],
 * });
 * const truth = poseTrackTruth(video(() => 1), "truth.json");
 * const found = poseTrackResults(video((id) => id < 3 ? 7 : 8), "found.json"); // one switch in 3 frames
 * const { columns, MOTP } = evaluatePoseTrack([{ truth, found }]);
 * assert.ok(Math.abs(columns.total! - 2 / 3) < 1e-12);
 * assert.equal(MOTP, 1);
 * ```
 */
export function evaluatePoseTrack(
  videos: readonly PoseTrackVideo[],
  options: PoseTrackOptions = {},
): PoseTrackEvaluation {
  const { rules = "plain" } = options;
  if (rules !== "plain" && rules !== "poseval") {
    throw new RangeError(`evaluatePoseTrack: rules must be plain or poseval, not ${rules}`);
  }
  const scenes = videos.map((video) => scenesOf(video, rules));
  const keypoints = POSETRACK.keypoints.map((keypoint, k) => {
    const parts = scenes.map((frames) =>
      clearMot(frames.map((scene) => keypointFrame(scene, k, rules)), { partner: "last" })
    );
    return { keypoint, figures: combineClearMot(parts) };
  });
  const all = keypoints.map(({ figures }) => figures);
  const columns = Object.entries(COLUMNS).map(([column, names]) => {
    const some = keypoints.filter(({ keypoint }) => names.includes(keypoint));
    return [column, meanOf(some.map(({ figures }) => figures), motaOf)];
  });
  return {
    columns: { ...Object.fromEntries(columns), total: meanOf(all, motaOf) },
    MOTP: meanOf(all, ({ matches, MOTP }) => matches > 0 ? MOTP : null),
    precision: meanOf(
      all,
      ({ matches, falsePositives, precision }) => matches + falsePositives > 0 ? precision : null,
    ),
    recall: meanOf(all, ({ matches, misses, recall }) => matches + misses > 0 ? recall : null),
    keypoints,
    frames: scenes.reduce((sum, frames) => sum + frames.length, 0),
  };
}

function motaOf({ matches, misses, MOTA }: ClearMot): number | null {
  return matches + misses > 0 ? MOTA : null;
}

/** The mean of the values that are defined; null if none is. */
function meanOf(
  figures: readonly ClearMot[],
  valueOf: (figures: ClearMot) => number | null,
): number | null {
  const values = figures.map(valueOf).filter((value) => value !== null);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A point of somebody with an identity. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** Somebody's K points, null where there is none or it is in a region to ignore. */
interface Figure {
  readonly identity: number;
  readonly points: readonly (Point | null)[];
}

/** A frame that counts. */
interface Scene {
  readonly truth: readonly (Figure & { readonly headSize: number })[];
  readonly found: readonly Figure[];
}

function scenesOf(video: PoseTrackVideo, rules: PoseTrackOptions["rules"]): Scene[] {
  const { truth, found, name = "the video" } = video;
  const numbers = new Set(truth.map(({ frame }) => frame));
  const stranger = found.find(({ frame }) => !numbers.has(frame));
  if (stranger) {
    throw new InputError(
      `${name}: people are found in frame ${stranger.frame}, which is not there`,
    );
  }
  const peopleIn = new Map(found.map(({ frame, things }) => [frame, things]));
  const counted = truth.filter(({ labelled, things }) =>
    labelled && (rules === "plain" || things.length > 0)
  );
  if (rules === "poseval") counted.pop();
  return counted.map(({ frame, things, ignored }) => {
    const seen = (point: Point | null) =>
      point && !ignored.some((polygon) => isInsidePolygon(polygon, point)) ? point : null;
    const figure = (identity: number, points: readonly (Point | null)[]) => ({
      identity,
      points: points.map(seen),
    });
    return {
      truth: things.map((person) => ({
        ...figure(
          person.identity,
          person.keypoints.map((point) => point.visibility > 0 ? point : null),
        ),
        headSize: headSizeOf(person, `${name}: frame ${frame}`),
      })),
      found: (peopleIn.get(frame) ?? []).map(({ identity, keypoints }) =>
        figure(identity, keypoints)
      ),
    };
  });
}

function headSizeOf({ identity, headBox, keypoints }: PoseTrackPerson, place: string): number {
  const size = headBox ? headSize(headBox) : 0;
  if (size > 0 || keypoints.every(({ visibility }) => visibility === 0)) return size;
  throw new InputError(
    `${place}: person ${identity} has ${headBox ? "a head box of no size" : "no head box"}\n` +
      "  help: PoseTrack measures distances in head sizes, of bbox_head",
  );
}

/** Keypoint k of everybody in a frame as things of their own. */
function keypointFrame(
  { truth, found }: Scene,
  k: number,
  rules: PoseTrackOptions["rules"],
): TrackingFrame {
  const somebody = (people: readonly Figure[]) =>
    people.some(({ points }) => points.some((point) => point !== null));
  if (rules === "poseval" && !(somebody(truth) && somebody(found))) {
    return { truth: [0], found: [0], similarity: [[0]] };
  }
  const wanted = truth.filter(({ points }) => points[k]);
  const there = found.filter(({ points }) => points[k]);
  return {
    truth: wanted.map(({ identity }) => identity),
    found: there.map(({ identity }) => identity),
    similarity: wanted.map(({ points, headSize }) =>
      there.map(({ points: others }) => {
        const [one, other] = [points[k]!, others[k]!];
        return Math.max(0, 1 - Math.hypot(one.x - other.x, one.y - other.y) / headSize);
      })
    ),
  };
}
