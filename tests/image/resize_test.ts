import assert from "node:assert/strict";
import { resizeImage } from "../../image/resize.ts";
import { rgbImage } from "../../image/rgb_image.ts";
import { Random } from "../../data/random.ts";

Deno.test("resizeImage() equals its definition in plain loops", () => {
  const random = new Random(1);
  const image = rgbImage(7, 5, new Uint8Array(105).map(() => random.integer(256)));
  for (const [width, height] of [[14, 10], [3, 2], [7, 5], [1, 1], [9, 4]]) {
    const result = resizeImage(image, width, height);
    assert.equal(result.data.length, width * height * 3);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < 3; c++) {
          const [sx, sy] = [(x + 0.5) * 7 / width - 0.5, (y + 0.5) * 5 / height - 0.5];
          let sum = 0;
          for (const j of [Math.floor(sy), Math.floor(sy) + 1]) {
            for (const i of [Math.floor(sx), Math.floor(sx) + 1]) {
              const weight = (1 - Math.abs(sx - i)) * (1 - Math.abs(sy - j));
              const [column, row] = [Math.min(6, Math.max(0, i)), Math.min(4, Math.max(0, j))];
              sum += weight * image.data[(row * 7 + column) * 3 + c];
            }
          }
          const level = result.data[(y * width + x) * 3 + c];
          assert.ok(Math.abs(level - sum) <= 0.5001, `(${x}, ${y}): ${level}, ${sum}`);
        }
      }
    }
  }
});

Deno.test("resizeImage() refuses sizes that make no picture", () => {
  for (const size of [0, -1, 1.5, NaN]) {
    assert.throws(() => resizeImage(rgbImage(2, 2), size, 2), {
      name: "RangeError",
      message: `resizeImage: sizes must be whole numbers, 1 or more, not ${size}`,
    });
  }
});
