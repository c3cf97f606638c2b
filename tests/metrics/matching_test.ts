import assert from "node:assert/strict";
import { matchDetections } from "../../metrics/mod.ts";

const person = { ignored: false, crowd: false };
const unlabelled = { ignored: true, crowd: false };
const crowd = { ignored: true, crowd: true };

Deno.test("matchDetections() lets the better score choose first", () => {
  assert.deepEqual([...matchDetections([.6, .9], [person], 0.5)], [0, -1]);
});

Deno.test("matchDetections() takes the most similar person, the later one of equals", () => {
  assert.deepEqual([...matchDetections([.6, .9, .7], [person, person, person], 0.5)], [1]);
  assert.deepEqual([...matchDetections([.7, .7, .6], [person, person, person], 0.5)], [1]);
});

Deno.test("matchDetections() accepts a similarity equal to the threshold", () => {
  assert.deepEqual([...matchDetections([0.5], [person], 0.5)], [0]);
  assert.deepEqual([...matchDetections([0.49999], [person], 0.5)], [-1]);
});

Deno.test("matchDetections() accepts rounding noise at threshold 1", () => {
  assert.deepEqual([...matchDetections([1 - 1e-11], [person], 1)], [0]);
  assert.deepEqual([...matchDetections([1 - 1e-9], [person], 1)], [-1]);
});

Deno.test("matchDetections() prefers people who count to better ignored ones", () => {
  assert.deepEqual([...matchDetections([.9, .6], [crowd, person], 0.5)], [1]);
  assert.deepEqual([...matchDetections([.9, .4], [crowd, person], 0.5)], [0]);
});

Deno.test("matchDetections() gives a crowd to any number, an ignored person to one", () => {
  assert.deepEqual([...matchDetections([.9, .8, .7], [crowd], 0.5)], [0, 0, 0]);
  assert.deepEqual([...matchDetections([.9, .8, .7], [unlabelled], 0.5)], [0, -1, -1]);
});

Deno.test("matchDetections() of nobody or of nothing is empty", () => {
  assert.deepEqual([...matchDetections([], [person], 0.5)], []);
  assert.deepEqual([...matchDetections([], [], 0.5)], []);
});

Deno.test("matchDetections() refuses a table that does not fit", () => {
  const message =
    /^RangeError: matchDetections: 3 similarities are no table with a column for each/;
  assert.throws(() => matchDetections([1, 1, 1], [person, person], 0.5), message);
  assert.throws(() => matchDetections([1, 1, 1], [], 0.5), message);
});
