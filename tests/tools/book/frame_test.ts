import assert from "node:assert/strict";
import { Markup } from "ae";
import { framed, relativeAddress } from "../../../tools/book/frame.ts";

const page = (path: string, title: string) => ({
  path,
  group: "G",
  title,
  source: `${title}.md`,
  content: new Markup(`<p>${path}</p>`),
  headings: [],
});
const PAGES = [page("index.html", "One"), page("a/b.html", "Two"), page("c.html", "<Three>")];

Deno.test("framed() leads to the page before and the page behind, from any folder", () => {
  const html = framed(PAGES[1], PAGES);
  assert.match(html, /<a rel="prev" href="\.\.\/index\.html">← One<\/a>/);
  assert.match(html, /<a rel="next" href="\.\.\/c\.html">&lt;Three&gt; →<\/a>/);
  assert.doesNotMatch(framed(PAGES[0], PAGES), /rel="prev"/);
  assert.doesNotMatch(framed(PAGES[2], PAGES), /rel="next"/);
});

Deno.test("framed() marks the open page in the contents, and lists its parts", () => {
  const headings = ["x", "y"].map((id) => ({ id, text: `part ${id}`, level: 2 }));
  const html = framed({ ...PAGES[1], headings }, PAGES);
  assert.match(html, /aria-current="page">Two<\/a><ul><li><a href="#x">part x<\/a>/);
  assert.equal(html.match(/aria-current/g)!.length, 1);
});

Deno.test("framed() lets nothing in a program end its element", () => {
  const html = framed({ ...PAGES[0], script: 'f("</script><!--");' }, PAGES);
  assert.match(html, /f\("\\x3c\/script>\\x3c!--"\);\n<\/script>/);
});

Deno.test("relativeAddress() goes up as many folders as there are", () => {
  assert.equal(relativeAddress("a/b/c.html", "d.html"), "../../d.html");
  assert.equal(relativeAddress("c.html", "a/d.html"), "a/d.html");
});
