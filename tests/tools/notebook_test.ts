import assert from "node:assert/strict";
import {
  broken,
  brokenPromises,
  type CellPromise,
  conventionProblems,
  moduleOf,
  type Notebook,
  type NotebookCell,
  outputText,
  parseNotebook,
  splitOutput,
} from "../../tools/notebook.ts";

function code(id: string, source: string, ae: CellPromise | undefined): NotebookCell {
  const outputs = [{ output_type: "stream", text: ["a ", "word"] }];
  return { id, cell_type: "code", metadata: { ae }, source, outputs, execution_count: 1 };
}

function prose(id: string, source: string): NotebookCell {
  return { id, cell_type: "markdown", metadata: {}, source };
}

function notebook(...cells: NotebookCell[]): Notebook {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: "deno" } },
    cells: [
      prose("head", "# A title\n**Before:** nothing."),
      ...cells,
      prose("end", "**After:** 2"),
    ],
  };
}

Deno.test("parseNotebook() refuses what is no notebook and names the file", () => {
  const text = JSON.stringify(notebook());
  assert.equal(parseNotebook("a.ipynb", text).cells.length, 2);
  assert.throws(() => parseNotebook("a.ipynb", "{"), /^InputError: a\.ipynb: not JSON: /);
  assert.throws(() => parseNotebook("a.ipynb", "[]"), /^InputError: a\.ipynb: not a notebook/);
  assert.throws(() => parseNotebook("a.ipynb", "null"), /^InputError: a\.ipynb: not a notebook/);
});

Deno.test("outputText() joins streams and text forms and drops colours", () => {
  const text = outputText([
    { output_type: "stream", text: ["\x1b[33m3\x1b[39m", " of"] },
    { output_type: "display_data", data: { "text/plain": "a picture", "image/png": "AAAA" } },
    { output_type: "display_data", data: { "image/png": "AAAA" } },
  ]);
  assert.equal(text, "3 of\na picture\n");
});

Deno.test("broken() finds texts as they are and regular expressions between slashes", () => {
  assert.equal(broken("[2, 3]", "Tensor [2, 3] f32"), null);
  assert.equal(broken("/loss 0\\.0\\d+/", "step 9: loss 0.02"), null);
  assert.equal(broken(["a", "/b.c/"], "a b\nc"), null);
  assert.match(broken("[2, 3]", "Tensor [3, 2]")!, /^expects "\[2, 3\]" and shows "Tensor/);
  assert.match(broken("/x\\d/", "x")!, /^expects \/x\\d\/ and shows "x"/);
  assert.match(broken(["a", "d"], "a")!, /^expects "d"/);
  assert.match(broken("a", " \n")!, /and shows nothing$/);
});

Deno.test("broken() holds a cell that promises nothing to it", () => {
  assert.equal(broken(null, "\n"), null);
  assert.match(broken(null, "a word")!, /^shows something, and expects nothing/);
});

Deno.test("conventionProblems() has nothing to say of a notebook that keeps them", () => {
  const solution: NotebookCell = {
    ...code("solution", "1", { expect: "word" }),
    metadata: { ae: { expect: "word" }, tags: ["solution"], jupyter: { source_hidden: true } },
  };
  assert.deepEqual(
    conventionProblems(notebook(code("a", "1", { expect: "a word" }), solution)),
    [],
  );
});

Deno.test("conventionProblems() finds what is wrong with the frame", () => {
  const empty: Notebook = {
    nbformat: 4,
    nbformat_minor: 4,
    metadata: {},
    cells: [prose("a", "Hi")],
  };
  assert.deepEqual(conventionProblems(empty), [
    "the format is 4.4, not 4.5",
    'the kernel is not "deno"',
    'the first cell is not a heading: "# …"',
    'no cell says "**Before:**"',
    'no cell says "**After:**"',
  ]);
});

Deno.test("conventionProblems() finds what is wrong with a cell", () => {
  const problems = (cell: NotebookCell) => conventionProblems(notebook(cell)).join("; ");
  const good = code("a", "1", { expect: "word" });
  assert.match(problems(code("a", "1", undefined)), /^cell 2 \(a\): promises nothing to show/);
  assert.match(problems(code("head", "1", { expect: "word" })), /another cell has this id/);
  assert.match(problems({ ...good, id: "a b" }), /its id is not one of letters/);
  assert.match(problems({ ...good, execution_count: null }), /was not run; store its outputs/);
  assert.match(problems(code("a", "1", { expect: "sentence" })), /stored output: it expects/);
  assert.match(problems({ ...good, outputs: [{ output_type: "error" }] }), /an error is stored/);
  const half = { ...good, metadata: { ...good.metadata, tags: ["solution"] } };
  assert.match(problems(half), /a solution has the tag/);
});

/** The lines of a one-cell module after the cell's mark. */
function moduleLines(source: string, promise: CellPromise = { expect: null }): string {
  return moduleOf(notebook(code("a", source, promise)), "prelude").split('startCell("a");\n')[1];
}

Deno.test("moduleOf() shows the last expression of a cell", () => {
  assert.equal(moduleLines("const a = 1;\na;"), "const a = 1;\nawait showLast(\na,\n);\n");
  assert.equal(moduleLines("draw(\n  1,\n); // look"), "await showLast(\ndraw(\n  1,\n),\n);\n");
  assert.equal(moduleLines("doubled;\n// your turn"), "await showLast(\ndoubled,\n);\n");
  assert.equal(moduleLines("await show(1)"), "await showLast(\nawait show(1),\n);\n");
});

Deno.test("moduleOf() leaves alone what ends in a statement", () => {
  for (
    const source of [
      "const a = {\n  b: 1,\n};",
      "for (const a of [1]) {\n  f(a);\n}",
      "try {\n  f();\n} catch (error) {\n  g(error);\n}",
      "export function f() {\n  return 1;\n}",
      "class A {}",
      "// nothing yet",
      "",
    ]
  ) assert.equal(moduleLines(source), `${source}\n`);
});

Deno.test("moduleOf() sets constants for the fast run, and says where one is missing", () => {
  const promise = { expect: "loss", fast: { set: { steps: 3 } } };
  assert.equal(
    moduleLines("const steps = 1_000; // many", promise),
    "const steps = 3; // many\n",
  );
  assert.throws(
    () => moduleLines("let steps = 300;", promise),
    /^InputError: cell 2 \(a\): no line "const steps = NUMBER;"/,
  );
});

Deno.test("splitOutput() gives each cell what it printed", () => {
  const shown = splitOutput("before\u001ea\n1\n2\n\u001eb\n");
  assert.deepEqual([...shown], [["a", "1\n2\n"], ["b", ""]]);
});

Deno.test("brokenPromises() names the cells, and only the first of those not reached", () => {
  const cells = ["a", "b", "c"].map((id) => code(id, "1", { expect: id }));
  const found = brokenPromises(notebook(...cells), new Map([["a", "x"]]));
  assert.deepEqual(found, [
    "2 cells were not reached, from cell 3 (b)",
    'cell 2 (a): expects "a" and shows "x"',
  ]);
});

Deno.test("brokenPromises() finds a cell that promises nothing", () => {
  const found = brokenPromises(notebook(code("a", "1", undefined)), new Map([["a", "x"]]));
  assert.match(found.join("; "), /^cell 2 \(a\): promises nothing to show/);
});

Deno.test("brokenPromises() takes the promise of the fast run for the fast run only", () => {
  const cell = code("a", "1", { expect: "0.01", fast: { expect: "loss" } });
  const shown = new Map([["a", "loss 0.5"]]);
  assert.deepEqual(brokenPromises(notebook(cell), shown, { fast: true }), []);
  assert.equal(brokenPromises(notebook(cell), shown).length, 1);
});
