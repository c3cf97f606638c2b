/**
 * A notebook as a part of a page: text, code and stored outputs, in order; solutions closed until one opens them.
 *
 * @module
 */
import { markup } from "../../display/page.ts";
import type { Markup } from "../../display/svg.ts";
import { joined, type Notebook, type NotebookCell } from "../notebook.ts";
import { codeBlock } from "./highlight.ts";
import { type Heading, type References, renderMarkdown } from "./markdown.ts";
import { renderOutputs } from "./outputs.ts";

/** A notebook as HTML, with its headings. */
export function renderNotebook(
  notebook: Notebook,
  references: References,
): { content: Markup; headings: Heading[] } {
  const headings: Heading[] = [];
  const taken = new Set(notebook.cells.map(({ id }) => `cell-${id}`));
  const cells = notebook.cells.map((cell) => {
    if (cell.cell_type === "code") return renderCode(cell);
    const text = renderMarkdown(joined(cell.source), { references, formulas: true, taken });
    headings.push(...text.headings);
    return markup`<div id="cell-${cell.id}">${text.content}</div>`;
  });
  return { content: markup`${cells}`, headings };
}

function renderCode(cell: NotebookCell): Markup {
  const { id, metadata, source, outputs = [] } = cell;
  const inside = markup`${codeBlock(joined(source), "ts")}${renderOutputs(outputs)}`;
  return metadata.tags?.includes("solution") || metadata.jupyter?.source_hidden
    ? markup`<details class="cell" id="cell-${id}"><summary>Solution</summary>${inside}</details>`
    : markup`<div class="cell" id="cell-${id}">${inside}</div>`;
}
