import assert from "node:assert/strict";
import { JUPYTER_DISPLAY, showHtml, showImage } from "../../display/jupyter.ts";
import { pngDataUrl } from "../../display/picture.ts";
import { grey } from "./people.ts";

Deno.test("showImage() is a PNG in base64, and words", () => {
  const image = grey(2, 3);
  assert.deepEqual(showImage(image)[JUPYTER_DISPLAY](), {
    "text/plain": "picture of 2 x 3 pixels",
    "image/png": pngDataUrl(image).split(",")[1],
  });
});

Deno.test("showImage() refuses a picture that is not whole", () => {
  assert.throws(() => showImage({ ...grey(1, 1), height: 2 }), {
    name: "RangeError",
    message: "showImage: a picture of 1 x 2 pixels holds 6 bytes, not 3",
  });
  assert.throws(() => showImage({ ...grey(1, 1), height: 0 }), {
    name: "RangeError",
    message: "showImage: a picture must have at least one pixel, not 1 x 0",
  });
});

Deno.test("showHtml() is the markup as it is", () => {
  assert.deepEqual(showHtml("<b>AP</b>")[JUPYTER_DISPLAY](), {
    "text/plain": "HTML, 9 characters",
    "text/html": "<b>AP</b>",
  });
});
