import assert from "node:assert/strict";
import { siteProblems } from "../../../tools/book/links.ts";

Deno.test("siteProblems() finds what leads nowhere", () => {
  const problems = siteProblems(
    new Map([
      [
        "a/b.html",
        `<h1 id="x">b</h1><p id="x"></p><a href="c.html">1</a> <a href="c.html#y">2</a> <a href="#z">3</a>
        <a href="d.html#é">4</a> <a href="../e.html">5</a> <img src="f.png"> <a href="https://g.h">6</a>
        <link rel="stylesheet" href="../no.css"><script>"<a href='never.html'>"</script>`,
      ],
      ["a/c.html", '<h2 id="w">c</h2>'],
      ["a/d.html", '<h2 id="é">d</h2>'],
    ]),
  );
  assert.deepEqual(problems, [
    "a/b.html: the anchor x occurs twice",
    "a/b.html: the link c.html#y leads to an anchor that is not there",
    "a/b.html: the link #z leads to an anchor that is not there",
    "a/b.html: the link ../e.html leads nowhere",
    "a/b.html: the link ../no.css leads nowhere",
    "a/b.html: the picture f.png is missing",
  ]);
});
