/** How good are the people that were found? COCO's keypoint figures and grouping accuracy. @module */
export {
  averagePrecision,
  OUTCOME,
  type PrecisionRecall,
  precisionRecall,
  RECALL_GRID,
} from "./average_precision.ts";
export * from "./coco_keypoints.ts";
export * from "./grouping.ts";
export { matchDetections, type MatchTruth } from "./matching.ts";
export { keypointSimilarity, oks, type OksTruth } from "./oks.ts";
