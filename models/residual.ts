/**
 * The blocks of the first hourglass paper: convolutions that only learn what to add to their input.
 *
 *     x ── norm relu conv1×1 ── norm relu conv3×3 ── norm relu conv1×1 ──(+)── y
 *      └───────────────────── skip (1×1 if C ≠ O) ───────────────────────┘
 *
 * The two inner convolutions work on O/2 channels (a bottleneck), so the block costs about a quarter of two
 * plain 3 × 3 convolutions. An hourglass of these has the same width at every level.
 *
 * Newell, Yang and Deng 2016, "Stacked Hourglass Networks for Human Pose Estimation", arXiv:1603.06937, section 3,
 * and pose-hg-train, `src/models/layers/Residual.lua`. The names of the fields are our own.
 *
 * @module
 */
import { checkOptionNames } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { BatchNorm2d, Conv2d, type ForwardOptions, type Layer } from "../nn/mod.ts";
import { maxPool2d, upsample2d } from "../ops/mod.ts";
import { checkHourglass } from "./hourglass.ts";

/** Settings of {@linkcode Residual}. */
export interface ResidualOptions {
  /** C, channels of the input. */
  readonly inChannels: number;
  /** O, channels of the output, even. */
  readonly outChannels: number;
  /** Where the first values come from, together with `name`. @default {0} */
  readonly seed?: number;
  /** The block's path in its model. @default {"residual"} */
  readonly name?: string;
}

/** Normalise, ReLU, convolve. */
class PreActivated implements Layer {
  readonly bn: BatchNorm2d;
  readonly conv: Conv2d;

  constructor(options: ResidualOptions & { readonly size: number; readonly name: string }) {
    const name = `${options.name}.bn`;
    this.bn = new BatchNorm2d({ channels: options.inChannels, relu: true, name });
    this.conv = new Conv2d({ ...options, name: `${options.name}.conv` });
  }

  forward(x: Tensor, options: ForwardOptions): Tensor {
    return this.conv.forward(this.bn.forward(x, options)); // with its ReLU
  }
}

/**
 * A residual bottleneck: `[N, C, H, W]` to `[N, O, H, W]`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { ones, Residual } from "ae";
 *
 * const residual = new Residual({ inChannels: 4, outChannels: 8 });
 * assert.deepEqual(residual.forward(ones([1, 4, 6, 6])).shape, [1, 8, 6, 6]);
 * ```
 */
export class Residual implements Layer {
  /** 1 × 1, C to O/2. */
  readonly narrow: Layer;
  /** 3 × 3, O/2 to O/2. */
  readonly look: Layer;
  /** 1 × 1, O/2 to O. */
  readonly widen: Layer;
  /** 1 × 1, C to O; null where the input itself is added. */
  readonly skip: Conv2d | null;

  /**
   * Make the block with seeded first values.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If channels are not whole numbers of 1 or more or O is odd.
   */
  constructor(options: ResidualOptions) {
    const { inChannels, outChannels, seed = 0, name = "residual" } = options;
    checkOptionNames("Residual", options, { inChannels, outChannels, seed, name });
    checkHourglass("Residual", { inChannels, outChannels });
    if (outChannels % 2 !== 0) {
      throw new RangeError(`Residual: outChannels must be even, not ${outChannels}`);
    }
    const half = outChannels / 2;
    const layer = (field: string, size: number, from: number, to: number) =>
      new PreActivated({
        inChannels: from,
        outChannels: to,
        size,
        seed,
        name: `${name}.${field}`,
      });
    this.narrow = layer("narrow", 1, inChannels, half);
    this.look = layer("look", 3, half, half);
    this.widen = layer("widen", 1, half, outChannels);
    this.skip = inChannels === outChannels
      ? null
      : new Conv2d({ inChannels, outChannels, size: 1, seed, name: `${name}.skip` });
  }

  /**
   * Describe the output for an input.
   *
   * @param x `[N, C, H, W]`.
   * @throws {ShapeError} If the channels do not fit.
   */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    const inner = this.look.forward(this.narrow.forward(x, options), options);
    return this.widen.forward(inner, options).add(this.skip ? this.skip.forward(x) : x);
  }
}

/** Settings of {@linkcode ResidualHourglass}. */
export interface ResidualHourglassOptions {
  /** How many times the resolution is halved; H and W must be divisible by 2^depth. */
  readonly depth: number;
  /** Channels at every level, even. */
  readonly channels: number;
  /** Where the first values come from, together with `name`. @default {0} */
  readonly seed?: number;
  /** The hourglass's path in its model. @default {"hourglass"} */
  readonly name?: string;
}

/**
 * The hourglass of 2016: as {@linkcode Hourglass}, of residual bottlenecks with the same width at every level.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { ones, ResidualHourglass } from "ae";
 *
 * const hourglass = new ResidualHourglass({ depth: 2, channels: 4 });
 * assert.deepEqual(hourglass.forward(ones([1, 4, 8, 8])).shape, [1, 4, 8, 8]);
 * ```
 */
export class ResidualHourglass implements Layer {
  /** At full resolution. */
  readonly up1: Residual;
  /** At half resolution. */
  readonly low1: Residual;
  /** The smaller hourglass, or at the bottom a block. */
  readonly low2: ResidualHourglass | Residual;
  /** At half resolution. */
  readonly low3: Residual;

  /**
   * Make the hourglass with seeded first values.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If depth or channels are not whole numbers of 1 or more, or channels is odd.
   */
  constructor(options: ResidualHourglassOptions) {
    const { depth, channels, seed = 0, name = "hourglass" } = options;
    checkOptionNames("ResidualHourglass", options, { depth, channels, seed, name });
    checkHourglass("ResidualHourglass", { depth, channels });
    const block = (field: string) =>
      new Residual({
        inChannels: channels,
        outChannels: channels,
        seed,
        name: `${name}.${field}`,
      });
    this.up1 = block("up1");
    this.low1 = block("low1");
    this.low2 = depth > 1
      ? new ResidualHourglass({ depth: depth - 1, channels, seed, name: `${name}.low2` })
      : block("low2");
    this.low3 = block("low3");
  }

  /**
   * Describe the output for an input.
   *
   * @param x `[N, channels, H, W]`, H and W divisible by 2^depth.
   * @throws {ShapeError} If channels or sizes do not fit.
   */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    const detail = this.up1.forward(x, options);
    const narrow = this.low1.forward(maxPool2d(x), options);
    const context = this.low3.forward(this.low2.forward(narrow, options), options);
    return detail.add(upsample2d(context));
  }
}
