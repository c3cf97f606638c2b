/**
 * Convolution for graphics cards: the sums of products of workgroup_tiles.ts, over images as they lie. No image is
 * unrolled in memory; where a number of x is under a kernel is worked out when it is loaded.
 *
 *             rows                  columns                      terms
 *     y       output channels o     pixels of all images n, p    (c, u, v): input channels and kernel elements
 *     ∂x      input channels c      pixels of all images         (o, u, v)
 *     ∂w      output channels o     (c, u, v)                    pixels of all images
 *
 * @module
 */
import type { Shape } from "../core/host_array.ts";
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
import { choose, declareWays } from "../core/tune.ts";
import { cast } from "./cast.ts";
import type { ConvMethod } from "./conv2d.ts";
import type { ConvAttrs } from "./conv2d_kernels.ts";
import {
  countParts,
  type Factor,
  type ProductSizes,
  WORKGROUP_TILES,
  workgroupKernel,
  workgroupTiles,
} from "./workgroup_tiles.ts";

declareWays("conv2d.shared", WORKGROUP_TILES);

/** A convolution on images of a shape. */
interface Setting extends ConvAttrs {
  /** Shape of x. */
  readonly image: Shape;
}

interface Attrs extends Setting {
  readonly tile: string;
  /** How many parts each sum is cut into; with several the result has them as its first axis, f32. */
  readonly parts: number;
}

/** How one of the three products reads its inputs and places its results. */
interface Product {
  readonly sizes: (setting: Setting) => Omit<ProductSizes, "batch">;
  readonly shape: (setting: Setting) => Shape;
  readonly inputs: readonly string[];
  readonly a: Factor;
  readonly b: Factor;
  /** WGSL functions that they need. */
  readonly declarations: string;
  /** WGSL: where the result of (row, column) lies in the output. */
  readonly place: string;
  /** Which axis of the output a row stands for, from the end. */
  readonly rowAxis: number;
  /** So many neighbouring columns have their results side by side. */
  readonly run: (setting: Setting) => number;
}

/** The function that computes it: by the best tile, its parts added up. */
function product(name: string, parts: Product) {
  const { shape, run, inputs, a, b, declarations, place, rowAxis } = parts;
  const sizesOf = (setting: Setting): ProductSizes => ({ ...parts.sizes(setting), batch: 1 });
  const op: Op<Attrs> = {
    name,
    dtype: ([x], { parts }) => parts > 1 ? "f32" : x,
    shape: (_, attrs) => [...(attrs.parts > 1 ? [attrs.parts] : []), ...shape(attrs)],
    kernel(request) {
      const { attrs } = request;
      const { O, kH, kW, stride, padY, padX, dilation, outH, outW, image: [N, C, H, W] } = attrs;
      const bias = request.inputs.length > 2;
      return workgroupKernel({
        name,
        request,
        inputs: bias ? [...inputs, "bias"] : inputs,
        constants: {
          ...{ N, C, H, W, O, KW: kW, TAPS: kH * kW, STRIDE: stride, DILATION: dilation },
          ...{ OUT_W: outW, OUT_H: outH, PIXELS: H * W, OUT_PIXELS: outH * outW },
        },
        declarations: `const PAD = vec2i(${padY}, ${padX});\n${declarations}`,
        tile: attrs.tile,
        product: sizesOf(attrs),
        ...{ a, b, place },
        wide: run(attrs) % 4 === 0,
        ...(bias ? { bias: "select(0.0, f32(bias[min(row, ROWS - 1u)]), part == 0u)" } : {}),
      });
    },
    stores: { channelAxis: rowAxis },
    flops(_, attrs) {
      const { rows, columns, terms } = sizesOf(attrs);
      return 2 * rows * columns * terms;
    },
  };
  return (tensors: readonly Tensor[], setting: Setting): Tensor => {
    const sizes = sizesOf(setting);
    const tile = choose("conv2d.shared", workgroupTiles(sizes));
    const count = countParts(sizes, tile);
    const y = apply(op, tensors, { ...setting, tile, parts: count });
    return count > 1 ? cast(y.sum([0]), tensors[0].dtype) : y;
  };
}

/** WGSL: x under element `tap` of the kernel at output pixel `p`, 0 outside the image; `plane` is the image's and channel's. */
const UNDER = `fn under(plane: u32, tap: u32, p: u32) -> f32 {
  let at = vec2i(vec2u(p / OUT_W, p % OUT_W) * STRIDE + vec2u(tap / KW, tap % KW) * DILATION) - PAD;
  let inside = all(vec2u(at) < vec2u(H, W)); // below 0 wraps to a huge number
  return select(0.0, f32(x[select(0u, plane * PIXELS + u32(at.x) * W + u32(at.y), inside)]), inside);
}`;

const forward = product("conv2d.shared", {
  sizes: ({ O, kH, kW, outH, outW, image: [N, C] }) => ({
    rows: O,
    columns: N * outH * outW,
    terms: C * kH * kW,
  }),
  shape: ({ O, outH, outW, image: [N] }) => [N, O, outH, outW],
  inputs: ["x", "w"],
  a: { neighbours: "terms", width: 1, at: (row, k) => `f32(w[${row} * TERMS + ${k}])` },
  b: { neighbours: "sides", width: 1, at: (column, k) => `x_at(${column}, ${k})` },
  declarations: `${UNDER}
fn x_at(column: u32, k: u32) -> f32 {
  return under(column / OUT_PIXELS * C + k / TAPS, k % TAPS, column % OUT_PIXELS);
}`,
  place: "((part * N + column / OUT_PIXELS) * O + row) * OUT_PIXELS + column % OUT_PIXELS",
  rowAxis: -3,
  run: ({ outH, outW }) => outH * outW,
});

const inputGrad = product("conv2d.shared.input", {
  sizes: ({ O, kH, kW, image: [N, C, H, W] }) => ({
    rows: C,
    columns: N * H * W,
    terms: O * kH * kW,
  }),
  shape: ({ image }) => image,
  inputs: ["g", "w"],
  a: {
    neighbours: "terms",
    width: 1,
    at: (row, k) => `f32(w[(${k} / TAPS * C + ${row}) * TAPS + ${k} % TAPS])`,
  },
  b: { neighbours: "sides", width: 1, at: (column, k) => `g_at(${column}, ${k})` },
  // The output pixel, if there is one, whose kernel has its element k over this pixel.
  declarations: `fn g_at(column: u32, k: u32) -> f32 {
  let p = column % PIXELS;
  let tap = k % TAPS;
  let over = vec2i(vec2u(p / W, p % W)) + PAD - vec2i(vec2u(tap / KW, tap % KW) * DILATION);
  let at = vec2u(over) / STRIDE;
  let inside = all(over >= vec2i()) && all(at * STRIDE == vec2u(over)) && all(at < vec2u(OUT_H, OUT_W));
  let place = (column / PIXELS * O + k / TAPS) * OUT_PIXELS + at.x * OUT_W + at.y;
  return select(0.0, f32(g[select(0u, place, inside)]), inside);
}`,
  place: "((part * N + column / PIXELS) * C + row) * PIXELS + column % PIXELS",
  rowAxis: -3,
  run: ({ image: [, , H, W] }) => H * W,
});

const weightGrad = product("conv2d.shared.weight", {
  sizes: ({ O, kH, kW, outH, outW, image: [N, C] }) => ({
    rows: O,
    columns: C * kH * kW,
    terms: N * outH * outW,
  }),
  shape: ({ O, kH, kW, image: [, C] }) => [O, C, kH, kW],
  inputs: ["x", "g"],
  a: { neighbours: "terms", width: 1, at: (row, k) => `g_at(${row}, ${k})` },
  b: { neighbours: "terms", width: 1, at: (column, k) => `x_at(${column}, ${k})` },
  declarations: `${UNDER}
fn g_at(row: u32, k: u32) -> f32 {
  return f32(g[(k / OUT_PIXELS * O + row) * OUT_PIXELS + k % OUT_PIXELS]);
}
fn x_at(column: u32, k: u32) -> f32 {
  return under(k / OUT_PIXELS * C + column / TAPS, column % TAPS, k % OUT_PIXELS);
}`,
  place: "(part * ROWS + row) * COLUMNS + column",
  rowAxis: -4,
  run: ({ kH, kW, image: [, C] }) => C * kH * kW,
});

/** Convolution and its gradients in tiles that workgroups share. */
export const workgroup: ConvMethod = {
  forward: (x, weight, bias, attrs) =>
    forward(bias ? [x, weight, bias] : [x, weight], { ...attrs, image: x.shape }),
  inputGrad: (gradY, weight, image, attrs) => inputGrad([gradY, weight], { ...attrs, image }),
  weightGrad: (x, gradY, attrs) => weightGrad([x, gradY], { ...attrs, image: x.shape }),
};
