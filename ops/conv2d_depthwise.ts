/**
 * Convolution with a kernel of its own for every channel, as MobileNets and EfficientNets have: `conv2d` with as many
 * groups as channels. Kernels for all channels at once are taken apart into one small convolution a group, which for a
 * thousand channels would be a thousand dispatches; here it is one.
 *
 *     y[n, c, i, j]  = Σ over u, v   x[n, c, i·s + u·d − p, j·s + v·d − p] · w[c, u, v]
 *     ∂x             every pixel gathers from the outputs whose windows it lies in
 *     ∂w             a partial sum for every image and row of outputs, then their sum, always in the same order
 *
 * @module
 */
import type { Shape } from "../core/host_array.ts";
import { perElement } from "../core/kernel.ts";
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
import { cast } from "./cast.ts";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";

/** Settings of one convolution. */
export interface DepthwiseAttrs {
  readonly kH: number;
  readonly kW: number;
  readonly stride: number;
  readonly pad: number;
  readonly dilation: number;
  readonly outH: number;
  readonly outW: number;
}

/** Inputs are x `[N, C, H, W]` and w `[C, 1, kH, kW]`. */
const depthwiseOp: Op<DepthwiseAttrs> = {
  name: "conv2d.depthwise",
  shape: ([[N, C]], { outH, outW }) => [N, C, outH, outW],
  stores: { channelAxis: -3 },
  kernel: (request) =>
    perElement("conv2d.depthwise", request, {
      inputs: ["x", "w"],
      stores: true,
      constants: constants(request.attrs),
      sizes: sizes(request.attrs, request.inputs[0].shape),
      iterations: request.attrs.kH * (1 + request.attrs.kW),
      body: `  let plane = i / (HO * WO);
  let top = i32(i / WO % HO * STRIDE) - i32(PAD);
  let left = i32(i % WO * STRIDE) - i32(PAD);
  let kernel = plane % C * KH * KW;
  var sum = 0.0;
  for (var u = 0u; u < KH; u++) {
    let row = top + i32(u * DILATION);
    if (row < 0 || row >= i32(H)) { continue; }
    for (var v = 0u; v < KW; v++) {
      let column = left + i32(v * DILATION);
      if (column < 0 || column >= i32(W)) { continue; }
      sum += f32(x[(plane * H + u32(row)) * W + u32(column)]) * f32(w[kernel + u * KW + v]);
    }
  }
  store(i, of_channel(plane % C), T(sum));`,
    }),
  grad: ({ inputs: [x, w], gradOutput, attrs }) => [
    apply(inputGradOp, [gradOutput, w], { ...attrs, image: x.shape }),
    weightGrad(x, gradOutput, attrs),
  ],
  flops: ([[N, C]], { kH, kW, outH, outW }) => 2 * N * C * kH * kW * outH * outW,
};

/** Inputs are the gradient of y and w; gives ∂x. */
const inputGradOp: Op<DepthwiseAttrs & { readonly image: Shape }> = {
  name: "conv2d.depthwise.grad.input",
  shape: (_, { image }) => image,
  stores: { channelAxis: -3 },
  kernel: (request) =>
    perElement("conv2d.depthwise.grad.input", request, {
      inputs: ["g", "w"],
      stores: true,
      constants: constants(request.attrs),
      sizes: sizes(request.attrs, request.attrs.image),
      iterations: request.attrs.kH * (1 + request.attrs.kW),
      body: `  let plane = i / (H * W);
  let kernel = plane % C * KH * KW;
  var sum = 0.0;
  for (var u = 0u; u < KH; u++) {
    let row = i32(i / W % H + PAD) - i32(u * DILATION);
    if (row < 0 || row % i32(STRIDE) != 0 || row / i32(STRIDE) >= i32(HO)) { continue; }
    for (var v = 0u; v < KW; v++) {
      let column = i32(i % W + PAD) - i32(v * DILATION);
      if (column < 0 || column % i32(STRIDE) != 0 || column / i32(STRIDE) >= i32(WO)) { continue; }
      let at = (plane * HO + u32(row) / STRIDE) * WO + u32(column) / STRIDE;
      sum += f32(g[at]) * f32(w[kernel + u * KW + v]);
    }
  }
  store(i, of_channel(plane % C), T(sum));`,
    }),
  // It is the transpose of the convolution, so its own transpose is the convolution.
  grad: ({ inputs: [g, w], gradOutput, attrs: { image: _, ...attrs } }) => [
    apply(depthwiseOp, [gradOutput, w], attrs),
    weightGrad(gradOutput, g, attrs),
  ],
  flops: ([[N, C]], { kH, kW, outH, outW }) => 2 * N * C * kH * kW * outH * outW,
};

/** Inputs are x and the gradient of y; gives ∂w for each image and row of outputs, `[N, H', C, kH, kW]`. */
const weightPartsOp: Op<DepthwiseAttrs> = {
  name: "conv2d.depthwise.grad.weight",
  dtype: () => "f32", // parts of a long sum are not rounded to f16 on the way
  shape: ([[N, C]], { kH, kW, outH }) => [N, outH, C, kH, kW],
  kernel: (request) =>
    perElement("conv2d.depthwise.grad.weight", request, {
      inputs: ["x", "g"],
      constants: constants(request.attrs),
      sizes: sizes(request.attrs, request.inputs[0].shape),
      iterations: request.attrs.outW,
      body: `  let tap = i % (KH * KW);
  let channel = i / (KH * KW) % C;
  let outRow = i / (KH * KW * C) % HO;
  let plane = i / (KH * KW * C * HO) * C + channel;
  let row = i32(outRow * STRIDE + tap / KW * DILATION) - i32(PAD);
  var sum = 0.0;
  if (row >= 0 && row < i32(H)) {
    for (var j = 0u; j < WO; j++) {
      let column = i32(j * STRIDE + tap % KW * DILATION) - i32(PAD);
      if (column < 0 || column >= i32(W)) { continue; }
      sum += f32(x[(plane * H + u32(row)) * W + u32(column)]) * f32(g[(plane * HO + outRow) * WO + j]);
    }
  }
  out[i] = sum;`,
    }),
  flops: ([[N, C]], { kH, kW, outH, outW }) => 2 * N * C * kH * kW * outH * outW,
};

function weightGrad(x: Tensor, gradY: Tensor, attrs: DepthwiseAttrs): Tensor {
  const { kH, kW } = attrs;
  const parts = sum(apply(weightPartsOp, [x, gradY], attrs), [0, 1]);
  return cast(reshape(parts, [x.shape[1], 1, kH, kW]), x.dtype);
}

function constants({ kH, kW, stride, dilation }: DepthwiseAttrs): Record<string, number> {
  return { KH: kH, KW: kW, STRIDE: stride, DILATION: dilation };
}

function sizes(
  { pad, outH, outW }: DepthwiseAttrs,
  [, C, H, W]: Shape,
): Record<string, number> {
  return { C, H, W, HO: outH, WO: outW, PAD: pad };
}

/**
 * A convolution with one kernel for each channel; {@linkcode conv2d} has checked the sizes.
 *
 * @param x `[N, C, H, W]`.
 * @param weight `[C, 1, kH, kW]`.
 * @returns `[N, C, H', W']`.
 */
export function depthwise(x: Tensor, weight: Tensor, attrs: DepthwiseAttrs): Tensor {
  return apply(depthwiseOp, [x, weight], attrs);
}
