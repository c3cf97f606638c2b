import assert from "node:assert/strict";
import { drawFilm } from "../../display/film.ts";
import { Svg, svgElement } from "../../display/svg.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const frame = (caption: string, r: number, width = 30, height = 20) => ({
  caption,
  picture: new Svg([svgElement("circle", { r })], { width, height, title: caption }),
});

Deno.test("drawFilm() looks as its snapshot", () => {
  const film = drawFilm([frame("step 0", 1), frame("step 1", 2), frame("step 2", 3)]);
  assertSnapshot("film.svg", film.toString());
});

Deno.test("drawFilm() shows exactly one frame at every moment", () => {
  const film = drawFilm([1, 2, 3, 4].map((r) => frame(`step ${r}`, r)), { secondsPerFrame: 0.5 });
  const clocks = [...film.toString().matchAll(/values="([^"]*)" keyTimes="([^"]*)" dur="([^"]*)"/g)]
    .map(([, values, times, dur]) => ({
      values: values.split(";"),
      times: times.split(";").map(Number),
      dur,
    }));
  assert.equal(clocks.length, 4);
  for (const moment of [0, 0.1, 0.2, 0.4, 0.6, 0.999]) {
    const shown = clocks.filter(({ values, times }) =>
      values[times.findLastIndex((time) => time <= moment)] === "visible"
    );
    assert.equal(shown.length, 1, `${shown.length} frames at ${moment}`);
  }
  assert.ok(clocks.every(({ dur }) => dur === "3.00s")); // four beats, and two more for the last
});

Deno.test("drawFilm() shows the last frame where nothing moves", () => {
  const film = drawFilm([frame("a", 1), frame("b", 2)]).toString();
  assert.deepEqual([...film.matchAll(/<g visibility="(\w+)">/g)].map(([, seen]) => seen), [
    "hidden",
    "visible",
  ]);
});

Deno.test("drawFilm() of one frame is a picture that stands still", () => {
  assert.doesNotMatch(drawFilm([frame("only", 1)]).toString(), /<animate/);
});

Deno.test("drawFilm() is as large as its largest frame, and escapes captions", () => {
  const film = drawFilm([frame("<b>", 1, 10, 50), frame("&", 1, 40, 5)]);
  assert.deepEqual([film.width, film.height, film.title], [40, 20 + 50, "<b> to &"]);
  assertWellFormed(film.toString().trim());
});

Deno.test("drawFilm() refuses no frames, and a time that is none", () => {
  const fails = (message: string, ...args: Parameters<typeof drawFilm>) =>
    assert.throws(() => drawFilm(...args), { name: "RangeError", message: `drawFilm: ${message}` });
  fails("there is no frame to show", []);
  fails("secondsPerFrame must be above 0, not 0", [frame("a", 1)], { secondsPerFrame: 0 });
  fails("secondsPerFrame must be above 0, not NaN", [frame("a", 1)], { secondsPerFrame: NaN });
});
