/**
 * Pictures with people and things, and batches made of them: photographs of COCO, MPII, CrowdPose and VOC, synthetic scenes,
 * augmentation, targets.
 *
 * @module
 */
export * from "./ahead.ts";
export * from "./augment.ts";
export { type Batch, type BatchOptions, type MadeBatch, makeBatch } from "./batch.ts";
export * from "./clips.ts";
export {
  CocoDataset,
  type CocoOptions,
  crowdPoseRecords,
  type IgnoreRegion,
  loadCoco,
  loadCrowdPose,
  personCategory,
  type PhotoRecord,
  photoRecords,
  posesFromCoco,
} from "./coco.ts";
export * from "./coco_instances.ts";
export * from "./colours.ts";
export {
  batches,
  BatchStream,
  type BrokenSample,
  type LoaderOptions,
  type StreamPosition,
} from "./loader.ts";
export {
  type InstanceLearning,
  type InstanceTargetOptions,
  type InstanceTargets,
  instanceTargets,
  type TargetInstance,
} from "./instance_targets.ts";
export * from "./mpii.ts";
export * from "./random.ts";
export * from "./sample.ts";
export * from "./scenes.ts";
export * from "./single_person.ts";
export * from "./targets.ts";
export * from "./voc.ts";
export * from "./synthetic/mod.ts";
