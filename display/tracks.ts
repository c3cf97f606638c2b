/**
 * Tracks over the frames of a video: every frame a drawing ({@linkcode drawTracks}), some of them side by side
 * ({@linkcode drawFilmstrip}), or all of them one after the other (`animation.ts`).
 *
 * | sign | meaning |
 * | --- | --- |
 * | hue, and the number | the identity: the same in all frames |
 * | skeleton, or box | where it is |
 * | line behind it | where it was in the frames before: a change of identity breaks it |
 *
 * Seven hues are told apart by everybody (`color.ts`), more identities than that are not; hence the numbers.
 *
 * @module
 */
import type { RgbImage } from "../image/rgb_image.ts";
import { boxAround } from "../pose/person.ts";
import { COCO, type Skeleton } from "../pose/skeleton.ts";
import type {
  AnnotatedTrackPerson,
  TrackedBox,
  TrackedPerson,
  TrackFrame,
} from "../track/track.ts";
import { textWidth } from "./chart.ts";
import { cssColor, personColor } from "./color.ts";
import { drawPanels } from "./panels.ts";
import { drawPoses } from "./poses.ts";
import { type Markup, Svg, svgElement } from "./svg.ts";

/** Anything with an identity that can be drawn: a box, or a person with keypoints. */
export type TrackedThing =
  | Pick<TrackedBox, "identity" | "box">
  | TrackedPerson
  | AnnotatedTrackPerson;

/** One frame of a video, to be drawn. */
export interface TrackPicture extends TrackFrame<TrackedThing> {
  /** The frame's photograph; null draws the tracks alone. */
  readonly image: RgbImage | null;
}

/** How tracks are drawn. */
export interface TrackDrawingOptions {
  /** Names and limbs of the people's keypoints. @default {COCO} */
  readonly skeleton?: Skeleton;
  /** Size of the frames in image pixels; needed only where there is no image. @default {the image's size} */
  readonly size?: { readonly width: number; readonly height: number };
  /** Width of each frame on the page in CSS pixels; the height follows. @default {240} */
  readonly width?: number;
  /** How many frames back the line behind a thing reaches; 0 for none. @default {12} */
  readonly trail?: number;
  /** Number of each identity's colour. @default {identityColors of all frames} */
  readonly colors?: ReadonlyMap<number, number>;
}

/** How a filmstrip is laid out. */
export interface FilmstripOptions extends TrackDrawingOptions {
  /** How many frames are shown, the first and the last among them. @default {6} */
  readonly count?: number;
  /** Frames in a row. @default {3} */
  readonly columns?: number;
  /** What the whole shows, in words. @default {"frames 1 to 40"} */
  readonly title?: string;
}

/** A point in image pixels. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * A colour's number (see {@linkcode personColor}) for every identity, in the order in which they first appear; hand the
 * same to several drawings to have the same colours in all.
 *
 * @param identities Identities, each as often as it likes; null is left out.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { identityColors } from "ae";
 *
 * assert.deepEqual([...identityColors([7, 3, null, 7])], [[7, 0], [3, 1]]);
 * ```
 */
export function identityColors(identities: Iterable<number | null>): Map<number, number> {
  const colors = new Map<number, number>();
  for (const identity of identities) {
    if (identity !== null && !colors.has(identity)) colors.set(identity, colors.size);
  }
  return colors;
}

/** The colour of an identity as CSS writes it. */
export function identityColor(
  op: string,
  colors: ReadonlyMap<number, number>,
  identity: number,
): string {
  const color = colors.get(identity);
  if (color === undefined) throw new RangeError(`${op}: colors has none for identity ${identity}`);
  return cssColor(personColor(color));
}

/**
 * Every frame as a drawing: its photograph, everybody in it in the colour of the identity, with its number and the way
 * that it came. Coordinates are image pixels, as in {@linkcode drawPoses}.
 *
 * @param frames The video's frames, in order.
 * @param options Skeleton, size, colours, how long the way is.
 * @throws {RangeError} If a person has another number of keypoints than the skeleton, a place is not finite, a frame has
 *   neither image nor size, an identity has no colour, or an option is out of its range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawTracks } from "ae";
 *
 * const [first, second] = drawTracks([
 *   { frame: 1, image: null, things: [{ identity: 7, box: [0, 0, 4, 8] }] },
 *   { frame: 2, image: null, things: [{ identity: 7, box: [2, 0, 4, 8] }] },
 * ], { size: { width: 16, height: 16 } });
 * assert.match(first.toString(), /<rect x="0" y="0" width="4" height="8"/);
 * assert.match(second.toString(), /points="2,4 4,4"/); // the way of its middle
 * ```
 */
export function drawTracks(
  frames: readonly TrackPicture[],
  options: TrackDrawingOptions = {},
): Svg[] {
  return drawings(frames, options).map((draw) => draw());
}

/** How to draw each frame; a filmstrip draws some only, and photographs take time. */
function drawings(
  frames: readonly TrackPicture[],
  options: TrackDrawingOptions,
): (() => Svg)[] {
  const { trail = 12 } = options;
  if (!Number.isInteger(trail) || trail < 0) {
    throw new RangeError(`drawTracks: trail must be a whole number, 0 or more, not ${trail}`);
  }
  const colors = options.colors ??
    identityColors(frames.flatMap(({ things }) => things.map(({ identity }) => identity)));
  let before: Ways = new Map();
  return frames.map((picture) => {
    const ways: Ways = new Map(picture.things.map((thing) => {
      const middle = middleOf(thing);
      const way = before.get(thing.identity) ?? [];
      return [thing.identity, middle ? [...way, middle].slice(-trail - 1) : []];
    }));
    before = ways;
    return () => drawFrame(picture, ways, { ...options, colors });
  });
}

/** Of everybody in a frame the middles up to now, as far back as there is no gap. */
type Ways = ReadonlyMap<number, readonly Point[]>;

function drawFrame(
  { frame, image, things }: TrackPicture,
  ways: Ways,
  options: TrackDrawingOptions & { readonly colors: ReadonlyMap<number, number> },
): Svg {
  const { skeleton = COCO, width = 240, colors } = options;
  const size = image ?? options.size;
  if (!size) {
    throw new RangeError(
      `drawTracks: frame ${frame} has no image and its size is unknown\n` +
        "  help: give options.size: { width, height } in image pixels",
    );
  }
  const line = Math.max(size.width, size.height) / 120; // a little thinner than a limb
  const colorOf = (identity: number) => identityColor("drawTracks", colors, identity);
  const people = things.filter((thing) => "keypoints" in thing);
  for (const { identity } of people) colorOf(identity); // refused before anything is drawn
  const drawnPeople = drawPoses(image, people, skeleton, {
    frame: size,
    colors: people.map(({ identity }) => colors.get(identity)!),
    title: `people of frame ${frame}`,
  });
  const edge = image ? null : svgElement("rect", {
    x: -0.5,
    y: -0.5,
    width: size.width,
    height: size.height,
    fill: "none",
    stroke: "currentColor",
    "stroke-opacity": 0.4,
    "stroke-width": line / 2,
  });
  return new Svg(
    [
      edge,
      drawnPeople.at(-0.5, -0.5, size.width, size.height),
      things.map((thing) => wayMarkup(ways.get(thing.identity)!, colorOf(thing.identity), line)),
      things.map((thing) =>
        "keypoints" in thing ? null : boxMarkup(thing.box, colorOf(thing.identity), line)
      ),
      things.map((thing) => numberMarkup(thing, colorOf(thing.identity), line, size.width)),
    ],
    {
      width,
      height: Math.round(width * size.height / size.width),
      viewBox: [-0.5, -0.5, size.width, size.height],
      title: `frame ${frame}: ${things.length} ${things.length === 1 ? "track" : "tracks"}`,
    },
  );
}

/** The smallest box around a thing; null for a person without any keypoint. */
function extentOf(thing: TrackedThing): TrackedBox["box"] | null {
  if (!("keypoints" in thing)) return thing.box;
  const points = thing.keypoints.filter((keypoint) =>
    keypoint !== null && !("visibility" in keypoint && keypoint.visibility === 0)
  ) as Point[];
  return boxAround(points);
}

function middleOf(thing: TrackedThing): Point | null {
  const extent = extentOf(thing);
  return extent && { x: extent[0] + extent[2] / 2, y: extent[1] + extent[3] / 2 };
}

/** A coloured shape on a wider dark one, so that it is seen on any photograph. */
function cased(
  name: string,
  shape: Readonly<Record<string, string | number>>,
  color: string,
  line: number,
): Markup[] {
  const stroke = (paint: string, width: number, opacity?: number) =>
    svgElement(name, {
      ...shape,
      fill: "none",
      stroke: paint,
      "stroke-width": width,
      "stroke-opacity": opacity,
      "stroke-linejoin": "round",
    });
  return [stroke("#141414", 1.9 * line, 0.6), stroke(color, line)];
}

function boxMarkup(box: TrackedBox["box"], color: string, line: number): Markup[] {
  const [x, y, width, height] = box;
  return cased("rect", { x, y, width, height }, color, line);
}

function wayMarkup(way: readonly Point[], color: string, line: number): Markup[] {
  if (way.length < 2) return [];
  const round = (value: number) => Math.round(value * 100) / 100; // as svgElement rounds numbers
  const points = way.map(({ x, y }) => `${round(x)},${round(y)}`).join(" ");
  return cased("polyline", { points }, color, line * 0.7);
}

/** The identity above the thing, moved to where it can be read if that is outside of the frame. */
function numberMarkup(
  thing: TrackedThing,
  color: string,
  line: number,
  frameWidth: number,
): Markup | null {
  const extent = extentOf(thing);
  if (!extent) return null;
  const size = 7 * line;
  const room = frameWidth - textWidth(`${thing.identity}`, size) - line;
  return svgElement("text", {
    x: Math.max(0, Math.min(extent[0], room)),
    y: Math.max(size, extent[1] - 1.5 * line),
    "font-size": size,
    "font-weight": 700,
    fill: color,
    stroke: "#141414",
    "stroke-width": 0.7 * line,
    "paint-order": "stroke",
  }, `${thing.identity}`);
}

/**
 * Some frames of a video side by side, each as {@linkcode drawTracks} draws it, under its number.
 *
 * @param frames All frames of the video, in order; those not shown count for colours and for the ways.
 * @param options How many frames, how many in a row, and as for {@linkcode drawTracks}.
 * @throws {RangeError} As {@linkcode drawTracks}; or if there is no frame, or `count` is below 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawFilmstrip } from "ae";
 *
 * const frames = Array.from({ length: 9 }, (_, i) => ({
 *   frame: i + 1, image: null, things: [{ identity: 7, box: [i, 0, 4, 8] } as const],
 * }));
 * const svg = drawFilmstrip(frames, { size: { width: 16, height: 16 }, count: 3 });
 * assert.deepEqual(svg.toString().match(/>frame \d</g), [">frame 1<", ">frame 5<", ">frame 9<"]);
 * ```
 */
export function drawFilmstrip(
  frames: readonly TrackPicture[],
  options: FilmstripOptions = {},
): Svg {
  if (frames.length === 0) throw new RangeError("drawFilmstrip: there is no frame to draw");
  const { count = 6, columns = 3, width: panelWidth = 240 } = options;
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`drawFilmstrip: count must be a whole number above 0, not ${count}`);
  }
  const draw = drawings(frames, options);
  const step = count > 1 ? (frames.length - 1) / (count - 1) : 0;
  const shown = new Set(Array.from({ length: count }, (_, i) => Math.round(i * step)));
  const panels = [...shown].map((i) => ({
    caption: `frame ${frames[i].frame}`,
    picture: draw[i](),
  }));
  return drawPanels(panels, {
    columns: Math.min(columns, panels.length),
    panelWidth,
    title: options.title ?? `frames ${frames[0].frame} to ${frames.at(-1)!.frame}`,
  });
}
