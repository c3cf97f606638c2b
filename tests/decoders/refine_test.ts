import assert from "node:assert/strict";
import { type HostArray, hostArray } from "../../core/host_array.ts";
import { ShapeError } from "../../core/errors.ts";
import type { DecodedKeypoint, DecodedPerson } from "../../pose/person.ts";
import { adjustPerson, adjustPlace, fillMissing, fillPerson } from "../../decoders/mod.ts";
import { randomArray, randomNumbers } from "./scene.ts";

function person(...keypoints: (DecodedKeypoint | null)[]): DecodedPerson {
  return { keypoints, score: 0.5 };
}

function place(x: number, y: number, ...tag: number[]): DecodedKeypoint {
  return { x, y, score: 0.5, tag };
}

/** The rule of the header, written for one pixel. */
function movedByDefinition(map: HostArray, k: number, x: number, y: number): [number, number] {
  const [, H, W] = map.shape;
  const at = (u: number, v: number) => map.data[(k * H + v) * W + u];
  const right = at(x === W - 1 ? x : x + 1, y), left = at(x === 0 ? x : x - 1, y);
  const below = at(x, y === H - 1 ? y : y + 1), above = at(x, y === 0 ? y : y - 1);
  return [x + 0.5 + (right > left ? 0.25 : -0.25), y + 0.5 + (below > above ? 0.25 : -0.25)];
}

Deno.test("adjustPerson() equals its definition on every pixel, borders and corners included", () => {
  const random = randomNumbers(5);
  for (const [H, W] of [[4, 5], [1, 4], [3, 1], [1, 1]]) {
    const maps = randomArray([1, H, W], random, (u) => Math.floor(u * 4) / 4); // ties are common
    for (let y = 0; y < H; y++) {
      for (let x = 0; x < W; x++) {
        const [moved] = adjustPerson(person(place(x, y, 7)), maps).keypoints;
        const [expectedX, expectedY] = movedByDefinition(maps, 0, x, y);
        assert.deepEqual(moved, { x: expectedX, y: expectedY, score: 0.5, tag: [7] });
      }
    }
  }
});

Deno.test("adjustPerson() leaves the score and missing keypoints as they are", () => {
  const adjusted = adjustPerson(person(null, place(1, 1, 0)), hostArray([2, 3, 3]));
  assert.equal(adjusted.score, 0.5);
  assert.deepEqual(adjusted.keypoints, [null, place(1.25, 1.25, 0)]);
});

Deno.test("adjustPerson() refuses a keypoint that is on no pixel", () => {
  const maps = hostArray([1, 3, 4]);
  const once = adjustPerson(person(place(2, 1, 0)), maps);
  assert.throws(() => adjustPerson(once, maps), {
    name: "RangeError",
    message: "adjustPerson: keypoint 0 is at (2.25, 1.25), not on a pixel of the 3 x 4 map; " +
      "a person can be adjusted only once",
  });
  for (const [x, y] of [[-1, 0], [4, 0], [0, 3], [0, -1], [NaN, 0]]) {
    assert.throws(() => adjustPerson(person(place(x, y, 0)), maps), RangeError);
  }
});

Deno.test("adjustPerson() and fillMissing() refuse a person with another number of keypoints", () => {
  const message =
    /^\w+: the person has 1 keypoints but there are 2 heatmaps\n {2}heatmaps {2}\[2, 3, 3\]/;
  const isShapeError = (error: Error) => error instanceof ShapeError && message.test(error.message);
  const maps = hostArray([2, 3, 3]), one = person(place(0, 0, 0));
  assert.throws(() => adjustPerson(one, maps), isShapeError);
  assert.throws(() => fillMissing(one, maps, hostArray([1, 2, 3, 3])), isShapeError);
});

Deno.test("fillMissing() takes the pixel of its definition, the first of equal ones", () => {
  const random = randomNumbers(6);
  for (let trial = 0; trial < 60; trial++) {
    const [K, D, H, W] = [3, 1 + trial % 3, 5, 4];
    // Few levels: many pixels tie, and distances fall on halves, where rounding goes to even.
    const heatmaps = randomArray([K, H, W], random, (u) => Math.floor(u * 6) / 8 - 0.125);
    const tags = randomArray([D, K, H, W], random, (u) => Math.floor(u * 9) / 2 - 2);
    const first = place(
      1.25,
      2.75,
      ...Array.from({ length: D }, () => Math.floor(random() * 8) / 2),
    );
    const second = place(0.25, 0.25, ...first.tag.map((t) => t + 1));
    const mean = first.tag.map((t) => t + 0.5);

    let best = -1, bestScore = -Infinity;
    for (let pixel = 0; pixel < H * W; pixel++) {
      const distance = Math.hypot(
        ...mean.map((t, d) => tags.data[(d * K + 2) * H * W + pixel] - t),
      );
      const rest = distance - Math.floor(distance);
      const rounded = rest === 0.5
        ? 2 * Math.round(Math.floor(distance) / 2 + 0.25)
        : Math.round(distance);
      const score = heatmaps.data[2 * H * W + pixel] - rounded;
      if (score > bestScore) [best, bestScore] = [pixel, score];
    }
    const value = heatmaps.data[2 * H * W + best];
    const [x, y] = movedByDefinition(heatmaps, 2, best % W, Math.floor(best / W));
    const expected = value > 0
      ? { x, y, score: 1, tag: mean.map((_, d) => tags.data[(d * K + 2) * H * W + best]) }
      : null;
    const filled = fillMissing(person(first, second, null), heatmaps, tags);
    assert.deepEqual(filled.keypoints, [first, second, expected]);
  }
});

Deno.test("fillMissing() gives the score 1 or the heatmap's value and keeps the person's score", () => {
  const heatmaps = hostArray([2, 1, 3], [0.9, 0, 0, 0, 0.25, 0]);
  const tags = hostArray([1, 2, 1, 3]);
  const before = person(place(0.25, 0.25, 0), null);
  const one = fillMissing(before, heatmaps, tags);
  assert.deepEqual([one.keypoints[1]?.score, one.score], [1, 0.5]);
  const faint = fillMissing(before, heatmaps, tags, { filledScore: "heatmap" });
  assert.deepEqual([faint.keypoints[1]?.score, faint.score], [0.25, 0.5]);
});

Deno.test("fillMissing() leaves a keypoint missing where the heatmap is not above 0", () => {
  const heatmaps = hostArray([3, 1, 3], [0.9, 0, 0, 0, 0, 0, -0.2, -0.1, -0.3]);
  const before = person(place(0.25, 0.25, 0), null, null);
  assert.deepEqual(fillMissing(before, heatmaps, hostArray([1, 3, 1, 3])), before);
});

Deno.test("fillMissing() leaves a person without keypoints as it is", () => {
  const nobody = person(null, null);
  const maps = hostArray([2, 1, 2], [1, 1, 1, 1]);
  assert.deepEqual(fillMissing(nobody, maps, hostArray([1, 2, 1, 2])), nobody);
});

Deno.test("fillMissing() can end the map where the authors do", () => {
  // K = 2: by the authors' slip, the lower neighbour of a pixel in row 3 is row K - 1 = 1.
  const column = [0.1, 0.4, 0.3, 0.9, 0.5];
  const heatmaps = hostArray([2, 5, 1], [0.9, 0, 0, 0, 0, ...column]);
  const tags = hostArray([1, 2, 5, 1]);
  const before = person(place(0.25, 0.25, 0), null);
  assert.equal(fillMissing(before, heatmaps, tags).keypoints[1]?.y, 3.75);
  heatmaps.data[5 + 2] = 0.45;
  const authors = fillMissing(before, heatmaps, tags, { bounds: "authors" });
  assert.equal(authors.keypoints[1]?.y, 3.25);
});

Deno.test("fillMissing() says where a map is NaN", () => {
  const heatmaps = hostArray([2, 1, 3], [0.9, 0, 0, 0, 0.2, 0]), tags = hostArray([1, 2, 1, 3]);
  tags.data[4] = NaN;
  const before = person(place(0.25, 0.25, 0), null);
  const message = "fillMissing: the heatmap or the tags of keypoint 1 hold NaN at x 1, y 0";
  assert.throws(() => fillMissing(before, heatmaps, tags), { name: "RangeError", message });
  tags.data[4] = 0;
  heatmaps.data[4] = NaN;
  assert.throws(() => fillMissing(before, heatmaps, tags), { name: "RangeError", message });
});

Deno.test("fillMissing() refuses tags of another length than the maps'", () => {
  const before = person(place(0.25, 0.25, 0, 0), null);
  assert.throws(
    () => fillMissing(before, hostArray([2, 1, 3]), hostArray([1, 2, 1, 3])),
    (error: Error) =>
      error instanceof ShapeError &&
      error.message.startsWith(
        "fillMissing: the person's tags have 2 numbers but the tag maps 1 dimensions",
      ),
  );
  assert.throws(() => fillMissing(before, hostArray([2, 1, 3]), hostArray([1, 2, 3])), ShapeError);
});

Deno.test("adjustPlace() moves by the sign of the difference only inside, or not at all", () => {
  const around = { left: 0.1, right: 0.2, above: 0.3, below: 0.3 };
  const size = { width: 5, height: 6 };
  const moved = (x: number, y: number) =>
    Object.values(adjustPlace({ x, y }, around, size, { adjust: "sign", centreShift: 0 }));
  assert.deepEqual(moved(2, 2), [2.25, 2]);
  assert.deepEqual(moved(3, 2), [3.25, 2]);
  for (const x of [0, 1, 4]) assert.deepEqual(moved(x, 3), [x, 3]); // 0, 1 and the last
  const still = adjustPlace({ x: 2, y: 2 }, around, size, { adjust: "none" });
  assert.deepEqual(still, { x: 2.5, y: 2.5 });
});

Deno.test("fillMissing() weighs tags, takes peaks alone, and fills in nothing where asked", () => {
  const nose = place(0.5, 0.5, 5);
  const tags = hostArray([1, 2, 1, 5], [5, 0, 0, 0, 0, 5, 4, 5, 5, 5]);
  const heatmaps = hostArray([2, 1, 5], [0.9, 0, 0, 0, 0, 0, 1.5, 0.3, 0.2, 0]);
  const filled = (options: object) => fillMissing(person(nose, null), heatmaps, tags, options);
  const x = (options: object) => Math.floor(filled(options).keypoints[1]!.x);
  assert.equal(x({}), 1); // 1.5 - 1 beats 0.3
  assert.equal(x({ tagWeight: 100 }), 2);
  assert.equal(x({ tagWeight: 100, fillFrom: "peaks", fillNeeds: "nothing" }), 0); // 0.3 is beside 1.5
  assert.equal(filled({ tagWeight: 100, fillFrom: "peaks" }).keypoints[1], null);
});

Deno.test("fillPerson() leaves keypoints that are there and those without a place", () => {
  const there = place(1, 1, 0);
  const around = { left: 0, right: 0, above: 0, below: 0 };
  const given = { x: 3, y: 3, score: 0.5, tag: [0], around };
  const { keypoints } = fillPerson(person(there, null, null), [given, null, given], {
    width: 9,
    height: 9,
  });
  assert.deepEqual(keypoints, [there, null, { x: 3.25, y: 3.25, score: 1, tag: [0] }]);
});
