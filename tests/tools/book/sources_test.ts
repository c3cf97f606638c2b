import assert from "node:assert/strict";
import { siteProblems } from "../../../tools/book/links.ts";
import { buildSite } from "../../../tools/book/site.ts";
import { readBookSources } from "../../../tools/book/sources.ts";

Deno.test("the book has every notebook, page, guide and public name, and no broken link", async () => {
  const sources = await readBookSources();
  const site = buildSite(sources);
  assert.deepEqual(siteProblems(site), []);
  const page = (path: string) => site.get(path) as string | undefined;
  const listed = async (folder: string, pattern: RegExp) =>
    (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name)
      .filter((name) => pattern.test(name)).map((name) => name.replace(/\.\w+$/, ".html"));
  for (const name of await listed("notebooks", /\.ipynb$/)) {
    const html = page(`notebooks/${name}`);
    assert.ok(html, `${name} is missing`);
    // Pictures of this library's own are part of the page, and no output needs a frame.
    const foreign = /<iframe|src="data:image\/svg/.test(html);
    assert.ok(!foreign, `${name}: an output is not among what isHarmless() knows`);
  }
  for (const name of await listed("docs", /(?<!book)\.md$/)) assert.ok(page(`docs/${name}`), name);
  for (const name of await listed("docs/guides", /\.md$/)) {
    assert.ok(page(`docs/guides/${name}`), name);
    assert.ok(page("index.html")!.includes(`"docs/guides/${name}"`));
  }
  assert.ok(sources.names.length > 600);
  for (const { file, symbol: { name } } of sources.names) {
    const folder = file.split("/")[0];
    assert.ok(page(`reference/${folder}.html`)?.includes(`<h3 id="${name}">`), `${file} ${name}`);
  }
});
