/**
 * What networks of several resolutions side by side are made of: blocks, modules in which every branch takes in all
 * others, and heads that give heatmaps of two sizes. The parts of HigherHRNet (higher_hrnet.ts) and EfficientHRNet
 * (efficient_hrnet.ts), which differ in what feeds the branches.
 *
 * Sun et al., "Deep High-Resolution Representation Learning" (CVPR 2019), arXiv:1902.09212; Cheng et al., "HigherHRNet"
 * (CVPR 2020), arXiv:1908.10357. Fields are named after the tensors of the authors' weight files.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import {
  BatchNorm2d,
  Conv2d,
  type Conv2dLayerOptions,
  ConvTranspose2d,
  type ForwardOptions,
  type Layer,
} from "../nn/mod.ts";
import { concat, relu, reshape, slice, upsample2d } from "../ops/mod.ts";
import type { MapTensors } from "./looks.ts";

/** Pixels of the image for one pixel of the coarsest branch. */
export const COARSEST_STRIDE = 32;

/** Pixels of the image for one pixel of the finer heatmaps. */
export const FINE_STRIDE = 2;

/** Refuse images that the branches would not fit on, `[N, 3, H, W]` with H and W multiples of 32. */
export function checkImages(network: string, images: Tensor): void {
  const [, , H, W] = images.shape;
  if (
    images.shape.length !== 4 || H % COARSEST_STRIDE !== 0 || W % COARSEST_STRIDE !== 0 ||
    H * W === 0
  ) {
    throw shapeError(network, `height and width must be multiples of ${COARSEST_STRIDE}`, {
      images: [images.shape, "N C H W"],
    });
  }
}

/** A convolution and its normalisation, as the two entries `0` and `1` of a sequence in weight files. */
export type ConvNorm = readonly [conv: Layer, norm: BatchNorm2d];

/** Settings of a convolution beside its channels. */
export type ConvSettings = Pick<Conv2dLayerOptions, "size" | "stride" | "pad" | "groups" | "bias">;

/** Makes layers whose first values come from one seed and their names. */
export class Maker {
  readonly #seed: number;

  /** @param seed Where the first values come from. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** A convolution, without bias unless the settings ask for one. */
  conv(name: string, inChannels: number, outChannels: number, settings: ConvSettings): Conv2d {
    return new Conv2d({
      ...{ inChannels, outChannels, name, seed: this.#seed, bias: false },
      ...settings,
    });
  }

  /** A convolution and its normalisation, and perhaps a ReLU. */
  convNorm(
    name: string,
    from: number,
    to: number,
    { relu = false, ...settings }: ConvSettings & { readonly relu?: boolean },
  ): ConvNorm {
    return [
      this.conv(`${name}.0`, from, to, settings),
      new BatchNorm2d({ channels: to, relu, name: `${name}.1` }),
    ];
  }

  /** Twice the height and width. */
  enlarging(name: string, from: number, to: number): ConvNorm {
    return [
      new ConvTranspose2d({
        ...{ inChannels: from, outChannels: to, size: 4, stride: 2, pad: 1, name: `${name}.0` },
        bias: false,
        seed: this.#seed,
      }),
      new BatchNorm2d({ channels: to, relu: true, name: `${name}.1` }),
    ];
  }
}

/** Layers one after the other. */
export function inOrder(layers: readonly Layer[], x: Tensor, options: ForwardOptions): Tensor {
  return layers.reduce((y, layer) => layer.forward(y, options), x);
}

/** Two 3 × 3 convolutions that learn what to add to their input. */
export class BasicBlock implements Layer {
  /** With {@linkcode BasicBlock.bn1} and a ReLU. */
  readonly conv1: Conv2d;
  /** With a ReLU. */
  readonly bn1: BatchNorm2d;
  /** With {@linkcode BasicBlock.bn2}. */
  readonly conv2: Conv2d;
  /** Without a ReLU: that follows on the sum. */
  readonly bn2: BatchNorm2d;

  /** Make the block. */
  constructor(maker: Maker, name: string, channels: number) {
    this.conv1 = maker.conv(`${name}.conv1`, channels, channels, { size: 3 });
    this.bn1 = new BatchNorm2d({ channels, relu: true, name: `${name}.bn1` });
    this.conv2 = maker.conv(`${name}.conv2`, channels, channels, { size: 3 });
    this.bn2 = new BatchNorm2d({ channels, name: `${name}.bn2` });
  }

  /** `[N, C, H, W]` to the same shape. */
  forward(x: Tensor, options: ForwardOptions): Tensor {
    return relu(inOrder([this.conv1, this.bn1, this.conv2, this.bn2], x, options).add(x));
  }
}

/** How branch i takes in branch j: null for itself, enlarged if j is coarser, made smaller by halves if finer. */
type Fusion = ConvNorm | readonly ConvNorm[] | null;

/** Sizes of a {@linkcode HighResolutionModule}. */
interface ModuleSizes {
  /** Channels of each branch, the finest first. */
  readonly channels: readonly number[];
  /** Blocks of a branch. */
  readonly blocks: number;
  /** How many branches go on; the last module of a network has only the finest. */
  readonly outputs: number;
}

/** Branches side by side, then each takes in all. */
export class HighResolutionModule {
  /** Blocks of each branch. */
  readonly branches: readonly (readonly BasicBlock[])[];
  /** For each branch that goes on, how it takes in each. */
  readonly fuseLayers: readonly (readonly Fusion[])[];

  /** Make the module. */
  constructor(maker: Maker, name: string, { channels, blocks, outputs }: ModuleSizes) {
    this.branches = channels.map((count, b) =>
      Array.from(
        { length: blocks },
        (_, n) => new BasicBlock(maker, `${name}.branches.${b}.${n}`, count),
      )
    );
    this.fuseLayers = channels.slice(0, outputs).map((_, i) =>
      channels.map((_, j) => fusion(maker, `${name}.fuse_layers.${i}.${j}`, channels, i, j))
    );
  }

  /** A tensor for each branch to one for each that goes on. */
  forward(xs: readonly Tensor[], options: ForwardOptions): Tensor[] {
    const ys = this.branches.map((blocks, b) => inOrder(blocks, xs[b], options));
    return this.fuseLayers.map((row, i) =>
      relu(
        row.map((layers, j) => {
          if (layers === null) return ys[j];
          if (j > i) {
            return upsample2d(inOrder(layers as ConvNorm, ys[j], options), { scale: 2 ** (j - i) });
          }
          return (layers as readonly ConvNorm[]).reduce(
            (y, pair) => inOrder(pair, y, options),
            ys[j],
          );
        }).reduce((a, b) => a.add(b)),
      )
    );
  }
}

function fusion(
  maker: Maker,
  name: string,
  channels: readonly number[],
  i: number,
  j: number,
): Fusion {
  if (i === j) return null;
  if (j > i) return maker.convNorm(name, channels[j], channels[i], { size: 1 });
  return Array.from({ length: i - j }, (_, k) => {
    const isLast = k === i - j - 1;
    return maker.convNorm(`${name}.${k}`, channels[j], isLast ? channels[i] : channels[j], {
      size: 3,
      stride: 2,
      relu: !isLast,
    });
  });
}

/** Sizes of a stage: modules one after the other. */
interface StageSizes {
  /** Channels of each branch, the finest first. */
  readonly channels: readonly number[];
  /** How many. */
  readonly modules: number;
  /** Blocks of a branch. */
  readonly blocks: number;
  /** Whether only the finest branch goes on. @default {false} */
  readonly last?: boolean;
}

/** The modules of a stage. */
export function stageOf(
  maker: Maker,
  name: string,
  { channels, modules, blocks, last = false }: StageSizes,
): HighResolutionModule[] {
  return Array.from({ length: modules }, (_, n) => {
    const outputs = last && n === modules - 1 ? 1 : channels.length;
    return new HighResolutionModule(maker, `${name}.${n}`, { channels, blocks, outputs });
  });
}

/** Branches through the modules of a stage. */
export function throughStage(
  modules: readonly HighResolutionModule[],
  branches: readonly Tensor[],
  options: ForwardOptions,
): readonly Tensor[] {
  return modules.reduce((xs, module) => module.forward(xs, options), branches);
}

/** What a network with heatmaps of two sizes says. */
export interface HigherHrNetOutput {
  /** At a quarter of the image's size, `[N, K, H/4, W/4]`. */
  readonly heatmaps: Tensor;
  /** `[N, D, K, H/4, W/4]`. */
  readonly tags: Tensor;
  /** At half of the image's size, `[N, K, H/2, W/2]`. */
  readonly fineHeatmaps: Tensor;
}

/**
 * One set of maps for the decoder, at half of the image's size: heatmaps of both sizes averaged, the coarse ones and the
 * tags enlarged bilinearly.
 *
 * @returns Heatmaps `[N, K, H/2, W/2]` and tags `[N, D, K, H/2, W/2]`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { combineHigherHrNet, ones, zeros } from "ae";
 *
 * const { heatmaps } = combineHigherHrNet({
 *   heatmaps: ones([1, 17, 2, 2]),
 *   tags: zeros([1, 1, 17, 2, 2]),
 *   fineHeatmaps: zeros([1, 17, 4, 4]),
 * });
 * assert.equal(await heatmaps.mean().item(), 0.5);
 * ```
 */
export function combineHigherHrNet(
  { heatmaps, tags, fineHeatmaps }: HigherHrNetOutput,
): MapTensors {
  const enlarged = (x: Tensor) => upsample2d(x, { mode: "bilinear" });
  const [N, D, K, h, w] = tags.shape;
  const flat = enlarged(reshape(tags, [N, D * K, h, w]));
  return {
    heatmaps: enlarged(heatmaps).add(fineHeatmaps).mul(0.5),
    tags: reshape(flat, [N, D, K, 2 * h, 2 * w]),
  };
}

/** Sizes of {@linkcode Heads}. */
interface HeadSizes {
  /** Channels of the finest branch. */
  readonly width: number;
  /** Blocks after enlarging. */
  readonly blocks: number;
  /** K. */
  readonly keypoints: number;
  /** D. */
  readonly tagDimensions: number;
}

/** From the finest branch to heatmaps and tags, and to finer heatmaps. */
export class Heads {
  /** To heatmaps and tags, and to finer heatmaps. */
  readonly finalLayers: readonly [coarse: Conv2d, fine: Conv2d];
  /** Twice the height and width, then blocks, numbered as in the authors' weight files. */
  readonly deconvLayers: readonly (readonly [ConvNorm, ...(readonly [BasicBlock])[]])[];
  readonly #sizes: HeadSizes;

  /** Make the heads. */
  constructor(maker: Maker, sizes: HeadSizes) {
    const { width, blocks, keypoints, tagDimensions } = sizes;
    const maps = keypoints * (1 + tagDimensions);
    this.#sizes = sizes;
    this.finalLayers = [
      maker.conv("final_layers.0", width, maps, { size: 1, bias: true }),
      maker.conv("final_layers.1", width, keypoints, { size: 1, bias: true }),
    ];
    const block = (_: unknown, n: number) =>
      [new BasicBlock(maker, `deconv_layers.0.${n + 1}.0`, width)] as const;
    const enlarging = maker.enlarging("deconv_layers.0.0", width + maps, width);
    this.deconvLayers = [[enlarging, ...Array.from({ length: blocks }, block)]];
  }

  /** Describe the maps from the finest branch, `[N, width, H/4, W/4]`. */
  forward(finest: Tensor, options: ForwardOptions): HigherHrNetOutput {
    const { keypoints: K, tagDimensions: D } = this.#sizes;
    const [N, , h, w] = finest.shape;
    const [coarse, fine] = this.finalLayers;
    const [[enlarging, ...blocks]] = this.deconvLayers;
    const maps = coarse.forward(finest);
    const enlarged = inOrder(enlarging, concat([finest, maps], 1), options);
    return {
      heatmaps: slice(maps, [0, 0, 0, 0], [N, K, h, w]),
      tags: reshape(slice(maps, [0, K, 0, 0], [N, K + D * K, h, w]), [N, D, K, h, w]),
      fineHeatmaps: fine.forward(inOrder(blocks.flat(), enlarged, options)),
    };
  }
}
