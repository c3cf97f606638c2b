import assert from "node:assert/strict";
import { COCO } from "../../pose/mod.ts";
import { oks } from "../../metrics/mod.ts";
import { keypointSimilarity } from "../../pose/mod.ts";
import { Random } from "../../data/random.ts";

const K = COCO.keypoints.length;

/** The definition in plain words and loops. */
function definition(
  found: readonly number[],
  truth: { keypoints: readonly number[]; bbox: readonly number[]; area: number },
): number {
  const { keypoints, bbox: [x, y, w, h], area } = truth;
  const labelled = COCO.keypoints.map((_, k) => k).filter((k) => keypoints[3 * k + 2] > 0);
  const similarities = (labelled.length > 0 ? labelled : COCO.keypoints.map((_, k) => k))
    .map((k) => {
      const [fx, fy] = [found[3 * k], found[3 * k + 1]];
      const [tx, ty] = labelled.length > 0
        ? [keypoints[3 * k], keypoints[3 * k + 1]]
        : [Math.min(Math.max(fx, x - w), x + 2 * w), Math.min(Math.max(fy, y - h), y + 2 * h)];
      const squared = (fx - tx) ** 2 + (fy - ty) ** 2;
      return Math.exp(-squared / (2 * (2 * COCO.sigmas[k]) ** 2 * (area + 2.220446049250313e-16)));
    });
  return similarities.reduce((sum, value) => sum + value) / similarities.length;
}

function person(random: Random, labelledShare: number) {
  const keypoints = COCO.keypoints.flatMap(() => [
    random.uniform(0, 100),
    random.uniform(0, 100),
    random.next() < labelledShare ? 2 : 0,
  ]);
  return { keypoints, bbox: [20, 30, 40, 20], area: random.uniform(100, 5000) };
}

Deno.test("oks() equals its definition, with some, all and no keypoints annotated", () => {
  const random = new Random(1);
  for (const share of [0, 0.1, 0.5, 1]) {
    for (let i = 0; i < 20; i++) {
      const truth = person(random, share);
      const found = truth.keypoints.map((value) => value + random.uniform(-9, 9));
      const [actual, expected] = [oks(found, truth), definition(found, truth)];
      assert.ok(Math.abs(actual - expected) <= 1e-14, `${actual} is not ${expected}`);
    }
  }
});

Deno.test("oks() of the same person 5 pixels right and 3, 4 pixels away is as computed by hand", () => {
  const keypoints = COCO.keypoints.flatMap((_, k) => [100 + 3 * k, 100 + 7 * k, 2]);
  const moved = (dx: number, dy: number) => keypoints.map((value, i) => value + [dx, dy, 0][i % 3]);
  const bbox = [100, 100, 48, 112];
  assert.ok(Math.abs(oks(moved(5, 0), { keypoints, bbox, area: 1e4 }) - 0.8711549524) < 1e-10);
  assert.ok(Math.abs(oks(moved(3, 4), { keypoints, bbox, area: 4000 }) - 0.7379967598) < 1e-10);
});

Deno.test("oks() is 1 inside the grown box of a person without keypoints and falls outside", () => {
  const nobody = { keypoints: new Array(3 * K).fill(0), bbox: [100, 100, 10, 20], area: 200 };
  const at = (x: number, y: number) => COCO.keypoints.flatMap(() => [x, y, 1]);
  for (const [x, y] of [[105, 110], [90, 80], [120, 140]]) assert.equal(oks(at(x, y), nobody), 1);
  for (const [x, y] of [[89, 110], [121, 110], [105, 79], [105, 141]]) {
    assert.ok(oks(at(x, y), nobody) < 1);
  }
});

Deno.test("oks() does not look at keypoints that are not annotated", () => {
  const truth = person(new Random(2), 0.5);
  const found = truth.keypoints.map((value, i) =>
    truth.keypoints[3 * Math.floor(i / 3) + 2] > 0 ? value : 1e6
  );
  assert.equal(oks(found, truth), 1);
});

Deno.test("oks() of a person of area 0 is 1 at the spot and 0 elsewhere", () => {
  const truth = { ...person(new Random(3), 1), area: 0 };
  assert.equal(oks(truth.keypoints, truth), 1);
  assert.equal(oks(truth.keypoints.map((value) => value + 1), truth), 0);
});

Deno.test("oks() serves another skeleton by its sigmas", () => {
  const truth = { keypoints: [0, 0, 2, 10, 0, 1], bbox: [0, 0, 10, 1], area: 100 };
  const expected = (1 + keypointSimilarity(9, 0.1, 100)) / 2;
  assert.equal(oks([0, 0, 1, 10, 3, 1], truth, [0.05, 0.1]), expected);
});

Deno.test("oks() refuses people of another length than the sigmas ask for", () => {
  const truth = { keypoints: new Array(48).fill(0), bbox: [0, 0, 1, 1], area: 1 };
  assert.throws(() => oks(new Array(51).fill(0), truth), {
    name: "RangeError",
    message: "oks: 17 sigmas need 51 numbers per person, not 51 found and 48 true ones",
  });
});
