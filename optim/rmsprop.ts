/**
 * RMSprop: gradients divided by their recent size.
 *
 *     v ← α v + (1 − α) g²                 moving average of the square
 *     u ← α u + (1 − α) g                  of the gradient itself, where `centered`
 *     s = √v, or √(v − u²) where `centered`
 *     b ← momentum · b + g / (s + eps)
 *     p ← p − rate · b
 *
 * Weight decay is added, times the parameter, to the gradient. Tieleman and Hinton, lecture 6.5 of "Neural
 * Networks for Machine Learning" (2012), in PyTorch's form; the 2016 hourglass was trained with it. Rounding can
 * make v − u² slightly negative: it counts as 0 here, where PyTorch gives NaN.
 *
 * @module
 */
import { checkOptionNames } from "../core/errors.ts";
import { type Tensor, tensor } from "../core/tensor.ts";
import { assign, type Variable } from "../core/variable.ts";
import { formula } from "../ops/pointwise.ts";
import {
  byName,
  checkNumber,
  checkUpdate,
  kept,
  type Optimizer,
  type Parameters,
  type UpdateOptions,
  zerosLike,
} from "./optimizer.ts";

/** Settings of {@linkcode RmsProp}. */
export interface RmsPropOptions {
  /** Size of a step. @default {1e-2} */
  readonly learningRate?: number;
  /** α, how much of the old averages is kept. @default {0.99} */
  readonly alpha?: number;
  /** Keeps the division finite where gradients vanish. @default {1e-8} */
  readonly eps?: number;
  /** Pulls parameters towards 0: added, times the parameter, to the gradient. @default {0} */
  readonly weightDecay?: number;
  /** How much of the last step's direction is kept. @default {0} */
  readonly momentum?: number;
  /** Whether to divide by the standard deviation and not by the root of the mean square. @default {false} */
  readonly centered?: boolean;
}

const decayed = formula("rmsprop.decay", ["g", "p", "decay"], "g + decay * p");
const average = formula(
  "rmsprop.average",
  ["old", "x", "keep", "take"],
  "keep * old + take * x",
);
const averageSquare = formula(
  "rmsprop.averageSquare",
  ["old", "x", "keep", "take"],
  "keep * old + take * x * x",
);
const rolled = formula(
  "rmsprop.momentum",
  ["b", "g", "v", "eps", "momentum"],
  "momentum * b + g / (sqrt(v) + eps)",
);
const rolledCentered = formula(
  "rmsprop.momentumCentered",
  ["b", "g", "v", "u", "eps", "momentum"],
  "momentum * b + g / (sqrt(max(v - u * u, 0.0)) + eps)",
);
const moved = formula("rmsprop.step", ["p", "b", "rate"], "p - rate * b");

/**
 * The RMSprop optimiser.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { compile, RmsProp, tensor, variable } from "ae";
 *
 * const w = variable(tensor([1]), "w");
 * const rmsprop = new RmsProp([w], { learningRate: 0.1, alpha: 0.75 });
 * using step = compile(() => {
 *   rmsprop.update([tensor([3])]);
 *   return {};
 * });
 * await step({});
 * assert.ok(Math.abs(await w.item() - 0.8) < 1e-6); // 1 - 0.1 * 3 / √(0.25 * 9)
 * ```
 */
export class RmsProp implements Optimizer {
  /** The learning rate where an update is given none, `[]`. */
  readonly learningRate: Variable;
  /** v by parameter. */
  readonly square: Readonly<Record<string, Variable>>;
  /** u by parameter; nothing unless `centered`. */
  readonly mean: Readonly<Record<string, Variable>>;
  /** b by parameter; nothing without momentum. */
  readonly direction: Readonly<Record<string, Variable>>;
  readonly #parameters: ReadonlyMap<string, Variable>;
  readonly #options: Required<RmsPropOptions>;

  /**
   * Make the optimiser's state, all averages 0.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If there are no parameters, two have the same name, or a setting is out of range.
   */
  constructor(parameters: Parameters, options: RmsPropOptions = {}) {
    const { learningRate = 1e-2, alpha = 0.99, eps = 1e-8, weightDecay = 0 } = options;
    const { momentum = 0, centered = false } = options;
    checkNumber("RmsProp", "alpha", alpha, 1);
    for (const [name, value] of Object.entries({ learningRate, eps, weightDecay, momentum })) {
      checkNumber("RmsProp", name, value);
    }
    this.#parameters = byName("RmsProp", parameters);
    this.#options = { learningRate, alpha, eps, weightDecay, momentum, centered };
    checkOptionNames("RmsProp", options, this.#options);
    this.learningRate = kept(tensor(learningRate), "learning_rate");
    this.square = zerosLike(this.#parameters, "square");
    this.mean = centered ? zerosLike(this.#parameters, "mean") : {};
    this.direction = momentum > 0 ? zerosLike(this.#parameters, "direction") : {};
  }

  /** What it changes, in the order in which `update` expects gradients. */
  get parameters(): readonly Variable[] {
    return [...this.#parameters.values()];
  }

  /**
   * Change all parameters when the compiled step ends.
   *
   * @param gradients One for each parameter, in the order of {@linkcode RmsProp.parameters}.
   * @throws {TypeError} If called outside a compiled step.
   * @throws {RangeError} If there are more or fewer gradients than parameters.
   * @throws {ShapeError} If a gradient has another shape than its parameter.
   */
  update(gradients: readonly Tensor[], options: UpdateOptions = {}): void {
    checkUpdate("RmsProp", this.#parameters, gradients, options);
    const { alpha, eps, weightDecay, momentum, centered } = this.#options;
    const rate = options.learningRate ?? this.learningRate;
    [...this.#parameters].forEach(([path, p], i) => {
      const g = weightDecay > 0 ? decayed(gradients[i], p, weightDecay) : gradients[i];
      const v = averageSquare(this.square[path], g, alpha, 1 - alpha);
      assign(this.square[path], v);
      const old = momentum > 0 ? this.direction[path] : 0;
      let b: Tensor;
      if (centered) {
        const u = average(this.mean[path], g, alpha, 1 - alpha);
        assign(this.mean[path], u);
        b = rolledCentered(old, g, v, u, eps, momentum);
      } else {
        b = rolled(old, g, v, eps, momentum);
      }
      if (momentum > 0) assign(this.direction[path], b);
      assign(p, moved(p, b, rate));
    });
  }
}
