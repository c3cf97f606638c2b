import assert from "node:assert/strict";
import { drawAugmentation, prepareSample, SOUND_AUGMENTATION } from "../../data/augment.ts";
import { makeBatch } from "../../data/batch.ts";
import { Random } from "../../data/random.ts";
import type { Sample } from "../../data/sample.ts";
import { heatmapTargets, tagTargets } from "../../data/targets.ts";
import { rgbImage } from "../../image/rgb_image.ts";
import { anybody } from "./people.ts";

const random = new Random(1);
const samples: Sample[] = [40, 25, 33].map((width, id) => ({
  id,
  fileName: `${id}.png`,
  image: rgbImage(width, 30, new Uint8Array(width * 90).map(() => random.integer(256))),
  people: Array.from({ length: id * 2 }, () => anybody(random, 30)),
}));
const options = { inputSize: 32, stride: 2, slots: 5 };

Deno.test("makeBatch() puts prepared samples and their targets one after the other", () => {
  const ways = samples.map(({ image }) => drawAugmentation(image, SOUND_AUGMENTATION, random));
  const batch = makeBatch(samples, options, ways);
  const { images, heatmaps, mask, index, visible } = batch;
  assert.deepEqual(
    [images.shape, heatmaps.shape, mask.shape, index.shape, visible.shape],
    [[3, 3, 32, 32], [3, 17, 16, 16], [3, 1, 16, 16], [3, 5, 17], [3, 5, 17]],
  );
  samples.forEach((sample, n) => {
    const alone = prepareSample(sample, ways[n], { inputSize: 32, heatmapSize: 16 });
    const size = { keypoints: 17, height: 16, width: 16 };
    const tags = tagTargets(alone.people, { ...size, slots: 5 });
    const part = <T extends { slice(from: number, to: number): T; length: number }>(data: T) =>
      data.slice(n * data.length / 3, (n + 1) * data.length / 3);
    assert.deepEqual(part(images.data), alone.image.data);
    assert.deepEqual(part(mask.data), alone.mask.data);
    assert.deepEqual(part(heatmaps.data), heatmapTargets(alone.people, size).data);
    assert.deepEqual(part(index.data), tags.index.data);
    assert.deepEqual(part(visible.data), tags.visible.data);
  });
});

Deno.test("makeBatch() makes a second set of maps, whose marks are as many pixels wide", () => {
  const ways = samples.map(({ image }) => drawAugmentation(image, SOUND_AUGMENTATION, random));
  const sizes = { inputSize: 256, stride: 2, slots: 5 };
  const { fineHeatmaps, fineMask, ...first } = makeBatch(
    samples,
    { ...sizes, fineStride: 1 },
    ways,
  );
  assert.deepEqual([fineHeatmaps?.shape, fineMask?.shape], [[3, 17, 256, 256], [3, 1, 256, 256]]);
  const plain = makeBatch(samples, sizes, ways);
  assert.deepEqual(Object.keys(plain), Object.keys(first));
  for (const [name, { data }] of Object.entries(plain)) {
    const same = first[name as keyof typeof first].data;
    assert.ok(Float32Array.from(data).every((value, i) => value === same[i]), name);
  }
  samples.forEach((sample, n) => {
    const alone = prepareSample(sample, ways[n], { inputSize: 256, heatmapSize: 256 });
    const size = { keypoints: 17, height: 256, width: 256 };
    const marks = heatmapTargets(alone.people, { ...size, sigmaPixels: 128 / 64 }).data; // those of 128
    assert.ok(marks.every((value, i) => value === fineHeatmaps!.data[n * marks.length + i]));
    const counts = alone.mask.data;
    assert.ok(counts.every((value, i) => value === fineMask!.data[n * counts.length + i]));
  });
});

Deno.test("makeBatch() shows the whole picture when not told otherwise", () => {
  const { images } = makeBatch([samples[0]], { inputSize: 40, stride: 4 });
  // 40 x 30 in a square of 40: five black rows above, then the picture itself.
  for (let x = 0; x < 40; x++) {
    assert.equal(images.data[4 * 40 + x], 0);
    assert.equal(images.data[5 * 40 + x], Math.fround(samples[0].image.data[x * 3] / 255));
  }
});

Deno.test("makeBatch() refuses sizes that make no batch", () => {
  assert.throws(() => makeBatch([], options), {
    name: "RangeError",
    message: "makeBatch: there are no samples",
  });
  assert.throws(() => makeBatch(samples, { inputSize: 32, stride: 5 }), {
    name: "RangeError",
    message: "makeBatch: inputSize 32 cannot be divided by stride 5",
  });
  assert.throws(() => makeBatch(samples, { ...options, fineStride: 3 }), {
    name: "RangeError",
    message: "makeBatch: inputSize 32 cannot be divided by fineStride 3",
  });
  assert.throws(() => makeBatch(samples, { inputSize: -32, stride: 4 }), {
    name: "RangeError",
    message: "makeBatch: inputSize must be a whole number, 1 or more, not -32",
  });
  assert.throws(() => makeBatch(samples, options, []), {
    name: "RangeError",
    message: "makeBatch: 0 augmentations for 3 samples",
  });
  const skeleton = {
    name: "one",
    keypoints: ["nose"],
    flip: [0],
    limbs: [],
    sigmas: [1],
    groupingOrder: [0],
  };
  assert.throws(() => makeBatch(samples, { ...options, skeleton }), { name: "ShapeError" });
});
