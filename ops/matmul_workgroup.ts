/**
 * Matrix product for graphics cards: the tiles of workgroup_tiles.ts over matrices as they are stored.
 *
 * @module
 */
import { sizeOf } from "../core/host_array.ts";
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
import { cast } from "./cast.ts";
import { flopsOf, isWide, leadingOf, type MatmulAttrs, sizesOf, startOf } from "./matmul_layout.ts";
import { countParts, type Factor, workgroupKernel } from "./workgroup_tiles.ts";

interface Attrs extends MatmulAttrs {
  readonly tile: string;
  /** How many parts each sum is cut into; with several the result has them as its first axis, f32. */
  readonly parts: number;
}

const workgroupOp: Op<Attrs> = {
  name: "matmul",
  dtype: ([a], { parts }) => parts > 1 ? "f32" : a,
  shape([a, b], attrs) {
    const { rows, columns } = sizesOf(a, b, attrs);
    return [...(attrs.parts > 1 ? [attrs.parts] : []), ...leadingOf(a, b), rows, columns];
  },
  kernel(request) {
    const { inputs: [a, b], attrs: { transposeA, transposeB, tile } } = request;
    const { rows, terms, columns } = sizesOf(a.shape, b.shape, request.attrs);
    const leading = leadingOf(a.shape, b.shape);
    const starts = { a: startOf(a.shape, leading), b: startOf(b.shape, leading) };
    const wide = { a: isWide(a.shape), b: isWide(b.shape) };
    return workgroupKernel({
      name: "matmul",
      request,
      inputs: ["a", "b"],
      vectors: [...(wide.a ? ["a"] : []), ...(wide.b ? ["b"] : [])],
      sizes: { STRIDE_A: starts.a.stride, STRIDE_B: starts.b.stride },
      tile,
      product: { rows, columns, terms, batch: sizeOf(leading) },
      a: factor("a", wide.a, transposeA ? "sides" : "terms", "ROWS"),
      b: factor("b", wide.b, transposeB ? "terms" : "sides", "COLUMNS"),
      begin: `  let start_a = ${starts.a.place ?? "batch * STRIDE_A"};
  let start_b = ${starts.b.place ?? "batch * STRIDE_B"};`,
      place: "((part * BATCH + batch) * ROWS + row) * COLUMNS + column",
      wide: columns % 4 === 0,
    });
  },
  stores: { channelAxis: -2 },
  flops: ([a, b], attrs) => flopsOf(a, b, attrs),
};

/** Rows of a or columns of b, of which there are as many as the size `sides` says. */
function factor(
  matrix: "a" | "b",
  wide: boolean,
  neighbours: Factor["neighbours"],
  sides: string,
): Factor {
  return {
    neighbours,
    width: wide ? 4 : 1,
    at(side, k) {
      const place = `start_${matrix} + ` +
        (neighbours === "terms" ? `${side} * TERMS + ${k}` : `${k} * ${sides} + ${side}`);
      return wide ? `vec4f(${matrix}[(${place}) / 4u])` : `f32(${matrix}[${place}])`;
    },
  };
}

/** The product of a and b with the tile of this name. */
export function workgroupProduct(a: Tensor, b: Tensor, attrs: MatmulAttrs, tile: string): Tensor {
  const batch = sizeOf(leadingOf(a.shape, b.shape));
  const parts = countParts({ ...sizesOf(a.shape, b.shape, attrs), batch }, tile);
  const product = apply(workgroupOp, [a, b], { ...attrs, tile, parts });
  return parts > 1 ? cast(product.sum([0]), a.dtype) : product;
}
