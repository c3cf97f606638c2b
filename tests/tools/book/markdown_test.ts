import assert from "node:assert/strict";
import { anchorOf, renderMarkdown } from "../../../tools/book/markdown.ts";

const references = {
  link: (href: string) => href === "there.md" ? "there.html" : null,
  image: (href: string) => href === "a.svg" ? "a.svg" : null,
};
const html = (text: string, formulas = false) =>
  renderMarkdown(text, { references, formulas }).content.source;

Deno.test("renderMarkdown() shows what looks like HTML as text", () => {
  for (
    const text of [
      "<script>alert(1)</script>",
      "a <b onclick='f()'>b</b>",
      "<!-- x -->",
      "| a |\n| - |\n| <i>x</i> |",
      "`<img src=x>`",
      "```ts\n<img src=x>\n```",
      "# <img src=x>",
      '![" onerror="f()](a.svg)',
    ]
  ) {
    const tags = html(text).match(/<[a-z]+/gi) ?? [];
    const foreign = tags.filter((tag) => /^<(?:script|b|i)$/i.test(tag));
    assert.deepEqual(foreign, [], html(text));
    const bare = html(text).replace(/="[^"]*"/g, '=""');
    assert.doesNotMatch(bare, /<[^>]* on\w+=|<img src=x/);
  }
});

Deno.test("renderMarkdown() links to the web and to pages of the book, and to nothing else", () => {
  assert.match(html("[a](https://b.c/?d&e)"), /<a href="https:\/\/b\.c\/\?d&amp;e">a<\/a>/);
  assert.match(html("[a](there.md)"), /<a href="there\.html">a<\/a>/);
  for (const target of ["javascript:f()", "data:text/html,x", "away.md", "JaVaScRiPt:f()"]) {
    assert.equal(html(`[a](${target})`), "<p>a</p>\n");
  }
  assert.match(html("![words](a.svg)"), /<img src="a\.svg" alt="words">/);
  assert.equal(html("![words](b.svg)"), "<p>words</p>\n");
});

Deno.test("renderMarkdown() gives headings anchors, each once", () => {
  const { content, headings } = renderMarkdown("# A `b`\n\n## Twice\n\n## Twice\n\n## ?", {
    references,
  });
  assert.deepEqual(headings.map(({ id }) => id), ["a-b", "twice", "twice-1", "part"]);
  assert.deepEqual(headings.map(({ level }) => level), [1, 2, 2, 2]);
  for (const { id } of headings) assert.ok(content.source.includes(`id="${id}"`));
});

Deno.test("renderMarkdown() draws formulas only where it is asked to", () => {
  assert.match(html("$$\\frac1P \\sum_p t_p$$", true), /<p class="formula"><math[^]*<mfrac>/);
  assert.match(html("is $m$ and $P^2$.", true), /is <math[^]*<\/math> and <math[^]*<msup>/);
  assert.equal(html("$HOME and $PATH"), "<p>$HOME and $PATH</p>\n");
  assert.equal(html("costs $5 or $6", true), "<p>costs $5 or $6</p>\n");
});

Deno.test("anchorOf() makes anchors as GitHub does", () => {
  assert.equal(anchorOf("What's `deno task docs`?"), "whats-deno-task-docs");
});
