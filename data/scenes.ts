/**
 * Synthetic scenes as a source of samples, endless or of a fixed number, of people as poses and as masks.
 *
 * @module
 */
import type { AnnotatedInstance } from "../instance/instance.ts";
import type { DescribedSource, Sample } from "./sample.ts";
import { type Scene, type SceneOptions, syntheticScene } from "./synthetic/scene.ts";

/** The classes of the instances in scenes: people only. */
export const SCENE_CLASSES: readonly string[] = ["person"];

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
    const scene = syntheticScene({ ...scenes, index });
    const { image, people } = scene;
    const fileName = `scene ${scenes.seed}/${index}`;
    return { id: index, fileName, image, people, instances: sceneInstances(scene) };
  };
  sample(0); // wrong options are noticed here, not in the middle of a run
  return { length, sample, description: { kind: "scenes", settings: options } };
}

/**
 * The people of a scene pixel by pixel: instance p is `scene.people[p]`, of class 0 of {@linkcode SCENE_CLASSES}.
 * Each pixel belongs to one person at most, the nearest.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { sceneInstances, syntheticScene } from "ae/data";
 *
 * const scene = syntheticScene({ seed: 1, index: 0, size: 64, people: [2, 2] });
 * for (const { mask, area } of sceneInstances(scene)) {
 *   assert.equal(mask.data.reduce((sum, inside) => sum + inside, 0), area);
 * }
 * ```
 */
export function sceneInstances({ labels, people }: Scene): AnnotatedInstance[] {
  const [height, width] = labels.shape;
  const masks = people.map(() => new Uint8Array(labels.data.length));
  for (let i = 0; i < labels.data.length; i++) { // 0 is nobody
    if (labels.data[i] > 0) masks[labels.data[i] - 1][i] = 1;
  }
  return people.map(({ box, area, crowd }, p) => {
    return { classIndex: 0, mask: { width, height, data: masks[p] }, box, area, crowd };
  });
}
