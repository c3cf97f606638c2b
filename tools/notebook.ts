/**
 * Notebooks as this project keeps them: read, held to the conventions of notebooks/README.md, turned into a module that
 * Deno can type-check and run, and judged by what their cells show.
 *
 * Every code cell says in its metadata what it must show:
 *
 *     "ae": { "expect": "Tensor [2, 3]" }             this text is somewhere in what it shows
 *     "ae": { "expect": ["pull", "push"] }            each of these is
 *     "ae": { "expect": "/loss 0\\.0\\d+/" }          this regular expression matches
 *     "ae": { "expect": null }                        it shows nothing
 *     "ae": { "expect": …, "fast": { "set": { "steps": 3 }, "expect": … } }
 *
 * `fast` is for the module only: `const steps = 300;` becomes `const steps = 3;`, and its `expect`, if it has one, takes
 * the other's place.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";

/** What a cell must show: texts or /regular expressions/, all of them; null for nothing at all. */
export type Expectation = string | readonly string[] | null;

/** What a code cell promises, in its metadata under "ae". */
export interface CellPromise {
  /** What it shows. */
  readonly expect: Expectation;
  /** How the module differs: constants with other values, and what is shown then. */
  readonly fast?: {
    readonly set?: Readonly<Record<string, number>>;
    readonly expect?: Expectation;
  };
}

/** An output of a cell, as nbformat 4 has it. */
export interface CellOutput {
  /** "stream", "display_data", "execute_result" or "error". */
  readonly output_type: string;
  /** Text of a stream. */
  readonly text?: string | readonly string[];
  /** Media type to content. */
  readonly data?: Readonly<Record<string, string | readonly string[]>>;
  /** Name of an error. */
  readonly ename?: string;
  /** Its message. */
  readonly evalue?: string;
}

/** A cell, as nbformat 4.5 has it. */
export interface NotebookCell {
  /** Its name, unique in the notebook. */
  readonly id: string;
  /** "code", "markdown" or "raw". */
  readonly cell_type: string;
  /** What others say of it. */
  readonly metadata: {
    readonly ae?: CellPromise;
    readonly tags?: readonly string[];
    readonly jupyter?: { readonly source_hidden?: boolean };
  };
  /** The text, whole or in lines. */
  readonly source: string | readonly string[];
  /** What a code cell showed when it was run last. */
  outputs?: readonly CellOutput[];
  /** Its place in the order of execution. */
  execution_count?: number | null;
}

/** A notebook, as nbformat 4.5 has it. */
export interface Notebook {
  /** 4. */
  readonly nbformat: number;
  /** 5. */
  readonly nbformat_minor: number;
  /** Kernel and language. */
  readonly metadata: { readonly kernelspec?: { readonly name?: string } };
  /** The cells, in order. */
  readonly cells: readonly NotebookCell[];
}

/**
 * Read a notebook.
 *
 * @param path Its name, for errors.
 * @param text The file's text.
 * @throws {InputError} If it is no notebook.
 */
export function parseNotebook(path: string, text: string): Notebook {
  let notebook: Partial<Notebook>;
  try {
    notebook = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path}: not JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(notebook?.cells) || typeof notebook.nbformat !== "number") {
    throw new InputError(`${path}: not a notebook: it has no cells or no nbformat`);
  }
  return notebook as Notebook;
}

/** A text that nbformat keeps whole or in lines. */
export function joined(text: string | readonly string[] = ""): string {
  return typeof text === "string" ? text : text.join("");
}

// deno-lint-ignore no-control-regex
const ANSI_COLOR = /\x1b\[[\d;]*m/g;

/** All that outputs say, as a reader without pictures sees it: streams and text forms, without colours. */
export function outputText(outputs: readonly CellOutput[]): string {
  return outputs.map(({ text, data }) => joined(text ?? data?.["text/plain"])).join("\n")
    .replace(ANSI_COLOR, "");
}

/**
 * Why what a cell showed is not what it promised; null if it is.
 *
 * @param expect The promise.
 * @param shown All the text that it showed.
 */
export function broken(expect: Expectation, shown: string): string | null {
  if (expect === null) {
    return shown.trim() === "" ? null : `shows something, and expects nothing: ${excerpt(shown)}`;
  }
  const missing = [expect].flat().find((wanted) => !isIn(wanted, shown));
  if (missing === undefined) return null;
  return `expects ${isPattern(missing) ? missing : JSON.stringify(missing)} and shows ${
    shown.trim() === "" ? "nothing" : excerpt(shown)
  }`;
}

function isPattern(wanted: string): boolean {
  return wanted.length > 2 && wanted.startsWith("/") && wanted.endsWith("/");
}

function isIn(wanted: string, shown: string): boolean {
  return isPattern(wanted)
    ? new RegExp(wanted.slice(1, -1), "su").test(shown)
    : shown.includes(wanted);
}

function excerpt(text: string): string {
  const most = 400;
  return JSON.stringify(text.length > most ? `${text.slice(0, most)}…` : text);
}

/** A cell as messages call it: its number from 1 and its name. */
export function cellName(notebook: Notebook, index: number): string {
  const { id } = notebook.cells[index];
  return `cell ${index + 1} (${id})`;
}

/**
 * Where a notebook departs from the conventions of notebooks/README.md: a line each.
 *
 * @param notebook The notebook, with its stored outputs.
 */
export function conventionProblems(notebook: Notebook): string[] {
  const problems: string[] = [];
  const { nbformat, nbformat_minor, metadata, cells } = notebook;
  if (nbformat !== 4 || nbformat_minor !== 5) {
    problems.push(`the format is ${nbformat}.${nbformat_minor}, not 4.5`);
  }
  if (metadata.kernelspec?.name !== "deno") problems.push('the kernel is not "deno"');
  const prose = cells.filter(({ cell_type }) => cell_type === "markdown")
    .map(({ source }) => joined(source));
  if (!/^# /.test(prose[0] ?? "") || cells[0].cell_type !== "markdown") {
    problems.push('the first cell is not a heading: "# …"');
  }
  for (const wanted of ["**Before:**", "**After:**"]) {
    if (!prose.some((text) => text.includes(wanted))) problems.push(`no cell says "${wanted}"`);
  }
  const seen = new Set<string>();
  cells.forEach((cell, i) => {
    const say = (problem: string) => problems.push(`${cellName(notebook, i)}: ${problem}`);
    if (!/^[\w-]{1,64}$/.test(cell.id ?? "")) say("its id is not one of letters, digits, _ and -");
    if (seen.has(cell.id)) say("another cell has this id");
    seen.add(cell.id);
    if (cell.cell_type === "code") cellProblems(cell).forEach(say);
  });
  return problems;
}

const NO_PROMISE = 'promises nothing to show: metadata "ae": { "expect": … }';

function cellProblems({ metadata, outputs = [], execution_count }: NotebookCell): string[] {
  const problems: string[] = [];
  const isSolution = metadata.tags?.includes("solution") ?? false;
  if (isSolution !== (metadata.jupyter?.source_hidden ?? false)) {
    problems.push('a solution has the tag "solution" and jupyter.source_hidden, or neither');
  }
  if (metadata.ae?.expect === undefined) {
    return [...problems, NO_PROMISE];
  }
  if (!execution_count) {
    return [...problems, "was not run; store its outputs: check:notebooks --save"];
  }
  if (outputs.some(({ output_type }) => output_type === "error")) {
    problems.push("an error is stored as its output");
  }
  const problem = broken(metadata.ae.expect, outputText(outputs));
  return problem ? [...problems, `stored output: it ${problem}`] : problems;
}

/**
 * The cells of a notebook as one module: type-checked by `deno check`, run by `deno run`. Before each cell the module
 * prints a line that {@linkcode splitOutput} knows; a cell's last expression is shown, as the kernel would.
 *
 * A name that two cells declare is an error there, which is why the conventions want one meaning for each name.
 *
 * @param notebook The notebook.
 * @param prelude Address of notebook_prelude.ts.
 * @throws {InputError} If a constant that `fast` sets is not in the cell.
 */
export function moduleOf(notebook: Notebook, prelude: string): string {
  const parts = [`import { showLast, startCell } from ${JSON.stringify(prelude)};`];
  notebook.cells.forEach((cell, i) => {
    if (cell.cell_type !== "code") return;
    const source = Object.entries(cell.metadata.ae?.fast?.set ?? {}).reduce(
      (text, [name, value]) => setConstant(text, name, value, cellName(notebook, i)),
      joined(cell.source),
    );
    parts.push(`\n// ${cellName(notebook, i)}\nstartCell(${JSON.stringify(cell.id)});`);
    parts.push(showingLast(source));
  });
  return `${parts.join("\n")}\n`;
}

function setConstant(source: string, name: string, value: number, where: string): string {
  const declaration = new RegExp(`^(const ${name} = )[-\\d_.e]+;`, "m");
  if (!declaration.test(source)) {
    throw new InputError(`${where}: no line "const ${name} = NUMBER;" for the fast run to change`);
  }
  return source.replace(declaration, `$1${value};`);
}

/** A line that begins a statement that has no value to show. */
const NO_EXPRESSION =
  /^(?:(?:const|let|var|function|async function|class|abstract|import(?! *\()|export|type|interface|enum|declare|namespace|if|for|while|do|switch|try|throw|using|await using|return)\b|[{*]|\/\/|\/\*)/;

/**
 * The source with its last statement shown, if that is an expression. No parser is needed: in formatted code the last
 * statement begins at the last line that is not indented and does not begin with what closes a bracket or a template.
 */
function showingLast(source: string): string {
  const lines = source.trimEnd().split("\n");
  const start = lines.findLastIndex((line) => /^[^\s)\]}`]/.test(line) && !/^\/\//.test(line));
  if (start < 0 || NO_EXPRESSION.test(lines[start])) return source;
  const expression = lines.slice(start).join("\n").replace(/;(?:\s|\/\/[^\n]*)*$/, "");
  return [...lines.slice(0, start), `await showLast(\n${expression},\n);`].join("\n");
}

/** What stands before a cell's id in the output of a module: a character that no text has. */
export const CELL_MARK = "\u001e";

/**
 * What each cell of a module printed, by the cell's id.
 *
 * @param output All that the module printed.
 */
export function splitOutput(output: string): Map<string, string> {
  const parts = output.split(CELL_MARK).slice(1);
  return new Map(parts.map((part) => {
    const end = part.indexOf("\n");
    return [part.slice(0, end), part.slice(end + 1)];
  }));
}

/** What cells showed against what they promised: a line for each that broke its promise. */
export function brokenPromises(
  notebook: Notebook,
  shown: ReadonlyMap<string, string>,
  options: { readonly fast?: boolean } = {},
): string[] {
  const code = notebook.cells.flatMap((cell, i) => cell.cell_type === "code" ? [{ cell, i }] : []);
  const unreached = code.filter(({ cell }) => !shown.has(cell.id));
  const problems = unreached.length === 0 ? [] : [
    `${unreached.length} cells were not reached, from ${cellName(notebook, unreached[0].i)}`,
  ];
  const broke = code.flatMap(({ cell, i }) => {
    const promise = cell.metadata.ae;
    const text = shown.get(cell.id);
    if (promise?.expect === undefined) return [`${cellName(notebook, i)}: ${NO_PROMISE}`];
    if (text === undefined) return [];
    const expect = options.fast && promise.fast?.expect !== undefined
      ? promise.fast.expect
      : promise.expect;
    const problem = broken(expect, text);
    return problem ? [`${cellName(notebook, i)}: ${problem}`] : [];
  });
  return [...problems, ...broke];
}
