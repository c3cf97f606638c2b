import assert from "node:assert/strict";
import { personColor } from "../../display/color.ts";
import { drawTagHistogram } from "../../display/tag_histogram.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const bins = [-1, 0, 1, 3].map((tag, i) => ({ tag, smoothed: 4 - i }));
const modes = [-1, 3].map((tag, i) => ({ tag, color: personColor(i) }));

Deno.test("drawTagHistogram() looks as its snapshot: bars, two modes, an axis", () => {
  assertSnapshot("tag_histogram.svg", drawTagHistogram(bins, modes).toString());
});

Deno.test("drawTagHistogram() draws nothing but axes of nothing, and one bin alone", () => {
  for (const some of [[], bins.slice(0, 1)]) {
    const svg = drawTagHistogram(some, [], { width: 200, xLabel: "a < b" }).toString();
    assertWellFormed(svg.trim());
    assert.equal(svg.match(/fill-opacity="0.35"/g)?.length ?? 0, some.length);
    assert.match(svg, /tags of the detected pixels, 0 modes/);
  }
});

Deno.test("drawTagHistogram() refuses what has no place", () => {
  const fails = (message: string, ...args: Parameters<typeof drawTagHistogram>) =>
    assert.throws(() => drawTagHistogram(...args), {
      name: "RangeError",
      message: `drawTagHistogram: ${message}`,
    });
  fails("a bin at NaN is 1 high", [{ tag: NaN, smoothed: 1 }], []);
  fails("a bin at 0 is -1 high", [{ tag: 0, smoothed: -1 }], []);
  fails("a mode is at Infinity", [], [{ tag: Infinity, color: [0, 0, 0] }]);
  fails("width must be 160 or more, not 100", bins, modes, { width: 100 });
});
