/**
 * One hourglass: look at the whole image, then bring what was seen back to every pixel.
 *
 *     x ──────────────── up1 ───────────────────────(+)── y      H × W
 *      └─ pool ─ low1 ─ low2 ─ low3 ─ upsample ──────┘          H/2 × W/2
 *
 * `low2` is again an hourglass until `depth` is used up, and a block at the bottom. A pixel at the bottom of a
 * depth-4 hourglass stands for 16 × 16 pixels of the input; the `up1` branches keep the detail that pooling
 * throws away. There is no ReLU after the sum.
 *
 * Newell, Huang and Deng 2017 (arXiv:1611.05424), section 3.2, and pose-ae-train, `models/layers.py`: plain 3 × 3
 * convolutions that widen by `increase` channels with each halving, where the first hourglass paper (Newell, Yang
 * and Deng 2016, arXiv:1603.06937) had residual blocks of constant width; for those see residual.ts.
 *
 * |                        | pose-ae-train                    | here                                       |
 * | ---------------------- | -------------------------------- | ------------------------------------------ |
 * | `increase`             | outermost level only, then 128   | all levels; `innerIncrease: 128` as theirs |
 * | norm in `low3`         | never                            | never with "authors", yes with "everywhere" |
 *
 * @module
 */
import { checkOptionNames } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { ForwardOptions, Layer } from "../nn/mod.ts";
import { maxPool2d, upsample2d } from "../ops/mod.ts";
import { type BatchNormPlaces, ConvBlock } from "./conv_block.ts";

/** Settings of {@linkcode Hourglass}. */
export interface HourglassOptions {
  /** How many times the resolution is halved; H and W must be divisible by 2^depth. */
  readonly depth: number;
  /** Channels of input and output. */
  readonly channels: number;
  /** Channels that the first halving adds. @default {128} */
  readonly increase?: number;
  /** Channels that each further halving adds. @default {increase} */
  readonly innerIncrease?: number;
  /** Whether and where to normalise. @default {"none"} */
  readonly batchNorm?: BatchNormPlaces;
  /** Where the first values come from, together with `name`. @default {0} */
  readonly seed?: number;
  /** The hourglass's path in its model. @default {"hourglass"} */
  readonly name?: string;
}

/**
 * `[N, channels, H, W]` to the same shape, through H / 2^depth × W / 2^depth.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { Hourglass, ones, parameters } from "ae";
 *
 * const hourglass = new Hourglass({ depth: 2, channels: 4, increase: 2 });
 * assert.deepEqual(hourglass.forward(ones([1, 4, 8, 8])).shape, [1, 4, 8, 8]);
 * assert.deepEqual(parameters(hourglass).get("low2.low1.conv.weight")?.shape, [8, 6, 3, 3]);
 * ```
 */
export class Hourglass implements Layer {
  /** At full resolution, `channels` to `channels`. */
  readonly up1: ConvBlock;
  /** At half resolution, `channels` to `channels + increase`. */
  readonly low1: ConvBlock;
  /** The smaller hourglass, or at the bottom a block. */
  readonly low2: Hourglass | ConvBlock;
  /** At half resolution, back to `channels`. */
  readonly low3: ConvBlock;

  /**
   * Make the hourglass with seeded first values.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If depth or channels are not whole numbers of 1 or more, or an increase is negative.
   */
  constructor(options: HourglassOptions) {
    const { depth, channels, increase = 128, innerIncrease = increase } = options;
    const { batchNorm = "none", seed = 0, name = "hourglass" } = options;
    checkOptionNames("Hourglass", options, {
      ...{ depth, channels, increase, innerIncrease },
      ...{ batchNorm, seed, name },
    });
    checkHourglass("Hourglass", { depth, channels });
    checkHourglass("Hourglass", { increase, innerIncrease }, 0);
    const wide = channels + increase;
    const block = (field: string, inChannels: number, outChannels: number, norm = batchNorm) =>
      new ConvBlock({ inChannels, outChannels, batchNorm: norm, seed, name: `${name}.${field}` });
    this.up1 = block("up1", channels, channels);
    this.low1 = block("low1", channels, wide);
    this.low2 = depth > 1
      ? new Hourglass({
        depth: depth - 1,
        channels: wide,
        increase: innerIncrease,
        innerIncrease,
        batchNorm,
        seed,
        name: `${name}.low2`,
      })
      : block("low2", wide, wide);
    this.low3 = block("low3", wide, channels, batchNorm === "authors" ? "none" : batchNorm);
  }

  /**
   * Describe the output for an input.
   *
   * @param x `[N, channels, H, W]`, H and W divisible by 2^depth.
   * @throws {ShapeError} If channels or sizes do not fit.
   */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    const detail = this.up1.forward(x, options); //                     H × W
    const narrow = this.low1.forward(maxPool2d(x), options); //         H/2 × W/2
    const context = this.low3.forward(this.low2.forward(narrow, options), options);
    return detail.add(upsample2d(context));
  }
}

/** Refuse sizes that no hourglass can have. */
export function checkHourglass(
  op: string,
  sizes: Readonly<Record<string, number>>,
  least = 1,
): void {
  for (const [name, value] of Object.entries(sizes)) {
    if (!Number.isInteger(value) || value < least) {
      throw new RangeError(`${op}: ${name} must be a whole number, ${least} or more, not ${value}`);
    }
  }
}
