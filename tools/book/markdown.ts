/**
 * Markdown as a part of a page: `marked` reads it, `temml` turns the formulas between dollar signs into MathML, which
 * browsers draw without a script or a font. Text that looks like HTML is shown as text; a link may lead to a page of the
 * book or to the web, and to nothing else.
 *
 * @module
 */
import { Marked, type Token, type Tokens } from "marked";
import temml from "temml";
import { escapeMarkup, Markup } from "../../display/svg.ts";
import { codeBlock } from "./highlight.ts";

/** A heading of a page. */
export interface Heading {
  /** The anchor, unique on the page. */
  readonly id: string;
  /** Its text, without markup. */
  readonly text: string;
  /** 1 to 6. */
  readonly level: number;
}

/** Where a reference in the text leads. */
export interface References {
  /** The address of a link, relative to the page; null if the book has no such page. */
  readonly link: (href: string) => string | null;
  /** The address of a picture, relative to the page; null if there is none. */
  readonly image: (href: string) => string | null;
}

/** Settings of {@linkcode renderMarkdown}. */
export interface MarkdownOptions {
  readonly references: References;
  /** Whether `$…$` and `$$…$$` are formulas, as in notebooks. @default {false} */
  readonly formulas?: boolean;
  /** Anchors that are taken; those of the text's headings are added. @default {none} */
  readonly taken?: Set<string>;
  /** Added to the level of each heading. @default {0} */
  readonly deeper?: number;
  /** What stands before each anchor, so that several texts can share a page. @default {""} */
  readonly prefix?: string;
}

/** A text as HTML, with its headings. */
export interface RenderedMarkdown {
  readonly content: Markup;
  readonly headings: readonly Heading[];
}

/** A Markdown text as HTML. */
export function renderMarkdown(text: string, options: MarkdownOptions): RenderedMarkdown {
  const { references, formulas = false, taken = new Set(), deeper = 0, prefix = "" } = options;
  const headings: Heading[] = [];
  const marked = new Marked({
    renderer: {
      html: ({ text }) => escapeMarkup(text),
      code: ({ text, lang }) => codeBlock(text, lang?.split(/[\s,]/)[0]).source,
      heading({ tokens, depth }) {
        const level = Math.min(6, depth + deeper);
        const text = plainText(tokens);
        const id = freeAnchor(prefix + anchorOf(text), taken);
        headings.push({ id, text, level });
        const inside = this.parser.parseInline(tokens);
        return `<h${level} id="${escapeMarkup(id)}">${inside}${anchorLink(id)}</h${level}>\n`;
      },
      link({ href, tokens }) {
        const inside = this.parser.parseInline(tokens);
        const address = isWeb(href) ? href : references.link(href);
        return address === null ? inside : `<a href="${escapeMarkup(address)}">${inside}</a>`;
      },
      image({ href, text }) {
        const address = references.image(href);
        return address === null
          ? escapeMarkup(text)
          : `<img src="${escapeMarkup(address)}" alt="${escapeMarkup(text)}">`;
      },
      table(table) {
        return `<div class="wide" tabindex="0">${tableOf(this.parser, table)}</div>`;
      },
    },
    extensions: formulas ? [blockFormula, inlineFormula] : [],
  });
  return { content: new Markup(marked.parse(text, { async: false })), headings };
}

function isWeb(href: string): boolean {
  return /^https?:\/\//.test(href);
}

/** An anchor as GitHub makes it of a heading: small letters and digits, hyphens for spaces. */
export function anchorOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-") || "part";
}

function freeAnchor(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let n = 1; taken.has(id); n++) id = `${wanted}-${n}`;
  taken.add(id);
  return id;
}

/** The sign behind a heading that links to it. */
export function anchorLink(id: string): string {
  return `<a class="anchor" href="#${
    escapeMarkup(encodeURIComponent(id))
  }" aria-label="Link to this place">#</a>`;
}

function plainText(tokens: readonly Token[]): string {
  return tokens.map((token) =>
    "tokens" in token && token.tokens ? plainText(token.tokens) : "text" in token ? token.text : ""
  ).join("");
}

function tableOf(
  parser: { parseInline(tokens: Token[]): string },
  { header, rows }: Tokens.Table,
): string {
  const row = (cells: readonly Tokens.TableCell[], element: "th" | "td") =>
    `<tr>${
      cells.map(({ tokens, align }) =>
        `<${element}${align ? ` class="${align}"` : ""}>${parser.parseInline(tokens)}</${element}>`
      ).join("")
    }</tr>`;
  return `<table><thead>${row(header, "th")}</thead><tbody>${
    rows.map((cells) => row(cells, "td")).join("")
  }</tbody></table>\n`;
}

function mathMl(formula: string, displayMode: boolean): string {
  return temml.renderToString(formula, { displayMode, throwOnError: true });
}

const blockFormula = {
  name: "blockFormula",
  level: "block" as const,
  start: (text: string) => text.match(/^\$\$/m)?.index,
  tokenizer(text: string) {
    const match = /^\$\$([\s\S]+?)\$\$(?:\n|$)/.exec(text);
    return match ? { type: "blockFormula", raw: match[0], text: match[1].trim() } : undefined;
  },
  renderer: ({ text }: { text?: string }) => `<p class="formula">${mathMl(text!, true)}</p>\n`,
};

const inlineFormula = {
  name: "inlineFormula",
  level: "inline" as const,
  start: (text: string) => text.match(/\$/)?.index,
  tokenizer(text: string) {
    const match = /^\$(?!\s)([^$\n]+?)(?<!\s)\$(?!\d)/.exec(text);
    return match ? { type: "inlineFormula", raw: match[0], text: match[1] } : undefined;
  },
  renderer: ({ text }: { text?: string }) => mathMl(text!, false),
};
