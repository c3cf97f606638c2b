/**
 * Choosing among ways to compute the same thing.
 *
 * @module
 */

const chosen = new Map<string, string>();

/**
 * The candidate to use for `what`: the one that {@linkcode setChoice} names if it is among them, else the first.
 */
export function choose(what: string, candidates: readonly string[]): string {
  const forced = chosen.get(what);
  return forced !== undefined && candidates.includes(forced) ? forced : candidates[0];
}

/**
 * Use one way to compute an operation wherever it can be used, whatever its speed: to compare them, or to have the
 * same rounding everywhere. Concerns what is planned from now on.
 *
 * @param what The operation, `"conv2d"`.
 * @param candidate `"direct"` or `"winograd"`; null gives the choice back to the library.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { conv2d, ones, setChoice } from "ae";
 *
 * const [x, w] = [ones([1, 16, 8, 8]), ones([16, 16, 3, 3])];
 * setChoice("conv2d", "direct");
 * const direct = await conv2d(x, w, { pad: 1 }).sum().item();
 * setChoice("conv2d", "winograd");
 * assert.ok(Math.abs(await conv2d(x, w, { pad: 1 }).sum().item() / direct - 1) < 1e-5);
 * setChoice("conv2d", null);
 * ```
 */
export function setChoice(what: string, candidate: string | null): void {
  if (candidate === null) chosen.delete(what);
  else chosen.set(what, candidate);
}
