/**
 * Learning rates as plain functions of the step's number, counted from 0. A compiled step takes its rate as an
 * input, so nothing is traced again when it changes:
 *
 *     const schedule = warmupCosine({ rate: 2e-3, warmup: 200, steps: 4500 });
 *     await step({ ...batch, rate: hostArray([], [schedule(i)]) });
 *
 * @module
 */

/** The learning rate of step number `step`, counted from 0. */
export type Schedule = (step: number) => number;

function checkRate(op: string, name: string, rate: number): void {
  if (rate >= 0 && rate < Infinity) return;
  throw new RangeError(`${op}: ${name} must be 0 or more, not ${rate}`);
}

function checkCount(op: string, name: string, count: number, least: number): void {
  if (Number.isInteger(count) && count >= least) return;
  throw new RangeError(`${op}: ${name} must be a whole number, ${least} or more, not ${count}`);
}

/**
 * The same rate always.
 *
 * @throws {RangeError} If the rate is not 0 or more.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant } from "ae";
 *
 * assert.equal(constant(2e-4)(1000), 2e-4);
 * ```
 */
export function constant(rate: number): Schedule {
  checkRate("constant", "rate", rate);
  return () => rate;
}

/**
 * A rate that drops at given steps. The authors' training is `stepwise(2e-4, [[200_000, 1e-5]])` (their line for
 * it never ran; see pose-ae-train, task/pose.py).
 *
 * @param rate The rate at first.
 * @param drops Pairs of a step and the rate from that step on, in rising order.
 * @throws {RangeError} If a rate is not 0 or more, or the steps are not rising whole numbers.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { stepwise } from "ae";
 *
 * const schedule = stepwise(0.1, [[10, 0.01], [20, 0.001]]);
 * assert.deepEqual([schedule(9), schedule(10), schedule(25)], [0.1, 0.01, 0.001]);
 * ```
 */
export function stepwise(
  rate: number,
  drops: readonly (readonly [step: number, rate: number])[],
): Schedule {
  checkRate("stepwise", "rate", rate);
  drops.forEach(([step, lower], i) => {
    checkCount("stepwise", "a drop's step", step, i === 0 ? 0 : drops[i - 1][0] + 1);
    checkRate("stepwise", "a drop's rate", lower);
  });
  return (step) => drops.findLast(([from]) => step >= from)?.[1] ?? rate;
}

/**
 * Rise in equal parts to the full rate, then fall along half a cosine:
 *
 *     rate · (t + 1) / warmup                                         t < warmup
 *     floor + (rate − floor) · (1 + cos(π · (t − warmup) / (steps − warmup))) / 2     then
 *     floor                                                           from t = steps on
 *
 * Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts.
 *
 * @param options.rate The highest rate.
 * @param options.steps How many steps the training has.
 * @param options.warmup Steps until the full rate. @default {0}
 * @param options.floor The rate at the end. @default {0}
 * @throws {RangeError} If a rate is not 0 or more, `floor` is above `rate`, or `warmup` is not below `steps`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { warmupCosine } from "ae";
 *
 * const schedule = warmupCosine({ rate: 1, warmup: 4, steps: 104 });
 * assert.deepEqual([0, 3, 4].map(schedule), [0.25, 1, 1]);
 * assert.ok(Math.abs(schedule(54) - 0.5) < 1e-12);
 * assert.equal(schedule(104), 0);
 * ```
 */
export function warmupCosine(
  options: {
    readonly rate: number;
    readonly steps: number;
    readonly warmup?: number;
    readonly floor?: number;
  },
): Schedule {
  const { rate, steps, warmup = 0, floor = 0 } = options;
  checkRate("warmupCosine", "rate", rate);
  checkRate("warmupCosine", "floor", floor);
  if (floor > rate) {
    throw new RangeError(`warmupCosine: floor ${floor} is above the rate ${rate}`);
  }
  checkCount("warmupCosine", "warmup", warmup, 0);
  checkCount("warmupCosine", "steps", steps, warmup + 1);
  return (step) => {
    if (step < warmup) return rate * (step + 1) / warmup;
    const done = Math.min((step - warmup) / (steps - warmup), 1);
    return floor + (rate - floor) * (1 + Math.cos(Math.PI * done)) / 2;
  };
}
