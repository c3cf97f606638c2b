/**
 * What a layer says: all channels of an activation as small pictures in one mosaic, so that a whole network can be
 * looked at.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import type { HostArray } from "../core/host_array.ts";
import { divergingColor, heatColor } from "./color.ts";
import { pngDataUrl } from "./picture.ts";
import { Svg, svgElement } from "./svg.ts";

/** How a mosaic is laid out. */
export interface ActivationOptions {
  /** Channels in a row. @default {about twice as many as there are rows} */
  readonly columns?: number;
  /** Width of the drawing in CSS pixels. @default {480} */
  readonly width?: number;
  /** The value that is brightest (or dark at both ends); larger ones look like it. @default {the largest magnitude} */
  readonly max?: number;
  /** What the drawing shows, in words. @default {"64 channels of 32 x 32"} */
  readonly title?: string;
}

/** Lines between channels, pixels of the maps. */
const GAP = 1;
/** Their grey, which neither palette has. */
const GAP_COLOR = [122, 127, 135];

/**
 * Every channel of an activation, side by side in reading order, one square of colour for each number. Where none is
 * negative (after a ReLU), colours go from black at 0 to pale yellow at `max`; else from dark blue at -`max` over pale
 * grey at 0 to dark orange at `max`. All channels share the scale.
 *
 * @param maps `[C, H, W]`, or `[1, C, H, W]` as a layer gives it for one image.
 * @param options Layout and scale.
 * @throws {ShapeError} If the maps have other axes or are empty.
 * @throws {RangeError} If a value is NaN or infinite, or an option is out of its range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawActivations, hostArray } from "ae";
 *
 * const svg = drawActivations(hostArray([2, 1, 2], [0, 1, 0.5, 0]));
 * assert.equal(svg.title, "2 channels of 1 x 2");
 * ```
 */
export function drawActivations(maps: HostArray, options: ActivationOptions = {}): Svg {
  const [C, H, W] = sizesOf(maps);
  const { columns = Math.min(C, Math.ceil(Math.sqrt(2 * C * H / W))), width = 480 } = options;
  if (!Number.isInteger(columns) || columns < 1) {
    throw new RangeError(
      `drawActivations: columns must be a whole number above 0, not ${columns}`,
    );
  }
  if (!(width > 0 && width < Infinity)) {
    throw new RangeError(`drawActivations: width must be above 0, not ${width}`);
  }
  const { largest, negative } = extent(maps);
  const max = options.max ?? (largest || 1);
  if (!(max > 0 && max < Infinity)) {
    throw new RangeError(`drawActivations: max must be above 0, not ${max}`);
  }
  const color = negative
    ? (value: number) => divergingColor((value / max + 1) / 2)
    : (value: number) => heatColor(value / max);

  const rows = Math.ceil(C / columns);
  const picture = {
    width: columns * (W + GAP) - GAP,
    height: rows * (H + GAP) - GAP,
    data: new Uint8Array((columns * (W + GAP) - GAP) * (rows * (H + GAP) - GAP) * 3),
  };
  for (let i = 0; i < picture.data.length; i++) picture.data[i] = GAP_COLOR[i % 3];
  for (let i = 0; i < C * H * W; i++) {
    const [c, y, x] = [Math.floor(i / (H * W)), Math.floor(i / W) % H, i % W];
    const row = Math.floor(c / columns) * (H + GAP) + y;
    const column = (c % columns) * (W + GAP) + x;
    picture.data.set(color(maps.data[i]).map(Math.round), (row * picture.width + column) * 3);
  }
  const height = width * picture.height / picture.width;
  return new Svg(
    svgElement("image", {
      width,
      height,
      preserveAspectRatio: "none",
      "image-rendering": "pixelated",
      href: pngDataUrl(picture),
    }),
    { width, height, title: options.title ?? `${C} channels of ${H} x ${W}` },
  );
}

function sizesOf({ shape, data }: HostArray): readonly number[] {
  const sizes = shape.length === 4 && shape[0] === 1 ? shape.slice(1) : shape;
  if (sizes.length === 3 && data.length > 0) return sizes;
  throw shapeError("drawActivations", "maps must be C H W of one image, and not empty", {
    maps: [shape, shape.length === 4 ? "N C H W" : "C H W"],
  });
}

function extent({ data }: HostArray): { largest: number; negative: boolean } {
  let [largest, negative] = [0, false];
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new RangeError(`drawActivations: number ${i} of the maps is ${data[i]}`);
    }
    largest = Math.max(largest, Math.abs(data[i]));
    negative ||= data[i] < 0;
  }
  return { largest, negative };
}
