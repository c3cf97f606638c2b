/**
 * How good are the people, masks, boxes and tracks that were found? Figures of COCO, MPII, CrowdPose, VOC and tracking,
 * and what went wrong.
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
export * from "./clear_mot.ts";
export * from "./coco_instances.ts";
export * from "./coco_keypoints.ts";
export * from "./crowdpose.ts";
export * from "./error_analysis.ts";
export * from "./grouping.ts";
export * from "./hota.ts";
export * from "./identity.ts";
export { matchDetections, type MatchTruth } from "./matching.ts";
export * from "./mot_challenge.ts";
export * from "./mpii.ts";
export { oks, type OksTruth } from "./oks.ts";
export * from "./pose_track.ts";
export * from "./regions.ts";
export * from "./tracking.ts";
export {
  boxSimilarity,
  poseSimilarity,
  type TrackingFrame,
  trackingFrames,
} from "./tracking_frame.ts";
