/**
 * CrowdPose's evaluation: COCO's figures on 14 keypoints, and AP on easy, medium and hard images apart.
 *
 *     crowdIndex   0 -- easy -- 0.2 ---- medium ---- 0.8 -- hard -- 1        0.2 is medium, 0.8 is hard
 *
 * The paper draws the line of easy images at 0.1, its code at 0.2; tables of later papers come from the code.
 *
 * | case                                  | crowdposetools                   | here                          |
 * | ------------------------------------- | -------------------------------- | ----------------------------- |
 * | easy, medium, hard                    | rounded to four places           | as they are                   |
 * | no image of a kind, or nobody in them | mean of -1                       | -1                            |
 * | found people whose third numbers are all 0 | left out (xtcocotools)      | counted                       |
 * | a person's area                       | 0.53 of the box                  | the same, `checkCrowdPoseTruth` |
 *
 * Li et al., "CrowdPose" (CVPR 2019), arXiv:1812.00324; crowdposetools and xtcocotools, `cocoeval.py`.
 *
 * @module
 */
import type { CocoResult } from "../pose/coco_records.ts";
import type { CrowdPoseTruth } from "../pose/crowdpose_records.ts";
import { CROWDPOSE } from "../pose/skeletons.ts";
import {
  evaluateKeypoints,
  type EvaluationOptions,
  type KeypointEvaluation,
} from "./coco_keypoints.ts";

/** Crowd indices from which images are medium, and hard: crowdposetools, `get_type_result`. */
const [MEDIUM, HARD] = [0.2, 0.8];

/** The nine figures, 0 to 1; -1 where there is nobody to find. In CrowdPose's order. */
export interface CrowdPoseStatistics {
  /** Average precision, mean over the ten OKS thresholds. */
  readonly AP: number;
  /** Average precision at OKS 0.50. */
  readonly AP50: number;
  /** Average precision at OKS 0.75. */
  readonly AP75: number;
  /** Average recall, mean over the ten thresholds. */
  readonly AR: number;
  /** Recall at OKS 0.50. */
  readonly AR50: number;
  /** Recall at OKS 0.75. */
  readonly AR75: number;
  /** AP over images of a crowd index below 0.2. */
  readonly AP_easy: number;
  /** AP over images from 0.2 to below 0.8. */
  readonly AP_medium: number;
  /** AP over images from 0.8 on. */
  readonly AP_hard: number;
}

/** All that the evaluation finds out. */
export interface CrowdPoseEvaluation {
  /** The nine figures. */
  readonly statistics: CrowdPoseStatistics;
  /** COCO's evaluation of the same people. */
  readonly evaluation: KeypointEvaluation;
}

/**
 * Evaluate found people against CrowdPose's.
 *
 * @param truth From `checkCrowdPoseTruth`, which gives people their areas.
 * @param results Found people, in the form of a COCO results file of 14 keypoints.
 * @throws {InputError} As {@linkcode evaluateKeypoints}.
 * @throws {RangeError} As {@linkcode evaluateKeypoints}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkCrowdPoseTruth, evaluateCrowdPose } from "ae";
 *
 * const keypoints = Array.from({ length: 14 }, (_, k) => [10 + k, 20 + 3 * k, 2]).flat();
 * const record = { image_id: 1, category_id: 1, keypoints };
 * const truth = checkCrowdPoseTruth({
 *   images: [{ id: 1, crowdIndex: 0.9 }],
 *   annotations: [{ ...record, id: 1, bbox: [0, 0, 50, 80] }],
 * }, "crowd.json");
 * const { statistics } = evaluateCrowdPose(truth, [{ ...record, score: 1 }]);
 * assert.ok(Math.abs(statistics.AP_hard - 1) < 1e-12);
 * assert.equal(statistics.AP_easy, -1); // there are no easy images
 * ```
 */
export function evaluateCrowdPose(
  truth: CrowdPoseTruth,
  results: readonly CocoResult[],
  options: Omit<EvaluationOptions, "skeleton"> = {},
): CrowdPoseEvaluation {
  const all = { ...options, skeleton: CROWDPOSE };
  const evaluation = evaluateKeypoints(truth, results, all);
  const asked = new Set(options.imageIds ?? truth.images.map(({ id }) => id));
  const apOf = (least: number, below: number) => {
    const imageIds = truth.images.flatMap(({ id, crowdIndex }) =>
      asked.has(id) && crowdIndex >= least && crowdIndex < below ? [id] : []
    );
    if (imageIds.length === 0) return -1;
    return evaluateKeypoints(truth, results, { ...all, imageIds }).statistics.AP;
  };
  const { AP, AP50, AP75, AR, AR50, AR75 } = evaluation.statistics;
  return {
    statistics: {
      AP,
      AP50,
      AP75,
      AR,
      AR50,
      AR75,
      AP_easy: apOf(-Infinity, MEDIUM),
      AP_medium: apOf(MEDIUM, HARD),
      AP_hard: apOf(HARD, Infinity),
    },
    evaluation,
  };
}
