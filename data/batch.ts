/**
 * Several samples as the five arrays that a training step takes. Everything has a fixed shape, whatever is
 * in the pictures: people are put into P slots, and 0 and 1 say which of them are used.
 *
 * @module
 */
import { type HostArray, hostArray } from "../core/host_array.ts";
import { COCO, type Skeleton } from "../pose/skeleton.ts";
import { type Augmentation, prepareSample, wholePicture } from "./augment.ts";
import { heatmapTargets, tagTargets } from "./targets.ts";
import type { Sample } from "./sample.ts";

/** What a training step takes. N images, K keypoints, P person slots, heatmaps of h x w. */
export interface Batch {
  /** `[N, 3, H, W]`: red, green, blue in [0, 1], without any further normalisation. */
  readonly images: HostArray;
  /** `[N, K, h, w]`: the target heatmaps, 0 to 1. */
  readonly heatmaps: HostArray;
  /** `[N, 1, h, w]`: 1 where the heatmap loss counts, 0 in crowds and outside the picture. */
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
  /** P, room for so many people in an image. @default {30} */
  readonly slots?: number;
  /** Standard deviation of a keypoint's mark in heatmap pixels. @default {the larger of 1 and h / 64} */
  readonly sigmaPixels?: number;
  /** Whose keypoints they are. @default {COCO} */
  readonly skeleton?: Skeleton;
}

/**
 * Put samples together.
 *
 * People beyond the `slots` stand in the heatmaps but not in `index`; {@linkcode BatchStream} counts them.
 *
 * @param samples N of them, at least one.
 * @param options Sizes.
 * @param augmentations How to show each sample; the whole picture, as it is, when not given.
 * @throws {RangeError} If there is no sample, `stride` does not divide `inputSize`, or a size is not a whole
 * number of 1 or more.
 * @throws {ShapeError} If a person has another number of keypoints than the skeleton.
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
  const { inputSize, stride, slots = 30, sigmaPixels, skeleton = COCO } = options;
  checkBatchSizes("makeBatch", options);
  if (samples.length === 0) throw new RangeError("makeBatch: there are no samples");
  if (augmentations && augmentations.length !== samples.length) {
    throw new RangeError(
      `makeBatch: ${augmentations.length} augmentations for ${samples.length} samples`,
    );
  }
  const N = samples.length;
  const K = skeleton.keypoints.length;
  const heatmapSize = inputSize / stride;
  const images = hostArray([N, 3, inputSize, inputSize]);
  const heatmaps = hostArray([N, K, heatmapSize, heatmapSize]);
  const mask = hostArray([N, 1, heatmapSize, heatmapSize]);
  const index = { shape: [N, slots, K], data: new Int32Array(N * slots * K) };
  const visible = hostArray([N, slots, K]);
  samples.forEach((sample, n) => {
    const { people } = prepareSample(
      sample,
      augmentations?.[n] ?? wholePicture(sample.image),
      { inputSize, heatmapSize, skeleton },
      { image: part(images, n, N), mask: part(mask, n, N) },
    );
    const maps = { keypoints: K, height: heatmapSize, width: heatmapSize };
    heatmapTargets(people, { ...maps, sigmaPixels }, part(heatmaps, n, N));
    const tags = tagTargets(people, { ...maps, slots });
    index.data.set(tags.index.data, n * slots * K);
    visible.data.set(tags.visible.data, n * slots * K);
  });
  return { images, heatmaps, mask, index, visible };
}

/** The numbers of image n. */
function part({ data }: HostArray, n: number, N: number): Float32Array<ArrayBuffer> {
  const size = data.length / N;
  return data.subarray(n * size, (n + 1) * size);
}

/** Refuse sizes that make no batch; `op` names the caller. */
export function checkBatchSizes(op: string, { inputSize, stride, slots = 30 }: BatchOptions): void {
  for (const [name, size] of Object.entries({ inputSize, stride, slots })) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`${op}: ${name} must be a whole number, 1 or more, not ${size}`);
    }
  }
  if (inputSize % stride !== 0) {
    throw new RangeError(`${op}: inputSize ${inputSize} cannot be divided by stride ${stride}`);
  }
}
