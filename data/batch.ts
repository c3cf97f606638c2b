/**
 * Several samples as the five arrays that a training step takes. Everything has a fixed shape, whatever is
 * in the pictures: people are put into P slots, and 0 and 1 say which of them are used.
 *
 * T samples one after another may be the frames of a clip. Then the slots are the clip's: one identity has the
 * same slot in all frames, whose K keypoints stand side by side in its row,
 *
 *     index[c, p, t K + k] = ((t K + k) h + y) w + x        keypoint k of identity p in frame t of clip c
 *
 * as temporalTagLoss() reads them; T = 1 is an ordinary picture.
 *
 * @module
 */
import { type HostArray, hostArray } from "../core/host_array.ts";
import { COCO, type Skeleton } from "../pose/skeleton.ts";
import { type Augmentation, prepareSample, wholePicture } from "./augment.ts";
import { heatmapTargets, tagTargets } from "./targets.ts";
import { labelledPeople, type Sample } from "./sample.ts";

/** What a training step takes. N images, K keypoints, P person slots, heatmaps of h x w, clips of T frames. */
export interface Batch {
  /** `[N, 3, H, W]`: red, green, blue in [0, 1], without any further normalisation. */
  readonly images: HostArray;
  /** `[N, K, h, w]`: the target heatmaps, 0 to 1. */
  readonly heatmaps: HostArray;
  /** `[N, 1, h, w]`: 1 where the heatmap loss counts, 0 in crowds and outside the picture. */
  readonly mask: HostArray;
  /** `[N / T, P, T K]`: where to read tags, `(k h + y) w + x` in heatmap pixels for T = 1; 0 where nothing is annotated. */
  readonly index: HostArray<Int32Array<ArrayBuffer>>;
  /** `[N / T, P, T K]`: 1 where `index` holds a place, else 0. */
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
  /** T: so many samples, one after another, are frames of one video. @default {1} */
  readonly framesPerClip?: number;
}

/**
 * Put samples together.
 *
 * People beyond the `slots` stand in the heatmaps but not in `index`; {@linkcode BatchStream} counts them.
 *
 * @param samples N of them, at least one.
 * @param options Sizes.
 * @param augmentations How to show each sample; the whole picture, as it is, when not given.
 * @throws {RangeError} If there is no sample, `stride` does not divide `inputSize`, a size is not a whole number
 * of 1 or more, or `framesPerClip` samples in a row are not frames of one video.
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
  const clips = clipsOf(samples, options);
  const N = samples.length, T = N / clips.length;
  const K = skeleton.keypoints.length;
  const heatmapSize = inputSize / stride;
  const images = hostArray([N, 3, inputSize, inputSize]);
  const heatmaps = hostArray([N, K, heatmapSize, heatmapSize]);
  const mask = hostArray([N, 1, heatmapSize, heatmapSize]);
  const index = { shape: [N / T, slots, T * K], data: new Int32Array(N * slots * K) };
  const visible = hostArray([N / T, slots, T * K]);
  const maps = { keypoints: K, height: heatmapSize, width: heatmapSize };
  clips.forEach((clip, c) => {
    const identities = identitiesOf(clip);
    clip.forEach((sample, t) => {
      const n = c * T + t;
      const { people } = prepareSample(
        sample,
        augmentations?.[n] ?? wholePicture(sample.image),
        { inputSize, heatmapSize, skeleton },
        { image: part(images, n, N), mask: part(mask, n, N) },
      );
      heatmapTargets(people, { ...maps, sigmaPixels }, part(heatmaps, n, N));
      const tags = tagTargets(people, { ...maps, slots: Math.max(1, people.length) });
      identitiesIn(sample).forEach((identity, p) => {
        const slot = identities.indexOf(identity);
        if (slot >= slots) return;
        const to = ((c * slots + slot) * T + t) * K;
        for (let k = 0; k < K; k++) {
          if (tags.visible.data[p * K + k] === 0) continue;
          index.data[to + k] = tags.index.data[p * K + k] + t * K * heatmapSize ** 2;
          visible.data[to + k] = 1;
        }
      });
    });
  });
  return { images, heatmaps, mask, index, visible };
}

/** How many people of a batch have no slot, summed over clips. */
export function droppedPeople(samples: readonly Sample[], options: BatchOptions): number {
  const { slots = 30 } = options;
  return clipsOf(samples, options).reduce(
    (sum, clip) => sum + Math.max(0, identitiesOf(clip).length - slots),
    0,
  );
}

/** The samples in clips of T; a picture that stands alone is a clip of one. */
function clipsOf(samples: readonly Sample[], { framesPerClip: T = 1 }: BatchOptions): Sample[][] {
  if (samples.length % T !== 0) {
    throw new RangeError(`makeBatch: ${samples.length} samples are no whole clips of ${T} frames`);
  }
  const clips = Array.from(
    { length: samples.length / T },
    (_, c) => samples.slice(c * T, (c + 1) * T),
  );
  for (const clip of T > 1 ? clips : []) {
    const stranger = clip.find(({ video }) => !video || video.name !== clip[0].video?.name);
    if (!stranger) continue;
    throw new RangeError(
      `makeBatch: ${stranger.fileName} is not of the same video as ${clip[0].fileName}\n` +
        "  help: clips need a source that gives the frames of each one after another (clipSource), unshuffled",
    );
  }
  return clips;
}

/** Who the people are that can be learnt from, in their order: their places in a picture that stands alone. */
function identitiesIn({ people, video }: Sample): number[] {
  const labelled = labelledPeople(people);
  return labelled.map((person, p) => video ? video.identities[people.indexOf(person)] : p);
}

/** Everybody in a clip, in the order of appearance: the place is the slot. */
function identitiesOf(clip: readonly Sample[]): number[] {
  return [...new Set(clip.flatMap(identitiesIn))];
}

/** The numbers of image n. */
function part({ data }: HostArray, n: number, N: number): Float32Array<ArrayBuffer> {
  const size = data.length / N;
  return data.subarray(n * size, (n + 1) * size);
}

/** Refuse sizes that make no batch; `op` names the caller. */
export function checkBatchSizes(op: string, options: BatchOptions): void {
  const { inputSize, stride, slots = 30, framesPerClip = 1 } = options;
  for (const [name, size] of Object.entries({ inputSize, stride, slots, framesPerClip })) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`${op}: ${name} must be a whole number, 1 or more, not ${size}`);
    }
  }
  if (inputSize % stride !== 0) {
    throw new RangeError(`${op}: inputSize ${inputSize} cannot be divided by stride ${stride}`);
  }
}
