import assert from "node:assert/strict";
import { Random } from "../../data/random.ts";
import { assignMinimumCost } from "../../decoders/mod.ts";
import { groupingAccuracy, type KeypointGroups } from "../../metrics/mod.ts";

const accuracy = (...images: KeypointGroups[][]) => groupingAccuracy(images, assignMinimumCost);

/** The most that agree, by trying every way to give each person a group of its own. */
function byTrying(people: readonly KeypointGroups[], used: readonly number[] = []): number {
  const [first, ...others] = people;
  if (!first) return 0;
  const groups = new Set(first.filter((group) => group !== null && group >= 0));
  let best = byTrying(others, used); // this person gets none
  for (const group of groups) {
    if (used.includes(group!)) continue;
    const agreeing = first.filter((other) => other === group).length;
    best = Math.max(best, agreeing + byTrying(others, [...used, group!]));
  }
  return best;
}

Deno.test("groupingAccuracy() equals the best of all ways to match groups to people", () => {
  const random = new Random(8);
  for (let trial = 0; trial < 40; trial++) {
    const people = Array.from({ length: trial % 6 }, () =>
      Array.from({ length: 7 }, () => {
        const group = Math.floor(random.uniform(-2, 5));
        return group === -2 ? null : group;
      }));
    const { agreeing, keypoints } = accuracy(people);
    assert.equal(agreeing, byTrying(people));
    assert.equal(keypoints, people.flat().filter((group) => group !== null).length);
  }
});

Deno.test("groupingAccuracy() is 1 whatever the groups are called", () => {
  assert.equal(accuracy([[7, 7, 7], [2, 2, 2], [0, 0, 0]]).accuracy, 1);
});

Deno.test("groupingAccuracy() charges a split, a merger and a dropped keypoint", () => {
  assert.equal(accuracy([[0, 0, 0, 1]]).accuracy, 3 / 4);
  assert.equal(accuracy([[0, 0, 0], [0, 0, 0]]).accuracy, 1 / 2);
  assert.equal(accuracy([[0, 0, -1], [1, 1, 1]]).accuracy, 5 / 6);
  assert.equal(accuracy([[-1, -1], [-1, -1]]).accuracy, 0);
});

Deno.test("groupingAccuracy() matches for the image as a whole, not person by person", () => {
  // Ann alone would take group 0 (3 of 5), but then Bob is left with 0 of 4: better 2 + 4.
  const { agreeing, keypoints } = accuracy([[0, 0, 0, 1, 1], [0, 0, 0, 0]]);
  assert.deepEqual([agreeing, keypoints], [6, 9]);
});

Deno.test("groupingAccuracy() counts images with several people apart", () => {
  const { images, severalPeople, ...all } = accuracy(
    [[0, 0]],
    [[0, 1], [1, null]], // two people
    [[3, 3], [null, null]], // the second has nothing annotated
    [],
  );
  assert.deepEqual(all, { accuracy: 6 / 7, agreeing: 6, keypoints: 7 });
  assert.equal(images, 4);
  assert.deepEqual(severalPeople, { accuracy: 2 / 3, agreeing: 2, keypoints: 3, images: 1 });
});

Deno.test("groupingAccuracy() of nothing is undefined", () => {
  const nothing = { accuracy: -1, agreeing: 0, keypoints: 0, images: 0 };
  assert.deepEqual(accuracy(), { ...nothing, severalPeople: nothing });
});

Deno.test("groupingAccuracy() refuses groups that are no numbers of groups", () => {
  for (const group of [-2, 0.5, NaN]) {
    assert.throws(() => accuracy([], [[0, 0], [0, group]]), {
      name: "RangeError",
      message: `groupingAccuracy: image 1, person 1, keypoint 1: group is ${group}, ` +
        "expected null, -1 or a number from 0",
    });
  }
});
