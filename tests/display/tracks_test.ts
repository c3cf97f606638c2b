import assert from "node:assert/strict";
import { drawFilmstrip, drawTracks, identityColors, type TrackPicture } from "../../display/mod.ts";
import type { TrackedBox } from "../../track/mod.ts";
import { annotated, decoded, grey, STICK } from "./people.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const size = { width: 24, height: 16 };
const boxAt = (identity: number, x: number): Pick<TrackedBox, "identity" | "box"> => ({
  identity,
  box: [x, 4, 5, 9],
});
const pictureOf = (frame: number, ...things: TrackPicture["things"]): TrackPicture => ({
  frame,
  image: null,
  things,
});
const count = (text: string, tag: string) => text.match(new RegExp(`<${tag} `, "g"))?.length ?? 0;

Deno.test("drawFilmstrip() looks as its snapshot: boxes, people, an identity that changes", () => {
  const walker = (identity: number, x: number) => ({
    identity,
    ...decoded([x + 2, 3], [x + 5, 8], [x, 8]),
  });
  const frames: TrackPicture[] = [0, 1, 2, 3].map((f) => ({
    frame: f + 1,
    image: f === 3 ? null : grey(24, 16),
    things: [walker(f < 2 ? 7 : 9, 2 + 3 * f), boxAt(4, 18 - 4 * f)],
  }));
  const svg = drawFilmstrip(frames, { skeleton: STICK, size, count: 4, columns: 2 });
  assertSnapshot("filmstrip.svg", svg.toString());
  assertWellFormed(svg.toString().trim());
});

Deno.test("drawFilmstrip() shows the first frame, the last, and some between", () => {
  const frames = Array.from({ length: 11 }, (_, i) => pictureOf(i + 1, boxAt(1, i)));
  const captions = (count: number) =>
    drawFilmstrip(frames, { size, count }).toString().match(/>frame \d+</g)
      ?.map((text) => Number(text.slice(7, -1)));
  assert.deepEqual(captions(3), [1, 6, 11]);
  assert.deepEqual(captions(1), [1]);
  assert.deepEqual(captions(99)?.length, 11);
});

Deno.test("drawFilmstrip() refuses no frame and no count", () => {
  assert.throws(() => drawFilmstrip([]), { name: "RangeError", message: /there is no frame/ });
  assert.throws(() => drawFilmstrip([pictureOf(1)], { size, count: 0 }), {
    name: "RangeError",
    message: "drawFilmstrip: count must be a whole number above 0, not 0",
  });
});

Deno.test("drawTracks() draws the way back to the last gap, no longer than asked for", () => {
  const places = [0, 1, 2, null, 4, 5, 6, 7];
  const frames = places.map((x, f) => pictureOf(f + 1, ...(x === null ? [] : [boxAt(1, x)])));
  const ways = (trail: number) =>
    drawTracks(frames, { size, trail }).map((svg) =>
      svg.toString().match(/points="([^"]*)"/)?.[1].split(" ").length ?? 0
    );
  assert.deepEqual(ways(12), [0, 2, 3, 0, 0, 2, 3, 4]);
  assert.deepEqual(ways(1), [0, 2, 2, 0, 0, 2, 2, 2]);
  assert.deepEqual(ways(0), [0, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("drawTracks() draws no line between two identities", () => {
  const [, second] = drawTracks([pictureOf(1, boxAt(1, 0)), pictureOf(2, boxAt(2, 1))], { size });
  assert.equal(count(second.toString(), "polyline"), 0);
});

Deno.test("drawTracks() keeps an identity's colour over frames, or takes the one given", () => {
  const frames = [pictureOf(1, boxAt(7, 0)), pictureOf(2, boxAt(9, 0), boxAt(7, 5))];
  const color = (svg: string, x: number) =>
    svg.match(new RegExp(`<rect x="${x}" y="4"[^>]*stroke="(#[0-9a-f]{6})" stroke-width="0.2"`))
      ?.[1];
  const [first, second] = drawTracks(frames, { size }).map(String);
  assert.equal(color(first, 0), "#e69f00");
  assert.deepEqual([color(second, 0), color(second, 5)], ["#0072b2", "#e69f00"]);
  const colors = new Map([[7, 1], [9, 0]]);
  assert.equal(color(drawTracks(frames, { size, colors })[0].toString(), 0), "#0072b2");
  assert.throws(() => drawTracks(frames, { size, colors: new Map([[7, 1]]) }), {
    name: "RangeError",
    message: "drawTracks: colors has none for identity 9",
  });
});

Deno.test("drawTracks() draws annotated people as skeletons and leaves out who has no keypoint", () => {
  const person = (visibility: 0 | 2) => ({
    identity: visibility,
    ...annotated([8, 2, visibility], [12, 6, visibility], [4, 6, visibility]),
  });
  const [svg] = drawTracks([pictureOf(1, person(2), person(0))], { size, skeleton: STICK })
    .map(String);
  assert.equal(count(svg, "circle"), 3);
  assert.deepEqual(svg.match(/>\d</g), [">2<"]);
});

Deno.test("drawTracks() keeps numbers inside of the frame", () => {
  const things = [{ ...boxAt(1, -3) }, { ...boxAt(2222, 22) }];
  const [svg] = drawTracks([pictureOf(1, ...things)], { size }).map(String);
  const places = [...svg.matchAll(/<text x="([^"]*)"/g)].map(([, x]) => Number(x));
  assert.equal(places[0], 0);
  assert.ok(places[1] < 22);
});

Deno.test("drawTracks() refuses a frame of unknown size and a trail that is none", () => {
  assert.throws(() => drawTracks([pictureOf(3)]), {
    name: "RangeError",
    message:
      /^drawTracks: frame 3 has no image and its size is unknown\n {2}help: give options\.size/,
  });
  assert.throws(() => drawTracks([], { trail: -1 }), {
    message: "drawTracks: trail must be a whole number, 0 or more, not -1",
  });
  assert.deepEqual(drawTracks([]), []);
});

Deno.test("identityColors() counts identities in the order in which they come", () => {
  assert.deepEqual([...identityColors([5, null, 5, -2, 7])], [[5, 0], [-2, 1], [7, 2]]);
});
