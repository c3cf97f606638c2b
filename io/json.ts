/**
 * JSON files, with errors that point at the spot. JavaScript's own parser says "Unexpected token" and
 * often not where; in a results file of 20 megabytes that is no help. So when it refuses a text,
 * {@linkcode findJsonError} walks the grammar once more (json.org; RFC 8259) and reports line and column.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { readBytes } from "./files.ts";

/**
 * Read and parse a JSON file (UTF-8, with or without a byte order mark).
 *
 * @returns What the file holds, of unknown form: check it before use.
 * @throws {InputError} If the file cannot be read, is not UTF-8, or is not JSON; the message starts with
 *   the path, and for bad JSON with `path:line:column`, both counted from 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readJson } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, '[{"score": 0.5},\n {"score": NaN}]');
 * await assert.rejects(readJson(path), /:2:12: NaN is not JSON/);
 * await Deno.remove(path);
 * ```
 */
export async function readJson(path: string): Promise<unknown> {
  const text = decodeUtf8(await readBytes(path), path);
  try {
    return JSON.parse(text);
  } catch (error) {
    const { position, problem } = findJsonError(text) ??
      { position: text.length, problem: (error as Error).message };
    const { line, column } = lineAndColumn(text, position);
    throw new InputError(`${path}:${line}:${column}: ${problem}`, { cause: error });
  }
}

/** Decode strict UTF-8. */
export function decodeUtf8(bytes: Uint8Array<ArrayBuffer>, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new InputError(`${path}: is not UTF-8 text`, { cause: error });
  }
}

/** Where a text stops being JSON. */
export interface JsonError {
  /** Index into the text. */
  readonly position: number;
  /** What is wrong there. */
  readonly problem: string;
}

/** What to look for besides errors. */
export interface JsonScan {
  /**
   * Called with every key of an object: its name, how many objects and lists it is inside of (1 for the keys of the
   * outermost object), and where it stands.
   */
  readonly onKey?: (key: string, depth: number, position: number) => void;
  /** Objects and lists inside each other. @default {Infinity} */
  readonly mostDepth?: number;
  /** Values, lists and objects among them. @default {Infinity} */
  readonly mostValues?: number;
}

/**
 * Find the first place at which a text is not JSON.
 *
 * @returns The place, or null if the text is JSON and within the limits.
 */
export function findJsonError(
  text: string,
  { onKey, mostDepth = Infinity, mostValues = Infinity }: JsonScan = {},
): JsonError | null {
  /** The brackets that are open: an explicit stack, as files may nest deeper than calls may. */
  const open: ("{" | "[")[] = [];
  let expect: "value" | "value or ]" | "key" | "key or }" | "comma or end" = "value";
  let i = 0;
  let values = 0;
  const fail = (problem: string, position = i): JsonError => ({ position, problem });

  while (true) {
    i = skipSpace(text, i);
    const c = text[i];
    if (c === undefined) {
      if (open.length === 0 && expect === "comma or end") return null;
      return fail(
        text.trim() === "" ? "there is nothing in it" : "the text ends too early: is it cut off?",
      );
    }
    if (expect === "comma or end") {
      const bracket = open.at(-1);
      if (bracket === undefined) return fail(`${quoteAt(text, i)} after the end of the value`);
      if (c === ",") expect = bracket === "{" ? "key" : "value";
      else if (c === (bracket === "{" ? "}" : "]")) open.pop();
      else return fail(`expected , or ${bracket === "{" ? "}" : "]"}, found ${quoteAt(text, i)}`);
      i++;
    } else if ((expect === "key or }" && c === "}") || (expect === "value or ]" && c === "]")) {
      open.pop();
      expect = "comma or end";
      i++;
    } else if (expect === "key" || expect === "key or }") {
      if (c !== '"') return fail(`expected a key in double quotes, found ${quoteAt(text, i)}`);
      const end = endOfString(text, i);
      if (typeof end !== "number") return end;
      onKey?.(keyOf(text.slice(i, end)), open.length, i);
      i = skipSpace(text, end);
      if (text[i] !== ":") return fail(`expected : after the key, found ${quoteAt(text, i)}`);
      expect = "value";
      i++;
    } else if (++values > mostValues) {
      return fail(`more than ${mostValues} values`);
    } else if (c === "{" || c === "[") {
      if (open.length === mostDepth) return fail(`more than ${mostDepth} levels of brackets`);
      open.push(c);
      expect = c === "{" ? "key or }" : "value or ]";
      i++;
    } else if (c === '"') {
      const end = endOfString(text, i);
      if (typeof end !== "number") return end;
      i = end;
      expect = "comma or end";
    } else {
      const end = endOfLiteral(text, i);
      if (end === i) return fail(badValue(text, i));
      i = end;
      expect = "comma or end";
    }
  }
}

/** A key without its quotes; parsing each would take most of the time. */
function keyOf(quoted: string): string {
  return quoted.includes("\\") ? JSON.parse(quoted) : quoted.slice(1, -1);
}

function skipSpace(text: string, i: number): number {
  while (text[i] === " " || text[i] === "\n" || text[i] === "\r" || text[i] === "\t") i++;
  return i;
}

/** The index after the closing quote of the string that starts at `start`. */
function endOfString(text: string, start: number): number | JsonError {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '"') return i + 1;
    if (text[i] < " ") {
      return { position: i, problem: "a line break or control character in a text" };
    }
    if (text[i] !== "\\") continue;
    const escape = /(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
    escape.lastIndex = i + 1;
    if (!escape.test(text)) return { position: i, problem: "a backslash that starts no escape" };
    i = escape.lastIndex - 1;
  }
  return { position: start, problem: "a text without a closing quote: is the file cut off?" };
}

/** The index after the number, true, false or null at `start`; `start` itself if there is none. */
function endOfLiteral(text: string, start: number): number {
  const literal = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
  literal.lastIndex = start;
  return literal.test(text) ? literal.lastIndex : start;
}

function badValue(text: string, i: number): string {
  const word = /-?[\w.+-]+/y;
  word.lastIndex = i;
  const [found] = word.exec(text) ?? [];
  if (found && /^-?(?:NaN|Infinity)$/.test(found)) {
    return `${found} is not JSON (Python writes it for numbers that are none)`;
  }
  return `expected a value, found ${found ? show(found) : quoteAt(text, i)}`;
}

/** The character at i, for a message. */
function quoteAt(text: string, i: number): string {
  return i < text.length ? show(String.fromCodePoint(text.codePointAt(i)!)) : "the end";
}

function show(text: string): string {
  return JSON.stringify(text.length > 20 ? `${text.slice(0, 20)}...` : text);
}

/** Both from 1; a column is one UTF-16 unit. */
function lineAndColumn(text: string, position: number): { line: number; column: number } {
  const before = text.slice(0, position);
  const lines = before.match(/\n/g)?.length ?? 0;
  return { line: lines + 1, column: position - before.lastIndexOf("\n") };
}
