/**
 * A table of numbers whose cells are coloured by their values: what grouping would have to pay for each pair of peak
 * and person, how similar each found person is to each true one.
 *
 *                person 1   person 2
 *     peak 1    [  -0.93 ]    99.07         [ ] marked: the pair that was chosen
 *     peak 2       99.20    [ -0.80 ]
 *
 * @module
 */
import { textWidth } from "./chart.ts";
import { cssColor, heatColor, type Rgb } from "./color.ts";
import { type Markup, Svg, svgElement } from "./svg.ts";

/** How a table is drawn. */
export interface TableOptions {
  /** What the rows are called, from top to bottom. */
  readonly rows: readonly string[];
  /** What the columns are called. */
  readonly columns: readonly string[];
  /** For each row the column whose cell gets a frame; null or -1 for none. @default {none} */
  readonly marked?: readonly (number | null)[];
  /** Digits after the point. @default {2} */
  readonly decimals?: number;
  /** Values that are dark and pale; beyond them the colour stays. @default {the least and the largest value} */
  readonly range?: readonly [low: number, high: number];
  /** The heading. @default {"table of 3 x 2 numbers"} */
  readonly title?: string;
}

const FONT = 12;
const ROW = 26;
const HEAD = 24;
/** Sky blue, which the cells' palette does not have. */
const MARK: Rgb = [86, 180, 233];

/**
 * A table of numbers, each cell coloured from black over purple and orange to pale yellow with its value.
 *
 * @param values A list for each row with a number for each column; null shows a dash.
 * @param options Names, marks, digits, colours.
 * @throws {RangeError} If there is no cell, a list has not one value for each column (or marks not one for each row), a
 * number is not finite, a mark is no column, or an option is out of its range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawTable } from "ae";
 *
 * const svg = drawTable([[-0.9, 99.1], [99.2, null]], {
 *   rows: ["peak 1", "peak 2"],
 *   columns: ["Ann", "Bob"],
 *   marked: [0, null],
 * });
 * assert.match(svg.toString(), /peak 1[^]*\u22120\.90[^]*–/);
 * ```
 */
export function drawTable(
  values: readonly (readonly (number | null)[])[],
  options: TableOptions,
): Svg {
  checkTable(values, options);
  const { rows, columns, marked = [], decimals = 2 } = options;
  const title = options.title ?? `table of ${rows.length} x ${columns.length} numbers`;
  const numbers = values.flat().filter((value) => value !== null);
  const [low, high] = options.range ??
    (numbers.length > 0 ? [Math.min(...numbers), Math.max(...numbers)] : [0, 1]);
  const texts = values.map((row) => row.map((value) => textOf(value, decimals)));
  const cell = Math.max(...[...columns, ...texts.flat()].map((text) => textWidth(text))) + 16;
  const left = Math.max(...rows.map((name) => textWidth(name))) + 12;
  const top = HEAD + ROW;

  const heads = columns.map((name, c) =>
    label(left + cell * (c + 0.5), top - 8, name, { "text-anchor": "middle" })
  );
  const cells = values.flatMap((row, r) => [
    label(left - 8, top + ROW * (r + 0.5) + 4, rows[r], { "text-anchor": "end" }),
    ...row.map((value, c) => {
      const area = { x: left + cell * c, y: top + ROW * r, width: cell - 2, height: ROW - 2 };
      return cellMarkup(area, texts[r][c], value === null ? null : share(value, low, high));
    }),
  ]);
  // Frames come last, so that no neighbour covers them.
  const frames = marked.flatMap((c, r) =>
    c === null || c < 0 ? [] : [svgElement("rect", {
      x: left + cell * c - 1,
      y: top + ROW * r - 1,
      width: cell,
      height: ROW,
      rx: 3,
      fill: "none",
      stroke: cssColor(MARK),
      "stroke-width": 3,
    })]
  );
  return new Svg(
    [
      label(4, 15, title, { "font-weight": 600, "font-size": 13 }),
      heads,
      cells,
      frames,
    ],
    {
      width: Math.ceil(Math.max(left + cell * columns.length + 4, textWidth(title, 13) + 12)),
      height: top + ROW * rows.length + 4,
      title,
    },
  );
}

/** Where between low and high a value lies, 0 to 1; in the middle where they are equal. */
function share(value: number, low: number, high: number): number {
  return high > low ? (value - low) / (high - low) : 0.5;
}

function textOf(value: number | null, decimals: number): string {
  return value === null ? "–" : value.toFixed(decimals).replace("-", "\u2212");
}

function label(
  x: number,
  y: number,
  text: string,
  attributes: Record<string, string | number>,
): Markup {
  return svgElement("text", { x, y, "font-size": FONT, fill: "currentColor", ...attributes }, text);
}

function cellMarkup(
  area: { x: number; y: number; width: number; height: number },
  text: string,
  amount: number | null,
): Markup[] {
  const middle = [area.x + area.width / 2, area.y + area.height / 2 + 4] as const;
  if (amount === null) return [label(...middle, text, { "text-anchor": "middle" })];
  const color = heatColor(amount);
  return [
    svgElement("rect", { ...area, rx: 2, fill: cssColor(color) }),
    label(...middle, text, { "text-anchor": "middle", fill: isPale(color) ? "#000" : "#fff" }),
  ];
}

/** Whether black is easier to read on a colour than white: its lightness (weights of ITU-R BT.601) is above the middle. */
function isPale([red, green, blue]: Rgb): boolean {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 128;
}

function checkTable(
  values: readonly (readonly (number | null)[])[],
  { rows, columns, marked, decimals = 2, range }: TableOptions,
): void {
  const fail = (problem: string) => new RangeError(`drawTable: ${problem}`);
  if (rows.length === 0 || columns.length === 0) throw fail("there is no cell to draw");
  if (values.length !== rows.length) {
    throw fail(`${values.length} rows of values but ${rows.length} names`);
  }
  values.forEach((row, r) => {
    if (row.length !== columns.length) {
      throw fail(`row "${rows[r]}" has ${row.length} values for ${columns.length} columns`);
    }
    const bad = row.find((value) => value !== null && !Number.isFinite(value));
    if (bad !== undefined) throw fail(`row "${rows[r]}" holds ${bad}`);
  });
  if (marked && marked.length !== rows.length) {
    throw fail(`${marked.length} marks for ${rows.length} rows`);
  }
  const wrong = marked?.find((c) => c !== null && c !== -1 && columns[c] === undefined);
  if (wrong !== undefined) {
    throw fail(`there is no column ${wrong} to mark; there are ${columns.length}`);
  }
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > 20) {
    throw fail(`decimals must be a whole number from 0 to 20, not ${decimals}`);
  }
  if (range && !(range[0] < range[1] && Number.isFinite(range[1] - range[0]))) {
    throw fail(`range must go from a lower to a higher value, not from ${range.join(" to ")}`);
  }
}
