/**
 * Transposed convolution as a layer: the operation {@linkcode convTranspose2d} with a weight and a bias of its own.
 *
 * @module
 */
import { checkOptionNames } from "../core/errors.ts";
import { checkWhole } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { type Variable, variable } from "../core/variable.ts";
import { cast, convTranspose2d } from "../ops/mod.ts";
import { initializers, initialValues, type InitName } from "./init.ts";
import type { Layer } from "./module.ts";

/** Settings of {@linkcode ConvTranspose2d}. */
export interface ConvTranspose2dLayerOptions {
  /** C, channels of the input. */
  readonly inChannels: number;
  /** O, channels of the output. */
  readonly outChannels: number;
  /** kH = kW, pixels. */
  readonly size: number;
  /** Pixels of the output from one pixel of the input to the next. @default {1} */
  readonly stride?: number;
  /** Rows and columns that are cut off around the result. @default {0} */
  readonly pad?: number;
  /** Whether to add a number to each output channel. @default {true} */
  readonly bias?: boolean;
  /** Rule for the first values, with PyTorch's count of O · size² for the fan-in. @default {"pytorch"} */
  readonly init?: InitName;
  /** Where the first values come from, together with `name`. @default {0} */
  readonly seed?: number;
  /** The layer's path in its model. @default {"conv_transpose2d"} */
  readonly name?: string;
}

/**
 * `[N, C, H, W]` to `[N, O, H', W']`: see {@linkcode convTranspose2d} for the formula.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { ConvTranspose2d, ones } from "ae";
 *
 * const options = { inChannels: 3, outChannels: 8, size: 4, stride: 2, pad: 1 };
 * const layer = new ConvTranspose2d(options); // twice the height and width
 * assert.deepEqual(layer.weight.shape, [3, 8, 4, 4]);
 * assert.deepEqual(layer.forward(ones([1, 3, 5, 6])).shape, [1, 8, 10, 12]);
 * ```
 */
export class ConvTranspose2d implements Layer {
  /** Kernels, `[C, O, kH, kW]`. */
  readonly weight: Variable;
  /** One number per output channel, `[O]`, or null. */
  readonly bias: Variable | null;
  readonly #stride: number;
  readonly #pad: number;

  /**
   * Make the layer with seeded first values.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If channels or size are not whole numbers of 1 or more.
   */
  constructor(options: ConvTranspose2dLayerOptions) {
    const { inChannels, outChannels, size, stride = 1, pad = 0 } = options;
    const { bias = true, init = "pytorch", seed = 0, name = "conv_transpose2d" } = options;
    checkOptionNames("ConvTranspose2d", options, {
      ...{ inChannels, outChannels, size, stride, pad, bias },
      ...{ init, seed, name },
    });
    for (const [key, value] of Object.entries({ inChannels, outChannels, size })) {
      checkWhole("ConvTranspose2d", key, value, 1);
    }
    const fanIn = outChannels * size * size; // as PyTorch counts it, though it is the fan-out
    const first = (field: "weight" | "bias", shape: readonly number[]) => {
      const full = `${name}.${field}`;
      const initializer = initializers[init][field];
      return variable(initialValues(shape, { initializer, fanIn, seed, name: full }), full);
    };
    this.weight = first("weight", [inChannels, outChannels, size, size]);
    this.bias = bias ? first("bias", [outChannels]) : null;
    this.#stride = stride;
    this.#pad = pad;
  }

  /**
   * Describe the output for an input; one in f16 is computed in f16.
   *
   * @param x `[N, C, H, W]`.
   * @throws {ShapeError} If the channels do not fit or nothing is left of the result.
   * @throws {RangeError} If stride or pad are out of range.
   */
  forward(x: Tensor): Tensor {
    const rounded = (p: Tensor) => x.dtype === "f16" ? cast(p, "f16") : p;
    return convTranspose2d(x, rounded(this.weight), {
      ...(this.bias ? { bias: rounded(this.bias) } : {}),
      stride: this.#stride,
      pad: this.#pad,
    });
  }
}
