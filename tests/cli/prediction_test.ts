import assert from "node:assert/strict";
import { hostArray, rgbImage } from "ae";
import { decode } from "../../cli/prediction.ts";

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
