/**
 * Check who imports whom. Arrows point at what is imported; nothing points up or sideways:
 *
 *     cli  bench  tools  tests                      may import all that is below (tests: everything)
 *     jupyter                                       core and display: what shows itself in a notebook
 *     models   losses   optim      decoders   data   metrics   display   io
 *         \       |       /             \       \       |        /      /
 *              nn                                \      |       /
 *              ops                        instance   track
 *               |                           pose   image
 *              core                                     |
 *                 \_______________________  core/host_array.ts, core/errors.ts
 *
 * The right-hand column never touches WebGPU, so it is tested without an adapter and can be stepped
 * through in a debugger. Checked too: no import cycles, `mod.ts` files only re-export, no default
 * exports, no file without a subject (utils.ts and its kin), only `io/`, `jupyter/` and what runs the
 * library use `Deno`.
 *
 * Run: `deno run --allow-read=. tools/check_layers.ts`; a line per problem, exit code 1 if any.
 *
 * @module
 */

import { LIBRARY } from "./library.ts";

const LEVEL_0 = ["core/host_array.ts", "core/errors.ts"];
/** The words that folders without a GPU share. */
const WORDS = ["pose", "instance", "track", "image"];
const NO_GPU = [...LEVEL_0, ...WORDS];
const NETWORK = ["core", "ops", "nn"];
/** What each file or folder may import besides itself; the first row that fits a file counts. */
export const LAYERS: readonly (readonly [place: string, imports: readonly string[]])[] = [
  ["core/host_array.ts", []],
  ["core/errors.ts", ["core/host_array.ts"]],
  ["core/tune.ts", []],
  ["core", []],
  ["ops", ["core"]],
  ["nn", ["core", "ops"]],
  ["models", NETWORK],
  ["losses", NETWORK],
  ["optim", NETWORK],
  ["pose", LEVEL_0],
  ["image", LEVEL_0],
  ["instance", [...LEVEL_0, "image", "pose"]],
  ["track", [...LEVEL_0, "image", "pose"]],
  ["decoders", NO_GPU],
  ["data", NO_GPU],
  ["metrics", [...NO_GPU, "decoders/assign.ts"]],
  ["display", NO_GPU],
  ["io", [...NO_GPU, "core/tune.ts", "core/watch.ts"]],
  ["jupyter", ["core", "display"]],
  ["mod.ts", LIBRARY],
  ["cli", ["mod.ts", ...LIBRARY]],
  ["bench", ["mod.ts", "cli", ...LIBRARY]],
  ["tools", ["mod.ts", "cli", ...LIBRARY]],
  ["tests", ["mod.ts", "cli", "bench", "tools", ...LIBRARY]],
];

/** The folders whose files run without WebGPU. */
const WITHOUT_GPU = [...WORDS, "decoders", "data", "metrics", "display", "io"];

/** The library folders that may call `Deno`: the one that reads and writes files, and the one that knows its kernel. */
const WITH_DENO = ["io", "jupyter"];

/** File names that say nothing about what is inside. */
const EMPTY_NAMES = /(?:^|\/)(?:utils?|helpers?|common|misc|index|shared|base)\.ts$/;

/** Source files by path from the project's root, with their text. */
export type Sources = ReadonlyMap<string, string>;

/**
 * All problems of a source tree, one line each, in the order of the files.
 *
 * @param sources Every `.ts` file, e.g. `core/grad.ts`.
 * @param importMap The local names of import_map.json, e.g. `ae` to `mod.ts`.
 */
export function checkLayers(
  sources: Sources,
  importMap: Readonly<Record<string, string>>,
): string[] {
  const graph = new Map(
    [...sources].map(([file, text]) => [file, importsOf(file, text, importMap)]),
  );
  const problems: string[] = [];
  for (const [file, text] of sources) {
    problems.push(
      ...checkArrows(file, graph.get(file)!, sources),
      ...checkText(file, text, importMap),
    );
  }
  return [...problems, ...findCycles(graph)];
}

/** An import that stays in the project. */
interface Import {
  /** The file it names. */
  readonly file: string;
  /** How it is written. */
  readonly written: string;
  /** Whether it is gone when the program runs: `import type`. */
  readonly typeOnly: boolean;
}

/**
 * The project's own files that a file imports. `deno fmt` puts every import and re-export at the start
 * of a line, so examples in doc comments are not taken for imports.
 */
function importsOf(
  from: string,
  text: string,
  importMap: Readonly<Record<string, string>>,
): Import[] {
  const patterns = [
    /^(?:import|export)( type)?\b[^;"'`]*?\bfrom\s+"(?<specifier>[^"]+)"/gm,
    /^import\s+"(?<specifier>[^"]+)"/gm,
    /^(?!\s*(?:\*|\/\/))[^"'`\n]*\bimport\("(?<specifier>[^"]+)"\)/gm,
  ];
  const matches = patterns.flatMap((pattern) => [...text.matchAll(pattern)]);
  return matches.flatMap(({ 0: statement, groups }) => {
    const written = groups!.specifier;
    const typeOnly = /^(?:import|export) type\b/.test(statement);
    if (written in importMap) return [{ file: importMap[written], written, typeOnly }];
    if (!written.startsWith(".")) return []; // a package, or node:
    const file = new URL(written, `file:///${from}`).pathname.slice(1);
    return [{ file, written, typeOnly }];
  });
}

function checkArrows(file: string, imports: readonly Import[], sources: Sources): string[] {
  const row = LAYERS.find(([place]) => isIn(file, place));
  if (!row) return [`${file}: the folder has no row in tools/check_layers.ts`];
  const [place, allowed] = row;
  return imports.flatMap(({ file: target, written }) => {
    if (!target.endsWith(".ts")) return []; // a shader or a JSON file
    if (!sources.has(target)) return [`${file}: imports "${written}", which is not there`];
    if ([place, ...allowed].some((name) => isIn(target, name))) return [];
    return [`${file}: must not import ${target} (${place} imports ${list(allowed)})`];
  });
}

function checkText(
  file: string,
  text: string,
  importMap: Readonly<Record<string, string>>,
): string[] {
  const problems: string[] = [];
  const code = text.replace(/^\s*(?:\/\*\*[\s\S]*?\*\/|\/\/.*)$/gm, "");
  const folder = file.split("/")[0];
  if (EMPTY_NAMES.test(file)) problems.push(`${file}: name the file after what is in it`);
  if (!/^(?:[a-z0-9_]+\/)*[a-z0-9_]+(?:\.d)?\.ts$/.test(file)) {
    problems.push(`${file}: file and folder names are snake_case`);
  }
  if (/^export default\b/m.test(code)) problems.push(`${file}: export by name, not by default`);
  if (file.endsWith("mod.ts") && !onlyReexports(code)) {
    problems.push(`${file}: a mod.ts only re-exports; move the rest to a file of its own`);
  }
  if (WITHOUT_GPU.includes(folder) && /\bnavigator\.gpu\b|\bGPU[A-Z]\w+/.test(code)) {
    problems.push(`${file}: ${folder}/ runs without WebGPU`);
  }
  if (LIBRARY.includes(folder)) {
    if (!WITH_DENO.includes(folder) && /\bDeno\./.test(code.replace(/"[^"\n]*"/g, ""))) {
      problems.push(`${file}: ${folder}/ runs without Deno; reading files belongs to io/ or cli/`);
    }
    for (const name of Object.keys(importMap)) {
      if (new RegExp(`^(?:import|export)\\b[^;"]*"${name}"`, "m").test(code)) {
        problems.push(`${file}: inside the library import the file itself, not "${name}"`);
      }
    }
  }
  return problems;
}

function onlyReexports(code: string): boolean {
  return code.replace(/\/\/.*$/gm, "").split(";").map((statement) => statement.trim()).every((
    statement,
  ) =>
    statement === "" || /^export\b[^"]*\bfrom\s+"[^"]+"$/.test(statement) ||
    /^import\s+"[^"]+"$/.test(statement) // installs something, e.g. the algebra methods
  );
}

/**
 * Each cycle once, as the path that leads back to its start. Types may refer to each other in a circle (a
 * tensor has a recipe, a recipe has tensors): `import type` is gone when the program runs.
 */
function findCycles(graph: ReadonlyMap<string, readonly Import[]>): string[] {
  const cycles: string[] = [];
  const state = new Map<string, "open" | "done">();
  const path: string[] = [];
  const visit = (file: string) => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      const circle = [...path.slice(path.indexOf(file)), file];
      cycles.push(`${file}: import cycle ${circle.join(" -> ")}`);
      return;
    }
    state.set(file, "open");
    path.push(file);
    for (const next of graph.get(file) ?? []) if (!next.typeOnly) visit(next.file);
    path.pop();
    state.set(file, "done");
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}

function isIn(file: string, place: string): boolean {
  return file === place || (!place.endsWith(".ts") && file.startsWith(`${place}/`));
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : `only ${names.join(", ")}`;
}

/** Every `.ts` file under the current folder that belongs to the project's own code. */
export async function readSources(): Promise<Sources> {
  const sources = new Map<string, string>();
  const roots = new Set(LAYERS.map(([place]) => place.split("/")[0]));
  const walk = async (path: string) => {
    if (path.endsWith(".ts")) return void sources.set(path, await Deno.readTextFile(path));
    const entries = (await Array.fromAsync(Deno.readDir(path))).sort((a, b) =>
      a.name < b.name ? -1 : 1
    );
    for (const { name, isDirectory } of entries) {
      if (isDirectory || name.endsWith(".ts")) await walk(`${path}/${name}`);
    }
  };
  for (const root of roots) {
    if (await Deno.stat(root).catch(() => null)) await walk(root);
  }
  return sources;
}

/** The names in import_map.json that stand for files of the project, with those files. */
export function localNames(imports: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(imports)
      .filter(([, target]) => target.startsWith("./"))
      .map(([name, target]) => [name, target.slice(2)]),
  );
}

if (import.meta.main) {
  const { imports } = JSON.parse(await Deno.readTextFile("import_map.json"));
  const sources = await readSources();
  const problems = checkLayers(sources, localNames(imports));
  for (const problem of problems) console.error(problem);
  console.log(`check_layers: ${sources.size} files, ${problems.length} problems`);
  if (problems.length > 0) Deno.exit(1);
}
