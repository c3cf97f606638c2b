/**
 * People as skeletons, over their photograph or alone: as SVG ({@linkcode drawPoses}) for pages and notebooks,
 * or painted into the pixels ({@linkcode paintPoses}) for a PNG file.
 *
 * What a drawing says:
 *
 * | sign | meaning |
 * | --- | --- |
 * | hue | the person |
 * | lightness | the person's own left side is lighter, the right side darker, what joins both is plain |
 * | dot with a light / dark / plain middle | keypoint of the left side / right side / middle |
 * | hollow dot | annotated, but occluded in the image |
 * | nothing | not annotated, or not found; a limb needs both of its ends |
 *
 * Sides are told by lightness and not by hue because hue is taken; so they survive grey print and
 * colour-blindness, too. Every line lies on a wider dark one and is therefore visible on any clothing.
 *
 * @module
 */
import type { RgbImage } from "../image/rgb_image.ts";
import type { AnnotatedPerson, DecodedPerson } from "../pose/person.ts";
import type { Skeleton } from "../pose/skeleton.ts";
import { cssColor, mixColors, personColor, type Rgb } from "./color.ts";
import { drawingFrame, photoMarkup } from "./photo.ts";
import { checkImage, copyOf } from "./picture.ts";
import { type Markup, Svg, svgElement } from "./svg.ts";

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [20, 20, 20];

/** How skeletons are drawn. */
export interface PoseDrawingOptions {
  /** Size of the frame in image pixels; needed only where there is no image. @default {the image's size} */
  readonly frame?: { readonly width: number; readonly height: number };
  /** Width of the drawing on the page in CSS pixels; the height follows. @default {480} */
  readonly width?: number;
  /** Number of each person's colour (see {@linkcode personColor}), or null for grey. @default {0, 1, 2, …} */
  readonly colors?: readonly (number | null)[];
  /** Width of the limbs of a large person, in image pixels. @default {1/100 of the frame's longer side} */
  readonly lineWidth?: number;
  /** What the drawing shows, in words. @default {"3 people"} */
  readonly title?: string;
}

/** Which half of the body a keypoint or limb belongs to. */
type Side = "left" | "right" | "middle";

/** One point of a drawing, in image pixels. */
interface Point {
  readonly x: number;
  readonly y: number;
  /** True if it was annotated as occluded. */
  readonly occluded: boolean;
}

/** What is drawn of one person, whether annotated or decoded. */
interface Figure {
  readonly limbs: readonly { from: Point; to: Point; side: Side }[];
  readonly dots: readonly { at: Point; side: Side; name: string }[];
  readonly color: Rgb;
  readonly lineWidth: number;
}

function sideOf(skeleton: Skeleton, keypoint: number): Side {
  if (skeleton.flip[keypoint] === keypoint) return "middle";
  return skeleton.keypoints[keypoint].startsWith("right") ? "right" : "left";
}

/** A limb belongs to a side if one end does and the other does not belong to the opposite side. */
function sideOfLimb(a: Side, b: Side): Side {
  if (a === b) return a;
  if (a === "middle") return b;
  return b === "middle" ? a : "middle";
}

function shade(color: Rgb, side: Side): Rgb {
  if (side === "middle") return color;
  return side === "left" ? mixColors(color, WHITE, 0.35) : mixColors(color, BLACK, 0.3);
}

/** The K points of a person, null where there is nothing to draw. */
function pointsOf(person: AnnotatedPerson | DecodedPerson): (Point | null)[] {
  if ("box" in person) {
    return person.keypoints.map(({ x, y, visibility }) =>
      visibility === 0 ? null : { x, y, occluded: visibility === 1 }
    );
  }
  return person.keypoints.map((keypoint) =>
    keypoint && { x: keypoint.x, y: keypoint.y, occluded: false }
  );
}

/** Thinner lines for smaller people, so that somebody far away is not a blot. */
function lineWidthFor(points: readonly Point[], lineWidth: number): number {
  const extent = (values: number[]) => Math.max(...values) - Math.min(...values);
  if (points.length === 0) return lineWidth;
  const size = Math.max(extent(points.map((p) => p.x)), extent(points.map((p) => p.y)));
  return Math.min(Math.max(size / 35, lineWidth / 2), lineWidth);
}

/** All people as lines and dots; every check of the input is made here. */
function figures(
  op: string,
  people: readonly (AnnotatedPerson | DecodedPerson)[],
  skeleton: Skeleton,
  lineWidth: number,
  colors: readonly (number | null)[] = people.map((_, i) => i),
): Figure[] {
  if (colors.length !== people.length) {
    throw new RangeError(`${op}: ${people.length} people but ${colors.length} colours`);
  }
  if (!(lineWidth > 0 && lineWidth < Infinity)) {
    throw new RangeError(`${op}: lineWidth must be above 0, not ${lineWidth}`);
  }
  return people.map((person, i) => {
    const points = pointsOf(person);
    if (points.length !== skeleton.keypoints.length) {
      throw new RangeError(
        `${op}: person ${i} has ${points.length} keypoints, ` +
          `the skeleton "${skeleton.name}" has ${skeleton.keypoints.length}`,
      );
    }
    const bad = points.findIndex((p) => p && !(Number.isFinite(p.x) && Number.isFinite(p.y)));
    if (bad >= 0) {
      throw new RangeError(
        `${op}: ${skeleton.keypoints[bad]} of person ${i} is at ` +
          `(${points[bad]?.x}, ${points[bad]?.y}), which is no place`,
      );
    }
    const sides = points.map((_, k) => sideOf(skeleton, k));
    const color = colors[i];
    return {
      limbs: skeleton.limbs.flatMap(([a, b]) => {
        const [from, to] = [points[a], points[b]];
        return from && to ? [{ from, to, side: sideOfLimb(sides[a], sides[b]) }] : [];
      }),
      dots: points.flatMap((at, k) =>
        at ? [{ at, side: sides[k], name: skeleton.keypoints[k] }] : []
      ),
      color: color === null ? [190, 190, 190] : personColor(color),
      lineWidth: lineWidthFor(points.filter((p) => p !== null), lineWidth),
    };
  });
}

function limbLine({ from, to }: Figure["limbs"][number], stroke: string, width: number): Markup {
  return svgElement("line", {
    x1: from.x,
    y1: from.y,
    x2: to.x,
    y2: to.y,
    stroke,
    "stroke-width": width,
  });
}

/** One person: dark casing of all limbs, the limbs, then the dots. */
function figureMarkup({ limbs, dots, color, lineWidth }: Figure): Markup {
  const casing = cssColor(BLACK);
  return svgElement(
    "g",
    { "stroke-linecap": "round" },
    svgElement(
      "g",
      { "stroke-opacity": 0.6 },
      limbs.map((limb) => limbLine(limb, casing, lineWidth * 1.7)),
    ),
    limbs.map((limb) => limbLine(limb, cssColor(shade(color, limb.side)), lineWidth)),
    dots.map(({ at, side, name }) =>
      svgElement(
        "circle",
        {
          cx: at.x,
          cy: at.y,
          r: lineWidth * 0.95,
          fill: at.occluded ? "none" : cssColor(dotMiddle(color, side)),
          stroke: cssColor(at.occluded ? mixColors(color, WHITE, 0.4) : color),
          "stroke-width": lineWidth * 0.6,
        },
        svgElement("title", {}, at.occluded ? `${name} (occluded)` : name),
      )
    ),
  );
}

function dotMiddle(color: Rgb, side: Side): Rgb {
  if (side === "middle") return color;
  return side === "left" ? WHITE : BLACK;
}

function defaultLineWidth(width: number, height: number): number {
  return Math.max(width, height) / 100;
}

/**
 * People as skeletons over their photograph, as SVG with the photograph inside.
 *
 * Coordinates are image pixels, a whole number being a pixel's centre: the frame reaches from -1/2 to
 * `width - 1/2`. What lies outside is cut off. Nobody at all gives the photograph alone.
 *
 * @param image The photograph, or null for skeletons alone; then `options.frame` says how large the frame is.
 * @param people Annotated or decoded people, in image pixels; later ones are drawn over earlier ones.
 * @param skeleton Names, sides and limbs of the K keypoints.
 * @param options Size, colours, line width and title.
 * @throws {RangeError} If a person has another number of keypoints than the skeleton, a drawn keypoint is not
 * at a finite place, there is neither image nor frame, or an option is out of its range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawPoses } from "ae";
 *
 * const arm = {
 *   name: "arm", keypoints: ["elbow", "wrist"], flip: [0, 1], limbs: [[0, 1]],
 *   sigmas: [0.07, 0.06], groupingOrder: [0, 1],
 * } as const;
 * const keypoint = (x: number, y: number) => ({ x, y, score: 1, tag: [0] });
 * const person = { keypoints: [keypoint(2, 3), keypoint(7, 3)], score: 1 };
 *
 * const svg = drawPoses(null, [person], arm, { frame: { width: 10, height: 10 } });
 * assert.match(svg.toString(), /<line x1="2" y1="3" x2="7" y2="3"/);
 * ```
 */
export function drawPoses(
  image: RgbImage | null,
  people: readonly (AnnotatedPerson | DecodedPerson)[],
  skeleton: Skeleton,
  options: PoseDrawingOptions = {},
): Svg {
  const frame = drawingFrame("drawPoses", image, options.frame);
  const { width = 480, lineWidth = defaultLineWidth(frame.width, frame.height) } = options;
  const drawn = figures("drawPoses", people, skeleton, lineWidth, options.colors);
  const photo = image && photoMarkup(image);
  return new Svg([photo, ...drawn.map(figureMarkup)], {
    width,
    height: Math.round((width * frame.height) / frame.width),
    viewBox: [-0.5, -0.5, frame.width, frame.height],
    title: options.title ?? `${people.length} ${people.length === 1 ? "person" : "people"}`,
  });
}

/** Mix `color` into every pixel that the capsule (a line with round ends) covers, by how much it covers. */
function paintLine(
  { width, height, data }: RgbImage,
  from: { x: number; y: number },
  to: { x: number; y: number },
  line: { width: number; color: Rgb; opacity: number },
): void {
  const radius = line.width / 2;
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const lengthSquared = dx * dx + dy * dy;
  const reach = Math.ceil(radius + 1);
  const left = Math.max(0, Math.floor(Math.min(from.x, to.x)) - reach);
  const right = Math.min(width - 1, Math.ceil(Math.max(from.x, to.x)) + reach);
  const top = Math.max(0, Math.floor(Math.min(from.y, to.y)) - reach);
  const bottom = Math.min(height - 1, Math.ceil(Math.max(from.y, to.y)) + reach);
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      // Nearest point of the line: its share of the way from `from` to `to`.
      const along = lengthSquared && ((x - from.x) * dx + (y - from.y) * dy) / lengthSquared;
      const t = Math.min(Math.max(along, 0), 1);
      const distance = Math.hypot(x - from.x - t * dx, y - from.y - t * dy);
      const coverage = Math.min(Math.max(radius - distance + 0.5, 0), 1) * line.opacity;
      for (let c = 0, i = (y * width + x) * 3; c < 3; c++, i++) {
        data[i] = Math.round(data[i] + (line.color[c] - data[i]) * coverage);
      }
    }
  }
}

/**
 * People as skeletons painted into the pixels of their photograph, for a PNG file. Lines are anti-aliased: a pixel
 * takes the line's colour as far as the line covers it.
 *
 * @param image The photograph; it is not changed.
 * @param people Annotated or decoded people, in image pixels; later ones are painted over earlier ones.
 * @param skeleton Names, sides and limbs of the K keypoints.
 * @param options Colours and line width; the other options of {@linkcode drawPoses} have no meaning here.
 * @returns A new picture of the same size.
 * @throws {RangeError} As {@linkcode drawPoses}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { COCO, paintPoses } from "ae";
 *
 * const black = { width: 8, height: 8, data: new Uint8Array(8 * 8 * 3) };
 * const nose = { x: 4, y: 4, score: 1, tag: [0] };
 * const person = { keypoints: COCO.keypoints.map((_, k) => k === 0 ? nose : null), score: 1 / 17 };
 *
 * const painted = paintPoses(black, [person], COCO);
 * assert.notEqual(painted.data[(4 * 8 + 4) * 3], 0);
 * assert.equal(painted.data[0], 0);
 * ```
 */
export function paintPoses(
  image: RgbImage,
  people: readonly (AnnotatedPerson | DecodedPerson)[],
  skeleton: Skeleton,
  options: Pick<PoseDrawingOptions, "colors" | "lineWidth"> = {},
): RgbImage {
  checkImage("paintPoses", image);
  // Below 1.2 pixels a line is mostly anti-aliasing and its colour can no longer be told.
  const usual = Math.max(defaultLineWidth(image.width, image.height), 1.2);
  const drawn = figures("paintPoses", people, skeleton, options.lineWidth ?? usual, options.colors);
  const painted = copyOf(image);
  for (const { limbs, dots, color, lineWidth } of drawn) {
    for (const { from, to } of limbs) {
      paintLine(painted, from, to, { width: lineWidth * 1.7, color: BLACK, opacity: 0.6 });
    }
    for (const { from, to, side } of limbs) {
      paintLine(painted, from, to, { width: lineWidth, color: shade(color, side), opacity: 1 });
    }
    for (const { at, side } of dots) {
      const ring = at.occluded ? mixColors(color, WHITE, 0.4) : color;
      paintLine(painted, at, at, { width: lineWidth * 2.5, color: ring, opacity: 1 });
      const middle = at.occluded ? mixColors(color, BLACK, 0.6) : dotMiddle(color, side);
      paintLine(painted, at, at, { width: lineWidth * 1.3, color: middle, opacity: 1 });
    }
  }
  return painted;
}
