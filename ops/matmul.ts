/**
 * Matrix product.
 *
 *     y[m, n] = Σ over k  a[m, k] · b[k, n]
 *
 * A multiply-add takes a moment, loading its two numbers many: every way to compute a product loads a number once
 * and uses it many times, for a tile of rows x columns.
 *
 *     matmul_registers.ts    the tile is one invocation's, in registers: for processors
 *     matmul_workgroup.ts    the tile is a workgroup's, in the memory that it shares: for graphics cards
 *
 * Each has tiles of several sizes; which is best depends on the sizes of the matrices.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { sizeOf } from "../core/host_array.ts";
import { isSoftware } from "../core/kernel.ts";
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
import { choose, declareWays } from "../core/tune.ts";
import { slice } from "./concat.ts";
import { emptySums } from "./empty_sums.ts";
import { flopsOf, leadingOf, type MatmulAttrs, sizesOf } from "./matmul_layout.ts";
import { REGISTER_TILES, registerProduct, registerTiles } from "./matmul_registers.ts";
import { workgroupProduct } from "./matmul_workgroup.ts";
import { WORKGROUP_TILES, workgroupTiles } from "./workgroup_tiles.ts";

/** Above this many terms a sum is cut in two: one invocation may loop at most 60,000 times, four terms each. */
const MAX_TERMS = 200_000;
/** Only so many tiles are worth measuring: the others are estimated to be much slower. */
const MOST_MEASURED = 4;

declareWays("matmul", [...REGISTER_TILES, ...WORKGROUP_TILES]);

const matmulOp: Op<MatmulAttrs> = {
  name: "matmul",
  shape([a, b], attrs) {
    const { rows, terms, termsOfB, columns } = sizesOf(a, b, attrs);
    const named = {
      a: [a, attrs.transposeA ? "… K M" : "… M K"],
      b: [b, attrs.transposeB ? "… N K" : "… K N"],
    } as const;
    if (a.length < 2 || b.length < 2) {
      throw shapeError("matmul", "both must have at least 2 axes", named);
    }
    if (terms !== termsOfB) {
      throw shapeError("matmul", `a has ${terms} numbers per sum but b has ${termsOfB}`, named);
    }
    return [...leadingOf(a, b), rows, columns];
  },
  lower({ inputs: [a, b], attrs }) {
    const batch = sizeOf(leadingOf(a.shape, b.shape));
    const registers = registerTiles(a, b, attrs);
    const workgroup = workgroupTiles({ ...sizesOf(a.shape, b.shape, attrs), batch });
    const tiles = isSoftware() ? [...registers, ...workgroup] : [...workgroup, ...registers];
    const tile = choose("matmul", tiles, MOST_MEASURED);
    return (registers.includes(tile) ? registerProduct : workgroupProduct)(a, b, attrs, tile);
  },
  grad({ inputs: [a, b], gradOutput: g, attrs: { transposeA, transposeB } }) {
    return [
      transposeA
        ? matmul(b, g, { transposeA: transposeB, transposeB: true })
        : matmul(g, b, { transposeB: !transposeB }),
      transposeB
        ? matmul(g, a, { transposeA: true, transposeB: transposeA })
        : matmul(a, g, { transposeA: !transposeA }),
    ];
  },
  flops: ([a, b], attrs) => flopsOf(a, b, attrs),
};

/** How the matrices of {@linkcode matmul} are stored. */
export interface MatmulOptions {
  /** True if `a` is stored as `[…, K, M]`. @default {false} */
  readonly transposeA?: boolean;
  /** True if `b` is stored as `[…, N, K]`. @default {false} */
  readonly transposeB?: boolean;
}

/**
 * Matrix product: `y[…, m, n] = Σ over k of a[…, m, k] · b[…, k, n]`, for every matrix of a batch.
 *
 * @param a `[…, M, K]`, f32 or f16.
 * @param b `[…, K, N]`, same type; leading axes broadcast with `a`'s.
 * @param options.transposeA True if `a` is stored as `[…, K, M]`. @default {false}
 * @param options.transposeB True if `b` is stored as `[…, N, K]`. @default {false}
 * @returns `[…, M, N]`; zeros where K is 0.
 * @throws {ShapeError} If a matrix has fewer than 2 axes, or the sizes do not fit.
 * @throws {TypeError} If the number types differ or are integers.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { matmul, tensor } from "ae";
 *
 * const y = matmul(tensor([[1, 2], [3, 4]]), tensor([[5], [6]]));
 * assert.deepEqual(await y.array(), [[17], [39]]);
 * ```
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { transposeA = false, transposeB = false } = options;
  if (a.dtype !== b.dtype || a.dtype === "i32" || a.dtype === "u32") {
    throw new TypeError(
      `matmul: works on two f32 or two f16, not ${a.dtype} and ${b.dtype}\n  help: cast() them`,
    );
  }
  const product = apply(matmulOp, [a, b], { transposeA, transposeB });
  const { terms } = sizesOf(a.shape, b.shape, { transposeA, transposeB });
  if (terms === 0) return emptySums([a, b], product.shape);
  if (terms <= MAX_TERMS) return product;
  const half = 4 * Math.ceil(terms / 8);
  const part = (x: Tensor, isTerms: -1 | -2, from: number, to: number) => {
    const axis = x.shape.length + isTerms;
    return slice(x, x.shape.map((_, i) => i === axis ? from : 0), x.shape.with(axis, to));
  };
  const over = (from: number, to: number) =>
    matmul(
      part(a, transposeA ? -2 : -1, from, to),
      part(b, transposeB ? -1 : -2, from, to),
      options,
    );
  return over(0, half).add(over(half, terms));
}
