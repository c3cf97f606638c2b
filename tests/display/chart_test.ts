import assert from "node:assert/strict";
import { drawBarChart, drawLineChart } from "../../display/chart.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

/** The points of all paths of a chart, in page coordinates. */
function pathsOf(svg: { toString(): string }): (readonly [number, number])[][] {
  return [...svg.toString().matchAll(/ d="M([^"]*)"/g)].map(([, d]) =>
    d.split("L").map((point) => {
      const [x, y] = point.split(" ").map(Number);
      return [x, y] as const;
    })
  );
}

Deno.test("drawLineChart() looks as its snapshot", () => {
  const svg = drawLineChart(
    [
      { name: "pull", y: [0, 0.2, 0.3, 0.2, 0.15] },
      { name: "push", y: [0.5, 0.3, NaN, 0.1, 0.05] },
    ],
    { title: "pull and push", xLabel: "step", yLabel: "loss", width: 300, height: 180 },
  );
  assertSnapshot("line_chart.svg", svg.toString());
});

Deno.test("drawLineChart() on a logarithmic axis looks as its snapshot", () => {
  const svg = drawLineChart([{ name: "loss", x: [1, 10, 100, 200], y: [10, 1, 0.1, 0] }], {
    log: true,
    width: 300,
    height: 180,
  });
  assertSnapshot("line_chart_log.svg", svg.toString());
});

Deno.test("drawLineChart() puts values where they belong", () => {
  const [[a, b, c]] = pathsOf(drawLineChart([{ name: "a", y: [0, 5, 10], x: [0, 1, 2] }]));
  assert.ok(Math.abs(b[0] - (a[0] + c[0]) / 2) <= 0.1 && Math.abs(b[1] - (a[1] + c[1]) / 2) <= 0.1);
  assert.ok(a[0] < c[0] && a[1] > c[1]); // up is more
});

Deno.test("drawLineChart() interrupts the line at NaN and infinity and says so", () => {
  const svg = drawLineChart([{ name: "loss", y: [1, 2, NaN, 3, 4, Infinity, 5] }]);
  assert.equal(pathsOf(svg).length, 2);
  assert.equal(svg.toString().match(/<circle/g)?.length, 1); // the lone last value
  assert.match(svg.toString(), /loss \(2 not drawn\)/);
});

Deno.test("drawLineChart() interrupts a logarithmic line at 0 and below and says so", () => {
  const svg = drawLineChart([{ name: "pull", y: [0, 0.1, 0.2, -1, 0.3, 0.4] }], { log: true });
  assert.equal(pathsOf(svg).length, 2);
  assert.match(svg.toString(), /pull \(2 not drawn\)/);
});

Deno.test("drawLineChart() shows a single value as a dot", () => {
  for (const log of [false, true]) {
    const svg = drawLineChart([{ name: "loss", y: [3] }], { log });
    assert.match(svg.toString(), /<circle/);
    assert.deepEqual(pathsOf(svg), []);
  }
});

Deno.test("drawLineChart() shows a constant in the middle", () => {
  const [[first, last]] = pathsOf(drawLineChart([{ name: "flat", y: [7, 7] }]));
  assert.equal(first[1], last[1]);
});

Deno.test("drawLineChart() stays small for very many values and keeps their extremes", () => {
  const y = Array.from({ length: 50_000 }, (_, i) => Math.sin(i / 5000) + (i === 31_234 ? 9 : 0));
  const svg = drawLineChart([{ name: "loss", y }]);
  assert.ok(svg.toString().length < 40_000, `${svg.toString().length} characters`);
  const heights = pathsOf(svg)[0].map(([, h]) => h);
  assert.ok(Math.min(...heights) < 100, "the one high value is gone");
});

Deno.test("drawLineChart() smooths with Adam's corrected average", () => {
  const y = [4, 0, 2];
  // 0.5 * average + 0.5 * value, divided by 1 - 0.5^n
  const expected = [
    4,
    1 / 0.75 * (0.25 * 4 + 0.5 * 0),
    1 / 0.875 * (0.125 * 4 + 0.25 * 0 + 0.5 * 2),
  ];
  const [raw, smooth] = pathsOf(drawLineChart([{ name: "loss", y }], { smooth: 0.5 }));
  const perUnit = (raw[1][1] - raw[0][1]) / 4; // page pixels of one unit, from the raw 4 and 0
  smooth.forEach(([, height], i) => {
    assert.ok(Math.abs(height - (raw[1][1] - expected[i] * perUnit)) <= 0.2, `value ${i}`);
  });
});

Deno.test("drawLineChart() escapes names, titles and labels", () => {
  const name = `<script>"&'`;
  const svg = drawLineChart([{ name, y: [1, 2] }], { title: name, xLabel: name, yLabel: name })
    .toString();
  assertWellFormed(svg.trim());
  assert.doesNotMatch(svg, /<script/);
});

Deno.test("drawLineChart() refuses what cannot be drawn", () => {
  const fails = (message: string, ...args: Parameters<typeof drawLineChart>) =>
    assert.throws(() => drawLineChart(...args), {
      name: "RangeError",
      message: `drawLineChart: ${message}`,
    });
  fails("there is no series to draw", []);
  fails("no series has a finite value to draw", [{ name: "a", y: [] }, { name: "b", y: [NaN] }]);
  fails("no series has a finite value above 0 to draw", [{ name: "a", y: [0, -1] }], { log: true });
  fails('"a" has 1 x but 2 y', [{ name: "a", x: [1], y: [1, 2] }]);
  fails('"a" has x 1 at 1; x must rise', [{ name: "a", x: [2, 1], y: [1, 2] }]);
  fails('"a" has x NaN at 0; x must rise', [{ name: "a", x: [NaN, 1], y: [1, 2] }]);
  fails("smooth must be from 0 to below 1, not 1", [{ name: "a", y: [1] }], { smooth: 1 });
  fails("10 x 260 is too small; at least 120 x 100", [{ name: "a", y: [1] }], { width: 10 });
});

Deno.test("drawBarChart() looks as its snapshot", () => {
  const svg = drawBarChart(
    ["head", "left hand", "right hand"],
    [{ name: "now", values: [0.5, 0, null] }, { name: "bound", values: [1, 0.75, 0.9] }],
    { title: "AP of each keypoint", xLabel: "AP", max: 1, width: 320 },
  );
  assertSnapshot("bar_chart.svg", svg.toString());
});

Deno.test("drawBarChart() draws lengths in proportion", () => {
  const svg = drawBarChart(["a", "b", "c"], [{ name: "n", values: [1, 3, 0] }]).toString();
  const widths = [...svg.matchAll(/<rect x="[^"]*" y="[^"]*" width="([^"]*)" height="11"/g)].map((
    [, w],
  ) => Number(w));
  assert.equal(widths.length, 3);
  assert.ok(Math.abs(widths[1] - 3 * widths[0]) < 0.05 && widths[2] === 0);
});

Deno.test("drawBarChart() shows all zeros, and all nothing", () => {
  assert.match(drawBarChart(["a"], [{ name: "n", values: [0] }]).toString(), />0\.00</);
  assert.match(drawBarChart(["a"], [{ name: "n", values: [null] }]).toString(), />–</);
});

Deno.test("drawBarChart() escapes names and labels", () => {
  const svg = drawBarChart(["<a>"], [{ name: "<b>", values: [1] }], {
    title: "<c>",
    xLabel: "<d>",
  });
  assertWellFormed(svg.toString().trim());
});

Deno.test("drawBarChart() refuses what cannot be drawn", () => {
  const one = [{ name: "n", values: [0.5] }];
  const fails = (message: string, ...args: Parameters<typeof drawBarChart>) =>
    assert.throws(() => drawBarChart(...args), {
      name: "RangeError",
      message: `drawBarChart: ${message}`,
    });
  fails("there is nothing to draw: give labels and series", [], one);
  fails("there is nothing to draw: give labels and series", ["a"], []);
  fails('"n" has 1 values for 2 labels', ["a", "b"], one);
  for (const bad of [-1, NaN, Infinity]) {
    fails(`"n" holds ${bad}; a bar's length is 0 or more, or null`, ["a"], [{
      name: "n",
      values: [bad],
    }]);
  }
  fails("max must be above 0 and at least the largest value 0.5, not 0.4", ["a"], one, {
    max: 0.4,
  });
  fails("width must be 160 or more, not 9", ["a"], one, { width: 9 });
});
