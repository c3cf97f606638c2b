/**
 * What went wrong: every keypoint of every person who was about found is good or one of four errors, and for each
 * kind of error, what AP would be without it.
 *
 * People are matched by COCO's rule at OKS 0.1, so that whoever was about found is looked at. A found keypoint k
 * is compared, by its keypoint similarity ks, with what is annotated in the image; the nearest decides:
 *
 *     nearest of                                     ks >= 0.85    0.5 to 0.85    below 0.5
 *     keypoint k of the person matched               good          jitter         miss
 *     its mirror image on the same person            inversion     inversion      miss
 *     keypoint k or its mirror image on another      swap          swap           miss
 *
 *     l wrist o-----     jitter: near by            swap: on somebody else's wrist
 *     r wrist o-----     inversion: on the right    miss: nowhere near any of these
 *
 * Only keypoints annotated on the person matched are judged. An error is mended by moving the keypoint to where a
 * keypoint of the right kind would be: to ks 0.85 of the truth for jitter, to 0.5 for a miss, to the ks that it
 * has where it is for swaps and inversions. Two errors are no keypoint's: found people who match nobody at OKS
 * 0.1 (strangers; mended by leaving them out), and true people nobody matched (unfound; by not asking for them).
 * Each kind is mended alone.
 *
 * | case                     | coco-analyze                                  | here                       |
 * | ------------------------ | --------------------------------------------- | -------------------------- |
 * | ks of exactly 0.85       | no kind at all                                | good                       |
 * | distance that has a ks   | sqrt(-2 area sigma^2 ln ks): ks comes out higher | with (2 sigma)^2, as OKS |
 * | ks of other people       | their own area                                | the same                   |
 * | crowds                   | their keypoints (none) are compared           | left out, nothing is there |
 * | strangers and unfound    | at each OKS threshold; unfound after strangers | at OKS 0.1; each alone    |
 * | errors of the scores     | optimal scores                                | not computed               |
 *
 * Ronchi and Perona, "Benchmarking and Error Diagnosis in Multi-Instance Pose Estimation" (ICCV 2017),
 * arXiv:1707.05388; their code: coco-analyze, `cocoanalyze.py`.
 *
 * @module
 */
import type { CocoAnnotation, CocoResult, CocoTruth } from "../pose/coco_records.ts";
import { COCO, type Skeleton } from "../pose/skeleton.ts";
import {
  evaluateKeypoints,
  type EvaluationOptions,
  type ImageEvaluation,
} from "./coco_keypoints.ts";
import { matchDetections } from "./matching.ts";
import { keypointSimilarity } from "../pose/keypoint_similarity.ts";

/** OKS from which a person counts as about found. */
const ABOUT_FOUND = 0.1;
/** Keypoint similarity below which a keypoint is missed, and from which it is good. */
const [NEAR, GOOD] = [0.5, 0.85];

/** The errors of keypoints, see the top of the file. */
export const KEYPOINT_ERRORS = ["jitter", "inversion", "swap", "miss"] as const;

/** What became of a keypoint. */
export type KeypointFate = "good" | (typeof KEYPOINT_ERRORS)[number];

/** How many keypoints had each fate. */
export type FateCounts = Readonly<Record<KeypointFate, number>>;

/** AP as it is, and what it would be without errors of one kind. */
export interface MendedFigures {
  /** As it is. */
  readonly asFound: number;
  /** Without jitter. */
  readonly jitter: number;
  /** Without inversions. */
  readonly inversion: number;
  /** Without swaps. */
  readonly swap: number;
  /** Without misses. */
  readonly miss: number;
  /** Without found people who match nobody. */
  readonly strangers: number;
  /** If people whom nobody matched were not asked for. */
  readonly unfound: number;
}

/** All that the analysis finds out. */
export interface ErrorAnalysis {
  /** For each of the K keypoints its name and how often it had each fate. */
  readonly keypoints: readonly (FateCounts & { readonly keypoint: string })[];
  /** The sums over all keypoints. */
  readonly total: FateCounts;
  /** Found people who match nobody at OKS 0.1. */
  readonly strangers: number;
  /** True people to be found whom nobody matched at OKS 0.1. */
  readonly unfound: number;
  /** AP as it is and without each kind of error. */
  readonly AP: MendedFigures;
}

/** A keypoint's fate and where it would be without the error. */
interface Judgement {
  readonly fate: KeypointFate;
  readonly mended: readonly [x: number, y: number];
}

/** A found person matched to a true one. */
interface Pair {
  /** Position in the list of results. */
  readonly result: number;
  /** The K judgements; null where nothing is annotated. */
  readonly judgements: readonly (Judgement | null)[];
}

/**
 * Analyse the errors of found people, see the top of the file.
 *
 * @param truth Annotations, in the form of a COCO keypoint file.
 * @param results Found people, in the form of a COCO results file.
 * @throws {InputError} As {@linkcode evaluateKeypoints}.
 * @throws {RangeError} As {@linkcode evaluateKeypoints}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { analyzeErrors, COCO } from "ae";
 *
 * const keypoints = COCO.keypoints.flatMap((_, k) => [100 + 30 * (k % 2), 100 + 20 * k, 2]);
 * const person = { image_id: 1, category_id: 1, keypoints };
 * const truth = {
 *   images: [{ id: 1 }],
 *   annotations: [{ ...person, id: 1, bbox: [100, 100, 30, 320], area: 10_000 }],
 * };
 * const found = keypoints.slice();
 * found.splice(27, 6, ...keypoints.slice(30, 33), ...keypoints.slice(27, 30)); // wrists exchanged
 * const { total, AP } = analyzeErrors(truth, [{ ...person, keypoints: found, score: 1 }]);
 * assert.deepEqual(total, { good: 15, jitter: 0, inversion: 2, swap: 0, miss: 0 });
 * assert.ok(AP.inversion > AP.asFound);
 * ```
 */
export function analyzeErrors(
  truth: CocoTruth,
  results: readonly CocoResult[],
  options: EvaluationOptions = {},
): ErrorAnalysis {
  const skeleton = options.skeleton ?? COCO;
  const { images, statistics } = evaluateKeypoints(truth, results, options);
  const pairs: Pair[] = [];
  const strangers = new Set<number>();
  const unfound = new Set<number>();
  for (const image of images) {
    const matches = matchesOf(image, truth);
    const isToFind = (g: number) => g >= 0 && !image.ignored[g];
    const people = image.truths.filter((_, g) => !image.ignored[g])
      .map((index) => truth.annotations[index]);
    image.detections.forEach((result, d) => {
      const g = matches[d];
      if (g < 0) strangers.add(result);
      if (!isToFind(g)) return;
      const person = truth.annotations[image.truths[g]];
      pairs.push({ result, judgements: judge(results[result], person, people, skeleton) });
    });
    image.truths.forEach((index, g) => {
      if (isToFind(g) && !matches.includes(g)) unfound.add(index);
    });
  }

  // Whoever was not among an image's best is left out, so that no stranger's place is taken by them.
  const judged = new Set(images.flatMap(({ detections }) => detections));
  const apOf = (changed: readonly CocoResult[], asked: CocoTruth = truth) =>
    evaluateKeypoints(asked, changed.filter((_, i) => judged.has(i)), options).statistics.AP;
  const mended = (error: KeypointFate) => {
    const changed = results.slice();
    for (const { result, judgements } of pairs) {
      changed[result] = withMended(results[result], judgements, error);
    }
    return apOf(changed);
  };
  const withoutStrangers = results.filter((_, i) => judged.has(i) && !strangers.has(i));
  const withoutUnfound = truth.annotations.map((annotation, i) =>
    unfound.has(i) ? { ...annotation, num_keypoints: 0 } : annotation
  );

  const keypoints = skeleton.keypoints.map((keypoint, k) => ({
    keypoint,
    ...count(pairs.map(({ judgements }) => judgements[k])),
  }));
  return {
    keypoints,
    total: count(pairs.flatMap(({ judgements }) => judgements)),
    strangers: strangers.size,
    unfound: unfound.size,
    AP: {
      asFound: statistics.AP,
      jitter: mended("jitter"),
      inversion: mended("inversion"),
      swap: mended("swap"),
      miss: mended("miss"),
      strangers: evaluateKeypoints(truth, withoutStrangers, options).statistics.AP,
      unfound: apOf(results, { ...truth, annotations: withoutUnfound }),
    },
  };
}

/** Whom each detection of an image is about: at OKS 0.1. */
function matchesOf(
  { oks, truths, ignored, detections }: ImageEvaluation,
  truth: CocoTruth,
): Int32Array {
  if (truths.length === 0) return new Int32Array(detections.length).fill(-1);
  const rivals = truths.map((index, g) => ({
    ignored: ignored[g],
    crowd: Boolean(truth.annotations[index].iscrowd),
  }));
  return matchDetections(oks, rivals, ABOUT_FOUND);
}

/** What became of each keypoint of a found person, given everybody to be found in the image. */
function judge(
  { keypoints: found }: CocoResult,
  person: CocoAnnotation,
  people: readonly CocoAnnotation[],
  { flip, sigmas }: Skeleton,
): (Judgement | null)[] {
  const others = people.filter((other) => other !== person);
  return flip.map((mirrored, k) => {
    if (!(person.keypoints[3 * k + 2] > 0)) return null;
    const [x, y] = [found[3 * k], found[3 * k + 1]];
    const [trueX, trueY] = [person.keypoints[3 * k], person.keypoints[3 * k + 1]];
    const similarity = ({ keypoints, area }: CocoAnnotation, j: number) => {
      if (!(keypoints[3 * j + 2] > 0)) return -1;
      const [dx, dy] = [x - keypoints[3 * j], y - keypoints[3 * j + 1]];
      return keypointSimilarity(dx * dx + dy * dy, sigmas[k], area);
    };
    const own = similarity(person, k);
    const inverted = mirrored === k ? -1 : similarity(person, mirrored);
    const swapped = Math.max(
      -1,
      ...others.flatMap((other) => [similarity(other, k), similarity(other, mirrored)]),
    );
    const nearest = Math.max(own, inverted, swapped);
    const at = (ks: number) => [trueX + distanceOf(ks, sigmas[k], person.area), trueY] as const;
    if (nearest < NEAR) return { fate: "miss", mended: at(NEAR) };
    if (own === nearest) {
      return own >= GOOD ? { fate: "good", mended: [x, y] } : { fate: "jitter", mended: at(GOOD) };
    }
    return { fate: inverted === nearest ? "inversion" : "swap", mended: at(nearest) };
  });
}

/**
 * The distance in pixels that has a keypoint similarity: {@linkcode keypointSimilarity} the other way round. A little
 * less, so that rounding does not decide whether an OKS threshold of the same value is passed.
 */
function distanceOf(similarity: number, sigma: number, area: number): number {
  return Math.sqrt(-2 * Math.log(similarity) * area) * 2 * sigma * (1 - 1e-9);
}

/** A found person without errors of one kind. */
function withMended(
  result: CocoResult,
  judgements: readonly (Judgement | null)[],
  error: KeypointFate,
): CocoResult {
  const keypoints = result.keypoints.slice();
  judgements.forEach((judgement, k) => {
    if (judgement?.fate === error) keypoints.splice(3 * k, 2, ...judgement.mended);
  });
  return { ...result, keypoints };
}

function count(judgements: readonly (Judgement | null)[]): FateCounts {
  const counts = { good: 0, jitter: 0, inversion: 0, swap: 0, miss: 0 };
  for (const judgement of judgements) if (judgement) counts[judgement.fate]++;
  return counts;
}
