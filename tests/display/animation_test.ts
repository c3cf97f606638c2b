import assert from "node:assert/strict";
import { drawAnimation, Svg, svgElement } from "../../display/mod.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const dot = (x: number, width = 10) =>
  new Svg([svgElement("circle", { cx: x, cy: 5, r: 2 })], { width, height: 10, title: `dot ${x}` });

Deno.test("drawAnimation() looks as its snapshot", () => {
  const svg = drawAnimation([dot(2), dot(5), dot(8)], { framesPerSecond: 4, title: "a dot moves" });
  assertSnapshot("animation.svg", svg.toString());
  assertWellFormed(svg.toString().trim());
});

Deno.test("drawAnimation() shows exactly one picture at any time, each as long as the others", () => {
  for (const length of [2, 3, 7, 40]) {
    const svg = drawAnimation(Array.from({ length }, (_, i) => dot(i)), { framesPerSecond: 5 });
    const turns = [...svg.toString().matchAll(/values="([^"]*)" keyTimes="([^"]*)" dur="([^"]*)"/g)]
      .map(([, values, times, dur]) => ({
        values: values.split(";"),
        times: times.split(";").map(Number),
        dur,
      }));
    assert.equal(turns.length, length);
    for (let i = 0; i < length; i++) {
      const time = (i + 0.5) / length;
      const shown = turns.map(({ values, times }) =>
        values[times.findLastIndex((start) => start <= time)]
      );
      assert.deepEqual(shown.map((value) => value === "inline"), turns.map((_, t) => t === i));
    }
    assert.equal(turns[0].dur, `${length / 5}s`);
  }
});

Deno.test("drawAnimation() of one picture is that picture, still", () => {
  const text = drawAnimation([dot(5)]).toString();
  assert.doesNotMatch(text, /animate/);
  assert.match(text, /<g display="inline">/);
});

Deno.test("drawAnimation() refuses no picture, several sizes and no speed", () => {
  const fails = (pictures: Svg[], message: string, framesPerSecond = 6) =>
    assert.throws(() => drawAnimation(pictures, { framesPerSecond }), {
      name: "RangeError",
      message,
    });
  fails([], "drawAnimation: there is no picture to draw");
  fails([dot(1), dot(1, 11)], "drawAnimation: pictures of 10 x 10 and of 11 x 10");
  fails([dot(1)], "drawAnimation: framesPerSecond must be above 0, not 0", 0);
});
