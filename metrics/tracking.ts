/**
 * How good are tracks? The figures of the three families at once: CLEAR MOT (`clear_mot.ts`: how many errors), IDF1
 * (`identity.ts`: how long under one identity) and HOTA (`hota.ts`: detection and association in balance).
 *
 * @module
 */
import { type ClearMot, clearMot, type ClearMotOptions, combineClearMot } from "./clear_mot.ts";
import { combineHota, type Hota, hota } from "./hota.ts";
import { combineIdentityFigures, type IdentityFigures, identityFigures } from "./identity.ts";
import type { TrackingFrame } from "./tracking_frame.ts";

/** All figures of tracking, and the counts behind them. */
export interface TrackingFigures extends ClearMot, IdentityFigures, Hota {}

/**
 * All figures of one video. Those of a video in which nobody is and nobody was found are 0, LocA is 1.
 *
 * @param frames The video's frames, in order, e.g. of {@linkcode trackingFrames}.
 * @param options Threshold of CLEAR MOT and IDF1 (HOTA has 19 of its own), and CLEAR MOT's rule for partners.
 * @throws {ShapeError} If a table of similarities does not have a place for every pair.
 * @throws {RangeError} If an identity is no whole number or is in a frame twice, a similarity is not from 0 to 1, or
 *   the threshold is not above 0 and at most 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { trackingFigures } from "ae";
 *
 * // Two people cross, and the tracker confuses them.
 * const { identitySwitches, MOTA, IDF1 } = trackingFigures([
 *   { truth: [1, 2], found: [7, 8], similarity: [[0.9, 0], [0, 0.9]] },
 *   { truth: [1, 2], found: [7, 8], similarity: [[0, 0.9], [0.9, 0]] },
 * ]);
 * assert.deepEqual([identitySwitches, MOTA, IDF1], [2, 0.5, 0.5]);
 * ```
 */
export function trackingFigures(
  frames: readonly TrackingFrame[],
  options: ClearMotOptions = {},
): TrackingFigures {
  return {
    ...clearMot(frames, options),
    ...identityFigures(frames, options),
    ...hota(frames),
  };
}

/**
 * All figures of several videos together: the quotients of the sums of their counts, so that a long video weighs more.
 * An identity means something within its own video only.
 *
 * @param parts The videos' figures.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { combineTrackingFigures, trackingFigures } from "ae";
 *
 * const found = trackingFigures([{ truth: [1], found: [1], similarity: [[1]] }]);
 * const missed = trackingFigures([{ truth: [1], found: [], similarity: [[]] }]);
 * assert.equal(combineTrackingFigures([found, missed]).MOTA, 0.5);
 * ```
 */
export function combineTrackingFigures(parts: readonly TrackingFigures[]): TrackingFigures {
  return { ...combineClearMot(parts), ...combineIdentityFigures(parts), ...combineHota(parts) };
}
