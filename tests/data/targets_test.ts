import assert from "node:assert/strict";
import { heatmapTargets, tagTargets } from "../../data/targets.ts";
import { Random } from "../../data/random.ts";
import type { AnnotatedPerson } from "../../pose/person.ts";
import { anybody, nobody, person } from "./people.ts";
import { assertClose } from "../close.ts";

const K = 17;

/** The definition, pixel by pixel. */
function definition(people: AnnotatedPerson[], width: number, height: number, sigma: number) {
  const maps: number[] = [];
  for (let k = 0; k < K; k++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let value = 0;
        for (const { keypoints } of people) {
          const [i, j] = [Math.trunc(keypoints[k].x), Math.trunc(keypoints[k].y)];
          const annotated = keypoints[k].visibility > 0;
          if (!annotated || i < 0 || i >= width || j < 0 || j >= height) continue;
          if (Math.max(Math.abs(x - i), Math.abs(y - j)) > 3 * sigma + 1) continue;
          value = Math.max(value, Math.exp(-((x - i) ** 2 + (y - j) ** 2) / (2 * sigma ** 2)));
        }
        maps.push(value);
      }
    }
  }
  return maps;
}

Deno.test("heatmapTargets() equals its definition in plain loops", () => {
  const random = new Random(1);
  for (const [count, sigmaPixels] of [[0, 1], [1, 2], [5, 1], [5, 2.5]]) {
    const people = Array.from({ length: count }, () => anybody(random, 20));
    const options = { keypoints: K, height: 16, width: 20, sigmaPixels };
    const maps = heatmapTargets(people, options);
    assert.deepEqual(maps.shape, [K, 16, 20]);
    assertClose(maps.data, definition(people, 20, 16, sigmaPixels), { tolerance: 1e-6 });
  }
});

Deno.test("heatmapTargets() has the published values for sigma 2", () => {
  const one = person(() => [20.7, 20.2, 2]);
  const size = { keypoints: K, height: 128, width: 128 };
  const { data } = heatmapTargets([one], size); // 128 / 64
  const at = (x: number, y: number) => data[(20 + y) * 128 + 20 + x];
  assertClose([at(0, 0), at(1, 0), at(1, 1), at(7, 0), at(7, 7)], [
    1,
    0.8824969,
    0.7788008,
    0.0021875,
    4.785e-6,
  ], { tolerance: 1e-7 });
  assert.equal(at(8, 0), 0);
  let sum = 0;
  for (let i = 0; i < 128 * 128; i++) sum += data[i];
  assertClose(sum, 25.12513, { tolerance: 1e-6 });
});

Deno.test("heatmapTargets() takes a sigma of 1 where size / 64 is less", () => {
  const one = person(() => [8, 8, 1]);
  const size = { keypoints: K, height: 16, width: 16 };
  const narrow = heatmapTargets([one], { ...size, sigmaPixels: 1 });
  assert.deepEqual(heatmapTargets([one], size), narrow);
});

Deno.test("heatmapTargets() clears what it writes into", () => {
  const into = new Float32Array(K * 64).fill(5);
  const { data } = heatmapTargets([], { keypoints: K, height: 8, width: 8 }, into);
  assert.equal(data, into);
  assert.ok(into.every((value) => value === 0));
});

Deno.test("tagTargets() gives each annotated keypoint inside the map its place", () => {
  const random = new Random(2);
  const people = [anybody(random, 12), nobody, anybody(random, 12)];
  const options = { keypoints: K, height: 10, width: 12, slots: 4 };
  const { index, visible, dropped } = tagTargets(people, options);
  assert.deepEqual([index.shape, visible.shape, dropped], [[4, K], [4, K], 0]);
  for (let p = 0; p < 4; p++) {
    for (let k = 0; k < K; k++) {
      const keypoint = people[p]?.keypoints[k];
      const [x, y] = [Math.trunc(keypoint?.x ?? -1), Math.trunc(keypoint?.y ?? -1)];
      const inside = x >= 0 && x < 12 && y >= 0 && y < 10 && keypoint.visibility > 0;
      assert.equal(visible.data[p * K + k], inside ? 1 : 0);
      assert.equal(index.data[p * K + k], inside ? (k * 10 + y) * 12 + x : 0);
    }
  }
  assert.ok(visible.data.includes(1));
});

Deno.test("tagTargets() and heatmapTargets() agree on every place", () => {
  const random = new Random(3);
  const people = Array.from({ length: 6 }, () => anybody(random, 32));
  const size = { keypoints: K, height: 32, width: 32 };
  const maps = heatmapTargets(people, size);
  const { index, visible } = tagTargets(people, size);
  visible.data.forEach((seen, i) => {
    if (seen) assert.equal(maps.data[index.data[i]], 1);
  });
});

Deno.test("tagTargets() counts the people that have no slot, and keeps the first ones", () => {
  const people = Array.from({ length: 33 }, (_, p) => person(() => [p % 8, 1, 2]));
  const { index, dropped } = tagTargets(people, { keypoints: K, height: 8, width: 8 });
  assert.deepEqual(index.shape, [30, K]);
  assert.equal(dropped, 3);
  assert.equal(index.data[29 * K], 8 + 29 % 8);
});

Deno.test("heatmapTargets() and tagTargets() cut decimals off towards zero", () => {
  const edge = person(() => [-0.9, 7.99, 1]);
  const { index, visible } = tagTargets([edge], { keypoints: K, height: 8, width: 8 });
  assert.deepEqual([index.data[0], visible.data[0]], [7 * 8 + 0, 1]);
  const outside = person(() => [-1, 8, 1]);
  assert.equal(tagTargets([outside], { keypoints: K, height: 8, width: 8 }).visible.data[0], 0);
});

Deno.test("heatmapTargets() and tagTargets() refuse what makes no targets", () => {
  const size = { keypoints: K, height: 8, width: 8 };
  assert.throws(() => heatmapTargets([], { ...size, width: 0 }), {
    name: "RangeError",
    message: "heatmapTargets: width must be a whole number, 1 or more, not 0",
  });
  assert.throws(() => heatmapTargets([], { ...size, sigmaPixels: 0 }), {
    name: "RangeError",
    message: "heatmapTargets: sigmaPixels must be above 0, not 0",
  });
  assert.throws(() => heatmapTargets([nobody], { ...size, keypoints: 14 }), {
    name: "ShapeError",
    message: /^heatmapTargets: person 0 has another number of keypoints than the maps\n/,
  });
  assert.throws(() => heatmapTargets([], size, new Float32Array(3)), {
    name: "ShapeError",
    message: /^heatmapTargets: the array to write into has the wrong length\n/,
  });
  assert.throws(() => tagTargets([nobody, person(() => [NaN, 1, 2])], size), {
    name: "RangeError",
    message: "tagTargets: keypoint 0 of person 1 is at (NaN, 1)",
  });
  assert.throws(() => tagTargets([], { ...size, slots: 0 }), RangeError);
  assert.throws(() => tagTargets([nobody], { ...size, keypoints: 3 }), { name: "ShapeError" });
});
