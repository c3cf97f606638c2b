/**
 * Bend a picture by an affine map: every pixel of the result looks up where it came from and mixes the
 * four pixels around that place.
 *
 *     s = inverse(matrix) (x, y)             place in the source, (i, j) = floor(s), (u, v) = s - (i, j)
 *     r = (1-v) ((1-u) p[j,i]   + u p[j,i+1])
 *       +    v  ((1-u) p[j+1,i] + u p[j+1,i+1])        p = border value outside the picture
 *
 * The convention is that of OpenCV's `warpAffine` (bilinear, constant border), which pose-ae-train calls:
 * whole numbers are pixel centres and nothing is shifted by half a pixel. Shrinking a lot skips pixels, as
 * there.
 *
 * |              | OpenCV                            | here    |
 * | ------------ | --------------------------------- | ------- |
 * | place        | rounded to 1/32 pixel             | exact   |
 * | 8-bit result | from weights in 1/32768, rounded  | rounded |
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { type HostArray, hostArray } from "../core/host_array.ts";
import { type Affine, invertAffine } from "./affine.ts";
import type { Mask } from "./mask.ts";
import type { RgbImage } from "./rgb_image.ts";

/** The size of the picture to make, and what lies outside the given one. */
export interface WarpOptions {
  /** Columns of the result. */
  readonly width: number;
  /** Rows of the result. */
  readonly height: number;
  /** Value of every channel outside the source, on the source's scale (0 to 255). @default {0} */
  readonly border?: number;
}

/** Pixels with interleaved channels: what the loop below reads. */
interface Source {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/**
 * The loop: channel `c` of pixel `(x, y)` goes to `target[c * width * height + y * width + x]`, times
 * `gain`. Plain index arithmetic and no calls: it runs for every pixel of every training picture.
 */
function warpLoop(
  source: Source,
  matrix: Affine,
  { width, height, border = 0 }: WarpOptions,
  target: Float32Array,
  gain: number,
): void {
  const { width: columns, height: rows, channels, data } = source;
  const [a, b, c, d, e, f] = invertAffine(matrix);
  const plane = width * height;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sourceX = a * x + b * y + c;
      const sourceY = d * x + e * y + f;
      const left = Math.floor(sourceX);
      const top = Math.floor(sourceY);
      const u = sourceX - left;
      const v = sourceY - top;
      const hasLeft = left >= 0 && left < columns;
      const hasRight = left >= -1 && left < columns - 1;
      const hasTop = top >= 0 && top < rows;
      const hasBottom = top >= -1 && top < rows - 1;
      const at = (top * columns + left) * channels;
      let out = y * width + x;
      for (let channel = 0; channel < channels; channel++, out += plane) {
        const i = at + channel;
        const j = i + columns * channels;
        const topLeft = hasTop && hasLeft ? data[i] : border;
        const topRight = hasTop && hasRight ? data[i + channels] : border;
        const bottomLeft = hasBottom && hasLeft ? data[j] : border;
        const bottomRight = hasBottom && hasRight ? data[j + channels] : border;
        const upper = topLeft + u * (topRight - topLeft);
        const lower = bottomLeft + u * (bottomRight - bottomLeft);
        target[out] = (upper + v * (lower - upper)) * gain;
      }
    }
  }
}

/** Checks what all three functions share. */
function checkWarp(op: string, source: Mask | RgbImage, channels: number, options: WarpOptions) {
  for (const size of [options.width, options.height]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`${op}: sizes must be whole numbers, 1 or more, not ${size}`);
    }
  }
  if (!Number.isFinite(options.border ?? 0)) {
    throw new RangeError(`${op}: the border must be a finite number, not ${options.border}`);
  }
  if (source.data.length !== source.width * source.height * channels) {
    throw shapeError(op, "the bytes do not fill the picture", {
      data: [[source.data.length], "bytes"],
      expected: [[source.height, source.width, channels], "H W C"],
    });
  }
}

/** The array to write to: the caller's part of a batch, or a new one. */
function output(op: string, shape: readonly number[], into?: Float32Array<ArrayBuffer>): HostArray {
  const size = shape.reduce((product, length) => product * length, 1);
  if (into && into.length !== size) {
    throw shapeError(op, "the array to write into has the wrong length", {
      into: [[into.length], "numbers"],
      result: [shape, "C H W"],
    });
  }
  return hostArray(shape, into);
}

/**
 * A picture bent by `matrix`, as bytes again (rounded to the nearest).
 *
 * @param image The source.
 * @param matrix From source pixels to result pixels.
 * @param options Size of the result; `border` is the grey level outside the source.
 * @throws {RangeError} If a size is not a whole number of 1 or more, the border is not finite or the matrix
 * has no inverse.
 * @throws {ShapeError} If the source's bytes do not fill it.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { rgbImage, warpImage } from "ae";
 *
 * const image = rgbImage(2, 1, new Uint8Array([10, 20, 30, 40, 50, 60]));
 * const moved = warpImage(image, [1, 0, 1, 0, 1, 0], { width: 2, height: 1 }); // one to the right
 * assert.deepEqual([...moved.data], [0, 0, 0, 10, 20, 30]);
 * ```
 */
export function warpImage(image: RgbImage, matrix: Affine, options: WarpOptions): RgbImage {
  checkWarp("warpImage", image, 3, options);
  const { width, height } = options;
  const planes = new Float32Array(3 * width * height);
  warpLoop({ ...image, channels: 3 }, matrix, options, planes, 1);
  const data = new Uint8Array(3 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < 3; c++) {
      const level = Math.floor(planes[c * width * height + pixel] + 0.5);
      data[pixel * 3 + c] = level < 0 ? 0 : level > 255 ? 255 : level;
    }
  }
  return { width, height, data };
}

/**
 * A picture bent by `matrix`, as a network takes it: three planes (red, green, blue) of numbers in [0, 1],
 * not rounded to bytes.
 *
 * @param image The source.
 * @param matrix From source pixels to result pixels.
 * @param options Size of the result; `border` is on the scale of bytes, 0 to 255.
 * @param into Where to write: `3 * height * width` numbers, e.g. one image's part of a batch.
 * @returns `[3, H, W]`, backed by `into` when given.
 * @throws {RangeError} If a size is not a whole number of 1 or more, the border is not finite or the matrix
 * has no inverse.
 * @throws {ShapeError} If the source's bytes do not fill it or `into` has another length.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { cropTransform, rgbImage, warpToPlanes, wholeImage } from "ae";
 *
 * const photo = rgbImage(4, 2, new Uint8Array(24).fill(255));
 * const matrix = cropTransform(wholeImage(4, 2), 4);
 * const planes = warpToPlanes(photo, matrix, { width: 4, height: 4 });
 * assert.deepEqual(planes.shape, [3, 4, 4]);
 * assert.deepEqual([...planes.data.subarray(0, 8)], [0, 0, 0, 0, 1, 1, 1, 1]); // a black bar, the photo
 * ```
 */
export function warpToPlanes(
  image: RgbImage,
  matrix: Affine,
  options: WarpOptions,
  into?: Float32Array<ArrayBuffer>,
): HostArray {
  checkWarp("warpToPlanes", image, 3, options);
  const { width, height } = options;
  const result = output("warpToPlanes", [3, height, width], into);
  if (width === image.width && height === image.height && isIdentity(matrix)) {
    const plane = width * height;
    for (let i = 0, at = 0; i < plane; i++, at += 3) {
      result.data[i] = image.data[at] / 255;
      result.data[plane + i] = image.data[at + 1] / 255;
      result.data[2 * plane + i] = image.data[at + 2] / 255;
    }
  } else {
    warpLoop({ ...image, channels: 3 }, matrix, options, result.data, 1 / 255);
  }
  return result;
}

/** Nothing moves: synthetic scenes are drawn at the network's size, and are only converted. */
function isIdentity([a, b, c, d, e, f]: Affine): boolean {
  return a === 1 && b === 0 && c === 0 && d === 0 && e === 1 && f === 0;
}

/**
 * A mask bent by `matrix`: 1 where more than half of the mixed value is inside, else 0. What lies outside
 * the source counts as 0.
 *
 * @param mask The source.
 * @param matrix From source pixels to result pixels.
 * @param options Size of the result.
 * @param into Where to write: `height * width` numbers.
 * @returns `[1, H, W]` of 0 and 1, backed by `into` when given.
 * @throws {RangeError} If a size is not a whole number of 1 or more or the matrix has no inverse.
 * @throws {ShapeError} If the source's bytes do not fill it or `into` has another length.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { warpMask } from "ae";
 *
 * const mask = { width: 3, height: 1, data: new Uint8Array([1, 0, 1]) };
 * const moved = warpMask(mask, [1, 0, 1, 0, 1, 0], { width: 3, height: 1 });
 * assert.deepEqual([...moved.data], [0, 1, 0]);
 * ```
 */
export function warpMask(
  mask: Mask,
  matrix: Affine,
  { width, height }: { readonly width: number; readonly height: number },
  into?: Float32Array<ArrayBuffer>,
): HostArray {
  checkWarp("warpMask", mask, 1, { width, height });
  const result = output("warpMask", [1, height, width], into);
  warpLoop({ ...mask, channels: 1 }, matrix, { width, height }, result.data, 1);
  for (let i = 0; i < result.data.length; i++) result.data[i] = result.data[i] > 0.5 ? 1 : 0;
  return result;
}
