/** Skeletons and people: the words that data, decoders, metrics and display share. @module */
export * from "./person.ts";
export * from "./skeleton.ts";
