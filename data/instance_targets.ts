/**
 * What the network should say about instances: for each class one map of where any of them is, and pixels of each
 * instance where the tag loss reads tags. The arrays are those of people (targets.ts) with classes in place of keypoints
 * and S pixels of an instance in place of the K keypoints of a person, so network, batches and training are the same.
 *
 *     heatmap[c, y, x] = share of the stride x stride input pixels of map pixel (x, y) that show an instance of class c
 *     pixels of p      = map pixels of which it has more than half; if there are none, those of which it has most
 *     index[p, s]      = (c h + y) w + x of one of them, drawn by chance
 *
 * The share, a mean and no sample, says where between two pixels a border lies; half of it, brought back to the
 * picture's size, is the border again. Several pixels are drawn at once without drawing one twice, but again and again
 * when an instance has fewer than S.
 *
 * Newell, Huang and Deng 2017, arXiv:1611.05424, the part on instance segmentation, which the NIPS version
 * leaves out; no code of the authors for it is public.
 *
 * |                              | paper                             | here                                       |
 * | ---------------------------- | --------------------------------- | ------------------------------------------ |
 * | target at a border           | not said                          | the share                                  |
 * | S                            | not said                          | 20, an option                              |
 * | too small or too large       | left out of the loss              | the same: `areas`, none without            |
 * | crowds, void pixels          | left out of the loss              | the same, for all classes at these pixels  |
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { type HostArray, hostArray } from "../core/host_array.ts";
import type { TagTargets } from "./targets.ts";
import { Random } from "./random.ts";

/** What of instances a network learns. */
export interface InstanceLearning {
  /** Names of the C classes; an instance's `classIndex` is a place in this list. */
  readonly classes: readonly string[];
  /** S, pixels of each instance that the tag loss looks at. @default {20} */
  readonly pixels?: number;
  /**
   * Least and largest area of instances to learn, in input pixels as they show: others are left out of the loss. A
   * network that looks at several sizes learns at each what it will be asked for there. @default {[0, Infinity]}
   */
  readonly areas?: readonly [least: number, most: number];
}

/** An instance as the network sees it. */
export interface TargetInstance {
  /** Place of its class in the list of classes. */
  readonly classIndex: number;
  /** `[1, R, R]`, the input's size: 1 where it shows, else 0. */
  readonly mask: HostArray;
  /** True for a region of many that nobody took apart: left out of the loss. */
  readonly crowd: boolean;
}

/** Sizes of {@linkcode instanceTargets}. */
export interface InstanceTargetOptions extends InstanceLearning {
  /** R, side of the network's input in pixels. */
  readonly inputSize: number;
  /** Input pixels for one map pixel, each way; divides R. */
  readonly stride: number;
  /** P, room for so many instances. @default {30} */
  readonly slots?: number;
  /** Decides which pixels are drawn: a whole number, 0 or more. @default {0} */
  readonly seed?: number;
}

/** Maps of the classes, and where to read tags; h = w = R / stride. */
export interface InstanceTargets extends TagTargets {
  /** `[C, h, w]`: how much of a pixel shows an instance of the class, 0 to 1. */
  readonly heatmaps: HostArray;
  /** `[1, h, w]`: 0 where an instance shows that is not to be learnt, else 1. */
  readonly mask: HostArray;
}

/** S when nothing else is asked for. */
export const PIXELS = 20;

/**
 * Targets of one picture. Row p of `index` and `visible`, `[P, S]`, is the p-th instance that is no crowd; it is empty if
 * the instance does not show or has an area out of bounds. Instances beyond the slots stand in the maps alone.
 *
 * @throws {RangeError} If there is no class, a class index is none of them, a size, S or P is not a whole number of 1 or
 * more, the stride does not divide the input's size, the areas are not in order or the seed is not one of `Random`.
 * @throws {ShapeError} If a mask is not of the input's size.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray } from "ae";
 * import { instanceTargets } from "ae/data";
 *
 * const mask = hostArray([1, 4, 4], [1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
 * const { heatmaps, index, visible } = instanceTargets([{ classIndex: 0, mask, crowd: false }], {
 *   classes: ["person"],
 *   inputSize: 4,
 *   stride: 2,
 *   slots: 1,
 *   pixels: 3,
 * });
 * assert.deepEqual([...heatmaps.data], [1, 0.5, 0, 0]);
 * assert.deepEqual([...index.data], [0, 0, 0]); // its only pixel of more than half, three times
 * assert.deepEqual([...visible.data], [1, 1, 1]);
 * ```
 */
export function instanceTargets(
  instances: readonly TargetInstance[],
  options: InstanceTargetOptions,
): InstanceTargets {
  const { classes, inputSize, stride, pixels: S = PIXELS, slots: P = 30, seed = 0 } = options;
  const { areas: [least, most] = [0, Infinity] } = options;
  checkInstanceLearning("instanceTargets", options);
  checkInstances(instances, options);
  const side = inputSize / stride;
  const plane = side * side;
  const mask = hostArray([1, side, side], new Float32Array(plane).fill(1));
  const unions = classes.map(() => new Float32Array(inputSize * inputSize));
  const index = new Int32Array(P * S);
  const visible = new Float32Array(P * S);
  const random = new Random(seed);
  let row = -1; // of instances that are no crowd
  for (const { classIndex, mask: { data }, crowd } of instances) {
    if (!crowd) row++;
    const area = data.reduce((sum, inside) => sum + inside, 0);
    if (area === 0) continue;
    const shares = meanOfBlocks(data, inputSize, stride);
    if (crowd || area < least || area > most) {
      for (let i = 0; i < plane; i++) if (shares[i] > 0) mask.data[i] = 0;
      continue;
    }
    const union = unions[classIndex];
    for (let i = 0; i < data.length; i++) if (data[i] > 0) union[i] = 1;
    if (row >= P) continue;
    drawn(pixelsOf(shares), S, random).forEach((pixel, s) => {
      index[row * S + s] = classIndex * plane + pixel;
      visible[row * S + s] = 1;
    });
  }
  const heatmaps = hostArray([classes.length, side, side]);
  unions.forEach((union, c) =>
    heatmaps.data.set(meanOfBlocks(union, inputSize, stride), c * plane)
  );
  return {
    heatmaps,
    mask,
    index: { shape: [P, S], data: index },
    visible: { shape: [P, S], data: visible },
    dropped: Math.max(0, row + 1 - P),
  };
}

/** The mean of each block of `stride` x `stride` of a square map's values. */
function meanOfBlocks(data: Float32Array, size: number, stride: number): Float32Array {
  const side = size / stride;
  const means = new Float32Array(side * side);
  for (let y = 0; y < size; y++) {
    const row = Math.floor(y / stride) * side;
    for (let x = 0; x < size; x++) means[row + Math.floor(x / stride)] += data[y * size + x];
  }
  return means.map((sum) => sum / (stride * stride));
}

/** The pixels of which an instance has more than half; if there are none, those of which it has most. */
function pixelsOf(shares: Float32Array): number[] {
  const largest = shares.reduce((a, b) => Math.max(a, b), 0);
  const bound = largest > 0.5 ? 0.5 : -Infinity;
  const pixels: number[] = [];
  shares.forEach((share, i) => {
    if (share > bound && (largest > 0.5 || share === largest)) pixels.push(i);
  });
  return pixels;
}

/** `count` of the pixels in random order: none twice, or any of them each time if they are fewer. */
function drawn(pixels: readonly number[], count: number, random: Random): number[] {
  if (pixels.length < count) return Array.from({ length: count }, () => random.pick(pixels));
  return random.shuffled(pixels).slice(0, count);
}

/** Refuse what cannot be learnt; `op` names the caller. */
export function checkInstanceLearning(op: string, options: InstanceLearning): void {
  const { classes, pixels = PIXELS, areas = [0, Infinity] } = options;
  if (classes.length === 0) throw new RangeError(`${op}: there are no classes`);
  if (!Number.isInteger(pixels) || pixels < 1) {
    throw new RangeError(`${op}: pixels must be a whole number, 1 or more, not ${pixels}`);
  }
  if (!(areas[0] >= 0 && areas[0] <= areas[1])) {
    throw new RangeError(
      `${op}: areas must be two numbers of 0 or more in order, not ${areas.join(", ")}`,
    );
  }
}

function checkInstances(
  instances: readonly TargetInstance[],
  { classes, inputSize, stride, slots = 30 }: InstanceTargetOptions,
): void {
  for (const [name, size] of Object.entries({ inputSize, stride, slots })) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(
        `instanceTargets: ${name} must be a whole number, 1 or more, not ${size}`,
      );
    }
  }
  if (inputSize % stride !== 0) {
    throw new RangeError(
      `instanceTargets: inputSize ${inputSize} cannot be divided by stride ${stride}`,
    );
  }
  instances.forEach(({ classIndex, mask: { data, shape } }, p) => {
    if (!Number.isInteger(classIndex) || classIndex < 0 || classIndex >= classes.length) {
      throw new RangeError(
        `instanceTargets: instance ${p} has class ${classIndex}, there are ${classes.length}`,
      );
    }
    if (data.length !== inputSize * inputSize) {
      throw shapeError("instanceTargets", `the mask of instance ${p} is not of the input's size`, {
        mask: [shape, "1 R R"],
        input: [[inputSize, inputSize], "R R"],
      });
    }
  });
}
