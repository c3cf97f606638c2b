/**
 * Online tracking by tags: the grouping of `group_by_tag.ts` carried on over time. There, the peaks of one
 * keypoint after another join people; here, the things found in one frame after another join identities.
 *
 *     grouping                       tracking
 *     a keypoint's peaks             what was found in a frame: people, boxes, masks
 *     people found so far            identities that are alive
 *     a person's mean tag            the running mean of an identity's tags
 *     a peak that fits nobody        birth: a new identity
 *     –                              gap: an identity that is not found waits, and is known again by its tag;
 *                                    death: it has waited longer than `maxGap` frames
 *
 * It takes a network whose tags say how somebody looks (trained with temporalTagLoss): tags of two passes of any
 * other network have nothing to do with each other.
 *
 * Cost of giving thing i to identity j, D tag dimensions:
 *
 *     d[i, j]    = sqrt( mean over D of (tag(i) - mean tag(j))² )
 *     cost[i, j] = 100 · round(d) - placeWeight · overlap(where j was last seen, i)        (half to even)
 *
 * so of tags that count as equal the nearer in the picture is meant; with `rounding: "none"` both are weighed. Which pairs are possible at all:
 * d < `maxTagDistance`, and the middle of i is within `reach` of j's for each frame since it was seen. The assignment
 * of least total cost decides, where leaving a thing alone costs as much as the farthest tag that it may have.
 *
 * `by: "place"` is tracking without tags, to compare with: cost = -100 · overlap, pairs with overlap > `minOverlap`,
 * the rest alike.
 *
 * Newell, Huang and Deng, "Associative Embedding" (NIPS 2017), arXiv:1611.05424, name tracking as a use of tags and
 * do not try it; all this is our choice. From grouping it differs in:
 *
 * |                      | group_by_tag.ts                  | here                                          |
 * | -------------------- | -------------------------------- | --------------------------------------------- |
 * | pairs beyond a limit | assigned, then taken apart again | cost the limit, so they push nobody aside     |
 * | equal tags           | the better score                 | the nearer in the picture                     |
 * | a tag's mean         | over all keypoints               | over the last `memory` frames or so           |
 * | order of things      | may decide between equal costs   | never matters: they are sorted first          |
 *
 * @module
 */
import { assignMinimumCost } from "./assign.ts";
import { roundHalfToEven } from "./group_by_tag.ts";

/** Something found in a frame: a person, a box, a mask. */
export interface Trackable {
  /** The D numbers that say whose it is. */
  readonly tag: readonly number[];
  /** How sure its finder is. */
  readonly score: number;
  /** `[x, y, width, height]` in image pixels. */
  readonly box: readonly [x: number, y: number, width: number, height: number];
}

/** How things become identities. */
export interface TrackerOptions<Thing extends Trackable = Trackable> {
  /**
   * How well two things lie on each other, 0 to 1: IoU of boxes (`boxSimilarity`) or masks, OKS of people.
   *
   * @param then Where the identity was last seen.
   * @param now What was found in this frame.
   */
  readonly overlap: (then: Thing, now: Thing) => number;
  /** What says who is who: tags (and places between equal ones), or places alone. @default {"tag"} */
  readonly by?: "tag" | "place";
  /** By tag: a thing joins an identity only if their tags are nearer than this. @default {1} */
  readonly maxTagDistance?: number;
  /** By tag: whether the cost takes distances in whole numbers, as grouping does, or as they are. @default {"whole"} */
  readonly rounding?: "whole" | "none";
  /** By tag: how much a full overlap makes a pair cheaper; a tag distance of 1 costs 100. @default {1} */
  readonly placeWeight?: number;
  /**
   * By tag: how far a thing can move from a frame to the next, in longer sides of the box where it was last seen;
   * after a gap that many times as far. @default {Infinity}
   */
  readonly reach?: number;
  /** By place: a thing joins an identity only if they overlap by more than this. @default {0.3} */
  readonly minOverlap?: number;
  /** An identity that is not found in more frames than this in a row is dead. @default {30} */
  readonly maxGap?: number;
  /** Things of a lower score are nobody. @default {-Infinity} */
  readonly leastScore?: number;
  /** A thing that fits nobody becomes an identity only with at least this score. @default {-Infinity} */
  readonly birthScore?: number;
  /** The mean tag follows what it has seen in about so many frames. @default {20} */
  readonly memory?: number;
}

/** Somebody or something that is followed. */
interface Identity<Thing> {
  readonly identity: number;
  /** As it was last seen, and in which frame. */
  last: Thing;
  frame: number;
  /** Running mean of the tags seen, and of how many. */
  tag: readonly number[];
  seen: number;
}

/**
 * Follows things from frame to frame, as the module's header describes.
 *
 * Identities are numbered from 0 in the order of birth, those of one frame by falling score, and never used again.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { boxSimilarity, Tracker } from "ae";
 *
 * const thing = (x: number, tag: number) => ({
 *   tag: [tag], score: 1, box: [x, 0, 10, 20] as const,
 * });
 * const tracker = new Tracker({ overlap: boxSimilarity });
 * assert.deepEqual(tracker.next([thing(0, 0), thing(40, 3)]), [0, 1]);
 * assert.deepEqual(tracker.next([thing(20, 3.1)]), [1]); // 0 is hidden
 * assert.deepEqual(tracker.next([thing(0, 2.9), thing(40, 0.2)]), [1, 0]); // they have crossed
 * ```
 */
export class Tracker<Thing extends Trackable = Trackable> {
  readonly #options: Required<TrackerOptions<Thing>>;
  #alive: Identity<Thing>[] = [];
  #born = 0;
  #frame = 0;
  #tagLength: number | undefined;

  /**
   * Begin with nobody.
   *
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: TrackerOptions<Thing>) {
    this.#options = {
      overlap: options.overlap,
      by: options.by ?? "tag",
      maxTagDistance: options.maxTagDistance ?? 1,
      rounding: options.rounding ?? "whole",
      placeWeight: options.placeWeight ?? 1,
      reach: options.reach ?? Infinity,
      minOverlap: options.minOverlap ?? 0.3,
      maxGap: options.maxGap ?? 30,
      leastScore: options.leastScore ?? -Infinity,
      birthScore: options.birthScore ?? -Infinity,
      memory: options.memory ?? 20,
    };
    checkOptions(this.#options);
  }

  /** The identities that are alive, found in the last frame or not, in the order of birth. */
  get alive(): readonly number[] {
    return this.#alive.map(({ identity }) => identity);
  }

  /**
   * Take in the next frame.
   *
   * @param found What was found in it, in any order.
   * @returns For each of `found` its identity, null for what has too low a score to be anybody, or to be somebody new.
   * @throws {RangeError} If tags differ in length, or a number of a tag, score or box is not finite; the frame is
   * then as if it had not been given.
   */
  next(found: readonly Thing[]): (number | null)[] {
    this.#check(found);
    const { maxGap, leastScore, birthScore } = this.#options;
    this.#frame++;
    const sorted = found.map((thing, i) => ({ thing, i }))
      .filter(({ thing }) => thing.score >= leastScore)
      .sort((a, b) => inOrder(a.thing, b.thing));
    const joined = this.#assign(sorted.map(({ thing }) => thing));
    const identities = new Array<number | null>(found.length).fill(null);
    sorted.forEach(({ thing, i }, row) => {
      const known = joined[row];
      if (known) this.#see(known, thing);
      else if (thing.score < birthScore) return;
      identities[i] = (known ?? this.#birth(thing)).identity;
    });
    this.#alive = this.#alive.filter(({ frame }) => this.#frame - frame <= maxGap);
    return identities;
  }

  /** For each thing the identity that it joins. */
  #assign(found: readonly Thing[]): (Identity<Thing> | undefined)[] {
    const alive = this.#alive;
    if (alive.length === 0) return [];
    const pairs = found.map((thing) => alive.map((identity) => this.#pair(identity, thing)));
    const { by, maxTagDistance, minOverlap } = this.#options;
    const alone = by === "tag" ? this.#tagCost(maxTagDistance) : -100 * minOverlap;
    const cost = pairs.map((row) => row.map((pair) => pair ?? alone));
    return assignMinimumCost(cost).map((j, i) =>
      j >= 0 && pairs[i][j] !== null ? alive[j] : undefined
    );
  }

  /** What it costs if a thing is this identity; null if it cannot be. */
  #pair({ tag, last, frame }: Identity<Thing>, thing: Thing): number | null {
    const { by, overlap, maxTagDistance, placeWeight, reach, minOverlap } = this.#options;
    if (by === "place") {
      const onto = overlap(last, thing);
      return onto > minOverlap ? -100 * onto : null;
    }
    const d = tagDistance(tag, thing.tag);
    if (!(d < maxTagDistance)) return null;
    if (reach < Infinity && moved(last, thing) > reach * (this.#frame - frame)) return null;
    return this.#tagCost(d) - placeWeight * overlap(last, thing);
  }

  /** What a tag distance costs; it never falls, so a pair that can be never costs more than leaving both alone. */
  #tagCost(d: number): number {
    const whole = this.#options.rounding === "whole" ? roundHalfToEven(d) : d;
    return 100 * whole + 1e-6 * d; // of two equally good, the nearer tag
  }

  #birth(thing: Thing): Identity<Thing> {
    const { tag } = thing;
    const identity = { identity: this.#born++, last: thing, frame: this.#frame, tag, seen: 1 };
    this.#alive.push(identity);
    return identity;
  }

  #see(identity: Identity<Thing>, thing: Thing): void {
    identity.last = thing;
    identity.frame = this.#frame;
    identity.seen = Math.min(identity.seen + 1, this.#options.memory);
    identity.tag = identity.tag.map((mean, d) => mean + (thing.tag[d] - mean) / identity.seen);
  }

  #check(found: readonly Thing[]): void {
    const D = this.#tagLength ?? found[0]?.tag.length;
    found.forEach(({ tag, score, box }, i) => {
      const place = `Tracker.next: thing ${i} of frame ${this.#frame}`;
      if (tag.length !== D || D === 0) {
        throw new RangeError(
          `${place} has a tag of ${tag.length} numbers; all need the same length, 1 or more` +
            (D ? `, here ${D}` : ""),
        );
      }
      if (![...tag, score, ...box].every(Number.isFinite)) {
        throw new RangeError(
          `${place} has tag [${tag}], score ${score} and box [${box}], not finite numbers`,
        );
      }
    });
    this.#tagLength = D;
  }
}

/** Root of the mean square difference of two tags: grouping's distance. */
function tagDistance(a: readonly number[], b: readonly number[]): number {
  return Math.sqrt(a.reduce((sum, value, d) => sum + (value - b[d]) ** 2, 0) / a.length);
}

/** How far apart the middles of two boxes are, in longer sides of the first. */
function moved({ box: [x, y, width, height] }: Trackable, { box }: Trackable): number {
  const dx = box[0] + box[2] / 2 - x - width / 2, dy = box[1] + box[3] / 2 - y - height / 2;
  return Math.hypot(dx, dy) / Math.max(width, height, Number.EPSILON);
}

/** By falling score, then by tag and box: things that differ have an order of their own. */
function inOrder(a: Trackable, b: Trackable): number {
  const [left, right] = [a, b].map(({ tag, score, box }) => [-score, ...tag, ...box]);
  const first = left.findIndex((value, i) => value !== right[i]);
  return first < 0 ? 0 : left[first] - right[first];
}

function checkOptions(options: Required<TrackerOptions<never>>): void {
  const { by, rounding, maxGap, memory, maxTagDistance, minOverlap } = options;
  const { placeWeight, reach, leastScore, birthScore } = options;
  const need = (isRight: boolean, name: string, range: string, value: unknown) => {
    if (!isRight) throw new RangeError(`Tracker: ${name} must be ${range}, not ${value}`);
  };
  need(["tag", "place"].includes(by), "by", "tag or place", by);
  need(["whole", "none"].includes(rounding), "rounding", "whole or none", rounding);
  need(
    maxTagDistance >= 0 && maxTagDistance < Infinity,
    "maxTagDistance",
    "0 or more",
    maxTagDistance,
  );
  need(placeWeight >= 0 && placeWeight < Infinity, "placeWeight", "0 or more", placeWeight);
  need(reach >= 0, "reach", "0 or more", reach);
  need(minOverlap >= 0 && minOverlap <= 1, "minOverlap", "from 0 to 1", minOverlap);
  need(Number.isInteger(maxGap) && maxGap >= 0, "maxGap", "a whole number, 0 or more", maxGap);
  need(!Number.isNaN(leastScore), "leastScore", "a number", leastScore);
  need(!Number.isNaN(birthScore), "birthScore", "a number", birthScore);
  need(memory >= 1, "memory", "1 or more", memory);
}
