/**
 * IDF1: how much of everybody's way was found under one identity, always the same. Every annotated identity gets at most
 * one found identity for the whole video (and the other way round), so that the number of frames in which the two agree
 * is greatest over all; these frames are IDTP.
 *
 *     frames        1  2  3  4  5  6
 *     truth 1       7  7  7  7  9  9      1 is given 7: IDTP 4 of the 6, although there is one switch only
 *
 *     IDP = IDTP / found       IDR = IDTP / annotated       IDF1 = 2 IDTP / (found + annotated)
 *
 * | case                              | TrackEval, py-motmetrics | here                       |
 * | --------------------------------- | ------------------------ | -------------------------- |
 * | a similarity one rounding too low | TrackEval: no agreement  | one, as in CLEAR MOT       |
 * | nothing annotated or found        | py-motmetrics: NaN       | TrackEval's: 0             |
 *
 * Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking" (2016),
 * arXiv:1609.01775; TrackEval, `metrics/identity.py`.
 *
 * @module
 */
import { assignMinimumCost } from "../decoders/assign.ts";
import { share, sumOfCounts } from "./counts.ts";
import { checkTracking, MATCH_THRESHOLD, reaches, type TrackingFrame } from "./tracking_frame.ts";

/** What IDF1 counts. */
export interface IdentityCounts {
  /** Found things of the identity that is given to what they lie on. */
  readonly IDTP: number;
  /** Other found things. */
  readonly IDFP: number;
  /** Annotated things that are not found under the identity given to them. */
  readonly IDFN: number;
}

/** The figures of identity, 0 to 1. */
export interface IdentityFigures extends IdentityCounts {
  /** 2 IDTP / (found + annotated). */
  readonly IDF1: number;
  /** IDTP / found. */
  readonly IDP: number;
  /** IDTP / annotated. */
  readonly IDR: number;
}

/**
 * IDF1 of one video.
 *
 * @param frames The video's frames; their order does not matter.
 * @param options Least similarity of an agreement, above 0 and at most 1.
 * @throws {ShapeError} If a table of similarities does not have a place for every pair.
 * @throws {RangeError} If an identity is no whole number or is in a frame twice, a similarity is not from 0 to 1, or
 *   the threshold is not above 0 and at most 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { identityFigures } from "ae";
 *
 * const frame = (found: number) => ({ truth: [1], found: [found], similarity: [[1]] });
 * const { IDF1, IDTP } = identityFigures([frame(7), frame(7), frame(7), frame(9)]);
 * assert.deepEqual([IDTP, IDF1], [3, 3 / 4]);
 * ```
 */
export function identityFigures(
  frames: readonly TrackingFrame[],
  options: { readonly threshold?: number } = {},
): IdentityFigures {
  const { threshold = MATCH_THRESHOLD } = options;
  checkTracking("identityFigures", frames, threshold);
  const agreements = new Map<number, Map<number, number>>(); // annotated, found: frames
  const columns = new Map<number, number>(); // place of each found identity
  let annotatedCount = 0, foundCount = 0;
  for (const { truth, found, similarity } of frames) {
    annotatedCount += truth.length;
    foundCount += found.length;
    for (const other of found) columns.getOrInsert(other, columns.size);
    truth.forEach((one, t) => {
      const row = agreements.getOrInsertComputed(one, () => new Map());
      found.forEach((other, f) => {
        if (reaches(similarity[t][f], threshold)) row.set(other, (row.get(other) ?? 0) + 1);
      });
    });
  }
  const counts = [...agreements.values()].map((row) =>
    [...columns.keys()].map((other) => row.get(other) ?? 0)
  );
  const given = assignMinimumCost(counts.map((row) => row.map((count) => -count)));
  const IDTP = given.reduce((sum, column, row) => sum + (counts[row][column] ?? 0), 0);
  return withQuotients({ IDTP, IDFP: foundCount - IDTP, IDFN: annotatedCount - IDTP });
}

/**
 * IDF1 of several videos together: the quotients of the sums of their counts.
 *
 * @param parts The videos' figures.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { combineIdentityFigures } from "ae";
 *
 * const parts = [{ IDTP: 3, IDFP: 1, IDFN: 0 }, { IDTP: 0, IDFP: 0, IDFN: 5 }];
 * assert.equal(combineIdentityFigures(parts).IDR, 3 / 8);
 * ```
 */
export function combineIdentityFigures(parts: readonly IdentityCounts[]): IdentityFigures {
  return withQuotients(sumOfCounts({ IDTP: 0, IDFP: 0, IDFN: 0 }, parts));
}

function withQuotients({ IDTP, IDFP, IDFN }: IdentityCounts): IdentityFigures {
  return {
    IDF1: share(2 * IDTP, 2 * IDTP + IDFP + IDFN),
    IDP: share(IDTP, IDTP + IDFP),
    IDR: share(IDTP, IDTP + IDFN),
    IDTP,
    IDFP,
    IDFN,
  };
}
