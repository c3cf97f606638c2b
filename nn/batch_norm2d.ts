/**
 * Batch normalisation as a layer: the operation {@linkcode batchNorm2d} with its scale, its shift and running
 * averages of what it saw.
 *
 *     training    y = weight · (x − mean) / √(variance + eps) + bias     mean, variance of this batch
 *                 running_mean ← 0.9 running_mean + 0.1 mean
 *                 running_var  ← 0.9 running_var  + 0.1 variance · n / (n − 1)
 *     otherwise   the same formula with running_mean and running_var
 *
 * with n = N · H · W. Ioffe and Szegedy 2015, arXiv:1502.03167, with PyTorch's names, momentum (the weight of
 * the new value) and unbiased running variance.
 *
 * @module
 */
import { checkOptionNames, shapeError } from "../core/errors.ts";
import { ones, type Tensor, zeros } from "../core/tensor.ts";
import { assign, type Variable, variable } from "../core/variable.ts";
import { batchNorm2d, batchNorm2dInference, runningStatistic } from "../ops/mod.ts";
import type { ForwardOptions, Layer } from "./module.ts";

/** Settings of {@linkcode BatchNorm2d}. */
export interface BatchNorm2dLayerOptions {
  /** C, channels of input and output. */
  readonly channels: number;
  /** Weight of a batch in the running averages, 0 to 1. @default {0.1} */
  readonly momentum?: number;
  /** Added to the variance, so that a constant channel is not divided by 0. @default {1e-5} */
  readonly eps?: number;
  /** Whether a ReLU follows in the same pass. @default {false} */
  readonly relu?: boolean;
  /** The layer's path in its model. @default {"batchNorm2d"} */
  readonly name?: string;
}

/**
 * Each channel with mean 0 and variance 1, then scaled and shifted: `[N, C, H, W]` to the same shape.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { BatchNorm2d, compile, hostArray, type Tensor } from "ae";
 *
 * const bn = new BatchNorm2d({ channels: 1 });
 * using step = compile(({ x }: { x: Tensor }) => bn.forward(x, { training: true }));
 * const y = await step({ x: hostArray([1, 1, 1, 2], [3, 5]) });
 * assert.ok(Math.abs((await y.read()).data[1] - 1) < 1e-4);
 * assert.ok(Math.abs(await bn.runningMean.item() - 0.1 * 4) < 1e-6);
 * ```
 */
export class BatchNorm2d implements Layer {
  /** Scale of each channel, `[C]`, 1 at first. */
  readonly weight: Variable;
  /** Shift of each channel, `[C]`, 0 at first. */
  readonly bias: Variable;
  /** Running average of the mean, `[C]`. */
  readonly runningMean: Variable;
  /** Running average of the variance, `[C]`; named as in PyTorch's files. */
  readonly runningVar: Variable;
  readonly #momentum: number;
  readonly #eps: number;
  readonly #relu: boolean;

  /**
   * Make the layer.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If channels is not a whole number of 1 or more, momentum is not in 0 to 1 or eps is not
   * above 0.
   */
  constructor(options: BatchNorm2dLayerOptions) {
    const { channels, momentum = 0.1, eps = 1e-5, relu = false } = options;
    const { name = "batchNorm2d" } = options;
    checkOptionNames("BatchNorm2d", options, { channels, momentum, eps, relu, name });
    if (!Number.isInteger(channels) || channels < 1) {
      throw new RangeError(
        `BatchNorm2d: channels must be a whole number, 1 or more, not ${channels}`,
      );
    }
    if (!(momentum >= 0 && momentum <= 1)) {
      throw new RangeError(`BatchNorm2d: momentum must be 0 to 1, not ${momentum}`);
    }
    if (!(eps > 0 && eps < Infinity)) {
      throw new RangeError(`BatchNorm2d: eps must be above 0, not ${eps}`);
    }
    this.weight = variable(ones([channels]), `${name}.weight`);
    this.bias = variable(zeros([channels]), `${name}.bias`);
    const statistic = { trainable: false };
    this.runningMean = variable(zeros([channels]), `${name}.running_mean`, statistic);
    this.runningVar = variable(ones([channels]), `${name}.running_var`, statistic);
    this.#momentum = momentum;
    this.#eps = eps;
    this.#relu = relu;
  }

  /**
   * Describe the output for an input; while training, also assign the running averages. Train inside a compiled
   * step, where the assignments commit with all others; outside one they are made in the background.
   *
   * @param x `[N, C, H, W]`.
   * @throws {ShapeError} If the channels do not fit, or while training each channel is one number only.
   */
  forward(x: Tensor, options: ForwardOptions = {}): Tensor {
    const { weight, bias, runningMean, runningVar } = this;
    const settings = { eps: this.#eps, relu: this.#relu };
    if (!options.training) {
      return batchNorm2dInference(x, weight, bias, runningMean, runningVar, settings);
    }
    const { y, statistics } = batchNorm2d(x, weight, bias, settings);
    const count = x.shape[0] * x.shape[2] * x.shape[3];
    if (count < 2) {
      throw shapeError(
        "BatchNorm2d",
        "the variance of one number cannot be normalised",
        { x: [x.shape, "N C H W"] },
        "train with more images or larger ones",
      );
    }
    const take = this.#momentum;
    const unbiased = take * count / (count - 1);
    const running = (old: Variable, of: "mean" | "variance", share: number) =>
      assign(old, runningStatistic(old, statistics, { of, keep: 1 - take, take: share }));
    running(runningMean, "mean", take);
    running(runningVar, "variance", unbiased);
    return y;
  }
}
