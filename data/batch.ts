/**
 * Several samples as the five arrays that a training step takes. Everything has a fixed shape, whatever is
 * in the pictures: people are put into P slots, and 0 and 1 say which of them are used. Instances make the same
 * arrays: then C classes stand for the K keypoints of the maps, and S pixels for those of a slot.
 *
 * @module
 */
import { type HostArray, hostArray } from "../core/host_array.ts";
import { COCO, type Skeleton } from "../pose/skeleton.ts";
import { type Augmentation, prepareSample, showMask, wholePicture } from "./augment.ts";
import {
  checkInstanceLearning,
  type InstanceLearning,
  instanceTargets,
  PIXELS,
} from "./instance_targets.ts";
import { heatmapTargets, type TagTargets, tagTargets, type TargetPerson } from "./targets.ts";
import type { Sample } from "./sample.ts";

/** What a training step takes. N images, K keypoints, P person slots, heatmaps of h x w. */
export interface Batch {
  /** `[N, 3, H, W]`: red, green, blue in [0, 1], without any further normalisation. */
  readonly images: HostArray;
  /** `[N, K, h, w]`: the target heatmaps, 0 to 1. */
  readonly heatmaps: HostArray;
  /** `[N, 1, h, w]`: 1 where the heatmap loss counts, 0 in crowds, void pixels and outside the picture. */
  readonly mask: HostArray;
  /** `[N, P, K]`: where to read tags, `(k h + y) w + x` in heatmap pixels, 0 where nothing is annotated. */
  readonly index: HostArray<Int32Array<ArrayBuffer>>;
  /** `[N, P, K]`: 1 where `index` holds a place, else 0. */
  readonly visible: HostArray;
}

/** Sizes of a batch. */
export interface BatchOptions {
  /** Side H = W of the network's input in pixels. */
  readonly inputSize: number;
  /** Input pixels per heatmap pixel: 4 in the authors' network. */
  readonly stride: number;
  /** P, room for so many people or instances in an image. @default {30} */
  readonly slots?: number;
  /** Standard deviation of a keypoint's mark in heatmap pixels. @default {the larger of 1 and h / 64} */
  readonly sigmaPixels?: number;
  /** Whose keypoints they are. @default {COCO} */
  readonly skeleton?: Skeleton;
  /** Learn instances pixel by pixel, of these classes, in place of people's keypoints. */
  readonly instances?: InstanceLearning;
}

/**
 * Put samples together.
 *
 * People or instances beyond the `slots` stand in the heatmaps but not in `index`; {@linkcode BatchStream} counts them.
 *
 * @param samples N of them, at least one.
 * @param options Sizes.
 * @param augmentations How to show each sample; the whole picture, as it is, when not given.
 * @throws {RangeError} If there is no sample, `stride` does not divide `inputSize`, or a size is not a whole
 * number of 1 or more; if instances are asked for and a sample has no list of them, or one of no class of the list.
 * @throws {ShapeError} If a person has another number of keypoints than the skeleton, or a mask is not of the picture's
 * size.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { rgbImage } from "ae";
 * import { makeBatch } from "ae/data";
 *
 * const sample = { id: 1, fileName: "grey.png", image: rgbImage(64, 64), people: [] };
 * const batch = makeBatch([sample, sample], { inputSize: 64, stride: 4 });
 * assert.deepEqual(batch.images.shape, [2, 3, 64, 64]);
 * assert.deepEqual(batch.heatmaps.shape, [2, 17, 16, 16]);
 * assert.deepEqual(batch.index.shape, [2, 30, 17]);
 * ```
 */
export function makeBatch(
  samples: readonly Sample[],
  options: BatchOptions,
  augmentations?: readonly Augmentation[],
): Batch {
  const { inputSize, stride, slots = 30, skeleton = COCO, instances } = options;
  checkBatchSizes("makeBatch", options);
  if (samples.length === 0) throw new RangeError("makeBatch: there are no samples");
  if (augmentations && augmentations.length !== samples.length) {
    throw new RangeError(
      `makeBatch: ${augmentations.length} augmentations for ${samples.length} samples`,
    );
  }
  const N = samples.length;
  const K = instances ? instances.classes.length : skeleton.keypoints.length;
  const S = instances ? instances.pixels ?? PIXELS : K; // columns of a slot
  const heatmapSize = inputSize / stride;
  const images = hostArray([N, 3, inputSize, inputSize]);
  const heatmaps = hostArray([N, K, heatmapSize, heatmapSize]);
  const mask = hostArray([N, 1, heatmapSize, heatmapSize]);
  const index = { shape: [N, slots, S], data: new Int32Array(N * slots * S) };
  const visible = hostArray([N, slots, S]);
  samples.forEach((sample, n) => {
    const shown = augmentations?.[n] ?? wholePicture(sample.image);
    const { people } = prepareSample(
      sample,
      shown,
      { inputSize, heatmapSize, skeleton },
      { image: part(images, n, N), mask: part(mask, n, N) },
    );
    const into = { heatmaps: part(heatmaps, n, N), mask: part(mask, n, N) };
    const tags = instances
      ? learnInstances(sample, shown, { ...options, instances }, into)
      : learnPeople(people, options, into.heatmaps);
    index.data.set(tags.index.data, n * slots * S);
    visible.data.set(tags.visible.data, n * slots * S);
  });
  return { images, heatmaps, mask, index, visible };
}

/** Draw people's heatmaps; where to read their tags. */
function learnPeople(
  people: readonly TargetPerson[],
  { inputSize, stride, slots, sigmaPixels, skeleton = COCO }: BatchOptions,
  heatmaps: Float32Array<ArrayBuffer>,
): TagTargets {
  const side = inputSize / stride;
  const maps = { keypoints: skeleton.keypoints.length, height: side, width: side };
  heatmapTargets(people, { ...maps, sigmaPixels }, heatmaps);
  return tagTargets(people, { ...maps, slots });
}

/** Fill the classes' maps, take what is not to be learnt out of the mask; where to read tags. */
function learnInstances(
  { fileName, instances }: Sample,
  shown: Augmentation,
  { inputSize, stride, slots, instances: learning }:
    & BatchOptions
    & Required<Pick<BatchOptions, "instances">>,
  into: { readonly heatmaps: Float32Array; readonly mask: Float32Array },
): TagTargets {
  if (!instances) {
    throw new RangeError(
      `makeBatch: ${fileName} comes without instances\n  help: its source knows no masks; take another`,
    );
  }
  const seen = instances.map(({ classIndex, mask, crowd }) => ({
    classIndex,
    mask: showMask(mask, shown, inputSize),
    crowd,
  }));
  const { seed } = shown;
  const targets = instanceTargets(seen, { ...learning, inputSize, stride, slots, seed });
  into.heatmaps.set(targets.heatmaps.data);
  targets.mask.data.forEach((counts, i) => into.mask[i] *= counts);
  return targets;
}

/** The numbers of image n. */
function part({ data }: HostArray, n: number, N: number): Float32Array<ArrayBuffer> {
  const size = data.length / N;
  return data.subarray(n * size, (n + 1) * size);
}

/** Refuse sizes that make no batch; `op` names the caller. */
export function checkBatchSizes(op: string, options: BatchOptions): void {
  const { inputSize, stride, slots = 30, instances } = options;
  for (const [name, size] of Object.entries({ inputSize, stride, slots })) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`${op}: ${name} must be a whole number, 1 or more, not ${size}`);
    }
  }
  if (inputSize % stride !== 0) {
    throw new RangeError(`${op}: inputSize ${inputSize} cannot be divided by stride ${stride}`);
  }
  if (instances) checkInstanceLearning(op, instances);
}
