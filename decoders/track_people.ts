/**
 * Identities of decoded people, frame by frame: {@linkcode Tracker} for people. A person's tag is the mean of its
 * keypoints' tags, its place what its keypoints say.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { keypointSimilarity } from "../pose/keypoint_similarity.ts";
import type { DecodedPerson } from "../pose/person.ts";
import { COCO } from "../pose/skeleton.ts";
import type { TrackedPerson, TrackFrame } from "../track/track.ts";
import { meanTag } from "./refine.ts";
import { type Trackable, Tracker, type TrackerOptions } from "./tracker.ts";

/** How people become identities. */
export interface TrackPeopleOptions extends Partial<TrackerOptions<TrackablePerson>> {
  /** The K annotation spreads, for {@linkcode poseOverlap}. @default {COCO.sigmas} */
  readonly sigmas?: readonly number[];
}

/** A decoded person with the tag and the box that its keypoints give. */
export interface TrackablePerson extends Trackable {
  /** The person itself. */
  readonly person: DecodedPerson;
}

/**
 * Who is who in the frames of a video. People without any keypoint are nobody, and left out; so are those that
 * `birthScore` keeps from being somebody new.
 *
 * @param frames People of each frame, in image pixels.
 * @returns As many frames, numbered from 1. Who is in a frame twice as good as nobody else keeps the identity.
 * @throws {RangeError} If an option is out of range, or a tag, score or place is not finite.
 * @throws {ShapeError} If people differ in the number of keypoints from the sigmas.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { trackPeople } from "ae";
 *
 * const person = (x: number, tag: number) => ({
 *   keypoints: [{ x, y: 5, score: 1, tag: [tag] }, { x: x + 4, y: 30, score: 1, tag: [tag] }],
 *   score: 1,
 * });
 * const frames = [[person(10, 0), person(40, 3)], [person(41, 0), person(12, 3)]]; // they change places
 * const identities = (by: "tag" | "place") =>
 *   trackPeople(frames, { by, sigmas: [0.1, 0.1] }).map(({ things }) => things.map((one) => one.identity));
 * assert.deepEqual(identities("tag"), [[0, 1], [0, 1]]);
 * assert.deepEqual(identities("place"), [[0, 1], [1, 0]]);
 * ```
 */
export function trackPeople(
  frames: readonly (readonly DecodedPerson[])[],
  options: TrackPeopleOptions = {},
): TrackFrame<TrackedPerson>[] {
  const { sigmas = COCO.sigmas } = options;
  const { overlap = (then, now) => poseOverlap(then.person, now.person, sigmas) } = options;
  const tracker = new Tracker<TrackablePerson>({ ...options, overlap });
  return frames.map((people, f) => {
    const found = people.flatMap((person) => trackable(person) ?? []);
    const identities = tracker.next(found);
    const things = found.flatMap(({ person }, i): TrackedPerson[] => {
      const identity = identities[i];
      return identity === null ? [] : [{ ...person, identity }];
    });
    return { frame: f + 1, things };
  });
}

/**
 * A person as something to follow; undefined without any keypoint.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { trackable } from "ae";
 *
 * const at = (x: number, y: number, tag: number) => ({ x, y, score: 1, tag: [tag] });
 * const found = trackable({ keypoints: [at(3, 4, 0), null, at(5, 10, 1)], score: 0.6 });
 * assert.deepEqual(found?.tag, [0.5]);
 * assert.deepEqual(found?.box, [3, 4, 2, 6]);
 * assert.equal(trackable({ keypoints: [null], score: 0 }), undefined);
 * ```
 */
export function trackable(person: DecodedPerson): TrackablePerson | undefined {
  const present = person.keypoints.filter((keypoint) => keypoint !== null);
  const tag = meanTag(person, present[0]?.tag.length ?? 0);
  if (!tag) return undefined;
  const [xs, ys] = [present.map(({ x }) => x), present.map(({ y }) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const box = [left, top, Math.max(...xs) - left, Math.max(...ys) - top] as const;
  return { tag, score: person.score, box, person };
}

/**
 * How well two decoded people lie on each other, 0 to 1: OKS with the first in the place of the truth. Its area, which
 * nobody annotated, is that of the rectangle around its keypoints; keypoints that both have are compared, and without
 * any it is 0.
 *
 * @param then A decoded person.
 * @param now Another, in the same pixels.
 * @param sigmas The K annotation spreads. @default {COCO.sigmas}
 * @throws {ShapeError} If the three disagree on K.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { poseOverlap } from "ae";
 *
 * const at = (x: number, y: number) => ({ x, y, score: 1, tag: [0] });
 * const person = { keypoints: [at(0, 0), at(10, 20)], score: 1 };
 * const moved = { keypoints: [at(2, 0), null], score: 1 };
 * assert.equal(poseOverlap(person, person, [0.1, 0.1]), 1);
 * assert.equal(poseOverlap(person, moved, [0.1, 0.1]), Math.exp(-(2 ** 2) / (2 * 0.2 ** 2 * 200)));
 * ```
 */
export function poseOverlap(
  then: DecodedPerson,
  now: DecodedPerson,
  sigmas: readonly number[] = COCO.sigmas,
): number {
  const K = sigmas.length;
  if (then.keypoints.length !== K || now.keypoints.length !== K) {
    throw shapeError("poseOverlap", "people and sigmas have different numbers of keypoints", {
      then: [[then.keypoints.length], "K"],
      now: [[now.keypoints.length], "K"],
      sigmas: [[K], "K"],
    });
  }
  const [, , width, height] = trackable(then)?.box ?? [0, 0, 0, 0];
  let sum = 0, common = 0;
  then.keypoints.forEach((a, k) => {
    const b = now.keypoints[k];
    if (!a || !b) return;
    sum += keypointSimilarity((a.x - b.x) ** 2 + (a.y - b.y) ** 2, sigmas[k], width * height);
    common++;
  });
  return common === 0 ? 0 : sum / common;
}
