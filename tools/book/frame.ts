/**
 * What is around every page of the book: title, table of contents, the way to the next page.
 *
 * @module
 */
import { markup } from "../../display/page.ts";
import { Markup } from "../../display/svg.ts";
import type { Heading } from "./markdown.ts";

/** A page's place in the book. */
export interface Entry {
  /** From the site's folder, e.g. `docs/kernels.html`. */
  readonly path: string;
  /** Heading of the group that it belongs to in the table of contents. */
  readonly group: string;
  /** Its title. */
  readonly title: string;
  /** The file that it was made from, from the project's folder. */
  readonly source: string;
}

/** A page with its content. */
export interface Page extends Entry {
  readonly content: Markup;
  readonly headings: readonly Heading[];
  /** A program at the end of the page, as JavaScript of a module. */
  readonly script?: string;
}

const BOOK = "Associative embedding: the book";

/** The address of a page or file of the site as another page must write it. */
export function relativeAddress(from: string, to: string): string {
  return "../".repeat(from.split("/").length - 1) + to;
}

/** A page as an HTML file. */
export function framed(page: Page, entries: readonly Entry[]): string {
  const to = (path: string) => relativeAddress(page.path, path);
  const title = page.title === BOOK ? BOOK : `${page.title} · ${BOOK}`;
  const place = entries.findIndex(({ path }) => path === page.path);
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="${to("style.css")}">
<link rel="icon" href="data:,">
</head>
<body>
<a class="skip" href="#text">To the text</a>
<header class="bar"><a href="${
    to("index.html")
  }">${BOOK}</a> <a class="jump" href="#contents">Contents</a></header>
<div class="columns">
<main id="text">
${page.content}
${neighbours(entries[place - 1], entries[place + 1], to)}
<p class="source">Made from <code>${page.source}</code>.</p>
</main>
<nav id="contents" aria-label="Contents">${contents(page, entries, to)}</nav>
</div>
${page.script === undefined ? null : scriptElement(page.script)}
</body>
</html>
`.source;
}

/** Nothing in a program may end its element early: `</script` and `<!--` are written with an escape. */
function scriptElement(script: string): Markup {
  const inside = script.replace(/<(?=\/script|!--)/gi, "\\x3c");
  return new Markup(`<script type="module">\n${inside}\n</script>`);
}

function neighbours(
  previous: Entry | undefined,
  next: Entry | undefined,
  to: (path: string) => string,
): Markup {
  const link = (entry: Entry | undefined, rel: "prev" | "next") =>
    entry
      ? markup`<a rel="${rel}" href="${to(entry.path)}">${
        rel === "prev" ? `← ${entry.title}` : `${entry.title} →`
      }</a>`
      : markup`<span></span>`;
  return markup`<nav class="steps" aria-label="Previous and next page">${link(previous, "prev")} ${
    link(next, "next")
  }</nav>`;
}

/** The pages by group; under the one that is open, its parts. */
function contents(page: Page, entries: readonly Entry[], to: (path: string) => string): Markup {
  const groups = [...Map.groupBy(entries, ({ group }) => group)];
  return markup`${
    groups.map(([group, members]) =>
      markup`${group ? markup`<p class="group">${group}</p>` : null}
<ul>${
        members.map(({ path, title }) =>
          path === page.path
            ? markup`<li><a href="#text" aria-current="page">${title}</a>${parts(page)}</li>\n`
            : markup`<li><a href="${to(path)}">${title}</a></li>\n`
        )
      }</ul>`
    )
  }`;
}

function parts({ headings }: Page): Markup | null {
  const listed = headings.filter(({ level }) => level === 2);
  if (listed.length < 2) return null;
  return markup`<ul>${
    listed.map(({ id, text }) =>
      markup`<li><a href="#${encodeURIComponent(id)}">${text}</a></li>\n`
    )
  }</ul>`;
}
