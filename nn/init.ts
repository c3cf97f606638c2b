/**
 * First values of parameters: seeded, made on the host, the same on every machine and adapter.
 *
 * A rule draws one number at a time and knows the fan-in, the count of inputs that one output sums over
 * (in · kH · kW for a convolution). Both rules below keep the size of activations about the same from layer
 * to layer; without that, a deep network starts with outputs that have vanished or exploded.
 *
 * |             | weight                     | bias             | source                                   |
 * | ----------- | -------------------------- | ---------------- | ---------------------------------------- |
 * | `"pytorch"` | U(−1/√fanIn, 1/√fanIn)     | the same         | PyTorch's Conv2d; the authors' networks  |
 * | `"he"`      | N(0, 2/fanIn)              | 0                | He et al. 2015, arXiv:1502.01852, eq. 10 |
 *
 * Each variable has a stream of its own, made from the model's seed and the variable's name, so a layer that
 * is added somewhere does not move the numbers of the others.
 *
 * @module
 */
import { type Shape, sizeOf } from "../core/host_array.ts";
import { Tensor } from "../core/tensor.ts";

/** A stream of random numbers. */
export interface Draws {
  /** A number in [0, 1), all equally likely. */
  uniform(): number;
  /** A number from the normal distribution with mean 0 and variance 1. */
  normal(): number;
}

/** One first value of a weight (or of a bias) of a layer whose outputs sum over `fanIn` inputs. */
export type Initializer = (draws: Draws, fanIn: number) => number;

/** Names of the rules for first values. */
export type InitName = "pytorch" | "he";

/** The rules for first values, by name: see the table above. */
export const initializers: Readonly<
  Record<InitName, { readonly weight: Initializer; readonly bias: Initializer }>
> = {
  pytorch: { weight: pytorchUniform, bias: pytorchUniform },
  he: { weight: heNormal, bias: () => 0 },
};

/**
 * PyTorch's default for convolutions, weights and biases alike: uniform between −1/√fanIn and 1/√fanIn.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { pytorchUniform } from "ae";
 *
 * assert.equal(pytorchUniform({ uniform: () => 0, normal: () => 0 }, 4), -0.5);
 * ```
 */
export function pytorchUniform(draws: Draws, fanIn: number): number {
  return (2 * draws.uniform() - 1) / Math.sqrt(fanIn);
}

/**
 * He's rule for layers that are followed by a ReLU: normal with variance 2 / fanIn.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { heNormal } from "ae";
 *
 * assert.equal(heNormal({ uniform: () => 0, normal: () => 3 }, 8), 1.5);
 * ```
 */
export function heNormal(draws: Draws, fanIn: number): number {
  return draws.normal() * Math.sqrt(2 / fanIn);
}

/**
 * First values of one variable. They are drawn when they are first needed; weights that are loaded from a file
 * before that are never drawn.
 *
 * @param shape The variable's shape.
 * @param options.initializer Draws one number.
 * @param options.fanIn How many inputs one output of the layer sums over.
 * @param options.seed The model's seed: a whole number, 0 to 2^53 − 1.
 * @param options.name The variable's name: another name gives other numbers.
 * @param options.scale Factor on number `i`, row-major. @default {1 for all}
 * @throws {RangeError} If the seed is not such a number or the fan-in is not 1 or more.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { initialValues, pytorchUniform } from "ae";
 *
 * const options = { initializer: pytorchUniform, fanIn: 9, seed: 1, name: "conv.weight" };
 * const { data } = await initialValues([1, 1, 3, 3], options).read();
 * assert.ok(data.every((value) => Math.abs(value) <= 1 / 3));
 * assert.deepEqual((await initialValues([1, 1, 3, 3], options).read()).data, data);
 * ```
 */
export function initialValues(
  shape: Shape,
  options: {
    readonly initializer: Initializer;
    readonly fanIn: number;
    readonly seed: number;
    readonly name: string;
    readonly scale?: (i: number) => number;
  },
): Tensor {
  const { initializer, fanIn, seed, name, scale } = options;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`initialValues: seed must be a whole number, 0 to 2^53 - 1, not ${seed}`);
  }
  if (!(fanIn >= 1)) throw new RangeError(`initialValues: fanIn must be 1 or more, not ${fanIn}`);
  const draw = () => {
    const draws = stream(seed, name);
    const values = new Float32Array(sizeOf(shape));
    for (let i = 0; i < values.length; i++) {
      values[i] = initializer(draws, fanIn) * (scale ? scale(i) : 1);
    }
    return values;
  };
  return new Tensor(shape, "f32", { host: draw });
}

/** The sfc32 generator (Chris Doty-Humphrey, PractRand), started from a seed and a name. */
function stream(seed: number, name: string): Draws {
  let a = (seed | 0) ^ hash(name, 0x811c9dc5); // FNV-1a's own start
  let b = (Math.floor(seed / 2 ** 32) | 0) ^ hash(name, 0x9e3779b9); // any other start
  let c = name.length;
  let counter = 1;
  const word = () => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  for (let i = 0; i < 15; i++) word(); // PractRand's number of rounds before the first use
  const uniform = () => word() / 2 ** 32;
  const normal = () => { // Box and Muller; 1 - u is in (0, 1], where the logarithm is finite
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    return radius * Math.cos(2 * Math.PI * uniform());
  };
  return { uniform, normal };
}

/** FNV-1a over a text's UTF-16 units: 32 bits. */
function hash(text: string, start: number): number {
  let value = start;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value;
}
