/**
 * The histogram of the tags of a picture's detected pixels, with the modes that were found in it: how many instances the
 * network believes in, and how sure it is that they are two.
 *
 *        ▂█▃       ▁▅▂      bars: pixels with such a tag
 *         |         |       lines: modes, each in its instance's colour
 *     ────┴─────────┴────   x: the tag's value in one dimension
 *
 * Newell, Huang and Deng 2017, arXiv:1611.05424, find instances this way (the part on instance segmentation).
 *
 * @module
 */
import { axes } from "./chart.ts";
import { cssColor, type Rgb } from "./color.ts";
import { linearScale } from "./scale.ts";
import { Svg, svgElement } from "./svg.ts";

/** One bar. */
export interface HistogramBin {
  /** Tag at its middle. */
  readonly tag: number;
  /** Its height, 0 or more. */
  readonly smoothed: number;
}

/** A line. */
export interface HistogramMode {
  /** Where. */
  readonly tag: number;
  /** In which colour. */
  readonly color: Rgb;
}

/** How a histogram is drawn. */
export interface TagHistogramOptions {
  /** What stands under the axis. @default {"tag"} */
  readonly xLabel?: string;
  /** Width in CSS pixels. @default {480} */
  readonly width?: number;
  /** What the drawing shows, in words. @default {"tags of the detected pixels, 3 modes"} */
  readonly title?: string;
}

const HEIGHT = 170;
const AREA = { left: 44, top: 10, bottom: HEIGHT - 42, rightMargin: 12 };

/**
 * Bars of tags and lines of modes.
 *
 * @param bins In the order of their tags; none is fine. The narrowest step between two is the width of a bar.
 * @param modes The modes.
 * @param options Label, width, title.
 * @throws {RangeError} If a tag is not finite, a height is negative or not finite, or the width is below 160.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawTagHistogram, personColor, tagHistogram } from "ae";
 *
 * const bins = tagHistogram([0.1, 0.1, 0.2, 2]);
 * const svg = drawTagHistogram(bins, [{ tag: 0.15, color: personColor(0) }]);
 * assert.match(svg.toString(), /tags of the detected pixels, 1 mode/);
 * ```
 */
export function drawTagHistogram(
  bins: readonly HistogramBin[],
  modes: readonly HistogramMode[],
  options: TagHistogramOptions = {},
): Svg {
  const { xLabel = "tag", width = 480 } = options;
  if (!(width >= 160 && width < Infinity)) {
    throw new RangeError(`drawTagHistogram: width must be 160 or more, not ${width}`);
  }
  for (const { tag, smoothed } of bins) {
    if (!Number.isFinite(tag) || !(smoothed >= 0 && smoothed < Infinity)) {
      throw new RangeError(`drawTagHistogram: a bin at ${tag} is ${smoothed} high`);
    }
  }
  const strange = modes.find(({ tag }) => !Number.isFinite(tag));
  if (strange) throw new RangeError(`drawTagHistogram: a mode is at ${strange.tag}`);
  const area = { ...AREA, right: width - AREA.rightMargin };
  const places = [...bins, ...modes].map(({ tag }) => tag);
  const steps = bins.slice(1).map(({ tag }, i) => tag - bins[i].tag);
  const step = steps.reduce((a, b) => Math.min(a, b), Infinity);
  const bar = step < Infinity ? step : 0.1;
  const [low, high] = places.length === 0
    ? [0, 1]
    : [Math.min(...places) - bar, Math.max(...places) + bar];
  const highest = bins.reduce((most, { smoothed }) => Math.max(most, smoothed), 0);
  const x = linearScale([low, high], [area.left, area.right]);
  const y = linearScale([0, highest || 1], [area.bottom, area.top], { count: 3, round: true });
  const bars = bins.map(({ tag, smoothed }) => {
    const top = y.place(smoothed);
    const left = x.place(tag - bar / 2);
    return svgElement("rect", {
      x: left,
      y: top,
      width: x.place(tag + bar / 2) - left,
      height: area.bottom - top,
      fill: "currentColor",
      "fill-opacity": 0.35,
    });
  });
  const lines = modes.map(({ tag, color }) =>
    svgElement("line", {
      x1: x.place(tag),
      y1: area.top,
      x2: x.place(tag),
      y2: area.bottom,
      stroke: cssColor(color),
      "stroke-width": 3,
    })
  );
  const count = `${modes.length} ${modes.length === 1 ? "mode" : "modes"}`;
  const title = options.title ?? `tags of the detected pixels, ${count}`;
  return new Svg([...bars, ...lines, ...axes(area, { x, y }, { x: xLabel })], {
    width,
    height: HEIGHT,
    title,
  });
}
