/**
 * The book: every page of the site, from the files that it is made of. Nothing is read or written here, so that a test
 * can make a book of three lines.
 *
 *     docs/book.md                      index.html, the title page
 *     notebooks/05_tags.ipynb           notebooks/05_tags.html, with the stored outputs
 *     tools/book/live/grouping.md       grouping.html, where one drags tags
 *     docs/guides/add_an_op.md          docs/guides/add_an_op.html
 *     docs/kernels.md, README.md, …     docs/kernels.html, README.html, …
 *     decoders/*.ts                     reference/decoders.html: headers and public names
 *     mod.ts                            reference/names.html: all names in alphabetical order
 *
 * Links between these files become links between the pages, with their anchors; what the book does not have (a test, say)
 * stays as text.
 *
 * @module
 */
import { InputError } from "../../core/errors.ts";
import { Markup } from "../../display/svg.ts";
import { parseNotebook } from "../notebook.ts";
import { framed, type Page, relativeAddress } from "./frame.ts";
import { type Heading, type References, renderMarkdown } from "./markdown.ts";
import { renderNotebook } from "./notebook_cells.ts";
import { fileAnchor, type PublicName, renderFolder, renderIndex } from "./reference.ts";

/** What the book is made of. */
export interface BookSources {
  /** Text files by path from the project's folder: Markdown, notebooks, the library's TypeScript, the style sheet. */
  readonly files: ReadonlyMap<string, string>;
  /** Pictures by path. */
  readonly pictures: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Paths of all files and folders of the project: a link to one that has no page stays text, one to nothing is an error. */
  readonly others: ReadonlySet<string>;
  /** The library's public names. */
  readonly names: readonly PublicName[];
  /** The live page's program, and what its page shows before it runs. */
  readonly live: { readonly script: string; readonly stage: Markup };
}

/** The site: content by path. */
export type Site = ReadonlyMap<string, string | Uint8Array<ArrayBuffer>>;

/** Source of the title page. */
const TITLE_PAGE = "docs/book.md";
/** Source of the page that groups live. */
export const LIVE_PAGE = "tools/book/live/grouping.md";
/** Source of the style sheet. */
export const STYLE_SHEET = "tools/book/style.css";

/** Source of the list of all public names. */
const NAMES = "mod.ts";

/** Pages of the project itself, in order. */
const PROJECT_PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "bench/results.md",
  "weights/README.md",
];

/** What a source becomes. */
interface Chapter {
  readonly source: string;
  readonly path: string;
  readonly group: string;
}

/**
 * Every file of the site.
 *
 * @throws {InputError} If the title page, the live page or the style sheet is missing, a notebook is none, or a link or a
 * picture leads to a file that the project does not have.
 */
export function buildSite(sources: BookSources): Site {
  const { files, pictures } = sources;
  for (const needed of [TITLE_PAGE, LIVE_PAGE, STYLE_SHEET]) {
    if (!files.has(needed)) throw new InputError(`the book: ${needed} is missing`);
  }
  const chapters = chaptersOf([...files.keys()]);
  const pages = chapters.map((chapter) => pageOf(chapter, sources, chapters));
  return new Map<string, string | Uint8Array<ArrayBuffer>>([
    ...pages.map((page) => [page.path, framed(page, pages)] as const),
    ...pictures,
    ["style.css", files.get(STYLE_SHEET)!],
  ]);
}

/** The pages in reading order. */
function chaptersOf(files: readonly string[]): Chapter[] {
  const sorted = files.toSorted();
  const below = (pattern: RegExp, group: string) =>
    sorted.filter((file) => pattern.test(file)).map((source) => ({
      source,
      path: source.replace(/\.\w+$/, ".html"),
      group,
    }));
  const folders = [...new Set(files.filter((file) => file.endsWith(".ts")).map(folderOf))];
  return [
    { source: TITLE_PAGE, path: "index.html", group: "" },
    ...below(/^notebooks\/README\.md$/, "The course"),
    ...below(/^notebooks\/[^/]+\.ipynb$/, "The course"),
    { source: LIVE_PAGE, path: "grouping.html", group: "The course" },
    ...below(/^docs\/guides\/[^/]+\.md$/, "Guides"),
    ...below(/^docs\/(?!book\.md$)[^/]+\.md$/, "How and why"),
    ...PROJECT_PAGES.filter((page) => files.includes(page)).map((source) => ({
      source,
      path: source.replace(/\.md$/, ".html"),
      group: "The project",
    })),
    { source: NAMES, path: "reference/names.html", group: "Reference" },
    ...folders.map((folder) => ({
      source: folder,
      path: `reference/${folder.slice(0, -1)}.html`,
      group: "Reference",
    })),
  ];
}

function folderOf(file: string): string {
  return file.slice(0, file.indexOf("/") + 1);
}

function pageOf(chapter: Chapter, sources: BookSources, chapters: readonly Chapter[]): Page {
  const references = referencesOf(chapter, sources, chapters);
  const { content, headings } = render(chapter, sources, references);
  const title = headings.find(({ level }) => level === 1)?.text ?? chapter.source;
  const script = chapter.source === LIVE_PAGE ? { script: sources.live.script } : {};
  return { ...chapter, title, content, headings, ...script };
}

function render(
  { source }: Chapter,
  { files, names, live }: BookSources,
  references: References,
): { content: Markup; headings: readonly Heading[] } {
  if (source.endsWith(".ipynb")) {
    return renderNotebook(parseNotebook(source, files.get(source)!), references);
  }
  if (source === NAMES) {
    const content = new Markup(`<h1>All names</h1>\n${renderIndex(names, references).source}`);
    return { content, headings: [{ id: "text", text: "All names", level: 1 }] };
  }
  if (source.endsWith("/")) return renderReference(source, files, names, references);
  const { content, headings } = renderMarkdown(files.get(source)!, { references });
  if (source !== LIVE_PAGE) return { content, headings };
  return { content: new Markup(content.source + live.stage.source), headings };
}

function renderReference(
  folder: string,
  files: ReadonlyMap<string, string>,
  names: readonly PublicName[],
  references: References,
): { content: Markup; headings: readonly Heading[] } {
  const own = new Map(
    [...files].filter(([file]) => file.startsWith(folder) && file.endsWith(".ts")),
  );
  const { content, headings } = renderFolder(own, names, references);
  const title = folder.slice(0, -1);
  return {
    content: new Markup(`<h1>${title}</h1>\n${content.source}`),
    headings: [{ id: "text", text: title, level: 1 }, ...headings],
  };
}

/** Where links of a chapter's text lead. */
function referencesOf(
  { source, path }: Chapter,
  { files, pictures, others, names }: BookSources,
  chapters: readonly Chapter[],
): References {
  const resolved = (href: string) => {
    const url = new URL(href, `file:///${source}`);
    return { file: decodeURIComponent(url.pathname.slice(1)), anchor: url.hash };
  };
  const known = (file: string) => {
    if (others.has(file)) return;
    throw new InputError(`${source}: a link leads to ${file}, which is not there`);
  };
  const addressOf = (target: string) => relativeAddress(path, target);
  const ofCode = (file: string, anchor: string) => {
    const page = chapters.find((chapter) => chapter.source === folderOf(file));
    return page ? addressOf(`${page.path}#${anchor}`) : null;
  };
  return {
    image: (href) => {
      const { file } = resolved(href);
      if (pictures.has(file)) return addressOf(file);
      known(file);
      return null;
    },
    link: (href) => {
      if (href.startsWith("symbol:")) {
        const [name] = href.slice("symbol:".length).split(/[.#]/);
        const found = names.find(({ symbol }) => symbol.name === name);
        return found ? ofCode(found.file, name) : null;
      }
      if (href.startsWith("#")) return href;
      const { file, anchor } = resolved(href);
      if (files.has(file) && file.endsWith(".ts")) return ofCode(file, fileAnchor(file));
      const page = chapters.find((chapter) =>
        chapter.source === file || chapter.source === `${file}/`
      );
      if (page) return addressOf(page.path + anchor);
      known(file);
      return null;
    },
  };
}
