/** Tracks: the words that tracking's data, decoders, metrics and pictures share. @module */
export * from "./mot_records.ts";
export * from "./pose_track_records.ts";
export * from "./track.ts";
