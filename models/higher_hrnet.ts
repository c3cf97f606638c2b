/**
 * HigherHRNet: a network that never gives up its resolution, with a second, finer set of heatmaps.
 *
 *     image ─ stem, 1/4 ─ layer1 ─┬─ 1/4  ═══ stage2 ═══ stage3 ═══ stage4 ═══►─┬─ final 0 ─► heatmaps and tags, 1/4
 *                                 ├─ 1/8  ═══    ║    ═══  ║    ═══   ║         └─(+)─ deconv ─ final 1 ─► heatmaps, 1/2
 *                                 ├─ 1/16 ─────────── ═══  ║    ═══   ║
 *                                 └─ 1/32 ─────────────────────  ═══  ║
 *
 * Branches of different resolution run side by side; after every four blocks each takes in all others, enlarged or
 * made smaller. Tags come from the coarse maps only, heatmaps of both sizes are averaged.
 *
 * Cheng, Xiao, Wang, Shi, Huang and Zhang, "HigherHRNet" (CVPR 2020), arXiv:1908.10357, on Sun et al., "Deep
 * High-Resolution Representation Learning" (CVPR 2019), arXiv:1902.09212. Fields are named after the tensors of the
 * authors' weight files: published_higher_hrnet.ts.
 *
 * Networks by name, {@linkcode HIGHER_HRNETS}; multiply-adds of one image, `train --preset higher-hrnet-demo` and so on:
 *
 * | name | image | branches          | modules | tags | parameters | multiply-adds | of a training step, one image: memory |
 * | ---- | ----- | ----------------- | ------- | ---- | ---------- | ------------- | ------------------------------------- |
 * | W32  | 512   | 32, 64, 128, 256  | 1, 4, 3 | 1    | 28.65 M    | 46.20 G       | 1.9 GiB; `recompute` 1.2, in f16 0.8  |
 * | W48  | 640   | 48, 96, 192, 384  | 1, 4, 3 | 1    | 63.83 M    | 149.47 G      | `info` says it                        |
 * | demo | 64    | 16, 32, 64, 128   | 1, 1, 1 | 4    | 2.67 M     | 0.17 G        |                                       |
 *
 * `demo` is for trying things out. Its tags start spread out like those of PoseNet's `demo`; after four minutes of
 * `train --preset higher-hrnet-demo --rate 3e-3` on two slow cores (815 steps of 4) AP50 is 0.07 and grouping 0.91.
 *
 * |              | the authors' code                         | here                                               |
 * | ------------ | ----------------------------------------- | -------------------------------------------------- |
 * | first values | N(0, 0.001²), or ImageNet's               | PyTorch's default; for heatmaps a hundredth of it  |
 * | images       | ImageNet's mean and deviation, beforehand | within, with `imageNorm: "imagenet"`               |
 * | tags         | one number for each keypoint              | D numbers                                          |
 *
 * @module
 */
import { checkOptionNames } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { BatchNorm2d, type Conv2d, type ForwardOptions, type Layer } from "../nn/mod.ts";
import { relu } from "../ops/mod.ts";
import {
  type ConvNorm,
  Heads,
  type HigherHrNetOutput,
  type HighResolutionModule,
  HighResolutionNetwork,
  type HighResolutionOptions,
  inOrder,
  Maker,
  prepared,
  stageOf,
  through,
  throughStage,
  withDefaults,
} from "./high_resolution.ts";
import { checkHourglass } from "./hourglass.ts";

/** Outputs of a {@linkcode Bottleneck} have so many times the channels inside. */
const EXPANSION = 4;

/** 1 × 1, 3 × 3 and 1 × 1, narrow inside. */
class Bottleneck implements Layer {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: ConvNorm | null;

  constructor(maker: Maker, name: string, from: number, inside: number) {
    const to = inside * EXPANSION;
    this.conv1 = maker.conv(`${name}.conv1`, from, inside, { size: 1 });
    this.bn1 = new BatchNorm2d({ channels: inside, relu: true, name: `${name}.bn1` });
    this.conv2 = maker.conv(`${name}.conv2`, inside, inside, { size: 3 });
    this.bn2 = new BatchNorm2d({ channels: inside, relu: true, name: `${name}.bn2` });
    this.conv3 = maker.conv(`${name}.conv3`, inside, to, { size: 1 });
    this.bn3 = new BatchNorm2d({ channels: to, name: `${name}.bn3` });
    this.downsample = from === to
      ? null
      : maker.convNorm(`${name}.downsample`, from, to, { size: 1 });
  }

  forward(x: Tensor, options: ForwardOptions): Tensor {
    const layers = [this.conv1, this.bn1, this.conv2, this.bn2, this.conv3, this.bn3];
    const skip = this.downsample ? inOrder(this.downsample, x, options) : x;
    return relu(inOrder(layers, x, options).add(skip));
  }
}

/** Blocks of a branch of a module, and of the layers around the stages. */
const BLOCKS = 4;

/** Settings of {@linkcode HigherHrNet}. */
export interface HigherHrNetOptions extends HighResolutionOptions {
  /** Channels of the finest branch, 32 or 48 in the paper; each coarser one has twice as many. @default {32} */
  readonly width?: number;
  /** Modules of the stages 2, 3 and 4. @default {[1, 4, 3]} */
  readonly modules?: readonly [number, number, number];
}

/** A network by name: those of the paper, and a small one. */
export type HigherHrNetName = "W32" | "W48" | "demo";

/** Networks by name, and height and width of their images in pixels: see the table above. */
export const HIGHER_HRNETS: Readonly<
  Record<
    HigherHrNetName,
    { readonly options: HigherHrNetOptions; readonly imageSize: number }
  >
> = {
  "W32": { options: { width: 32, imageNorm: "imagenet" }, imageSize: 512 },
  "W48": { options: { width: 48, imageNorm: "imagenet" }, imageSize: 640 },
  "demo": {
    options: { width: 16, modules: [1, 1, 1], tagDimensions: 4, tagInitScale: 4 },
    imageSize: 64,
  },
};

/** The parts of the network between stem and heads, as they are used. */
interface Parts {
  readonly same: ConvNorm;
  readonly halved: ConvNorm;
  readonly stage2: readonly HighResolutionModule[];
  readonly third: ConvNorm;
  readonly stage3: readonly HighResolutionModule[];
  readonly fourth: ConvNorm;
  readonly stage4: readonly HighResolutionModule[];
  readonly heads: Heads;
}

/** Channels of the stem, and inside the blocks of layer1. */
const STEM = 64;

/**
 * HigherHRNet with one finer set of heatmaps; the default is HigherHRNet-W32 with 28.6 million parameters.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { HigherHrNet, ones, variables } from "ae";
 *
 * const model = new HigherHrNet({ width: 4, modules: [1, 1, 1] });
 * const { heatmaps, tags, fineHeatmaps } = model.forward(ones([1, 3, 64, 64]));
 * assert.deepEqual(heatmaps.shape, [1, 17, 16, 16]);
 * assert.deepEqual(tags.shape, [1, 1, 17, 16, 16]);
 * assert.deepEqual(fineHeatmaps.shape, [1, 17, 32, 32]);
 * assert.ok(variables(model).has("stage3.0.fuse_layers.2.0.1.0.weight"));
 * ```
 */
export class HigherHrNet extends HighResolutionNetwork {
  /** Halves the image. */
  readonly conv1: Conv2d;
  /** With a ReLU. */
  readonly bn1: BatchNorm2d;
  /** Halves it again. */
  readonly conv2: Conv2d;
  /** With a ReLU. */
  readonly bn2: BatchNorm2d;
  /** Bottlenecks at a quarter of the image's size. */
  readonly layer1: readonly Layer[];
  /** To the branches of stage 2: both from the output of layer1. */
  readonly transition1: readonly object[];
  /** Modules of two branches. */
  readonly stage2: readonly object[];
  /** To a third branch, from the coarsest; null for those that go on as they are. */
  readonly transition2: readonly (object | null)[];
  /** Modules of three branches. */
  readonly stage3: readonly object[];
  /** To a fourth branch. */
  readonly transition3: readonly (object | null)[];
  /** Modules of four branches, of which the finest goes on. */
  readonly stage4: readonly object[];
  /** Heatmaps and tags, and the finer heatmaps. */
  readonly finalLayers: readonly [Conv2d, Conv2d];
  /** Enlarges features and maps: a transposed convolution, then blocks. */
  readonly deconvLayers: readonly object[];
  readonly #options: Required<HigherHrNetOptions>;
  readonly #parts: Parts;

  /**
   * Make the network with seeded first values.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If a size is not a whole number of 1 or more (0 for `tagDimensions`), `tagInitScale` is no
   * number, or `imageNorm` or `precision` is neither of the two.
   */
  constructor(options: HigherHrNetOptions = {}) {
    super();
    const { width = 32, modules = [1, 4, 3] } = options;
    const [stage2, stage3, stage4] = modules;
    checkHourglass("HigherHrNet", { width, stage2, stage3, stage4 });
    this.#options = { width, modules, ...withDefaults("HigherHrNet", options) };
    checkOptionNames("HigherHrNet", options, this.#options);
    const { seed, recompute } = this.#options;
    const maker = new Maker(seed);
    const inside = STEM * EXPANSION;
    this.conv1 = maker.conv("conv1", 3, STEM, { size: 3, stride: 2 });
    this.bn1 = new BatchNorm2d({ channels: STEM, relu: true, name: "bn1" });
    this.conv2 = maker.conv("conv2", STEM, STEM, { size: 3, stride: 2 });
    this.bn2 = new BatchNorm2d({ channels: STEM, relu: true, name: "bn2" });
    this.layer1 = Array.from(
      { length: BLOCKS },
      (_, n) => new Bottleneck(maker, `layer1.${n}`, n === 0 ? STEM : inside, STEM),
    );
    const channels = [1, 2, 4, 8].map((factor) => factor * width);
    const coarser = (name: string, from: number, to: number) =>
      maker.convNorm(`${name}.0`, from, to, { size: 3, stride: 2, relu: true });
    const stage = (number: 2 | 3 | 4, last = false) =>
      stageOf(maker, `stage${number}`, {
        ...{ channels: channels.slice(0, number), modules: modules[number - 2], blocks: BLOCKS },
        ...{ last, recompute },
      });
    const parts: Parts = {
      same: maker.convNorm("transition1.0", inside, channels[0], { size: 3, relu: true }),
      halved: coarser("transition1.1", inside, channels[1]),
      stage2: stage(2),
      third: coarser("transition2.2", channels[1], channels[2]),
      stage3: stage(3),
      fourth: coarser("transition3.3", channels[2], channels[3]),
      stage4: stage(4, true),
      heads: new Heads(maker, { width, blocks: BLOCKS }, this.#options),
    };
    this.#parts = parts;
    // The same again, nested as the authors' weight files number it.
    this.transition1 = [parts.same, [parts.halved]];
    this.stage2 = parts.stage2;
    this.transition2 = [null, null, [parts.third]];
    this.stage3 = parts.stage3;
    this.transition3 = [null, null, null, [parts.fourth]];
    this.stage4 = parts.stage4;
    this.finalLayers = parts.heads.finalLayers;
    this.deconvLayers = parts.heads.deconvLayers;
  }

  /** The settings, defaults filled in. */
  get options(): Required<HigherHrNetOptions> {
    return this.#options;
  }

  /**
   * Describe the maps of images.
   *
   * @param images `[N, 3, H, W]`, red, green and blue from 0 to 1, H and W divisible by 32.
   * @throws {ShapeError} If they are not, or there are not three channels.
   */
  forward(images: Tensor, options: ForwardOptions = {}): HigherHrNetOutput {
    const { recompute } = this.#options;
    const stem = [this.conv1, this.bn1, this.conv2, this.bn2];
    const first = this.layer1.reduce(
      (x, block) => through([block], x, { ...options, recompute }),
      inOrder(stem, prepared("HigherHrNet", images, this.#options), options),
    );
    const { same, halved, third, fourth, stage2, stage3, stage4, heads } = this.#parts;
    const withCoarser = (branches: readonly Tensor[], layers: ConvNorm) => [
      ...branches,
      inOrder(layers, branches.at(-1)!, options),
    ];
    const two = [same, halved].map((layers) => inOrder(layers, first, options));
    const three = withCoarser(throughStage(stage2, two, options), third);
    const four = withCoarser(throughStage(stage3, three, options), fourth);
    const [finest] = throughStage(stage4, four, options);
    return heads.forward(finest, options);
  }
}
