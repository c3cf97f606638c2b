/**
 * A model is a plain object: its fields hold variables, layers, and lists or records of them. There is no
 * class to inherit from and nothing to register; the functions here walk the fields.
 *
 *     class Head {                                     variables(new Head())
 *       readonly conv = new Conv2d({ … });               conv.weight   conv.bias
 *       readonly mergeLayers = [new Conv2d({ … })];      merge_layers.0.weight   …
 *     }
 *
 * A variable's path is made of field names in the order in which they were set, list positions, and dots.
 * Field names are written in snake_case, as in PyTorch's files: `runningMean` becomes `running_mean`. Private
 * `#fields` are not seen, which is how an optimiser keeps the model's parameters out of its own state.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { type HostArray, sizeOf } from "../core/host_array.ts";
import { read } from "../core/run.ts";
import { Tensor, tensor } from "../core/tensor.ts";
import { assign, Variable } from "../core/variable.ts";

/** How a layer is to be run. */
export interface ForwardOptions {
  /**
   * True while learning: batch normalisation then uses the batch's own statistics and keeps running averages
   * of them. @default {false}
   */
  readonly training?: boolean;
}

/** Anything that turns a tensor into a tensor. */
export interface Layer {
  /** Describe the output for an input. */
  forward(x: Tensor, options?: ForwardOptions): Tensor;
}

/**
 * All variables of a model (or an optimiser) by path, running statistics included, in the order of the fields.
 *
 * @param model An object whose fields lead to variables; a variable that is reached twice is listed once.
 * @throws {RangeError} If two variables have the same path.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { BatchNorm2d, variables } from "ae";
 *
 * const model = { bn: new BatchNorm2d({ channels: 4 }) };
 * assert.deepEqual(
 *   [...variables(model).keys()],
 *   ["bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"],
 * );
 * ```
 */
export function variables(model: object): Map<string, Variable> {
  const found = new Map<string, Variable>();
  walk(model, "", found, new Set());
  return found;
}

function walk(
  part: unknown,
  path: string,
  found: Map<string, Variable>,
  seen: Set<object>,
): void {
  if (typeof part !== "object" || part === null || seen.has(part)) return;
  seen.add(part);
  if (part instanceof Variable) {
    const key = path || part.name;
    if (found.has(key)) throw new RangeError(`variables: two variables have the path ${key}`);
    found.set(key, part);
    return;
  }
  if (part instanceof Tensor || ArrayBuffer.isView(part)) return;
  const entries = part instanceof Map ? part : Object.entries(part);
  for (const [key, field] of entries) {
    const name = snakeCase(String(key));
    walk(field, path ? `${path}.${name}` : name, found, seen);
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * The variables of a model that gradients change, by path, in the order of the fields.
 *
 * @param model An object whose fields lead to variables.
 * @throws {RangeError} If two variables have the same path.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { BatchNorm2d, parameters } from "ae";
 *
 * const bn = new BatchNorm2d({ channels: 4 });
 * assert.deepEqual([...parameters(bn).keys()], ["weight", "bias"]);
 * ```
 */
export function parameters(model: object): Map<string, Variable> {
  return new Map([...variables(model)].filter(([, variable]) => variable.trainable));
}

/**
 * Bring all variables to main memory, in one wait: what a weight file holds.
 *
 * @param model An object whose fields lead to variables.
 * @returns Arrays by path.
 * @throws {RangeError} If two variables have the same path.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { BatchNorm2d, stateOf } from "ae";
 *
 * const state = await stateOf(new BatchNorm2d({ channels: 2 }));
 * assert.deepEqual([...state["running_var"].data], [1, 1]);
 * ```
 */
export function stateOf(model: object): Promise<Record<string, HostArray>> {
  return read(Object.fromEntries(variables(model)));
}

/**
 * Give every variable of a model its value from a state. The state must fit exactly: if a tensor is missing,
 * left over, of another shape or not finite, nothing is changed.
 *
 * @param model An object whose fields lead to variables.
 * @param state Arrays by path, as {@linkcode stateOf} gives them and weight files hold them.
 * @param options.source Where the state comes from, for errors: the file's name.
 * @throws {InputError} If the state does not fit; names the file and the first tensor that is wrong.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { Conv2d, loadState, stateOf } from "ae";
 *
 * const a = new Conv2d({ inChannels: 1, outChannels: 2, seed: 1 });
 * const b = new Conv2d({ inChannels: 1, outChannels: 2, seed: 2 });
 * await loadState(b, await stateOf(a));
 * assert.deepEqual(await stateOf(b), await stateOf(a));
 * ```
 */
export async function loadState(
  model: object,
  state: Readonly<Record<string, HostArray>>,
  options: { readonly source?: string } = {},
): Promise<void> {
  const wanted = variables(model);
  checkState(wanted, state, options.source ?? "the state");
  for (const [path, variable] of wanted) {
    using value = tensor(state[path]);
    await assign(variable, value);
  }
}

function checkState(
  wanted: ReadonlyMap<string, Variable>,
  state: Readonly<Record<string, HostArray>>,
  source: string,
): void {
  const help = "\n  help: make the model with the options that the weights were trained with";
  for (const [path, { shape }] of wanted) {
    if (!Object.hasOwn(state, path)) {
      throw new InputError(
        `${source}: has no tensor ${path}, which the model needs with shape ${list(shape)}${help}`,
      );
    }
    const found = state[path];
    if (list(found.shape) !== list(shape)) {
      throw new InputError(
        `${source}: tensor ${path} has shape ${list(found.shape)} ` +
          `but the model needs ${list(shape)}${help}`,
      );
    }
    if (found.data.length !== sizeOf(shape)) {
      throw new InputError(
        `${source}: tensor ${path} of shape ${list(shape)} has ${found.data.length} numbers`,
      );
    }
    const bad = found.data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new InputError(
        `${source}: tensor ${path} holds ${found.data[bad]} at ${list(placeOf(bad, shape))}`,
      );
    }
  }
  const extra = Object.keys(state).find((path) => !wanted.has(path));
  if (extra !== undefined) {
    throw new InputError(
      `${source}: has a tensor ${extra} of shape ${list(state[extra].shape)}, ` +
        `which the model does not have${help}`,
    );
  }
}

function list(numbers: readonly number[]): string {
  return `[${numbers.join(", ")}]`;
}

/** The position on each axis of the number at `index`, row-major. */
function placeOf(index: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place.unshift(index % shape[axis]);
    index = Math.floor(index / shape[axis]);
  }
  return place;
}

/**
 * Give the buffers of all variables back; using the model afterwards is an error.
 *
 * @param model An object whose fields lead to variables.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { Conv2d, disposeModel, stateOf } from "ae";
 *
 * const conv = new Conv2d({ inChannels: 1, outChannels: 1 });
 * disposeModel(conv);
 * await assert.rejects(stateOf(conv), /conv2d\.(weight|bias) was disposed/);
 * ```
 */
export function disposeModel(model: object): void {
  for (const variable of variables(model).values()) variable.dispose();
}
