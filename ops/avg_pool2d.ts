/** Mean of each window. @module */
import { perElement } from "../core/kernel.ts";
import { apply, type KernelRequest, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
import { checkWindow, pooledShape, type Window, type WindowOptions } from "./window.ts";

const avgPool2dOp: Op<Window> = {
  name: "avgPool2d",
  shape: ([x], window) => pooledShape("avgPool2d", x, window),
  kernel(request) {
    const { size } = request.attrs;
    return perElement("avgPool2d", request, {
      inputs: ["x"],
      constants: sizes(request, request.inputs[0].shape, request.output.shape),
      iterations: size * (1 + size),
      body: `  let plane = i / (HO * WO);
  let top = i32(i / WO % HO * STRIDE) - i32(PAD);
  let left = i32(i % WO * STRIDE) - i32(PAD);
  var sum = 0.0;
  for (var row = max(top, 0); row < min(top + i32(SIZE), i32(H)); row++) {
    let line = (plane * H + u32(row)) * W;
    for (var column = max(left, 0); column < min(left + i32(SIZE), i32(W)); column++) {
      sum += f32(x[line + u32(column)]);
    }
  }
  out[i] = Out(sum / f32(SIZE * SIZE));`,
    });
  },
  grad: ({ inputs: [x], gradOutput, attrs }) => [
    apply(gradientOp, [gradOutput], { ...attrs, shape: x.shape }),
  ],
};

/** Every element of `x` gathers the gradient of the windows it lies in. */
const gradientOp: Op<Window & { readonly shape: readonly number[] }> = {
  name: "avgPool2d.grad",
  shape: (_inputs, { shape }) => shape,
  kernel(request) {
    const { size, stride } = request.attrs;
    const windows = Math.ceil(size / stride);
    return perElement("avgPool2d.grad", request, {
      inputs: ["g"],
      constants: sizes(request, request.output.shape, request.inputs[0].shape),
      iterations: windows * (1 + windows),
      body: `  let plane = i / (H * W);
  let row = i / W % H + PAD;
  let column = i % W + PAD;
  let firstRow = (max(row + STRIDE, SIZE) - SIZE) / STRIDE;
  let firstColumn = (max(column + STRIDE, SIZE) - SIZE) / STRIDE;
  var sum = 0.0;
  for (var r = firstRow; r <= min(row / STRIDE, HO - 1u); r++) {
    for (var c = firstColumn; c <= min(column / STRIDE, WO - 1u); c++) {
      sum += f32(g[(plane * HO + r) * WO + c]);
    }
  }
  out[i] = Out(sum / f32(SIZE * SIZE));`,
    });
  },
};

function sizes(
  { attrs: { size, stride, pad } }: KernelRequest<Window>,
  [, , H, W]: readonly number[],
  [, , HO, WO]: readonly number[],
): Record<string, number> {
  return { H, W, HO, WO, SIZE: size, STRIDE: stride, PAD: pad };
}

/**
 * Mean of each window: `y[n,c,i,j] = (1/size²) Σ over u, v < size of x[n,c, i·stride-pad+u, j·stride-pad+v]`;
 * the border counts as zeros, as PyTorch does by default. A last row or column that fills no window is left out.
 *
 * @param x `[N, C, H, W]`, f32 or f16.
 * @param options.size Rows and columns of a window. @default {2}
 * @param options.stride How far apart windows lie. @default {size}
 * @param options.pad Border of zeros around `x`; at most half the size. @default {0}
 * @returns `[N, C, (H + 2·pad - size) / stride + 1, (W + 2·pad - size) / stride + 1]`, rounded down.
 * @throws {ShapeError} If `x` does not have four axes or is smaller than a window.
 * @throws {RangeError} If an option is not a whole number in its range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { avgPool2d, tensor } from "ae";
 *
 * const x = tensor([[[[1, 5, 2, 0], [3, 3, 1, 1]]]]);
 * assert.deepEqual(await avgPool2d(x).array(), [[[[3, 1]]]]);
 * ```
 */
export function avgPool2d(x: Tensor, options: WindowOptions = {}): Tensor {
  return apply(avgPool2dOp, [x], checkWindow("avgPool2d", options));
}
