/**
 * Pictures as text: an {@linkcode RgbImage} as the base64 PNG that goes into SVG, HTML and notebooks, so that a
 * drawing is one file with nothing beside it.
 *
 * @module
 */
import { encodePng } from "../image/png.ts";
import type { RgbImage } from "../image/rgb_image.ts";

/** A copy of the picture's pixels under the same size, to be painted on. */
export function copyOf(image: RgbImage): RgbImage {
  return { width: image.width, height: image.height, data: image.data.slice() };
}

/**
 * Refuse a picture whose size and number of bytes disagree.
 *
 * @throws {RangeError} If a side is not a whole number above 0 or `data` has another length.
 */
export function checkImage(op: string, { width, height, data }: RgbImage): void {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(`${op}: a picture must have at least one pixel, not ${width} x ${height}`);
  }
  if (data.length !== width * height * 3) {
    throw new RangeError(
      `${op}: a picture of ${width} x ${height} pixels holds ${width * height * 3} bytes, ` +
        `not ${data.length}`,
    );
  }
}

/** The picture as a PNG file in base64; `op` names the caller in errors. */
export function pngBase64(op: string, image: RgbImage): string {
  checkImage(op, image);
  return encodePng(image).toBase64();
}

/**
 * The picture as a `data:` URL of a PNG file, for `<img src>` and SVG's `<image href>`.
 *
 * @param image The picture.
 * @throws {RangeError} If the image's data does not have `width * height * 3` bytes, or no pixel at all.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { pngDataUrl } from "ae";
 *
 * const black = { width: 2, height: 1, data: new Uint8Array(6) };
 * assert.match(pngDataUrl(black), /^data:image\/png;base64,iVBOR/);
 * ```
 */
export function pngDataUrl(image: RgbImage): string {
  return `data:image/png;base64,${pngBase64("pngDataUrl", image)}`;
}
