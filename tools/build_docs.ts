/**
 * Build the book: a static site of the notebooks with their outputs, the pages of docs/, the guides and the reference.
 *
 *     deno task docs                  into out/docs; open out/docs/index.html
 *     deno task docs --out FOLDER     into another folder
 *
 * The site needs no server and no network, and no JavaScript for reading; one page, grouping.html, runs the library.
 * The folder is written anew; one that holds something else than a book is left alone.
 *
 * @module
 */
import type { Command } from "../cli/options.ts";
import { InputError } from "../core/errors.ts";
import { buildSite, type Site } from "./book/site.ts";
import { readBookSources } from "./book/sources.ts";
import { runTool } from "./tool.ts";

const command: Command = {
  summary: "Build the book as a static site",
  operands: "",
  options: { out: { help: "folder for the site", type: "text", default: "out/docs" } },
  run: async (values) => {
    const folder = values.required("out");
    const site = buildSite(await readBookSources());
    await writeSite(site, folder);
    const pages = [...site.keys()].filter((path) => path.endsWith(".html")).length;
    console.log(`${pages} pages: open ${folder}/index.html`);
  },
};

/**
 * Write a site: whole into a folder beside, which then takes the place of the old one.
 *
 * @throws {InputError} If the folder holds something that is no book.
 */
export async function writeSite(site: Site, folder: string): Promise<void> {
  const old = await Array.fromAsync(Deno.readDir(folder)).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new InputError(`docs: --out ${folder}: ${error.message}`);
  });
  if (
    old && old.length > 0 &&
    !["index.html", "style.css"].every((name) => old.some((entry) => entry.name === name))
  ) {
    throw new InputError(
      `docs: --out ${folder}: holds something that is no book\n  help: name an empty or a new folder`,
    );
  }
  const fresh = `${folder.replace(/\/+$/, "")}.${Deno.pid}.tmp`;
  try {
    for (const [path, content] of site) {
      const file = `${fresh}/${path}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      if (typeof content === "string") await Deno.writeTextFile(file, content);
      else await Deno.writeFile(file, content);
    }
    if (old) await Deno.remove(folder, { recursive: true });
    await Deno.rename(fresh, folder);
  } finally {
    await Deno.remove(fresh, { recursive: true }).catch(() => {});
  }
}

if (import.meta.main) await runTool("docs", command);
