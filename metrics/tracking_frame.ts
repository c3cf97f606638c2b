/**
 * What all measures of tracking look at: who is in a frame, who was found in it, and how alike the two are. Boxes,
 * masks and keypoints differ only in how similarity is computed (see `box_similarity.ts`).
 *
 * @module
 */
import { ShapeError } from "../core/errors.ts";

/** One frame: identities annotated, identities found, and how alike each pair is. */
export interface TrackingFrame {
  /** Identities annotated in the frame, whole numbers, none twice. */
  readonly truth: readonly number[];
  /** Identities found in the frame, whole numbers, none twice. */
  readonly found: readonly number[];
  /** `similarity[t][f]` of `truth[t]` and `found[f]`, 0 to 1: the IoU of boxes or masks, the OKS of keypoints. */
  readonly similarity: readonly (readonly number[])[];
}

/**
 * See that frames are what measures expect.
 *
 * @param op Name of the measure, for the message.
 * @throws {ShapeError} If a similarity is not of every pair.
 * @throws {RangeError} If an identity is no whole number or is in a frame twice, or a similarity is not from 0 to 1.
 */
export function checkTrackingFrames(op: string, frames: readonly TrackingFrame[]): void {
  frames.forEach(({ truth, found, similarity }, f) => {
    for (const [list, identities] of Object.entries({ truth, found })) {
      const wrong = identities.find((identity) => !Number.isSafeInteger(identity));
      if (wrong !== undefined) {
        throw new RangeError(`${op}: frames[${f}].${list} holds ${wrong}, not a whole number`);
      }
      const twice = identities.find((identity, i) => identities.indexOf(identity) < i);
      if (twice !== undefined) {
        throw new RangeError(`${op}: frames[${f}].${list} holds identity ${twice} twice`);
      }
    }
    if (
      similarity.length !== truth.length || similarity.some((row) => row.length !== found.length)
    ) {
      throw new ShapeError(
        `${op}: frames[${f}].similarity is ${similarity.length} x ${similarity[0]?.length ?? 0} ` +
          `for ${truth.length} annotated and ${found.length} found\n` +
          "  help: a row for each of truth, with a number for each of found",
      );
    }
    similarity.forEach((row, t) => {
      const bad = row.findIndex((value) => !(value >= 0 && value <= 1));
      if (bad < 0) return;
      throw new RangeError(
        `${op}: frames[${f}].similarity[${t}][${bad}] is ${row[bad]}, not from 0 to 1`,
      );
    });
  });
}
