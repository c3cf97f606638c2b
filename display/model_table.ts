/**
 * A model as a table: its layers, the shapes of their variables, and how many numbers they hold.
 *
 *     layer         variables                            numbers
 *     stem.conv     weight [8, 3, 7, 7], bias [8]          1,184
 *     stem.bn       weight [8], bias [8], (running_mean …)    32
 *     all                                                  1,216
 *
 * @module
 */
import { type Displayable, JUPYTER_DISPLAY } from "./jupyter.ts";
import { escapeMarkup } from "./svg.ts";

/** A variable of a model, as the table needs it: those of `variables(model)` are such. */
export interface TabledVariable {
  /** Its shape. */
  readonly shape: readonly number[];
  /** Whether gradients change it. */
  readonly trainable: boolean;
}

/** Options of {@linkcode modelTable}. */
export interface ModelTableOptions {
  /** Put layers together whose paths agree in so many parts, for an overview: 1 is a row per field. @default {all} */
  readonly depth?: number;
}

interface Row {
  readonly layer: string;
  readonly words: string;
  readonly numbers: number;
}

/**
 * List a model's layers with their variables; what training does not change by gradients stands in brackets.
 *
 * @param variables The variables by path: `variables(model)`.
 * @param options How deep.
 * @returns A table that a notebook shows; its `text/plain` is the same in columns.
 * @throws {RangeError} If `depth` is not a whole number above 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { Conv2d, JUPYTER_DISPLAY, modelTable, variables } from "ae";
 *
 * const model = { conv: new Conv2d({ inChannels: 3, outChannels: 8, size: 3 }) };
 * const text = modelTable(variables(model))[JUPYTER_DISPLAY]()["text/plain"];
 * assert.match(text, /conv +weight \[8, 3, 3, 3\], bias \[8\] +224/);
 * ```
 */
export function modelTable(
  variables: ReadonlyMap<string, TabledVariable>,
  options: ModelTableOptions = {},
): Displayable {
  const { depth = Infinity } = options;
  if (!(depth >= 1) || (depth !== Infinity && !Number.isInteger(depth))) {
    throw new RangeError(`modelTable: depth must be a whole number above 0, not ${depth}`);
  }
  const rows = rowsOf(variables, depth);
  const learned = [...variables.values()].filter(({ trainable }) => trainable);
  const total = rows.reduce((sum, { numbers }) => sum + numbers, 0);
  const last: Row = {
    layer: "all",
    words: `${grouped(learned.reduce((sum, { shape }) => sum + sizeOf(shape), 0))} are learned`,
    numbers: total,
  };
  return {
    [JUPYTER_DISPLAY]: () => ({
      "text/plain": asText([...rows, last]),
      "text/html": asHtml(rows, last),
    }),
  };
}

function rowsOf(variables: ReadonlyMap<string, TabledVariable>, depth: number): Row[] {
  const layers = new Map<string, [string, TabledVariable][]>();
  for (const [path, variable] of variables) {
    const parts = path.split(".");
    const layer = parts.slice(0, Math.min(depth, parts.length - 1)).join(".");
    layers.set(layer, [...(layers.get(layer) ?? []), [path, variable]]);
  }
  return [...layers].map(([layer, own]) => ({
    layer: layer || "(model)",
    words: own.length > 6 ? `${own.length} variables` : own.map(([path, { shape, trainable }]) => {
      const name = `${path.slice(layer ? layer.length + 1 : 0)} [${shape.join(", ")}]`;
      return trainable ? name : `(${name})`;
    }).join(", "),
    numbers: own.reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0),
  }));
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function grouped(number: number): string {
  return number.toLocaleString("en-US");
}

function asText(rows: readonly Row[]): string {
  const head = { layer: "layer", words: "variables", count: "numbers" };
  const lines = [head, ...rows.map((row) => ({ ...row, count: grouped(row.numbers) }))];
  const width = (key: "layer" | "words" | "count") =>
    Math.max(...lines.map((line) => line[key].length));
  const [a, b, c] = [width("layer"), width("words"), width("count")];
  return lines.map(({ layer, words, count }) =>
    `${layer.padEnd(a)}  ${words.padEnd(b)}  ${count.padStart(c)}`
  ).join("\n");
}

function asHtml(rows: readonly Row[], last: Row): string {
  const cell = (tag: string, text: string, right = false) =>
    `<${tag} style="text-align: ${right ? "right" : "left"}">${escapeMarkup(text)}</${tag}>`;
  const line = (tag: string, { layer, words, numbers }: Row) =>
    `<tr>${cell(tag, layer)}${cell(tag, words)}${cell(tag, grouped(numbers), true)}</tr>`;
  return [
    "<table>",
    `<tr>${cell("th", "layer")}${cell("th", "variables")}${cell("th", "numbers", true)}</tr>`,
    ...rows.map((row) => line("td", row)),
    line("th", last),
    "</table>",
  ].join("\n");
}
