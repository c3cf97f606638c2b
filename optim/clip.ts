/**
 * Gradient clipping: one batch with absurd gradients shall not undo what a thousand others taught.
 *
 * @module
 */
import type { Tensor } from "../core/tensor.ts";
import { formula } from "../ops/pointwise.ts";
import { clamp } from "../ops/mod.ts";

const shrunk = formula(
  "clipByGlobalNorm",
  ["g", "norm", "limit"],
  "g * min(limit / (norm + 1e-6), 1.0)", // 1e-6 as in PyTorch's clip_grad_norm_
);

/** Gradients after clipping, and how long they were before. */
export interface ClippedGradients {
  /** In the order given. */
  readonly gradients: Tensor[];
  /** Length of all gradients taken as one vector, before clipping, `[]`. */
  readonly norm: Tensor;
}

function checkLimit(op: string, limit: number): void {
  if (!(limit > 0 && limit < Infinity)) {
    throw new RangeError(`${op}: the limit must be above 0, not ${limit}`);
  }
}

/**
 * Shrink all gradients by one factor so that together they are no longer than `limit`:
 * `g · min(limit / (‖all g‖ + 1e-6), 1)`. The direction stays.
 *
 * @param gradients One or more tensors.
 * @param limit The largest length allowed, above 0.
 * @throws {RangeError} If the limit is not above 0 or there are no gradients.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { clipByGlobalNorm, tensor } from "ae";
 *
 * const { gradients, norm } = clipByGlobalNorm([tensor([30]), tensor([0, 40])], 5);
 * assert.equal(await norm.item(), 50);
 * assert.ok(Math.abs((await gradients[0].read()).data[0] - 3) < 1e-5);
 * ```
 */
export function clipByGlobalNorm(gradients: readonly Tensor[], limit: number): ClippedGradients {
  checkLimit("clipByGlobalNorm", limit);
  if (gradients.length === 0) throw new RangeError("clipByGlobalNorm: there are no gradients");
  const squares = gradients.map((g) => g.square().sum());
  const norm = squares.reduce((a, b) => a.add(b)).sqrt();
  return { gradients: gradients.map((g) => shrunk(g, norm, limit)), norm };
}

/**
 * Each number of each gradient cut off at −`limit` and `limit`. The direction may change.
 *
 * @param gradients Any tensors.
 * @param limit The largest size allowed, above 0.
 * @throws {RangeError} If the limit is not above 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { clipByValue, tensor } from "ae";
 *
 * const [clipped] = clipByValue([tensor([-3, 0.5])], 1);
 * assert.deepEqual(await clipped.array(), [-1, 0.5]);
 * ```
 */
export function clipByValue(gradients: readonly Tensor[], limit: number): Tensor[] {
  checkLimit("clipByValue", limit);
  return gradients.map((g) => clamp(g, -limit, limit));
}
