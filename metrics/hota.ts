/**
 * HOTA, higher order tracking accuracy: detection and association, each judged by a Jaccard index, and both at 19
 * thresholds of similarity, 0.05 to 0.95.
 *
 *     DetA = TP / (TP + FN + FP)                       pairs of an annotated and a found thing; what is left alone
 *     A(c) = TPA / (TPA + FNA + FPA)                   for a pair c of identities a and b: frames in which a and b
 *                                                      are paired; in which a is there without b; b without a
 *     AssA = mean of A(c) over all TP                  HOTA = sqrt(DetA AssA)
 *     LocA = mean similarity over all TP               and of each the mean over the thresholds
 *
 * Per frame the pairs are those of the greatest sum of *alignment* times similarity, where alignment says how well two
 * identities go together over the whole video, before anything is paired:
 *
 *     p(a, b) = sum over frames of s(a, b) / (sum of s(a, ·) + sum of s(·, b) - s(a, b))
 *     alignment(a, b) = p / (frames of a + frames of b - p)
 *
 * The pairs are the same for all thresholds; a threshold then lets go of those less alike.
 *
 * | case                       | TrackEval                        | here                       |
 * | -------------------------- | -------------------------------- | -------------------------- |
 * | several best sets of pairs | scipy's choice                   | `assignMinimumCost`'s      |
 * | no pairs                   | LocA 1, all others 0             | the same                   |
 *
 * Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking" (IJCV 2020), arXiv:2009.07736;
 * TrackEval, `metrics/hota.py`.
 *
 * @module
 */
import { assignMinimumCost } from "../decoders/assign.ts";
import { share, sumOfCounts } from "./counts.ts";
import { checkTracking, reaches, type TrackingFrame } from "./tracking_frame.ts";

/** The 19 thresholds, 0.05 to 0.95. */
export const HOTA_THRESHOLDS: readonly number[] = Array.from(
  { length: 19 },
  (_, i) => 0.05 + 0.05 * i,
);

/** What HOTA counts at one threshold. */
export interface HotaCounts {
  /** TP: pairs that reach the threshold. */
  readonly matches: number;
  /** FN: annotated things without one. */
  readonly misses: number;
  /** FP: found things without one. */
  readonly falsePositives: number;
  /** Sum over the pairs of their similarity. */
  readonly similaritySum: number;
  /** Sum over the pairs of A(c). */
  readonly associationSum: number;
  /** Sum over the pairs of TPA / (TPA + FNA). */
  readonly associationRecallSum: number;
  /** Sum over the pairs of TPA / (TPA + FPA). */
  readonly associationPrecisionSum: number;
}

/** HOTA and its parts, 0 to 1. */
export interface HotaFigures {
  /** sqrt(DetA AssA). */
  readonly HOTA: number;
  /** Detection: TP / (TP + FN + FP). */
  readonly DetA: number;
  /** Association: mean of A(c) over all TP. */
  readonly AssA: number;
  /** Localisation: mean similarity over all TP; 1 if there are none. */
  readonly LocA: number;
  /** Recall of detection: TP / (TP + FN). */
  readonly DetRe: number;
  /** Precision of detection: TP / (TP + FP). */
  readonly DetPr: number;
  /** Recall of association: mean of TPA / (TPA + FNA). */
  readonly AssRe: number;
  /** Precision of association: mean of TPA / (TPA + FPA). */
  readonly AssPr: number;
}

/** HOTA at one threshold. */
export interface HotaAtThreshold extends HotaFigures {
  /** Least similarity of a pair. */
  readonly threshold: number;
  /** The counts behind it, to be added to those of other videos. */
  readonly counts: HotaCounts;
}

/** HOTA: means over the thresholds, and each. */
export interface Hota extends HotaFigures {
  /** All 19, the lowest first. */
  readonly byThreshold: readonly HotaAtThreshold[];
}

const NOTHING: HotaCounts = {
  matches: 0,
  misses: 0,
  falsePositives: 0,
  similaritySum: 0,
  associationSum: 0,
  associationRecallSum: 0,
  associationPrecisionSum: 0,
};

/** An annotated and a found thing of one frame that were paired: places of their identities, and how alike. */
interface Pair {
  readonly truth: number;
  readonly found: number;
  readonly similarity: number;
}

/** Frames with places 0, 1, 2, … for identities, and in how many frames each identity is. */
interface Indexed {
  readonly frames: readonly TrackingFrame[];
  readonly truthCounts: readonly number[];
  readonly foundCounts: readonly number[];
}

/**
 * HOTA of one video.
 *
 * @param frames The video's frames; their order does not matter.
 * @throws {ShapeError} If a table of similarities does not have a place for every pair.
 * @throws {RangeError} If an identity is no whole number or is in a frame twice, or a similarity is not from 0 to 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hota } from "ae";
 *
 * // Found in every frame, but under a new identity from the middle on: A(c) is 2 / 4 for every pair.
 * const frame = (found: number) => ({ truth: [1], found: [found], similarity: [[1]] });
 * const { DetA, AssA, HOTA } = hota([frame(7), frame(7), frame(9), frame(9)]);
 * assert.deepEqual([DetA, AssA], [1, 0.5]);
 * assert.ok(Math.abs(HOTA - Math.sqrt(0.5)) < 1e-12);
 * ```
 */
export function hota(frames: readonly TrackingFrame[]): Hota {
  checkTracking("hota", frames, HOTA_THRESHOLDS[0]);
  const indexed = indexIdentities(frames);
  const pairs = pairedThings(indexed);
  return withMeans(HOTA_THRESHOLDS.map((threshold) => countAt(threshold, pairs, indexed)));
}

/**
 * HOTA of several videos together: at each threshold the quotients of the sums of their counts.
 *
 * @param parts The videos' figures.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { combineHota, hota } from "ae";
 *
 * const found = hota([{ truth: [1], found: [1], similarity: [[1]] }]);
 * const missed = hota([{ truth: [1], found: [], similarity: [[]] }]);
 * assert.equal(combineHota([found, missed]).DetRe, 1 / 2);
 * ```
 */
export function combineHota(parts: readonly Hota[]): Hota {
  return withMeans(
    HOTA_THRESHOLDS.map((_, i) =>
      sumOfCounts(NOTHING, parts.map(({ byThreshold }) => byThreshold[i].counts))
    ),
  );
}

function indexIdentities(frames: readonly TrackingFrame[]): Indexed {
  const places = { truth: new Map<number, number>(), found: new Map<number, number>() };
  const counts = { truth: [] as number[], found: [] as number[] };
  const placeOf = (list: "truth" | "found") => (identity: number) => {
    const place = places[list].getOrInsert(identity, places[list].size);
    counts[list][place] = (counts[list][place] ?? 0) + 1;
    return place;
  };
  const indexed = frames.map(({ truth, found, similarity }) => ({
    truth: truth.map(placeOf("truth")),
    found: found.map(placeOf("found")),
    similarity,
  }));
  return { frames: indexed, truthCounts: counts.truth, foundCounts: counts.found };
}

/** How well identities go together over the whole video: `[truth][found]`. */
function alignments({ frames, truthCounts, foundCounts }: Indexed): number[][] {
  const together = truthCounts.map(() => new Array<number>(foundCounts.length).fill(0));
  for (const { truth, found, similarity } of frames) {
    const rowSums = similarity.map((row) => row.reduce((sum, value) => sum + value, 0));
    found.forEach((other, f) => {
      const columnSum = similarity.reduce((sum, row) => sum + row[f], 0);
      truth.forEach((one, t) => {
        const union = rowSums[t] + columnSum - similarity[t][f];
        if (union > Number.EPSILON) together[one][other] += similarity[t][f] / union;
      });
    });
  }
  return together.map((row, one) =>
    row.map((value, other) => value / (truthCounts[one] + foundCounts[other] - value))
  );
}

/** The pairs of every frame, at whatever similarity. */
function pairedThings(indexed: Indexed): Pair[] {
  const alignment = alignments(indexed);
  return indexed.frames.flatMap(({ truth, found, similarity }) => {
    const cost = truth.map((one, t) =>
      found.map((other, f) => -alignment[one][other] * similarity[t][f])
    );
    return assignMinimumCost(cost).flatMap((f, t) =>
      f < 0 ? [] : [{ truth: truth[t], found: found[f], similarity: similarity[t][f] }]
    );
  });
}

function countAt(threshold: number, pairs: readonly Pair[], indexed: Indexed): HotaCounts {
  const { truthCounts, foundCounts } = indexed;
  const matches = pairs.filter(({ similarity }) => reaches(similarity, threshold));
  const keyOf = ({ truth, found }: Pair) => truth * foundCounts.length + found;
  const framesOf = new Map<number, number>(); // of each pair of identities: TPA
  for (const pair of matches) framesOf.set(keyOf(pair), (framesOf.get(keyOf(pair)) ?? 0) + 1);
  const sumOverMatches = (value: (pair: Pair) => number) =>
    matches.reduce((sum, pair) => sum + value(pair), 0);
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  return {
    matches: matches.length,
    misses: total(truthCounts) - matches.length,
    falsePositives: total(foundCounts) - matches.length,
    similaritySum: sumOverMatches(({ similarity }) => similarity),
    associationSum: sumOverMatches((pair) => {
      const both = framesOf.get(keyOf(pair))!;
      return both / (truthCounts[pair.truth] + foundCounts[pair.found] - both);
    }),
    associationRecallSum: sumOverMatches((pair) =>
      framesOf.get(keyOf(pair))! / truthCounts[pair.truth]
    ),
    associationPrecisionSum: sumOverMatches((pair) =>
      framesOf.get(keyOf(pair))! / foundCounts[pair.found]
    ),
  };
}

function figuresAt(counts: HotaCounts): HotaFigures {
  const { matches, misses, falsePositives } = counts;
  const DetA = share(matches, matches + misses + falsePositives);
  const AssA = share(counts.associationSum, matches);
  return {
    HOTA: Math.sqrt(DetA * AssA),
    DetA,
    AssA,
    LocA: matches === 0 ? 1 : counts.similaritySum / matches,
    DetRe: share(matches, matches + misses),
    DetPr: share(matches, matches + falsePositives),
    AssRe: share(counts.associationRecallSum, matches),
    AssPr: share(counts.associationPrecisionSum, matches),
  };
}

function withMeans(counts: readonly HotaCounts[]): Hota {
  const byThreshold = counts.map((at, i) => ({
    threshold: HOTA_THRESHOLDS[i],
    ...figuresAt(at),
    counts: at,
  }));
  const mean = (figure: keyof HotaFigures) =>
    byThreshold.reduce((sum, at) => sum + at[figure], 0) / byThreshold.length;
  return {
    HOTA: mean("HOTA"),
    DetA: mean("DetA"),
    AssA: mean("AssA"),
    LocA: mean("LocA"),
    DetRe: mean("DetRe"),
    DetPr: mean("DetPr"),
    AssRe: mean("AssRe"),
    AssPr: mean("AssPr"),
    byThreshold,
  };
}
