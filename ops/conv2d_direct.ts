/**
 * Convolution as its definition says, for every kernel, stride, padding and dilation: the shaders of
 * conv2d_kernels.ts and what prepares their inputs.
 *
 *     forward   the kernels are put in the order in which the shader reads them, then one dispatch
 *     ∂x        the same shader, on the gradient of y spread out by the stride and kernels turned by 180°
 *     ∂w        a shader of its own, split over images and rows into parts that a second dispatch adds up, always
 *               in the same order
 *
 * @module
 */
import { apply, type Op } from "../core/op.ts";
import { cast } from "./cast.ts";
import {
  type ConvAttrs,
  convKernel,
  packKernel,
  spreadKernel,
  unpackKernel,
  weightGradKernel,
  weightGradParts,
} from "./conv2d_kernels.ts";
import type { ConvMethod } from "./conv2d.ts";

/** Forward: inputs are x `[N, C, H, W]`, packed weights `[C, kH, kW, O⌈4⌉]` and perhaps a bias `[O]`. */
const directOp: Op<ConvAttrs> = {
  name: "conv2d.direct",
  shape: ([[N]], { O, outH, outW }) => [N, O, outH, outW],
  kernel: convKernel,
  stores: { channelAxis: -3, withoutResidual: () => true },
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
  name: "conv2d.spread",
  shape([[N, C, H, W]], { stride }) {
    return [N, C, (H - 1) * stride + 1, (W - 1) * stride + 1];
  },
  kernel: spreadKernel,
};

/** Inputs are x and the gradient of y; the output is `[parts, C, kH, kW, O⌈4⌉]`, to be summed over parts. */
const weightGradOp: Op<ConvAttrs> = {
  name: "conv2d.direct.weight",
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
  name: "conv2d.unpack",
  shape: ([[, C, kH, kW]], { O }) => [O, C, kH, kW],
  kernel: unpackKernel,
};

/** Convolution as its definition says. */
export const direct: ConvMethod = {
  forward(x, weight, bias, attrs) {
    const packed = apply(packOp, [weight], { turned: false });
    return apply(directOp, bias ? [x, packed, bias] : [x, packed], attrs);
  },
  inputGrad(gradY, weight, image, attrs) {
    const { kH, kW, stride, padY, padX, dilation } = attrs;
    const spread = stride === 1 ? gradY : apply(spreadOp, [gradY], { stride });
    return apply(directOp, [spread, apply(packOp, [weight], { turned: true })], {
      O: image[1],
      kH,
      kW,
      stride: 1,
      padY: dilation * (kH - 1) - padY,
      padX: dilation * (kW - 1) - padX,
      dilation,
      outH: image[2], // may reach past what the stride touched: those rows get zeros
      outW: image[3],
    });
  },
  weightGrad(x, gradY, attrs) {
    const parts = apply(weightGradOp, [x, gradY], attrs);
    return cast(apply(unpackOp, [parts], { O: attrs.O }), x.dtype);
  },
};
