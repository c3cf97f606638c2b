/**
 * Drawings one after the other, for ever: an animated SVG. It needs no script and no player; every browser runs it, also
 * as `<img>`, and where nothing moves (paper, some viewers) the first picture is shown.
 *
 * Every picture is hidden but for its share of the time, by SVG's own `<animate>`:
 *
 *     picture 0   #...      values  inline;none        keyTimes  0;0.25
 *     picture 1   .#..              none;inline;none             0;0.25;0.5
 *     picture 3   ...#              none;inline                  0;0.75
 *
 * @module
 */
import { type Markup, Svg, svgElement } from "./svg.ts";

/** How pictures follow each other. */
export interface AnimationOptions {
  /** Pictures a second, above 0. @default {6} */
  readonly framesPerSecond?: number;
  /** What it shows, in words. @default {"20 pictures, one after the other"} */
  readonly title?: string;
}

/**
 * Show drawings of one size one after the other, and again from the start.
 *
 * @param pictures The drawings, at least one, e.g. of {@linkcode drawTracks}.
 * @param options Speed and title.
 * @throws {RangeError} If there is no picture, their sizes differ, or `framesPerSecond` is not above 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawAnimation, drawTracks } from "ae";
 *
 * const frames = [0, 1, 2].map((i) => ({
 *   frame: i + 1, image: null, things: [{ identity: 7, box: [i, 0, 4, 8] } as const],
 * }));
 * const svg = drawAnimation(drawTracks(frames, { size: { width: 16, height: 16 } }));
 * assert.equal(svg.toString().match(/<animate /g)?.length, 3);
 * ```
 */
export function drawAnimation(pictures: readonly Svg[], options: AnimationOptions = {}): Svg {
  const { framesPerSecond = 6 } = options;
  if (pictures.length === 0) throw new RangeError("drawAnimation: there is no picture to draw");
  if (!(framesPerSecond > 0 && framesPerSecond < Infinity)) {
    throw new RangeError(`drawAnimation: framesPerSecond must be above 0, not ${framesPerSecond}`);
  }
  const { width, height } = pictures[0];
  const other = pictures.find((picture) => picture.width !== width || picture.height !== height);
  if (other) {
    throw new RangeError(
      `drawAnimation: pictures of ${width} x ${height} and of ${other.width} x ${other.height}`,
    );
  }
  const { length } = pictures;
  const shown = pictures.map((picture, i) =>
    svgElement(
      "g",
      { display: i === 0 ? "inline" : "none" },
      length > 1 ? turn(i, length, framesPerSecond) : null,
      picture.at(0, 0),
    )
  );
  const title = options.title ?? `${length} pictures, one after the other`;
  return new Svg(shown, { width, height, title });
}

/** When picture `i` of `length` is seen. */
function turn(i: number, length: number, framesPerSecond: number): Markup {
  const share = (place: number) => `${Number((place / length).toFixed(6))}`;
  const states = [
    { from: 0, display: i === 0 ? "inline" : "none" },
    ...(i > 0 ? [{ from: i, display: "inline" }] : []),
    ...(i < length - 1 ? [{ from: i + 1, display: "none" }] : []),
  ];
  return svgElement("animate", {
    attributeName: "display",
    values: states.map(({ display }) => display).join(";"),
    keyTimes: states.map(({ from }) => share(from)).join(";"),
    dur: `${Number((length / framesPerSecond).toFixed(4))}s`,
    calcMode: "discrete",
    repeatCount: "indefinite",
  });
}
