/**
 * Line charts and bar charts, small enough to read: curves of a training run, figures side by side.
 *
 * Text and axes are `currentColor`, data have colours that can be told apart on white and on dark paper and with any
 * kind of colour vision (see `svg.ts` and `color.ts`). A chart with a thousand times more values than pixels stays
 * small: of all values that fall on one column of pixels, only the lowest and the highest are drawn.
 *
 * @module
 */
import { cssColor, type Rgb } from "./color.ts";
import { linearScale, logScale, type Scale } from "./scale.ts";
import { type Markup, Svg, svgElement } from "./svg.ts";

/** Lines and bars: Okabe and Ito's hues, at lightnesses that show on white and on near-black. */
const SERIES_COLORS: readonly Rgb[] = [
  [38, 132, 206], // blue
  [224, 112, 20], // orange
  [0, 158, 115], //  green
  [196, 99, 158], // purple
  [150, 140, 20], // olive
  [120, 128, 138], // grey
];

/** One curve. */
export interface LineSeries {
  /** Its name in the legend. */
  readonly name: string;
  /** The values. NaN and infinite ones interrupt the line; the legend tells how many. */
  readonly y: readonly number[];
  /** Their places, rising. @default {0, 1, 2, …} */
  readonly x?: readonly number[];
}

/** How a line chart is drawn. */
export interface LineChartOptions {
  /** The heading. @default {the names of the series} */
  readonly title?: string;
  /** What the horizontal axis counts. */
  readonly xLabel?: string;
  /** What the vertical axis measures. */
  readonly yLabel?: string;
  /** Logarithmic vertical axis; values that are 0 or below interrupt the line as NaN does. @default {false} */
  readonly log?: boolean;
  /**
   * Draw a smoothed curve over the pale values: each of its values is `smooth` times the one before plus the rest of the new
   * value (corrected at the start, as Adam's averages are); 0 for none, below 1. @default {0}
   */
  readonly smooth?: number;
  /** Width in CSS pixels. @default {560} */
  readonly width?: number;
  /** Height in CSS pixels. @default {260} */
  readonly height?: number;
}

/** One set of bars: a value for every label. */
export interface BarSeries {
  /** Its name in the legend. */
  readonly name: string;
  /** One value per label; null where there is none: no bar then, and a dash. */
  readonly values: readonly (number | null)[];
}

/** How a bar chart is drawn. */
export interface BarChartOptions {
  /** The heading. @default {the names of the series} */
  readonly title?: string;
  /** What the bars measure. */
  readonly xLabel?: string;
  /** The number at the right end. @default {the largest value, rounded up} */
  readonly max?: number;
  /** Width in CSS pixels. @default {560} */
  readonly width?: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const FONT = 12;
/** Width of a character relative to the font's size: an estimate, since SVG text is measured only when shown. */
const CHARACTER = 0.58;

/** Estimated width of a text on the page, in CSS pixels. */
export function textWidth(text: string, size: number = FONT): number {
  return text.length * size * CHARACTER;
}

/** A text in the drawing's own colour and size. */
export function label(
  x: number,
  y: number,
  text: string,
  attributes: Record<string, string | number> = {},
): Markup {
  return svgElement("text", { x, y, "font-size": FONT, fill: "currentColor", ...attributes }, text);
}

/** The legend's entries from left to right, going on in a new row where one is full. */
function legend(
  names: readonly string[],
  colors: readonly Rgb[],
  area: { left: number; top: number; width: number },
): { markup: Markup[]; height: number } {
  const markup: Markup[] = [];
  let [x, row] = [0, 0];
  names.forEach((name, i) => {
    const width = 18 + textWidth(name) + 14;
    if (x > 0 && x + width > area.width) [x, row] = [0, row + 1];
    const [left, y] = [area.left + x, area.top + row * 17];
    markup.push(
      svgElement("rect", {
        x: left,
        y: y + 3,
        width: 12,
        height: 6,
        rx: 2,
        fill: cssColor(colors[i]),
      }),
      label(left + 17, y + 10, name),
    );
    x += width;
  });
  return { markup, height: (row + 1) * 17 };
}

/** Horizontal lines and numbers at the left, numbers below. */
export function axes(
  area: { left: number; right: number; top: number; bottom: number },
  { x, y }: { x: Scale; y: Scale | null },
  labels: { x?: string; y?: string },
): Markup[] {
  const line = (x1: number, y1: number, x2: number, y2: number, opacity: number) =>
    svgElement("line", { x1, y1, x2, y2, stroke: "currentColor", "stroke-opacity": opacity });
  const { left, right, top, bottom } = area;
  const markup: Markup[] = [];
  for (const { value, label: text } of y?.ticks ?? []) {
    const place = y!.place(value);
    markup.push(line(left, place, right, place, 0.18));
    markup.push(label(left - 6, place + 4, text, { "text-anchor": "end" }));
  }
  for (const { value, label: text } of x.ticks) {
    const place = x.place(value);
    markup.push(
      y ? line(place, bottom, place, bottom + 4, 0.6) : line(place, top, place, bottom + 4, 0.18),
    );
    markup.push(label(place, bottom + 17, text, { "text-anchor": "middle" }));
  }
  if (y) markup.push(line(left, bottom, right, bottom, 0.6));
  if (labels.x) {
    markup.push(label((left + right) / 2, bottom + 34, labels.x, { "text-anchor": "middle" }));
  }
  if (labels.y) {
    const middle = (top + bottom) / 2;
    markup.push(label(12, middle, labels.y, {
      "text-anchor": "middle",
      transform: `rotate(-90 12 ${Math.round(middle)})`,
    }));
  }
  return markup;
}

/** Exponential moving average that skips what is not drawn, corrected for its start at 0. */
function smoothed(points: readonly (Point | null)[], factor: number): (Point | null)[] {
  let [sum, weight] = [0, 0];
  return points.map((point) => {
    if (!point) return null;
    sum = factor * sum + (1 - factor) * point.y;
    weight = factor * weight + (1 - factor);
    return { x: point.x, y: sum / weight };
  });
}

/** Of the points on one column of pixels, keep the first, the lowest, the highest and the last. */
function thinned(run: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (let start = 0, end = 0; start < run.length; start = end) {
    const column = Math.floor(run[start].x);
    let [low, high] = [start, start];
    for (end = start; end < run.length && Math.floor(run[end].x) === column; end++) {
      if (run[end].y < run[low].y) low = end;
      if (run[end].y > run[high].y) high = end;
    }
    for (const i of [...new Set([start, low, high, end - 1])].sort((a, b) => a - b)) {
      kept.push(run[i]);
    }
  }
  return kept;
}

/** A curve in page coordinates, in as many pieces as gaps leave; a lone point becomes a dot. */
function curve(
  points: readonly (Point | null)[],
  color: string,
  width: number,
  opacity: number,
): Markup[] {
  const runs: Point[][] = [[]];
  for (const point of points) {
    if (point) runs[runs.length - 1].push(point);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 0).map((run) => {
    const stroke = { stroke: color, "stroke-width": width, "stroke-opacity": opacity };
    if (run.length === 1) {
      return svgElement("circle", {
        cx: run[0].x,
        cy: run[0].y,
        r: width * 1.5,
        fill: color,
        "fill-opacity": opacity,
      });
    }
    const path = thinned(run).map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
    return svgElement("path", {
      d: `M${path}`,
      fill: "none",
      "stroke-linejoin": "round",
      ...stroke,
    });
  });
}

/** The series as points, null where there is nothing to draw, with checks. */
function pointsOf(series: readonly LineSeries[], log: boolean): (Point | null)[][] {
  if (series.length === 0) throw new RangeError("drawLineChart: there is no series to draw");
  const points = series.map(({ name, x, y }) => {
    if (x && x.length !== y.length) {
      throw new RangeError(`drawLineChart: "${name}" has ${x.length} x but ${y.length} y`);
    }
    const bad = x?.findIndex((value, i) =>
      !Number.isFinite(value) || (i > 0 && value < x[i - 1])
    ) ?? -1;
    if (bad >= 0) {
      throw new RangeError(
        `drawLineChart: "${name}" has x ${x![bad]} at ${bad}; x must rise`,
      );
    }
    return y.map((value, i) =>
      Number.isFinite(value) && (!log || value > 0) ? { x: x ? x[i] : i, y: value } : null
    );
  });
  if (!points.some((list) => list.some((point) => point))) {
    const kind = log ? "finite value above 0" : "finite value";
    throw new RangeError(`drawLineChart: no series has a ${kind} to draw`);
  }
  return points;
}

function extentOf(values: readonly number[]): [number, number] {
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return [min, max];
}

/**
 * Curves over a common axis: losses over steps, for example.
 *
 * @param series The curves; colours follow their order.
 * @param options Labels, logarithmic axis, smoothing, size.
 * @throws {RangeError} If there is no series, none has anything to draw, `x` and `y` differ in length, `x` falls or is not
 * finite, or an option is out of its range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawLineChart } from "ae";
 *
 * const svg = drawLineChart([{ name: "push", y: [0.5, 0.2, NaN, 0.1] }], { xLabel: "step" });
 * assert.match(svg.toString(), /push \(1 not drawn\)/);
 * ```
 */
export function drawLineChart(series: readonly LineSeries[], options: LineChartOptions = {}): Svg {
  const { log = false, smooth = 0, width = 560, height = 260, xLabel, yLabel } = options;
  if (!(smooth >= 0 && smooth < 1)) {
    throw new RangeError(`drawLineChart: smooth must be from 0 to below 1, not ${smooth}`);
  }
  if (!(width >= 120 && height >= 100)) {
    throw new RangeError(`drawLineChart: ${width} x ${height} is too small; at least 120 x 100`);
  }
  const points = pointsOf(series, log);
  const drawn = points.flatMap((list) => list.filter((point) => point !== null));
  const colors = series.map((_, i) => SERIES_COLORS[i % SERIES_COLORS.length]);
  const names = series.map(({ name }, i) => {
    const missing = points[i].filter((point) => !point).length;
    return missing ? `${name} (${missing} not drawn)` : name;
  });

  const title = options.title ?? series.map(({ name }) => name).join(", ");
  const head = label(4, 15, title, { "font-weight": 600, "font-size": 13 });
  const key = legend(names, colors, { left: 4, top: 24, width: width - 8 });
  const top = 24 + key.height + 8;
  const bottom = height - (xLabel ? 42 : 24);
  const y = log
    ? logScale(extentOf(drawn.map((p) => p.y)), [bottom, top])
    : linearScale(fromZero(extentOf(drawn.map((p) => p.y))), [bottom, top], { round: true });
  const left = (yLabel ? 22 : 4) + Math.max(...y.ticks.map((tick) => textWidth(tick.label))) + 8;
  const acrossX = extentOf(drawn.map((p) => p.x));
  const count = Math.max(2, Math.floor((width - left) / 90));
  // The last number may stand under the very end of the axis: leave room for half of it.
  const lastTick = linearScale(acrossX, [0, 1], { count }).ticks.at(-1)?.label ?? "";
  const right = width - 8 - textWidth(lastTick) / 2;
  const x = linearScale(acrossX, [left, right], { count });

  const onPage = (list: readonly (Point | null)[]) =>
    list.map((point) => point && { x: x.place(point.x), y: y.place(point.y) });
  const curves = points.flatMap((list, i) => {
    const color = cssColor(colors[i]);
    if (smooth === 0) return curve(onPage(list), color, 1.8, 1);
    return [
      ...curve(onPage(list), color, 1, 0.25),
      ...curve(onPage(smoothed(list, smooth)), color, 2, 1),
    ];
  });
  return new Svg(
    [
      head,
      key.markup,
      axes({ left, right, top, bottom }, { x, y }, { x: xLabel, y: yLabel }),
      curves,
    ],
    { width, height, title },
  );
}

/** An axis of values that are all on one side of 0 begins at 0, unless they are far from it. */
function fromZero([min, max]: [number, number]): [number, number] {
  if (min > 0 && min < max / 2) return [0, max];
  if (max < 0 && max > min / 2) return [min, 0];
  return [min, max];
}

/**
 * Horizontal bars, one group per label: each keypoint's AP of several runs, for example.
 *
 * @param labels What each group is called, from top to bottom.
 * @param series The bars; each group has one of every series, in order.
 * @param options Labels, right end, width. Bars start at 0.
 * @throws {RangeError} If there is no label or no series, a series has not one value per label, a value is negative
 * or not finite, or an option is out of its range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawBarChart } from "ae";
 *
 * const svg = drawBarChart(["nose", "left eye"], [{ name: "AP", values: [0.5, null] }], { max: 1 });
 * assert.match(svg.toString(), /0\.50/);
 * ```
 */
export function drawBarChart(
  labels: readonly string[],
  series: readonly BarSeries[],
  options: BarChartOptions = {},
): Svg {
  if (labels.length === 0 || series.length === 0) {
    throw new RangeError("drawBarChart: there is nothing to draw: give labels and series");
  }
  for (const { name, values } of series) {
    if (values.length !== labels.length) {
      throw new RangeError(
        `drawBarChart: "${name}" has ${values.length} values for ${labels.length} labels`,
      );
    }
    const bad = values.find((value) => value !== null && !(value >= 0 && value < Infinity));
    if (bad !== undefined) {
      throw new RangeError(
        `drawBarChart: "${name}" holds ${bad}; a bar's length is 0 or more, or null`,
      );
    }
  }
  const largest = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const { max = largest || 1, width = 560, xLabel } = options;
  if (!(max > 0 && max >= largest && max < Infinity)) {
    throw new RangeError(
      `drawBarChart: max must be above 0 and at least the largest value ${largest}, not ${max}`,
    );
  }
  if (!(width >= 160)) {
    throw new RangeError(`drawBarChart: width must be 160 or more, not ${width}`);
  }

  const colors = series.map((_, i) => SERIES_COLORS[i % SERIES_COLORS.length]);
  const title = options.title ?? series.map(({ name }) => name).join(", ");
  const head = label(4, 15, title, { "font-weight": 600, "font-size": 13 });
  const key = legend(series.map(({ name }) => name), colors, {
    left: 4,
    top: 24,
    width: width - 8,
  });
  const thickness = series.length === 1 ? 12 : 7;
  const group = thickness * series.length + 8;
  const top = 24 + key.height + 6;
  const bottom = top + group * labels.length;
  const left = Math.max(...labels.map((text) => textWidth(text))) + 12;
  const right = width - 40; // room for the value of a full bar
  const x = linearScale([0, max], [left, right], { round: options.max === undefined });

  const bar = (
    name: string,
    text: string,
    value: number | null,
    y: number,
    color: Rgb,
  ): Markup[] => {
    const end = x.place(value ?? 0);
    const rect = svgElement(
      "rect",
      { x: left, y, width: end - left, height: thickness - 1, fill: cssColor(color) },
      svgElement("title", {}, `${text}, ${name}: ${value === null ? "none" : value.toFixed(3)}`),
    );
    // Thin bars of several series have no room for numbers, only for the dash that says "none".
    if (value !== null && series.length > 1) return [rect];
    const number = value === null ? "–" : value.toFixed(2);
    return [rect, label(end + 4, y + thickness / 2 + 3, number, { "font-size": 10 })];
  };
  const bars = labels.map((text, row) => {
    const above = top + row * group + 4;
    const name = label(left - 6, above + group / 2, text, { "text-anchor": "end" });
    return [
      name,
      ...series.flatMap((set, i) =>
        bar(set.name, text, set.values[row], above + i * thickness, colors[i])
      ),
    ];
  });
  return new Svg(
    [head, key.markup, axes({ left, right, top, bottom }, { x, y: null }, { x: xLabel }), bars],
    { width, height: bottom + (xLabel ? 42 : 24), title },
  );
}
