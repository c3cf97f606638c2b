/**
 * Which detection found whom? Per image and per threshold, detections choose in the order of their
 * scores; each takes the true person that it resembles most, if that one is still free and the
 * similarity reaches the threshold:
 *
 *                     Ann   Bob   (crowd)
 *     detection .9   [.80]  .10     .00       takes Ann
 *     detection .7    .75   .20     .00       Ann is taken, Bob is too far: finds nobody
 *     detection .4    .00   .30    [1.0]      in the crowd: neither right nor wrong
 *
 * Some true people are *ignored*: crowds, people without annotated keypoints, people outside the area
 * range in question. Nobody has to find them, and a detection that does is not counted against the
 * method. So that a detection prefers people who count, those are offered first, and once it has one of
 * them, the ignored ones are not offered any more. A crowd can be taken by any number of detections.
 *
 * The choice is greedy, not optimal: that is COCO's definition, and it keeps a detection's fate
 * independent of everything that scored lower.
 *
 * Source: pycocotools `cocoeval.py`, `evaluateImg`. It serves any similarity (OKS, mask IoU, box IoU).
 *
 * @module
 */

/** How a true person takes part in matching. */
export interface MatchTruth {
  /** True for a person who need not be found and who excuses a detection. */
  readonly ignored: boolean;
  /** True for a region that can be taken more than once. */
  readonly crowd: boolean;
}

/**
 * Match the detections of one image to its true people, as described at the top of the file. Equal
 * similarities: the person offered later wins. A similarity equal to the threshold is enough.
 *
 * @param similarity `[D, G]` row-major: D detections, best score first, by G true people.
 * @param truths The G true people.
 * @param threshold Least similarity of a match, 0 to 1.
 * @returns For each detection the number of its person (an index into `truths`), or -1.
 * @throws {RangeError} If the matrix does not have a whole number of rows of length G.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { matchDetections } from "ae";
 *
 * const ann = { ignored: false, crowd: false };
 * const bob = { ignored: false, crowd: false };
 * const crowd = { ignored: true, crowd: true };
 * // deno-fmt-ignore
 * const similarity = [
 *   .80, .10, .00,
 *   .75, .20, .00,
 *   .00, .30, 1.0,
 * ];
 * assert.deepEqual([...matchDetections(similarity, [ann, bob, crowd], 0.5)], [0, -1, 2]);
 * ```
 */
export function matchDetections(
  similarity: ArrayLike<number>,
  truths: readonly MatchTruth[],
  threshold: number,
): Int32Array {
  const G = truths.length;
  const D = G === 0 ? 0 : similarity.length / G;
  if (!Number.isInteger(D) || (G === 0 && similarity.length > 0)) {
    throw new RangeError(
      `matchDetections: ${similarity.length} similarities are no table with a column for each of ` +
        `${G} people`,
    );
  }
  return match(similarity, D, truths, offerOrder(truths), threshold);
}

/** Truths in the order in which they are offered: those who count, then the ignored ones. */
export function offerOrder(truths: readonly MatchTruth[]): number[] {
  const all = truths.map((_, g) => g);
  return [...all.filter((g) => !truths[g].ignored), ...all.filter((g) => truths[g].ignored)];
}

/** {@linkcode matchDetections} with the order worked out before, so that it serves ten thresholds. */
export function match(
  similarity: ArrayLike<number>,
  D: number,
  truths: readonly MatchTruth[],
  order: readonly number[],
  threshold: number,
): Int32Array {
  const G = truths.length;
  const matches = new Int32Array(D).fill(-1);
  const taken = new Uint8Array(G);
  for (let d = 0; d < D; d++) {
    let best = Math.min(threshold, 1 - 1e-10); // at threshold 1 rounding noise still passes
    let chosen = -1;
    for (const g of order) {
      if (taken[g] && !truths[g].crowd) continue;
      if (chosen >= 0 && !truths[chosen].ignored && truths[g].ignored) break;
      if (similarity[d * G + g] < best) continue;
      best = similarity[d * G + g];
      chosen = g;
    }
    if (chosen < 0) continue;
    matches[d] = chosen;
    taken[chosen] = 1;
  }
  return matches;
}
