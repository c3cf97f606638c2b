/**
 * The brick of every network here: a convolution, a ReLU, and perhaps batch normalisation.
 *
 *     "none"        conv → relu                    the authors' published networks
 *     "authors"     conv → relu → norm             what their code does when its `bn` is switched on
 *     "everywhere"  conv → norm → relu             the usual order; the convolution needs no bias then
 *
 * pose-ae-train, `models/layers.py` (`Conv`). The names `conv` and `bn` are those of its weight files.
 *
 * @module
 */
import { checkOptionNames } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { BatchNorm2d, Conv2d, type ForwardOptions, type Layer } from "../nn/mod.ts";
import { relu } from "../ops/mod.ts";

/** Where a network normalises: see the file's header. */
export type BatchNormPlaces = "none" | "authors" | "everywhere";

/** Settings of {@linkcode ConvBlock}. */
export interface ConvBlockOptions {
  /** C, channels of the input. */
  readonly inChannels: number;
  /** O, channels of the output. */
  readonly outChannels: number;
  /** kH = kW, odd. @default {3} */
  readonly size?: number;
  /** Pixels from one output to the next. @default {1} */
  readonly stride?: number;
  /** Whether a ReLU follows. @default {true} */
  readonly relu?: boolean;
  /** Whether and where to normalise. @default {"none"} */
  readonly batchNorm?: BatchNormPlaces;
  /** Whether the convolution adds a bias. @default {true, but false with "everywhere"} */
  readonly bias?: boolean;
  /** Factor on the first weights of an output channel. @default {1 for all} */
  readonly initScale?: (outChannel: number) => number;
  /** Where the first values come from, together with `name`. @default {0} */
  readonly seed?: number;
  /** The block's path in its model. @default {"block"} */
  readonly name?: string;
}

/**
 * Convolution, ReLU and perhaps batch normalisation: `[N, C, H, W]` to `[N, O, ⌈H / stride⌉, ⌈W / stride⌉]`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { ConvBlock, ones } from "ae";
 *
 * const block = new ConvBlock({ inChannels: 3, outChannels: 4 });
 * const y = await block.forward(ones([1, 3, 5, 5])).read();
 * assert.ok(y.data.every((value) => value >= 0));
 * ```
 */
export class ConvBlock implements Layer {
  /** The convolution. */
  readonly conv: Conv2d;
  /** The normalisation, or null. */
  readonly bn: BatchNorm2d | null;
  readonly #relu: boolean;
  readonly #normFirst: boolean;

  /**
   * Make the block with seeded first values.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If channels, size or stride are not whole numbers of 1 or more, or the size is even.
   */
  constructor(options: ConvBlockOptions) {
    const { inChannels, outChannels, size, stride, relu = true, batchNorm = "none" } = options;
    const normFirst = batchNorm === "everywhere";
    const { bias = !normFirst, initScale, seed, name = "block" } = options; // a norm would take a bias away again
    checkOptionNames("ConvBlock", options, {
      ...{ inChannels, outChannels, size, stride, relu, batchNorm },
      ...{ bias, initScale, seed, name },
    });
    this.#relu = relu;
    this.#normFirst = normFirst;
    this.conv = new Conv2d({
      inChannels,
      outChannels,
      size,
      stride,
      bias,
      initScale,
      seed,
      name: `${name}.conv`,
    });
    this.bn = batchNorm === "none" ? null : new BatchNorm2d({
      channels: outChannels,
      relu: relu && normFirst,
      name: `${name}.bn`,
    });
  }

  /**
   * Describe the output for an input.
   *
   * @param x `[N, C, H, W]`.
   * @throws {ShapeError} If the channels do not fit.
   */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    const y = this.conv.forward(x);
    if (this.bn && this.#normFirst) return this.bn.forward(y, options); // and its ReLU
    const positive = this.#relu ? relu(y) : y;
    return this.bn ? this.bn.forward(positive, options) : positive;
  }
}
