/**
 * How a picture shows itself in a notebook.
 *
 * A Jupyter cell displays its last expression. Deno's kernel first looks for a method under the key
 * `Symbol.for("Jupyter.display")` and, where there is one, shows the MIME bundle that it returns: a record from
 * media type to content, of which the front end takes the richest it knows. So a function that returns a
 * {@linkcode Displayable} needs no "show": writing `drawPoses(...)` at the end of a cell is enough.
 *
 * @module
 */
import type { RgbImage } from "../image/rgb_image.ts";
import { pngBase64 } from "./picture.ts";

/** The key under which Deno's notebook kernel looks for an object's picture. */
export const JUPYTER_DISPLAY: unique symbol = Symbol.for("Jupyter.display");

/** Media type to content: text as it is, binary media (`image/png`) in base64. */
export type MimeBundle = Readonly<Record<string, string>>;

/** An object that a notebook shows as a picture when it is the last expression of a cell. */
export interface Displayable {
  /** The picture as a MIME bundle, with `text/plain` as the form for front ends without pictures. */
  [JUPYTER_DISPLAY](): MimeBundle;
}

/**
 * Show a picture in a notebook cell, as PNG at its own size.
 *
 * @param image The picture.
 * @throws {RangeError} If the image's data does not have `width * height * 3` bytes, or no pixel at all.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { JUPYTER_DISPLAY, showImage } from "ae";
 *
 * const red = { width: 1, height: 1, data: Uint8Array.of(255, 0, 0) };
 * const bundle = showImage(red)[JUPYTER_DISPLAY]();
 * assert.equal(bundle["text/plain"], "picture of 1 x 1 pixels");
 * assert.match(bundle["image/png"], /^iVBOR/); // base64 of PNG's first bytes
 * ```
 */
export function showImage(image: RgbImage): Displayable {
  const png = pngBase64("showImage", image);
  return {
    [JUPYTER_DISPLAY]: () => ({
      "text/plain": `picture of ${image.width} x ${image.height} pixels`,
      "image/png": png,
    }),
  };
}

/**
 * Show a piece of HTML in a notebook cell, for example a whole {@linkcode reportHtml}.
 *
 * @param html The markup, shown as it is: escape what comes from outside.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { JUPYTER_DISPLAY, showHtml } from "ae";
 *
 * assert.equal(showHtml("<b>AP</b>")[JUPYTER_DISPLAY]()["text/html"], "<b>AP</b>");
 * ```
 */
export function showHtml(html: string): Displayable {
  return {
    [JUPYTER_DISPLAY]: () => ({
      "text/plain": `HTML, ${html.length} characters`,
      "text/html": html,
    }),
  };
}
