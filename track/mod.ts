/** Tracks: the words that tracking's data, decoders, metrics and pictures share. @module */
export * from "./track.ts";
