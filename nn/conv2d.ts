/**
 * Convolution as a layer: the operation {@linkcode conv2d} with a weight and a bias of its own.
 *
 * @module
 */
import { checkOptionNames } from "../core/errors.ts";
import { checkWhole } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { type Variable, variable } from "../core/variable.ts";
import { cast, conv2d } from "../ops/mod.ts";
import { initializers, initialValues, type InitName } from "./init.ts";
import type { Layer } from "./module.ts";

/** Settings of {@linkcode Conv2d}. */
export interface Conv2dLayerOptions {
  /** C, channels of the input. */
  readonly inChannels: number;
  /** O, channels of the output. */
  readonly outChannels: number;
  /** kH = kW, pixels. @default {3} */
  readonly size?: number;
  /** Pixels from one output to the next. @default {1} */
  readonly stride?: number;
  /** Rows and columns of zeros around the image. @default {(size - 1) / 2, which keeps H and W} */
  readonly pad?: number;
  /** Channels are cut into this many groups that do not see each other. @default {1} */
  readonly groups?: number;
  /** Whether to add a number to each output channel. @default {true} */
  readonly bias?: boolean;
  /** Rule for the first values. @default {"pytorch"} */
  readonly init?: InitName;
  /** Factor on the first weights of an output channel. @default {1 for all} */
  readonly initScale?: (outChannel: number) => number;
  /** Where the first values come from, together with `name`. @default {0} */
  readonly seed?: number;
  /** The layer's path in its model; layers of one seed and name start alike. @default {"conv2d"} */
  readonly name?: string;
}

/**
 * `[N, C, H, W]` to `[N, O, H', W']`: see {@linkcode conv2d} for the formula.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { Conv2d, ones } from "ae";
 *
 * const conv = new Conv2d({ inChannels: 3, outChannels: 8, size: 7, stride: 2 });
 * assert.deepEqual(conv.weight.shape, [8, 3, 7, 7]);
 * assert.deepEqual(conv.forward(ones([1, 3, 64, 64])).shape, [1, 8, 32, 32]);
 * ```
 */
export class Conv2d implements Layer {
  /** Kernels, `[O, C / groups, kH, kW]`. */
  readonly weight: Variable;
  /** One number per output channel, `[O]`, or null. */
  readonly bias: Variable | null;
  readonly #stride: number;
  readonly #pad: number;
  readonly #groups: number;

  /**
   * Make the layer with seeded first values.
   *
   * @throws {InputError} If an option is unknown.
   * @throws {RangeError} If channels, size, stride or groups are not whole numbers of 1 or more, the groups do not
   * divide the channels, or no `pad` is given and the size is even.
   */
  constructor(options: Conv2dLayerOptions) {
    const { inChannels, outChannels, size = 3, stride = 1, groups = 1 } = options;
    const { pad = (size - 1) / 2, bias = true } = options;
    const { init = "pytorch", initScale, seed = 0, name = "conv2d" } = options;
    checkOptionNames("Conv2d", options, {
      ...{ inChannels, outChannels, size, stride, pad, groups, bias },
      ...{ init, initScale, seed, name },
    });
    for (const [key, value] of Object.entries({ inChannels, outChannels, size, stride, groups })) {
      checkWhole("Conv2d", key, value, 1);
    }
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new RangeError(
        `Conv2d: ${groups} groups do not divide ${inChannels} and ${outChannels} channels`,
      );
    }
    if (options.pad === undefined && size % 2 === 0) {
      throw new RangeError(`Conv2d: size ${size} is even, so pad must be given`);
    }
    checkWhole("Conv2d", "pad", pad, 0);
    const fanIn = inChannels / groups * size * size;
    const rule = initializers[init];
    const first = (field: "weight" | "bias", shape: readonly number[]) => {
      const scale = field === "weight" && initScale
        ? (i: number) => initScale(Math.floor(i / fanIn))
        : undefined;
      const full = `${name}.${field}`;
      const initializer = rule[field];
      return variable(
        initialValues(shape, { initializer, fanIn, seed, name: full, scale }),
        full,
      );
    };
    this.weight = first("weight", [outChannels, inChannels / groups, size, size]);
    this.bias = bias ? first("bias", [outChannels]) : null;
    this.#stride = stride;
    this.#pad = pad;
    this.#groups = groups;
  }

  /**
   * Describe the output for an input. An input in f16 is convolved in f16, with the parameters rounded for it; they
   * themselves, and their gradients, stay f32.
   *
   * @param x `[N, C, H, W]`.
   * @throws {ShapeError} If the channels do not fit or the kernel is larger than the padded image.
   */
  forward(x: Tensor): Tensor {
    const rounded = (p: Tensor) => x.dtype === "f16" ? cast(p, "f16") : p;
    return conv2d(x, rounded(this.weight), {
      bias: this.bias ? rounded(this.bias) : undefined,
      stride: this.#stride,
      pad: this.#pad,
      groups: this.#groups,
    });
  }
}
