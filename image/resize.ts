/**
 * Make pictures and maps larger or smaller by mixing the two nearest rows and columns.
 *
 *     s = (x + 1/2) * W / width - 1/2        the same share of the picture lies left of x and of s
 *     r = (1-u) p[floor(s)] + u p[floor(s)+1],  u = s - floor(s), both pixels kept inside the picture
 *
 * the same for rows. This is OpenCV's `resize` with `INTER_LINEAR`, which pose-ae-train uses to bring
 * maps of several scales together. Unlike {@linkcode warpImage} it lines up the picture's edges, not the
 * centres of its first pixels. Shrinking to less than half skips pixels.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { type HostArray, hostArray } from "../core/host_array.ts";
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

function checkSizes(op: string, sizes: readonly number[]): void {
  for (const size of sizes) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`${op}: sizes must be whole numbers, 1 or more, not ${size}`);
    }
  }
}

/**
 * Maps at another size, bilinear.
 *
 * @param maps `[..., H, W]`: any number of leading axes, H and W at least 1.
 * @param height Rows of the result.
 * @param width Columns of the result.
 * @returns `[..., height, width]`.
 * @throws {ShapeError} If the maps have fewer than two axes or an empty H or W.
 * @throws {RangeError} If a size is not a whole number of 1 or more.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray, resizeMaps } from "ae";
 *
 * const wide = resizeMaps(hostArray([1, 2], [0, 4]), 1, 4);
 * assert.deepEqual([...wide.data], [0, 1, 3, 4]);
 * ```
 */
export function resizeMaps(maps: HostArray, height: number, width: number): HostArray {
  checkSizes("resizeMaps", [height, width]);
  const leading = maps.shape.slice(0, -2);
  const [rows, columns] = maps.shape.slice(-2);
  if (maps.shape.length < 2 || rows < 1 || columns < 1) {
    throw shapeError("resizeMaps", "the maps need rows and columns", {
      maps: [maps.shape, "... H W"],
    });
  }
  const count = leading.reduce((product, length) => product * length, 1);
  const result = hostArray([...leading, height, width]);
  const x = taps(columns, width);
  const y = taps(rows, height);
  for (let map = 0, out = 0; map < count; map++) {
    for (let row = 0; row < height; row++) {
      const upper = (map * rows + y.first[row]) * columns;
      const lower = (map * rows + y.second[row]) * columns;
      const v = y.weight[row];
      for (let column = 0; column < width; column++, out++) {
        const left = x.first[column];
        const right = x.second[column];
        const u = x.weight[column];
        const top = maps.data[upper + left] * (1 - u) + maps.data[upper + right] * u;
        const bottom = maps.data[lower + left] * (1 - u) + maps.data[lower + right] * u;
        result.data[out] = top * (1 - v) + bottom * v;
      }
    }
  }
  return result;
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
  checkSizes("resizeImage", [width, height]);
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
