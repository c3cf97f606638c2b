import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import { ShapeError } from "../../core/errors.ts";
import {
  adjustPerson,
  AUTHORS_GROUPING,
  decodeBatch,
  decodePoses,
  fillMissing,
  findPeaks,
  groupByTag,
  toImagePixels,
} from "../../decoders/mod.ts";
import { bag, drawScene, randomNumbers, type ScenePerson } from "./scene.ts";

const SIZE = { keypoints: 17, height: 64, width: 64 };

/** Two people side by side; one keypoint of the second is too faint to be a peak. */
function twoPeople(): {
  heatmaps: ReturnType<typeof hostArray>;
  tags: ReturnType<typeof hostArray>;
} {
  const heatmaps = hostArray([17, 64, 64]), tags = hostArray([1, 17, 64, 64]);
  for (let j = 0; j < 17; j++) {
    const centres = [[10 + 2 * (j % 4), 0.9], [44 + 2 * (j % 4), j === 9 ? 0.05 : 0.8]];
    for (let y = 0; y < 64; y++) {
      for (let x = 0; x < 64; x++) {
        const at = (j * 64 + y) * 64 + x;
        tags.data[at] = x < 32 ? 0 : 2;
        for (const [centre, brightness] of centres) {
          const value = brightness * Math.exp(-((x - centre) ** 2 + (y - 6 - 3 * j) ** 2) / 8);
          heatmaps.data[at] = Math.max(heatmaps.data[at], value);
        }
      }
    }
  }
  return { heatmaps, tags };
}

Deno.test("decodePoses() finds two people and fills in the faint keypoint", () => {
  const { heatmaps, tags } = twoPeople();
  for (const options of [{}, { ...AUTHORS_GROUPING, bounds: "authors" as const }]) {
    const [a, b, ...others] = decodePoses(heatmaps, tags, options);
    assert.equal(others.length, 0);
    assert.ok(Math.abs(a.score - 0.9) < 1e-6);
    assert.ok(Math.abs(b.score - 16 * 0.8 / 17) < 1e-6);
    for (let j = 0; j < 17; j++) {
      const [x, y] = [2 * (j % 4) + 0.25, 6 + 3 * j + 0.25];
      assert.deepEqual(a.keypoints[j], { x: 10 + x, y, score: Math.fround(0.9), tag: [0] });
      const score = j === 9 ? 1 : Math.fround(0.8);
      assert.deepEqual(b.keypoints[j], { x: 44 + x, y, score, tag: [2] });
    }
  }
  assert.equal(decodePoses(heatmaps, tags, { fill: false })[1].keypoints[9], null);
  const [, faint] = decodePoses(heatmaps, tags, { filledScore: "heatmap" });
  assert.equal(faint.keypoints[9]?.score, Math.fround(0.05));
});

/** People far enough apart that no Gaussian hides another one's peak. */
function crowd(seed: number, P: number): ScenePerson[] {
  const random = randomNumbers(seed);
  return Array.from({ length: P }, (_, p) => ({
    tag: [1.5 * p, -p],
    brightness: 0.5 + 0.4 * random(),
    points: Array.from({ length: 17 }, (_, k) =>
      random() < 0.15 && k > 0 ? null : {
        x: 4 + 14 * (p % 4) + Math.floor(random() * 5),
        y: 4 + 14 * Math.floor(p / 4) + Math.floor(random() * 5),
      }),
  }));
}

Deno.test("decodePoses() gives every person of ideal maps back", () => {
  for (let seed = 0; seed < 5; seed++) {
    const people = crowd(seed, 9);
    const { heatmaps, tags } = drawScene(people, { ...SIZE, tagDimensions: 2 });
    const decoded = decodePoses(heatmaps, tags, { fill: false });
    assert.equal(decoded.length, 9);
    for (const { points, tag, brightness } of people) {
      const twin = decoded.find(({ keypoints }) => keypoints[0]?.tag[0] === tag[0]);
      assert.ok(twin);
      const places = twin.keypoints.map((at) => at && [Math.trunc(at.x), Math.trunc(at.y)]);
      assert.deepEqual(places, points.map((point) => point && [point.x, point.y]));
      const found = points.filter((point) => point).length;
      assert.ok(Math.abs(twin.score - found * brightness! / 17) < 1e-6);
    }
  }
});

Deno.test("decodePoses() finds the same people whatever their order in the scene", () => {
  const people = crowd(30, 9), size = { ...SIZE, tagDimensions: 2 };
  const forward = drawScene(people, size), backward = drawScene(people.toReversed(), size);
  assert.deepEqual(
    bag(decodePoses(backward.heatmaps, backward.tags)),
    bag(decodePoses(forward.heatmaps, forward.tags)),
  );
});

Deno.test("decodePoses() leaves the others alone when someone far away comes in", () => {
  const people = crowd(31, 8), size = { ...SIZE, tagDimensions: 2 };
  const stranger = {
    tag: [90, 90],
    points: Array.from({ length: 17 }, (_, k) => ({ x: 60 - k % 3, y: 58 })),
  };
  const without = drawScene(people, size), withOne = drawScene([...people, stranger], size);
  const options = { fill: false };
  const before = decodePoses(without.heatmaps, without.tags, options);
  const after = decodePoses(withOne.heatmaps, withOne.tags, options);
  assert.equal(after.length, 9);
  assert.deepEqual(
    bag(after.filter(({ keypoints }) => keypoints[0]?.tag[0] !== 90)),
    bag(before),
  );
});

Deno.test("decodePoses() is its five steps", () => {
  const { heatmaps, tags } = twoPeople();
  const frame = { stride: 4, inverse: [[1.25, 0, 0], [0, 1.25, -80]] as const };
  const steps = groupByTag(findPeaks(heatmaps, tags))
    .map((person) => adjustPerson(person, heatmaps))
    .map((person) => fillMissing(person, heatmaps, tags))
    .map((person) => toImagePixels(person, frame));
  assert.deepEqual(decodePoses(heatmaps, tags, { frame }), steps);
});

Deno.test("decodePoses() takes a batch of one and finds nobody in empty maps", () => {
  const { heatmaps, tags } = twoPeople();
  const batched = [
    hostArray([1, 17, 64, 64], heatmaps.data),
    hostArray([1, 1, 17, 64, 64], tags.data),
  ] as const;
  assert.deepEqual(decodePoses(...batched), decodePoses(heatmaps, tags));
  assert.deepEqual(decodePoses(hostArray([17, 8, 8]), hostArray([1, 17, 8, 8])), []);
});

Deno.test("decodeBatch() decodes each image as if it were alone", () => {
  const size = { ...SIZE, tagDimensions: 2 };
  const scenes = [crowd(40, 3), [], crowd(41, 5)].map((people) => drawScene(people, size));
  const heatmaps = hostArray([3, 17, 64, 64], scenes.flatMap(({ heatmaps }) => [...heatmaps.data]));
  const tags = hostArray([3, 2, 17, 64, 64], scenes.flatMap(({ tags }) => [...tags.data]));
  const alone = scenes.map(({ heatmaps, tags }) => decodePoses(heatmaps, tags));
  assert.deepEqual(alone.map((people) => people.length), [3, 0, 5]);
  assert.deepEqual(decodeBatch(heatmaps, tags), alone);
  const frames = [{ stride: 1 }, { stride: 2 }, { stride: 4 }];
  assert.deepEqual(
    decodeBatch(heatmaps, tags, { frames }),
    alone.map((people, n) => people.map((person) => toImagePixels(person, frames[n]))),
  );
});

Deno.test("decodePoses() and decodeBatch() say what does not fit", () => {
  const batch = hostArray([2, 1, 4, 4]), tags = hostArray([2, 1, 1, 4, 4]);
  const shapeError = (message: RegExp) => (error: Error) =>
    error instanceof ShapeError && message.test(error.message);
  assert.throws(() => decodePoses(batch, tags), shapeError(/help: decodeBatch takes a batch/));
  assert.throws(
    () => decodeBatch(hostArray([1, 4, 4]), tags),
    shapeError(/^decodeBatch: heatmaps must be \[N, K, H, W\] and tags \[N, D, K, H, W\]/),
  );
  assert.throws(() => decodeBatch(batch, hostArray([3, 1, 1, 4, 4])), shapeError(/^decodeBatch:/));
  assert.throws(() => decodeBatch(batch, tags, { frames: [{}] }), {
    name: "RangeError",
    message: "decodeBatch: there are 1 frames for 2 images",
  });
  tags.data[20] = NaN;
  assert.throws(() => decodeBatch(batch, tags), RangeError);
});
