/**
 * How good are the people, masks and boxes that were found? Figures of COCO, MPII, CrowdPose and VOC, and what went wrong.
 *
 * @module
 */
export {
  averagePrecision,
  OUTCOME,
  type PrecisionRecall,
  precisionRecall,
  RECALL_GRID,
  vocAveragePrecision,
  type VocRule,
} from "./average_precision.ts";
export * from "./coco_instances.ts";
export * from "./coco_keypoints.ts";
export * from "./crowdpose.ts";
export * from "./error_analysis.ts";
export * from "./grouping.ts";
export { matchDetections, type MatchTruth } from "./matching.ts";
export * from "./mpii.ts";
export { keypointSimilarity, oks, type OksTruth } from "./oks.ts";
export * from "./regions.ts";
