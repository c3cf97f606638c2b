/**
 * Make pictures larger or smaller by mixing the two nearest rows and columns.
 *
 *     s = (x + 1/2) * W / width - 1/2        the same share of the picture lies left of x and of s
 *     r = (1-u) p[floor(s)] + u p[floor(s)+1],  u = s - floor(s), both pixels kept inside the picture
 *
 * the same for rows: OpenCV's `resize` with `INTER_LINEAR`. Unlike {@linkcode warpImage} it lines up the
 * picture's edges, not the centres of its first pixels. Shrinking to less than half skips pixels.
 *
 * @module
 */
import type { RgbImage } from "./rgb_image.ts";

/** For each position of an axis: the two source positions and the second one's weight. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Float64Array;
}

function taps(from: number, to: number): Taps {
  const first = new Int32Array(to);
  const second = new Int32Array(to);
  const weight = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const place = (i + 0.5) * from / to - 0.5;
    const below = Math.floor(place);
    first[i] = Math.max(below, 0);
    second[i] = Math.min(below + 1, from - 1);
    weight[i] = place - below;
  }
  return { first, second, weight };
}

/**
 * A picture at another size, bilinear, rounded to the nearest byte.
 *
 * @param image The source.
 * @param width Columns of the result.
 * @param height Rows of the result.
 * @throws {RangeError} If a size is not a whole number of 1 or more.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { resizeImage, rgbImage } from "ae";
 *
 * const image = rgbImage(2, 1, new Uint8Array([0, 0, 0, 100, 100, 100]));
 * assert.deepEqual([...resizeImage(image, 1, 1).data], [50, 50, 50]);
 * ```
 */
export function resizeImage(image: RgbImage, width: number, height: number): RgbImage {
  for (const size of [width, height]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`resizeImage: sizes must be whole numbers, 1 or more, not ${size}`);
    }
  }
  const x = taps(image.width, width);
  const y = taps(image.height, height);
  const data = new Uint8Array(width * height * 3);
  for (let row = 0, out = 0; row < height; row++) {
    const upper = y.first[row] * image.width;
    const lower = y.second[row] * image.width;
    const v = y.weight[row];
    for (let column = 0; column < width; column++) {
      const left = x.first[column];
      const right = x.second[column];
      const u = x.weight[column];
      for (let c = 0; c < 3; c++, out++) {
        const top = image.data[(upper + left) * 3 + c] * (1 - u) +
          image.data[(upper + right) * 3 + c] * u;
        const bottom = image.data[(lower + left) * 3 + c] * (1 - u) +
          image.data[(lower + right) * 3 + c] * u;
        data[out] = Math.floor(top * (1 - v) + bottom * v + 0.5);
      }
    }
  }
  return { width, height, data };
}
