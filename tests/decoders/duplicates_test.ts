import assert from "node:assert/strict";
import { withoutDuplicates } from "../../decoders/mod.ts";

const person = (score: number, ...places: ([number, number] | null)[]) => ({
  keypoints: places.map((place) => place && { x: place[0], y: place[1], score: 1, tag: [0] }),
  score,
});

Deno.test("withoutDuplicates() keeps the better of two people that lie on each other, in their order", () => {
  const worse = person(0.3, [10, 10], [20, 10]), better = person(0.5, [12, 10], [20, 13]);
  const other = person(0.1, [10, 10], [40, 10]);
  // Worse and better: (2/2 + 3/2) / 2 = 1.25 apart; other is 5 and more from both.
  assert.deepEqual(withoutDuplicates([worse, better, other], 1.26), [better, other]);
  assert.deepEqual(withoutDuplicates([worse, better, other], 1.25), [worse, better, other]);
  assert.deepEqual(withoutDuplicates([worse, better, other], 0), [worse, better, other]);
});

Deno.test("withoutDuplicates() compares what both people have", () => {
  const left = person(0.4, [10, 10], null), right = person(0.3, null, [10, 10]);
  assert.deepEqual(withoutDuplicates([left, right], 100), [left, right]);
  const half = person(0.2, [11, 10], [99, 99]);
  assert.deepEqual(withoutDuplicates([left, half], 1), [left]);
});

Deno.test("withoutDuplicates() keeps the earlier of two with one score, and refuses no distance", () => {
  const [first, second] = [person(0.4, [1, 1]), person(0.4, [1, 1])];
  assert.equal(withoutDuplicates([first, second], 1)[0], first);
  for (const within of [-1, NaN]) {
    assert.throws(() => withoutDuplicates([], within), /^RangeError: withoutDuplicates: within/);
  }
});
