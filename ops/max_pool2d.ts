/**
 * Largest value of each window.
 *
 *     x  1 5 2 0      y  5 2        gradient of x   0 g₀ g₁ 0
 *        3 4 1 2                                    0 0  0  0
 *
 * The gradient is gathered, not scattered: every element of `x` looks at the windows it lies in and takes
 * their gradient where it is the maximum. So no two invocations write to one place, windows may overlap, and
 * the result does not depend on their order.
 *
 * @module
 */
import { sizeOf } from "../core/host_array.ts";
import { type Kernel, MAX_ITERATIONS, perElement } from "../core/kernel.ts";
import { apply, type KernelRequest, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
import { checkWindow, pooledShape, type Window, type WindowOptions } from "./window.ts";

const maxPool2dOp: Op<Window> = {
  name: "maxPool2d",
  shape: ([x], window) => pooledShape("maxPool2d", x, window),
  kernel: (request) => isHalving(request, 8) ? halvingKernel(request) : anyKernel(request),
  grad: ({ inputs: [x], gradOutput, attrs }) => [apply(gradientOp, [x, gradOutput], attrs)],
};

const gradientOp: Op<Window> = {
  name: "maxPool2d.grad",
  shape: ([x]) => x,
  kernel: (request) => isHalving(request, 4) ? halvingGradient(request) : anyGradient(request),
  stores: { channelAxis: -3 },
};

/** The hourglass's case, 2x2 windows side by side, whose rows can be read four numbers at a time. */
function isHalving({ inputs: [x], attrs }: KernelRequest<Window>, columns: number): boolean {
  const [, , height, width] = x.shape;
  return attrs.size === 2 && attrs.stride === 2 && attrs.pad === 0 && height % 2 === 0 &&
    width % columns === 0;
}

/** Four windows per invocation. */
function halvingKernel(request: KernelRequest<Window>): Kernel {
  const { inputs: [x], output } = request;
  return perElement("maxPool2d", request, {
    inputs: ["x"],
    vectors: ["x", "out"],
    sizes: { WIDTH: x.shape[3] / 4, GROUPS: x.shape[3] / 8 },
    count: sizeOf(output.shape) / 4,
    body: `  let top = i / GROUPS * 2u * WIDTH + i % GROUPS * 2u;
  let left = max(x[top], x[top + WIDTH]);
  let right = max(x[top + 1u], x[top + WIDTH + 1u]);
  out[i] = max(vec4<Out>(left.xz, right.xz), vec4<Out>(left.yw, right.yw));`,
  });
}

/** Two windows per invocation: 4 columns of 2 rows. */
function halvingGradient(request: KernelRequest<Window>): Kernel {
  const { inputs: [x], output } = request;
  return perElement("maxPool2d.grad", request, {
    inputs: ["x", "g"],
    vectors: ["x", "out"],
    sizes: { C: x.shape[1], ROWS: x.shape[2] / 2, WIDTH: x.shape[3] / 4 },
    count: sizeOf(output.shape) / 8,
    stores: true,
    body: `  let top = i / WIDTH * 2u * WIDTH + i % WIDTH;
  let own = of_channel(i / (ROWS * WIDTH) % C);
  let above = x[top];
  let below = x[top + WIDTH];
  let largest = max(max(above.xz, above.yw), max(below.xz, below.yw));
  // The first of equal maxima, row by row.
  let a = above.xz == largest;
  let b = (above.yw == largest) & !a;
  let c = (below.xz == largest) & !(a | b);
  let d = !(a | b | c);
  let g2 = vec2<Out>(g[2u * i], g[2u * i + 1u]);
  let none = vec2<Out>();
  let ga = select(none, g2, a);
  let gb = select(none, g2, b);
  let gc = select(none, g2, c);
  let gd = select(none, g2, d);
  store(top, own, vec4<T>(vec4<Out>(ga.x, gb.x, ga.y, gb.y)));
  store(top + WIDTH, own, vec4<T>(vec4<Out>(gc.x, gd.x, gc.y, gd.y)));`,
  });
}

/**
 * WGSL function: where the first maximum of a window lies. Places in the border are moved to the edge; the
 * edge is in the window too, so that changes neither the maximum nor which one is first.
 */
const FIRST_MAXIMUM = `
fn firstMaximum(plane: u32, row: u32, column: u32) -> u32 {
  let top = i32(row * STRIDE) - i32(PAD);
  let left = i32(column * STRIDE) - i32(PAD);
  var best = plane * H * W + u32(max(top, 0)) * W + u32(max(left, 0));
  var largest = x[best];
  for (var dy = 0; dy < i32(SIZE); dy++) {
    let line = (plane * H + u32(clamp(top + dy, 0, i32(H) - 1))) * W;
    for (var dx = 0; dx < i32(SIZE); dx++) {
      let place = line + u32(clamp(left + dx, 0, i32(W) - 1));
      if (x[place] > largest) {
        largest = x[place];
        best = place;
      }
    }
  }
  return best;
}`;

function sizes({ inputs: [x], attrs }: KernelRequest<Window>): Record<string, number> {
  const [, C, H, W] = x.shape;
  const [, , HO, WO] = pooledShape("maxPool2d", x.shape, attrs);
  return { C, H, W, HO, WO, SIZE: attrs.size, STRIDE: attrs.stride, PAD: attrs.pad };
}

function anyKernel(request: KernelRequest<Window>): Kernel {
  return perElement("maxPool2d", request, {
    inputs: ["x"],
    constants: sizes(request),
    declarations: FIRST_MAXIMUM,
    iterations: request.attrs.size ** 2 + request.attrs.size,
    body: "  out[i] = x[firstMaximum(i / (HO * WO), i / WO % HO, i % WO)];",
  });
}

function anyGradient(request: KernelRequest<Window>): Kernel {
  return perElement("maxPool2d.grad", request, {
    inputs: ["x", "g"],
    constants: sizes(request),
    declarations: FIRST_MAXIMUM,
    stores: true,
    iterations: gradientIterations(request.attrs),
    body: `  let plane = i / (H * W);
  let row = i / W % H;
  let column = i % W;
  // The windows that this element lies in.
  let firstRow = (max(row + PAD + STRIDE, SIZE) - SIZE) / STRIDE;
  let firstColumn = (max(column + PAD + STRIDE, SIZE) - SIZE) / STRIDE;
  var sum = 0.0;
  for (var r = firstRow; r <= min((row + PAD) / STRIDE, HO - 1u); r++) {
    for (var c = firstColumn; c <= min((column + PAD) / STRIDE, WO - 1u); c++) {
      if (firstMaximum(plane, r, c) == i) { sum += f32(g[(plane * HO + r) * WO + c]); }
    }
  }
  store(i, of_channel(plane % C), T(sum));`,
  });
}

function gradientIterations({ size, stride }: Window): number {
  const windows = Math.ceil(size / stride);
  return windows * (1 + windows * (1 + size * (1 + size)));
}

/**
 * Largest value of each window: `y[n,c,i,j] = max over u, v < size of x[n,c, i·stride-pad+u, j·stride-pad+v]`;
 * the border counts as minus infinity. A last row or column that fills no window is left out.
 *
 * The gradient goes to the maximum; of several equal ones to the first, row by row, as in PyTorch.
 *
 * A window with a NaN gives NaN or the largest of its numbers, whichever its kernel compares first (in PyTorch NaN);
 * one of NaN alone gives NaN. {@linkcode watchNumbers} finds where one was born.
 *
 * @param x `[N, C, H, W]`.
 * @param options.size Rows and columns of a window. @default {2}
 * @param options.stride How far apart windows lie. @default {size}
 * @param options.pad Border around `x`; at most half the size. @default {0}
 * @returns `[N, C, (H + 2·pad - size) / stride + 1, (W + 2·pad - size) / stride + 1]`, rounded down.
 * @throws {ShapeError} If `x` does not have four axes or is smaller than a window.
 * @throws {RangeError} If an option is not a whole number in its range, or windows overlap too much.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { maxPool2d, tensor } from "ae";
 *
 * const x = tensor([[[[1, 5, 2, 0], [3, 4, 1, 2]]]]);
 * assert.deepEqual(await maxPool2d(x).array(), [[[[5, 2]]]]);
 * ```
 */
export function maxPool2d(x: Tensor, options: WindowOptions = {}): Tensor {
  const window = checkWindow("maxPool2d", options);
  if (gradientIterations(window) > MAX_ITERATIONS) {
    throw new RangeError(
      `maxPool2d: windows of ${window.size} every ${window.stride} places overlap too much; ` +
        "make the stride larger or pool twice",
    );
  }
  return apply(maxPool2dOp, [x], window);
}
