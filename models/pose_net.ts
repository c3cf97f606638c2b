/**
 * The associative-embedding network: hourglasses in a row, each of which predicts, beside a heatmap for every
 * keypoint, a map of tags; the next one sees what the last one thought and corrects it.
 *
 *     images ─ pre ─ x ─ features.0 ─┬─ outs.0 ── heatmaps, tags        (a loss on every stack)
 *                    │               │      │
 *                    │  merge_features.0  merge_preds.0
 *                    └──────(+)──────┴──────┘
 *                            x ─ features.1 ─┬─ outs.1 ── heatmaps, tags     …
 *
 *     pre         conv 7×7/2 → 64, conv → 128, pool/2, conv → 128, conv → channels      stem "stride4"
 *                 conv 7×7/2 → channels, conv → channels                                stem "stride2"
 *     features.s  hourglass, conv, conv
 *     outs.s      conv 1×1 to K (1 + D) channels: K heatmaps, then D times K tags
 *
 * Newell, Huang and Deng, "Associative Embedding" (NIPS 2017), arXiv:1611.05424, section 3, as in pose-ae-train,
 * `models/posenet.py`; `variables(model)` has the names of its weight files. With `blocks: "residual"` the
 * bricks are those of the 2016 hourglass (arXiv:1603.06937), see residual.ts.
 *
 * |                     | pose-ae-train                       | here                                        |
 * | ------------------- | ----------------------------------- | ------------------------------------------- |
 * | images              | [N, H, W, 3]                        | [N, 3, H, W]                                |
 * | output channels     | 68, of which 34 are read            | 34; `extraChannels: 34` for their weights   |
 * | inner `increase`    | 128 whatever is asked for           | as asked; `innerIncrease: 128` as theirs    |
 * | small images        | —                                   | stem "stride2" for maps of half their size  |
 *
 * The authors' TensorFlow network (pose-ae-demo, `model.py`) has a convolution more in the stem and a 1×1 convolution
 * as the last block of each stack: `release: "tensorflow"`. Its first convolution pads 2 rows and columns before the
 * image and 3 after it; here it is 9×9 with 4 on each side, of which those weights fill the lower right 7×7.
 *
 * @module
 */
import { checkOptionNames, shapeError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { type ForwardOptions, type Layer, parameters } from "../nn/mod.ts";
import { cast, maxPool2d, recompute, reshape, slice } from "../ops/mod.ts";
import { type BatchNormPlaces, ConvBlock, type ConvBlockOptions } from "./conv_block.ts";
import { checkHourglass, Hourglass } from "./hourglass.ts";
import { checkImageNorm, type ImageNorm, normalized } from "./image_norm.ts";
import type { MapTensors } from "./looks.ts";
import { checkPrecision, checkTagInitScale } from "./network_settings.ts";
import { Residual, ResidualHourglass } from "./residual.ts";
import type { TagNetwork, TargetStrides } from "./tag_network.ts";

/** Settings of {@linkcode PoseNet}; without any it is the authors' network with the 34 channels that are read. */
export interface PoseNetOptions {
  /** S, hourglasses in a row. @default {4} */
  readonly stacks?: number;
  /** Channels at the resolution of the maps. @default {256} */
  readonly channels?: number;
  /** Channels that the first halving adds. @default {128} */
  readonly increase?: number;
  /** Channels that each further halving adds. @default {increase} */
  readonly innerIncrease?: number;
  /** How many times an hourglass halves the resolution. @default {4} */
  readonly depth?: number;
  /** K, keypoints of a person. @default {17} */
  readonly keypoints?: number;
  /** D, numbers in a tag; 0 for a network that looks at one person at a time. @default {1} */
  readonly tagDimensions?: number;
  /** Output channels after heatmaps and tags that nobody reads. @default {0} */
  readonly extraChannels?: number;
  /** Pixels of the image for one pixel of the maps. @default {"stride4"} */
  readonly stem?: "stride4" | "stride2";
  /** Which of the authors' two networks of plain convolutions, for stem "stride4". @default {"pytorch"} */
  readonly release?: "pytorch" | "tensorflow";
  /**
   * What happens to images first: nothing, or of each channel ImageNet's mean is subtracted and the rest divided by its
   * standard deviation, as mmpose does. @default {"none"}
   */
  readonly imageNorm?: ImageNorm;
  /** Plain convolutions (2017) or residual bottlenecks (2016). @default {"convolution"} */
  readonly blocks?: "convolution" | "residual";
  /** Whether and where plain convolutions are normalised; residual blocks always are. @default {"none"} */
  readonly batchNorm?: BatchNormPlaces;
  /**
   * Factor on the first weights of the tag channels. Tags that start equal stay equal, because push has no slope
   * there; a spread of about 1 at the start breaks the tie. @default {1}
   */
  readonly tagInitScale?: number;
  /**
   * Whether training forgets what is inside an hourglass and computes it once more for the gradients: for one pass more
   * a network of several stacks needs about the memory of one. @default {false}
   */
  readonly recompute?: boolean;
  /**
   * Number type of everything between images and maps. In f16 results take half the memory; parameters, sums and batch
   * statistics stay f32. Where the adapter has it; train with a `LossScale`. @default {"f32"}
   */
  readonly precision?: "f32" | "f16";
  /** Where the first values come from. @default {0} */
  readonly seed?: number;
}

/** What one stack says about a batch of images. */
export interface StackOutput {
  /** Output of the stack's head as it is, `[N, C, h, w]`. */
  readonly raw: Tensor;
  /** Its first K channels: how likely each keypoint is at each pixel, `[N, K, h, w]`. */
  readonly heatmaps: Tensor;
  /** Its next D · K channels: the tag that a keypoint at that pixel would have, `[N, D, K, h, w]`. */
  readonly tags: Tensor;
}

/** Adds what a stack found to the input of the next, through a 1 × 1 convolution. */
class Merge {
  readonly conv: ConvBlock;

  constructor(options: ConvBlockOptions & { readonly name: string }) {
    const name = `${options.name}.conv`;
    this.conv = new ConvBlock({ ...options, name, size: 1, relu: false });
  }
}

/** The stem's blocks by their number in the authors' files, where the pool is number 2. */
export type Stem = Readonly<Record<number, Layer>>;

/**
 * Images `[N, 3, H, W]`, values 0 to 1, to heatmaps and tags of every stack.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { ones, PoseNet } from "ae";
 *
 * const options = { stacks: 2, channels: 4, increase: 2, depth: 2, stem: "stride2" } as const;
 * const model = new PoseNet({ ...options, keypoints: 3, tagDimensions: 2 });
 * const stacks = model.forward(ones([1, 3, 32, 32]));
 * assert.equal(stacks.length, 2);
 * assert.deepEqual(stacks[1].heatmaps.shape, [1, 3, 16, 16]);
 * assert.deepEqual(stacks[1].tags.shape, [1, 2, 3, 16, 16]);
 * ```
 */
export class PoseNet implements TagNetwork {
  /** The stem, from images to the resolution of the maps. */
  readonly pre: Stem;
  /** For each stack an hourglass and two blocks. */
  readonly features: readonly (readonly [Layer, Layer, Layer])[];
  /** For each stack the head. */
  readonly outs: readonly ConvBlock[];
  /** For each stack but the last: features to the next stack's input. */
  readonly mergeFeatures: readonly { readonly conv: ConvBlock }[];
  /** For each stack but the last: predictions to the next stack's input. */
  readonly mergePreds: readonly { readonly conv: ConvBlock }[];
  readonly #options: Required<PoseNetOptions>;

  /**
   * Make the network with seeded first values.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If a size is not a whole number of 1 or more (0 for `increase` and `extraChannels`), the
   * seed is not a whole number of 0 or more, residual blocks have odd channels, or `imageNorm` is neither of the two.
   */
  constructor(options: PoseNetOptions = {}) {
    const all = withDefaults(options);
    checkOptionNames("PoseNet", options, all);
    this.#options = all;
    const { stacks, channels, tagInitScale, seed, keypoints, tagDimensions } = all;
    const outChannels = keypoints * (1 + tagDimensions) + all.extraChannels;
    const isTag = (o: number) => o >= keypoints && o < keypoints * (1 + tagDimensions);
    const perStack = <T>(count: number, make: (stack: number) => T) =>
      Array.from({ length: count }, (_, stack) => make(stack));
    const mergeNorm = all.batchNorm === "everywhere" ? "everywhere" : "none";

    this.pre = makeStem(all);
    this.features = perStack(stacks, (s) => makeFeatures(all, `features.${s}`));
    this.outs = perStack(stacks, (s) =>
      new ConvBlock({
        inChannels: channels,
        outChannels,
        size: 1,
        relu: false,
        initScale: (o) => isTag(o) ? tagInitScale : 1,
        seed,
        name: `outs.${s}`,
      }));
    const merge = (field: string, inChannels: number) =>
      perStack(stacks - 1, (s) =>
        new Merge({
          inChannels,
          outChannels: channels,
          batchNorm: mergeNorm,
          seed,
          name: `${field}.${s}`,
        }));
    this.mergeFeatures = merge("merge_features", channels);
    this.mergePreds = merge("merge_preds", outChannels);
  }

  /** Its settings, defaults filled in. */
  get options(): Required<PoseNetOptions> {
    return this.#options;
  }

  /** Pixels of the image for one pixel of the maps. */
  get stride(): number {
    return this.#options.stem === "stride4" ? 4 : 2;
  }

  /** Height and width of images must be multiples of this. */
  get sizeMultiple(): number {
    return this.stride * 2 ** this.#options.depth;
  }

  /**
   * Describe what every stack says about images; the last stack's is the answer.
   *
   * @param images `[N, 3, H, W]`, values 0 to 1, H and W multiples of {@linkcode PoseNet.sizeMultiple}.
   * @returns One output for each stack, with h = H / stride and w = W / stride.
   * @throws {ShapeError} If the images have another number of axes or channels, or another size.
   */
  forward(images: Tensor, options: ForwardOptions = {}): StackOutput[] {
    this.#checkImages(images);
    const { precision, imageNorm } = this.#options;
    let x = this.stemOf(cast(normalized(images, imageNorm), precision), options);
    return this.features.map((layers, s) => {
      const through = (input: Tensor) =>
        layers.reduce((y, layer) => layer.forward(y, options), input);
      const features = this.#options.recompute && options.training
        ? recompute(through, x, [...parameters({ layers }).values()])
        : through(x);
      const raw = this.outs[s].forward(features, options);
      if (s < this.mergePreds.length) {
        x = x.add(this.mergePreds[s].conv.forward(raw, options))
          .add(this.mergeFeatures[s].conv.forward(features, options));
      }
      return this.#split(cast(raw, "f32"));
    });
  }

  /**
   * Describe the maps for the decoder: the last stack's.
   *
   * @throws {ShapeError} As {@linkcode PoseNet.forward}.
   */
  mapsOf(images: Tensor, options: ForwardOptions = {}): MapTensors {
    const { heatmaps, tags } = this.forward(images, options).at(-1)!;
    return { heatmaps, tags };
  }

  /** Those of its maps. */
  get targetStrides(): TargetStrides {
    return { stride: this.stride };
  }

  /**
   * Describe the maps that training puts a loss on: those of every stack.
   *
   * @throws {ShapeError} As {@linkcode PoseNet.forward}.
   */
  stacksOf(images: Tensor, options: ForwardOptions = {}): StackOutput[] {
    return this.forward(images, options);
  }

  /**
   * Describe the stem's output alone: `[N, channels, H / stride, W / stride]`.
   *
   * @throws {ShapeError} If the channels do not fit.
   */
  stemOf(images: Tensor, options: ForwardOptions = {}): Tensor {
    let x = images;
    for (const [number, layer] of Object.entries(this.pre)) {
      if (number === "3") x = maxPool2d(x);
      x = layer.forward(x, options);
    }
    return x;
  }

  #split(raw: Tensor): StackOutput {
    const { keypoints: K, tagDimensions: D } = this.#options;
    const [N, , h, w] = raw.shape;
    const heatmaps = slice(raw, [0, 0, 0, 0], [N, K, h, w]);
    const tags = slice(raw, [0, K, 0, 0], [N, K + D * K, h, w]);
    return { raw, heatmaps, tags: reshape(tags, [N, D, K, h, w]) };
  }

  #checkImages(images: Tensor): void {
    const { shape } = images;
    const [, C, H, W] = shape;
    const multiple = this.sizeMultiple;
    const problem = shape.length !== 4
      ? "images must have 4 axes"
      : C !== 3
      ? `images must have 3 channels, not ${C}`
      : H % multiple !== 0 || W % multiple !== 0 || H === 0 || W === 0
      ? `height and width must be multiples of ${multiple}`
      : null;
    if (problem) throw shapeError("PoseNet", problem, { images: [shape, "N C H W"] });
  }
}

function withDefaults(options: PoseNetOptions): Required<PoseNetOptions> {
  const { stacks = 4, channels = 256, increase = 128, innerIncrease = increase } = options;
  const { depth = 4, keypoints = 17, tagDimensions = 1, extraChannels = 0 } = options;
  const { stem = "stride4", release = "pytorch", imageNorm = "none" } = options;
  const { blocks = "convolution", batchNorm = "none" } = options;
  const { tagInitScale = 1, recompute = false, precision = "f32", seed = 0 } = options;
  checkHourglass("PoseNet", { stacks, channels, depth, keypoints });
  checkImageNorm("PoseNet", imageNorm);
  checkHourglass("PoseNet", { increase, innerIncrease, tagDimensions, extraChannels }, 0);
  checkPrecision("PoseNet", precision);
  if (release === "tensorflow" && (stem !== "stride4" || blocks !== "convolution")) {
    throw new RangeError(
      'PoseNet: release "tensorflow" has the stem "stride4" and blocks of one convolution',
    );
  }
  checkTagInitScale("PoseNet", tagInitScale);
  return {
    stacks,
    channels,
    increase,
    innerIncrease,
    depth,
    keypoints,
    tagDimensions,
    extraChannels,
    stem,
    release,
    imageNorm,
    blocks,
    batchNorm,
    tagInitScale,
    recompute,
    precision,
    seed,
  };
}

/** Numbers 0 and 1 before the pool, 3 and 4 after it; the stem "stride2" stops before the pool. */
function makeStem(options: Required<PoseNetOptions>): Stem {
  const { channels, stem, release, blocks, batchNorm, seed } = options;
  const residual = blocks === "residual";
  const tensorflow = release === "tensorflow";
  const norm = residual ? "everywhere" : batchNorm;
  const first = (outChannels: number) =>
    new ConvBlock({
      inChannels: 3,
      outChannels,
      size: tensorflow ? 9 : 7,
      stride: 2,
      batchNorm: norm,
      bias: residual || undefined, // pose-hg-train keeps it
      seed,
      name: "pre.0",
    });
  const next = (number: number, inChannels: number, outChannels: number) => {
    const options = { inChannels, outChannels, seed, name: `pre.${number}` };
    return residual ? new Residual(options) : new ConvBlock({ ...options, batchNorm: norm });
  };
  if (stem === "stride2") return { 0: first(channels), 1: next(1, channels, channels) };
  const early = { 0: first(64), 1: next(1, 64, 128), 3: next(3, 128, 128) };
  return tensorflow
    ? { ...early, 4: next(4, 128, 128), 5: next(5, 128, channels) }
    : { ...early, 4: next(4, 128, channels) };
}

/** An hourglass and the two blocks after it. */
function makeFeatures(options: Required<PoseNetOptions>, name: string): [Layer, Layer, Layer] {
  const { channels, depth, increase, innerIncrease, blocks, batchNorm, seed } = options;
  const block = (number: number, size: number, norm: BatchNormPlaces) =>
    new ConvBlock({
      inChannels: channels,
      outChannels: channels,
      size,
      batchNorm: norm,
      bias: blocks === "residual" || undefined, // pose-hg-train keeps it
      seed,
      name: `${name}.${number}`,
    });
  if (blocks === "residual") {
    return [
      new ResidualHourglass({ depth, channels, seed, name: `${name}.0` }),
      new Residual({ inChannels: channels, outChannels: channels, seed, name: `${name}.1` }),
      block(2, 1, "everywhere"),
    ];
  }
  const norm = batchNorm === "authors" ? "none" : batchNorm;
  return [
    new Hourglass({
      depth,
      channels,
      increase,
      innerIncrease,
      batchNorm,
      seed,
      name: `${name}.0`,
    }),
    block(1, 3, norm),
    block(2, options.release === "tensorflow" ? 1 : 3, norm),
  ];
}
