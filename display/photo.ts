/**
 * What drawings over a picture begin with: its size, and the picture itself.
 *
 * @module
 */
import type { RgbImage } from "../image/rgb_image.ts";
import { checkImage, pngDataUrl } from "./picture.ts";
import { type Markup, svgElement } from "./svg.ts";

/** Columns and rows of a drawing. */
export interface Frame {
  readonly width: number;
  readonly height: number;
}

/**
 * The size of a drawing over a picture: the picture's, or `frame` where there is none; `op` names the caller in errors.
 *
 * @throws {RangeError} If there is neither, or the picture's bytes do not fit its size.
 */
export function drawingFrame(op: string, image: RgbImage | null, frame: Frame | undefined): Frame {
  if (image) checkImage(op, image);
  const size = image ?? frame;
  if (size) return size;
  throw new RangeError(
    `${op}: without an image the frame's size is unknown\n` +
      "  help: give options.frame: { width, height } in image pixels",
  );
}

/** The picture under a drawing in its pixels, whose centres are whole numbers. */
export function photoMarkup(image: RgbImage): Markup {
  const { width, height } = image;
  return svgElement("image", { x: -0.5, y: -0.5, width, height, href: pngDataUrl(image) });
}
