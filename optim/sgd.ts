/**
 * Stochastic gradient descent, with momentum like a ball that keeps rolling:
 *
 *     b ← momentum · b + (1 − dampening) · g        in the first step b ← g, as in PyTorch
 *     p ← p − rate · b                              with Nesterov: p − rate · (g + momentum · b)
 *
 * Weight decay is added, times the parameter, to the gradient. Sutskever et al. 2013 for the Nesterov form.
 *
 * @module
 */
import { checkOptionNames } from "../core/errors.ts";
import { ones, type Tensor, tensor, zeros } from "../core/tensor.ts";
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

/** Settings of {@linkcode Sgd}. */
export interface SgdOptions {
  /** Size of a step as a multiple of the gradient. @default {1e-3} */
  readonly learningRate?: number;
  /** How much of the last step's direction is kept. @default {0} */
  readonly momentum?: number;
  /** How much less a new gradient counts from the second step on. @default {0} */
  readonly dampening?: number;
  /** Pulls parameters towards 0: added, times the parameter, to the gradient. @default {0} */
  readonly weightDecay?: number;
  /** Whether to look ahead along the momentum. @default {false} */
  readonly nesterov?: boolean;
}

const decayed = formula("sgd.decay", ["g", "p", "decay"], "g + decay * p");
const rolled = formula(
  "sgd.momentum",
  ["b", "g", "momentum", "dampening", "started"],
  "momentum * b + (1.0 - dampening * started) * g",
);
const moved = formula("sgd.step", ["p", "b", "rate"], "p - rate * b");
const movedAhead = formula(
  "sgd.nesterov",
  ["p", "b", "g", "rate", "momentum"],
  "p - rate * (g + momentum * b)",
);

/**
 * The optimiser of gradient descent with momentum.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { compile, grad, Sgd, tensor, variable } from "ae";
 *
 * const w = variable(tensor([5]), "w");
 * const sgd = new Sgd([w], { learningRate: 0.25 });
 * using step = compile(() => {
 *   sgd.update(grad(w.square().sum(), sgd.parameters));
 *   return {};
 * });
 * await step({});
 * assert.equal(await w.item(), 2.5); // 5 - 0.25 * 10
 * ```
 */
export class Sgd implements Optimizer {
  /** The learning rate where an update is given none, `[]`. */
  readonly learningRate: Variable;
  /** 0 before the first step, 1 after it, `[]`. */
  readonly started: Variable;
  /** b by parameter; nothing without momentum. */
  readonly direction: Readonly<Record<string, Variable>>;
  readonly #parameters: ReadonlyMap<string, Variable>;
  readonly #options: Required<SgdOptions>;

  /**
   * Make the optimiser's state, at rest.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If there are no parameters, two have the same name, a setting is out of range, or
   * Nesterov's form is asked for without momentum or with dampening.
   */
  constructor(parameters: Parameters, options: SgdOptions = {}) {
    const { learningRate = 1e-3, momentum = 0, dampening = 0, weightDecay = 0 } = options;
    const { nesterov = false } = options;
    for (const [name, value] of Object.entries({ learningRate, momentum, weightDecay })) {
      checkNumber("Sgd", name, value);
    }
    if (!Number.isFinite(dampening)) {
      throw new RangeError(`Sgd: dampening must be a number, not ${dampening}`);
    }
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new RangeError("Sgd: nesterov needs momentum above 0 and dampening 0");
    }
    this.#parameters = byName("Sgd", parameters);
    this.#options = { learningRate, momentum, dampening, weightDecay, nesterov };
    checkOptionNames("Sgd", options, this.#options);
    this.learningRate = kept(tensor(learningRate), "learning_rate");
    this.started = kept(zeros([]), "started");
    this.direction = momentum > 0 ? zerosLike(this.#parameters, "direction") : {};
  }

  /** What it changes, in the order in which `update` expects gradients. */
  get parameters(): readonly Variable[] {
    return [...this.#parameters.values()];
  }

  /**
   * Change all parameters when the compiled step ends.
   *
   * @param gradients One for each parameter, in the order of {@linkcode Sgd.parameters}.
   * @throws {TypeError} If called outside a compiled step.
   * @throws {RangeError} If there are more or fewer gradients than parameters.
   * @throws {ShapeError} If a gradient has another shape than its parameter.
   */
  update(gradients: readonly Tensor[], options: UpdateOptions = {}): void {
    checkUpdate("Sgd", this.#parameters, gradients, options);
    const { momentum, dampening, weightDecay, nesterov } = this.#options;
    const rate = options.learningRate ?? this.learningRate;
    [...this.#parameters].forEach(([path, p], i) => {
      const g = weightDecay > 0 ? decayed(gradients[i], p, weightDecay) : gradients[i];
      if (momentum === 0) {
        assign(p, moved(p, g, rate));
        return;
      }
      const b = rolled(this.direction[path], g, momentum, dampening, this.started);
      assign(this.direction[path], b);
      assign(p, nesterov ? movedAhead(p, b, g, rate, momentum) : moved(p, b, rate));
    });
    assign(this.started, ones([]));
  }
}
