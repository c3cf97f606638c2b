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
import { type Tensor, zeros } from "../core/tensor.ts";
import {
  BatchNorm2d,
  Conv2d,
  type Conv2dLayerOptions,
  ConvTranspose2d,
  type ForwardOptions,
  type Layer,
  parameters,
} from "../nn/mod.ts";
import { cast, concat, recompute, relu, reshape, slice, upsample2d } from "../ops/mod.ts";
import { checkHourglass } from "./hourglass.ts";
import { checkImageNorm, type ImageNorm, normalized } from "./image_norm.ts";
import type { MapTensors } from "./looks.ts";
import { checkPrecision, checkTagInitScale } from "./network_settings.ts";
import type { TagNetwork, TargetStrides } from "./tag_network.ts";

/** Pixels of the image for one pixel of the coarsest branch. */
const COARSEST_STRIDE = 32;

/** Pixels of the image for one pixel of the finer heatmaps. */
const FINE_STRIDE = 2;

/** Pixels of the image for one pixel of heatmaps and tags. */
const COARSE_STRIDE = 4;

/** Settings that HigherHRNet and EfficientHRNet have in common. */
export interface HighResolutionOptions {
  /** K, keypoints of a person. @default {17} */
  readonly keypoints?: number;
  /** D, numbers in a tag; 0 for a network that looks at one person at a time. @default {1} */
  readonly tagDimensions?: number;
  /**
   * What happens to images first: nothing, or of each channel ImageNet's mean is subtracted and the rest divided by its
   * standard deviation, as the authors do. @default {"none"}
   */
  readonly imageNorm?: ImageNorm;
  /** Factor on the first weights of the tag channels: see `tagInitScale` of PoseNet. @default {1} */
  readonly tagInitScale?: number;
  /**
   * Whether training forgets what is inside blocks and branches and computes it once more for the gradients: less memory for
   * one pass more. @default {false}
   */
  readonly recompute?: boolean;
  /**
   * Number type of everything between images and maps; parameters, sums and batch statistics stay f32. Where the adapter
   * has it; train with a `LossScale`. @default {"f32"}
   */
  readonly precision?: "f32" | "f16";
  /** Where the first values come from. @default {0} */
  readonly seed?: number;
}

/**
 * The settings, defaults filled in.
 *
 * @throws {RangeError} If K is not a whole number of 1 or more, D not one of 0 or more, `tagInitScale` is no number, or
 * `imageNorm` or `precision` is none of the two.
 */
export function withDefaults(
  network: string,
  options: HighResolutionOptions,
): Required<HighResolutionOptions> {
  const { keypoints = 17, tagDimensions = 1, imageNorm = "none", tagInitScale = 1 } = options;
  const { recompute = false, precision = "f32", seed = 0 } = options;
  checkHourglass(network, { keypoints });
  checkHourglass(network, { tagDimensions }, 0);
  checkImageNorm(network, imageNorm);
  checkTagInitScale(network, tagInitScale);
  checkPrecision(network, precision);
  return { keypoints, tagDimensions, tagInitScale, recompute, precision, imageNorm, seed };
}

/**
 * What HigherHRNet and EfficientHRNet have in common behind their `forward`: one set of maps for the decoder, two sizes of
 * heatmaps for the losses.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { HigherHrNet, HighResolutionNetwork } from "ae";
 *
 * const model: HighResolutionNetwork = new HigherHrNet({ width: 4, modules: [1, 1, 1] });
 * assert.equal(model.stride, 2);
 * assert.deepEqual(model.targetStrides, { stride: 4, fineStride: 2 });
 * ```
 */
export abstract class HighResolutionNetwork implements TagNetwork {
  /** The settings, defaults filled in. */
  abstract readonly options: Required<HighResolutionOptions>;

  /** Describe the maps of images `[N, 3, H, W]`, H and W divisible by 32. */
  abstract forward(images: Tensor, options?: ForwardOptions): HigherHrNetOutput;

  /** Pixels of the image for one pixel of {@linkcode HighResolutionNetwork.mapsOf}. */
  get stride(): number {
    return FINE_STRIDE;
  }

  /** Height and width of images must be multiples of this. */
  get sizeMultiple(): number {
    return COARSEST_STRIDE;
  }

  /** Heatmaps and tags have a quarter of the image's size, the finer heatmaps half of it. */
  get targetStrides(): Required<TargetStrides> {
    return { stride: COARSE_STRIDE, fineStride: FINE_STRIDE };
  }

  /**
   * Describe the maps for the decoder: both sizes of heatmaps averaged, see {@linkcode combineHigherHrNet}.
   *
   * @throws {ShapeError} If images are not `[N, 3, H, W]`, H and W divisible by 32.
   */
  mapsOf(images: Tensor, options: ForwardOptions = {}): MapTensors {
    return combineHigherHrNet(this.forward(images, options));
  }

  /**
   * Describe the maps that training puts a loss on: one set, with heatmaps of both sizes.
   *
   * @throws {ShapeError} If images are not `[N, 3, H, W]`, H and W divisible by 32.
   */
  stacksOf(images: Tensor, options: ForwardOptions = {}): HigherHrNetOutput[] {
    return [this.forward(images, options)];
  }
}

/**
 * Images as the layers take them, in the network's number type.
 *
 * @throws {ShapeError} If they are not `[N, 3, H, W]` with H and W multiples of 32, on which all branches fit.
 */
export function prepared(
  network: string,
  images: Tensor,
  { imageNorm, precision }: Required<HighResolutionOptions>,
): Tensor {
  const [, , H, W] = images.shape;
  if (
    images.shape.length !== 4 || H % COARSEST_STRIDE !== 0 || W % COARSEST_STRIDE !== 0 ||
    H * W === 0
  ) {
    throw shapeError(network, `height and width must be multiples of ${COARSEST_STRIDE}`, {
      images: [images.shape, "N C H W"],
    });
  }
  return cast(normalized(images, imageNorm), precision);
}

/** A convolution and its normalisation, as the two entries `0` and `1` of a sequence in weight files. */
export type ConvNorm = readonly [conv: Layer, norm: BatchNorm2d];

/** Settings of a convolution beside its channels. */
export type ConvSettings = Pick<
  Conv2dLayerOptions,
  "size" | "stride" | "pad" | "groups" | "bias" | "initScale"
>;

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

/** The same; training that is to `recompute` forgets what lies in between and computes it once more for the gradients. */
export function through(
  layers: readonly Layer[],
  x: Tensor,
  options: ForwardOptions & { readonly recompute: boolean },
): Tensor {
  const describe = (x: Tensor) => inOrder(layers, x, options);
  if (!options.recompute || !options.training) return describe(x);
  return recompute(describe, x, [...parameters({ layers }).values()]);
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

/** Sizes of a {@linkcode HighResolutionModule}, and whether it forgets. */
interface ModuleSizes {
  /** Channels of each branch, the finest first. */
  readonly channels: readonly number[];
  /** Blocks of a branch. */
  readonly blocks: number;
  /** How many branches go on; the last module of a network has only the finest. */
  readonly outputs: number;
  /** Whether training computes the branches once more for the gradients. */
  readonly recompute: boolean;
}

/** Branches side by side, then each takes in all. */
export class HighResolutionModule {
  /** Blocks of each branch. */
  readonly branches: readonly (readonly BasicBlock[])[];
  /** For each branch that goes on, how it takes in each. */
  readonly fuseLayers: readonly (readonly Fusion[])[];
  readonly #recompute: boolean;

  /** Make the module. */
  constructor(maker: Maker, name: string, sizes: ModuleSizes) {
    const { channels, blocks, outputs } = sizes;
    this.#recompute = sizes.recompute;
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
    const how = { ...options, recompute: this.#recompute };
    const ys = this.branches.map((blocks, b) => through(blocks, xs[b], how));
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
interface StageSizes extends Omit<ModuleSizes, "outputs"> {
  /** How many. */
  readonly modules: number;
  /** Whether only the finest branch goes on. @default {false} */
  readonly last?: boolean;
}

/** The modules of a stage. */
export function stageOf(
  maker: Maker,
  name: string,
  { modules, last = false, ...sizes }: StageSizes,
): HighResolutionModule[] {
  return Array.from({ length: modules }, (_, n) => {
    const outputs = last && n === modules - 1 ? 1 : sizes.channels.length;
    return new HighResolutionModule(maker, `${name}.${n}`, { ...sizes, outputs });
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
  const shape = [N, D, K, 2 * h, 2 * w];
  return {
    heatmaps: enlarged(heatmaps).add(fineHeatmaps).mul(0.5),
    tags: D === 0 ? zeros(shape) : reshape(enlarged(reshape(tags, [N, D * K, h, w])), shape),
  };
}

/** PyTorch's first weights of a head times this are of the size of the authors', N(0, 0.001²). */
const QUIET = 0.01;

/** Sizes of {@linkcode Heads}. */
interface HeadSizes {
  /** Channels of the finest branch. */
  readonly width: number;
  /** Blocks after enlarging. */
  readonly blocks: number;
}

/** From the finest branch to heatmaps and tags, and to finer heatmaps. */
export class Heads {
  /** To heatmaps and tags, and to finer heatmaps. */
  readonly finalLayers: readonly [coarse: Conv2d, fine: Conv2d];
  /** Twice the height and width, then blocks, numbered as in the authors' weight files. */
  readonly deconvLayers: readonly (readonly [ConvNorm, ...(readonly [BasicBlock])[]])[];
  readonly #options: Required<HighResolutionOptions>;

  /** Make the heads. */
  constructor(
    maker: Maker,
    { width, blocks }: HeadSizes,
    options: Required<HighResolutionOptions>,
  ) {
    const { keypoints, tagDimensions, tagInitScale } = options;
    const maps = keypoints * (1 + tagDimensions);
    // Features grow with every branch that is added, and heatmaps are 0 almost everywhere: they begin there.
    const initScale = (o: number) => o < keypoints ? QUIET : tagInitScale;
    this.#options = options;
    this.finalLayers = [
      maker.conv("final_layers.0", width, maps, { size: 1, bias: true, initScale }),
      maker.conv("final_layers.1", width, keypoints, {
        ...{ size: 1, bias: true, initScale: () => QUIET },
      }),
    ];
    const block = (_: unknown, n: number) =>
      [new BasicBlock(maker, `deconv_layers.0.${n + 1}.0`, width)] as const;
    const enlarging = maker.enlarging("deconv_layers.0.0", width + maps, width);
    this.deconvLayers = [[enlarging, ...Array.from({ length: blocks }, block)]];
  }

  /** Describe the maps from the finest branch, `[N, width, H/4, W/4]`. */
  forward(finest: Tensor, options: ForwardOptions): HigherHrNetOutput {
    const { keypoints: K, tagDimensions: D, recompute } = this.#options;
    const [N, , h, w] = finest.shape;
    const [coarse, fine] = this.finalLayers;
    const [[enlarging, ...blocks]] = this.deconvLayers;
    const raw = coarse.forward(finest);
    const enlarged = inOrder(enlarging, concat([finest, raw], 1), options);
    const finer = through(blocks.flat(), enlarged, { ...options, recompute });
    const maps = cast(raw, "f32");
    return {
      heatmaps: slice(maps, [0, 0, 0, 0], [N, K, h, w]),
      tags: reshape(slice(maps, [0, K, 0, 0], [N, K + D * K, h, w]), [N, D, K, h, w]),
      fineHeatmaps: cast(fine.forward(finer), "f32"),
    };
  }
}
