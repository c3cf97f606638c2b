/**
 * What all optimisers share: a list of parameters, a learning rate that can change from step to step, and
 * state that lives in variables and is saved like a model's.
 *
 * An optimiser is called inside a compiled step. Its rule is written as formulas, one kernel for each number
 * that is kept and one for the parameter itself, all in place:
 *
 *     using step = compile((batch) => {
 *       const { loss } = poseLoss(model.forward(batch.images, { training: true }), batch);
 *       adam.update(grad(loss, adam.parameters), { learningRate: batch.rate });
 *       return { loss };
 *     });
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { type Tensor, tensor, zeros } from "../core/tensor.ts";
import { currentTrace } from "../core/trace.ts";
import { assign, type Variable, variable } from "../core/variable.ts";
import { sameShape } from "../core/shape.ts";

/** Parameters by path, as `parameters(model)` gives them, or a list of variables with names of their own. */
export type Parameters = ReadonlyMap<string, Variable> | readonly Variable[];

/** Settings of one update. */
export interface UpdateOptions {
  /** The learning rate of this step, shape `[]`. @default {the optimiser's own variable} */
  readonly learningRate?: Tensor;
}

/** Something that changes parameters by their gradients. */
export interface Optimizer {
  /** What it changes; `grad(loss, optimizer.parameters)` gives the gradients in this order. */
  readonly parameters: readonly Variable[];
  /** The learning rate where an update is given none. */
  readonly learningRate: Variable;
  /** Change all parameters when the compiled step ends. */
  update(gradients: readonly Tensor[], options?: UpdateOptions): void;
}

/**
 * Change an optimiser's own learning rate, between steps. Inside a step, give the rate to `update` instead.
 *
 * @throws {RangeError} If the rate is not a number of 0 or more.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { ones, setLearningRate, Sgd, variable } from "ae";
 *
 * const sgd = new Sgd([variable(ones([2]), "w")], { learningRate: 0.1 });
 * await setLearningRate(sgd, 0.01);
 * assert.equal(await sgd.learningRate.item(), Math.fround(0.01));
 * ```
 */
export async function setLearningRate(optimizer: Optimizer, rate: number): Promise<void> {
  checkNumber("setLearningRate", "rate", rate);
  using value = tensor(rate);
  await assign(optimizer.learningRate, value);
}

/** Parameters by name. */
export function byName(op: string, parameters: Parameters): Map<string, Variable> {
  const named = parameters instanceof Map
    ? new Map(parameters as ReadonlyMap<string, Variable>)
    : new Map([...parameters as readonly Variable[]].map((it) => [it.name, it]));
  if (named.size === 0) throw new RangeError(`${op}: there are no parameters to change`);
  if (!(parameters instanceof Map) && named.size < (parameters as readonly Variable[]).length) {
    throw new RangeError(`${op}: two parameters have the same name`);
  }
  return named;
}

/** A number kept for each element of each parameter, 0 at first. */
export function zerosLike(
  parameters: ReadonlyMap<string, Variable>,
  what: string,
): Record<string, Variable> {
  return Object.fromEntries(
    [...parameters].map(([path, { shape }]) => [path, kept(zeros(shape), `${what}.${path}`)]),
  );
}

/** A variable that is saved but that no gradient changes. */
export function kept(initial: Tensor, name: string): Variable {
  return variable(initial, name, { trainable: false });
}

/** Refuse settings that are no sizes. */
export function checkNumber(op: string, name: string, value: number, below = Infinity): void {
  if (value >= 0 && value < below) return;
  const range = below === Infinity ? "0 or more" : `0 or more and below ${below}`;
  throw new RangeError(`${op}: ${name} must be ${range}, not ${value}`);
}

/** One gradient for each parameter, of its shape; and a step to collect the assignments. */
export function checkUpdate(
  op: string,
  parameters: ReadonlyMap<string, Variable>,
  gradients: readonly Tensor[],
  { learningRate }: UpdateOptions,
): void {
  if (!currentTrace()) {
    throw new TypeError(
      `${op}.update: must be called inside a compiled step, so that all changes are made together` +
        "\n  help: wrap the training step in compile()",
    );
  }
  if (gradients.length !== parameters.size) {
    throw new RangeError(
      `${op}.update: there are ${parameters.size} parameters but ${gradients.length} gradients`,
    );
  }
  [...parameters].forEach(([path, { shape }], i) => {
    if (!sameShape(shape, gradients[i].shape)) {
      throw shapeError(`${op}.update`, `gradient ${i} does not have the shape of ${path}`, {
        parameter: [shape, ""],
        gradient: [gradients[i].shape, ""],
      });
    }
  });
  if (learningRate && learningRate.shape.length > 0) {
    throw shapeError(`${op}.update`, "the learning rate must be one number", {
      learningRate: [learningRate.shape, ""],
    }, "reshape() it to []");
  }
}
