import assert from "node:assert/strict";
import { decodePng } from "../../image/png.ts";
import { pngDataUrl } from "../../display/picture.ts";
import { grey } from "./people.ts";

Deno.test("pngDataUrl() holds the picture's own pixels", async () => {
  const image = { width: 3, height: 2, data: Uint8Array.from({ length: 18 }, (_, i) => 14 * i) };
  const [head, base64] = pngDataUrl(image).split(",");
  assert.equal(head, "data:image/png;base64");
  assert.deepEqual(await decodePng(Uint8Array.fromBase64(base64)), image);
});

Deno.test("pngDataUrl() refuses a picture whose bytes do not fit its size", () => {
  assert.throws(() => pngDataUrl({ ...grey(2, 2), width: 3 }), {
    name: "RangeError",
    message: "pngDataUrl: a picture of 3 x 2 pixels holds 18 bytes, not 12",
  });
});

Deno.test("pngDataUrl() refuses a picture without pixels", () => {
  for (const width of [0, -1, 1.5, NaN]) {
    assert.throws(() => pngDataUrl({ width, height: 1, data: new Uint8Array() }), {
      name: "RangeError",
      message: `pngDataUrl: a picture must have at least one pixel, not ${width} x 1`,
    });
  }
});
