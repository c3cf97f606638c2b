/**
 * Arrays of numbers as pictures: every number a coloured cell, with its value where there is room.
 *
 *     [3]          one row                    [2, 3]       rows and columns
 *     [K, H, W]    a panel for each of K      [N, K, H, W] the same for each of N, as far as there is room
 *
 * Colours run from dark blue over pale grey at 0 to dark orange, the same for all panels, so that sign and size can be
 * seen at once and maps compared; or from black at 0 to white, for what is brightness.
 *
 * @module
 */
import type { HostArray } from "../core/host_array.ts";
import { textWidth } from "./chart.ts";
import { cssColor, divergingColor, mixColors, type Rgb } from "./color.ts";
import { pngDataUrl } from "./picture.ts";
import { type Markup, Svg, svgElement } from "./svg.ts";

/** How numbers are drawn. */
export interface NumbersOptions {
  /** The heading. @default {the shape} */
  readonly title?: string;
  /** The absolute value with the darkest colours. @default {the largest there is} */
  readonly max?: number;
  /** Blue, pale, orange by sign, or black to white. @default {"signed"} */
  readonly palette?: "signed" | "grey";
  /** Names of the panels, in order. @default {their indices} */
  readonly names?: readonly string[];
  /** Draw at most so many panels. @default {12} */
  readonly panels?: number;
}

/** A matrix with at most so many rows and columns shows its numbers. */
const MOST_WRITTEN = 12;
/** Side of a cell with a number in it. */
const CELL = { width: 52, height: 24 };
/** Side that a panel of coloured pixels should have: alone, and among others. */
const PANEL = { alone: 192, among: 96 };
const GAP = 12;
const HEAD = 24;
/** Width of a drawing from which on panels go into a new row. */
const WIDEST = 640;

/**
 * Draw an array of numbers.
 *
 * @param array What `read()` gives; any shape. The last two axes are rows and columns, those before are panels.
 * @param options Heading, colours, panels.
 * @throws {RangeError} If `data` is not as long as the shape says, or `max` is not above 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawNumbers, hostArray } from "ae";
 *
 * const svg = drawNumbers(hostArray([2, 2], [1, -2, 0.5, 4]));
 * assert.equal(svg.title, "[2, 2], from -2 to 4");
 * assert.match(svg.toString(), />0.5</);
 * ```
 */
export function drawNumbers(array: HostArray, options: NumbersOptions = {}): Svg {
  const { shape, data } = array;
  const size = shape.reduce((product, length) => product * length, 1);
  if (data.length !== size) {
    throw new RangeError(
      `drawNumbers: shape [${shape}] holds ${size} numbers but there are ${data.length}`,
    );
  }
  const [low, high] = finiteExtent(data);
  const { max = Math.max(Math.abs(low), Math.abs(high)) || 1 } = options;
  if (!(max > 0)) throw new RangeError(`drawNumbers: max must be above 0, not ${max}`);
  const palette = paletteOf(options.palette ?? "signed", max);
  const title = options.title ?? titleOf(shape, low, high);
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  const all = rows * columns === 0 ? 0 : size / (rows * columns);
  const drawn = Math.min(all, options.panels ?? 12);
  const written = rows <= MOST_WRITTEN && columns <= MOST_WRITTEN;
  const side = drawn === 1 ? PANEL.alone : PANEL.among;
  const scale = Math.max(1, Math.floor(side / Math.max(rows, columns)));
  const [width, height] = written
    ? [columns * CELL.width, rows * CELL.height]
    : [columns * scale, rows * scale];
  const label = shape.length > 2 ? 16 : 0;
  const perRow = Math.max(1, Math.floor((WIDEST + GAP) / (width + GAP)));
  const panels: Markup[] = [];
  for (let p = 0; p < drawn; p++) {
    const x = (p % perRow) * (width + GAP);
    const y = HEAD + Math.floor(p / perRow) * (height + label + GAP);
    const values = data.subarray(p * rows * columns, (p + 1) * rows * columns);
    if (label) panels.push(text(x, y + 11, options.names?.[p] ?? panelName(shape, p), 11));
    panels.push(
      ...(written
        ? cells(values, columns, { x, y: y + label, palette })
        : [pixels(values, { rows, columns, x, y: y + label, width, height, palette })]),
    );
  }
  const lines = Math.ceil(drawn / perRow);
  const rest = all > drawn ? `${title}; ${all - drawn} more are not drawn` : title;
  return new Svg([text(0, 14, rest, 13, 600), ...panels], {
    width: Math.max(textWidth(rest, 13) + 8, Math.min(drawn, perRow) * (width + GAP)),
    height: HEAD + Math.max(lines * (height + label + GAP), 4),
    title: rest,
  });
}

function titleOf(shape: readonly number[], low: number, high: number): string {
  const sizes = `[${shape.join(", ")}]`;
  if (!(low <= high)) return `${sizes}, no finite number`;
  return low === high
    ? `${sizes}, all ${shortNumber(low)}`
    : `${sizes}, from ${shortNumber(low)} to ${shortNumber(high)}`;
}

function finiteExtent(data: ArrayLike<number>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) continue;
    low = Math.min(low, data[i]);
    high = Math.max(high, data[i]);
  }
  return [low, high];
}

/** The indices of the axes before the last two. */
function panelName(shape: readonly number[], panel: number): string {
  let rest = panel;
  const indices = shape.slice(0, -2).toReversed().map((length) => {
    const index = rest % length;
    rest = Math.floor(rest / length);
    return index;
  });
  return `[${indices.toReversed().join(", ")}]`;
}

/** Three significant digits, as short as may be. */
function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return `${value}`;
  const rounded = Number(value.toPrecision(3));
  const plain = `${rounded}`;
  return plain.length <= 6 ? plain : rounded.toExponential(1);
}

/** What a number that is not finite is painted in. */
const NOT_FINITE: Rgb = [200, 30, 140];

/** The colour of a number in a drawing. */
type Palette = (value: number) => Rgb;

function paletteOf(name: "signed" | "grey", max: number): Palette {
  const color: Palette = name === "signed"
    ? (value) => divergingColor(0.5 + value / max / 2)
    : (value) => mixColors([0, 0, 0], [255, 255, 255], Math.min(Math.max(value / max, 0), 1));
  return (value) => Number.isFinite(value) ? color(value) : NOT_FINITE;
}

/** Black or white, whichever can be read on a colour (relative luminance of ITU-R BT.709). */
function inkOn([red, green, blue]: Rgb): string {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 120 ? "#000000" : "#ffffff";
}

function cells(
  values: ArrayLike<number>,
  columns: number,
  { x, y, palette }: { x: number; y: number; palette: Palette },
): Markup[] {
  return Array.from(values).flatMap((value, i) => {
    const color = palette(value);
    const [left, top] = [x + (i % columns) * CELL.width, y + Math.floor(i / columns) * CELL.height];
    return [
      svgElement("rect", {
        x: left,
        y: top,
        width: CELL.width - 1,
        height: CELL.height - 1,
        fill: cssColor(color),
      }),
      svgElement("text", {
        x: left + CELL.width / 2,
        y: top + 16,
        "font-size": 12,
        "text-anchor": "middle",
        fill: inkOn(color),
      }, shortNumber(value)),
    ];
  });
}

function pixels(
  values: ArrayLike<number>,
  { rows, columns, palette, ...place }: {
    rows: number;
    columns: number;
    palette: Palette;
    x: number;
    y: number;
    width: number;
    height: number;
  },
): Markup {
  const data = new Uint8Array(rows * columns * 3);
  for (let i = 0; i < rows * columns; i++) data.set(palette(values[i]).map(Math.round), i * 3);
  return svgElement("image", {
    ...place,
    href: pngDataUrl({ width: columns, height: rows, data }),
    style: "image-rendering: pixelated",
  });
}

function text(x: number, y: number, words: string, size: number, weight: number = 400): Markup {
  const style = { "font-size": size, "font-weight": weight, fill: "currentColor" };
  return svgElement("text", { x, y, ...style }, words);
}
