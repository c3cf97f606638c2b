/** Skeletons and people: the words that data, decoders, metrics and display share. @module */
export {
  checkCocoResults,
  checkCocoTruth,
  type CocoAnnotation,
  type CocoImage,
  type CocoRecordOptions,
  type CocoResult,
  type CocoTruth,
} from "./coco_records.ts";
export {
  checkCrowdPoseTruth,
  type CrowdPoseImage,
  type CrowdPoseTruth,
} from "./crowdpose_records.ts";
export * from "./mpii_records.ts";
export * from "./keypoint_similarity.ts";
export * from "./person.ts";
export * from "./skeleton.ts";
export * from "./skeleton_record.ts";
export * from "./skeletons.ts";
