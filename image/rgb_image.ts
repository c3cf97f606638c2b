/** A picture in main memory. @module */
import { shapeError } from "../core/errors.ts";

/** Rows of red, green, blue bytes (0 to 255), top row first: `data[(y * width + x) * 3 + channel]`. */
export interface RgbImage {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/**
 * An {@linkcode RgbImage} of the given size: black, or the given bytes.
 *
 * @param width Columns, 1 or more.
 * @param height Rows, 1 or more.
 * @param data `width * height * 3` bytes (0 to 255), kept as they are, not copied.
 * @throws {RangeError} If a size is not a whole number of 1 or more.
 * @throws {ShapeError} If there are more or fewer bytes than the size asks for.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { rgbImage } from "ae";
 *
 * const image = rgbImage(2, 1, new Uint8Array([255, 0, 0, 0, 0, 255])); // a red and a blue pixel
 * assert.equal(image.data[(0 * image.width + 1) * 3 + 2], 255);
 * ```
 */
export function rgbImage(
  width: number,
  height: number,
  data?: Uint8Array<ArrayBuffer>,
): RgbImage {
  for (const size of [width, height]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`rgbImage: sizes must be whole numbers, 1 or more, not ${size}`);
    }
  }
  if (data && data.length !== width * height * 3) {
    throw shapeError("rgbImage", "the bytes do not fill the picture", {
      data: [[data.length], "bytes"],
      expected: [[height, width, 3], "H W C"],
    });
  }
  return { width, height, data: data ?? new Uint8Array(width * height * 3) };
}
