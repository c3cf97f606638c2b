/**
 * A small builder for SVG: markup that is escaped by construction.
 *
 *     svgElement("text", { x: 4, y: 12 }, "a < b")   ->   <text x="4" y="12">a &lt; b</text>
 *
 * Every string that is handed over, as an attribute or as content, is text and is escaped; only what came out of
 * {@linkcode svgElement} itself is markup. So a person's or a file's name can say `<script>` and nothing happens.
 * Numbers are rounded to 1/100 pixel, which keeps files small and snapshots readable.
 *
 * A drawing must be legible on white and on dark paper without knowing which one it gets: pages and notebooks choose
 * their own theme. {@linkcode Svg} therefore has no background, text and axes are `currentColor`, and that colour
 * is a middle grey unless the surrounding page says otherwise (its CSS wins over the attribute: `svg { color: inherit }`).
 *
 * @module
 */
import { type Displayable, JUPYTER_DISPLAY, type MimeBundle } from "./jupyter.ts";

/**
 * Markup that is already escaped; {@linkcode svgElement} makes it. Make it yourself only of text that you wrote.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { Markup, svgElement } from "ae";
 *
 * const group = svgElement("g", {}, new Markup("<circle r='1'/>"));
 * assert.equal(group.source, "<g><circle r='1'/></g>");
 * ```
 */
export class Markup {
  /** The markup's text. */
  readonly source: string;

  /**
   * Take a text as markup.
   *
   * @param source Text that is markup already.
   */
  constructor(source: string) {
    this.source = source;
  }

  /** The markup itself. */
  toString(): string {
    return this.source;
  }
}

/** Content of an element: markup, text (escaped), nothing, or a list of these. */
export type MarkupChild = Markup | string | null | readonly MarkupChild[];

/** Attributes by name; undefined ones are left out. */
export type MarkupAttributes = Readonly<Record<string, string | number | undefined>>;

/** Grey with a contrast of at least 3.9 : 1 on white (#fff) as on near-black (#1e1e1e). */
const NEUTRAL = "#7a7f87";

/** What XML cannot hold even when escaped: control characters but tab and line ends, and two non-characters. */
// deno-lint-ignore no-control-regex
const UNREPRESENTABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text as it must be written inside XML or HTML, in content and in quoted attributes alike: `& < > " '` become
 * entities; characters that XML cannot hold (control characters, half surrogate pairs) become U+FFFD.
 *
 * @param text Any text.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { escapeMarkup } from "ae";
 *
 * assert.equal(escapeMarkup(`<b a='1'>`), "&lt;b a=&#39;1&#39;&gt;");
 * ```
 */
export function escapeMarkup(text: string): string {
  return text.toWellFormed().replace(UNREPRESENTABLE, "\ufffd").replace(
    /[&<>"']/g,
    (c) => ENTITIES[c],
  );
}

function attributeText(element: string, name: string, value: string | number): string {
  if (typeof value === "string") return escapeMarkup(value);
  if (!Number.isFinite(value)) {
    throw new RangeError(
      `svgElement: attribute ${name} of <${element}> must be a finite number, not ${value}`,
    );
  }
  return `${Math.round(value * 100) / 100 + 0}`; // + 0 turns -0 into 0
}

function isText(child: MarkupChild): boolean {
  return typeof child === "string" || (Array.isArray(child) && child.some(isText));
}

function sources(child: MarkupChild): string[] {
  if (child === null) return [];
  if (typeof child === "string") return [escapeMarkup(child)];
  if (child instanceof Markup) return [child.source];
  return child.flatMap(sources);
}

/**
 * One element of SVG or HTML.
 *
 * Children that are all elements go on lines of their own, so that a drawing can be read and compared line by line.
 *
 * @param name The element's name.
 * @param attributes Text is escaped, numbers are rounded to 1/100, undefined ones are left out.
 * @param children Elements, or text to be escaped; null is nothing.
 * @throws {RangeError} If a number is not finite, or a name is not one that XML allows here.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { svgElement } from "ae";
 *
 * const dot = svgElement("circle", { r: 1 / 3, fill: "red" }, svgElement("title", {}, "nose & mouth"));
 * assert.equal(`${dot}`, '<circle r="0.33" fill="red"><title>nose &amp; mouth</title></circle>');
 * ```
 */
export function svgElement(
  name: string,
  attributes: MarkupAttributes = {},
  ...children: readonly MarkupChild[]
): Markup {
  for (const word of [name, ...Object.keys(attributes)]) {
    if (!/^[A-Za-z][\w:.-]*$/.test(word)) {
      throw new RangeError(`svgElement: "${word}" is not a name of an element or attribute`);
    }
  }
  const start = [name];
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) start.push(`${key}="${attributeText(name, key, value)}"`);
  }
  const inside = children.flatMap(sources);
  if (inside.length === 0) return new Markup(`<${start.join(" ")}/>`);
  const line = inside.length === 1 || children.some(isText) ? "" : "\n";
  return new Markup(`<${start.join(" ")}>${line}${inside.join(line)}${line}</${name}>`);
}

/** Size and description of a drawing. */
export interface SvgOptions {
  /** Width on the page in CSS pixels. */
  readonly width: number;
  /** Height on the page in CSS pixels. */
  readonly height: number;
  /** The part of the drawing's own plane that is shown. @default {[0, 0, width, height]} */
  readonly viewBox?: readonly [x: number, y: number, width: number, height: number];
  /** What the drawing shows, for people who listen to it and as the notebook's plain text. */
  readonly title: string;
}

/**
 * A finished drawing. `toString()` is the SVG file; a notebook shows it when it is the last expression of a cell.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { Svg, svgElement } from "ae";
 *
 * const dot = svgElement("circle", { cx: 5, cy: 5, r: 4 });
 * const svg = new Svg([dot], { width: 10, height: 10, title: "a dot" });
 * assert.match(svg.toString(), /<circle cx="5" cy="5" r="4"\/>/);
 * ```
 */
export class Svg implements Displayable {
  /** Width on the page in CSS pixels. */
  readonly width: number;
  /** Height on the page in CSS pixels. */
  readonly height: number;
  /** What the drawing shows, in words. */
  readonly title: string;
  readonly #children: MarkupChild;
  readonly #viewBox: readonly [number, number, number, number];

  /**
   * Put what was drawn on a page.
   *
   * @param children What is drawn, back to front.
   * @param options Size and description.
   * @throws {RangeError} If a side is not a finite number above 0.
   */
  constructor(children: MarkupChild, options: SvgOptions) {
    const { width, height, viewBox = [0, 0, width, height], title } = options;
    for (const side of [width, height, viewBox[2], viewBox[3]]) {
      if (!(side > 0 && side < Infinity)) {
        throw new RangeError(`Svg: a drawing's sides must be above 0, not ${width} x ${height}`);
      }
    }
    this.width = width;
    this.height = height;
    this.title = title;
    this.#children = children;
    this.#viewBox = viewBox;
  }

  /** The drawing as an SVG file; also right as it is inside an HTML page. */
  toString(): string {
    const numbers = this.#viewBox.map((value) => attributeText("svg", "viewBox", value));
    const svg = svgElement(
      "svg",
      {
        xmlns: "http://www.w3.org/2000/svg",
        width: this.width,
        height: this.height,
        viewBox: numbers.join(" "),
        role: "img",
        "font-family": "system-ui, sans-serif",
        color: NEUTRAL,
      },
      svgElement("title", {}, this.title),
      this.#children,
    );
    return `${svg.source}\n`;
  }

  /** The drawing as an element of another one, with its upper left corner at `x, y` and the given size. */
  at(x: number, y: number, width: number = this.width, height: number = this.height): Markup {
    const numbers = this.#viewBox.map((value) => attributeText("svg", "viewBox", value));
    return svgElement(
      "svg",
      { x, y, width, height, viewBox: numbers.join(" ") },
      svgElement("title", {}, this.title),
      this.#children,
    );
  }

  /** The drawing for a notebook: `image/svg+xml`, and its title as `text/plain`. */
  [JUPYTER_DISPLAY](): MimeBundle {
    return { "text/plain": this.title, "image/svg+xml": this.toString() };
  }
}
