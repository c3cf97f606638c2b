/**
 * What the commands need of a network, whichever it is. Whoever brings another network of heatmaps and tags gives it
 * these members; everything behind them (several looks, peaks, grouping, results; losses, training) is then the same:
 *
 *     images [N, 3, H, W] ─┬─ mapsOf ───► heatmaps [N, K, H/stride, W/stride] ─► combineLooks, decodePoses, …
 *                          │              tags  [N, D, K, H/stride, W/stride]
 *                          └─ stacksOf ─► every set of maps that training puts a loss on ─► poseLoss
 *
 * | network        | stacksOf                                         | mapsOf                           | stride |
 * | -------------- | ------------------------------------------------ | -------------------------------- | ------ |
 * | PoseNet        | heatmaps and tags of every stack                 | the last stack's                 | 4 or 2 |
 * | HigherHrNet    | one: heatmaps and tags, 1/4; finer heatmaps, 1/2 | heatmaps averaged, tags enlarged | 2      |
 * | EfficientHrNet | the same                                         | the same                         | 2      |
 *
 * @module
 */
import type { Tensor } from "../core/tensor.ts";
import type { ForwardOptions } from "../nn/mod.ts";
import type { MapTensors } from "./looks.ts";

/** Maps that a loss is put on: of an hourglass, or of a network that has one set. */
export interface StackMaps extends MapTensors {
  /** Heatmaps of another, finer size: for a loss on both. */
  readonly fineHeatmaps?: Tensor;
}

/** Pixels of the image for one pixel of the maps that training compares; batches are made with the same two options. */
export interface TargetStrides {
  /** Of heatmaps and tags. */
  readonly stride: number;
  /** Of the finer heatmaps, of a network that gives them. */
  readonly fineStride?: number;
}

/**
 * A network whose maps a decoder turns into people.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { HigherHrNet, ones, PoseNet, type TagNetwork } from "ae";
 *
 * const networks: TagNetwork[] = [
 *   new PoseNet({ stacks: 1, channels: 4, increase: 2, depth: 2 }),
 *   new HigherHrNet({ width: 4, modules: [1, 1, 1] }),
 * ];
 * for (const network of networks) {
 *   const { stride, options: { keypoints } } = network;
 *   const { heatmaps } = network.mapsOf(ones([1, 3, 64, 96]));
 *   assert.deepEqual(heatmaps.shape, [1, keypoints, 64 / stride, 96 / stride]);
 *   const [stack] = network.stacksOf(ones([1, 3, 64, 96]));
 *   const { stride: learnt } = network.targetStrides;
 *   assert.deepEqual(stack.heatmaps.shape, [1, keypoints, 64 / learnt, 96 / learnt]);
 * }
 * ```
 */
export interface TagNetwork {
  /** Its settings, of which everybody asks for K and D; with all of them the network can be made again. */
  readonly options: {
    /** K, keypoints of a person. */
    readonly keypoints: number;
    /** D, numbers in a tag; 0 for a network that looks at one person at a time. */
    readonly tagDimensions: number;
    /** Number type of what it computes; f16 is trained with a `LossScale`. @default {"f32"} */
    readonly precision?: "f32" | "f16";
  };
  /** Pixels of the image for one pixel of the maps. */
  readonly stride: number;
  /** Height and width of images must be multiples of this. */
  readonly sizeMultiple: number;
  /**
   * Describe the maps for the decoder.
   *
   * @param images `[N, 3, H, W]`, values 0 to 1: what else the network wants done to them is its own business.
   */
  mapsOf(images: Tensor, options?: ForwardOptions): MapTensors;
  /** Pixels of the image for one pixel of what {@linkcode TagNetwork.stacksOf} gives. */
  readonly targetStrides: TargetStrides;
  /**
   * Describe the maps that training puts a loss on, as `poseLoss` takes them.
   *
   * @param images As for {@linkcode TagNetwork.mapsOf}.
   */
  stacksOf(images: Tensor, options?: ForwardOptions): readonly StackMaps[];
}
