/**
 * Average precision: one number for a list of detections, each right or wrong and each with a score.
 * Go down the list from the highest score and keep count:
 *
 *     precision = right so far / (right + wrong so far)      how much of what was claimed is true
 *     recall    = right so far / people there are            how much of what is true was found
 *
 *     precision
 *      1 |####
 *        |   #######          AP = mean height of this curve, read at the
 *        |         ####       101 recalls 0, 0.01, ..., 1; 0 beyond the last
 *        |             ##     recall that was reached
 *      0 |_______________#_ recall
 *
 * The raw curve is a saw; before it is read, every precision is raised to the best one at the same or
 * a higher recall (the envelope), because a user who accepts this recall can go there.
 *
 * Source: pycocotools `cocoeval.py`, `accumulate`, including its 2.2e-16 in the divisor, which makes
 * the very first precision 0.9999999999999998 instead of 1.
 *
 * @module
 */

/** What became of a detection. */
export const OUTCOME = {
  /** Found nobody: a false positive. */
  WRONG: 0,
  /** Found a person: a true positive. */
  RIGHT: 1,
  /** Not counted at all. */
  IGNORED: 2,
} as const;

/** The 101 recalls at which precision is read: 0, 0.01, ..., 1. */
export const RECALL_GRID: readonly number[] = Array.from(
  { length: 101 },
  (_, i) => i === 100 ? 1 : i * 0.01, // multiplied, not divided, as numpy.linspace does
);

/** A precision-recall curve and its summary. */
export interface PrecisionRecall {
  /** Enveloped precision at the 101 recalls of {@linkcode RECALL_GRID}; all -1 without people. */
  readonly precision: Float64Array<ArrayBuffer>;
  /** Recall after the last detection; 0 without detections, -1 without people. */
  readonly recall: number;
}

/**
 * The precision-recall curve of detections in the order of their scores.
 *
 * @param outcomes An {@linkcode OUTCOME} per detection, highest score first.
 * @param people How many people there are to find. With 0 the curve is undefined: all -1.
 * @throws {RangeError} If `people` is not a whole number of 0 or more, or an outcome is none of the
 *   three, or more people are found than there are.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { OUTCOME, precisionRecall } from "ae";
 *
 * const { RIGHT, WRONG } = OUTCOME;
 * const { precision, recall } = precisionRecall([RIGHT, WRONG, RIGHT], 4);
 * assert.equal(recall, 2 / 4);
 * assert.ok(Math.abs(precision[25] - 1) < 1e-12); //    recall 0.25: 1 of 1 right
 * assert.ok(Math.abs(precision[50] - 2 / 3) < 1e-12); // recall 0.50: 2 of 3 right
 * assert.equal(precision[51], 0); //                     never reached
 * ```
 */
export function precisionRecall(outcomes: ArrayLike<number>, people: number): PrecisionRecall {
  if (!Number.isInteger(people) || people < 0) {
    throw new RangeError(
      `precisionRecall: people must be a whole number, 0 or more, not ${people}`,
    );
  }
  const precision = new Float64Array(RECALL_GRID.length);
  if (people === 0) return { precision: precision.fill(-1), recall: -1 };

  const best = envelope(precisionAtFinds("precisionRecall", outcomes, people, Number.EPSILON));
  // Recall r is reached by the n-th find if n / people >= r; both ascend, so one walk finds all n.
  let n = 1;
  RECALL_GRID.forEach((wanted, r) => {
    while (n <= best.length && n / people < wanted) n++;
    precision[r] = n <= best.length ? best[n - 1] : 0;
  });
  return { precision, recall: best.length / people };
}

/**
 * Precision at each find (each {@linkcode OUTCOME}.RIGHT). Between two of them precision only falls, so
 * the envelope needs no more.
 */
function precisionAtFinds(
  op: string,
  outcomes: ArrayLike<number>,
  people: number,
  inDivisor: number,
): Float64Array {
  const precision = new Float64Array(people);
  let right = 0;
  let wrong = 0;
  for (let i = 0; i < outcomes.length; i++) {
    if (outcomes[i] === OUTCOME.RIGHT) {
      right++;
      precision[right - 1] = right / (right + wrong + inDivisor);
    } else if (outcomes[i] === OUTCOME.WRONG) {
      wrong++;
    } else if (outcomes[i] !== OUTCOME.IGNORED) {
      throw new RangeError(`${op}: outcome ${i} is ${outcomes[i]}, not 0, 1 or 2`);
    }
  }
  if (right > people) {
    throw new RangeError(`${op}: ${right} found, but there are only ${people}`);
  }
  return precision.subarray(0, right);
}

/** Every precision raised to the best one at the same or a higher recall, in place. */
function envelope(precision: Float64Array): Float64Array {
  for (let n = precision.length - 1; n > 0; n--) {
    precision[n - 1] = Math.max(precision[n - 1], precision[n]);
  }
  return precision;
}

/**
 * Average precision: the mean of the 101 values of {@linkcode precisionRecall}; -1 without people.
 *
 * @param outcomes An {@linkcode OUTCOME} per detection, highest score first.
 * @param people How many people there are to find.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { averagePrecision, OUTCOME } from "ae";
 *
 * const { IGNORED, RIGHT, WRONG } = OUTCOME;
 * assert.ok(Math.abs(averagePrecision([RIGHT, RIGHT, WRONG, IGNORED], 2) - 1) < 1e-12);
 * assert.equal(averagePrecision([], 2), 0); //   nobody was found
 * assert.equal(averagePrecision([WRONG], 0), -1); // nobody was there: undefined
 * ```
 */
export function averagePrecision(outcomes: ArrayLike<number>, people: number): number {
  return meanOfDefined(precisionRecall(outcomes, people).precision);
}

/**
 * How PASCAL VOC summed up a curve: by precision at the recalls 0, 0.1, ..., 1 (until 2009), or by the area under it.
 */
export type VocRule = "11-point" | "all-points";

/**
 * PASCAL VOC's average precision of detections in the order of their scores. With e(r) the best precision at recall r
 * or higher:
 *
 *     11-point      (e(0) + e(0.1) + ... + e(1)) / 11
 *     all-points    the area under e: each find gains a recall of 1 / things
 *
 * | case                     | programs in use                                | here    |
 * | ------------------------ | ---------------------------------------------- | ------- |
 * | recalls of 0.3, 0.6, 0.7 | compared with 0.30000000000000004, ...: missed | reached |
 *
 * @param outcomes An {@linkcode OUTCOME} per detection, highest score first.
 * @param things How many there are to find. With 0 the average is undefined: -1.
 * @param rule Which of the two.
 * @throws {RangeError} As {@linkcode precisionRecall}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { OUTCOME, vocAveragePrecision } from "ae";
 *
 * const outcomes = [OUTCOME.RIGHT, OUTCOME.WRONG]; // one of two things is found
 * assert.equal(vocAveragePrecision(outcomes, 2, "all-points"), 1 / 2);
 * assert.ok(Math.abs(vocAveragePrecision(outcomes, 2, "11-point") - 6 / 11) < 1e-12); // 0 to 0.5
 * ```
 */
export function vocAveragePrecision(
  outcomes: ArrayLike<number>,
  things: number,
  rule: VocRule,
): number {
  if (!Number.isInteger(things) || things < 0) {
    throw new RangeError(
      `vocAveragePrecision: things must be a whole number, 0 or more, not ${things}`,
    );
  }
  if (things === 0) return -1;
  const best = envelope(precisionAtFinds("vocAveragePrecision", outcomes, things, 0));
  if (rule === "all-points") return best.reduceRight((area, value) => area + value / things, 0);
  let sum = 0;
  for (let tenths = 0; tenths <= 10; tenths++) {
    const finds = Math.max(1, Math.ceil(tenths * things / 10)); // the first with that recall
    if (finds <= best.length) sum += best[finds - 1];
  }
  return sum / 11;
}

/** Mean of the values above -1, the mark of "undefined"; -1 if there is none. */
export function meanOfDefined(values: Iterable<number>): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (value > -1) {
      sum += value;
      count++;
    }
  }
  return count > 0 ? sum / count : -1;
}
