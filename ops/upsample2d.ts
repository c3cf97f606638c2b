/**
 * Images made larger by a whole factor.
 *
 *     nearest    every number repeated s x s times
 *     bilinear   numbers sit in the middle of their pixels; between two middles a straight line:
 *                output pixel o looks at  (o + ½)/s - ½  in the input, kept within the first and last middle
 *
 * The hourglass uses nearest with s = 2, Newell, Yang and Deng, "Stacked Hourglass Networks" (2016), section 3.1.
 *
 * | here                       | PyTorch                                                |
 * | -------------------------- | ------------------------------------------------------ |
 * | `mode: "bilinear"`         | `interpolate(mode="bilinear", align_corners=False)`    |
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { type Shape, sizeOf } from "../core/host_array.ts";
import { type Kernel, perElement } from "../core/kernel.ts";
import { apply, type KernelRequest, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";

interface Attrs {
  readonly scale: number;
}

const larger: Op<Attrs>["shape"] = ([x], { scale }) => {
  if (x.length !== 4) {
    throw shapeError("upsample2d", `x must have 4 axes, not ${x.length}`, { x: [x, "N C H W"] });
  }
  return [x[0], x[1], x[2] * scale, x[3] * scale];
};
const smaller = ([g]: readonly Shape[], { scale }: Attrs): Shape => [
  g[0],
  g[1],
  g[2] / scale,
  g[3] / scale,
];

const nearestOp: Op<Attrs> = {
  name: "upsample2d.nearest",
  shape: larger,
  kernel: (request) =>
    canDouble(request, request.inputs[0].shape)
      ? doublingKernel(request)
      : perElement("upsample2d.nearest", request, {
        inputs: ["x"],
        sizes: { C: request.inputs[0].shape[1], ...sizes(request.inputs[0].shape, request.attrs) },
        stores: true,
        body:
          "  store(i, of_channel(i / (H * S * W * S) % C), T(x[i / (H * S * W * S) * (H * W) + i / (W * S) % (H * S) / S * W + i % (W * S) / S]));",
      }),
  stores: { channelAxis: -3 },
  grad: ({ gradOutput, attrs }) => [apply(nearestGradientOp, [gradOutput], attrs)],
};

const nearestGradientOp: Op<Attrs> = {
  name: "upsample2d.nearest.grad",
  shape: smaller,
  kernel: (request) =>
    canDouble(request, request.output.shape)
      ? doublingGradient(request)
      : perElement("upsample2d.nearest.grad", request, {
        inputs: ["g"],
        sizes: { C: request.output.shape[1], ...sizes(request.output.shape, request.attrs) },
        iterations: request.attrs.scale * (1 + request.attrs.scale),
        body: `  let corner = (i / W * W * S + i % W) * S;
  var sum = 0.0;
  for (var dy = 0u; dy < S; dy++) {
    for (var dx = 0u; dx < S; dx++) { sum += f32(g[corner + dy * W * S + dx]); }
  }
  store(i, of_channel(i / (H * W) % C), T(sum));`,
        stores: true,
      }),
  stores: { channelAxis: -3 },
};

function sizes(small: Shape, { scale }: Attrs): Record<string, number> {
  return { H: small[2], W: small[3], S: scale };
}

/** The hourglass's case, where rows can be read and written four numbers at a time. */
function canDouble({ attrs }: KernelRequest<Attrs>, small: Shape): boolean {
  return attrs.scale === 2 && small[3] % 4 === 0;
}

/** Four numbers in, two rows of eight out. */
function doublingKernel(request: KernelRequest<Attrs>): Kernel {
  const [x] = request.inputs;
  return perElement("upsample2d.nearest", request, {
    inputs: ["x"],
    vectors: ["x", "out"],
    sizes: { C: x.shape[1], HEIGHT: x.shape[2], WIDTH: x.shape[3] / 4 },
    count: sizeOf(x.shape) / 4,
    stores: true,
    body: `  let four = vec4<T>(x[i]);
  let top = i / WIDTH * 4u * WIDTH + i % WIDTH * 2u;
  let own = of_channel(i / (HEIGHT * WIDTH) % C);
  store(top, own, four.xxyy);
  store(top + 1u, own, four.zzww);
  store(top + 2u * WIDTH, own, four.xxyy);
  store(top + 2u * WIDTH + 1u, own, four.zzww);`,
  });
}

function doublingGradient(request: KernelRequest<Attrs>): Kernel {
  const { output } = request;
  return perElement("upsample2d.nearest.grad", request, {
    inputs: ["g"],
    vectors: ["g", "out"],
    sizes: { C: output.shape[1], HEIGHT: output.shape[2], WIDTH: output.shape[3] / 4 },
    count: sizeOf(output.shape) / 4,
    stores: true,
    body: `  let top = i / WIDTH * 4u * WIDTH + i % WIDTH * 2u;
  let left = vec4f(g[top]) + vec4f(g[top + 2u * WIDTH]);
  let right = vec4f(g[top + 1u]) + vec4f(g[top + 2u * WIDTH + 1u]);
  store(i, of_channel(i / (HEIGHT * WIDTH) % C), vec4<T>(vec4f(left.xz, right.xz) + vec4f(left.yw, right.yw)));`,
  });
}

/** WGSL function: where output row (or column) `o` looks in the `length` rows (columns) of the input. */
const SOURCE = `
fn source(o: u32, length: u32) -> f32 {
  return clamp((f32(o) + 0.5) / f32(S) - 0.5, 0.0, f32(length) - 1.0);
}`;

/** No epilogue (epilogue.ts): the software driver would add the last of its sums up in another order. */
const bilinearOp: Op<Attrs> = {
  name: "upsample2d.bilinear",
  shape: larger,
  kernel: (request) =>
    perElement("upsample2d.bilinear", request, {
      inputs: ["x"],
      constants: sizes(request.inputs[0].shape, request.attrs),
      declarations: SOURCE,
      body: `  let y = source(i / (W * S) % (H * S), H);
  let x0 = source(i % (W * S), W);
  let row = u32(y);
  let column = u32(x0);
  let upper = (i / (H * S * W * S) * H + row) * W;
  let lower = upper + select(0u, W, row + 1u < H);
  let next = select(column, column + 1u, column + 1u < W);
  let right = x0 - f32(column);
  let above = mix(f32(x[upper + column]), f32(x[upper + next]), right);
  let below = mix(f32(x[lower + column]), f32(x[lower + next]), right);
  out[i] = Out(mix(above, below, y - f32(row)));`,
    }),
  grad: ({ gradOutput, attrs }) => [apply(bilinearGradientOp, [gradOutput], attrs)],
};

/** Every input pixel gathers from the outputs that looked at it, with the weight it had there. */
const bilinearGradientOp: Op<Attrs> = {
  name: "upsample2d.bilinear.grad",
  shape: smaller,
  kernel: (request) => {
    const { scale } = request.attrs;
    return perElement("upsample2d.bilinear.grad", request, {
      inputs: ["g"],
      constants: sizes(request.output.shape, request.attrs),
      declarations: `${SOURCE}
fn weight(o: u32, length: u32, pixel: u32) -> f32 {
  return max(1.0 - abs(source(o, length) - f32(pixel)), 0.0);
}`,
      iterations: 3 * scale * (1 + 3 * scale),
      body: `  let row = i / W % H;
  let column = i % W;
  let plane = i / (H * W) * (H * S);
  var sum = 0.0;
  // Outputs at most one pixel, that is S outputs, outside the pixel's own S.
  for (var r = max(row, 1u) * S - S; r < min((row + 2u) * S, H * S); r++) {
    var line = 0.0;
    for (var c = max(column, 1u) * S - S; c < min((column + 2u) * S, W * S); c++) {
      line += weight(c, W, column) * f32(g[(plane + r) * (W * S) + c]);
    }
    sum += weight(r, H, row) * line;
  }
  out[i] = Out(sum);`,
    });
  },
};

/**
 * Images made larger: `y[n,c,i,j] = x[n,c, i / scale, j / scale]` (rounded down) for `"nearest"`, and
 * interpolated between pixel centres for `"bilinear"`, where the outermost half pixel repeats the edge.
 *
 * @param x `[N, C, H, W]`, f32 or f16.
 * @param options.scale How many times larger, a whole number. @default {2}
 * @param options.mode How numbers between pixels are made. @default {"nearest"}
 * @returns `[N, C, H·scale, W·scale]`.
 * @throws {ShapeError} If `x` does not have four axes.
 * @throws {RangeError} If the scale is not a whole number from 1 to 64, or the mode is another word.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { tensor, upsample2d } from "ae";
 *
 * const x = tensor([[[[1, 2]]]]);
 * assert.deepEqual(await upsample2d(x).array(), [[[[1, 1, 2, 2], [1, 1, 2, 2]]]]);
 * ```
 */
export function upsample2d(
  x: Tensor,
  options: { readonly scale?: number; readonly mode?: "nearest" | "bilinear" } = {},
): Tensor {
  const { scale = 2, mode = "nearest" } = options;
  // Above 64 the loops of the gradient come near llvmpipe's limit; nobody magnifies so much in one step.
  if (!Number.isInteger(scale) || scale < 1 || scale > 64) {
    throw new RangeError(`upsample2d: scale must be a whole number from 1 to 64, not ${scale}`);
  }
  if (mode !== "nearest" && mode !== "bilinear") {
    throw new RangeError(`upsample2d: mode must be "nearest" or "bilinear", not "${mode}"`);
  }
  return apply(mode === "nearest" ? nearestOp : bilinearOp, [x], { scale });
}
