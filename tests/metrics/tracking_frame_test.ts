import assert from "node:assert/strict";
import { boxSimilarity, poseSimilarity, trackingFrames } from "../../metrics/mod.ts";
import { MPII } from "../../pose/mod.ts";

const boxOf = (...box: [number, number, number, number]) => ({ box });

Deno.test("boxSimilarity() is the share of common pixels, for boxes of whole pixels", () => {
  const pixels = ([x, y, width, height]: readonly number[]) => {
    const inside = new Set<string>();
    for (let i = 0; i < width; i++) {
      for (let j = 0; j < height; j++) inside.add(`${x + i},${y + j}`);
    }
    return inside;
  };
  for (const a of [boxOf(0, 0, 4, 3), boxOf(1, 1, 1, 1), boxOf(2, 0, 7, 2)]) {
    for (const b of [boxOf(0, 0, 4, 3), boxOf(3, 2, 5, 5), boxOf(40, 0, 2, 2)]) {
      const [one, other] = [pixels(a.box), pixels(b.box)];
      const both = one.intersection(other).size, either = one.union(other).size;
      assert.equal(boxSimilarity(a, b), both / either);
    }
  }
});

Deno.test("boxSimilarity() of empty boxes is 0, of touching ones, too", () => {
  assert.equal(boxSimilarity(boxOf(1, 1, 0, 0), boxOf(1, 1, 0, 0)), 0);
  assert.equal(boxSimilarity(boxOf(0, 0, 2, 2), boxOf(2, 0, 2, 2)), 0);
});

Deno.test("poseSimilarity() is 0 for a keypoint that was not found and skips what is not annotated", () => {
  const truth = {
    keypoints: MPII.keypoints.map((_, k) => ({ x: k, y: k, visibility: k < 4 ? 2 : 0 }) as const),
    box: [0, 0, 16, 16] as const,
    area: 256,
    crowd: false,
  };
  const found = (missing: number) => ({
    keypoints: truth.keypoints.map(({ x, y }, k) =>
      k === missing ? null : { x, y, score: 1, tag: [] }
    ),
    score: 1,
  });
  assert.equal(poseSimilarity(MPII)(truth, found(0)), 3 / 4);
  assert.equal(poseSimilarity(MPII)(truth, found(9)), 1);
  const nothing = { keypoints: MPII.keypoints.map(() => null), score: 0 };
  assert.equal(poseSimilarity(MPII)(truth, nothing), 0);
});

Deno.test("trackingFrames() takes every frame of both, sorted, with a similarity for each pair", () => {
  const thing = (identity: number) => ({ identity });
  const frames = trackingFrames({
    truth: [{ frame: 3, things: [thing(1), thing(2)] }, { frame: 9, things: [thing(1)] }],
    found: [{ frame: 2, things: [thing(5)] }, { frame: 3, things: [thing(4), thing(6)] }],
  }, (one, other) => one.identity / other.identity / 2);
  assert.deepEqual(frames, [
    { frame: 2, truth: [], found: [5], similarity: [] },
    { frame: 3, truth: [1, 2], found: [4, 6], similarity: [[1 / 8, 1 / 12], [1 / 4, 1 / 6]] },
    { frame: 9, truth: [1], found: [], similarity: [[]] },
  ]);
});

Deno.test("trackingFrames() refuses frames out of order", () => {
  const frame = (number: number) => ({ frame: number, things: [] });
  assert.throws(
    () => trackingFrames({ truth: [], found: [frame(2), frame(2)] }, () => 0),
    /^RangeError: trackingFrames: frame 2 of found comes after frame 2/,
  );
});
