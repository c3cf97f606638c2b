import assert from "node:assert/strict";
import { AUTHORS_GROUPING, groupByTag, type Peak, personScore } from "../../decoders/mod.ts";
import { randomNumbers } from "./scene.ts";

let places = 0;
/** A peak somewhere: only score and tag matter to grouping. */
function peak(score: number, ...tag: number[]): Peak {
  return { x: places++, y: 0, score, tag };
}

/** For each person the index of its peak in each keypoint's list, -1 for none. */
function members(peaks: readonly (readonly Peak[])[], options = {}): number[][] {
  return groupByTag(peaks, options).map(({ keypoints }) =>
    keypoints.map((at, k) => at ? peaks[k].indexOf(at) : -1)
  );
}

Deno.test("groupByTag() gives the worked example of its header", () => {
  const founders = [peak(0.9, 0), peak(0.8, 2)];
  const peaks = [founders, [peak(0.7, 2.1), peak(0.6, 0.1), peak(0.65, 0.3)]];
  for (const options of [{}, AUTHORS_GROUPING]) {
    assert.deepEqual(members(peaks, options), [[0, 2], [1, 0], [-1, 1]]);
  }
});

Deno.test("groupByTag() counts tags nearer than a half as equal, so that the score decides", () => {
  const surplus = [[peak(0.9, 0)], [peak(0.3, 0.01), peak(0.5, 0.45)]];
  assert.deepEqual(members(surplus), [[0, 1], [-1, 0]]);
  // 0.5 rounds to the even 0; beyond it the rounded distance is 1 and weighs more than any score.
  assert.deepEqual(members([[peak(0.9, 0)], [peak(0.3, 0), peak(0.5, 0.5)]]), [[0, 1], [-1, 0]]);
  assert.deepEqual(members([[peak(0.9, 0)], [peak(0.3, 0), peak(0.5, 0.51)]]), [[0, 0], [-1, 1]]);
});

Deno.test("groupByTag() gives equal costs to the nearer tag, or as the authors' solver does", () => {
  const peaks = [[peak(0.9, 0), peak(0.8, 0.3)], [peak(0.7, 0.3), peak(0.6, 0)]];
  assert.deepEqual(members(peaks), [[0, 1], [1, 0]]);
  assert.deepEqual(members(peaks, { ties: "authors" }), [[0, 0], [1, 1]]);
});

Deno.test("groupByTag() accepts distances below maxTagDistance, unrounded", () => {
  assert.deepEqual(members([[peak(0.9, 0)], [peak(0.5, 0.99)]]), [[0, 0]]);
  assert.deepEqual(members([[peak(0.9, 0)], [peak(0.5, 1)]]), [[0, -1], [-1, 0]]);
  assert.deepEqual(members([[peak(0.9, 0)], [peak(0.5, 1)]], { maxTagDistance: 1.5 }), [[0, 0]]);
});

Deno.test("groupByTag() measures root mean square or root of the sum", () => {
  const peaks = [[peak(0.9, 0, 0)], [peak(0.5, 0.9, 0.9)]]; // rms 0.9, l2 1.27
  assert.deepEqual(members(peaks), [[0, 0]]);
  assert.deepEqual(members(peaks, { tagDistance: "l2" }), [[0, -1], [-1, 0]]);
});

Deno.test("groupByTag() takes the mean of a person's tags so far", () => {
  // Means: 0, then (0 + .9) / 2 = .45, then (0 + .9 + 1.4) / 3 = .77; the last, 1.7, is within 1 of that.
  const chain = [[peak(0.9, 0)], [peak(0.5, 0.9)], [peak(0.5, 1.4)], [peak(0.5, 1.7)]];
  assert.deepEqual(members(chain), [[0, 0, 0, 0]]);
  assert.deepEqual(members([[peak(0.9, 0)], [], [], [peak(0.5, 1.7)]]).length, 2);
});

Deno.test("groupByTag() visits COCO's keypoints head first, others as numbered, or as told", () => {
  const lists = (K: number) => Array.from({ length: K }, (_, k) => [peak(0.5, 10 * k)]);
  const founded = (K: number, options = {}) =>
    members(lists(K), options).map((row) => row.findIndex((index) => index === 0));
  assert.deepEqual(founded(17), [0, 1, 2, 3, 4, 5, 6, 11, 12, 7, 8, 9, 10, 13, 14, 15, 16]);
  assert.deepEqual(founded(3), [0, 1, 2]);
  assert.deepEqual(founded(3, { groupingOrder: [2, 0, 1] }), [2, 0, 1]);
});

Deno.test("groupByTag() starts people from the first keypoint that has any", () => {
  assert.deepEqual(members([[], [], [peak(0.9, 0), peak(0.8, 3)], [peak(0.4, 3)]]), [
    [-1, -1, 0, -1],
    [-1, -1, 1, 0],
  ]);
  assert.deepEqual(groupByTag([[], [], []]), []);
  assert.deepEqual(groupByTag([]), []);
});

Deno.test("groupByTag() keeps the best people, or leaves out what comes after the crowd", () => {
  const noses = Array.from({ length: 35 }, (_, i) => peak(0.2 + i / 100, 5 * i));
  const eyes = [peak(0.9, 0)];
  const best = members([noses, eyes]);
  assert.equal(best.length, 30);
  assert.deepEqual(best[0], [0, 0]); // with its eye the dimmest nose is the best person
  assert.deepEqual(best[1], [6, -1]); // 5 others are dropped, the order stays
  const strict = members([noses, eyes], { crowds: "stop" });
  assert.equal(strict.length, 35);
  assert.ok(strict.every(([, eye]) => eye === -1));
  assert.equal(members([noses, eyes], { maxPeople: 40 }).length, 35);
});

Deno.test("groupByTag() matches only the first people, and keeps or drops the others", () => {
  const noses = Array.from({ length: 4 }, (_, i) => peak(0.5, 5 * i));
  const eyes = [peak(0.9, 0), peak(0.8, 15)]; // of the first and of the fourth
  const options = { maxPeople: 2 };
  assert.deepEqual(members([noses, eyes], { ...options, crowds: "first" }), [
    [0, 0],
    [1, -1],
    [2, -1],
    [3, -1],
    [-1, 1],
  ]);
  assert.deepEqual(members([noses, eyes], { ...options, crowds: "cut" }), [[0, 0], [1, -1]]);
  assert.deepEqual(members([noses, eyes], options), [[0, 0], [3, 1]]);
});

Deno.test("groupByTag() takes tag distances as they are where rounding is none", () => {
  // Both tags round to 0, where the brighter peak wins; unrounded the nearer one is cheaper.
  const surplus = [[peak(0.9, 0)], [peak(0.3, 0.01), peak(0.5, 0.45)]];
  assert.deepEqual(members(surplus, { rounding: "none" }), [[0, 0], [-1, 1]]);
});

Deno.test("groupByTag() lets the peak nearer in the image join where tags are alike", () => {
  const at = (x: number, score: number, tag: number) => ({ x, y: 0, score, tag: [tag] });
  const peaks = [[at(10, 0.9, 0)], [at(40, 0.8, 0.3), at(12, 0.4, 0.3)]];
  assert.deepEqual(members(peaks), [[0, 0], [-1, 1]]); // the brighter one
  // 0.3 times 30 / 2 is 4.5, so that the far peak costs 400.
  assert.deepEqual(members(peaks, { nearestInImage: true }), [[0, 1], [-1, 0]]);
  // A peak alone may join from anywhere: its weight is 1.
  assert.deepEqual(members([peaks[0], [peaks[1][0]]], { nearestInImage: true }), [[0, 0]]);
  // Whether it may is a matter of tags alone.
  const apart = [[at(10, 0.9, 0)], [at(10, 0.8, 1)]];
  assert.deepEqual(members(apart, { nearestInImage: true }), [[0, -1], [-1, 0]]);
});

Deno.test("groupByTag() matches a peak to the 31st person, too", () => {
  const noses = Array.from({ length: 31 }, (_, i) => peak(0.5, 5 * i));
  const best = members([noses, [peak(0.9, 150)]]);
  assert.deepEqual(best.at(-1), [30, 0]);
});

Deno.test("groupByTag() keeps founders with one tag apart, or overwrites as the authors do", () => {
  const peaks = [[peak(0.9, 2), peak(0.8, 2)], [peak(0.7, 2.1), peak(0.6, 1.9)]];
  assert.equal(groupByTag(peaks).length, 2);
  assert.deepEqual(members(peaks, AUTHORS_GROUPING), [[1, 0], [-1, 1]]);
});

Deno.test("groupByTag() scores a person by the mean over all keypoints", () => {
  const [person] = groupByTag([[peak(0.9, 0)], [], [peak(0.6, 0.2)]]);
  assert.equal(person.score, 0.5);
  assert.equal(personScore(person.keypoints), 0.5);
  assert.equal(personScore([null, null]), 0);
  assert.equal(personScore([]), 0);
});

/** P people whose tags are 2 apart, most keypoints found, tags a little off. */
function crowd(seed: number, P: number, K = 6): Peak[][] {
  const random = randomNumbers(seed);
  const people = Array.from({ length: P }, (_, p) =>
    Array.from({ length: K }, () => {
      return random() < 0.2 ? null : peak(0.3 + random() * 0.6, 2 * p + random() * 0.4, -2 * p);
    }));
  return Array.from(
    { length: K },
    (_, k) => people.flatMap((person) => person[k] ?? []).sort((a, b) => b.score - a.score),
  );
}

/** Who is together, whatever the order of the people. */
function partition(peaks: readonly (readonly Peak[])[], options = {}): string[] {
  return groupByTag(peaks, options).map(({ keypoints }) =>
    keypoints.map((at) => at?.x ?? "-").join(" ")
  ).sort();
}

Deno.test("groupByTag() finds the same people whatever the order of the peaks", () => {
  for (let seed = 0; seed < 20; seed++) {
    const peaks = crowd(seed, 8);
    const turned = peaks.map((list) => list.toReversed());
    assert.deepEqual(partition(turned), partition(peaks));
  }
});

Deno.test("groupByTag() leaves the others alone when a person with a far tag comes in", () => {
  for (let seed = 0; seed < 20; seed++) {
    const peaks = crowd(seed, 6);
    const stranger = peaks.map((_, k) => peak(0.31 + k / 100, 900, 900));
    const together = peaks.map((list, k) => [...list, stranger[k]]);
    const expected = [...partition(peaks), stranger.map(({ x }) => x).join(" ")].sort();
    assert.deepEqual(partition(together), expected);
  }
});

Deno.test("groupByTag() puts everyone together rightly when tags are well apart, in both ways of ties", () => {
  for (let seed = 0; seed < 20; seed++) {
    const peaks = crowd(seed, 10);
    for (const options of [{}, AUTHORS_GROUPING]) {
      for (const { keypoints } of groupByTag(peaks, options)) {
        assert.equal(new Set(keypoints.flatMap((at) => at ? [at.tag[1]] : [])).size, 1);
      }
    }
  }
});

Deno.test("groupByTag() refuses bad options and bad peaks", () => {
  const two = [[peak(0.5, 0)], [peak(0.5, 0)]];
  const refuse = (peaks: Peak[][], options: Parameters<typeof groupByTag>[1], message: RegExp) =>
    assert.throws(() => groupByTag(peaks, options), { name: "RangeError", message });
  for (const groupingOrder of [[0], [0, 0], [0, 2], [0, 1, 1]]) {
    refuse(
      two,
      { groupingOrder },
      /^groupByTag: groupingOrder must name each of the 2 keypoints once/,
    );
  }
  refuse(two, { maxTagDistance: -1 }, /^groupByTag: maxTagDistance must be 0 or more, not -1/);
  refuse(two, { maxTagDistance: NaN }, /^groupByTag: maxTagDistance must be 0 or more, not NaN/);
  refuse(two, { maxPeople: 0 }, /^groupByTag: maxPeople must be a whole number, 1 or more, not 0/);
  refuse([[peak(0.5, 0)], [peak(0.5, 0, 1)]], {}, /peak 0 of keypoint 1 has 2, the first has 1/);
  refuse([[peak(0.5)]], {}, /all tags must have the same length, 1 or more/);
  refuse([[peak(0.5, NaN)]], {}, /^groupByTag: peak 0 of keypoint 0 has score 0.5 and tag \[NaN\]/);
  refuse([[peak(Infinity, 0)]], {}, /peak 0 of keypoint 0 has score Infinity/);
});
