/**
 * Tags as pictures: whom the network believes a keypoint to belong to.
 *
 * A tag map means something only where there is a keypoint; elsewhere the network may say what it likes, because the
 * loss never looks there. So {@linkcode paintTags} shows, at every pixel, the tag in the map of the keypoint whose
 * heatmap is strongest there, and shows it as strongly as that heatmap. People whose tags agree come out in one colour.
 *
 * {@linkcode drawTagScatter} leaves the image and shows the tags read at the true keypoints: the tags that the loss pulls
 * together (each person's dots) and pushes apart (different people's means).
 *
 *     person 1   · ·:·|··                              x: the tag's value
 *     person 2                      ··:|· ·            one lane and colour per true person,
 *     person 3            ·   ··|· ·                   | their mean, one dot per keypoint
 *              ────┴────────┴────────┴────────
 *
 * Newell, Huang and Deng 2017, arXiv:1611.05424, show both kinds of picture in their figures.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import type { HostArray } from "../core/host_array.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import type { AnnotatedPerson } from "../pose/person.ts";
import { axes, textWidth } from "./chart.ts";
import { cssColor, divergingColor, personColor } from "./color.ts";
import { checkMaps, interpolate, paintOver, strongest } from "./heatmaps.ts";
import { checkImage, pngDataUrl } from "./picture.ts";
import { linearScale, type Scale, widened } from "./scale.ts";
import { type Markup, Svg, svgElement } from "./svg.ts";

/** Heatmap value from which on a pixel counts as a keypoint's when the range of tags is looked for. */
const CONFIDENT = 0.3;

/** How tag maps are shown. */
export interface TagPictureOptions {
  /** The photograph that the maps cover from edge to edge. @default {black, at the maps' size} */
  readonly image?: RgbImage;
  /** Which of the D tag dimensions. @default {0} */
  readonly dimension?: number;
  /** The tags that are shown dark blue and dark orange. @default {see tagRange()} */
  readonly range?: readonly [low: number, high: number];
}

/** The tag read at one keypoint. */
export interface TagReading {
  /** The keypoint's number in the skeleton. */
  readonly keypoint: number;
  /** Its D values. */
  readonly tag: readonly number[];
}

function checkTagMaps(op: string, tags: HostArray, heatmaps: HostArray, dimension: number): void {
  checkMaps(op, "tags", tags, "D K H W");
  checkMaps(op, "heatmaps", heatmaps, "K H W");
  if (heatmaps.shape.some((length, axis) => length !== tags.shape[axis + 1])) {
    throw shapeError(op, "tags and heatmaps must agree on K, H and W", {
      tags: [tags.shape, "D K H W"],
      heatmaps: [heatmaps.shape, "K H W"],
    });
  }
  const [D] = tags.shape;
  if (!(Number.isInteger(dimension) && dimension >= 0 && dimension < D)) {
    throw new RangeError(
      `${op}: there is no tag dimension ${dimension}; tags has ${D}, from 0 to ${D - 1}`,
    );
  }
}

/** At every map pixel the tag of the keypoint that is strongest there, and how strong it is. */
function tagsWhereStrongest(tags: HostArray, heatmaps: HostArray, dimension: number) {
  const [, K, H, W] = tags.shape;
  const peaks = strongest(heatmaps);
  const values = new Float32Array(H * W);
  for (let i = 0; i < H * W; i++) {
    values[i] = tags.data[(dimension * K + peaks.keypoint[i]) * H * W + i];
  }
  return { peaks, values };
}

/**
 * The smallest and the largest tag at pixels that probably are a keypoint (heatmap above 0.3), as a range for
 * {@linkcode paintTags} and {@linkcode drawTagScatter}. Without such a pixel, or with one value only, the range is 1
 * wide: the distance beyond which the decoder separates people.
 *
 * @param tags One image's tag maps, `[D, K, H, W]`.
 * @param heatmaps The same image's heatmaps, `[K, H, W]`.
 * @param dimension Which of the D dimensions.
 * @returns `[low, high]`, low < high.
 * @throws {ShapeError} If the maps' shapes do not fit together.
 * @throws {RangeError} If a value is NaN or infinite, or there is no such dimension.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray, tagRange } from "ae";
 *
 * const heatmaps = hostArray([1, 1, 3], [1, 0.9, 0]);
 * const tags = hostArray([1, 1, 1, 3], [-2, 4, 1000]); // nobody is at the last pixel
 * assert.deepEqual(tagRange(tags, heatmaps), [-2, 4]);
 * ```
 */
export function tagRange(
  tags: HostArray,
  heatmaps: HostArray,
  dimension: number = 0,
): [low: number, high: number] {
  checkTagMaps("tagRange", tags, heatmaps, dimension);
  const { peaks, values } = tagsWhereStrongest(tags, heatmaps, dimension);
  return widened(values.filter((_, i) => peaks.values[i] > CONFIDENT));
}

/**
 * The tag map of one dimension as a picture: colour is the tag's value, from dark blue over pale to dark orange, its
 * strength that of the strongest heatmap.
 *
 * @param tags One image's tag maps, `[D, K, H, W]`.
 * @param heatmaps The same image's heatmaps, `[K, H, W]`.
 * @param options The photograph, the dimension, the tags at both ends of the palette.
 * @returns A picture as large as the photograph, or as the maps.
 * @throws {ShapeError} If the maps' shapes do not fit together.
 * @throws {RangeError} If a value is NaN or infinite, or an option is out of its range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray, paintTags } from "ae";
 *
 * const heatmaps = hostArray([1, 1, 2], [1, 1]);
 * const picture = paintTags(hostArray([1, 1, 1, 2], [-1, 1]), heatmaps);
 * assert.deepEqual([...picture.data], [18, 62, 158, 150, 48, 4]); // dark blue, dark orange
 * ```
 */
export function paintTags(
  tags: HostArray,
  heatmaps: HostArray,
  options: TagPictureOptions = {},
): RgbImage {
  const { image, dimension = 0 } = options;
  checkTagMaps("paintTags", tags, heatmaps, dimension);
  if (image) checkImage("paintTags", image);
  const [low, high] = options.range ?? tagRange(tags, heatmaps, dimension);
  checkRange("paintTags", low, high);
  const { peaks, values } = tagsWhereStrongest(tags, heatmaps, dimension);
  const nearest = (v: number, length: number) => Math.min(Math.round(v), length - 1);
  return paintOver(image, peaks, {
    palette: divergingColor,
    // Tags of neighbouring pixels may belong to different keypoints: nearest pixel, no interpolation.
    value: (x, y) =>
      (values[nearest(y, peaks.height) * peaks.width + nearest(x, peaks.width)] - low) /
      (high - low),
    strength: (x, y) => 2 * interpolate(peaks, x, y),
  });
}

function checkRange(op: string, low: number, high: number): void {
  if (!(low < high && Number.isFinite(high - low))) {
    throw new RangeError(
      `${op}: range must go from a lower to a higher tag, not from ${low} to ${high}`,
    );
  }
}

/** A strip of the tags' palette between two places. */
function colorStrip(
  x: Scale,
  [low, high]: readonly [number, number],
  y: number,
  height: number,
): Markup[] {
  const pieces = 32;
  return Array.from({ length: pieces }, (_, i) => {
    const left = x.place(low + (high - low) * (i / pieces));
    const right = x.place(low + (high - low) * ((i + 1) / pieces));
    const fill = cssColor(divergingColor((i + 0.5) / pieces));
    return svgElement("rect", { x: left, y, width: right - left + 0.4, height, fill });
  });
}

/**
 * {@linkcode paintTags} with a scale below that says which colour is which tag.
 *
 * @param tags One image's tag maps, `[D, K, H, W]`.
 * @param heatmaps The same image's heatmaps, `[K, H, W]`.
 * @param options As for {@linkcode paintTags}; `width` of the drawing in CSS pixels (480).
 * @throws {ShapeError} If the maps' shapes do not fit together.
 * @throws {RangeError} If a value is NaN or infinite, or an option is out of its range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawTags, hostArray } from "ae";
 *
 * const svg = drawTags(hostArray([1, 1, 1, 2], [-1, 1]), hostArray([1, 1, 2], [1, 1]));
 * assert.match(svg.toString(), /href="data:image\/png/);
 * ```
 */
export function drawTags(
  tags: HostArray,
  heatmaps: HostArray,
  options: TagPictureOptions & { readonly width?: number } = {},
): Svg {
  const { dimension = 0, width = 480 } = options;
  checkTagMaps("drawTags", tags, heatmaps, dimension);
  if (!(width >= 80 && width < Infinity)) {
    throw new RangeError(`drawTags: width must be 80 or more, not ${width}`);
  }
  const range = options.range ?? tagRange(tags, heatmaps, dimension);
  const picture = paintTags(tags, heatmaps, { ...options, range });
  const height = (width * picture.height) / picture.width;
  const area = { left: 14, right: width - 14, top: height + 8, bottom: height + 16 };
  const x = linearScale(range, [area.left, area.right], { count: Math.max(2, width / 90) });
  return new Svg(
    [
      svgElement("image", {
        width,
        height,
        preserveAspectRatio: "none",
        href: pngDataUrl(picture),
      }),
      axes(area, { x, y: null }, {}),
      colorStrip(x, range, area.top, 8),
    ],
    { width, height: Math.ceil(height + 40), title: `tags from ${range.map(short).join(" to ")}` },
  );
}

function short(value: number): string {
  return value.toFixed(2).replace("-", "\u2212");
}

/**
 * Read the tags at people's annotated keypoints, as the tag loss does: at the map pixel
 * `(int(x w / W), int(y h / H))` of a keypoint at `(x, y)` in an image of `W` by `H` that the maps cover from edge to
 * edge. Keypoints that are not annotated or fall outside the maps are left out; crowd regions read nothing.
 *
 * @param tags One image's tag maps, `[D, K, h, w]`.
 * @param people The people in that image, in image pixels.
 * @param frame The image's size.
 * @returns For each of the people the readings in the skeleton's order; an empty list where there are none.
 * @throws {ShapeError} If the maps are not `[D, K, H, W]` or empty.
 * @throws {RangeError} If a tag is NaN or infinite, a person has another number of keypoints than the maps, or the frame is empty.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray, tagsAtKeypoints } from "ae";
 *
 * const tags = hostArray([1, 1, 1, 2], [5, 7]); // maps of 2 x 1 pixels for an image of 8 x 4
 * const person = {
 *   keypoints: [{ x: 6, y: 1, visibility: 2 as const }],
 *   box: [4, 0, 4, 4] as const, area: 16, crowd: false,
 * };
 * const readings = tagsAtKeypoints(tags, [person], { width: 8, height: 4 });
 * assert.deepEqual(readings, [[{ keypoint: 0, tag: [7] }]]);
 * ```
 */
export function tagsAtKeypoints(
  tags: HostArray,
  people: readonly AnnotatedPerson[],
  frame: { readonly width: number; readonly height: number },
): TagReading[][] {
  checkMaps("tagsAtKeypoints", "tags", tags, "D K H W");
  const [D, K, H, W] = tags.shape;
  if (!(frame.width > 0 && frame.height > 0)) {
    throw new RangeError(
      `tagsAtKeypoints: the frame must not be empty: ${frame.width} x ${frame.height}`,
    );
  }
  return people.map(({ keypoints, crowd }, person) => {
    if (crowd) return [];
    if (keypoints.length !== K) {
      throw new RangeError(
        `tagsAtKeypoints: person ${person} has ${keypoints.length} keypoints but there are maps for ${K}`,
      );
    }
    return keypoints.flatMap(({ x, y, visibility }, k) => {
      const column = Math.trunc((x * W) / frame.width);
      const row = Math.trunc((y * H) / frame.height);
      const inside = column >= 0 && column < W && row >= 0 && row < H;
      if (visibility === 0 || !inside) return [];
      const tag = Array.from(
        { length: D },
        (_, d) => tags.data[((d * K + k) * H + row) * W + column],
      );
      return [{ keypoint: k, tag }];
    });
  });
}

/** How tags are scattered. */
export interface TagScatterOptions {
  /** The K keypoints' names, for the dots' tooltips. @default {"keypoint 0", …} */
  readonly names?: readonly string[];
  /** Number of each person's colour (see {@linkcode personColor}). @default {0, 1, 2, …} */
  readonly colors?: readonly number[];
  /**
   * Tags that the axes reach at least, the same for several drawings say, and in one dimension the ends of the palette's
   * strip under the axis, as in the tag map.
   *
   * @default {the readings' own}
   */
  readonly range?: readonly [low: number, high: number];
  /** Width in CSS pixels. @default {480} */
  readonly width?: number;
  /** What the drawing shows, in words. @default {"tags of 3 people"} */
  readonly title?: string;
}

/**
 * Tags read at keypoints, one colour per person. One tag dimension: one lane per person, the dots in a lane from the
 * first keypoint (above) to the last (below), a bar at their mean, and under the axis the colours of {@linkcode paintTags}.
 * Two or more: a plane of the first two dimensions, a cross at each person's mean.
 *
 * @param readings For each person the tags at the keypoints: from {@linkcode tagsAtKeypoints}, or one's own.
 * @param options Names, colours, range, size.
 * @throws {RangeError} If a tag is not finite or has another number of dimensions than the first, or an option is out of its
 * range. Nobody, and people without readings, are fine.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawTagScatter } from "ae";
 *
 * const svg = drawTagScatter([
 *   [{ keypoint: 0, tag: [-1.1] }, { keypoint: 5, tag: [-0.9] }],
 *   [{ keypoint: 0, tag: [2] }],
 * ]);
 * assert.match(svg.toString(), /person 2/);
 * ```
 */
export function drawTagScatter(
  readings: readonly (readonly TagReading[])[],
  options: TagScatterOptions = {},
): Svg {
  const { width = 480, colors = readings.map((_, i) => i) } = options;
  if (!(width >= 160 && width < Infinity)) {
    throw new RangeError(`drawTagScatter: width must be 160 or more, not ${width}`);
  }
  if (colors.length !== readings.length) {
    throw new RangeError(`drawTagScatter: ${readings.length} people but ${colors.length} colours`);
  }
  if (options.range) checkRange("drawTagScatter", ...options.range);
  const D = readings.find((list) => list.length > 0)?.[0].tag.length ?? 1;
  for (const [person, list] of readings.entries()) {
    for (const { keypoint, tag } of list) {
      if (tag.length !== D || D < 1 || !tag.every(Number.isFinite)) {
        throw new RangeError(
          `drawTagScatter: keypoint ${keypoint} of person ${person} has tag [${tag.join(", ")}]; ` +
            `${D} finite ${D === 1 ? "value was" : "values were"} expected`,
        );
      }
    }
  }
  const people = readings.map((list, i) => ({
    name: `person ${i + 1}`,
    color: cssColor(personColor(colors[i])),
    readings: list,
    mean: Array.from(
      { length: D },
      (_, d) => list.reduce((sum, { tag }) => sum + tag[d], 0) / list.length,
    ),
  }));
  const title = options.title ??
    `tags of ${readings.length} ${readings.length === 1 ? "person" : "people"}`;
  const scatter = { people, names: options.names, range: options.range, width, title };
  return D === 1 ? lanes(scatter) : plane(scatter);
}

interface Scatter {
  readonly people: readonly {
    readonly name: string;
    readonly color: string;
    readonly readings: readonly TagReading[];
    readonly mean: readonly number[];
  }[];
  readonly names?: readonly string[];
  readonly range?: readonly [number, number];
  readonly width: number;
  readonly title: string;
}

function dot(
  cx: number,
  cy: number,
  color: string,
  { keypoint, tag }: TagReading,
  names?: readonly string[],
): Markup {
  const name = names?.[keypoint]?.replaceAll("_", " ") ?? `keypoint ${keypoint}`;
  return svgElement(
    "circle",
    {
      cx,
      cy,
      r: 3.6,
      fill: color,
      "fill-opacity": 0.85,
      stroke: "currentColor",
      "stroke-opacity": 0.5,
      "stroke-width": 0.6,
    },
    svgElement("title", {}, `${name}: ${tag.map(short).join(", ")}`),
  );
}

function name(x: number, y: number, text: string, color: string): Markup[] {
  return [
    svgElement("rect", { x, y: y - 5, width: 10, height: 10, rx: 3, fill: color }),
    svgElement("text", { x: x + 15, y: y + 4, "font-size": 12, fill: "currentColor" }, text),
  ];
}

/** D = 1: a lane for each person. */
function lanes({ people, names, range, width, title }: Scatter): Svg {
  // Room enough for a few people, and not too long a page for many.
  const lane = Math.min(Math.max(200 / Math.max(people.length, 1), 28), 50);
  const values = people.flatMap(({ readings }) => readings.map(({ tag }) => tag[0]));
  const ends = widened([...values, ...(range ?? [])]);
  const left = 30 + Math.max(...people.map((person) => textWidth(person.name)), 0);
  const area = {
    left,
    right: width - 14,
    top: 4,
    bottom: 4 + lane * Math.max(people.length, 1) + 8,
  };
  const x = linearScale(ends, [left, area.right], {
    count: Math.max(2, (width - left) / 80),
    round: true,
  });
  const rows = people.map((person, row) => {
    const middle = area.top + lane * (row + 0.5);
    const keypoints = Math.max(
      names?.length ?? 0,
      ...person.readings.map(({ keypoint }) => keypoint + 1),
    );
    const mean = x.place(person.mean[0] || 0);
    return [
      ...name(4, middle, person.name, person.color),
      svgElement("line", {
        x1: left,
        y1: middle,
        x2: area.right,
        y2: middle,
        stroke: "currentColor",
        "stroke-opacity": 0.12,
      }),
      ...person.readings.map((reading) =>
        // Spread over two thirds of the lane, so that equal tags do not hide each other.
        dot(
          x.place(reading.tag[0]),
          middle + ((reading.keypoint + 0.5) / keypoints - 0.5) * lane * 0.66,
          person.color,
          reading,
          names,
        )
      ),
      ...(person.readings.length === 0 ? [] : [
        svgElement(
          "line",
          {
            x1: mean,
            y1: middle - lane / 2 + 1,
            x2: mean,
            y2: middle + lane / 2 - 1,
            stroke: "currentColor",
            "stroke-width": 1.5,
          },
          svgElement("title", {}, `mean ${short(person.mean[0])}`),
        ),
      ]),
    ];
  });
  return new Svg(
    [
      axes(area, { x, y: null }, { x: "tag" }),
      colorStrip(x, range ?? ends, area.bottom - 6, 6),
      rows,
    ],
    { width, height: area.bottom + 40, title },
  );
}

/** D = 2 or more: the plane of the first two dimensions. */
function plane({ people, names, range, width, title }: Scatter): Svg {
  const values = (d: number) => people.flatMap(({ readings }) => readings.map(({ tag }) => tag[d]));
  const perRow = Math.max(1, Math.floor((width - 50) / 84));
  const top = 8 + 18 * Math.ceil(people.length / perRow);
  const area = { left: 58, right: width - 14, top, bottom: top + Math.round(width * 0.6) };
  const ends = (d: number) => widened([...values(d), ...(range ?? [])]);
  const x = linearScale(ends(0), [area.left, area.right], { round: true });
  const y = linearScale(ends(1), [area.bottom, area.top], { round: true });
  const marks = people.map((person, i) => {
    const [mx, my] = [x.place(person.mean[0] || 0), y.place(person.mean[1] || 0)];
    return [
      ...name(58 + (i % perRow) * 84, 10 + 18 * Math.floor(i / perRow), person.name, person.color),
      ...person.readings.map((reading) =>
        dot(x.place(reading.tag[0]), y.place(reading.tag[1]), person.color, reading, names)
      ),
      ...(person.readings.length === 0 ? [] : [
        svgElement(
          "path",
          {
            d: `M${mx - 8} ${my}h16M${mx} ${my - 8}v16`,
            stroke: person.color,
            "stroke-width": 2.5,
          },
          svgElement("title", {}, `mean ${person.mean.map(short).join(", ")}`),
        ),
      ]),
    ];
  });
  return new Svg(
    [axes(area, { x, y }, { x: "tag, first dimension", y: "second dimension" }), marks],
    { width, height: area.bottom + 42, title },
  );
}
