/**
 * Variables: tensors whose numbers can change, by {@linkcode assign}. Parameters, Adam's moments and
 * running statistics are variables; whatever else must differ from one call of a compiled step to the
 * next is an input of the step.
 *
 * What is described from a variable outside a step and has not been read yet sees its newest value.
 *
 * @module
 */
import { shapeError } from "./errors.ts";
import { isLeaf, resolveView } from "./graph.ts";
import { commitNow } from "./run.ts";
import { sameShape } from "./shape.ts";
import { algebraOf, Tensor } from "./tensor.ts";
import { assignmentsAreMuted, currentTrace, type Trace } from "./trace.ts";

/**
 * A tensor that {@linkcode assign} may change. Make one with {@linkcode variable}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { tensor, Variable, variable } from "ae";
 *
 * const bias = variable(tensor([0, 0]), "bias");
 * assert.ok(bias instanceof Variable && bias.trainable);
 * assert.equal(`${bias}`, "Variable bias [2] f32");
 * ```
 */
export class Variable extends Tensor {
  /** Name for errors, reports and files, e.g. `pre.0.conv.weight`. */
  readonly name: string;
  /** True for parameters that training changes by gradients; false for running statistics and the like. */
  readonly trainable: boolean;
  /** What it holds before the first assignment; computed on first use. For `core/` only. */
  readonly initial: Tensor;

  /** Use {@linkcode variable}. */
  constructor(initial: Tensor, name: string, trainable: boolean) {
    super(initial.shape, initial.dtype, {});
    this.initial = initial;
    this.name = name;
    this.trainable = trainable;
  }

  /** One line: name, sizes and type. */
  override toString(): string {
    const gone = this.storage.gone ? ` (${this.storage.gone})` : "";
    return `Variable ${this.name} [${this.shape.join(", ")}] ${this.dtype}${gone}`;
  }
}

/**
 * A tensor that can be changed, holding the value of `initial` at first.
 *
 * @param initial Its first value; shape and type stay for ever.
 * @param name For errors, reports and files.
 * @param options.trainable False for state that gradients do not change. @default {true}
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { assign, tensor, variable } from "ae";
 *
 * const count = variable(tensor(1), "count");
 * await assign(count, count.add(1));
 * assert.equal(await count.item(), 2);
 * ```
 */
export function variable(
  initial: Tensor,
  name: string,
  options: { readonly trainable?: boolean } = {},
): Variable {
  return new Variable(initial, name, options.trainable ?? true);
}

/**
 * Give a variable a new value: inside a compiled step when the step ends (all assignments of a step commit
 * together, and every read in the step sees the old value), outside one when the promise resolves. What was described
 * from it outside a step and read before keeps its numbers; what is read after this has the new value in it.
 *
 * @param options.always Whether the value is given also in a step whose {@linkcode commitIf} says no. @default {false}
 * @throws {ShapeError} If the shapes differ.
 * @throws {TypeError} If the number types differ.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { assign, compile, tensor, variable } from "ae";
 *
 * const a = variable(tensor(1), "a");
 * const b = variable(tensor(2), "b");
 * using swap = compile(() => {
 *   assign(a, b);
 *   assign(b, a); // sees the old a
 *   return {};
 * });
 * await swap({});
 * assert.deepEqual([await a.item(), await b.item()], [2, 1]);
 * ```
 */
export function assign(
  target: Variable,
  value: Tensor,
  options: { readonly always?: boolean } = {},
): Promise<void> {
  checkValue(target, value);
  if (assignmentsAreMuted()) return Promise.resolve();
  const trace = currentTrace();
  if (!trace) return commitNow([{ variable: target, value: inTime(target, value) }]);
  put(trace, target, value, options.always ?? false);
  return Promise.resolve();
}

/**
 * {@linkcode assign} in a compiled step, and what the variable will hold then. Whoever goes on computing with that and
 * not with `value` lets {@linkcode commitIf} be part of the kernel that computes it.
 */
export function assigned(target: Variable, value: Tensor): Tensor {
  checkValue(target, value);
  const trace = currentTrace();
  if (!trace || assignmentsAreMuted()) {
    throw new TypeError("assigned: must be called inside a compiled step");
  }
  return put(trace, target, value, false);
}

/**
 * Make everything that the compiled step assigns, before this call or after it, depend on a number that the step
 * computes: where it is 0 all variables keep their values, to the last bit. Values assigned with `always` are excepted.
 *
 * @param condition 0 or not, `[]` f32; may be computed from what must not become a variable's value, NaN included.
 * @throws {TypeError} If called outside a compiled step, or a second time in one.
 * @throws {ShapeError} If the condition is not one number.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { assign, commitIf, compile, greater, hostArray, type Tensor, tensor, variable } from "ae";
 *
 * const total = variable(tensor(0), "total");
 * using step = compile(({ x }: { x: Tensor }) => {
 *   assign(total, total.add(x));
 *   commitIf(greater(x, 0));
 *   return {};
 * });
 * for (const x of [2, -5, 3]) await step({ x: hostArray([], [x]) });
 * assert.equal(await total.item(), 5); // not with -5
 * ```
 */
export function commitIf(condition: Tensor): void {
  const trace = currentTrace();
  if (!trace) throw new TypeError("commitIf: must be called inside a compiled step");
  if (trace.condition) {
    throw new TypeError(
      "commitIf: the step has a condition\n  help: multiply the two, and give the product",
    );
  }
  if (condition.shape.length > 0) {
    throw shapeError("commitIf", "the condition must be one number", {
      condition: [condition.shape, ""],
    });
  }
  trace.condition = condition;
  const { assignments } = trace;
  assignments.forEach(({ variable, value, always }, i) => {
    if (!always) assignments[i] = { variable, value: valueIf(condition, variable, value) };
  });
}

function checkValue(target: Variable, value: Tensor): void {
  if (!sameShape(target.shape, value.shape)) {
    throw shapeError("assign", `a value for ${target.name} must have its shape`, {
      variable: [target.shape, ""],
      value: [value.shape, ""],
    });
  }
  if (target.dtype !== value.dtype) {
    throw new TypeError(
      `assign: ${target.name} holds ${target.dtype} but the value is ${value.dtype}; cast() it`,
    );
  }
}

/** Note an assignment of a step; gives what the variable will hold. */
function put(trace: Trace, target: Variable, value: Tensor, always: boolean): Tensor {
  const { condition, assignments } = trace;
  const final = condition && !always ? valueIf(condition, target, value) : inTime(target, value);
  assignments.push({ variable: target, value: final, always });
  return final;
}

/** A leaf's buffer might itself be overwritten by another assignment of the step: copy it in time. */
function inTime(target: Variable, value: Tensor): Tensor {
  const source = resolveView(value);
  return isLeaf(source) && source !== target ? algebraOf().add(value, 0) : value;
}

/** The value, or what the variable holds. */
function valueIf(condition: Tensor, variable: Tensor, value: Tensor): Tensor {
  const { cast, where } = algebraOf();
  const sameType = condition.dtype === value.dtype ? condition : cast(condition, value.dtype);
  return where(sameType, value, variable);
}
