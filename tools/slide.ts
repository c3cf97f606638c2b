/**
 * A slide: a heading and drawings side by side, 16 to 9, in type that is read from the last row.
 *
 *     ┌──────────────────────────────┐
 *     │ Heading                      │   drawings are made as large as their place allows, text and all,
 *     │ ┌─────────┐ ┌──────────────┐ │   and stand in its middle
 *     │ │         │ │              │ │
 *     │ └─────────┘ └──────────────┘ │
 *     │ a line of words              │
 *     └──────────────────────────────┘
 *
 * @module
 */
import { Svg, svgElement } from "../mod.ts";

/** Size in CSS pixels. */
export const SLIDE = { width: 1280, height: 720 } as const;

const MARGIN = 40;
const [HEADING, WORDS] = [44, 26]; // type sizes
const TOP = 96;
const BOTTOM = 660;

/** What a slide says. */
export interface SlideText {
  /** The heading, one line. */
  readonly heading: string;
  /** A line below the drawings. */
  readonly words: string;
}

/**
 * Put drawings on a slide, from left to right.
 *
 * @param drawings At least one.
 * @param shares How much of the width each gets, in proportion. @default {as their own widths at one height}
 * @throws {RangeError} If there is no drawing, or not one share for each.
 */
export function slide(
  { heading, words }: SlideText,
  drawings: readonly Svg[],
  shares: readonly number[] = drawings.map(({ width, height }) => width / height),
): Svg {
  if (drawings.length === 0 || shares.length !== drawings.length) {
    throw new RangeError(`slide: ${drawings.length} drawings and ${shares.length} shares`);
  }
  const text = (y: number, size: number, words: string) =>
    svgElement("text", { x: MARGIN, y, "font-size": size, fill: "currentColor" }, words);
  const room = SLIDE.width - MARGIN * (drawings.length + 1);
  const all = shares.reduce((a, b) => a + b, 0);
  let left: number = MARGIN;
  const placed = drawings.map((drawing, i) => {
    const place = room * shares[i] / all;
    const scale = Math.min(place / drawing.width, (BOTTOM - TOP) / drawing.height);
    const [width, height] = [drawing.width * scale, drawing.height * scale];
    const x = left + (place - width) / 2;
    left += place + MARGIN;
    return drawing.at(x, TOP + (BOTTOM - TOP - height) / 2, width, height);
  });
  return new Svg([text(62, HEADING, heading), placed, text(696, WORDS, words)], {
    ...SLIDE,
    title: heading,
  });
}
