/**
 * A function of two numbers as coloured ground, and paths that lead over it: a loss, and where its gradient takes a
 * point.
 *
 *     y │▒▒▓▓██▓▓▒▒      colour: the function's value
 *       │▒▓█●──╮█▓▒      ●──╮ a path, from its ring to its dot
 *       │▒▓▓███╰─○▒
 *       └────────── x    with a strip below that says which colour is which value
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import type { HostArray } from "../core/host_array.ts";
import { axes } from "./chart.ts";
import { cssColor, heatColor, personColor } from "./color.ts";
import { paintHeatmaps } from "./heatmaps.ts";
import { pngDataUrl } from "./picture.ts";
import { linearScale, type Scale } from "./scale.ts";
import { type Markup, Svg, svgElement } from "./svg.ts";

/** A way over the ground. */
export interface SurfacePath {
  /** What a pointer over the path is told. */
  readonly name: string;
  /** Where it leads, at least one point, in the axes' numbers. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** How a surface is drawn. */
export interface SurfaceOptions {
  /** The numbers at the left and the right border of the ground. */
  readonly x: readonly [left: number, right: number];
  /** The numbers at the lower and the upper border. */
  readonly y: readonly [bottom: number, top: number];
  /** What the horizontal axis measures. */
  readonly xLabel?: string;
  /** What the vertical axis measures. */
  readonly yLabel?: string;
  /** Paths over the ground, coloured by their number as people are. @default {none} */
  readonly paths?: readonly SurfacePath[];
  /** The heading. @default {"surface"} */
  readonly title?: string;
  /** Width in CSS pixels. @default {480} */
  readonly width?: number;
}

/**
 * Draw a function of two numbers, sampled on a grid.
 *
 * @param values `[H, W]`, finite: row 0 is the **lower** border, column 0 the left one, each sample in the middle of its
 * pixel. Colours go from black (the least value) to pale yellow (the largest).
 * @param options Axes, paths, size.
 * @throws {ShapeError} If the values are not `[H, W]` or empty.
 * @throws {RangeError} If a value is not finite, an axis does not rise, a path is empty or leaves the finite numbers, or the
 * width is below 200. What of a path lies outside the ground is drawn there all the same.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawSurface, hostArray } from "ae";
 *
 * const bowl = hostArray([3, 3], [2, 1, 2, 1, 0, 1, 2, 1, 2]); // x² + y²
 * const paths = [{ name: "downhill", points: [{ x: 1, y: 1 }, { x: 0, y: 0 }] }];
 * const svg = drawSurface(bowl, { x: [-1.5, 1.5], y: [-1.5, 1.5], paths });
 * assert.match(svg.toString(), /downhill/);
 * ```
 */
export function drawSurface(values: HostArray, options: SurfaceOptions): Svg {
  const { paths = [], title = "surface", width = 480 } = options;
  const [H, W] = values.shape;
  if (values.shape.length !== 2 || values.data.length === 0) {
    throw shapeError("drawSurface", "values must be H W and not empty", {
      values: [values.shape, "H W"],
    });
  }
  checkSurface(values, options);
  let [low, high] = [Infinity, -Infinity];
  for (const value of values.data) [low, high] = [Math.min(low, value), Math.max(high, value)];

  const area = { left: 58, right: width - 14, top: 26, bottom: 26 + Math.round(width * 0.66) };
  const x = linearScale(options.x, [area.left, area.right]);
  const y = linearScale(options.y, [area.bottom, area.top]);
  const ground = svgElement("image", {
    x: area.left,
    y: area.top,
    width: area.right - area.left,
    height: area.bottom - area.top,
    preserveAspectRatio: "none",
    href: pngDataUrl(paintHeatmaps(flat(values, low, high, [H, W]))),
  });
  const heading = svgElement(
    "text",
    { x: 4, y: 15, "font-size": 13, "font-weight": 600, fill: "currentColor" },
    title,
  );
  const key = strip(area, area.bottom + (options.xLabel ? 46 : 28), low, high);
  return new Svg(
    [
      heading,
      ground,
      axes(area, { x, y }, { x: options.xLabel, y: options.yLabel }),
      key,
      paths.map((path, i) => pathMarkup(path, cssColor(personColor(i)), x, y)),
    ],
    { width, height: area.bottom + (options.xLabel ? 84 : 66), title },
  );
}

/** The values as one heatmap from 0 to 1, its rows from top to bottom. */
function flat(
  { data }: HostArray,
  low: number,
  high: number,
  [H, W]: readonly [number, number],
): HostArray {
  const scaled = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const row = H - 1 - Math.floor(i / W);
    scaled[row * W + i % W] = high > low ? (data[i] - low) / (high - low) : 0.5;
  }
  return { shape: [1, H, W], data: scaled };
}

/** Which colour is which value. */
function strip(
  { left, right }: { left: number; right: number },
  top: number,
  low: number,
  high: number,
): Markup[] {
  const pieces = 32;
  const scale = linearScale([low, high], [left, right]);
  const colors = Array.from({ length: pieces }, (_, i) => {
    const piece = (right - left) / pieces;
    return svgElement("rect", {
      x: left + piece * i,
      y: top,
      width: piece + 0.4,
      height: 8,
      fill: cssColor(heatColor((i + 0.5) / pieces)),
    });
  });
  return [...axes({ left, right, top, bottom: top + 8 }, { x: scale, y: null }, {}), ...colors];
}

/** A path in its colour on a dark bed, with a ring where it begins and a dot where it ends. */
function pathMarkup({ name, points }: SurfacePath, color: string, x: Scale, y: Scale): Markup {
  const places = points.map((point) => ({ cx: x.place(point.x), cy: y.place(point.y) }));
  const d = `M${places.map(({ cx, cy }) => `${cx.toFixed(1)} ${cy.toFixed(1)}`).join("L")}`;
  const line = { d, fill: "none", "stroke-linejoin": "round" };
  return svgElement(
    "g",
    {},
    svgElement("title", {}, name),
    svgElement("path", { ...line, stroke: "#000", "stroke-width": 5 }),
    svgElement("path", { ...line, stroke: color, "stroke-width": 2.6 }),
    svgElement("circle", { ...places[0], r: 5, fill: "#000", stroke: color, "stroke-width": 2.6 }),
    svgElement("circle", {
      ...places[places.length - 1],
      r: 5.5,
      fill: color,
      stroke: "#000",
      "stroke-width": 1.2,
    }),
  );
}

function checkSurface(
  { data }: HostArray,
  { x, y, paths = [], width = 480 }: SurfaceOptions,
): void {
  const fail = (problem: string) => new RangeError(`drawSurface: ${problem}`);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw fail(`value ${bad} is ${data[bad]}`);
  for (const [name, [from, to]] of Object.entries({ x, y })) {
    if (from < to && Number.isFinite(to - from)) continue;
    throw fail(`${name} must rise from a number to a larger one, not from ${from} to ${to}`);
  }
  for (const { name, points } of paths) {
    if (points.length === 0) throw fail(`path "${name}" has no point`);
    const lost = points.findIndex((at) => !Number.isFinite(at.x) || !Number.isFinite(at.y));
    if (lost >= 0) {
      throw fail(`point ${lost} of path "${name}" is at (${points[lost].x}, ${points[lost].y})`);
    }
  }
  if (!(width >= 200 && width < Infinity)) throw fail(`width must be 200 or more, not ${width}`);
}
