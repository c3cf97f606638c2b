/**
 * Declarations as they stand in the source, without their bodies: `deno fmt` has laid them out well already, so the book
 * quotes them instead of printing types anew.
 *
 * @module
 */

/** What ends a line whose `{` opens a type, not a body. */
const BEFORE_TYPE = /(?:[:|&=(,<]|=>|\bextends|\bkeyof|\breadonly)\s*\{$/;

/**
 * The signature of a function, method, class or property: from its line to its body, its value or its semicolon.
 *
 * @param lines The file, line by line.
 * @param line The first line of the declaration, from 0 as `deno doc` counts.
 */
export function signatureAt(lines: readonly string[], line: number): string {
  const taken: string[] = [];
  let depth = 0;
  for (const text of lines.slice(line)) {
    if (depth === 0 && taken.length > 0 && text.trim() === "") break;
    const body = /^(.*?)\s*\{$/.exec(text);
    if (body && depth + bracketsOpened(body[1]) === 0 && !BEFORE_TYPE.test(text)) {
      taken.push(body[1]);
      break;
    }
    const value = depth === 0
      ? /^(\s*(?:export )?(?:static |readonly |const )*[\w#]+(?:: [^=]+)?) = /.exec(text)
      : null;
    if (value) {
      taken.push(value[1]);
      break;
    }
    taken.push(text);
    depth += bracketsOpened(text);
    if (depth === 0 && /;$/.test(text)) break;
  }
  return dedented(taken).replace(/^export /, "").replace(/;$/, "");
}

/**
 * A declaration that is nothing but its text: an interface or a type, with the comments inside.
 *
 * @param lines The file, line by line.
 * @param line The first line of the declaration, from 0 as `deno doc` counts.
 */
export function wholeAt(lines: readonly string[], line: number): string {
  const taken: string[] = [];
  let depth = 0;
  for (const text of lines.slice(line)) {
    taken.push(text);
    depth += bracketsOpened(text.replace(/\/\*\*.*?\*\/|^\s*(?:\/?\*|\/\/).*$/g, ""));
    if (depth === 0 && /[;}]$/.test(text)) break;
  }
  return dedented(taken).replace(/^export /, "");
}

/** Opening brackets minus closing ones, outside of texts. */
function bracketsOpened(text: string): number {
  const code = text.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`|\/\/.*$/g, "");
  return (code.match(/[([{]/g)?.length ?? 0) - (code.match(/[)\]}]/g)?.length ?? 0);
}

function dedented(lines: readonly string[]): string {
  const indent = /^\s*/.exec(lines[0])![0];
  return lines.map((line) => line.startsWith(indent) ? line.slice(indent.length) : line.trimStart())
    .join("\n");
}

/** The text of a file's header, the comment with `@module`; null if it has none. */
export function headerOf(source: string): string | null {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(source);
  if (!comment?.[1].includes("@module")) return null;
  return comment[1].replace(/^\s*\* ?/gm, "").replace(/@module\s*$/, "").trim();
}
