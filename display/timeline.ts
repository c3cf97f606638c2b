/**
 * Who was tracked when: a row for everybody annotated, a bar in the colour of the identity under which one was found.
 *
 *     1  ====7====----====7====              = found, with the identity's number     - missed
 *     2       ==8==v===7===                  v the identity changed                  (nothing) not in the video
 *        1    5    10   15   20   frame
 *
 * @module
 */
import type { MatchedFrame } from "../track/track.ts";
import { axes, label, textWidth } from "./chart.ts";
import { linearScale } from "./scale.ts";
import { type Markup, Svg, svgElement } from "./svg.ts";
import { identityColor, identityColors } from "./tracks.ts";

/** How a time line is drawn. */
export interface TimelineOptions {
  /** Width on the page in CSS pixels, 160 or more. @default {640} */
  readonly width?: number;
  /** Number of each found identity's colour. @default {identityColors of all frames} */
  readonly colors?: ReadonlyMap<number, number>;
  /** What it shows, in words. @default {"who was found when"} */
  readonly title?: string;
}

const HEAD = 44;
const ROW = 18;
const BAR = 12;

/** Frames one after the other in which somebody has the same partner, or none. */
interface Run {
  readonly first: number;
  readonly last: number;
  readonly partner: number | null;
  readonly switched: boolean;
}

/**
 * Draw the time line of matched tracks.
 *
 * @param matched What `matchTracks` gives, in the order of the frames. Tracks without a truth to compare with are their
 *   own: `{ frame, truth: identities, partners: identities, switched: identities.map(() => false) }`.
 * @param options Size, colours and title.
 * @throws {RangeError} If nobody is in any frame, the frames' numbers do not rise, an identity has no colour, or the
 *   width is below 160.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawTimeline, matchTracks } from "ae";
 *
 * const frame = (found: number) => ({ truth: [1], found: [found], similarity: [[1]] });
 * const svg = drawTimeline(matchTracks([frame(7), frame(7), frame(9)]));
 * assert.match(svg.toString(), /<title>1 is 9 in frame 3<\/title>/);
 * assert.match(svg.toString(), /<title>1 changes its identity in frame 3<\/title>/);
 * ```
 */
export function drawTimeline(
  matched: readonly MatchedFrame[],
  options: TimelineOptions = {},
): Svg {
  const { width = 640, title = "who was found when" } = options;
  if (!(width >= 160 && width < Infinity)) {
    throw new RangeError(`drawTimeline: width must be 160 or more, not ${width}`);
  }
  const rows = runsOf(matched);
  if (rows.size === 0) throw new RangeError("drawTimeline: nobody is in any frame");
  const colors = options.colors ?? identityColors(matched.flatMap(({ partners }) => partners));
  const names = [...rows.keys()].map(String);
  const left = Math.max(...names.map((name) => textWidth(name))) + 12;
  const bottom = HEAD + rows.size * ROW;
  const [first, last] = [matched[0].frame, matched.at(-1)!.frame];
  // A frame is as wide as the step to the next: the last one needs a place, too.
  const x = linearScale([first, last + 1], [left, width - 8]);
  const whole = { place: x.place, ticks: x.ticks.filter(({ value }) => Number.isInteger(value)) };
  const key = "bar: found, with its identity    line: missed    mark: identity changed";
  return new Svg([
    label(4, 15, title, { "font-weight": 600, "font-size": 13 }),
    label(4, 33, key, { "font-size": 11, "xml:space": "preserve" }),
    axes({ left, right: width - 8, top: HEAD, bottom }, { x: whole, y: null }, { x: "frame" }),
    [...rows].map(([identity, runs], row) => {
      const middle = HEAD + row * ROW + ROW / 2;
      return [
        label(left - 6, middle + 4, `${identity}`, { "text-anchor": "end" }),
        runs.flatMap((run) => runMarkup(identity, run, { middle, place: x.place, colors })),
      ];
    }),
  ], { width, height: bottom + 42, title });
}

/** The runs of everybody, in the order of their first appearance. */
function runsOf(matched: readonly MatchedFrame[]): Map<number, Run[]> {
  const rows = new Map<number, Run[]>();
  matched.forEach(({ frame, truth, partners, switched }, f) => {
    const before = matched[f - 1]?.frame;
    if (before !== undefined && !(frame > before)) {
      throw new RangeError(`drawTimeline: frame ${frame} comes after frame ${before}`);
    }
    truth.forEach((identity, t) => {
      const runs = rows.getOrInsertComputed(identity, () => []);
      const run = runs.at(-1);
      const goesOn = run?.last === before && run?.partner === partners[t] && !switched[t];
      if (run && goesOn) runs[runs.length - 1] = { ...run, last: frame };
      else runs.push({ first: frame, last: frame, partner: partners[t], switched: switched[t] });
    });
  });
  return rows;
}

function runMarkup(
  identity: number,
  { first, last, partner, switched }: Run,
  { middle, place, colors }: {
    readonly middle: number;
    readonly place: (frame: number) => number;
    readonly colors: ReadonlyMap<number, number>;
  },
): Markup[] {
  const [x, end] = [place(first), place(last + 1)];
  const when = first === last ? `frame ${first}` : `frames ${first} to ${last}`;
  const says = (text: string) => svgElement("title", {}, text);
  if (partner === null) {
    const stroke = { stroke: "currentColor", "stroke-width": 1.5, "stroke-dasharray": "2 2" };
    return [
      svgElement(
        "line",
        { x1: x, y1: middle, x2: end, y2: middle, ...stroke },
        says(`${identity} is missed in ${when}`),
      ),
    ];
  }
  const bar = svgElement("rect", {
    x,
    y: middle - BAR / 2,
    width: end - x,
    height: BAR,
    fill: identityColor("drawTimeline", colors, partner),
  }, says(`${identity} is ${partner} in ${when}`));
  const fits = textWidth(`${partner}`, 10) + 4 < end - x;
  const number = fits && svgElement("text", {
    x: (x + end) / 2,
    y: middle + 3.5,
    "font-size": 10,
    "font-weight": 600,
    "text-anchor": "middle",
    fill: "#141414",
    stroke: "#ffffff",
    "stroke-width": 2,
    "paint-order": "stroke",
  }, `${partner}`);
  const mark = switched && svgElement("path", {
    d: `M ${(x - 4).toFixed(2)} ${middle - ROW / 2} h 8 l -4 7 z`,
    fill: "#141414",
    stroke: "#ffffff",
    "stroke-width": 1,
  }, says(`${identity} changes its identity in frame ${first}`));
  return [bar, ...(number ? [number] : []), ...(mark ? [mark] : [])];
}
