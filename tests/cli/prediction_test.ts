import assert from "node:assert/strict";
import {
  COCO,
  combineFlipped,
  disposeModel,
  hostArray,
  type PoseMaps,
  PoseNet,
  rgbImage,
} from "ae";
import { decode, predict } from "../../cli/prediction.ts";
import { AUTHORS_DECODING } from "../../cli/weights.ts";

Deno.test("decode() finds nobody in the margin of a picture that is not square", () => {
  // 64 x 32 pixels in a square of 64: maps of 32 x 32, with the picture in rows 8 to 23.
  const sample = { id: 1, fileName: "wide.png", image: rgbImage(64, 32), people: [] };
  const heatmaps = hostArray([17, 32, 32]);
  for (let k = 0; k < 17; k++) {
    heatmaps.data[k * 1024 + 16 * 32 + 16] = 1; // in the picture
    heatmaps.data[k * 1024 + 2 * 32 + 16] = 1; // above it
    heatmaps.data[k * 1024 + 29 * 32 + 16] = 1; // below it
  }
  const { people } = decode(sample, { heatmaps, tags: hostArray([1, 17, 32, 32]) }, 64, 2);
  assert.equal(people.length, 1);
  for (const keypoint of people[0].keypoints) {
    assert.ok(keypoint && keypoint.y > 14 && keypoint.y < 19, `${keypoint?.y}`);
  }
});

Deno.test("decode() leaves the maps of a square picture alone", () => {
  const sample = { id: 1, fileName: "square.png", image: rgbImage(64, 64), people: [] };
  const heatmaps = hostArray([17, 32, 32]);
  heatmaps.data[0] = heatmaps.data[1023] = 0.9;
  const found = decode(sample, { heatmaps, tags: hostArray([1, 17, 32, 32]) }, 64, 2);
  assert.equal(found.heatmaps, heatmaps);
  assert.equal(found.people.length, 2);
});

/** Pictures of 16 x 16 pixels in which no two columns are alike. */
const samples = [0, 1, 2].map((id) => ({
  id,
  fileName: `${id}.png`,
  image: rgbImage(16, 16, Uint8Array.from({ length: 768 }, (_, i) => (i * (7 + id)) % 251)),
  people: [],
}));
const mirrored = samples.map((sample) => ({
  ...sample,
  image: rgbImage(
    16,
    16,
    Uint8Array.from({ length: 768 }, (_, i) => {
      const [row, column, channel] = [Math.floor(i / 48), Math.floor(i / 3) % 16, i % 3];
      return sample.image.data[48 * row + 3 * (15 - column) + channel];
    }),
  ),
}));

Deno.test("predict() looks at the mirrored picture too where asked", async () => {
  const model = new PoseNet({ stacks: 1, channels: 4, increase: 0, depth: 1, stem: "stride2" });
  const loaded = { model, skeleton: COCO, imageSize: 16, decoding: AUTHORS_DECODING };
  const maps = async (of: typeof samples, flip?: boolean): Promise<PoseMaps[]> =>
    await Array.fromAsync(predict(loaded, of, { flip }));
  const [plain, others, both] = [
    await maps(samples),
    await maps(mirrored),
    await maps(samples, true),
  ];
  samples.forEach((_, i) => {
    const expected = combineFlipped(plain[i], others[i], COCO.flip);
    assert.deepEqual(both[i].heatmaps, expected.heatmaps);
    assert.deepEqual(both[i].tags, expected.tags);
  });
  disposeModel(model);
});

Deno.test("predict() takes a stream, and gives every sample whatever the size of its batches", async () => {
  const model = new PoseNet({ stacks: 1, channels: 4, increase: 0, depth: 1, stem: "stride2" });
  const loaded = { model, skeleton: COCO, imageSize: 16, decoding: AUTHORS_DECODING };
  async function* stream() {
    for (let i = 0; i < 19; i++) yield await Promise.resolve({ ...samples[i % 3], id: i });
  }
  const found = await Array.fromAsync(predict(loaded, stream()));
  assert.deepEqual(found.map(({ sample }) => sample.id), Array.from({ length: 19 }, (_, i) => i));
  assert.deepEqual(found[18].heatmaps, found[0].heatmaps); // picture 0 in a full and in a filled batch
  disposeModel(model);
});
