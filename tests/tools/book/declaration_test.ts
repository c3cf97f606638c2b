import assert from "node:assert/strict";
import { headerOf, signatureAt, wholeAt } from "../../../tools/book/declaration.ts";

const SOURCE = `/**
 * What this file is.
 *
 *     a formula
 *
 * @module
 */
export function short(x: Tensor): Tensor {
  return x;
}
export async function long(
  x: Tensor,
  options: { readonly a?: number } = {},
): Promise<{ sum: number; text: "{" }> {
  return x;
}
export function typed(x: Tensor): {
  a: number;
} {
  return x;
}
export interface Shape {
  /** With a brace: { */
  readonly a: { readonly b: number };
}
export type Name =
  | "a"
  | "b";
export const LIMIT: Readonly<Record<string, number>> = {
  a: 1,
};
export class Layer<T extends object> implements Other {
  readonly #hidden = 3;
  readonly weight: Variable;
  readonly size: number = 4;
  constructor(x: Tensor, y: Tensor) {
    this.weight = x;
  }
  get names(): string[] {
    return [];
  }
}
`;
const LINES = SOURCE.split("\n");
const at = (start: string) => LINES.findIndex((line) => line.trimStart().startsWith(start));

Deno.test("signatureAt() ends before the body, the value or the semicolon", () => {
  const signature = (start: string) => signatureAt(LINES, at(start));
  assert.equal(signature("export function short"), "function short(x: Tensor): Tensor");
  assert.equal(
    signature("export async function long"),
    'async function long(\n  x: Tensor,\n  options: { readonly a?: number } = {},\n): Promise<{ sum: number; text: "{" }>',
  );
  assert.equal(signature("export function typed"), "function typed(x: Tensor): {\n  a: number;\n}");
  assert.equal(signature("export const"), "const LIMIT: Readonly<Record<string, number>>");
  assert.equal(signature("export class"), "class Layer<T extends object> implements Other");
  assert.equal(signature("readonly weight"), "readonly weight: Variable");
  assert.equal(signature("readonly size"), "readonly size: number");
  assert.equal(signature("constructor"), "constructor(x: Tensor, y: Tensor)");
  assert.equal(signature("get names"), "get names(): string[]");
});

Deno.test("wholeAt() takes an interface or a type to its end", () => {
  assert.equal(
    wholeAt(LINES, at("export interface")),
    "interface Shape {\n  /** With a brace: { */\n  readonly a: { readonly b: number };\n}",
  );
  assert.equal(wholeAt(LINES, at("export type")), 'type Name =\n  | "a"\n  | "b";');
});

Deno.test("headerOf() is the comment with @module, and nothing else", () => {
  assert.equal(headerOf(SOURCE), "What this file is.\n\n    a formula");
  assert.equal(headerOf("/** A function. */\nexport function f() {}\n"), null);
  assert.equal(headerOf("const a = 1;\n"), null);
});
