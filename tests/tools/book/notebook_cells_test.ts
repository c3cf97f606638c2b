import assert from "node:assert/strict";
import { renderNotebook } from "../../../tools/book/notebook_cells.ts";

const references = { link: () => null, image: () => null };
const notebook = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: [
    { id: "title", cell_type: "markdown", metadata: {}, source: ["# 5 · Tags\n", "\n", "$m$"] },
    {
      id: "code",
      cell_type: "code",
      metadata: {},
      source: 'const a = "<b>";',
      outputs: [{ output_type: "stream", text: "shown" }],
    },
    {
      id: "solution",
      cell_type: "code",
      metadata: { tags: ["solution"], jupyter: { source_hidden: true } },
      source: "2 + 2",
    },
  ],
};

Deno.test("renderNotebook() keeps the order of text, code and outputs", () => {
  const { content, headings } = renderNotebook(notebook, references);
  assert.match(content.source, /<h1[^]*<math[^]*id="cell-code"[^]*&lt;b&gt;[^]*shown/);
  assert.deepEqual(headings.map(({ text }) => text), ["5 · Tags"]);
});

Deno.test("renderNotebook() closes solutions", () => {
  const { source } = renderNotebook(notebook, references).content;
  assert.match(source, /<details class="cell" id="cell-solution"><summary>Solution<\/summary><pre/);
  assert.equal(source.match(/<details/g)!.length, 1);
});
