/**
 * How near two places of one keypoint are, as OKS sees it: a Gaussian as wide as people's annotations of that keypoint
 * scatter and as the person is large.
 *
 * Source: COCO keypoint evaluation, pycocotools `cocoeval.py`, `computeOks`; same order of operations.
 *
 * @module
 */

/**
 * One keypoint's similarity: `exp(-d^2 / (2 * (2 sigma)^2 * area))`. The area is widened by the
 * smallest step above 1 (2.2e-16), so that a person of area 0 gives 1 at distance 0 and 0 elsewhere.
 *
 * @param squaredDistance `d^2`, in square pixels.
 * @param sigma The keypoint's annotation spread relative to the person's size.
 * @param area The person's area in square pixels.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { keypointSimilarity } from "ae";
 *
 * assert.equal(keypointSimilarity(0, 0.025, 10_000), 1);
 * // At d = 2 sigma * sqrt(area), here 5 pixels, it is exp(-1/2).
 * const similarity = keypointSimilarity(5 ** 2, 0.025, 10_000);
 * assert.ok(Math.abs(similarity - Math.exp(-0.5)) < 1e-12);
 * ```
 */
export function keypointSimilarity(squaredDistance: number, sigma: number, area: number): number {
  const width = 2 * sigma;
  return Math.exp(-(squaredDistance / (width * width) / (area + Number.EPSILON) / 2));
}
