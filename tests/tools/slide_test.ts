import assert from "node:assert/strict";
import { Svg, svgElement } from "../../display/svg.ts";
import { SLIDE, slide } from "../../tools/slide.ts";
import { assertWellFormed } from "../display/snapshot.ts";

const drawing = (width: number, height: number) =>
  new Svg([svgElement("rect", { width, height })], { width, height, title: "drawing" });
const words = { heading: "a < b", words: "and so on" };

/** Place and size of each drawing on a slide. */
const places = (svg: Svg) =>
  [...svg.toString().matchAll(/<svg x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)]
    .map((match) => match.slice(1).map(Number));

Deno.test("slide() is 16 to 9, escapes its words, and keeps everything on the page", () => {
  const svg = slide(words, [drawing(100, 50), drawing(10, 300)]);
  assert.equal(svg.width / svg.height, 16 / 9);
  assertWellFormed(svg.toString().trim());
  for (const [x, y, width, height] of places(svg)) {
    assert.ok(x >= 0 && y >= 0 && x + width <= SLIDE.width && y + height <= SLIDE.height);
  }
});

Deno.test("slide() makes a drawing as large as its place, without distorting it", () => {
  const [[, , width, height]] = places(slide(words, [drawing(100, 10)]));
  assert.deepEqual([width, height], [1200, 120]); // as wide as the page less its margins
  const [[x, , narrow, tall]] = places(slide(words, [drawing(10, 100)]));
  assert.equal(narrow * 10, tall); // as high as the page allows
  assert.ok(Math.abs(x + narrow / 2 - SLIDE.width / 2) < 0.01);
});

Deno.test("slide() shares the width as asked", () => {
  const placed = places(slide(words, [drawing(100, 1), drawing(100, 1)], [3, 1]));
  assert.ok(Math.abs(placed[0][2] / placed[1][2] - 3) < 0.01);
});

Deno.test("slide() refuses no drawing, and other shares than drawings", () => {
  const fails = (message: string, drawings: Svg[], shares?: number[]) =>
    assert.throws(() => slide(words, drawings, shares), {
      name: "RangeError",
      message: `slide: ${message}`,
    });
  fails("0 drawings and 0 shares", []);
  fails("1 drawings and 2 shares", [drawing(1, 1)], [1, 2]);
});
