import assert from "node:assert/strict";
import { batches, batchesAhead } from "../../data/mod.ts";
import { makeBatch } from "../../data/batch.ts";
import { clipSource, frameSample, LEAST_SHOWN } from "../../data/clips.ts";
import type { Sample } from "../../data/sample.ts";
import { syntheticVideo } from "../../data/synthetic/mod.ts";

const options = { seed: 5, size: 32, framesPerClip: 3, gap: [2, 7] } as const;
const sizes = { inputSize: 32, stride: 2, slots: 5, framesPerClip: 3 };

Deno.test("clipSource gives the frames of each video one after another, gap frames apart, the same each time", async () => {
  const source = clipSource(options);
  assert.equal(source.length, Infinity);
  const gaps = new Set<number>();
  for (let clip = 0; clip < 20; clip++) {
    const samples = await Promise.all([0, 1, 2].map((t) => source.sample(3 * clip + t)));
    assert.deepEqual(
      new Set(samples.map(({ video }) => video?.name)),
      new Set([`video 5/${clip}`]),
    );
    const moments = samples.map(({ fileName }) => Number(fileName.split("frame ")[1]));
    for (const [i, moment] of moments.entries()) {
      if (i > 0) gaps.add(moment - moments[i - 1]);
      const video = syntheticVideo({ seed: 5, index: clip, frames: moment + 1, size: 32 });
      assert.deepEqual(samples[i].image, video.frame(moment).image);
    }
  }
  assert.deepEqual([...gaps].toSorted((a, b) => a - b), [2, 3, 4, 5, 6, 7]);
  assert.deepEqual(await source.sample(7), await clipSource(options).sample(7));
});

Deno.test("frameSample leaves out whom hardly anything shows of, and ignores these pixels", () => {
  const video = syntheticVideo({ seed: 3, index: 1, frames: 40, size: 64 });
  let leftOut = 0;
  for (let t = 0; t < 40; t++) {
    const frame = video.frame(t);
    const sample = frameSample(frame, { id: t, video: "f", moment: t, leastShown: LEAST_SHOWN });
    const plain = frame.people.flatMap((_, p) => frame.shown[p] >= LEAST_SHOWN ? [p] : []);
    leftOut += frame.people.length - plain.length;
    assert.deepEqual(sample.people, plain.map((p) => frame.people[p]));
    assert.deepEqual(sample.video?.identities, plain.map((p) => frame.identities[p]));
    const ignored = frame.people.reduce(
      (sum, { area }, p) => sum + (plain.includes(p) ? 0 : area),
      0,
    );
    assert.equal(sample.ignore!.data.reduce((sum, one) => sum + one, 0), ignored);
  }
  assert.ok(leftOut > 3, `${leftOut}`);
});

Deno.test("makeBatch gives an identity one slot over the frames of a clip, whose keypoints stand side by side", async () => {
  const source = clipSource({ ...options, size: 64 });
  const samples = await Promise.all(Array.from({ length: 12 }, (_, i) => source.sample(i)));
  const batch = makeBatch(samples, { ...sizes, inputSize: 64 });
  assert.deepEqual(batch.index.shape, [4, 5, 3 * 17]);
  assert.deepEqual(batch.visible.shape, [4, 5, 3 * 17]);
  let annotated = 0;
  for (let clip = 0; clip < 4; clip++) {
    const frames = samples.slice(3 * clip, 3 * clip + 3);
    const everybody = [...new Set(frames.flatMap(({ video }) => video!.identities))];
    for (let slot = 0; slot < 5; slot++) {
      frames.forEach(({ people, video }, t) => {
        const person = people[video!.identities.indexOf(everybody[slot])];
        for (let k = 0; k < 17; k++) {
          const at = (clip * 5 + slot) * 51 + t * 17 + k;
          const keypoint = person?.keypoints[k];
          const isThere = keypoint !== undefined && keypoint.visibility > 0;
          assert.equal(batch.visible.data[at], isThere ? 1 : 0);
          // Centres of heatmap pixels of stride 2: image pixel x lies in column (x + ½) / 2, cut off.
          const column = isThere ? Math.trunc(keypoint.x / 2) : 0;
          const row = isThere ? Math.trunc(keypoint.y / 2) : 0;
          const place = ((t * 17 + k) * 32 + row) * 32 + column;
          assert.equal(batch.index.data[at], isThere ? place : 0);
          if (isThere) annotated++;
        }
      });
    }
  }
  assert.ok(annotated > 200, `${annotated}`);
});

Deno.test("makeBatch of clips of one frame is that of pictures alone", async () => {
  const source = clipSource({ ...options, framesPerClip: 1 });
  const samples = await Promise.all([0, 1].map((i) => source.sample(i)));
  const alone = samples.map(({ video: _, ...sample }) => sample);
  assert.deepEqual(
    makeBatch(samples, { ...sizes, framesPerClip: 1 }).index,
    makeBatch(alone, { ...sizes, framesPerClip: 1 }).index,
  );
});

Deno.test("batches and batchesAhead make the same clips, and count who has no slot", async () => {
  const loader = { ...sizes, batchSize: 6, steps: 2, slots: 1 };
  const stream = batches(clipSource(options), loader);
  const expected = await Array.fromAsync(stream);
  const ahead = batchesAhead(clipSource(options), loader);
  const got = await Array.fromAsync(ahead);
  assert.deepEqual(got.map(({ index }) => index), expected.map(({ index }) => index));
  let dropped = 0;
  for (let clip = 0; clip < 4; clip++) {
    const met = new Set<number>();
    for (let t = 0; t < 3; t++) {
      const { video } = await clipSource(options).sample(3 * clip + t);
      video!.identities.forEach((identity) => met.add(identity));
    }
    dropped += Math.max(0, met.size - 1);
  }
  assert.ok(dropped > 0);
  assert.deepEqual([stream.droppedPeople, ahead.droppedPeople], [dropped, dropped]);
});

Deno.test("makeBatch refuses samples that make no clips", async () => {
  const source = clipSource(options);
  const samples: Sample[] = await Promise.all([0, 1, 2, 3].map((i) => source.sample(i)));
  const cases: [Sample[], RegExp][] = [
    [samples, /^makeBatch: 4 samples are no whole clips of 3 frames$/],
    [
      samples.slice(1),
      /^makeBatch: video 5\/1, frame 0 is not of the same video as video 5\/0, frame/,
    ],
    [samples.slice(0, 3).map(({ video: _, ...alone }) => alone), /is not of the same video/],
  ];
  for (const [bad, message] of cases) {
    assert.throws(() => makeBatch(bad, sizes), { name: "RangeError", message });
  }
  assert.throws(() => makeBatch(samples, { ...sizes, framesPerClip: 0 }), {
    message: "makeBatch: framesPerClip must be a whole number, 1 or more, not 0",
  });
});

Deno.test("clipSource refuses gaps and frames that are none", () => {
  const cases: [object, string][] = [
    [{ framesPerClip: 0 }, "clipSource: framesPerClip must be a whole number, 1 or more, not 0"],
    [
      { gap: [0, 3] },
      "clipSource: gap must be [least, most], whole numbers of 1 or more and in order, not [0, 3]",
    ],
    [
      { gap: [4, 3] },
      "clipSource: gap must be [least, most], whole numbers of 1 or more and in order, not [4, 3]",
    ],
    [{ size: 8 }, "syntheticVideo: sides must be whole numbers, 16 to 4096 pixels, not 8 x 8"],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => clipSource({ ...options, ...change }), { name: "RangeError", message });
  }
});
