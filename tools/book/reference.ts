/**
 * The reference: one page for each folder of the library, one section for each file with the file's header, and in it
 * every public name with signature, comment and example. What is public and what its comment says comes from
 * `deno doc --json`, the words of the signature from the source.
 *
 * @module
 */
import { markup } from "../../display/page.ts";
import { Markup } from "../../display/svg.ts";
import { headerOf, signatureAt, wholeAt } from "./declaration.ts";
import { codeBlock } from "./highlight.ts";
import { anchorLink, type Heading, type References, renderMarkdown } from "./markdown.ts";

/** A comment, as `deno doc --json` (version 2) has it. */
export interface DocComment {
  readonly doc?: string;
  readonly tags?: readonly {
    readonly kind: string;
    readonly name?: string;
    readonly doc?: string;
    readonly value?: string;
    readonly tsType?: { readonly repr?: string };
  }[];
}

/** A place in a file. */
interface Location {
  readonly filename: string;
  readonly line: number;
}

/** A member of a class. */
interface DocMember {
  readonly name: string;
  readonly jsDoc?: DocComment;
  readonly location: Location;
  readonly accessibility?: string;
}

/** A public name, as `deno doc --json` (version 2) has it. */
export interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly kind: string;
    readonly location: Location;
    readonly jsDoc?: DocComment;
    readonly def?: {
      readonly constructors?: readonly DocMember[];
      readonly properties?: readonly DocMember[];
      readonly methods?: readonly DocMember[];
    };
  }[];
}

/** What `deno doc --json` prints. */
export interface DocJson {
  readonly version: number;
  readonly nodes: Readonly<Record<string, { readonly symbols?: readonly DocSymbol[] }>>;
}

/** A public name and the file that declares it. */
export interface PublicName {
  /** From the project's folder. */
  readonly file: string;
  readonly symbol: DocSymbol;
}

/**
 * The public names of the library, each once, in the order of their files and lines.
 *
 * @param doc What `deno doc --json` printed.
 * @param root The project's folder as a URL, with a slash at its end.
 * @throws {RangeError} If the JSON is of another version.
 */
export function publicNames({ version, nodes }: DocJson, root: string): PublicName[] {
  if (version !== 2) {
    throw new RangeError(`publicNames: expects version 2 of deno doc's JSON, not ${version}`);
  }
  const found = new Map<string, PublicName>();
  for (const symbol of Object.values(nodes).flatMap(({ symbols = [] }) => symbols)) {
    const file = symbol.declarations[0].location.filename.replace(root, "");
    found.set(`${file} ${symbol.name}`, { file, symbol });
  }
  const line = ({ symbol }: PublicName) => symbol.declarations[0].location.line;
  return [...found.values()].sort((a, b) =>
    a.file < b.file ? -1 : a.file > b.file ? 1 : line(a) - line(b)
  );
}

/** The anchor of a file on the page of its folder. */
export function fileAnchor(file: string): string {
  return `file-${file.slice(file.indexOf("/") + 1).replace(/\.ts$/, "").replaceAll("/", "-")}`;
}

/** The page of a folder: its files with headers and public names. */
export function renderFolder(
  files: ReadonlyMap<string, string>,
  names: readonly PublicName[],
  references: References,
): { content: Markup; headings: Heading[] } {
  const headings: Heading[] = [];
  const taken = new Set([
    ...names.map(({ symbol }) => symbol.name),
    ...[...files.keys()].map(fileAnchor),
  ]);
  const sections = [...files].map(([file, source]) => {
    const header = headerOf(source);
    const own = names.filter((name) => name.file === file);
    if (header === null && own.length === 0) return null;
    const id = fileAnchor(file);
    headings.push({ id, text: file, level: 2 });
    const text = renderMarkdown(withLinks(header ?? ""), {
      references,
      taken,
      deeper: 2,
      prefix: `${id}-`,
    });
    const lines = source.split("\n");
    return markup`<section><h2 id="${id}"><code>${file}</code>${new Markup(anchorLink(id))}</h2>
${text.content}
${own.map(({ symbol }) => renderName(symbol, lines, references))}</section>
`;
  });
  return { content: markup`${sections}`, headings };
}

/** Every public name in alphabetical order, with the first sentence of its comment. */
export function renderIndex(names: readonly PublicName[], references: References): Markup {
  const sorted = names.toSorted((a, b) =>
    a.symbol.name.toLowerCase() < b.symbol.name.toLowerCase() ? -1 : 1
  );
  return markup`<dl class="index">${
    sorted.map(({ file, symbol: { name, declarations } }) => {
      const comment = declarations.find(({ jsDoc }) => jsDoc?.doc)?.jsDoc?.doc ?? "";
      const [sentence] = /^[^]*?(?:\.(?=\s|$)|$)/.exec(comment.split("\n\n")[0])!;
      const text = renderMarkdown(withLinks(sentence.replaceAll("\n", " ")), { references });
      const address = references.link(`symbol:${name}`);
      return markup`<dt><a href="${address}"><code>${name}</code></a> <small>${file}</small></dt><dd>${text.content}</dd>\n`;
    })
  }</dl>`;
}

const LINK = /\{@link(?:code|plain)?\s+([^}|\s]+)(?:\s*\|?\s*([^}]*))?\}/g;

/** `{@linkcode name}` as Markdown; the book's resolver knows addresses that begin with `symbol:`. */
function withLinks(text: string): string {
  return text.replace(LINK, (_, name, words) => `[\`${words || name}\`](symbol:${name})`);
}

/** Kinds of declarations that have no body. */
const WHOLE = /^(?:interface|typeAlias|enum)$/;

function renderName(symbol: DocSymbol, lines: readonly string[], references: References): Markup {
  const { name, declarations } = symbol;
  const code = declarations.map(({ kind, location: { line } }) =>
    WHOLE.test(kind)
      ? wholeAt(lines, line).replace(LINK, (_, name, words) => words || name)
      : signatureAt(lines, line)
  ).join("\n");
  const { constructors = [], properties = [], methods = [] } = declarations[0].def ?? {};
  const members = declarations[0].kind === "class"
    ? [...constructors, ...properties, ...methods].filter(({ accessibility, name }) =>
      accessibility !== "private" && !name.startsWith("#")
    )
    : [];
  const comments = declarations.flatMap(({ jsDoc }) => jsDoc ?? []);
  return markup`<article class="name"><h3 id="${name}"><code>${name}</code> <small>${
    declarations[0].kind === "typeAlias" ? "type" : declarations[0].kind
  }</small>${new Markup(anchorLink(name))}</h3>
${codeBlock(code, "ts")}
${comments.map((comment) => renderComment(comment, references))}
${
    members.map(({ location, jsDoc }) =>
      markup`<div class="member">${codeBlock(signatureAt(lines, location.line), "ts")}${
        renderComment(jsDoc ?? {}, references)
      }</div>\n`
    )
  }</article>
`;
}

function renderComment({ doc = "", tags = [] }: DocComment, references: References): Markup {
  const text = (words: string) =>
    renderMarkdown(withLinks(words), { references, deeper: 3, prefix: "note-" }).content;
  const listed = tags.flatMap(({ kind, name, doc = "", tsType }) =>
    kind === "param" || kind === "return" || kind === "throws"
      ? markup`<dt>${
        kind === "param"
          ? markup`<code>${name ?? ""}</code>`
          : kind === "throws"
          ? markup`throws <code>${tsType?.repr ?? ""}</code>`
          : "returns"
      }</dt><dd>${text(doc)}</dd>`
      : []
  );
  const examples = tags.filter(({ kind }) => kind === "example")
    .map(({ doc = "" }) => text(doc.replace(/^Usage\s*\n/, "")));
  return markup`${text(doc)}${listed.length > 0 ? markup`<dl>${listed}</dl>` : null}${examples}`;
}
