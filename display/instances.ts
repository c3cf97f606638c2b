/**
 * Instances as coloured masks, over their photograph or alone: as SVG ({@linkcode drawInstances}) for pages and
 * notebooks, or painted into the pixels ({@linkcode paintInstances}) for a PNG file.
 *
 * | sign               | meaning                                                               |
 * | ------------------ | --------------------------------------------------------------------- |
 * | hue                | the instance, or with `colorBy: "tag"` the first value of its tag     |
 * | half covered       | the instance's pixels                                                 |
 * | line               | its outline, along the edges of pixels                                |
 * | grey               | a crowd                                                               |
 *
 * In colours of tags two instances that look alike have tags that are alike: what grouping found hard to tell apart.
 *
 * The outline is found by walking around the mask along pixel edges with the inside on the right:
 *
 *     . # .        +--+          every edge between an inside and an outside pixel is
 *     # # .     +--+  |          walked once; holes are walked the other way round
 *               +-----+
 *
 * @module
 */
import type { Mask } from "../image/mask.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import type { AnnotatedInstance, DecodedInstance } from "../instance/instance.ts";
import { cssColor, divergingColor, mixColors, personColor, type Rgb } from "./color.ts";
import { drawingFrame, photoMarkup } from "./photo.ts";
import { checkImage, copyOf } from "./picture.ts";
import { widened } from "./scale.ts";
import { type Markup, Svg, svgElement } from "./svg.ts";

const GREY: Rgb = [190, 190, 190];

/** How much of the photograph an instance covers. */
const OPACITY = 0.5;

/** How instances are coloured. */
export interface InstanceColorOptions {
  /** A colour for each instance, or for each tag. @default {"instance"} */
  readonly colorBy?: "instance" | "tag";
  /** With `colorBy: "instance"`: number of each one's colour (see {@linkcode personColor}), or null for grey. @default {0, 1, 2, …; crowds grey} */
  readonly colors?: readonly (number | null)[];
  /** With `colorBy: "tag"`: the tags shown dark blue and dark orange. @default {the lowest and highest, 1 apart at least} */
  readonly range?: readonly [low: number, high: number];
}

/** How instances are drawn. */
export interface InstanceDrawingOptions extends InstanceColorOptions {
  /** Size of the frame in image pixels; needed only where there is no image. @default {the image's size} */
  readonly frame?: { readonly width: number; readonly height: number };
  /** Width of the drawing on the page in CSS pixels; the height follows. @default {480} */
  readonly width?: number;
  /** Names of the classes, shown when the pointer rests on an instance. */
  readonly classes?: readonly string[];
  /** What the drawing shows, in words. @default {"3 instances"} */
  readonly title?: string;
}

/** The colour of each instance; every check of the input is made here. */
function colorsOf(
  op: string,
  instances: readonly (AnnotatedInstance | DecodedInstance)[],
  frame: { readonly width: number; readonly height: number },
  { colorBy = "instance", colors, range }: InstanceColorOptions,
): Rgb[] {
  instances.forEach(({ mask: { width, height } }, i) => {
    if (width === frame.width && height === frame.height) return;
    throw new RangeError(
      `${op}: the mask of instance ${i} is ${width} x ${height}, the picture ${frame.width} x ${frame.height}`,
    );
  });
  if (colorBy === "tag") {
    if (colors) throw new RangeError(`${op}: colors are for colorBy: "instance"`);
    return tagColors(op, instances, range);
  }
  if (range) throw new RangeError(`${op}: range is for colorBy: "tag"`);
  if (colors && colors.length !== instances.length) {
    throw new RangeError(`${op}: ${instances.length} instances but ${colors.length} colours`);
  }
  return instances.map((instance, i) => {
    const color = colors ? colors[i] : "crowd" in instance && instance.crowd ? null : i;
    return color === null ? GREY : personColor(color);
  });
}

function tagColors(
  op: string,
  instances: readonly (AnnotatedInstance | DecodedInstance)[],
  range: InstanceColorOptions["range"],
): Rgb[] {
  const tags = instances.map((instance, i) => {
    const tag = "tag" in instance ? instance.tag[0] : undefined;
    if (tag !== undefined && Number.isFinite(tag)) return tag;
    throw new RangeError(`${op}: instance ${i} has no tag to be coloured by`);
  });
  const [low, high] = range ?? widened(tags);
  if (!(low < high && Number.isFinite(high - low))) {
    throw new RangeError(
      `${op}: range must go from a lower to a higher tag, not from ${low} to ${high}`,
    );
  }
  return tags.map((tag) => divergingColor((tag - low) / (high - low)));
}

/**
 * Instances over their photograph, as SVG with the photograph inside.
 *
 * @param image The photograph, or null for masks alone; then `options.frame` says how large the frame is.
 * @param instances Annotated or decoded; later ones are drawn over earlier ones.
 * @param options Colours, size, names and title.
 * @throws {RangeError} If a mask has another size than the picture, there is neither image nor frame, an instance has no
 * tag to be coloured by, or an option is out of its range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawInstances } from "ae";
 *
 * const mask = { width: 3, height: 1, data: new Uint8Array([0, 1, 1]) };
 * const frame = { width: 3, height: 1 };
 * const svg = drawInstances(null, [{ classIndex: 0, mask, score: 0.8, tag: [2] }], { frame });
 * assert.match(svg.toString(), /d="M0.5 -0.5H2.5V0.5H0.5Z"/);
 * ```
 */
export function drawInstances(
  image: RgbImage | null,
  instances: readonly (AnnotatedInstance | DecodedInstance)[],
  options: InstanceDrawingOptions = {},
): Svg {
  const frame = drawingFrame("drawInstances", image, options.frame);
  const { width = 480, classes } = options;
  const colors = colorsOf("drawInstances", instances, frame, options);
  const photo = image && photoMarkup(image);
  const lineWidth = Math.max(frame.width, frame.height) / 250;
  const shapes = instances.map((instance, i): Markup =>
    svgElement(
      "path",
      {
        d: outline(instance.mask),
        fill: cssColor(colors[i]),
        "fill-opacity": OPACITY,
        "fill-rule": "evenodd",
        stroke: cssColor(colors[i]),
        "stroke-width": lineWidth,
        "stroke-linejoin": "round",
      },
      svgElement("title", {}, caption(instance, i, classes)),
    )
  );
  return new Svg([photo, ...shapes], {
    width,
    height: Math.round((width * frame.height) / frame.width),
    viewBox: [-0.5, -0.5, frame.width, frame.height],
    title: options.title ??
      `${instances.length} ${instances.length === 1 ? "instance" : "instances"}`,
  });
}

function caption(
  instance: AnnotatedInstance | DecodedInstance,
  i: number,
  classes: readonly string[] | undefined,
): string {
  const name = classes?.[instance.classIndex] ?? `instance ${i}`;
  if ("score" in instance) return `${name} ${instance.score.toFixed(2)}`;
  return instance.crowd ? `${name} (crowd)` : name;
}

/** A mask's outline as the `d` of an SVG path, in image pixels (a whole number being a pixel's centre). */
function outline({ width, height, data }: Mask): string {
  const corners = width + 1; // in a row
  const steps = [1, corners, -1, -corners]; // right, down, left, up
  const inside = (x: number, y: number) => x >= 0 && x < width && data[y * width + x] === 1;
  /** For each corner of pixels, the directions of the edges that leave it and have not been walked. */
  const leaving = new Map<number, number[]>();
  const add = (corner: number, direction: number) => {
    leaving.set(corner, [...leaving.get(corner) ?? [], direction]);
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!inside(x, y)) continue;
      const corner = y * corners + x;
      if (!inside(x, y - 1)) add(corner, 0);
      if (!inside(x + 1, y)) add(corner + 1, 1);
      if (!inside(x, y + 1)) add(corner + 1 + corners, 2);
      if (!inside(x - 1, y)) add(corner + corners, 3);
    }
  }
  let path = "";
  const x = (corner: number) => corner % corners - 0.5;
  const y = (corner: number) => Math.floor(corner / corners) - 0.5;
  for (const [start, directions] of leaving) {
    while (directions.length > 0) {
      path += `M${x(start)} ${y(start)}`;
      let [corner, before] = [start, -1];
      do {
        const direction = leaving.get(corner)!.pop()!; // as many edges arrive as leave
        if (before >= 0 && direction !== before) {
          path += before % 2 === 0 ? `H${x(corner)}` : `V${y(corner)}`;
        }
        corner += steps[direction];
        before = direction;
      } while (corner !== start);
      path += "Z";
    }
  }
  return path;
}

/**
 * Instances painted into the pixels of their photograph, for a PNG file: half covered inside, and the colour itself at
 * the pixels beside the outline.
 *
 * @param image The photograph; it is not changed.
 * @param instances Annotated or decoded; later ones are painted over earlier ones.
 * @param options Colours.
 * @returns A new picture of the same size.
 * @throws {RangeError} As {@linkcode drawInstances}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { paintInstances, personColor, rgbImage } from "ae";
 *
 * const mask = { width: 3, height: 1, data: new Uint8Array([0, 1, 1]) };
 * const painted = paintInstances(rgbImage(3, 1), [{ classIndex: 0, mask, score: 0.8, tag: [2] }]);
 * assert.deepEqual([...painted.data.subarray(0, 6)], [0, 0, 0, ...personColor(0)]); // beside the outline
 * ```
 */
export function paintInstances(
  image: RgbImage,
  instances: readonly (AnnotatedInstance | DecodedInstance)[],
  options: InstanceColorOptions = {},
): RgbImage {
  checkImage("paintInstances", image);
  const colors = colorsOf("paintInstances", instances, image, options);
  const painted = copyOf(image);
  const { width, height, data } = painted;
  instances.forEach(({ mask }, instance) => {
    for (let i = 0; i < mask.data.length; i++) {
      if (mask.data[i] === 0) continue;
      const [x, y] = [i % width, Math.floor(i / width)];
      const atOutline = (x > 0 && mask.data[i - 1] === 0) ||
        (x < width - 1 && mask.data[i + 1] === 0) ||
        (y > 0 && mask.data[i - width] === 0) ||
        (y < height - 1 && mask.data[i + width] === 0);
      const under: Rgb = [data[3 * i], data[3 * i + 1], data[3 * i + 2]];
      data.set(
        mixColors(under, colors[instance], atOutline ? 1 : OPACITY).map(Math.round),
        3 * i,
      );
    }
  });
  return painted;
}
