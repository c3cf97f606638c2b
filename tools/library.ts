/**
 * The folders of the library, in the order in which one would read them: their examples are run, their imports point one
 * way, and the book has a reference of each. Imports nothing, so that the gate can read it before anything is downloaded.
 *
 * @module
 */

/** All of them. */
export const LIBRARY: readonly string[] = [
  "core",
  "ops",
  "nn",
  "models",
  "losses",
  "optim",
  "pose",
  "instance",
  "track",
  "image",
  "decoders",
  "data",
  "metrics",
  "display",
  "jupyter",
  "io",
];

/** The modules that users import. */
export const ENTRY_POINTS: readonly string[] = ["mod.ts", "data/mod.ts"];
