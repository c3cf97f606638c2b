import assert from "node:assert/strict";
import { Markup } from "ae";
import { siteProblems } from "../../../tools/book/links.ts";
import { type BookSources, buildSite } from "../../../tools/book/site.ts";

function sources(files: Record<string, string>): BookSources {
  return {
    files: new Map(Object.entries({
      "docs/book.md": "# Title",
      "tools/book/live/grouping.md": "# Live",
      "tools/book/style.css": "body {}",
      ...files,
    })),
    pictures: new Map([["docs/a.svg", new Uint8Array(1)]]),
    others: new Set(["cli/main.ts"]),
    names: [],
    live: { script: "start();", stage: new Markup("<div id='live'></div>") },
  };
}

Deno.test("buildSite() turns links between files into links between pages", () => {
  const site = buildSite(sources({
    "docs/guides/a.md":
      "# A\n\n[k](../kernels.md#speed) [r](../../ops/relu.ts) [o](../../ops) [c](../../cli/main.ts) ![p](../a.svg)",
    "docs/kernels.md": "# Kernels\n\n## Speed",
    "ops/relu.ts": "/** Rectified. @module */\n",
  }));
  const page = site.get("docs/guides/a.html") as string;
  assert.match(page, /<a href="\.\.\/\.\.\/docs\/kernels\.html#speed">k<\/a>/);
  assert.match(page, /<a href="\.\.\/\.\.\/reference\/ops\.html#file-relu">r<\/a>/);
  assert.match(page, /<a href="\.\.\/\.\.\/reference\/ops\.html">o<\/a> c <img/);
  assert.match(page, /<img src="\.\.\/\.\.\/docs\/a\.svg" alt="p">/);
  assert.deepEqual(siteProblems(site), []);
});

Deno.test("buildSite() has the live page's program on its page alone", () => {
  const site = buildSite(sources({}));
  assert.match(
    site.get("grouping.html") as string,
    /<div id='live'>[^]*<script type="module">\nstart/,
  );
  assert.doesNotMatch(site.get("index.html") as string, /<script/);
});

Deno.test("buildSite() lists every public name with its first sentence", () => {
  const half = {
    name: "half",
    declarations: [{
      kind: "function",
      location: { filename: "file:///p/ops/half.ts", line: 1 },
      jsDoc: { doc: "Half of `x < 2`,\nrounded. And more." },
    }],
  };
  const site = buildSite({
    ...sources({ "ops/half.ts": "/** Halving. @module */\nexport function half() {\n" }),
    names: [{ file: "ops/half.ts", symbol: half }],
  });
  const index = site.get("reference/names.html") as string;
  assert.match(index, /<a href="\.\.\/reference\/ops\.html#half"><code>half<\/code><\/a>/);
  assert.match(index, /<dd><p>Half of <code>x &lt; 2<\/code>, rounded\.<\/p>/);
  assert.doesNotMatch(index, /And more/);
  assert.deepEqual(siteProblems(site), []);
});

Deno.test("buildSite() refuses links to nothing, and a book without its title page", () => {
  assert.throws(
    () => buildSite(sources({ "docs/a.md": "# A\n\n[b](b.md)" })),
    /^InputError: docs\/a\.md: a link leads to docs\/b\.md, which is not there/,
  );
  assert.throws(
    () => buildSite(sources({ "docs/a.md": "# A\n\n![b](b.svg)" })),
    /^InputError: docs\/a\.md: a link leads to docs\/b\.svg, which is not there/,
  );
  const { files, ...rest } = sources({});
  const less = new Map([...files].filter(([file]) => file !== "docs/book.md"));
  assert.throws(() => buildSite({ files: less, ...rest }), /^InputError: the book: docs\/book\.md/);
});
