/**
 * What a notebook's cell has shown, as a part of a page. A notebook is a file that anybody may have written, so markup
 * from it goes into the page only if every element and attribute of it is on a list of those that draw and do nothing else
 * (which all of this library's pictures pass). Other drawings become images, other HTML a frame without permissions; in
 * neither does a script run. Text is escaped.
 *
 * @module
 */
import { markup } from "../../display/page.ts";
import { escapeMarkup, Markup } from "../../display/svg.ts";
import { type CellOutput, joined } from "../notebook.ts";

const ELEMENTS = new Set(
  ("svg g title desc defs text tspan line circle ellipse rect path polyline polygon image use clipPath linearGradient " +
    "radialGradient stop animate table caption thead tbody tfoot tr th td div span p b i em strong code pre small br")
    .split(" "),
);

const ATTRIBUTES = new Set(
  ("xmlns width height viewBox role font-family font-size font-weight font-style text-anchor dominant-baseline color x y x1 " +
    "y1 x2 y2 cx cy r rx ry dx dy d points fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap " +
    "stroke-linejoin stroke-dasharray opacity visibility transform preserveAspectRatio image-rendering href style class " +
    "clip-path offset stop-color stop-opacity gradientUnits attributeName calcMode values keyTimes dur begin repeatCount " +
    "from to letter-spacing display paint-order xml:space colspan rowspan scope align aria-label aria-hidden")
    .split(" "),
);

/** Attributes that an animation may change. */
const ANIMATED =
  /^(?:display|visibility|opacity|fill-opacity|stroke-opacity|x|y|cx|cy|r|width|height|d)$/;

const TAG = /<(\/?)([A-Za-z][A-Za-z0-9]*)((?:\s+[A-Za-z][\w:-]*="[^"<>]*")*)\s*\/?>/g;

/** Whether markup can only draw: every tag is whole, and its element, attributes and their values are on the lists. */
export function isHarmless(source: string): boolean {
  if (/[<>]/.test(source.replace(TAG, ""))) return false; // comments, instructions, halves of tags
  return [...source.matchAll(TAG)].every(([, , element, attributes]) =>
    ELEMENTS.has(element) &&
    [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].every(([, name, value]) =>
      ATTRIBUTES.has(name) && isHarmlessValue(name, value)
    )
  );
}

function isHarmlessValue(name: string, value: string): boolean {
  if (name === "href") return /^(?:data:image\/(?:png|jpeg);base64,[\w+/=]*|#[\w.-]*)$/.test(value);
  if (name === "attributeName") return ANIMATED.test(value);
  // A style could load something or leave its place.
  if (name === "style") return !/url\s*\(|@|\\|expression|position|&/i.test(value);
  return !/url\s*\((?!#[\w-]+\))|&#|javascript:/i.test(value) || name === "aria-label";
}

/** The outputs of a cell, in order. */
export function renderOutputs(outputs: readonly CellOutput[]): Markup {
  return markup`${outputs.map(renderOutput)}`;
}

function renderOutput(output: CellOutput): Markup {
  const { output_type, data = {}, ename, evalue } = output;
  if (output_type === "error") return text(`${ename}: ${evalue}`, "error");
  if (output_type === "stream") return text(joined(output.text), "stream");
  const title = joined(data["text/plain"]);
  const svg = joined(data["image/svg+xml"]);
  if (svg) return figure(isHarmless(svg) ? new Markup(svg) : svgImage(svg, title));
  const html = joined(data["text/html"]);
  if (html) {
    return isHarmless(html)
      ? markup`<div class="output wide">${new Markup(html)}</div>`
      : markup`<iframe class="output" sandbox="" srcdoc="${html}" title="${title}"></iframe>`;
  }
  const png = joined(data["image/png"]).replace(/\s/g, "");
  if (/^[\w+/=]+$/.test(png)) {
    return figure(markup`<img src="data:image/png;base64,${png}" alt="${title}">`);
  }
  return text(title, "result");
}

function figure(picture: Markup): Markup {
  return markup`<figure class="output">${picture}</figure>`;
}

/** As an image a drawing runs no script and loads nothing. */
function svgImage(svg: string, title: string): Markup {
  return markup`<img src="data:image/svg+xml,${encodeURIComponent(svg)}" alt="${title}">`;
}

// deno-lint-ignore no-control-regex
const ANSI_COLOR = /\x1b\[[\d;]*m/g;

function text(content: string, kind: string): Markup {
  const plain = content.replace(ANSI_COLOR, "");
  return new Markup(`<pre class="output ${kind}" tabindex="0">${escapeMarkup(plain)}</pre>`);
}
