/**
 * Pictures with people, and batches made of them: COCO photographs, synthetic scenes, augmentation,
 * targets.
 *
 * @module
 */
export * from "./ahead.ts";
export * from "./augment.ts";
export { type Batch, type BatchOptions, makeBatch } from "./batch.ts";
export * from "./coco.ts";
export * from "./colours.ts";
export {
  batches,
  BatchStream,
  type BrokenSample,
  type LoaderOptions,
  type StreamPosition,
} from "./loader.ts";
export * from "./random.ts";
export * from "./sample.ts";
export * from "./scenes.ts";
export * from "./single_person.ts";
export * from "./targets.ts";
export * from "./synthetic/mod.ts";
