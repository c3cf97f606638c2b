/**
 * EfficientHRNet: HigherHRNet's branches and heads on an EfficientNet that is scaled down together with them.
 *
 *     image ─ stem, 1/2 ─ MBConv … 24 ─ 40 ─ 80, 112 ─ 192, 320          channels of the backbone at H0
 *                                   │    │         │          │
 *                                 1/4  1/8       1/16       1/32
 *                                   └──┬─┘         │          │
 *                                   stage2 ──── stage3 ──── stage4 ─► heatmaps and tags, 1/4; heatmaps, 1/2
 *
 * Every coarser branch comes from the backbone, not, as in HigherHRNet, from the branch before it. The networks of the
 * paper, from H0 down to H-4, {@linkcode EFFICIENT_HRNETS}:
 *
 * | name | image | backbone's width, depth | branches          | modules |
 * | ---- | ----- | ----------------------- | ----------------- | ------- |
 * | H0   | 512   | 1, 1                    | 32, 64, 128, 256  | 1, 4, 3 |
 * | H-1  | 480   | 0.909, 0.833            | 26, 52, 103, 206  | 1, 3, 3 |
 * | H-2  | 448   | 0.826, 0.694            | 21, 42, 83, 166   | 1, 2, 3 |
 * | H-3  | 416   | 0.751, 0.578            | 17, 34, 67, 133   | 1, 1, 3 |
 * | H-4  | 384   | 0.684, 0.483            | 14, 27, 54, 107   | 1, 1, 2 |
 *
 * Branches are 1.2455^−n times as wide as H0's, rounded up; the backbone's channels are rounded to multiples of 8, its
 * repetitions up, as in EfficientNet.
 *
 * | name | parameters | stated | multiply-adds | stated |
 * | ---- | ---------- | ------ | ------------- | ------ |
 * | H0   | 19.73 M    | 23.3 M | 23.96 G       | 25.6 G |
 * | H-1  | 13.00 M    | 16 M   | 13.13 G       | 14.2 G |
 * | H-2  | 8.26 M     | 10.3 M | 7.03 G        | 7.7 G  |
 * | H-3  | 5.36 M     | 6.9 M  | 3.76 G        | 4.2 G  |
 * | H-4  | 2.76 M     | 3.7 M  | 1.81 G        | 2.1 G  |
 *
 * What paper and README state is what HigherHRNet's `get_model_summary` (`lib/utils/utils.py`) says of these same
 * networks, cut off behind the last digit. It adds up the parameters of every module with "Conv" in its class's name:
 * those of an `MBConvBlock`, whose convolutions are counted already, a second time. And it multiplies a kernel's numbers
 * by the pixels that come out, which of the transposed convolution are four times those that go in.
 *
 * Neff, Sheth, Furgurson and Tabkhi, "EfficientHRNet" (2020), arXiv:2007.08090, and the authors' code
 * (TeCSAR-UNCC/EfficientHRNet: `lib/models/pose_higher_hrnet.py`, `Configs`), after whose tensors the fields are named.
 * Its backbone is that of narumiruna/efficientnet-pytorch, with PyTorch's normalisation (1e-5, 0.1) in place of
 * TensorFlow's (1e-3, 0.01); names such as `_blocks.0._depthwise_conv` of lukemelas/EfficientNet-PyTorch are not in it.
 * Tan and Le, "EfficientNet" (ICML 2019), arXiv:1905.11946. The authors link weights of all five networks and of their
 * backbones: published_efficient_hrnet.ts.
 *
 * |                 | the authors' code                         | here                                          |
 * | --------------- | ----------------------------------------- | --------------------------------------------- |
 * | first values    | backbone of ImageNet, else N(0, 0.001²)   | PyTorch's default; for heatmaps 1/100 of it   |
 * | images          | ImageNet's mean and deviation, beforehand | within, with `imageNorm: "imagenet"`          |
 * | blocks left out | one in five at random, while learning     | none                                          |
 * | tags            | one number for each keypoint              | D numbers                                     |
 *
 * @module
 */
import { checkOptionNames } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { BatchNorm2d, type Conv2d, type ForwardOptions, type Layer } from "../nn/mod.ts";
import { mean, pad, sigmoid } from "../ops/mod.ts";
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

/** x · sigmoid(x). */
function swish(x: Tensor): Tensor {
  return x.mul(sigmoid(x));
}

/** Kernel size and what else a convolution of the backbone needs. */
interface ConvSwishSettings {
  readonly size: number;
  readonly stride?: number;
  /** Whether every channel has a kernel of its own. @default {false} */
  readonly depthwise?: boolean;
}

/**
 * Convolution, normalisation and swish; numbered as in a sequence whose entry 0 is the padding. With stride 2 there is one
 * row and column of zeros more behind the image than before it, as TensorFlow has it.
 */
class ConvSwish implements Layer {
  readonly 1: Conv2d;
  readonly 2: BatchNorm2d;
  readonly #before: number;
  readonly #after: number;

  constructor(
    maker: Maker,
    name: string,
    from: number,
    to: number,
    { size, stride = 1, depthwise = false }: ConvSwishSettings,
  ) {
    this[1] = maker.conv(`${name}.1`, from, to, {
      ...{ size, stride, pad: 0 },
      ...(depthwise ? { groups: from } : {}),
    });
    this[2] = new BatchNorm2d({ channels: to, name: `${name}.2` });
    const border = Math.max(size - stride, 0);
    this.#before = Math.floor(border / 2);
    this.#after = border - this.#before;
  }

  forward(x: Tensor, options: ForwardOptions): Tensor {
    const [before, after] = [this.#before, this.#after];
    const padded = after === 0 ? x : pad(x, [0, 0, before, before], [0, 0, after, after]);
    return swish(this[2].forward(this[1].forward(padded), options));
  }
}

/** Channels weighted by what the whole image says about them: x · sigmoid(b(swish(a(mean of x)))). */
class SqueezeExcitation implements Layer {
  readonly se: { readonly 1: Conv2d; readonly 3: Conv2d };

  constructor(maker: Maker, name: string, channels: number, inside: number) {
    this.se = {
      1: maker.conv(`${name}.se.1`, channels, inside, { size: 1, bias: true }),
      3: maker.conv(`${name}.se.3`, inside, channels, { size: 1, bias: true }),
    };
  }

  forward(x: Tensor): Tensor {
    const inside = swish(this.se[1].forward(mean(x, [2, 3], true)));
    return x.mul(sigmoid(this.se[3].forward(inside)));
  }
}

/** Kinds of blocks in a row: how much wider inside, channels and repetitions at H0, stride of the first, kernel size. */
interface BlockKind {
  readonly expansion: number;
  readonly channels: number;
  readonly repeats: number;
  readonly stride: number;
  readonly size: number;
  /** Whether a branch begins here. */
  readonly branch?: true;
}

/** EfficientNet-B0, table 1 of its paper. */
const BLOCK_KINDS: readonly BlockKind[] = [
  { expansion: 1, channels: 16, repeats: 1, stride: 1, size: 3 },
  { expansion: 6, channels: 24, repeats: 2, stride: 2, size: 3, branch: true },
  { expansion: 6, channels: 40, repeats: 2, stride: 2, size: 5, branch: true },
  { expansion: 6, channels: 80, repeats: 3, stride: 2, size: 3 },
  { expansion: 6, channels: 112, repeats: 3, stride: 1, size: 5, branch: true },
  { expansion: 6, channels: 192, repeats: 4, stride: 2, size: 5 },
  { expansion: 6, channels: 320, repeats: 1, stride: 1, size: 3, branch: true },
];
/** Channels of the backbone's first convolution at H0. */
const STEM = 32;
/** The squeezed channels are so many times fewer than those that come into the block. */
const SQUEEZE = 4;

/** MBConv: wider, a kernel for each channel, weighted channels, narrower; added to what came in where that fits. */
class InvertedBottleneck implements Layer {
  readonly conv: readonly Layer[];
  readonly #adds: boolean;

  constructor(
    maker: Maker,
    name: string,
    from: number,
    to: number,
    { expansion, size, stride }: Pick<BlockKind, "expansion" | "size" | "stride">,
  ) {
    const inside = from * expansion;
    const wider = expansion === 1
      ? []
      : [new ConvSwish(maker, `${name}.conv.0`, from, inside, { size: 1 })];
    const at = (n: number) => `${name}.conv.${wider.length + n}`;
    this.conv = [
      ...wider,
      new ConvSwish(maker, at(0), inside, inside, { size, stride, depthwise: true }),
      new SqueezeExcitation(maker, at(1), inside, Math.max(1, Math.floor(from / SQUEEZE))),
      maker.conv(at(2), inside, to, { size: 1 }),
      new BatchNorm2d({ channels: to, name: at(3) }),
    ];
    this.#adds = from === to && stride === 1;
  }

  forward(x: Tensor, options: ForwardOptions): Tensor {
    const y = inOrder(this.conv, x, options);
    return this.#adds ? x.add(y) : y;
  }
}

/** Channels so many times as wide, as a multiple of 8 that is at least nine tenths of that. */
function scaledChannels(channels: number, width: number): number {
  const wanted = channels * width;
  const rounded = Math.max(8, 8 * Math.floor((wanted + 4) / 8));
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

/** Settings of {@linkcode EfficientHrNet}. */
export interface EfficientHrNetOptions extends HighResolutionOptions {
  /** Channels of the backbone, as a multiple of EfficientNet-B0's. @default {1} */
  readonly backboneWidth?: number;
  /** Repetitions of its blocks, as a multiple of EfficientNet-B0's. @default {1} */
  readonly backboneDepth?: number;
  /** Channels of the four branches, the finest first. @default {[32, 64, 128, 256]} */
  readonly channels?: readonly [number, number, number, number];
  /** Modules of the stages 2, 3 and 4. @default {[1, 4, 3]} */
  readonly modules?: readonly [number, number, number];
}

/** A network of the paper. */
export type EfficientHrNetName = "H0" | "H-1" | "H-2" | "H-3" | "H-4";

/** The networks of the paper by name, and height and width of their images in pixels: see the table above. */
export const EFFICIENT_HRNETS: Readonly<
  Record<
    EfficientHrNetName,
    { readonly options: EfficientHrNetOptions; readonly imageSize: number }
  >
> = {
  "H0": scaling(512, [1, 1], [32, 64, 128, 256], [1, 4, 3]),
  "H-1": scaling(480, [0.909, 0.833], [26, 52, 103, 206], [1, 3, 3]),
  "H-2": scaling(448, [0.826, 0.694], [21, 42, 83, 166], [1, 2, 3]),
  "H-3": scaling(416, [0.751, 0.578], [17, 34, 67, 133], [1, 1, 3]),
  "H-4": scaling(384, [0.684, 0.483], [14, 27, 54, 107], [1, 1, 2]),
};

function scaling(
  imageSize: number,
  [backboneWidth, backboneDepth]: readonly [number, number],
  channels: EfficientHrNetOptions["channels"],
  modules: EfficientHrNetOptions["modules"],
): { readonly options: EfficientHrNetOptions; readonly imageSize: number } {
  return { options: { backboneWidth, backboneDepth, channels, modules }, imageSize };
}

/** Blocks of a branch of a module, and after enlarging; HigherHRNet has 4. */
const BLOCKS = 2;

/** The parts of the network between backbone and heads, as they are used. */
interface Parts {
  /** How many of the backbone's layers come before each branch. */
  readonly taps: readonly number[];
  /** Into the stages: for each branch a convolution of what the stage before or, for the last, the backbone says. */
  readonly transitions: readonly (readonly ConvNorm[])[];
  readonly stages: readonly (readonly HighResolutionModule[])[];
  readonly heads: Heads;
}

/**
 * EfficientHRNet; the default is H0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { EFFICIENT_HRNETS, EfficientHrNet, ones, variables } from "ae";
 *
 * const { options, imageSize } = EFFICIENT_HRNETS["H-4"];
 * const model = new EfficientHrNet(options);
 * const { tags, fineHeatmaps } = model.forward(ones([1, 3, imageSize, imageSize]));
 * assert.deepEqual(tags.shape, [1, 1, 17, 96, 96]);
 * assert.deepEqual(fineHeatmaps.shape, [1, 17, 192, 192]);
 * assert.ok(variables(model).has("features.1.conv.1.se.3.bias"));
 * ```
 */
export class EfficientHrNet extends HighResolutionNetwork {
  /** The backbone: a convolution, then blocks. */
  readonly features: readonly Layer[];
  /** Into stage 2, 1/4 of the image's size, from the backbone. */
  readonly trans1Branch1: readonly object[];
  /** 1/8, from the backbone. */
  readonly trans1Branch2: readonly object[];
  /** Modules of two branches. */
  readonly stage2: readonly object[];
  /** Into stage 3. */
  readonly trans2Branch1: readonly object[];
  /** 1/8. */
  readonly trans2Branch2: readonly object[];
  /** 1/16, from the backbone. */
  readonly trans2Branch3: readonly object[];
  /** Modules of three branches. */
  readonly stage3: readonly object[];
  /** Into stage 4. */
  readonly trans3Branch1: readonly object[];
  /** 1/8. */
  readonly trans3Branch2: readonly object[];
  /** 1/16. */
  readonly trans3Branch3: readonly object[];
  /** 1/32, from the backbone. */
  readonly trans3Branch4: readonly object[];
  /** Modules of four branches, of which the finest goes on. */
  readonly stage4: readonly object[];
  /** Heatmaps and tags, and the finer heatmaps. */
  readonly finalLayers: readonly [Conv2d, Conv2d];
  /** Enlarges features and maps: a transposed convolution, then blocks. */
  readonly deconvLayers: readonly object[];
  readonly #options: Required<EfficientHrNetOptions>;
  readonly #parts: Parts;

  /**
   * Make the network with seeded first values.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If a count is not a whole number of 1 or more (0 for `tagDimensions`), a multiple not above 0,
   * `tagInitScale` no number, or `imageNorm` or `precision` neither of the two.
   */
  constructor(options: EfficientHrNetOptions = {}) {
    super();
    const { backboneWidth = 1, backboneDepth = 1 } = options;
    const { channels = [32, 64, 128, 256], modules = [1, 4, 3] } = options;
    const named = (name: string, counts: readonly number[]) =>
      Object.fromEntries(counts.map((count, i) => [`${name}[${i}]`, count]));
    checkHourglass("EfficientHrNet", {
      ...named("channels", channels),
      ...named("modules", modules),
    });
    for (const [name, value] of Object.entries({ backboneWidth, backboneDepth })) {
      if (value > 0 && value < Infinity) continue;
      throw new RangeError(`EfficientHrNet: ${name} must be above 0, not ${value}`);
    }
    this.#options = {
      ...{ backboneWidth, backboneDepth, channels, modules },
      ...withDefaults("EfficientHrNet", options),
    };
    checkOptionNames("EfficientHrNet", options, this.#options);
    const { seed, recompute } = this.#options;
    const maker = new Maker(seed);
    const { layers, taps } = backbone(maker, backboneWidth, backboneDepth);
    this.features = layers;
    const transition = (stage: 1 | 2 | 3) =>
      channels.slice(0, stage + 1).map((to, b) => {
        // The first stage has nothing but the backbone, the others their coarsest branch from it.
        const from = stage === 1 || b === stage ? taps[b].channels : to;
        const name = `trans${stage}_branch${b + 1}`;
        return maker.convNorm(name, from, to, { size: 3, bias: true, relu: true });
      });
    const stage = (number: 2 | 3 | 4, last = false) =>
      stageOf(maker, `stage${number}`, {
        ...{ channels: channels.slice(0, number), modules: modules[number - 2], blocks: BLOCKS },
        ...{ last, recompute },
      });
    const transitions = [transition(1), transition(2), transition(3)];
    const stages = [stage(2), stage(3), stage(4, true)];
    const heads = new Heads(maker, { width: channels[0], blocks: BLOCKS }, this.#options);
    this.#parts = { taps: taps.map(({ after }) => after), transitions, stages, heads };
    [this.stage2, this.stage3, this.stage4] = stages;
    [this.trans1Branch1, this.trans1Branch2] = transitions[0];
    [this.trans2Branch1, this.trans2Branch2, this.trans2Branch3] = transitions[1];
    [this.trans3Branch1, this.trans3Branch2, this.trans3Branch3, this.trans3Branch4] =
      transitions[2];
    this.finalLayers = heads.finalLayers;
    this.deconvLayers = heads.deconvLayers;
  }

  /** The settings, defaults filled in. */
  get options(): Required<EfficientHrNetOptions> {
    return this.#options;
  }

  /**
   * Describe the maps of images.
   *
   * @param images `[N, 3, H, W]`, red, green and blue from 0 to 1, H and W divisible by 32.
   * @throws {ShapeError} If they are not, or there are not three channels.
   */
  forward(images: Tensor, options: ForwardOptions = {}): HigherHrNetOutput {
    const { taps, transitions, stages, heads } = this.#parts;
    const { recompute } = this.#options;
    const features: Tensor[] = [];
    taps.reduce((x, after, b) => {
      const layers = this.features.slice(taps[b - 1] ?? 0, after);
      features.push(layers.reduce((y, layer) => through([layer], y, { ...options, recompute }), x));
      return features[b];
    }, prepared("EfficientHrNet", images, this.#options));
    // Stage 2 sees the backbone alone; each further stage what the one before it says, and one branch more.
    const branches = stages.reduce<readonly Tensor[]>(
      (xs, modules, s) =>
        throughStage(
          modules,
          [...xs, ...features.slice(xs.length, s + 2)].map((x, b) =>
            inOrder(transitions[s][b], x, options)
          ),
          options,
        ),
      [],
    );
    return heads.forward(branches[0], options);
  }
}

/** The backbone's layers, and for each branch how many come before it and their channels. */
function backbone(
  maker: Maker,
  width: number,
  depth: number,
): { layers: Layer[]; taps: { after: number; channels: number }[] } {
  let from = scaledChannels(STEM, width);
  const layers: Layer[] = [new ConvSwish(maker, "features.0", 3, from, { size: 3, stride: 2 })];
  const taps: { after: number; channels: number }[] = [];
  for (const { channels, repeats, stride, branch, ...kind } of BLOCK_KINDS) {
    const to = scaledChannels(channels, width);
    for (let n = 0; n < Math.ceil(depth * repeats); n++) {
      const first = n === 0 ? stride : 1;
      const name = `features.${layers.length}`;
      layers.push(new InvertedBottleneck(maker, name, from, to, { ...kind, stride: first }));
      from = to;
    }
    if (branch) taps.push({ after: layers.length, channels: to });
  }
  return { layers, taps };
}
