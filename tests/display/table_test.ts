import assert from "node:assert/strict";
import { cssColor, heatColor } from "../../display/color.ts";
import { drawTable } from "../../display/table.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const rows = ["peak 1", "peak 2"];
const columns = ["Ann", "Bob"];

Deno.test("drawTable() looks as its snapshot", () => {
  const svg = drawTable([[-0.9, 99.1], [99.2, null]], { rows, columns, marked: [0, null] });
  assertSnapshot("table.svg", svg.toString());
});

Deno.test("drawTable() colours the least value black, the largest pale, and a dash not at all", () => {
  const svg = drawTable([[1, 3], [2, null]], { rows, columns }).toString();
  const fills = [...svg.matchAll(/<rect [^>]*fill="(#\w+)"/g)].map(([, fill]) => fill);
  assert.deepEqual(fills, [0, 1, 0.5].map((t) => cssColor(heatColor(t))));
  assert.match(svg, /fill="#fff"[^>]*>1\.00</); // white on black
  assert.match(svg, /fill="#000"[^>]*>3\.00</); // black on yellow
});

Deno.test("drawTable() keeps to a given range, and to the middle where all are equal", () => {
  const fill = (range?: readonly [number, number]) =>
    drawTable([[5]], { rows: ["a"], columns: ["b"], range }).toString().match(
      /fill="(#\w{6})"/,
    )![1];
  assert.equal(fill([0, 5]), cssColor(heatColor(1)));
  assert.equal(fill([6, 7]), cssColor(heatColor(0)));
  assert.equal(fill(), cssColor(heatColor(0.5)));
});

Deno.test("drawTable() draws a frame for each marked cell, none for null and -1", () => {
  const frames = (marked: (number | null)[]) =>
    drawTable([[1, 2], [3, 4]], { rows, columns, marked }).toString().match(/fill="none"/g)?.length;
  assert.equal(frames([0, 1]), 2);
  assert.equal(frames([null, 1]), 1);
  assert.equal(frames([-1, null]), undefined);
});

Deno.test("drawTable() escapes names", () => {
  const svg = drawTable([[1]], { rows: ["<b>"], columns: ["&"], title: "a < b" });
  assertWellFormed(svg.toString().trim());
});

Deno.test("drawTable() refuses what is no table", () => {
  const fails = (message: string, ...args: Parameters<typeof drawTable>) =>
    assert.throws(() => drawTable(...args), {
      name: "RangeError",
      message: `drawTable: ${message}`,
    });
  const two = [[1, 2], [3, 4]];
  fails("there is no cell to draw", [], { rows: [], columns });
  fails("1 rows of values but 2 names", [[1, 2]], { rows, columns });
  fails('row "peak 2" has 1 values for 2 columns', [[1, 2], [3]], { rows, columns });
  fails('row "peak 1" holds NaN', [[NaN, 2], [3, 4]], { rows, columns });
  fails("1 marks for 2 rows", two, { rows, columns, marked: [0] });
  fails("there is no column 2 to mark; there are 2", two, { rows, columns, marked: [0, 2] });
  fails("decimals must be a whole number from 0 to 20, not 1.5", two, {
    rows,
    columns,
    decimals: 1.5,
  });
  fails("range must go from a lower to a higher value, not from 2 to 2", two, {
    rows,
    columns,
    range: [2, 2],
  });
});
