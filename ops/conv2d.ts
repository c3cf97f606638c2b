/**
 * Two-dimensional convolution (cross-correlation, as everywhere in deep learning):
 *
 *     y[n, o, i, j] = bias[o] + Σ_{c, u, v} x[n, c, i·stride + u·dilation − pad, j·stride + v·dilation − pad] · w[o, c, u, v]
 *
 * with x = 0 outside the image. Its gradients are convolutions too (docs/conv2d.md):
 *
 *     ∂x   the gradient of y, spread out by the stride, convolved with the kernels turned by 180° and with input
 *          and output channels exchanged
 *     ∂w   for each (o, c, u, v) a sum over all images and pixels
 *     ∂b   the sum of the gradient of y over images and pixels
 *
 * There are four ways to compute it and ∂x and ∂w:
 *
 *     product    a 1x1 kernel mixes the channels of each pixel: a product of matrices
 *     winograd   a 3x3 kernel with a quarter of the multiplications, for a little more rounding: winograd.ts
 *     shared     everything else on a graphics card: conv2d_workgroup.ts
 *     direct     everything else on a processor: conv2d_direct.ts
 *
 * Gradients are those of the convolution itself, whichever way computes it.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import type { Shape } from "../core/host_array.ts";
import { isSoftware } from "../core/kernel.ts";
import { apply, type Op, type TensorType } from "../core/op.ts";
import { checkWhole, sameShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { choose, declareWays } from "../core/tune.ts";
import { concat, slice } from "./concat.ts";
import { direct } from "./conv2d_direct.ts";
import type { ConvAttrs } from "./conv2d_kernels.ts";
import { depthwise } from "./conv2d_depthwise.ts";
import { workgroup } from "./conv2d_workgroup.ts";
import { matmul } from "./matmul.ts";
import { reshape } from "./reshape.ts";
import { winograd, winogradPays } from "./winograd.ts";

/** One way to compute a convolution and its gradients. */
export interface ConvMethod {
  /** y from x, weight and perhaps bias. */
  forward(x: Tensor, weight: Tensor, bias: Tensor | undefined, attrs: ConvAttrs): Tensor;
  /** ∂x, of shape `image`, from the gradient of y. */
  inputGrad(gradY: Tensor, weight: Tensor, image: Shape, attrs: ConvAttrs): Tensor;
  /** ∂w from the gradient of y. */
  weightGrad(x: Tensor, gradY: Tensor, attrs: ConvAttrs): Tensor;
}

/** Bytes of gradients for each image alone, before they are added up. */
const MOST_PER_IMAGE = 2 ** 24;

const product: ConvMethod = {
  forward(x, weight, bias, { O, outH, outW }) {
    const y = reshape(matmul(flatKernels(weight), flatImages(x)), [x.shape[0], O, outH, outW]);
    return bias ? y.add(reshape(bias, [O, 1, 1])) : y; // in the product's epilogue
  },
  inputGrad: (gradY, weight, image) =>
    reshape(matmul(flatKernels(weight), flatImages(gradY), { transposeA: true }), image),
  weightGrad(x, gradY, attrs) {
    const { O } = attrs;
    const bytes = 4 * x.shape[0] * O * x.shape[1];
    if (bytes > MOST_PER_IMAGE) {
      return (isSoftware() ? direct : workgroup).weightGrad(x, gradY, attrs);
    }
    const perImage = matmul(flatImages(gradY), flatImages(x), { transposeB: true });
    return reshape(perImage.sum([0]), [O, x.shape[1], 1, 1]);
  },
};

/** `[N, C, H, W]` to `[N, C, H·W]`. */
function flatImages(x: Tensor): Tensor {
  const [N, C, H, W] = x.shape;
  return reshape(x, [N, C, H * W]);
}

/** `[O, C, 1, 1]` to `[O, C]`. */
function flatKernels(weight: Tensor): Tensor {
  return reshape(weight, weight.shape.slice(0, 2));
}

const METHODS: Readonly<Record<string, ConvMethod>> = {
  product,
  winograd,
  shared: workgroup,
  direct,
};
declareWays("conv2d", Object.keys(METHODS));

/** The way for images of this type: of those that can do it, the one that is expected to take least. */
function methodFor({ shape, dtype }: TensorType, attrs: ConvAttrs): ConvMethod {
  const { O, kH, kW, stride, padY, padX, dilation } = attrs;
  const plain = dtype === "f32" && stride === 1 && dilation === 1; // f16 is summed in f32: not by these two
  const is = (size: number, pad: number) =>
    plain && [kH, kW].every((k) => k === size) && [padY, padX].every((p) => p === pad);
  const candidates = [
    ...(is(1, 0) ? ["product"] : []),
    ...(is(3, 1) && winogradPays(shape, O) ? ["winograd"] : []),
    ...(isSoftware() ? ["direct", "shared"] : ["shared", "direct"]),
  ];
  return METHODS[choose("conv2d", candidates)];
}

/** Inputs are x `[N, C, H, W]`, weight `[O, C, kH, kW]` and perhaps bias `[O]`. */
const convOp: Op<ConvAttrs> = {
  name: "conv2d",
  shape: ([[N]], { O, outH, outW }) => [N, O, outH, outW],
  lower: ({ inputs: [x, weight, bias], attrs }) =>
    methodFor(x, attrs).forward(x, weight, bias, attrs),
  grad: ({ inputs: [x, weight, bias], gradOutput, attrs }) => [
    apply(inputGradOp, [gradOutput, weight], { ...attrs, image: x.shape }),
    apply(weightGradOp, [x, gradOutput], attrs),
    ...(bias ? [gradOutput.sum([0, 2, 3])] : []),
  ],
};

/** Inputs are the gradient of y and the weight; gives ∂x. As an operation of its own: convTranspose2d. */
const inputGradOp: Op<ConvAttrs & { readonly image: Shape }> = {
  name: "conv2d.grad.input",
  shape: (_, { image }) => image,
  lower({ inputs: [gradY, weight], output, attrs }) {
    return methodFor(output, attrs).inputGrad(gradY, weight, attrs.image, attrs);
  },
  // It is the transpose of the convolution, so its own transpose is the convolution.
  grad: ({ inputs: [gradY, weight], gradOutput, attrs: { image: _, ...attrs } }) => [
    apply(convOp, [gradOutput, weight], attrs),
    apply(weightGradOp, [gradOutput, gradY], attrs),
  ],
};

/** Inputs are x and the gradient of y; gives ∂w. */
const weightGradOp: Op<ConvAttrs> = {
  name: "conv2d.grad.weight",
  shape: ([[, C]], { O, kH, kW }) => [O, C, kH, kW],
  lower: ({ inputs: [x, gradY], attrs }) => methodFor(x, attrs).weightGrad(x, gradY, attrs),
};

/**
 * The transpose of a convolution: `gradY` `[N, O, H', W']` to `[N, C, H, W]` as `image` says. For convTranspose2d, which
 * checks the sizes.
 */
export function transposedConvolution(
  gradY: Tensor,
  weight: Tensor,
  image: Shape,
  { stride, pad }: { readonly stride: number; readonly pad: number },
): Tensor {
  const [O, , kH, kW] = weight.shape;
  const [, , outH, outW] = gradY.shape;
  const attrs = { O, kH, kW, stride, padY: pad, padX: pad, dilation: 1, outH, outW, image };
  return apply(inputGradOp, [gradY, weight], attrs);
}

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

/**
 * Two-dimensional convolution: `y[n, o, i, j] = bias[o] + Σ x[n, c, i·s + u·d − p, j·s + v·d − p] · w[o, c, u, v]`
 * over c, u, v, with stride s, dilation d, padding p and x = 0 outside the image. Kernels may be oblong; stride, dilation
 * and padding are one number for rows and columns.
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
  for (const [name, value] of Object.entries({ stride, dilation, groups })) {
    checkWhole("conv2d", name, value, 1);
  }
  checkWhole("conv2d", "pad", pad, 0);
  checkShapes(x, weight, bias, groups);
  const [O, perGroup, kH, kW] = weight.shape;
  const [, C, H, W] = x.shape;
  const isDepthwise = perGroup === 1 && O === C; // every channel has a kernel of its own
  if (groups > 1 && !isDepthwise) return grouped(x, weight, { ...options, groups });
  const outH = outputLength(H, kH, stride, pad, dilation);
  const outW = outputLength(W, kW, stride, pad, dilation);
  if (outH < 1 || outW < 1) {
    throw shapeError("conv2d", "the kernel is larger than the padded image", {
      input: [x.shape, "N C H W"],
      weight: [weight.shape, "O C kH kW"],
    }, `pad is ${pad}; make it larger`);
  }
  if (groups > 1) {
    const y = depthwise(x, weight, { kH, kW, stride, pad, dilation, outH, outW });
    return bias ? y.add(reshape(bias, [C, 1, 1])) : y;
  }
  const attrs = { O, kH, kW, stride, padY: pad, padX: pad, dilation, outH, outW };
  return apply(convOp, bias ? [x, weight, bias] : [x, weight], attrs);
}

/** Groups are convolutions of their own, side by side; those of one channel are not, see conv2d_depthwise.ts. */
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
  if (O === 0) throw shapeError("conv2d", "there are no output channels", shapes);
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
