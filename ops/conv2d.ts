/**
 * Two-dimensional convolution (cross-correlation, as everywhere in deep learning):
 *
 *     y[n, o, i, j] = bias[o] + Σ_{c, u, v} x[n, c, i·stride + u·dilation − pad, j·stride + v·dilation − pad] · w[o, c, u, v]
 *
 * with x = 0 outside the image. Its gradients are convolutions too:
 *
 *     ∂x   the gradient of y, spread out by the stride, convolved with the kernels turned by 180° and with input
 *          and output channels exchanged: the same shader as forward
 *     ∂w   for each (o, c, u, v) a sum over all images and pixels: a shader of its own, split over images and
 *          rows into parts that a second dispatch adds up, always in the same order
 *     ∂b   the sum of the gradient of y over images and pixels
 *
 * The shaders are in conv2d_kernels.ts.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import type { Shape } from "../core/host_array.ts";
import { apply, type Op } from "../core/op.ts";
import { sameShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { cast } from "./cast.ts";
import { concat, slice } from "./concat.ts";
import {
  type ConvAttrs,
  convKernel,
  packKernel,
  spreadKernel,
  unpackKernel,
  weightGradKernel,
  weightGradParts,
} from "./conv2d_kernels.ts";
import { winogradConv, winogradPays } from "./winograd.ts";

/** Rows (or columns) of output for `length` of input. */
function outputLength(length: number, size: number, stride: number, pad: number, dilation: number) {
  return Math.floor((length + 2 * pad - dilation * (size - 1) - 1) / stride) + 1;
}

/** Settings of {@linkcode conv2d}. */
export interface Conv2dOptions {
  /** One number per output channel, `[O]`. */
  readonly bias?: Tensor;
  /** Pixels from one output to the next. @default {1} */
  readonly stride?: number;
  /** Rows and columns of zeros around the image. @default {0} */
  readonly pad?: number;
  /** Pixels from one kernel element to the next. @default {1} */
  readonly dilation?: number;
  /** Channels are cut into this many groups that do not see each other. @default {1} */
  readonly groups?: number;
}

/** Forward: inputs are x `[N, C, H, W]`, packed weights `[C, kH, kW, O⌈4⌉]` and perhaps a bias `[O]`. */
const convOp: Op<ConvAttrs> = {
  name: "conv2d",
  shape: ([[N]], { O, outH, outW }) => [N, O, outH, outW],
  kernel: convKernel,
  flops: ([[N, C]], { O, kH, kW, outH, outW }) => 2 * N * C * O * kH * kW * outH * outW,
};

/** Weights `[O, C, kH, kW]` in the order in which the shader reads them: `[C, kH, kW, O⌈4⌉]`. */
const packOp: Op<{ readonly turned: boolean }> = {
  name: "conv2d.pack",
  shape([[O, C, kH, kW]], { turned }) {
    const [inner, outer] = turned ? [C, O] : [O, C];
    return [outer, kH, kW, Math.ceil(inner / 4) * 4];
  },
  kernel: packKernel,
};

/** Zeros between the pixels: `[N, C, H, W]` to the size that a stride took apart. */
const spreadOp: Op<{ readonly stride: number }> = {
  name: "conv2d.grad.spread",
  shape([[N, C, H, W]], { stride }) {
    return [N, C, (H - 1) * stride + 1, (W - 1) * stride + 1];
  },
  kernel: spreadKernel,
};

/** Inputs are x and the gradient of y; the output is `[parts, C, kH, kW, O⌈4⌉]`, to be summed over parts. */
const weightGradOp: Op<ConvAttrs> = {
  name: "conv2d.grad.weight",
  dtype: () => "f32", // parts of a long sum are not rounded to f16 on the way
  shape([x], attrs) {
    return [weightGradParts(x, attrs), x[1], attrs.kH, attrs.kW, Math.ceil(attrs.O / 4) * 4];
  },
  kernel: weightGradKernel,
  flops([[N, C], [, O, H, W]], { kH, kW }) {
    return 2 * N * C * O * kH * kW * H * W;
  },
};

/** Parts of packed weights, `[parts, C, kH, kW, O⌈4⌉]`, to their sum `[O, C, kH, kW]`. */
const unpackOp: Op<{ readonly O: number }> = {
  name: "conv2d.grad.unpack",
  shape: ([[, C, kH, kW]], { O }) => [O, C, kH, kW],
  kernel: unpackKernel,
};

/**
 * The whole convolution as one record: what {@linkcode conv2d} describes and `grad` asks. It is a view of
 * `convOp`'s result, so that the gradient can be stated for x, w and bias rather than for packed weights.
 */
const wholeOp: Op<ConvAttrs> = {
  name: "conv2d.whole",
  view: true,
  shape: ([y]) => y,
  grad({ inputs, gradOutput, attrs }) {
    const [, x, weight, bias] = inputs;
    return [
      null,
      inputGrad(gradOutput, weight, x.shape, attrs),
      cast(
        apply(unpackOp, [apply(weightGradOp, [x, gradOutput], attrs)], { O: attrs.O }),
        weight.dtype,
      ),
      ...(bias ? [gradOutput.sum([0, 2, 3])] : []),
    ];
  },
};

function inputGrad(gradY: Tensor, weight: Tensor, x: Shape, attrs: ConvAttrs): Tensor {
  const { kH, kW, stride, padY, padX, dilation } = attrs;
  const spread = stride === 1 ? gradY : apply(spreadOp, [gradY], { stride });
  return apply(convOp, [spread, apply(packOp, [weight], { turned: true })], {
    O: x[1],
    kH,
    kW,
    stride: 1,
    padY: dilation * (kH - 1) - padY,
    padX: dilation * (kW - 1) - padX,
    dilation,
    outH: x[2], // may reach past what the stride touched: those rows get zeros
    outW: x[3],
  });
}

/**
 * Two-dimensional convolution: `y[n, o, i, j] = bias[o] + Σ x[n, c, i·s + u·d − p, j·s + v·d − p] · w[o, c, u, v]`
 * over c, u, v, with stride s, dilation d, padding p and x = 0 outside the image.
 *
 * @param x Images, `[N, C, H, W]`.
 * @param weight Kernels, `[O, C / groups, kH, kW]`.
 * @returns `[N, O, H', W']` with `H' = ⌊(H + 2p − d·(kH − 1) − 1) / s⌋ + 1`.
 * @throws {ShapeError} If channels, bias or groups do not fit, or the kernel is larger than the padded image.
 * @throws {TypeError} If the number types differ or are integers.
 * @throws {RangeError} If stride, dilation or groups are not positive whole numbers, or pad is negative.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { conv2d, ones } from "ae";
 *
 * // Each output pixel counts the pixels of a 3x3 window that lie in a 2x2 image.
 * const y = conv2d(ones([1, 1, 2, 2]), ones([1, 1, 3, 3]), { pad: 1 });
 * assert.deepEqual(await y.array(), [[[[4, 4], [4, 4]]]]);
 * ```
 */
export function conv2d(x: Tensor, weight: Tensor, options: Conv2dOptions = {}): Tensor {
  const { bias, stride = 1, pad = 0, dilation = 1, groups = 1 } = options;
  checkTypes(x, weight, bias);
  checkOptions({ stride, dilation, groups }, pad);
  checkShapes(x, weight, bias, groups);
  if (groups > 1) return grouped(x, weight, { ...options, groups });
  const [O, , kH, kW] = weight.shape;
  const [, , H, W] = x.shape;
  const outH = outputLength(H, kH, stride, pad, dilation);
  const outW = outputLength(W, kW, stride, pad, dilation);
  if (outH < 1 || outW < 1) {
    throw shapeError("conv2d", "the kernel is larger than the padded image", {
      input: [x.shape, "N C H W"],
      weight: [weight.shape, "O C kH kW"],
    }, `pad is ${pad}; make it larger`);
  }
  const isPlain3x3 = kH === 3 && kW === 3 && stride === 1 && pad === 1 && dilation === 1;
  if (isPlain3x3 && x.dtype === "f32" && winogradPays(x.shape, O)) {
    return winogradConv(x, weight, bias);
  }
  const attrs = { O, kH, kW, stride, padY: pad, padX: pad, dilation, outH, outW };
  const packed = apply(packOp, [weight], { turned: false });
  const y = apply(convOp, bias ? [x, packed, bias] : [x, packed], attrs);
  return apply(wholeOp, bias ? [y, x, weight, bias] : [y, x, weight], attrs);
}

/** Groups are convolutions of their own, side by side. */
function grouped(x: Tensor, weight: Tensor, options: Conv2dOptions & { groups: number }): Tensor {
  const { groups, bias, ...rest } = options;
  const [N, C, H, W] = x.shape;
  const [O, perGroup, kH, kW] = weight.shape;
  const outputs = Array.from({ length: groups }, (_, g) => {
    const [c0, c1] = [g * C / groups, (g + 1) * C / groups];
    const [o0, o1] = [g * O / groups, (g + 1) * O / groups];
    return conv2d(
      slice(x, [0, c0, 0, 0], [N, c1, H, W]),
      slice(weight, [o0, 0, 0, 0], [o1, perGroup, kH, kW]),
      { ...rest, ...(bias ? { bias: slice(bias, [o0], [o1]) } : {}) },
    );
  });
  return concat(outputs, 1);
}

function checkOptions(positive: Readonly<Record<string, number>>, pad: number): void {
  for (const [name, value] of Object.entries(positive)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`conv2d: ${name} must be a whole number, 1 or more, not ${value}`);
    }
  }
  if (!Number.isInteger(pad) || pad < 0) {
    throw new RangeError(`conv2d: pad must be a whole number, 0 or more, not ${pad}`);
  }
}

function checkTypes(x: Tensor, weight: Tensor, bias: Tensor | undefined): void {
  const others = bias ? [weight.dtype, bias.dtype] : [weight.dtype];
  if (x.dtype === "i32" || x.dtype === "u32" || others.some((dtype) => dtype !== x.dtype)) {
    throw new TypeError(
      "conv2d: works on f32 or on f16 throughout, not on an input of " +
        `${x.dtype} with ${
          others.map((dtype, i) => `${["a weight", "a bias"][i]} of ${dtype}`).join(" and ")
        }` +
        "\n  help: cast() them",
    );
  }
}

function checkShapes(x: Tensor, weight: Tensor, bias: Tensor | undefined, groups: number): void {
  const shapes = {
    input: [x.shape, "N C H W"],
    weight: [weight.shape, groups > 1 ? "O C/groups kH kW" : "O C kH kW"],
  } as const;
  if (x.shape.length !== 4 || weight.shape.length !== 4) {
    throw shapeError("conv2d", "input and weight must both have four axes", shapes);
  }
  const [O, perGroup] = weight.shape;
  const channels = x.shape[1];
  if (channels !== perGroup * groups) {
    throw shapeError(
      "conv2d",
      `the input has ${channels} channels but the weight expects ${perGroup * groups}`,
      shapes,
      `make the layer with inChannels: ${channels}`,
    );
  }
  if (O % groups !== 0) {
    throw shapeError("conv2d", `${O} output channels cannot be cut into ${groups} groups`, shapes);
  }
  if (bias && !sameShape(bias.shape, [O])) {
    throw shapeError("conv2d", "the bias must have one number per output channel", {
      ...shapes,
      bias: [bias.shape, "O"],
    });
  }
}
