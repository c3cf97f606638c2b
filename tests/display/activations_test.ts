import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import { decodePng } from "../../image/png.ts";
import { drawActivations } from "../../display/activations.ts";
import { divergingColor, heatColor, type Rgb } from "../../display/color.ts";
import { assertSnapshot } from "./snapshot.ts";

const GREY: Rgb = [122, 127, 135];

/** The picture inside a drawing, one colour per pixel. */
async function pixels(drawing: { toString(): string }) {
  const [, base64] = drawing.toString().match(/base64,([^"]*)"/)!;
  const { width, height, data } = await decodePng(Uint8Array.fromBase64(base64));
  return {
    width,
    height,
    at: (x: number, y: number) => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)],
  };
}

const rounded = (color: Rgb) => color.map(Math.round);

Deno.test("drawActivations() looks as its snapshot", () => {
  const svg = drawActivations(hostArray([3, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]));
  assertSnapshot("activations.svg", svg.toString());
});

Deno.test("drawActivations() puts channels side by side, row by row, on one scale", async () => {
  const maps = hostArray([3, 1, 2], [0, 1, 2, 3, 4, 0]);
  const picture = await pixels(drawActivations(maps, { columns: 2 }));
  assert.deepEqual([picture.width, picture.height], [5, 3]); // two channels of 2 and a line; two rows and a line
  const shade = (value: number) => rounded(heatColor(value / 4));
  assert.deepEqual(picture.at(1, 0), shade(1)); // channel 0
  assert.deepEqual(picture.at(2, 0), [...GREY]); // the line between
  assert.deepEqual(picture.at(3, 0), shade(2)); // channel 1
  assert.deepEqual(picture.at(0, 2), shade(4)); // channel 2
  assert.deepEqual(picture.at(4, 2), [...GREY]); // no channel 3
});

Deno.test("drawActivations() with a negative value is pale at 0 and dark at both ends", async () => {
  const picture = await pixels(drawActivations(hostArray([1, 1, 1, 3], [-2, 0, 2])));
  assert.deepEqual(
    [0, 1, 2].map((x) => picture.at(x, 0)),
    [0, 0.5, 1].map((t) => rounded(divergingColor(t))),
  );
});

Deno.test("drawActivations() of zeros is dark, and max sets the scale", async () => {
  assert.deepEqual(
    (await pixels(drawActivations(hostArray([1, 1, 1])))).at(0, 0),
    rounded(heatColor(0)),
  );
  const half = await pixels(drawActivations(hostArray([1, 1, 1], [1]), { max: 2 }));
  assert.deepEqual(half.at(0, 0), rounded(heatColor(0.5)));
});

Deno.test("drawActivations() refuses other axes, what is no number, and sizes that are none", () => {
  const maps = hostArray([1, 1, 1], [1]);
  const fails = (name: string, message: RegExp, ...args: Parameters<typeof drawActivations>) =>
    assert.throws(() => drawActivations(...args), { name, message });
  fails("ShapeError", /^drawActivations: maps must be C H W of one image/, hostArray([2, 2]));
  fails("ShapeError", /^drawActivations: maps must be C H W/, hostArray([2, 1, 1, 1]));
  fails("ShapeError", /^drawActivations: maps must be C H W/, hostArray([0, 1, 1]));
  fails(
    "RangeError",
    /^drawActivations: number 0 of the maps is NaN$/,
    hostArray([1, 1, 1], [NaN]),
  );
  fails("RangeError", /^drawActivations: columns must be a whole number above 0, not 0$/, maps, {
    columns: 0,
  });
  fails("RangeError", /^drawActivations: width must be above 0, not 0$/, maps, { width: 0 });
  fails("RangeError", /^drawActivations: max must be above 0, not -1$/, maps, { max: -1 });
});
