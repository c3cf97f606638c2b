/**
 * Check that every public symbol is explained: a doc comment on each export, and an `@example` on each
 * function and class (error classes excepted: nobody makes one by hand). `deno doc --lint` finds
 * missing comments too; examples it does not ask for. That the examples run is for `deno test --doc`.
 *
 * Run: `deno run --allow-read=. --allow-run tools/check_docs.ts mod.ts data/mod.ts`
 *
 * @module
 */

/** The parts of `deno doc --json` (version 2) that are looked at. */
export interface DocJson {
  readonly version: number;
  readonly nodes: Readonly<Record<string, { readonly symbols?: readonly DocSymbol[] }>>;
}

/** An exported name. */
export interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly location: { readonly filename: string; readonly line: number };
    readonly kind: string;
    readonly jsDoc?: {
      readonly doc?: string;
      readonly tags?: readonly { readonly kind: string }[];
    };
    readonly def?: { readonly extends?: string };
  }[];
}

/** What is missing, one line per symbol: `file:line name: what`, sorted, each once. */
export function missingDocs({ version, nodes }: DocJson, root: string): string[] {
  if (version !== 2) {
    throw new RangeError(`missingDocs: expects version 2 of deno doc's JSON, not ${version}`);
  }
  const problems = new Set<string>();
  for (const { symbols = [] } of Object.values(nodes)) {
    for (const { name, declarations } of symbols) {
      // One comment serves all overloads of a function, so it is enough on any of them.
      const [{ location, kind, def }] = declarations;
      const docs = declarations.flatMap(({ jsDoc }) => jsDoc ?? []);
      const at = `${location.filename.replace(root, "")}:${location.line} ${name}`;
      const needsExample = kind === "function" ||
        (kind === "class" && !/Error$/.test(def?.extends ?? ""));
      if (!docs.some(({ doc }) => doc)) problems.add(`${at}: no doc comment`);
      else if (
        needsExample && !docs.some(({ tags }) => tags?.some((tag) => tag.kind === "example"))
      ) {
        problems.add(`${at}: no @example`);
      }
    }
  }
  return [...problems].sort();
}

if (import.meta.main) {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...Deno.args],
    stderr: "inherit",
  }).output();
  if (!success) Deno.exit(1);
  const docs: DocJson = JSON.parse(new TextDecoder().decode(stdout));
  const problems = missingDocs(docs, new URL("..", import.meta.url).href);
  for (const problem of problems) console.error(problem);
  const names = Object.values(docs.nodes).flatMap(({ symbols = [] }) => symbols).length;
  console.log(`check_docs: ${names} public names, ${problems.length} problems`);
  if (problems.length > 0) Deno.exit(1);
}
