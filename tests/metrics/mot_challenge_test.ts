import assert from "node:assert/strict";
import { MOT20_DISTRACTORS, motTrackingFrames } from "../../metrics/mod.ts";
import { motResults, motTruth } from "../../track/mod.ts";

/** A truth line at place `x`: a box of 10 x 10. */
const truthLine = (identity: number, x: number, counts: number, category: number) =>
  `1,${identity},${x},0,10,10,${counts},${category},1\n`;
const foundLine = (identity: number, x: number) => `1,${identity},${x},0,10,10,1,-1,-1,-1\n`;

function framesOf(truth: string, found: string, distractors?: readonly number[]) {
  return motTrackingFrames(
    { truth: motTruth(truth, "gt.txt"), found: motResults(found, "found.txt") },
    { distractors },
  );
}

Deno.test("motTrackingFrames() takes away what lies on a distractor, and the distractor", () => {
  for (const category of [2, 7, 8, 12]) {
    const [frame] = framesOf(
      truthLine(1, 0, 1, 1) + truthLine(2, 100, 0, category),
      foundLine(5, 0) + foundLine(6, 101),
    );
    assert.deepEqual([frame.truth, frame.found, frame.similarity], [[1], [5], [[1]]]);
  }
});

Deno.test("motTrackingFrames() leaves what lies on a car as an error, and the car out", () => {
  const [frame] = framesOf(truthLine(2, 100, 0, 3), foundLine(6, 100));
  assert.deepEqual([frame.truth, frame.found], [[], [6]]);
});

Deno.test("motTrackingFrames() excuses vehicles without a motor by the rules of 2020 only", () => {
  const [truth, found] = [truthLine(2, 100, 0, 6), foundLine(6, 100)];
  assert.deepEqual(framesOf(truth, found)[0].found, [6]);
  assert.deepEqual(framesOf(truth, found, MOT20_DISTRACTORS)[0].found, []);
});

Deno.test("motTrackingFrames() leaves out people who do not count, but not who finds them", () => {
  const [frame] = framesOf(truthLine(1, 0, 0, 1), foundLine(5, 0));
  assert.deepEqual([frame.truth, frame.found], [[], [5]]);
});

Deno.test("motTrackingFrames() gives a found box to the person, not the distractor, where that is better", () => {
  // Both found boxes overlap the distractor at 4; together they are best as 5 on the person, 6 on the distractor.
  const [frame] = framesOf(
    truthLine(1, 0, 1, 1) + truthLine(2, 4, 1, 12),
    foundLine(5, 1) + foundLine(6, 5),
  );
  assert.deepEqual([frame.truth, frame.found], [[1], [5]]);
});

Deno.test("motTrackingFrames() of files without classes only leaves out what does not count", () => {
  const [frame] = framesOf(
    truthLine(1, 0, 1, -1) + truthLine(2, 100, 0, -1),
    foundLine(5, 0) + foundLine(6, 100),
  );
  assert.deepEqual([frame.truth, frame.found], [[1], [5, 6]]);
});

Deno.test("motTrackingFrames() keeps frames in which one of both is empty", () => {
  const frames = framesOf("", foundLine(5, 0));
  assert.deepEqual(frames, [{ frame: 1, truth: [], found: [5], similarity: [] }]);
  assert.deepEqual(framesOf(truthLine(1, 0, 1, 1), ""), [
    { frame: 1, truth: [1], found: [], similarity: [[]] },
  ]);
});
