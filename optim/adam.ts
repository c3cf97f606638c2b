/**
 * Adam: steps of about the learning rate in every parameter, however large its gradients are.
 *
 *     m ← β₁ m + (1 − β₁) g           moving average of the gradient
 *     v ← β₂ v + (1 − β₂) g²          moving average of its square
 *     c ← β c + (1 − β)               the same average of the constant 1, for β₁ and β₂
 *     p ← p − rate · (m / c₁) / (√(v / c₂) + eps)
 *
 * The averages start at 0 and are too small at first by exactly the factor c = 1 − βᵗ. Keeping c beside m and v
 * instead of computing 1 − 0.999ᵗ in f32 loses no digits in the first steps.
 *
 * Kingma and Ba 2015, arXiv:1412.6980. Variants, as in PyTorch:
 *
 * |                  | weight decay          | eps                                                    |
 * | ---------------- | --------------------- | ------------------------------------------------------ |
 * | `Adam`           | added to the gradient | added to √(v / c₂)                                     |
 * | `AdamW`          | p ← p − rate · decay · p (arXiv:1711.05101) | the same                         |
 * | `epsilon: "2017"` | added to the gradient | added to √v, as PyTorch before 1.3 (the authors' runs) |
 *
 * @module
 */
import { checkOptionNames } from "../core/errors.ts";
import { type Tensor, tensor, zeros } from "../core/tensor.ts";
import { assign, assigned, type Variable } from "../core/variable.ts";
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

/** Settings of {@linkcode Adam}. */
export interface AdamOptions {
  /** Size of a step. @default {1e-3} */
  readonly learningRate?: number;
  /** β₁ and β₂, how much of the old averages is kept. @default {[0.9, 0.999]} */
  readonly betas?: readonly [number, number];
  /** Keeps the division finite where gradients vanish. @default {1e-8} */
  readonly eps?: number;
  /** Pulls parameters towards 0: added, times the parameter, to the gradient. @default {0} */
  readonly weightDecay?: number;
  /** Whether the decay acts on the parameter itself and not through the gradient. @default {false} */
  readonly decoupled?: boolean;
  /** Where eps is added: see the table above. @default {"corrected"} */
  readonly epsilon?: "corrected" | "2017";
}

const average = formula(
  "adam.average",
  ["old", "x", "keep", "take"],
  "keep * old + take * x",
);
const averageSquare = formula(
  "adam.averageSquare",
  ["old", "x", "keep", "take"],
  "keep * old + take * x * x",
);
const decayed = formula("adam.decay", ["g", "p", "decay"], "g + decay * p");
const moved = formula(
  "adam.step",
  ["p", "m", "v", "rate", "c1", "c2", "eps", "decay"],
  "p - rate * (decay * p + (m / c1) / (sqrt(v / c2) + eps))",
);
const moved2017 = formula(
  "adam.step2017",
  ["p", "m", "v", "rate", "c1", "c2", "eps", "decay"],
  "p - rate * (decay * p + sqrt(c2) / c1 * m / (sqrt(v) + eps))",
);

/**
 * The Adam optimiser. Three kernels for each parameter, all in place.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { Adam, compile, grad, tensor, variable } from "ae";
 *
 * const w = variable(tensor([5, -3]), "w");
 * const adam = new Adam([w], { learningRate: 0.1 });
 * using step = compile(() => {
 *   adam.update(grad(w.square().sum(), adam.parameters));
 *   return {};
 * });
 * await step({});
 * const { data } = await w.read(); // one step of 0.1 towards 0 in each, whatever the gradient's size
 * assert.ok(Math.abs(data[0] - 4.9) < 1e-5 && Math.abs(data[1] + 2.9) < 1e-5);
 * ```
 */
export class Adam implements Optimizer {
  /** The learning rate where an update is given none, `[]`. */
  readonly learningRate: Variable;
  /** c₁, the average of the constant 1 with β₁, `[]`. */
  readonly firstCorrection: Variable;
  /** c₂, the average of the constant 1 with β₂, `[]`. */
  readonly secondCorrection: Variable;
  /** m by parameter. */
  readonly firstMoment: Readonly<Record<string, Variable>>;
  /** v by parameter. */
  readonly secondMoment: Readonly<Record<string, Variable>>;
  readonly #parameters: ReadonlyMap<string, Variable>;
  readonly #options: Required<AdamOptions>;

  /**
   * Make the optimiser's state, all averages 0.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If there are no parameters, two have the same name, or a setting is out of range.
   */
  constructor(parameters: Parameters, options: AdamOptions = {}) {
    const { learningRate = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
    const { decoupled = false, epsilon = "corrected" } = options;
    checkNumber("Adam", "learningRate", learningRate);
    checkNumber("Adam", "betas[0]", betas[0], 1);
    checkNumber("Adam", "betas[1]", betas[1], 1);
    checkNumber("Adam", "eps", eps);
    checkNumber("Adam", "weightDecay", weightDecay);
    this.#parameters = byName("Adam", parameters);
    this.#options = { learningRate, betas, eps, weightDecay, decoupled, epsilon };
    checkOptionNames("Adam", options, this.#options);
    this.learningRate = kept(tensor(learningRate), "learning_rate");
    this.firstCorrection = kept(zeros([]), "first_correction");
    this.secondCorrection = kept(zeros([]), "second_correction");
    this.firstMoment = zerosLike(this.#parameters, "first_moment");
    this.secondMoment = zerosLike(this.#parameters, "second_moment");
  }

  /** What it changes, in the order in which `update` expects gradients. */
  get parameters(): readonly Variable[] {
    return [...this.#parameters.values()];
  }

  /**
   * Change all parameters when the compiled step ends.
   *
   * @param gradients One for each parameter, in the order of {@linkcode Adam.parameters}.
   * @throws {TypeError} If called outside a compiled step.
   * @throws {RangeError} If there are more or fewer gradients than parameters.
   * @throws {ShapeError} If a gradient has another shape than its parameter.
   */
  update(gradients: readonly Tensor[], options: UpdateOptions = {}): void {
    checkUpdate("Adam", this.#parameters, gradients, options);
    const { betas: [beta1, beta2], eps, weightDecay, decoupled, epsilon } = this.#options;
    const rate = options.learningRate ?? this.learningRate;
    const c1 = average(this.firstCorrection, 1, beta1, 1 - beta1);
    const c2 = average(this.secondCorrection, 1, beta2, 1 - beta2);
    assign(this.firstCorrection, c1);
    assign(this.secondCorrection, c2);
    const move = epsilon === "2017" ? moved2017 : moved;
    const inGradient = weightDecay > 0 && !decoupled;
    [...this.#parameters].forEach(([path, p], i) => {
      const g = inGradient ? decayed(gradients[i], p, weightDecay) : gradients[i];
      const firstMoment = this.firstMoment[path];
      const secondMoment = this.secondMoment[path];
      const m = assigned(firstMoment, average(firstMoment, g, beta1, 1 - beta1));
      const v = assigned(secondMoment, averageSquare(secondMoment, g, beta2, 1 - beta2));
      assign(p, move(p, m, v, rate, c1, c2, eps, decoupled ? weightDecay : 0));
    });
  }
}

/**
 * Adam with weight decay that acts on the parameters themselves: {@linkcode Adam} with `decoupled`, and 0.01 as
 * the default of `weightDecay`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { AdamW, compile, tensor, variable, zeros } from "ae";
 *
 * const w = variable(tensor([10]), "w");
 * const adam = new AdamW([w], { learningRate: 0.1, weightDecay: 0.5 });
 * using step = compile(() => {
 *   adam.update([zeros([1])]);
 *   return {};
 * });
 * await step({});
 * assert.equal(await w.item(), 9.5); // 10 - 0.1 * 0.5 * 10
 * ```
 */
export class AdamW extends Adam {
  /**
   * Make the optimiser's state, all averages 0.
   *
   * @throws {RangeError} If there are no parameters, two have the same name, or a setting is out of range.
   */
  constructor(parameters: Parameters, options: Omit<AdamOptions, "decoupled"> = {}) {
    super(parameters, { weightDecay: 0.01, ...options, decoupled: true });
  }
}
