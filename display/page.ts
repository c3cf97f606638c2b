/**
 * An HTML page as text: a template tag that escapes what it is given, and the page around a report's content.
 *
 * @module
 */
import { escapeMarkup, Markup, Svg } from "./svg.ts";

/** What may fill a hole in a template: text (escaped), markup, a drawing, nothing, or a list of these. */
export type MarkupPart = string | number | Markup | Svg | null | readonly MarkupPart[];

function textOf(part: MarkupPart): string {
  if (part === null) return "";
  if (part instanceof Markup) return part.source;
  if (part instanceof Svg) return part.toString();
  if (typeof part === "string" || typeof part === "number") return escapeMarkup(`${part}`);
  return part.map(textOf).join("");
}

/** HTML with holes: what fills a hole is escaped, unless it is markup already. */
export function markup(strings: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  return new Markup(
    strings.map((text, i) => text + (i < parts.length ? textOf(parts[i]) : "")).join(""),
  );
}

/** Two themes from one set of names; in print, cards and scenes are kept whole. */
const STYLE = new Markup(`
:root { color-scheme: light dark; --paper: #fdfdfc; --card: #ffffff; --ink: #1d2329; --soft: #5c6670; --line: #dfe3e6; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171a; --card: #1c2024; --ink: #e4e7ea; --soft: #9aa4ae; --line: #30363c; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; text-wrap: balance; }
h2 { font-size: 1.3rem; margin: 3rem 0 .3rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: .3rem 0 1rem; max-width: 46rem; }
.small { font-size: .85rem; }
.soft, figcaption { color: var(--soft); }
svg { color: inherit; display: block; max-width: 100%; height: auto; }
img { display: block; width: 100%; height: auto; }
.setup { display: flex; flex-wrap: wrap; gap: .2rem 1.6rem; margin: 0 0 1.6rem; padding: 0; font-size: .9rem; }
.setup div { display: flex; gap: .4rem; }
.setup dt { color: var(--soft); }
.setup dd { margin: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem; margin: 1.2rem 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem; }
.card b { display: block; font-size: 1.9rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.card span { font-size: .85rem; color: var(--soft); }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .32rem 0 .32rem .8rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: bottom; }
thead th { white-space: normal; line-height: 1.25; }
th { font-weight: 600; }
th:first-child { text-align: left; padding-left: 0; }
th small { font-weight: 400; color: var(--soft); margin-left: .5rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 1.2rem; align-items: start; }
.charts > div, .scene { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; }
.scene { margin: 1rem 0; }
.scene header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem 1.2rem; margin-bottom: .7rem; }
.people { display: flex; flex-wrap: wrap; gap: .1rem .9rem; margin: 0; padding: 0; list-style: none; font-size: .85rem; font-variant-numeric: tabular-nums; }
.people i { display: inline-block; width: .7em; height: .7em; border-radius: .2em; margin-right: .35em; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); gap: 1rem; align-items: start; }
figure { margin: 0; }
figcaption { font-size: .8rem; margin-bottom: .25rem; }
.pictures svg { width: 100%; }
@media (max-width: 34rem) { th small { display: none; } .cards { grid-template-columns: 1fr 1fr; } }
@media print {
  body { font-size: 11px; background: none; }
  main { max-width: none; padding: 0; }
  .card, .charts > div, .scene, tr { break-inside: avoid; }
  h2, h3, section > p { break-after: avoid; }
  th small { display: none; }
  .cards { grid-template-columns: repeat(4, 1fr); }
  .pictures { grid-template-columns: repeat(3, 1fr); }
  .charts { grid-template-columns: 1fr 1fr; }
}
`);

/** What was done with what: names and texts in a row. */
export function setupList(rows: readonly (readonly [name: string, text: string])[]): Markup {
  return markup`<dl class="setup">${
    rows.map(([name, text]) => markup`<div><dt>${name}</dt><dd>${text}</dd></div>`)
  }</dl>`;
}

/** The figures that matter most, large, each with what it is. */
export function figureCards(cards: readonly (readonly [value: string, name: string])[]): Markup {
  return markup`<div class="cards">${
    cards.map(([value, name]) =>
      markup`<div class="card"><b>${value}</b><span>${name}</span></div>`
    )
  }</div>`;
}

/** A whole page: `content` under its heading, with all styles inside. */
export function page(title: string, content: MarkupPart): string {
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body><main>
<h1>${title}</h1>
${content}
</main></body>
</html>
`.source;
}
