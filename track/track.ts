/**
 * A track: one somebody or something over the frames of a video. In every frame it has a place (a box or keypoints)
 * and the *identity* that says which of the frame's things belongs to which of the frame before.
 *
 *     frame 1   [ 7 · · · · 4 ]      a number is an identity
 *     frame 2   [ · 7 · · 4 · ]
 *     frame 3   [ · · 7 4 · · ]      7 is the same person in all three
 *
 * A video is a list of {@linkcode TrackFrame}s, of what was annotated or of what was found. Identities are whole
 * numbers that mean something within one video and one list only: whose identity 7 a tracker's 3 is, measures find out.
 *
 * @module
 */
import type { AnnotatedPerson, DecodedPerson } from "../pose/person.ts";

/** A box found in a frame, with the identity that it keeps over frames. */
export interface TrackedBox {
  /** Whole number, the same in every frame that shows the same thing. */
  readonly identity: number;
  /** `[x, y, width, height]` in image pixels. */
  readonly box: readonly [x: number, y: number, width: number, height: number];
  /** How sure its finder is; any scale. */
  readonly score: number;
}

/** A person found in a frame, with the identity that it keeps over frames. */
export interface TrackedPerson extends DecodedPerson {
  /** Whole number, the same in every frame that shows the same person. */
  readonly identity: number;
}

/** A person annotated in a frame of a video. */
export interface AnnotatedTrackPerson extends AnnotatedPerson {
  /** Whole number, the same in every frame that shows the same person. */
  readonly identity: number;
}

/** One frame of a video: who or what is in it. */
export interface TrackFrame<Thing extends { readonly identity: number }> {
  /** Number of the frame; those of a video rise. A frame where nobody is may be there, empty, or not. */
  readonly frame: number;
  /** Everybody in it; no identity twice. */
  readonly things: readonly Thing[];
}

/** One frame, after what was found has been matched to what was annotated: see `matchTracks`. */
export interface MatchedFrame {
  /** Number of the frame. */
  readonly frame: number;
  /** Identities annotated in it. */
  readonly truth: readonly number[];
  /** For each of `truth` the identity under which it was found, null if it was missed. */
  readonly partners: readonly (number | null)[];
  /** For each of `truth` whether it was found under another identity than the last time it was found. */
  readonly switched: readonly boolean[];
}
