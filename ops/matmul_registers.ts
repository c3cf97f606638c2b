/**
 * Matrix product for processors, whose cores have no memory of their own to share a tile in.
 *
 * Every invocation computes a tile of rows x columns in registers: for four values of k it loads its rows of
 * `a` and its columns of `b` once and multiplies all with all, so a number loaded is used as often as the
 * tile is wide or high.
 *
 *     16 rows x 16 columns, per k: 32 numbers loaded, 256 multiply-adds
 *
 * The software adapter loads texels faster than numbers of a buffer; where a product is large enough to pay for copying
 * both matrices, a tile of "texels" reads them as textures (core/texels.ts). Its sums are the same to the bit.
 *
 * Either matrix may be stored transposed; that only changes which four neighbours a load brings.
 *
 * @module
 */
import { COST } from "../core/cost.ts";
import { sizeOf } from "../core/host_array.ts";
import { grid, isSoftware, type Kernel, kernel, range } from "../core/kernel.ts";
import { fitsTexture } from "../core/texels.ts";
import { apply, type KernelRequest, type Op, type TensorType } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
import { flopsOf, isWide, leadingOf, type MatmulAttrs, sizesOf, startOf } from "./matmul_layout.ts";

/** Few, so that every core has some where there are few tiles; a SIMD width of the software adapter. */
const WORKGROUP = 32;

/** Multiply-adds below which compiling a long shader takes longer than it can save. */
const SMALL_PRODUCT = 2 ** 19;
/** And from which a tile that takes the software driver a second and a half more to compile saves that soon. */
const LARGE_PRODUCT = 2 ** 29;

/** A multiply-add, with a quarter of what it costs to carry its sum to the next round. */
const PRODUCT = COST.multiplyAdd + COST.carried / 4;

/** Rows and columns of the tile of one invocation. */
interface Tile {
  readonly rows: number;
  readonly columns: number;
  /** Whether it reads the matrices as textures. */
  readonly texels?: boolean;
}

const TILES: readonly Tile[] = [
  ...[4, 8, 16, 32].flatMap((rows) => [4, 8, 16].map((columns) => ({ rows, columns }))),
  ...[16, 32].map((columns) => ({ rows: 16, columns, texels: true })),
];
const nameOf = ({ rows, columns, texels }: Tile) => `${texels ? "texels " : ""}${rows}x${columns}`;

/** Names of all tiles. */
export const REGISTER_TILES: readonly string[] = TILES.map(nameOf);

/**
 * Names of the tiles that this product can have, the one first that is estimated to take least. On the processor a
 * large tile pays until its sums no longer fit the first cache; a graphics card has registers for a smaller one.
 */
export function registerTiles(
  a: TensorType,
  b: TensorType,
  attrs: MatmulAttrs,
): string[] {
  const { rows, columns, terms } = sizesOf(a.shape, b.shape, attrs);
  const batch = sizeOf(leadingOf(a.shape, b.shape));
  const products = rows * columns * terms * batch;
  const most = products < SMALL_PRODUCT
    ? { rows: 4, columns: 4 }
    : isSoftware()
    ? products < LARGE_PRODUCT ? { rows: 16, columns: 16 } : { rows: 32, columns: 32 }
    : { rows: 16, columns: 8 };
  const textures = isSoftware() && [a, b].every((x) => fitsTexture(x) && isWide(x.shape));
  const fits = (tile: Tile, within: Tile) =>
    tile.rows <= within.rows && tile.columns <= within.columns;
  const candidates = TILES.filter((tile) =>
    fits(tile, { rows, columns }) && (textures || !tile.texels)
  );
  if (candidates.length === 0) return ["4x4"];
  const timeOf = (tile: Tile) => {
    const tiles = Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns) * batch;
    const loads = (tile.rows + tile.columns) / 4;
    const perTerm = loads * (tile.texels ? COST.texel : COST.vector) +
      tile.rows * tile.columns * PRODUCT;
    const copying = tile.texels ? (sizeOf(a.shape) + sizeOf(b.shape)) * COST.copied : 0;
    return Math.ceil(tiles / COST.abreast) * terms * perTerm + copying;
  };
  return candidates.toSorted((a, b) =>
    Number(fits(b, most)) - Number(fits(a, most)) || timeOf(a) - timeOf(b)
  ).map(nameOf);
}

interface Attrs extends MatmulAttrs {
  readonly tile: string;
}

const registersOp: Op<Attrs> = {
  name: "matmul",
  shape([a, b], attrs) {
    const { rows, columns } = sizesOf(a, b, attrs);
    return [...leadingOf(a, b), rows, columns];
  },
  kernel: tileKernel,
  stores: { channelAxis: -2, withoutResidual: () => true },
  flops: ([a, b], attrs) => flopsOf(a, b, attrs),
};

/** The product of a and b with the tile of this name. */
export function registerProduct(a: Tensor, b: Tensor, attrs: MatmulAttrs, tile: string): Tensor {
  return apply(registersOp, [a, b], { ...attrs, tile });
}

function tileKernel(request: KernelRequest<Attrs>): Kernel {
  const { inputs: [a, b], output, attrs: { transposeA, transposeB } } = request;
  const { rows, terms, columns } = sizesOf(a.shape, b.shape, request.attrs);
  const leading = output.shape.slice(0, -2);
  const batch = sizeOf(leading);
  const named = TILES.find((it) => nameOf(it) === request.attrs.tile)!;
  const tile = { ...named, rows: Math.min(named.rows, rows) }; // a matrix may have fewer than four
  const tilesDown = Math.ceil(rows / tile.rows);
  const tilesAcross = Math.ceil(columns / tile.columns);
  const { workgroups, row } = grid(batch * tilesDown * tilesAcross, WORKGROUP);
  const wideOut = columns % 4 === 0;
  const wideA = isWide(a.shape) && (!transposeA || tile.rows % 4 === 0);
  const wideB = isWide(b.shape);
  const starts = { a: startOf(a.shape, leading), b: startOf(b.shape, leading) };

  // Names in the shader: a<r> is four k of row r, a<q>_<k> four rows from 4q at k; b<q>_<k> four columns
  // from 4q at k, put together from c<c>, four k of column c, if b is stored transposed.
  const names = ["x", "y", "z", "w"];
  const tileRowsAt = range(tile.rows);
  const groupsAt = range(tile.columns / 4);
  const valueOfA = (r: number, k: number, single: boolean) =>
    transposeA ? `a${r >> 2}_${k}.${names[r % 4]}` : single ? `a${r}` : `a${r}.${names[k]}`;

  /** The next `count` values of k: their loads and products. */
  const step = (count: 1 | 4) => {
    const load = count === 4 ? "four" : "one";
    const loadsOfA = transposeA
      ? range(count).flatMap((k) =>
        range(Math.ceil(tile.rows / 4)).map((q) =>
          `let a${q}_${k} = four_a(startA + (k + ${k}u) * M + row + ${4 * q}u);`
        )
      )
      : tileRowsAt.map((r) => `let a${r} = ${load}_a(startA + (row + ${r}u) * K + k);`);
    const loadsOfB = (q: number) =>
      transposeB
        ? [
          ...range(4).map((c) => 4 * q + c).map((c) =>
            `let c${c} = ${load}_b(startB + (column + ${c}u) * K + k);`
          ),
          ...range(count).map((k) => {
            const four = range(4).map((c) => `c${4 * q + c}${count === 4 ? `.${names[k]}` : ""}`);
            return `let b${q}_${k} = vec4f(${four.join(", ")});`;
          }),
        ]
        : range(count).map((k) =>
          `let b${q}_${k} = four_b(startB + (k + ${k}u) * N + column + ${4 * q}u);`
        );
    // A sum takes its four products one after the other, so that it stays in a register for them.
    const products = (r: number, q: number) =>
      range(count).map((k) =>
        `y${r}_${q} = fma(vec4f(${valueOfA(r, k, count === 1)}), b${q}_${k}, y${r}_${q});`
      );
    // Texels come so fast that the columns' are best loaded right before their use, into registers.
    const lines = tile.texels
      ? groupsAt.flatMap((q) => [...loadsOfB(q), ...tileRowsAt.flatMap((r) => products(r, q))])
      : [
        ...groupsAt.flatMap(loadsOfB),
        ...tileRowsAt.flatMap((r) => groupsAt.flatMap((q) => products(r, q))),
      ];
    return [...loadsOfA, ...lines].map((line) => `    ${line}`).join("\n");
  };

  const ifInside = (c: number, store: string) =>
    tile.columns <= columns ? store : `if (column + ${c}u < N) { ${store} }`;
  const store = (r: number, q: number) => {
    const [own, value] = [`own${r}`, `y${r}_${q}`];
    const place = `(batch * M + row + ${r}u) * N + column + ${4 * q}u`;
    if (wideOut) return ifInside(4 * q, `store((${place}) / 4u, ${own}, ${value});`);
    return range(4).map((c) =>
      ifInside(4 * q + c, `store(${place} + ${c}u, ${own}, ${value}.${names[c]});`)
    ).join("\n  ");
  };
  const storesOfRow = (r: number) =>
    [`let own${r} = of_channel(row + ${r}u);`, ...groupsAt.map((q) => store(r, q))]
      .map((line) => `  ${line}`).join("\n");
  // Where the terms lie beside one another and are read by four, there are always four more: otherwise the shader can do
  // without, so that it serves any number of terms.
  const hasNoTail = (wideA && !transposeA) || (wideB && transposeB);
  const tail = hasNoTail ? "" : `
  for (; k < K; k++) {
${step(1)}
  }`;

  return kernel({
    name: "matmul",
    request,
    inputs: ["a", "b"],
    texels: tile.texels ? ["a", "b"] : [],
    vectors: [...(wideA ? ["a"] : []), ...(wideB ? ["b"] : []), ...(wideOut ? ["out"] : [])],
    sizes: {
      M: rows,
      N: columns,
      K: terms,
      DOWN: tilesDown,
      ACROSS: tilesAcross,
      BATCH: batch,
      ROW: row,
      STRIDE_A: starts.a.stride,
      STRIDE_B: starts.b.stride,
    },
    declarations: tile.texels
      ? ["a", "b"].map((matrix) =>
        `fn four_${matrix}(at: u32) -> vec4f { return texel(${matrix}, at / 4u); }`
      ).join("\n")
      : `${loaders("a", wideA)}\n${loaders("b", wideB)}`,
    workgroupSize: [WORKGROUP, 1, 1],
    workgroups,
    iterations: Math.ceil(terms / 4) + 4,
    stores: true,
    // The last tiles begin earlier where they would stick out: what two tiles share has the same sum in both. Only a
    // matrix with fewer than four columns has less than one tile.
    body: `  let tile = global.y * ROW + global.x;
  let batch = tile / (DOWN * ACROSS);
  if (batch >= BATCH) { return; }
  let row = min(tile / ACROSS % DOWN * ${tile.rows}u, M - ${tile.rows}u);
  let column = min(tile % ACROSS * ${tile.columns}u, max(N, ${tile.columns}u) - ${tile.columns}u);
  let startA = ${starts.a.place ?? "batch * STRIDE_A"};
  let startB = ${starts.b.place ?? "batch * STRIDE_B"};
${tileRowsAt.map((r) => groupsAt.map((q) => `  var y${r}_${q} = vec4f();`).join("")).join("\n")}
  var k = 0u;
  for (; k + 3u < K; k += 4u) {
${step(4)}
  }${tail}
${tileRowsAt.map(storesOfRow).join("\n")}`,
  });
}

/** WGSL functions that load four neighbours, and one, of a matrix as f32. */
function loaders(matrix: string, wide: boolean): string {
  if (wide) return `fn four_${matrix}(at: u32) -> vec4f { return vec4f(${matrix}[at / 4u]); }`;
  return `fn one_${matrix}(at: u32) -> f32 { return f32(${matrix}[at]); }
fn four_${matrix}(at: u32) -> vec4f {
  return vec4f(${range(4).map((k) => `one_${matrix}(at + ${k}u)`).join(", ")});
}`;
}
