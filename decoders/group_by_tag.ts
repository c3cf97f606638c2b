/**
 * Turn peaks into people by their tags.
 *
 * Keypoints are visited in a fixed order: head, then torso, then limbs. The peaks of the first keypoint
 * that has any found one person each. The peaks of every further keypoint are matched to the people found
 * so far such that the total cost is least; a person's tag is the mean of the tags it has so far:
 *
 *     d[peak, person]    = sqrt( mean over the D tag dimensions of (tag(peak) - tag(person))² )
 *     cost[peak, person] = 100 · round(d) - score(peak)          (half to even: 0.5 rounds to 0)
 *
 * A matched pair with d < 1 belongs together; any other peak founds a new person. Because of the
 * rounding, tags closer than ½ count as equal and the score decides who is left over; ½ <= d < 1 is
 * accepted but costs 100. Nothing asks where in the image a peak is. Example, D = 1:
 *
 *     people  A tag 0, B tag 2          d     A    B        cost     A       B
 *     peak 0  tag 2.1, score .70             2.1   .1              199.30   -.70    -> B
 *     peak 1  tag  .1, score .60              .1  1.9               -.60   199.40   -> new person
 *     peak 2  tag  .3, score .65              .3  1.7               -.65   199.35   -> A, for its score
 *
 * Newell, Huang and Deng, "Associative Embedding" (NIPS 2017), arXiv:1611.05424; pose-ae-train,
 * `utils/group.py` (match_by_tag). Differences, each with the option that gives the authors' way;
 * {@linkcode AUTHORS_GROUPING} is all of them (other programs' ways: flavours.ts):
 *
 * |                              | pose-ae-train                       | here                      | option           |
 * | ---------------------------- | ----------------------------------- | ------------------------- | ---------------- |
 * | equal costs                  | as its solver happens to search     | the smaller d             | `ties`           |
 * | 30 people found              | all later keypoints are dropped     | goes on; the best 30 stay | `crowds`         |
 * | founders with the same tag   | the second takes the first's place  | two people                | `equalTags`      |
 * | surplus peaks in the solver  | extra columns that cost 1e10        | rows may stay unmatched   | with `ties`      |
 *
 * @module
 */
import { COCO } from "../pose/skeleton.ts";
import type { DecodedKeypoint, DecodedPerson } from "../pose/person.ts";
import { assignMinimumCost } from "./assign.ts";
import { assignAsAuthors } from "./assign_as_authors.ts";
import type { Peak } from "./peaks.ts";

/** How peaks become people. */
export interface GroupOptions {
  /**
   * Order in which keypoints are visited, each once. Default: COCO's order (head, torso, limbs) for 17
   * keypoints, else as they are numbered.
   */
  readonly groupingOrder?: readonly number[];
  /**
   * A peak joins a person only if their tags are closer than this. 1 in pose-ae-train, and where the push
   * loss has become small.
   * @default {1}
   */
  readonly maxTagDistance?: number;
  /** Most people; what happens beyond says `crowds`. @default {30} */
  readonly maxPeople?: number;
  /**
   * What happens once there are `maxPeople` people.
   *
   * - `"best"`: nothing; in the end those with the best scores stay.
   * - `"stop"`: all later keypoints are left out, for everybody (pose-ae-train). The last keypoint let in may have
   *   founded more than that; they all stay.
   * - `"first"`: peaks join only the first `maxPeople`; others found people all the same, who stay (HigherHRNet).
   * - `"cut"`: as `"first"`, but only the first `maxPeople` stay (pose-ae-demo, mmpose).
   *
   * @default {"best"}
   */
  readonly crowds?: "best" | "stop" | "first" | "cut";
  /**
   * Distance of two tags: root of the mean square over the D dimensions, or of the sum of squares as in
   * HigherHRNet. The same for D = 1.
   * @default {"rms"}
   */
  readonly tagDistance?: "rms" | "l2";
  /**
   * Whether the cost takes tag distances in `"whole"` numbers, as every program does, or as they are, so that of two
   * near tags always the nearer one is cheaper; nothing known of the paper speaks of rounding.
   * @default {"whole"}
   */
  readonly rounding?: "whole" | "none";
  /**
   * OpenVINO's `dist_reweight`: where tags are nearer than `maxTagDistance`, the tag distance is multiplied, before it
   * is rounded, by how many times farther away in the image this peak is than the nearest one: its distance to the
   * mean place of the person's keypoints, divided by the least such distance of any peak. Of two peaks with tags
   * alike the nearer one joins. Whether it may join at all still says the distance of the tags alone.
   * @default {false}
   */
  readonly nearestInImage?: boolean;
  /**
   * What decides between assignments of equal cost: `"nearest"` adds 1e-6·d to each cost; `"authors"`
   * gives what the authors' solver gives.
   * @default {"nearest"}
   */
  readonly ties?: "nearest" | "authors";
  /**
   * Two founders whose first tag values are bit for bit equal: `"separate"` people, or the later
   * `"overwrite"`s the earlier's tag and keypoint, as in the authors' dictionary keyed by that value.
   * @default {"separate"}
   */
  readonly equalTags?: "separate" | "overwrite";
}

/**
 * Options that make {@linkcode groupByTag} return the authors' people, quirks included.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { AUTHORS_GROUPING, groupByTag } from "ae";
 *
 * const peak = (x: number) => ({ x, y: 0, score: 0.5, tag: [3] });
 * const noses = [[peak(1), peak(2)]]; // with the same tag
 * assert.equal(groupByTag(noses).length, 2);
 * assert.equal(groupByTag(noses, AUTHORS_GROUPING).length, 1);
 * ```
 */
export const AUTHORS_GROUPING: GroupOptions = {
  crowds: "stop",
  ties: "authors",
  equalTags: "overwrite",
};

/** A person while it grows. */
interface Draft {
  /** First tag value of the founding peak. */
  readonly founder: number;
  readonly keypoints: (DecodedKeypoint | null)[];
  /** Sum and number of the tags assigned so far: the mean is the person's tag. */
  tagSum: number[];
  tagCount: number;
}

/**
 * Group peaks into people by their tags, as the module's header describes.
 *
 * The order of a keypoint's peaks decides the order of the people they found (findPeaks gives the best
 * first); otherwise it matters only where two costs are exactly equal. No peaks give no people.
 *
 * @param peaks K lists of peaks, one for each keypoint, as {@linkcode findPeaks} returns them.
 * @returns The people in the order in which they were founded. Their keypoints are the given peaks
 * themselves, in heatmap pixels.
 * @throws {RangeError} If tags differ in length, a score or tag is not finite, or an option is out of range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { groupByTag } from "ae";
 *
 * const noses = [{ x: 4, y: 9, score: 0.9, tag: [0] }, { x: 20, y: 8, score: 0.8, tag: [2] }];
 * const eyes = [{ x: 21, y: 6, score: 0.7, tag: [2.1] }, { x: 5, y: 7, score: 0.6, tag: [-0.2] }];
 * const [left, right] = groupByTag([noses, eyes]);
 * assert.deepEqual(left.keypoints, [noses[0], eyes[1]]);
 * assert.deepEqual(right.keypoints, [noses[1], eyes[0]]);
 * assert.equal(right.score, (0.8 + 0.7) / 2);
 * ```
 */
export function groupByTag(
  peaks: readonly (readonly Peak[])[],
  options: GroupOptions = {},
): DecodedPerson[] {
  const K = peaks.length;
  const { maxPeople = 30, crowds = "best", groupingOrder = defaultOrder(K) } = options;
  checkInput(peaks, options, groupingOrder);
  const drafts: Draft[] = [];
  for (const keypoint of groupingOrder) {
    const candidates = peaks[keypoint];
    if (candidates.length === 0) continue;
    if (crowds === "stop" && drafts.length >= maxPeople) continue;
    const open = crowds === "first" || crowds === "cut" ? drafts.slice(0, maxPeople) : drafts;
    const matched = matchToPeople(candidates, open, options);
    candidates.forEach((peak, i) => {
      const person = matched[i];
      if (person) joinPerson(person, keypoint, peak);
      else startPerson(drafts, K, keypoint, peak, options.equalTags ?? "separate");
    });
  }
  const people = drafts.map(({ keypoints }) => ({ keypoints, score: personScore(keypoints) }));
  if (crowds === "best") return bestPeople(people, maxPeople);
  return crowds === "cut" ? people.slice(0, maxPeople) : people;
}

/** For each peak the person it belongs to, undefined if it belongs to nobody found so far. */
function matchToPeople(
  peaks: readonly Peak[],
  people: readonly Draft[],
  options: GroupOptions,
): (Draft | undefined)[] {
  if (people.length === 0) return [];
  const { maxTagDistance = 1, tagDistance = "rms", ties = "nearest" } = options;
  const means = people.map(({ tagSum, tagCount }) => tagSum.map((sum) => sum / tagCount));
  const distances = peaks.map(({ tag }) => means.map((mean) => distance(tag, mean, tagDistance)));
  const weighted = options.nearestInImage
    ? reweighted(distances, peaks, people, maxTagDistance)
    : distances;
  const whole = options.rounding === "none" ? (d: number) => d : roundHalfToEven;
  const cost = weighted.map((row, i) => row.map((d) => 100 * whole(d) - peaks[i].score));
  const assigned = ties === "authors"
    ? assignAsAuthors(withSpareColumns(cost))
    : assignMinimumCost(cost.map((row, i) => row.map((c, p) => c + 1e-6 * weighted[i][p])));
  // A column that is no person (-1, or a spare one) has no distance, and undefined < 1 is false.
  return assigned.map((column, i) =>
    distances[i][column] < maxTagDistance ? people[column] : undefined
  );
}

/** Tag distances below the limit times (distance in the image / the nearest peak's): `nearestInImage`. */
function reweighted(
  distances: readonly (readonly number[])[],
  peaks: readonly Peak[],
  people: readonly Draft[],
  maxTagDistance: number,
): number[][] {
  const centres = people.map(({ keypoints }) => {
    const present = keypoints.filter((at) => at !== null);
    const mean = (axis: "x" | "y") =>
      present.reduce((sum, at) => sum + at[axis], 0) / present.length;
    return { x: mean("x"), y: mean("y") };
  });
  const away = peaks.map(({ x, y }) => centres.map((c) => Math.hypot(x - c.x, y - c.y)));
  const least = centres.map((_, p) => Math.min(...away.map((row) => row[p])) + 1e-10);
  return distances.map((row, i) =>
    row.map((d, p) => d < maxTagDistance ? d * away[i][p] / least[p] : d)
  );
}

/** With more peaks than people the authors add columns for the surplus, dearer than any person. */
function withSpareColumns(cost: readonly number[][]): number[][] {
  return cost.map((
    row,
  ) => [...row, ...new Array(Math.max(0, cost.length - row.length)).fill(1e10)]);
}

function joinPerson(person: Draft, keypoint: number, peak: Peak): void {
  person.keypoints[keypoint] = peak;
  person.tagSum = person.tagSum.map((sum, d) => sum + peak.tag[d]);
  person.tagCount++;
}

function startPerson(
  drafts: Draft[],
  K: number,
  keypoint: number,
  peak: Peak,
  equalTags: "separate" | "overwrite",
): void {
  const founder = peak.tag[0];
  const same = equalTags === "overwrite" && drafts.find((draft) => draft.founder === founder);
  const draft = same || { founder, keypoints: new Array(K).fill(null), tagSum: [], tagCount: 0 };
  draft.keypoints[keypoint] = peak;
  draft.tagSum = [...peak.tag];
  draft.tagCount = 1;
  if (!same) drafts.push(draft);
}

/** The `maxPeople` people of best score, in their order; equal scores: the earlier. */
function bestPeople(people: DecodedPerson[], maxPeople: number): DecodedPerson[] {
  if (people.length <= maxPeople) return people;
  const best = people.toSorted((a, b) => b.score - a.score).slice(0, maxPeople);
  const chosen = new Set(best);
  return people.filter((person) => chosen.has(person));
}

/**
 * A person's score: the mean of its keypoints' scores over all K, missing ones counting 0. Taken before
 * missing keypoints are filled in. No keypoints at all (K = 0) score 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { personScore } from "ae";
 *
 * const nose = { x: 3, y: 4, score: 0.5, tag: [0] };
 * assert.equal(personScore([nose, null]), 0.25);
 * ```
 */
export function personScore(keypoints: readonly (DecodedKeypoint | null)[]): number {
  let sum = 0;
  for (const keypoint of keypoints) sum += keypoint?.score ?? 0;
  return sum / Math.max(1, keypoints.length);
}

/** Distance of two tags of D numbers. */
function distance(a: readonly number[], b: readonly number[], kind: "rms" | "l2"): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += (a[d] - b[d]) ** 2;
  return Math.sqrt(kind === "rms" ? sum / a.length : sum);
}

/** The nearest whole number, of two equally near ones the even: numpy's rounding, not `Math.round`'s. */
export function roundHalfToEven(value: number): number {
  const up = Math.round(value);
  return up - value === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

function defaultOrder(K: number): readonly number[] {
  const coco = COCO.groupingOrder;
  return K === coco.length ? coco : Array.from({ length: K }, (_, k) => k);
}

function checkInput(
  peaks: readonly (readonly Peak[])[],
  { maxTagDistance = 1, maxPeople = 30 }: GroupOptions,
  order: readonly number[],
): void {
  const K = peaks.length;
  if (order.length !== K || peaks.some((_, k) => !order.includes(k))) {
    throw new RangeError(
      `groupByTag: groupingOrder must name each of the ${K} keypoints once, not [${
        order.join(", ")
      }]`,
    );
  }
  if (!(maxTagDistance >= 0)) {
    throw new RangeError(`groupByTag: maxTagDistance must be 0 or more, not ${maxTagDistance}`);
  }
  if (!Number.isInteger(maxPeople) || maxPeople < 1) {
    throw new RangeError(
      `groupByTag: maxPeople must be a whole number, 1 or more, not ${maxPeople}`,
    );
  }
  const D = peaks.find((list) => list.length > 0)?.[0].tag.length ?? 1;
  peaks.forEach((list, k) =>
    list.forEach(({ score, tag }, i) => {
      if (tag.length !== D || D < 1) {
        throw new RangeError(
          `groupByTag: all tags must have the same length, 1 or more; ` +
            `peak ${i} of keypoint ${k} has ${tag.length}, the first has ${D}`,
        );
      }
      if (![score, ...tag].every(Number.isFinite)) {
        throw new RangeError(
          `groupByTag: peak ${i} of keypoint ${k} has score ${score} and tag [${tag}], not finite numbers`,
        );
      }
    })
  );
}
