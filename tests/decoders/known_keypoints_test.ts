import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import { ShapeError } from "../../core/errors.ts";
import { groupKnownKeypoints } from "../../decoders/mod.ts";
import { drawScene, randomNumbers } from "./scene.ts";

const SIZE = { keypoints: 17, height: 40, width: 40 };

function someone(random: () => number): { x: number; y: number }[] {
  return Array.from({ length: 17 }, () => ({ x: random() * 40, y: random() * 40 }));
}

/** How many keypoints are in the group that most of their person's keypoints are in. */
function together(groups: readonly number[][]): number {
  return groups.reduce((sum, row) => {
    const counts = new Map<number, number>();
    for (const g of row) counts.set(g, (counts.get(g) ?? 0) + 1);
    return sum + Math.max(...counts.values());
  }, 0);
}

Deno.test("groupKnownKeypoints() gives each person a group of its own when its tags say so", () => {
  const random = randomNumbers(20);
  const people = Array.from({ length: 5 }, (_, p) => ({ points: someone(random), tag: [2 * p] }));
  const { tags } = drawScene(people, SIZE);
  const groups = groupKnownKeypoints(people.map(({ points }) => points), tags);
  assert.equal(new Set(groups.map(([nose]) => nose)).size, 5);
  for (const row of groups) assert.equal(new Set(row).size, 1);
});

Deno.test("groupKnownKeypoints() leaves out missing keypoints and those outside the map", () => {
  const tags = hostArray([1, 4, 3, 3]);
  const points = [{ x: 2.9, y: 0 }, null, { x: 3, y: 0 }, { x: 1, y: -1 }];
  assert.deepEqual(groupKnownKeypoints([points, [null, null, null, null]], tags), [
    [0, -1, -1, -1],
    [-1, -1, -1, -1],
  ]);
  assert.deepEqual(groupKnownKeypoints([], tags), []);
});

Deno.test("groupKnownKeypoints() truncates towards zero as the tag loss does", () => {
  const tags = hostArray([1, 2, 1, 2], [5, 0, 5, 0]);
  const [[a, b]] = groupKnownKeypoints([[{ x: -0.5, y: 0 }, { x: 0.99, y: 0.5 }]], tags);
  assert.equal(a, b);
  assert.notEqual(a, -1);
});

Deno.test("groupKnownKeypoints() does not see through equal tags who belongs together", () => {
  const random = randomNumbers(21);
  const people = Array.from({ length: 10 }, () => someone(random));
  const tags = hostArray([1, 17, 40, 40]); // the same tag everywhere
  const right = together(groupKnownKeypoints(people, tags));
  assert.ok(right < 17 * 10 / 2, `${right} of 170 keypoints are together by chance`);
  assert.notDeepEqual(
    groupKnownKeypoints(people, tags, { seed: 1 }),
    groupKnownKeypoints(people, tags, { seed: 2 }),
  );
  assert.deepEqual(groupKnownKeypoints(people, tags), groupKnownKeypoints(people, tags));
});

Deno.test("groupKnownKeypoints() loses no keypoint to a limit on people", () => {
  const random = randomNumbers(22);
  const people = Array.from({ length: 3 }, () => someone(random));
  const tags = hostArray([1, 17, 40, 40]);
  tags.data.forEach((_, i) => tags.data[i] = i); // every pixel has a tag of its own
  const groups = groupKnownKeypoints(people, tags).flat();
  assert.equal(new Set(groups).size, 3 * 17);
  assert.equal(groups.includes(-1), false);
  assert.ok(groupKnownKeypoints(people, tags, { maxPeople: 4 }).flat().includes(-1));
});

Deno.test("groupKnownKeypoints() refuses what does not fit", () => {
  const tags = hostArray([1, 2, 3, 3]), here = { x: 0, y: 0 };
  assert.throws(
    () => groupKnownKeypoints([[here]], tags),
    (error: Error) =>
      error instanceof ShapeError &&
      error.message.startsWith(
        "groupKnownKeypoints: person 0 has 1 keypoints but there are tags for 2",
      ),
  );
  assert.throws(() => groupKnownKeypoints([], hostArray([2, 3, 3])), ShapeError);
  assert.throws(() => groupKnownKeypoints([[here, { x: NaN, y: 1 }]], tags), {
    name: "RangeError",
    message: /^groupKnownKeypoints: keypoint 1 of person 0 is at \(NaN, 1\), not at finite numbers/,
  });
  tags.data[4] = NaN;
  assert.throws(() => groupKnownKeypoints([[here, here]], tags), {
    name: "RangeError",
    message: /^groupKnownKeypoints: tags\[0, 0, 1, 1\] is NaN/,
  });
});
