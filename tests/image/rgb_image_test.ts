import assert from "node:assert/strict";
import { rgbImage } from "../../image/rgb_image.ts";

Deno.test("rgbImage() is black without bytes and keeps the bytes it is given", () => {
  assert.deepEqual(rgbImage(2, 1), { width: 2, height: 1, data: new Uint8Array(6) });
  const bytes = new Uint8Array(6).fill(3);
  assert.equal(rgbImage(1, 2, bytes).data, bytes);
});

Deno.test("rgbImage() refuses sizes that make no picture and bytes that do not fill it", () => {
  assert.throws(() => rgbImage(0, 1), {
    name: "RangeError",
    message: "rgbImage: sizes must be whole numbers, 1 or more, not 0",
  });
  assert.throws(() => rgbImage(2, 2, new Uint8Array(11)), {
    name: "ShapeError",
    message: /^rgbImage: the bytes do not fill the picture\n/,
  });
});
