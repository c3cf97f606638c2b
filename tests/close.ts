/**
 * Compare computed numbers with expected ones and say which is worst. @module
 */
import assert from "node:assert/strict";

/** How near is near enough. */
export interface CloseOptions {
  /**
   * The largest `|actual - expected|` as a fraction of `max(1, |expected|)`: absolute for small numbers,
   * relative for large ones.
   *
   * @default {1e-5}
   */
  readonly tolerance?: number;
  /** What the numbers are, for the message. */
  readonly label?: string;
}

/**
 * Assert that numbers agree within a tolerance. Infinities and NaN agree only with themselves.
 *
 * @throws {assert.AssertionError} Naming the worst number, its place and both values.
 */
export function assertClose(
  actual: number | ArrayLike<number>,
  expected: number | ArrayLike<number>,
  { tolerance = 1e-5, label = "numbers" }: CloseOptions = {},
): void {
  const a = typeof actual === "number" ? [actual] : actual;
  const b = typeof expected === "number" ? [expected] : expected;
  assert.equal(a.length, b.length, `${label}: how many there are`);
  let worst = { excess: 0, at: -1 };
  let off = 0;
  for (let i = 0; i < b.length; i++) {
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue;
    const error = Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i]));
    if (error <= tolerance) continue; // false also for NaN
    off++;
    const excess = Number.isNaN(error) ? Infinity : error;
    if (worst.at < 0 || excess > worst.excess) worst = { excess, at: i };
  }
  if (worst.at < 0) return;
  const { at, excess } = worst;
  assert.fail(
    `${label}: ${off} of ${b.length} differ; number ${at} is ${a[at]}, expected ${b[at]} ` +
      `(off by ${excess.toExponential(1)}, tolerance ${tolerance})`,
  );
}
