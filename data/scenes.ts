/**
 * Synthetic scenes as a source of samples, endless or of a fixed number.
 *
 * @module
 */
import type { DescribedSource, Sample } from "./sample.ts";
import { type SceneOptions, syntheticScene } from "./synthetic/scene.ts";

/** Which scenes: those of one series, from the first on. */
export interface SceneSourceOptions extends Omit<SceneOptions, "index"> {
  /** How many; 1 or more. @default {Infinity} */
  readonly length?: number;
}

/**
 * The scenes of one series: sample i is `syntheticScene({ ...options, index: i })`, made when it is asked for.
 * Nobody is left unannotated in a scene, so there is no ignore mask.
 *
 * @param options Series, size and people of the scenes.
 * @throws {RangeError} If `length` is not a whole number of 1 or more, or an option of the scenes is wrong.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { batches, sceneSource } from "ae/data";
 *
 * const scenes = sceneSource({ seed: 1, size: 64 });
 * for await (const batch of batches(scenes, { batchSize: 2, inputSize: 64, stride: 2, steps: 1 })) {
 *   assert.deepEqual(batch.heatmaps.shape, [2, 17, 32, 32]);
 * }
 * ```
 */
export function sceneSource(options: SceneSourceOptions): DescribedSource {
  const { length = Infinity, ...scenes } = options;
  if (length !== Infinity && !(Number.isInteger(length) && length >= 1)) {
    throw new RangeError(`sceneSource: length must be a whole number, 1 or more, not ${length}`);
  }
  const sample = (index: number): Sample => {
    const { image, people } = syntheticScene({ ...scenes, index });
    return { id: index, fileName: `scene ${scenes.seed}/${index}`, image, people };
  };
  sample(0); // wrong options are noticed here, not in the middle of a run
  return { length, sample, description: { kind: "scenes", settings: options } };
}
