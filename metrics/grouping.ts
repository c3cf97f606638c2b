/**
 * Grouping accuracy given true detections: does the tag map say who is who, leaving aside whether the
 * heatmaps say where?
 *
 * The decoder is given peaks exactly at the annotated keypoints and reads the predicted tags there, so
 * every keypoint is found and the only question left is which group each one lands in. Groups have no
 * names, so each is first taken to be one true person, one to one, such that as many keypoints as
 * possible agree:
 *
 *                 keypoints landed in group            Ann is 1, Bob is 0:
 *                   0      1      none                 3 + 4 of 9 agree
 *         Ann       1      3       0
 *         Bob       4      0       1                   accuracy = agreeing / all keypoints
 *
 * Splitting a person over two groups costs the keypoints of the smaller part, merging two people into
 * one group costs those of one of them, a keypoint that decoding dropped costs itself. An image with
 * one person is nearly always right, so images with two and more are also counted separately.
 *
 * Newell, Huang and Deng 2017 ask the same question with true detections and predicted tags, but answer
 * it in AP (59.2 -> 94.0), which also depends on scores; this count is the library's own.
 *
 * @module
 */

/** Where one true person's K keypoints landed: a group's number, -1 for none, null if not annotated. */
export type KeypointGroups = readonly (number | null)[];

/** Counts and their quotient. */
export interface GroupingCount {
  /** Agreeing keypoints / all annotated keypoints; -1 if there are none. */
  readonly accuracy: number;
  /** Keypoints in the group that stands for their person. */
  readonly agreeing: number;
  /** Annotated keypoints. */
  readonly keypoints: number;
  /** Images counted. */
  readonly images: number;
}

/** Grouping accuracy over many images. */
export interface GroupingAccuracy extends GroupingCount {
  /** The same over the images with at least two people who have an annotated keypoint. */
  readonly severalPeople: GroupingCount;
}

/**
 * A solver of the assignment problem: for `cost[row][column]`, all rows equally long, the column of
 * every row (-1 for none; columns are used once, as many as possible) with the least sum of costs.
 */
export type AssignmentSolver = (cost: readonly (readonly number[])[]) => readonly number[];

/**
 * Grouping accuracy (see the top of the file).
 *
 * @param images Per image, per true person, the group of each keypoint. Group numbers are any whole
 *   numbers of 0 or more; they mean something only within their image.
 * @param assign Solves the matching, e.g. `assignMinimumCost` of the decoders.
 * @throws {RangeError} If a group is neither null nor a whole number of -1 or more.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { assignMinimumCost, groupingAccuracy } from "ae";
 *
 * const ann = [1, 1, 1, 0, null]; // four annotated keypoints, one of them in a stranger's group
 * const bob = [0, 0, 0, 0, -1]; //   five, one of them in no group
 * const { accuracy, severalPeople } = groupingAccuracy([[ann, bob], [[3, 3]]], assignMinimumCost);
 * assert.equal(accuracy, (3 + 4 + 2) / 11);
 * assert.equal(severalPeople.accuracy, 7 / 9);
 * ```
 */
export function groupingAccuracy(
  images: readonly (readonly KeypointGroups[])[],
  assign: AssignmentSolver,
): GroupingAccuracy {
  const all = { agreeing: 0, keypoints: 0, images: 0 };
  const several = { agreeing: 0, keypoints: 0, images: 0 };
  images.forEach((people, i) => {
    people.forEach((groups, p) => groups.forEach((group, k) => checkGroup(group, i, p, k)));
    const present = people.map((groups) => groups.filter((group) => group !== null))
      .filter((groups) => groups.length > 0);
    const agreeing = agreeingKeypoints(present, assign);
    const keypoints = present.reduce((sum, groups) => sum + groups.length, 0);
    for (const count of present.length > 1 ? [all, several] : [all]) {
      count.agreeing += agreeing;
      count.keypoints += keypoints;
      count.images += 1;
    }
  });
  return { ...withAccuracy(all), severalPeople: withAccuracy(several) };
}

/** The most keypoints that can agree in one image, over all ways to match groups to people. */
function agreeingKeypoints(
  people: readonly (readonly number[])[],
  assign: AssignmentSolver,
): number {
  const names = [...new Set(people.flat())].filter((group) => group >= 0);
  if (names.length === 0) return 0;
  const shared = people.map((groups) =>
    names.map((name) => groups.filter((group) => group === name).length)
  );
  const chosen = assign(shared.map((row) => row.map((count) => -count)));
  return shared.reduce((sum, row, p) => sum + (row[chosen[p]] ?? 0), 0);
}

function checkGroup(group: number | null, image: number, person: number, keypoint: number): void {
  if (group === null || (Number.isInteger(group) && group >= -1)) return;
  throw new RangeError(
    `groupingAccuracy: image ${image}, person ${person}, keypoint ${keypoint}: group is ${group}, ` +
      "expected null, -1 or a number from 0",
  );
}

function withAccuracy(
  count: { agreeing: number; keypoints: number; images: number },
): GroupingCount {
  return { accuracy: count.keypoints > 0 ? count.agreeing / count.keypoints : -1, ...count };
}
