/** Instances: the words that segmentation's data, decoders, metrics and pictures share. @module */
export * from "./coco_records.ts";
export * from "./instance.ts";
