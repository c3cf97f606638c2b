/** Instances: the words that segmentation's data, decoders, metrics and pictures share. @module */
export * from "./instance.ts";
