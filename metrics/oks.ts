/**
 * Object keypoint similarity: how well a found person's keypoints lie on a true person's, from 0 to 1.
 * It is to poses what intersection over union is to boxes. Every keypoint has its own Gaussian, as wide
 * as people's annotations of that keypoint scatter and as the person is large:
 *
 *     similarity[k] = exp(-d[k]^2 / (2 * (2 sigma[k])^2 * area))     d[k] distance in pixels
 *
 *     OKS = mean of similarity[k] over the keypoints that are annotated (visibility > 0)
 *
 *     similarity
 *       1 |**
 *         |   **            an eye  (sigma 0.025) of a person of area 100 x 100: 0.88 at 2.5 pixels
 *         |     **          a  hip  (sigma 0.107) of the same person:            0.99 at 2.5 pixels
 *       0 |________*****__  d
 *
 * A keypoint that the method left out does not lower the divisor: it is far away from the truth, and
 * its similarity is 0. Keypoints that are *not annotated* are not looked at, wherever they were found.
 *
 * Where nothing at all is annotated (crowds, people too small to annotate) there is nothing to measure
 * a distance to, and the person is one that evaluation ignores. To decide which detections are to be
 * ignored with it, COCO measures how far each of the K found keypoints lies outside the person's box
 * grown by its own width and height on every side: inside, the distance is 0.
 *
 * Source: COCO keypoint evaluation, pycocotools `cocoeval.py`, `computeOks`; same order of operations.
 *
 * @module
 */
import { keypointSimilarity } from "../pose/keypoint_similarity.ts";
import { COCO } from "../pose/skeleton.ts";

/** The part of an annotation that OKS needs. */
export interface OksTruth {
  /** K triples x, y, visibility, in image pixels. */
  readonly keypoints: ArrayLike<number>;
  /** `[x, y, width, height]`, used when no keypoint is annotated. */
  readonly bbox: ArrayLike<number>;
  /** Area of the person in square pixels. */
  readonly area: number;
}

/**
 * OKS of one found and one true person, 0 to 1.
 *
 * @param keypoints The found person: K triples x, y and a third number that is not read; image pixels.
 * @param truth The true person, same K and same pixels.
 * @param sigmas The K annotation spreads. @default {COCO.sigmas}
 * @throws {RangeError} If the three disagree on K.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { COCO, oks } from "ae";
 *
 * const keypoints = COCO.keypoints.flatMap((_, k) => [100 + 3 * k, 100 + 7 * k, 2]);
 * const truth = { keypoints, bbox: [100, 100, 48, 112], area: 10_000 };
 * assert.equal(oks(keypoints, truth), 1);
 *
 * const shifted = keypoints.map((value, i) => i % 3 === 0 ? value + 5 : value); // 5 pixels right
 * assert.ok(Math.abs(oks(shifted, truth) - 0.8711549524) < 1e-10);
 * ```
 */
export function oks(
  keypoints: ArrayLike<number>,
  truth: OksTruth,
  sigmas: readonly number[] = COCO.sigmas,
): number {
  const K = sigmas.length;
  if (keypoints.length !== 3 * K || truth.keypoints.length !== 3 * K) {
    throw new RangeError(
      `oks: ${K} sigmas need ${3 * K} numbers per person, not ${keypoints.length} found ` +
        `and ${truth.keypoints.length} true ones`,
    );
  }
  return oksOfKeypoints(keypoints, truth, sigmas, sigmas.map((_, k) => k));
}

/**
 * {@linkcode oks} as if the skeleton had only the keypoints listed in `which`; nothing is checked. Not
 * re-exported: the evaluation calls it millions of times.
 */
export function oksOfKeypoints(
  keypoints: ArrayLike<number>,
  truth: OksTruth,
  sigmas: readonly number[],
  which: readonly number[],
): number {
  const { keypoints: target, area } = truth;
  let labelled = 0;
  let sum = 0;
  for (const k of which) {
    if (!(target[3 * k + 2] > 0)) continue;
    const dx = keypoints[3 * k] - target[3 * k];
    const dy = keypoints[3 * k + 1] - target[3 * k + 1];
    sum += keypointSimilarity(dx * dx + dy * dy, sigmas[k], area);
    labelled++;
  }
  return labelled > 0 ? sum / labelled : similarityToBox(keypoints, truth, sigmas, which);
}

/** The stand-in for OKS where nothing is annotated: distances to the grown box. */
function similarityToBox(
  keypoints: ArrayLike<number>,
  { bbox, area }: OksTruth,
  sigmas: readonly number[],
  which: readonly number[],
): number {
  const [x, y, width, height] = [bbox[0], bbox[1], bbox[2], bbox[3]];
  let sum = 0;
  for (const k of which) {
    const dx = outside(keypoints[3 * k], x - width, x + 2 * width);
    const dy = outside(keypoints[3 * k + 1], y - height, y + 2 * height);
    sum += keypointSimilarity(dx * dx + dy * dy, sigmas[k], area);
  }
  return sum / which.length;
}

/** How far `value` lies outside the interval from `low` to `high`; 0 inside. */
function outside(value: number, low: number, high: number): number {
  return Math.max(0, low - value) + Math.max(0, value - high);
}
