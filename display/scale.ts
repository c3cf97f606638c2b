/**
 * From numbers to places on the page, and which numbers to write at an axis.
 *
 * Ticks are multiples of 1, 2 or 5 times a power of ten, as people count. On a logarithmic axis they are the powers of
 * ten, with 2 and 5 times them between where there is room.
 *
 * @module
 */

/** One marked place of an axis. */
export interface Tick {
  /** The number that stands there. */
  readonly value: number;
  /** How it is written. */
  readonly label: string;
}

/** An axis: where each number goes, and its ticks. */
export interface Scale {
  /** The place of a number on the page. */
  readonly place: (value: number) => number;
  /** The marked numbers, in rising order. */
  readonly ticks: readonly Tick[];
}

/**
 * Round numbers between `min` and `max`: multiples of 1, 2 or 5 times a power of ten, about `count` of them.
 *
 * @param min Lower end of the axis.
 * @param max Upper end of the axis, above `min`.
 * @param count How many are wanted; from about half to twice as many come. @default {5}
 * @throws {RangeError} If `min` is not below `max`, one is not finite, or `count` is below 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { niceTicks } from "ae";
 *
 * assert.deepEqual(niceTicks(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
 * assert.deepEqual(niceTicks(-3, 47), [0, 10, 20, 30, 40]);
 * ```
 */
export function niceTicks(min: number, max: number, count: number = 5): number[] {
  const step = tickStep(min, max, count);
  const ticks = [];
  // The small allowance keeps 0.3 / 0.1 = 2.9999999999999996 from losing its last tick.
  const last = Math.floor(max / step + 1e-9);
  for (let i = Math.ceil(min / step - 1e-9); i <= last; i++) {
    ticks.push(Number((i * step).toPrecision(12)) + 0); // + 0 turns -0 into 0
  }
  return ticks;
}

function tickStep(min: number, max: number, count: number): number {
  if (!(min < max && Number.isFinite(max - min) && count >= 1)) {
    throw new RangeError(`niceTicks: no ticks between ${min} and ${max}, ${count} of them`);
  }
  const wanted = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(wanted));
  // sqrt(2 * 5), sqrt(5 * 10) and sqrt(1 * 2): the step that is nearest in proportion.
  const ratio = wanted / power;
  const factor = ratio < Math.SQRT2
    ? 1
    : ratio < Math.sqrt(10)
    ? 2
    : ratio < Math.sqrt(50)
    ? 5
    : 10;
  return power * factor;
}

/** A tick of a linear axis with as many decimals as its step needs: 0.20 beside 0.25, 1,000, 2e-7. */
function linearLabel(value: number, step: number): string {
  if (step < 1e-4 || Math.abs(value) >= 1e7) {
    return value === 0 ? "0" : minus(value.toExponential().replace("e+", "e"));
  }
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return minus(value.toLocaleString("en-US", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }));
}

function minus(text: string): string {
  return text.replaceAll("-", "\u2212");
}

/**
 * A linear axis. Equal ends are widened, so that a single value has a place in the middle.
 *
 * @param domain The numbers at both ends.
 * @param range Their places.
 * @param options `count`: ticks wanted; `round`: widen the domain to whole steps.
 */
export function linearScale(
  domain: readonly [number, number],
  range: readonly [number, number],
  options: { readonly count?: number; readonly round?: boolean } = {},
): Scale {
  const { count = 5, round = false } = options;
  let [min, max] = domain;
  // Ends that differ by rounding only have no ticks between them either.
  if (max - min <= 1e-9 * Math.max(Math.abs(min), Math.abs(max))) {
    const half = Math.abs(min) / 2 || 0.5;
    [min, max] = [min - half, max + half];
  }
  const step = tickStep(min, max, count);
  if (round) {
    [min, max] = [Math.floor(min / step + 1e-9) * step, Math.ceil(max / step - 1e-9) * step];
  }
  return {
    place: (value) => range[0] + (value - min) / (max - min) * (range[1] - range[0]),
    ticks: niceTicks(min, max, (max - min) / step).map((value) => ({
      value,
      label: linearLabel(value, step),
    })),
  };
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 0.001 to 10,000 written out, beyond that as a power of ten. */
function logLabel(value: number): string {
  const exponent = Math.floor(Math.log10(value) + 1e-9);
  if (exponent >= -3 && exponent <= 4) {
    return value.toLocaleString("en-US", { maximumFractionDigits: Math.max(0, -exponent) });
  }
  const digits = [...`${Math.abs(exponent)}`].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
  const factor = Math.round(value / 10 ** exponent);
  return `${factor === 1 ? "" : `${factor}·`}10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/**
 * A logarithmic axis; both ends must be above 0. Ends are widened a little, equal ends to a factor of ten around them.
 *
 * @param domain The numbers at both ends.
 * @param range Their places.
 */
export function logScale(
  domain: readonly [number, number],
  range: readonly [number, number],
): Scale {
  const widen = domain[0] === domain[1] ? Math.sqrt(10) : 1.1;
  const [min, max] = [domain[0] / widen, domain[1] * widen];
  const [low, high] = [Math.log10(min), Math.log10(max)];
  const decades = high - low;
  const every = Math.max(1, Math.ceil(decades / 7));
  const factors = decades <= 1.5 ? [1, 2, 5] : decades <= 3 ? [1, 3] : [1];
  const ticks: Tick[] = [];
  for (let exponent = Math.floor(low); exponent <= high; exponent++) {
    if (exponent % every !== 0) continue;
    for (const factor of factors) {
      const value = Number((factor * 10 ** exponent).toPrecision(3));
      if (value >= min * 0.999 && value <= max * 1.001) {
        ticks.push({ value, label: logLabel(value) });
      }
    }
  }
  // Within less than a factor of ten no power of ten may lie: count on as on a linear axis.
  const step = tickStep(min, max, 5);
  const linear = niceTicks(min, max).map((value) => ({ value, label: linearLabel(value, step) }));
  return {
    place: (value) => range[0] + (Math.log10(value) - low) / decades * (range[1] - range[0]),
    ticks: ticks.length < 2 ? linear : ticks,
  };
}

/** The range of the values, at least 1 wide about its middle. */
export function widened(values: Iterable<number>): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low > high) [low, high] = [0, 0];
  if (high - low >= 1) return [low, high];
  const middle = (low + high) / 2;
  return [middle - 0.5, middle + 0.5];
}
