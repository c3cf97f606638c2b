import assert from "node:assert/strict";
import { normal, read } from "ae";
import { normalized } from "../../models/image_norm.ts";
import { assertClose } from "../close.ts";

Deno.test("normalized() takes ImageNet's mean away and divides by its deviation, channel by channel", async () => {
  const images = normal([2, 3, 2, 5], { seed: 1 });
  const { x, y } = await read({ x: images, y: normalized(images, "imagenet") });
  const [mean, deviation] = [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]];
  const expected = x.data.map((value, i) => {
    const c = Math.floor(i / (2 * 5)) % 3;
    return (value - mean[c]) / deviation[c];
  });
  assert.deepEqual(y.shape, [2, 3, 2, 5]);
  assertClose(y.data, expected);
});

Deno.test("normalized() leaves images alone if there is nothing to do", () => {
  const images = normal([1, 3, 2, 2], { seed: 1 });
  assert.equal(normalized(images, "none"), images);
});
