import assert from "node:assert/strict";
import {
  avgPool2d,
  COCO,
  concat,
  disposeModel,
  normal,
  read,
  type RefinePersonOptions,
  reshape,
  rgbImage,
  slice,
  type TagNetwork,
} from "ae";
import type { FoundPeople } from "../../cli/prediction.ts";
import { refined } from "../../cli/refinement.ts";
import { withoutTags } from "../../cli/transfer.ts";
import { type Decoding, makeModel } from "../../cli/weights.ts";

/** A network that believes every keypoint to be where the picture is red. */
const seesRed: TagNetwork = {
  stride: 2,
  sizeMultiple: 32,
  options: { keypoints: COCO.keypoints.length, tagDimensions: 0 },
  mapsOf(images) {
    const [N, , H, W] = images.shape;
    const red = avgPool2d(slice(images, [0, 0, 0, 0], [N, 1, H, W]), { size: 2 });
    const heatmaps = concat(COCO.keypoints.map(() => red), 1);
    return { heatmaps, tags: reshape(heatmaps, [N, 1, ...heatmaps.shape.slice(1)]) }; // nobody reads them
  },
  targetStrides: { stride: 2 },
  stacksOf(images) {
    return [this.mapsOf(images)];
  },
};

Deno.test("refined() looks at everybody in the picture itself and moves keypoints to where the network sees them", async () => {
  const image = rgbImage(300, 200);
  const dots = [{ x: 60, y: 100 }, { x: 220, y: 90 }];
  for (const { x, y } of dots) {
    for (let dy = -3; dy <= 3; dy++) {
      for (let dx = -3; dx <= 3; dx++) image.data[3 * ((y + dy) * 300 + x + dx)] = 255;
    }
  }
  const person = (at: { x: number; y: number }) => ({
    score: 0.5,
    keypoints: COCO.keypoints.map((_, k) =>
      k === 3 ? null : { x: at.x + (k % 5) - 2, y: at.y + (k % 3) - 1, score: 0.5, tag: [k] }
    ),
  });
  const found = {
    sample: { id: 1, fileName: "dots", image, people: [] },
    people: [...dots.map(person), { keypoints: COCO.keypoints.map(() => null), score: 0 }],
  };
  async function* one() {
    yield await Promise.resolve(found);
  }
  const refiner = { model: seesRed, imageSize: 64, skeleton: COCO, decoding: {} };
  const [{ people, sample }] = await Array.fromAsync(refined(one(), refiner));
  assert.equal(sample, found.sample);
  dots.forEach((dot, p) => {
    people[p].keypoints.forEach((keypoint, k) => {
      // A heatmap pixel is 78 / 32 pixels of the picture: a person so small is looked at in a square of 1.3 times 60.
      assert.ok(Math.hypot(keypoint!.x - dot.x, keypoint!.y - dot.y) < 4, `${p}, ${k}`);
      assert.ok(keypoint!.score > 0.9);
      assert.deepEqual(keypoint!.tag, k === 3 ? [] : [k]);
    });
    assert.equal(people[p].score, 0.5);
  });
  assert.equal(people[2], found.people[2]); // nobody to look at
});

Deno.test("refined() looks at the people of several pictures at once, in the order of the pictures", async () => {
  const picture = (n: number, people: number): FoundPeople => {
    const image = rgbImage(100, 100);
    image.data.fill(40 * (n % 6), 0, 3 * 100 * (20 + 7 * n));
    const person = (p: number) => ({
      score: 0.5,
      keypoints: COCO.keypoints.map((_, k) => ({
        x: 30 + 9 * p + k,
        y: 20 + k,
        score: 0.5,
        tag: [],
      })),
    });
    const sample = { id: n, fileName: `${n}`, image, people: [] };
    return { sample, people: Array.from({ length: people }, (_, p) => person(p)) };
  };
  const pictures = [1, 0, 1, 2, 6, 0, 1, ...Array(9).fill(0)].map((people, n) =>
    picture(n, people)
  );
  const refiner = { model: seesRed, imageSize: 64, skeleton: COCO, decoding: {} };
  let taken = 0;
  const from = async function* (some: readonly FoundPeople[]) {
    for (const one of some) {
      taken++;
      yield await Promise.resolve(one);
    }
  };
  const together: FoundPeople[] = [];
  const takenAt: number[] = [];
  for await (const one of refined(from(pictures), refiner)) {
    together.push(one);
    takenAt.push(taken);
  }
  // Four people are in the first four pictures; three are left over of the seven in the next, for whom eight pictures wait.
  assert.deepEqual(takenAt, [...Array(4).fill(4), ...Array(8).fill(12), 13, 14, 15, 16]);
  for (const [n, one] of pictures.entries()) {
    const [alone] = await Array.fromAsync(refined(from([one]), refiner));
    assert.deepEqual(together[n], alone);
    assert.equal(together[n].sample, one.sample);
  }
});

Deno.test("refined() looks at several sizes, and averages what it sees", async () => {
  const image = rgbImage(200, 200);
  for (let y = 92; y <= 98; y++) for (let x = 82; x <= 88; x++) image.data[3 * (200 * y + x)] = 255;
  const keypoints = COCO.keypoints.map((_, k) => ({
    x: 65 + k % 5 * 10, // 40 apart: a crop of 78 pixels
    y: 95,
    score: 0.5,
    tag: [],
  }));
  const found = {
    sample: { id: 1, fileName: "dot", image, people: [] },
    people: [{ keypoints, score: 0.5 }],
  };
  const seen = async (model: TagNetwork, sizes?: readonly number[]) => {
    const one = async function* () {
      yield await Promise.resolve(found);
    };
    const refiner = { model, imageSize: 64, skeleton: COCO, decoding: {} };
    const [{ people }] = await Array.fromAsync(
      refined(one(), refiner, { sizes, leastAgreement: 0 }),
    );
    return people[0].keypoints[0]!;
  };
  const once = await seen(seesRed);
  assert.deepEqual(await seen(seesRed, [1, 0.9, 1]), once); // 0.9 of 64 is rounded up to 64
  for (const sizes of [[1, 0.5], [0.5, 1], [2]]) {
    const { x, y } = await seen(seesRed, sizes);
    // A pixel of the smaller maps is 78 / 16 pixels of the picture.
    assert.ok(Math.hypot(x - 85, y - 95) < 5, `${sizes}: ${x}, ${y}`);
  }

  /** As sure as the side of its input says, everywhere. */
  const seesItsSide: TagNetwork = {
    ...seesRed,
    mapsOf(images) {
      const { heatmaps, tags } = seesRed.mapsOf(images);
      return { heatmaps: heatmaps.mul(0).add(images.shape[3] / 128), tags };
    },
  };
  const scores = [[1], [0.5], [2, 1, 0.5]].map(async (sizes) =>
    (await seen(seesItsSide, sizes)).score
  );
  const close = (await Promise.all(scores)).map((score) => score.toFixed(4));
  assert.deepEqual(close, ["0.5000", "0.2500", (1.75 / 3).toFixed(4)]);
  for (const sizes of [[], [0], [5]]) {
    await assert.rejects(seen(seesRed, sizes), {
      name: "RangeError",
      message: `lookedAgain: sizes must be numbers above 0, at most 4, not [${sizes}]`,
    });
  }
});

Deno.test("refined() replaces keypoints above the threshold that goes with the weights, or is asked for", async () => {
  const image = rgbImage(80, 80);
  image.data.fill(128); // 128 / 255 everywhere is as sure as 0.502
  const keypoints = COCO.keypoints.map((_, k) => ({ x: 40 + k % 3, y: 40, score: 0.9, tag: [] }));
  const found = {
    sample: { id: 1, fileName: "grey", image, people: [] },
    people: [{ keypoints, score: 0.9 }],
  };
  async function* one() {
    yield await Promise.resolve(found);
  }
  const cases: [Partial<Decoding>, RefinePersonOptions, boolean][] = [
    [{}, {}, true], // 0.15
    [{ threshold: 0.5 }, {}, true],
    [{ threshold: 0.51 }, {}, false],
    [{ threshold: 0.51 }, { threshold: 0.4 }, true],
  ];
  for (const [decoding, options, isReplaced] of cases) {
    const refiner = { model: seesRed, imageSize: 64, skeleton: COCO, decoding };
    const [{ people }] = await Array.fromAsync(
      refined(one(), refiner, { leastAgreement: 0, ...options }),
    );
    assert.equal(people[0].keypoints[0]!.score !== 0.9, isReplaced, JSON.stringify(decoding));
  }
});

Deno.test("refined() calls it agreement, asking both looks, within a share of the crop", async () => {
  const image = rgbImage(1000, 1000);
  for (let y = 460; y < 500; y++) image.data.fill(255, 3 * (1000 * y + 460), 3 * (1000 * y + 500));
  // The network sees everything near (480, 480); the crop is 1.3 times 800 pixels wide, and agreement is below 62.
  const keypoints = COCO.keypoints.map((_, k) => ({
    x: [515, 600, 100][Math.min(k, 2)],
    y: k < 2 ? 480 : 80 + 800 * (k % 2),
    score: 0.9,
    tag: [],
  })).with(16, { x: 900, y: 480, score: 0.9, tag: [] });
  const found = {
    sample: { id: 1, fileName: "dot", image, people: [] },
    people: [{ keypoints, score: 0.5 }],
  };
  const refiner = { model: seesRed, imageSize: 64, skeleton: COCO, decoding: { threshold: 5 } };
  const seen = async (options: RefinePersonOptions) => {
    const one = async function* () {
      yield await Promise.resolve(found);
    };
    const rules = { leastAgreement: 0, ...options };
    const [{ people: [person] }] = await Array.fromAsync(refined(one(), refiner, rules));
    return { ...person, keypoints: person.keypoints.map((at) => [at!.x, at!.y]) };
  };
  const first = keypoints.map(({ x, y }) => [x, y]);
  const { keypoints: second } = await seen({ threshold: 0 });
  const both = await seen({ take: "both" }); // 5 in units of 0.1: the first look is surer wherever they disagree
  const middle = [0, 1].map((axis) => (first[0][axis] + second[0][axis]) / 2);
  assert.deepEqual(both.keypoints, first.with(0, middle));
  assert.ok(Math.abs(both.score - 0.5 / 17) < 1e-9);
  const within = await seen({ take: "both", agreementPixels: 10 });
  assert.deepEqual(within, { keypoints: first, score: 0 });
  assert.deepEqual(
    (await seen({ take: "both", firstThreshold: 50 })).keypoints.slice(1),
    second.slice(1),
  );
});

Deno.test("withoutTags() makes a network with the same heatmaps and no tags", async () => {
  const loaded = makeModel("demo", { channels: 4, increase: 2, seed: 3, stacks: 2 }, {
    threshold: 0.7,
  });
  const images = normal([1, 3, 64, 64], { seed: 1 });
  const [before] = loaded.model.stacksOf(images);
  const expected = (await read({ heatmaps: before.heatmaps })).heatmaps;
  const { model, decoding } = await withoutTags(loaded);
  assert.deepEqual(decoding, {}); // peaks of people say nothing about a second look
  const stacks = model.stacksOf(images);
  const [after] = stacks;
  assert.deepEqual(after.tags.shape, [1, 0, 17, 32, 32]);
  const got = (await read({ heatmaps: after.heatmaps })).heatmaps;
  assert.ok(got.data.every((value, i) => value === expected.data[i]));
  assert.equal(stacks.length, 2);
  disposeModel(model);
});
