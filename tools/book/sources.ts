/**
 * Read what the book is made of: files of the project, what `deno doc` says of the public names, and the live page's
 * program, which `deno bundle` makes one file of.
 *
 * @module
 */
import { dirname } from "node:path/posix";
import { InputError } from "../../core/errors.ts";
import { ENTRY_POINTS, LIBRARY } from "../library.ts";
import { LOCKED } from "../start.ts";
import { livePageStage } from "./live/stage.ts";
import { type DocJson, publicNames } from "./reference.ts";
import { type BookSources, LIVE_PAGE, STYLE_SHEET } from "./site.ts";

/** Folders of the project that the book has no pages of. */
const OTHERS = ["cli", "tools", "tests", "vendor", ".ci"];

/** Where pages and pictures lie. */
const PAGES = ["docs", "notebooks", "bench", "weights"];

/**
 * Read everything; the current folder is the project's.
 *
 * @throws {InputError} If `deno doc` or `deno bundle` fails, with what it says.
 */
export async function readBookSources(): Promise<BookSources> {
  const files = new Map<string, string>();
  const pictures = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", LIVE_PAGE, STYLE_SHEET]) {
    files.set(name, await Deno.readTextFile(name));
  }
  for (const folder of PAGES) {
    for (const file of await filesBelow(folder)) {
      if (/\.(?:md|ipynb)$/.test(file)) files.set(file, await Deno.readTextFile(file));
      if (/\.(?:svg|png|jpg)$/.test(file)) pictures.set(file, await Deno.readFile(file));
    }
  }
  for (const folder of LIBRARY) {
    for (const file of await filesBelow(folder)) {
      if (file.endsWith(".ts") && !file.endsWith("mod.ts")) {
        files.set(file, await Deno.readTextFile(file));
      }
    }
  }
  const others = new Set<string>();
  for (const folder of [...PAGES, ...LIBRARY, ...OTHERS]) {
    for (const file of await filesBelow(folder)) {
      for (let path = file; path !== "."; path = dirname(path)) others.add(path);
    }
  }
  for await (const { name } of Deno.readDir(".")) others.add(name);
  const [doc, script] = await Promise.all([documentation(), bundledPage()]);
  const root = new URL("../../", import.meta.url).href;
  return {
    files,
    pictures,
    others,
    names: publicNames(doc, root),
    live: { script, stage: livePageStage() },
  };
}

async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) files.push(...await filesBelow(`${folder}/${name}`));
    else files.push(`${folder}/${name}`);
  }
  return files.sort();
}

async function documentation(): Promise<DocJson> {
  return JSON.parse(await runDeno(["doc", "--json", ...ENTRY_POINTS]));
}

/** The live page's program with all that it uses of the library. */
async function bundledPage(): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".js" });
  try {
    await runDeno([
      "bundle",
      ...LOCKED,
      "--platform=browser",
      "--format=esm",
      `--output=${file}`,
      "tools/book/live/page.ts",
    ]);
    return await Deno.readTextFile(file);
  } finally {
    await Deno.remove(file);
  }
}

async function runDeno(args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  if (!success) throw new InputError(`the book: deno ${args[0]}: ${text.decode(stderr).trim()}`);
  return text.decode(stdout);
}
