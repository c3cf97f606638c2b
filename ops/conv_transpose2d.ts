/**
 * Transposed convolution: every number of x puts a kernel, multiplied by it, into a larger image, and what lies on top
 * of each other is added up.
 *
 *     y[n, o, i·stride + u − pad, j·stride + v − pad]  +=  x[n, c, i, j] · w[c, o, u, v]
 *
 * It is what a convolution does to gradients on their way back (conv2d.ts), used forwards to enlarge maps; its own
 * gradients are a convolution and the weight gradient of one.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { checkWhole, sameShape } from "../core/shape.ts";
import { transposedConvolution } from "./conv2d.ts";
import { reshape } from "./reshape.ts";

/** Settings of {@linkcode convTranspose2d}. */
export interface ConvTranspose2dOptions {
  /** One number per output channel, `[O]`. */
  readonly bias?: Tensor;
  /** Pixels of the output from one pixel of the input to the next. @default {1} */
  readonly stride?: number;
  /** Rows and columns that are cut off around the result. @default {0} */
  readonly pad?: number;
  /** Rows and columns that are added below and to the right, less than `stride`. @default {0} */
  readonly outputPad?: number;
}

/**
 * Transposed convolution, as PyTorch's `conv_transpose2d`: see the formula above.
 *
 * @param x `[N, C, H, W]`, f32 or f16.
 * @param weight Kernels, `[C, O, kH, kW]`: the input's channels first.
 * @returns `[N, O, H', W']` with `H' = (H − 1)·stride − 2·pad + kH + outputPad`.
 * @throws {ShapeError} If channels or bias do not fit, or nothing is left of the result.
 * @throws {TypeError} If the number types differ or are integers.
 * @throws {RangeError} If stride is not a whole number of 1 or more, pad or outputPad not one of 0 or more, or outputPad
 * not below stride.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { convTranspose2d, ones, tensor } from "ae";
 *
 * const x = tensor([[[[1, 2]]]]);
 * const y = convTranspose2d(x, ones([1, 1, 1, 3]), { stride: 2 }); // 1 1 1 and, two to the right, 2 2 2
 * assert.deepEqual(await y.array(), [[[[1, 1, 3, 2, 2]]]]);
 * ```
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  options: ConvTranspose2dOptions = {},
): Tensor {
  const { bias, stride = 1, pad = 0, outputPad = 0 } = options;
  checkWhole("convTranspose2d", "stride", stride, 1);
  checkWhole("convTranspose2d", "pad", pad, 0);
  checkWhole("convTranspose2d", "outputPad", outputPad, 0);
  if (outputPad >= stride) {
    throw new RangeError(
      `convTranspose2d: outputPad must be below stride, but it is ${outputPad} of ${stride}`,
    );
  }
  checkInputs(x, weight, bias);
  const [N, , H, W] = x.shape;
  const [, O, kH, kW] = weight.shape;
  const length = (size: number, k: number) => (size - 1) * stride - 2 * pad + k + outputPad;
  const image = [N, O, length(H, kH), length(W, kW)];
  if (image[2] < 1 || image[3] < 1) {
    throw shapeError("convTranspose2d", "nothing is left of the result", {
      input: [x.shape, "N C H W"],
      weight: [weight.shape, "C O kH kW"],
    }, `pad is ${pad}; make it smaller`);
  }
  const y = transposedConvolution(x, weight, image, { stride, pad });
  return bias ? y.add(reshape(bias, [O, 1, 1])) : y;
}

function checkInputs(x: Tensor, weight: Tensor, bias: Tensor | undefined): void {
  const types = [x, weight, ...(bias ? [bias] : [])].map(({ dtype }) => dtype);
  if (types[0] === "i32" || types[0] === "u32" || types.some((dtype) => dtype !== types[0])) {
    throw new TypeError(
      `convTranspose2d: works on f32 or on f16 throughout, not on ${types.join(", ")}` +
        "\n  help: cast() them",
    );
  }
  const shapes = { input: [x.shape, "N C H W"], weight: [weight.shape, "C O kH kW"] } as const;
  if (x.shape.length !== 4 || weight.shape.length !== 4) {
    throw shapeError("convTranspose2d", "input and weight must both have four axes", shapes);
  }
  if (x.shape[1] !== weight.shape[0]) {
    throw shapeError(
      "convTranspose2d",
      `the input has ${x.shape[1]} channels but the weight expects ${weight.shape[0]}`,
      shapes,
    );
  }
  if (bias && !sameShape(bias.shape, [weight.shape[1]])) {
    throw shapeError("convTranspose2d", "the bias must have one number per output channel", {
      ...shapes,
      bias: [bias.shape, "O"],
    });
  }
}
