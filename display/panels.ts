/**
 * Pictures side by side, each with its caption, as one drawing.
 *
 * @module
 */
import type { RgbImage } from "../image/rgb_image.ts";
import { pngDataUrl } from "./picture.ts";
import { type Markup, Svg, svgElement } from "./svg.ts";

/** One picture of a row, and what it shows. */
export interface Panel {
  /** A few words; they are not wrapped. */
  readonly caption: string;
  /** Pixels, or a drawing. */
  readonly picture: RgbImage | Svg;
}

/** How pictures are laid out. */
export interface PanelOptions {
  /** Pictures in a row. @default {all in one row} */
  readonly columns?: number;
  /** Width of each picture in CSS pixels; its height follows. @default {240} */
  readonly panelWidth?: number;
  /** What the whole shows, in words. @default {the captions} */
  readonly title?: string;
}

const GAP = 10;
const CAPTION = 18;

/**
 * Pictures side by side, row by row, each under its caption: for example the photograph, what the network
 * made of it, and the people.
 *
 * @param panels The pictures, at least one.
 * @param options Columns, size and title.
 * @throws {RangeError} If there is no picture, or a number is out of its range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawPanels } from "ae";
 *
 * const black = { width: 2, height: 1, data: new Uint8Array(6) };
 * const svg = drawPanels([{ caption: "before", picture: black }, { caption: "after", picture: black }]);
 * assert.equal(svg.width, 240 + 10 + 240);
 * ```
 */
export function drawPanels(panels: readonly Panel[], options: PanelOptions = {}): Svg {
  if (panels.length === 0) throw new RangeError("drawPanels: there is no picture to draw");
  const { columns = panels.length, panelWidth = 240 } = options;
  if (!Number.isInteger(columns) || columns < 1) {
    throw new RangeError(`drawPanels: columns must be a whole number above 0, not ${columns}`);
  }
  if (!(panelWidth > 0 && panelWidth < Infinity)) {
    throw new RangeError(`drawPanels: panelWidth must be above 0, not ${panelWidth}`);
  }
  const heights = panels.map(({ picture }) => panelWidth * picture.height / picture.width);
  const elements: Markup[] = [];
  let top = 0;
  for (let first = 0; first < panels.length; first += columns) {
    const row = panels.slice(first, first + columns);
    row.forEach(({ caption, picture }, column) => {
      const [x, height] = [column * (panelWidth + GAP), heights[first + column]];
      elements.push(
        svgElement("text", { x, y: top + 12, "font-size": 12, fill: "currentColor" }, caption),
      );
      elements.push(
        picture instanceof Svg
          ? picture.at(x, top + CAPTION, panelWidth, height)
          : svgElement("image", {
            x,
            y: top + CAPTION,
            width: panelWidth,
            height,
            preserveAspectRatio: "none",
            href: pngDataUrl(picture),
          }),
      );
    });
    top += CAPTION + Math.max(...heights.slice(first, first + columns)) + GAP;
  }
  return new Svg(elements, {
    width: Math.min(columns, panels.length) * (panelWidth + GAP) - GAP,
    height: top - GAP,
    title: options.title ?? panels.map(({ caption }) => caption).join(", "),
  });
}
