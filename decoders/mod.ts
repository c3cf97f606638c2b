/**
 * From heatmaps and tags to people, on the CPU: {@linkcode decodePoses} and the steps it is made of.
 *
 * @module
 */
export { assignMinimumCost } from "./assign.ts";
export { assignAsAuthors } from "./assign_as_authors.ts";
export { type CocoResultOptions, toCocoResults } from "./coco_results.ts";
export {
  averageHeatmaps,
  type CombinedMaps,
  combineFlipped,
  type CombineOptions,
  combineScales,
  concatTags,
  mirrorMaps,
  type PoseMaps,
  resizeMaps,
  type ScaleMaps,
} from "./combine.ts";
export {
  decodeBatch,
  type DecodeBatchOptions,
  type DecodeOptions,
  decodePoses,
  finishPeople,
} from "./decode_poses.ts";
export { withoutDuplicates } from "./duplicates.ts";
export { type DecoderName, DECODERS, type Flavour } from "./flavours.ts";
export { AUTHORS_GROUPING, groupByTag, type GroupOptions, personScore } from "./group_by_tag.ts";
export { type HeatmapFrame, toImagePixels } from "./image_frame.ts";
export {
  decodeInstances,
  type InstanceFrame,
  type InstanceOptions,
  mergeInstances,
} from "./instances.ts";
export { groupKnownKeypoints, type KnownKeypointOptions } from "./known_keypoints.ts";
export { findPeaks, localMaxima, type Peak, type PeakOptions } from "./peaks.ts";
export {
  type AdjustOptions,
  adjustPerson,
  adjustPlace,
  fillMissing,
  type FillOptions,
  fillPerson,
  type FillPlace,
  type Neighbours,
} from "./refine.ts";
export { retagPeople } from "./retag_people.ts";
export { personCrop, readPerson, refinePerson, type RefinePersonOptions } from "./single_person.ts";
export {
  type TagBin,
  tagHistogram,
  type TagMode,
  type TagModeOptions,
  tagModes,
} from "./tag_modes.ts";
export {
  poseOverlap,
  trackable,
  type TrackablePerson,
  trackPeople,
  type TrackPeopleOptions,
} from "./track_people.ts";
export { type Trackable, Tracker, type TrackerOptions } from "./tracker.ts";
