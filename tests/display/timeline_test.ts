import assert from "node:assert/strict";
import { drawTimeline } from "../../display/mod.ts";
import type { MatchedFrame } from "../../track/mod.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

/** A row of partners for each identity: a number, "-" missed, " " not there; a switch where the number changes. */
function matchedOf(rows: Readonly<Record<number, string>>): MatchedFrame[] {
  const last = new Map<number, number>();
  const length = Math.max(...Object.values(rows).map((row) => row.length));
  return Array.from({ length }, (_, f) => {
    const there = Object.entries(rows).filter(([, row]) => (row[f] ?? " ") !== " ");
    const truth = there.map(([identity]) => Number(identity));
    const partners = there.map(([, row]) => row[f] === "-" ? null : Number(row[f]));
    const switched = truth.map((identity, t) => {
      const [before, now] = [last.get(identity), partners[t]];
      if (now !== null) last.set(identity, now);
      return now !== null && before !== undefined && before !== now;
    });
    return { frame: f + 1, truth, partners, switched };
  });
}

const titles = (text: string) =>
  [...text.matchAll(/<title>(\d[^<]*)<\/title>/g)].map(([, title]) => title);

Deno.test("drawTimeline() looks as its snapshot", () => {
  const matched = matchedOf({
    1: "7777777----777777777",
    2: "     88888888999999",
    13: "  - -5",
  });
  const svg = drawTimeline(matched, { width: 400 }).toString();
  assertSnapshot("timeline.svg", svg);
  assertWellFormed(svg.trim());
});

Deno.test("drawTimeline() says every run, gap and change", () => {
  assert.deepEqual(titles(drawTimeline(matchedOf({ 1: "77-79", 2: " 8 8" })).toString()), [
    "1 is 7 in frames 1 to 2",
    "1 is missed in frame 3",
    "1 is 7 in frame 4",
    "1 is 9 in frame 5",
    "1 changes its identity in frame 5",
    "2 is 8 in frame 2",
    "2 is 8 in frame 4",
  ]);
});

Deno.test("drawTimeline() joins frames whose numbers go on in steps", () => {
  const matched = matchedOf({ 1: "777" }).map((frame) => ({ ...frame, frame: 10 * frame.frame }));
  assert.deepEqual(titles(drawTimeline(matched).toString()), ["1 is 7 in frames 10 to 30"]);
});

Deno.test("drawTimeline() draws a frame alone", () => {
  assert.deepEqual(titles(drawTimeline(matchedOf({ 1: "7" })).toString()), ["1 is 7 in frame 1"]);
});

Deno.test("drawTimeline() refuses what cannot be drawn", () => {
  const fails = (
    matched: MatchedFrame[],
    message: string,
    options: Parameters<typeof drawTimeline>[1] = {},
  ) => assert.throws(() => drawTimeline(matched, options), { name: "RangeError", message });
  const some = matchedOf({ 1: "77" });
  fails([], "drawTimeline: nobody is in any frame");
  fails(matchedOf({ 1: " " }), "drawTimeline: nobody is in any frame");
  fails([some[1], some[0]], "drawTimeline: frame 1 comes after frame 2");
  fails(some, "drawTimeline: width must be 160 or more, not 20", { width: 20 });
  fails(some, "drawTimeline: colors has none for identity 7", { colors: new Map() });
});
