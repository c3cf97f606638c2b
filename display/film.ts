/**
 * Moving pictures: drawings shown one after the other in the same place, as one SVG file.
 *
 *     frame 0   ▓▓▓▓░░░░░░░░░░░░     visible for one beat, then hidden
 *     frame 1   ░░░░▓▓▓▓░░░░░░░░
 *     frame 2   ░░░░░░░░▓▓▓▓▓▓▓▓     the last one stays for two more beats, then it starts anew
 *
 * The clock is SVG's own (SMIL `animate`), so a film plays in notebooks and pages without JavaScript, and inside
 * `<img>`. Where nothing moves (print, a converter to PNG) the last frame is shown.
 *
 * @module
 */
import { type Markup, Svg, svgElement } from "./svg.ts";

/** One picture of a film. */
export interface FilmFrame {
  /** A few words above the picture, such as the step's number; they are not wrapped. */
  readonly caption: string;
  /** The drawing. */
  readonly picture: Svg;
}

/** How a film is shown. */
export interface FilmOptions {
  /** Beat: how long each frame is seen, seconds. @default {0.4} */
  readonly secondsPerFrame?: number;
  /** What the film shows, in words. @default {the first and the last caption} */
  readonly title?: string;
}

const CAPTION = 20;
/** Beats that the last frame stays beyond its own, so that the end can be looked at. */
const HOLD = 2;

/**
 * Drawings one after the other, again and again. The film is as wide and as high as its largest frame.
 *
 * @param frames The drawings, at least one.
 * @param options How fast, and what it is called.
 * @throws {RangeError} If there is no frame, or the time is not above 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawFilm, drawTagScatter } from "ae";
 *
 * const frames = [2, 1, 0].map((tag, step) => ({
 *   caption: `step ${step}`,
 *   picture: drawTagScatter([[{ keypoint: 0, tag: [tag] }]], { range: [-1, 3] }),
 * }));
 * assert.match(drawFilm(frames).toString(), /step 2[^]*<animate /);
 * ```
 */
export function drawFilm(frames: readonly FilmFrame[], options: FilmOptions = {}): Svg {
  const { secondsPerFrame = 0.4 } = options;
  if (frames.length === 0) throw new RangeError("drawFilm: there is no frame to show");
  if (!(secondsPerFrame > 0 && secondsPerFrame < Infinity)) {
    throw new RangeError(`drawFilm: secondsPerFrame must be above 0, not ${secondsPerFrame}`);
  }
  const beats = frames.length + HOLD;
  const last = frames.length - 1;
  return new Svg(
    frames.map(({ caption, picture }, i) =>
      svgElement(
        "g",
        { visibility: i === last ? "visible" : "hidden" },
        frames.length > 1 ? visibleFrom(i, beats, i === last, secondsPerFrame) : null,
        svgElement("text", { x: 0, y: 13, "font-size": 13, fill: "currentColor" }, caption),
        picture.at(0, CAPTION),
      )
    ),
    {
      width: Math.max(...frames.map(({ picture }) => picture.width)),
      height: CAPTION + Math.max(...frames.map(({ picture }) => picture.height)),
      title: options.title ?? `${frames[0].caption} to ${frames[last].caption}`,
    },
  );
}

/** The clock of frame i: hidden, visible for its beat (the last one to the end), hidden. */
function visibleFrom(i: number, beats: number, isLast: boolean, seconds: number): Markup {
  const turns = [
    ...(i > 0 ? [[0, "hidden"] as const] : []),
    [i, "visible"] as const,
    ...(isLast ? [] : [[i + 1, "hidden"] as const]),
  ];
  return svgElement("animate", {
    attributeName: "visibility",
    calcMode: "discrete",
    values: turns.map(([, value]) => value).join(";"),
    keyTimes: turns.map(([beat]) => (beat / beats).toFixed(4)).join(";"),
    dur: `${(beats * seconds).toFixed(2)}s`,
    repeatCount: "indefinite",
  });
}
