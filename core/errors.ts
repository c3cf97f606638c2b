/**
 * The library's errors and the one place that formats them. An error names the operation, says what is
 * wrong, shows every shape with its axis letters and, where the cure is known, ends in a help line:
 *
 *     ShapeError: conv2d: the input has 3 channels but the weight expects 64
 *       input   [8, 3, 256, 256]   N C H W
 *       weight  [128, 64, 3, 3]    O C kH kW
 *       help: make the layer with inChannels: 3
 *
 * @module
 */
import type { Shape } from "./host_array.ts";

/** Shapes that do not fit together. */
export class ShapeError extends TypeError {
  /** The class's name, as printed. */
  override readonly name = "ShapeError";
}

/** The device is missing, lost, out of memory, or refused a shader. */
export class GpuError extends Error {
  /** The class's name, as printed. */
  override readonly name = "GpuError";
}

/** A file, a flag or a record from outside is not what it should be; the message names it and the place. */
export class InputError extends Error {
  /** The class's name, as printed. */
  override readonly name = "InputError";
}

/**
 * A {@linkcode ShapeError} with its shapes lined up under each other.
 *
 * @param op The operation's name.
 * @param problem What is wrong, sentence case, no period.
 * @param shapes Each argument's shape and its axis letters, e.g. `{ input: [x.shape, "N C H W"] }`.
 * @param help What to do about it, when that is known.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { shapeError } from "ae";
 *
 * const error = shapeError("matmul", "inner sizes differ", { a: [[2, 3], "M K"], b: [[4, 5], "K N"] });
 * assert.match(error.message, /matmul: inner sizes differ\n {2}a {2}\[2, 3\] {2,}M K/);
 * ```
 */
export function shapeError(
  op: string,
  problem: string,
  shapes: Readonly<Record<string, readonly [shape: Shape, axes: string]>>,
  help?: string,
): ShapeError {
  const rows = Object.entries(shapes).map(([name, [shape, axes]]) =>
    [name, `[${shape.join(", ")}]`, axes] as const
  );
  const width = (column: 0 | 1) => Math.max(0, ...rows.map((row) => row[column].length));
  const lines = rows.map(([name, sizes, axes]) =>
    `  ${name.padEnd(width(0))}  ${sizes.padEnd(width(1))}   ${axes}`.trimEnd()
  );
  return new ShapeError(
    [`${op}: ${problem}`, ...lines, ...(help ? [`  help: ${help}`] : [])].join("\n"),
  );
}

/**
 * The name that someone who typed `name` most likely meant: the one with the fewest letters inserted, removed or
 * replaced, if these are at most a third of its length or, from five letters on, two; undefined otherwise.
 *
 * @param name What was typed.
 * @param names What there is; of equally near ones the first counts.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { nearestName } from "ae";
 *
 * assert.equal(nearestName("demmo", ["demo", "authors"]), "demo");
 * assert.equal(nearestName("yolo", ["demo", "authors"]), undefined);
 * ```
 */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  let best: { name: string; edits: number } | undefined;
  for (const candidate of names) {
    const edits = editDistance(name, candidate);
    const allowed = Math.max(candidate.length / 3, candidate.length >= 5 ? 2 : 1);
    if (edits <= allowed && edits < (best?.edits ?? Infinity)) {
      best = { name: candidate, edits };
    }
  }
  return best?.name;
}

/** Levenshtein's distance: row by row over the letters of `a`, `row[j]` for the first j letters of `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, above[j] + 1, row[j - 1] + 1));
    }
  }
  return row[b.length];
}

/**
 * The error for a name that is none of those there are; suggests the nearest.
 *
 * @param kind What is named: `preset`.
 * @param name What was typed.
 * @param names What there is.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { unknownName } from "ae";
 *
 * const { message } = unknownName("preset", "dmo", ["demo", "authors"]);
 * assert.equal(message, 'unknown preset "dmo"; there are demo, authors\n  help: did you mean "demo"?');
 * ```
 */
export function unknownName(kind: string, name: string, names: readonly string[]): InputError {
  const near = nearestName(name, names);
  return new InputError(
    `unknown ${kind} "${name}"; there are ${names.join(", ")}` +
      (near ? `\n  help: did you mean "${near}"?` : ""),
  );
}

/**
 * Refuse options that a layer or network does not know. They come from notebooks in JavaScript and from JSON, which no
 * compiler looks at, and with `strides: 2` ignored another network would be trained without a word.
 *
 * @param of Whose options they are.
 * @param options What was given.
 * @param known Everything there is, by name; the values do not matter.
 * @throws {InputError} If there is another; suggests the nearest.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkOptionNames } from "ae";
 *
 * const options: { size?: number; stride?: number } = JSON.parse('{ "strides": 2 }');
 * assert.throws(
 *   () => checkOptionNames("Conv", options, { size: 3, stride: 1 }),
 *   /^InputError: unknown option of Conv "strides"; there are size, stride\n {2}help: did you mean "stride"\?$/,
 * );
 * ```
 */
export function checkOptionNames<Options extends object>(
  of: string,
  options: Options,
  known: Readonly<Record<keyof Options, unknown>>,
): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) throw unknownName(`option of ${of}`, unknown, Object.keys(known));
}
