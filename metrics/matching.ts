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
  const matches = new Int32Array(D);
  new Matcher(similarity, D, truths).match(threshold, matches, 0);
  return matches;
}

/** {@linkcode matchDetections} for several thresholds, without a new array for each. */
export class Matcher {
  readonly #similarity: ArrayLike<number>;
  readonly #D: number;
  readonly #truths: readonly MatchTruth[];
  /** Truths in the order in which they are offered: those who count, then the ignored ones. */
  readonly #order: readonly number[];
  readonly #taken: Uint8Array;

  /** The arguments are those of {@linkcode matchDetections}, D the number of detections. */
  constructor(similarity: ArrayLike<number>, D: number, truths: readonly MatchTruth[]) {
    this.#similarity = similarity;
    this.#D = D;
    this.#truths = truths;
    const all = truths.map((_, g) => g);
    this.#order = [
      ...all.filter((g) => !truths[g].ignored),
      ...all.filter((g) => truths[g].ignored),
    ];
    this.#taken = new Uint8Array(truths.length);
  }

  /** Match at one threshold; write the D answers into `matches` from place `start` on. */
  match(threshold: number, matches: Int32Array, start: number): void {
    const taken = this.#taken.fill(0);
    const least = Math.min(threshold, 1 - 1e-10); // at threshold 1 rounding noise still passes
    for (let d = 0; d < this.#D; d++) {
      const g = this.#choose(d, least);
      matches[start + d] = g;
      if (g >= 0) taken[g] = 1;
    }
  }

  /** The person that detection d takes, -1 for none. */
  #choose(d: number, least: number): number {
    const G = this.#truths.length;
    let best = least;
    let chosen = -1;
    for (const g of this.#order) {
      const { ignored, crowd } = this.#truths[g];
      if (this.#taken[g] && !crowd) continue;
      if (ignored && chosen >= 0 && !this.#truths[chosen].ignored) break;
      const similarity = this.#similarity[d * G + g];
      if (similarity < best) continue;
      best = similarity;
      chosen = g;
    }
    return chosen;
  }
}
