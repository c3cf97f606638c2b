/**
 * Several samples as the arrays that a training step takes. Everything has a fixed shape, whatever is
 * in the pictures: people are put into P slots, and 0 and 1 say which of them are used. Instances make the same
 * arrays: then C classes stand for the K keypoints of the maps, and S pixels for those of a slot.
 *
 * T samples one after another may be the frames of a clip. Then the slots are the clip's: one identity has the
 * same slot in all frames, whose K keypoints stand side by side in its row,
 *
 *     index[c, p, t K + k] = ((t K + k) h + y) w + x        keypoint k of identity p in frame t of clip c
 *
 * as temporalTagLoss() reads them; T = 1 is an ordinary picture.
 *
 * A network with heatmaps of two sizes learns from two more arrays, heatmaps and mask of the finer size. Marks are as
 * many pixels wide in both, as HigherHRNet's authors have it (their `lib/dataset/target_generators`, SIGMA of the
 * experiments).
 *
 * @module
 */
import { type HostArray, hostArray } from "../core/host_array.ts";
import { COCO, type Skeleton } from "../pose/skeleton.ts";
import {
  type Augmentation,
  prepareSample,
  prepareTargets,
  showMask,
  wholePicture,
} from "./augment.ts";
import {
  checkInstanceLearning,
  type InstanceLearning,
  type InstanceTargets,
  instanceTargets,
  PIXELS,
} from "./instance_targets.ts";
import { heatmapTargets, tagTargets, type TargetPerson, usualSigmaPixels } from "./targets.ts";
import { labelledPeople, type Sample } from "./sample.ts";

/** What a training step takes. N images, K keypoints, P person slots, heatmaps of h x w, clips of T frames. */
export interface Batch {
  /** `[N, 3, H, W]`: red, green, blue in [0, 1], without any further normalisation. */
  readonly images: HostArray;
  /** `[N, K, h, w]`: the target heatmaps, 0 to 1. */
  readonly heatmaps: HostArray;
  /** `[N, 1, h, w]`: 1 where the heatmap loss counts, 0 in crowds, void pixels and outside the picture. */
  readonly mask: HostArray;
  /** `[N / T, P, T K]`: where to read tags, `(k h + y) w + x` in heatmap pixels for T = 1; 0 where nothing is annotated. */
  readonly index: HostArray<Int32Array<ArrayBuffer>>;
  /** `[N / T, P, T K]`: 1 where `index` holds a place, else 0. */
  readonly visible: HostArray;
}

/** What {@linkcode makeBatch} makes: a batch, with a second set of maps if a `fineStride` asks for it. */
export interface MadeBatch extends Batch {
  /** `[N, K, f h, f w]`: the target heatmaps of the finer size, if there is one. */
  readonly fineHeatmaps?: HostArray;
  /** `[N, 1, f h, f w]`: where their loss counts. */
  readonly fineMask?: HostArray;
}

/** Sizes of a batch. */
export interface BatchOptions {
  /** Side H = W of the network's input in pixels. */
  readonly inputSize: number;
  /** Input pixels per heatmap pixel: 4 in the authors' network. */
  readonly stride: number;
  /**
   * Input pixels per pixel of a second set of heatmaps, for a network that has them: its `targetStrides`.
   * @default {no second set}
   */
  readonly fineStride?: number;
  /** P, room for so many people or instances in an image. @default {30} */
  readonly slots?: number;
  /** Standard deviation of a keypoint's mark in pixels of either set. @default {the larger of 1 and h / 64} */
  readonly sigmaPixels?: number;
  /** Whose keypoints they are. @default {COCO} */
  readonly skeleton?: Skeleton;
  /** T: so many samples, one after another, are frames of one video. @default {1} */
  readonly framesPerClip?: number;
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
 * @throws {RangeError} If there is no sample, a stride does not divide `inputSize`, a size is not a whole number of 1 or
 * more, or `framesPerClip` samples in a row are not frames of one video; if instances are asked for and a sample has no
 * list of them, or one of no class of the list.
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
): MadeBatch {
  const { inputSize, stride, fineStride, slots = 30, skeleton = COCO, instances } = options;
  checkBatchSizes("makeBatch", options);
  if (samples.length === 0) throw new RangeError("makeBatch: there are no samples");
  if (augmentations && augmentations.length !== samples.length) {
    throw new RangeError(
      `makeBatch: ${augmentations.length} augmentations for ${samples.length} samples`,
    );
  }
  const clips = clipsOf(samples, options);
  const N = samples.length, T = N / clips.length;
  const K = instances ? instances.classes.length : skeleton.keypoints.length;
  const S = instances ? instances.pixels ?? PIXELS : T * K; // columns of a slot
  const heatmapSize = inputSize / stride;
  const images = hostArray([N, 3, inputSize, inputSize]);
  const maps = emptyMaps(N, K, heatmapSize);
  const fine = fineStride === undefined
    ? undefined
    : { stride: fineStride, ...emptyMaps(N, K, inputSize / fineStride) };
  const index = { shape: [N / T, slots, S], data: new Int32Array(N / T * slots * S) };
  const visible = hostArray([N / T, slots, S]);
  clips.forEach((clip, c) => {
    const identities = identitiesOf(clip);
    clip.forEach((sample, t) => {
      const n = c * T + t;
      const shown = augmentations?.[n] ?? wholePicture(sample.image);
      const { people } = prepareSample(
        sample,
        shown,
        { inputSize, heatmapSize, skeleton },
        { image: part(images, n, N), mask: part(maps.mask, n, N) },
      );
      const partOf = (maps: Maps) => ({
        heatmaps: part(maps.heatmaps, n, N),
        mask: part(maps.mask, n, N),
      });
      const into: Part = {
        ...partOf(maps),
        index: part(index, c, N / T),
        visible: part(visible, c, N / T),
      };
      if (instances) learnInstances(sample, shown, { ...options, instances }, into);
      else learnPeople(people, slotsOf(sample, identities), { ...options, t, T }, into);
      if (fine) {
        learnFineHeatmaps(sample, shown, { ...options, fineStride: fine.stride }, partOf(fine));
      }
    });
  });
  return {
    ...{ images, ...maps, index, visible },
    ...(fine ? { fineHeatmaps: fine.heatmaps, fineMask: fine.mask } : {}),
  };
}

/** Heatmaps of N images and where their loss counts, `[N, K, side, side]` and `[N, 1, side, side]`. */
interface Maps {
  readonly heatmaps: HostArray;
  readonly mask: HostArray;
}

function emptyMaps(N: number, K: number, side: number): Maps {
  return { heatmaps: hostArray([N, K, side, side]), mask: hostArray([N, 1, side, side]) };
}

/** How many people, or instances, of a batch have no slot, summed over clips. */
export function droppedPeople(samples: readonly Sample[], options: BatchOptions): number {
  const { slots = 30 } = options;
  const learnt = options.instances
    ? samples.map(({ instances = [] }) => instances.filter(({ crowd }) => !crowd).length)
    : clipsOf(samples, options).map((clip) => identitiesOf(clip).length);
  return learnt.reduce((sum, count) => sum + Math.max(0, count - slots), 0);
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

/** The slot of everybody in a picture who can be learnt from. */
function slotsOf(sample: Sample, identities: readonly number[]): number[] {
  return identitiesIn(sample).map((identity) => identities.indexOf(identity));
}

/** Where one image's maps go. */
interface MapPart {
  readonly heatmaps: Float32Array<ArrayBuffer>;
  readonly mask: Float32Array<ArrayBuffer>;
}

/** Where one image's targets go; `index` and `visible` are its clip's. */
interface Part extends MapPart {
  readonly index: Int32Array<ArrayBuffer>;
  readonly visible: Float32Array<ArrayBuffer>;
}

/** Draw the heatmaps of people in frame t of T; say where to read their tags. */
function learnPeople(
  people: readonly TargetPerson[],
  slotOf: readonly number[],
  { inputSize, stride, slots = 30, sigmaPixels, skeleton = COCO, t, T }:
    & BatchOptions
    & { readonly t: number; readonly T: number },
  into: Part,
): void {
  const side = inputSize / stride;
  const K = skeleton.keypoints.length;
  const maps = { keypoints: K, height: side, width: side };
  heatmapTargets(people, { ...maps, sigmaPixels }, into.heatmaps);
  const tags = tagTargets(people, { ...maps, slots: Math.max(1, people.length) });
  slotOf.forEach((slot, p) => {
    if (slot >= slots) return;
    const to = (slot * T + t) * K;
    for (let k = 0; k < K; k++) {
      if (tags.visible.data[p * K + k] === 0) continue;
      into.index[to + k] = tags.index.data[p * K + k] + t * K * side ** 2;
      into.visible[to + k] = 1;
    }
  });
}

/** Draw the second set of heatmaps, and its mask; marks are as many pixels wide as in the first. */
function learnFineHeatmaps(
  sample: Sample,
  shown: Augmentation,
  options: BatchOptions & Required<Pick<BatchOptions, "fineStride">>,
  into: MapPart,
): void {
  const { inputSize, stride, fineStride, skeleton = COCO, instances } = options;
  const { sigmaPixels = usualSigmaPixels(inputSize / stride) } = options;
  const side = inputSize / fineStride;
  const sizes = { inputSize, heatmapSize: side, skeleton };
  const { people } = prepareTargets(sample, shown, sizes, into.mask);
  if (instances) {
    learnClasses(sample, shown, { ...options, instances, stride: fineStride }, into);
  } else {
    const maps = { keypoints: skeleton.keypoints.length, height: side, width: side };
    heatmapTargets(people, { ...maps, sigmaPixels }, into.heatmaps);
  }
}

/** Fill the classes' maps; say where to read tags. */
function learnInstances(
  sample: Sample,
  shown: Augmentation,
  options: BatchOptions & Required<Pick<BatchOptions, "instances">>,
  into: Part,
): void {
  const { index, visible } = learnClasses(sample, shown, options, into);
  into.index.set(index.data);
  into.visible.set(visible.data);
}

/** Fill the classes' maps, take what is not to be learnt out of the mask. */
function learnClasses(
  { fileName, instances }: Sample,
  shown: Augmentation,
  { inputSize, stride, slots, instances: learning }:
    & BatchOptions
    & Required<Pick<BatchOptions, "instances">>,
  into: MapPart,
): InstanceTargets {
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

/** The numbers of image, or clip, n of N. */
function part<Data extends Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(
  { data }: { readonly data: Data },
  n: number,
  N: number,
): Data {
  const size = data.length / N;
  return data.subarray(n * size, (n + 1) * size) as Data;
}

/** Refuse sizes that make no batch; `op` names the caller. */
export function checkBatchSizes(op: string, options: BatchOptions): void {
  const { inputSize, stride, fineStride = stride, slots = 30, framesPerClip = 1 } = options;
  const { instances } = options;
  const strides = { stride, fineStride };
  for (const [name, size] of Object.entries({ inputSize, ...strides, slots, framesPerClip })) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`${op}: ${name} must be a whole number, 1 or more, not ${size}`);
    }
  }
  for (const [name, size] of Object.entries(strides)) {
    if (inputSize % size === 0) continue;
    throw new RangeError(`${op}: inputSize ${inputSize} cannot be divided by ${name} ${size}`);
  }
  if (!instances) return;
  checkInstanceLearning(op, instances);
  if (framesPerClip > 1) {
    throw new RangeError(`${op}: instances are learnt picture by picture, not in clips`);
  }
}
