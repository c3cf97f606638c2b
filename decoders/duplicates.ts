/**
 * One human found twice: two people whose keypoints lie on each other. Filling in makes such pairs: of a person in two
 * parts each part gets the other's keypoints.
 *
 * simple-HigherHRNet (`SimpleHigherHRNet.py`, `filter_redundant_poses`) leaves out a pose whose keypoints differ, on
 * average over keypoints and both axes, by less than 3 image pixels from one that it has kept. Differences:
 *
 * |                    | simple-HigherHRNet             | here                                |
 * | ------------------ | ------------------------------ | ----------------------------------- |
 * | compared           | all keypoints, missing as 0    | those that both people have         |
 * | who stays          | the earlier                    | the one of better score             |
 *
 * @module
 */
import type { DecodedPerson } from "../pose/person.ts";

/**
 * People without those that lie on a better one: `mean over the keypoints that both have of (|dx| + |dy|) / 2 < within`.
 * Two people without a common keypoint are two.
 *
 * @param people In any pixels.
 * @param within In the same pixels; 0 leaves out nobody.
 * @returns Those that stay, in their order; of equal scores the earlier.
 * @throws {RangeError} If `within` is not a number of 0 or more.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { withoutDuplicates } from "ae";
 *
 * const person = (x: number, score: number) => ({ keypoints: [{ x, y: 5, score, tag: [0] }], score });
 * const people = [person(10, 0.3), person(12, 0.9), person(40, 0.2)];
 * assert.deepEqual(withoutDuplicates(people, 3), [people[1], people[2]]);
 * ```
 */
export function withoutDuplicates(
  people: readonly DecodedPerson[],
  within: number,
): DecodedPerson[] {
  if (!(within >= 0)) {
    throw new RangeError(`withoutDuplicates: within must be 0 or more, not ${within}`);
  }
  const kept = new Set<DecodedPerson>();
  for (const person of people.toSorted((a, b) => b.score - a.score)) {
    if (![...kept].some((better) => meanDistance(person, better) < within)) kept.add(person);
  }
  return people.filter((person) => kept.has(person));
}

function meanDistance(a: DecodedPerson, b: DecodedPerson): number {
  let sum = 0, count = 0;
  a.keypoints.forEach((own, k) => {
    const other = b.keypoints[k];
    if (!own || !other) return;
    sum += (Math.abs(own.x - other.x) + Math.abs(own.y - other.y)) / 2;
    count++;
  });
  return count === 0 ? Infinity : sum / count;
}
