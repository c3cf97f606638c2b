/**
 * Convolution with 3x3 kernels by Winograd's method, F(4x4, 3x3): a quarter of the multiplications.
 *
 * Sixteen outputs, 4x4, depend on a patch of 6x6 inputs. Transform patch and kernel to 36 values each, multiply value
 * by value, and transform the products back:
 *
 *     y = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ x B) ] A          36 products instead of 144
 *
 * Only the products are summed over input channels, so for each of the 36 positions f and T patches of all images
 * they are one matrix product, and the whole is three kinds of simple steps:
 *
 *     tiles     V[f, c, t] = Bᵀ x B               patches overlap by two rows and columns
 *     kernels   U[f, c, o] = G w Gᵀ
 *     product   M[f, o, t] = Σ_c U[f, c, o] · V[f, c, t]
 *     outputs   y = Aᵀ M A + bias
 *
 * Each step is linear, so its gradient is its transpose: the same sums with the matrix the other way around; and the
 * gradients of the product are products. So ∂x and ∂w, too, take four transforms and a matrix product:
 *
 *     ∂M = A ∂y Aᵀ      ∂V = U · ∂M      ∂x = B ∂V Bᵀ, added up where patches overlap
 *                       ∂U = V · ∂Mᵀ     ∂w = Gᵀ ∂U G
 *
 * Rounding grows, since Bᵀ and Aᵀ have entries up to 8: errors are 2e-6 (16 channels) to 1e-5 (256) of the largest
 * output, where the direct sum has a few 1e-7. On the software adapter loads decide what a convolution costs, and this
 * one needs half as many: docs/kernels.md.
 *
 * Source of the matrices: Lavin and Gray, "Fast algorithms for convolutional neural networks", 2015, section 4.3.
 *
 * @module
 */
import { type Shape, sizeOf } from "../core/host_array.ts";
import { grid, isSoftware, type Kernel, kernel, range } from "../core/kernel.ts";
import { apply, type KernelRequest, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
import type { ConvMethod } from "./conv2d.ts";
import { matmul } from "./matmul.ts";

type Matrix = readonly (readonly number[])[];

/** Bᵀ: a patch of inputs to 36 values. */
const TO_TILE: Matrix = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];
/** G: a kernel to 36 values. */
const TO_KERNEL: Matrix = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];
/** Aᵀ: 36 products to 4x4 outputs. */
const TO_OUTPUT: Matrix = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];
/**
 * The gradient of a tile with respect to the 4 rows (or columns) of pixels that it owns, from 8 values: its own six
 * in the middle, the last of the tile before, the first of the tile after; those are the only ones of the neighbours
 * that their two shared rows reach.
 */
const FROM_TILES: Matrix = [1, 2, 3, 4].map((pixel) => [
  pixel === 1 ? TO_TILE[5][5] : 0,
  ...TO_TILE.map((row) => row[pixel]),
  pixel === 4 ? TO_TILE[0][0] : 0,
]);

/** Rows and columns of outputs of a tile. */
const SIDE = 4;
/** Rows and columns of values of a tile. */
const VALUES = 6;
/** Tiles, or output channels, that an invocation takes at a time. */
const LANES = 4;
/** T is a multiple of this, the width of a matrix product's own tiles, so that one shader serves all products. */
const MULTIPLE = 16;
/** Tiles, with those that only fill up, may cover so many times the image. */
const MOST_COVERED = 2;
/**
 * Tiles have 2.25 times the numbers of the image and kernels get four times as large: a large network would need much
 * memory for them, and on a processor they no longer fit its caches.
 */
const mostBytes = () => isSoftware() ? 2 ** 24 : 2 ** 29;
/** Fewer channels, in and out multiplied, and the transforms cost more than they save. */
const LEAST_CHANNELS_SQUARED = 256;
/** Few, so that every core has some; a multiple of a SIMD width of the software adapter. */
const WORKGROUP = 32;
/** A row of tiles that no image has. */
const FAR_BELOW = 2 ** 28;

const transposed = (m: Matrix): Matrix => m[0].map((_, j) => m.map((row) => row[j]));

/**
 * Whether {@linkcode winograd} can and should compute a 3x3 convolution with stride and padding 1: output channels
 * must be a multiple of 4, most of what the tiles cover should be image, and they should not take much memory.
 */
export function winogradPays(x: Shape, O: number): boolean {
  const [N, C, H, W] = x;
  const { T } = countTiles(x);
  const covered = T * SIDE ** 2;
  const bytes = 4 * VALUES ** 2 * Math.max(Math.max(C, O) * T, C * O);
  return O % LANES === 0 && C * O >= LEAST_CHANNELS_SQUARED && bytes <= mostBytes() &&
    covered <= MOST_COVERED * N * H * W;
}

/** 3x3 convolutions of f32 with stride, padding and dilation 1. */
export const winograd: ConvMethod = {
  forward(x, weight, bias) {
    const products = matmul(kernelsOf(weight), tilesOf(x), { transposeA: true });
    return apply(outputsOp, bias ? [products, bias] : [products], { image: x.shape });
  },
  inputGrad(gradY, weight, image) {
    const tiles = matmul(kernelsOf(weight), productsOf(gradY));
    return apply(tilesGradOp, [tiles], { image });
  },
  weightGrad(x, gradY) {
    const kernels = matmul(tilesOf(x), productsOf(gradY), { transposeB: true });
    return apply(kernelsGradOp, [kernels], null);
  },
};

const tilesOf = (x: Tensor) => apply(tilesOp, [x], null);
const kernelsOf = (weight: Tensor) => apply(kernelsOp, [weight], null);
const productsOf = (gradY: Tensor) => apply(outputsGradOp, [gradY], null);

/** The images that tiles were cut from: products do not know how they lie. */
interface Image {
  readonly image: Shape;
}

/** Tiles of all images, down and across one of them, and T: their number with those that fill the last group. */
function countTiles([N, , H, W]: Shape) {
  const [down, across] = [Math.ceil(H / SIDE), Math.ceil(W / SIDE)];
  const count = N * down * across;
  return { down, across, count, T: Math.ceil(count / MULTIPLE) * MULTIPLE };
}

/**
 * Results to which something can be added in a pass of their own, 0.2 ms, two thousand times before another shader, half a
 * second of compiling, is worth it.
 */
const FEW_RESULTS = 2 ** 18;
/** What stores pixels: of strips four at a time, else one by one or in images that are always small. */
const toPixels = {
  channelAxis: -3,
  withoutResidual: (image: Shape) =>
    walkTiles(image).four !== "strip" || sizeOf(image) < FEW_RESULTS,
};

/** `[N, C, H, W]` to `[36, C, T]`. */
const tilesOp: Op<null> = {
  name: "conv2d.tiles",
  shape: ([x]) => [VALUES ** 2, x[1], countTiles(x).T],
  kernel: tilesKernel,
};

/** Its transpose: `[36, C, T]` to `[N, C, H, W]`. */
const tilesGradOp: Op<Image> = {
  name: "conv2d.tiles.grad",
  shape: ([[, C]], { image: [N, , H, W] }) => [N, C, H, W],
  kernel: tilesGradKernel,
  stores: toPixels,
};

/** `[O, C, 3, 3]` to `[36, C, O]`. */
const kernelsOp: Op<null> = {
  name: "conv2d.kernels",
  shape: ([[O, C]]) => [VALUES ** 2, C, O],
  kernel: kernelsKernel,
};

/** Its transpose: `[36, C, O]` to `[O, C, 3, 3]`. */
const kernelsGradOp: Op<null> = {
  name: "conv2d.kernels.grad",
  shape: ([[, C, O]]) => [O, C, 3, 3],
  kernel: kernelsGradKernel,
};

/** `[36, O, T]` and perhaps a bias `[O]` to `[N, O, H, W]`. */
const outputsOp: Op<Image> = {
  name: "conv2d.outputs",
  shape: ([[, O]], { image: [N, , H, W] }) => [N, O, H, W],
  kernel: outputsKernel,
  stores: toPixels,
};

/** Its transpose: `[N, O, H, W]` to `[36, O, T]`. */
const outputsGradOp: Op<null> = {
  name: "conv2d.outputs.grad",
  shape: ([g]) => [VALUES ** 2, g[1], countTiles(g).T],
  kernel: outputsGradKernel,
};

/** WGSL: `m` x `mᵀ` of the values `x(i, j)`, into `<name>_<i>_<j>`. */
function sandwich(m: Matrix, x: (i: number, j: number) => string, name: string): string[] {
  const sum = (coefficients: readonly number[], value: (k: number) => string) =>
    coefficients.flatMap((coefficient, k) =>
      coefficient === 0 ? [] : coefficient === 1 ? [value(k)] : [`(${coefficient}) * ${value(k)}`]
    ).join(" + ");
  const rows = m.map((_, i) => i);
  const columns = range(m[0].length);
  return [
    ...rows.flatMap((i) =>
      columns.map((j) => `  let half_${i}_${j} = ${sum(m[i], (k) => x(k, j))};`)
    ),
    ...rows.flatMap((i) =>
      rows.map((j) => `  let ${name}_${i}_${j} = ${sum(m[j], (k) => `half_${i}_${k}`)};`)
    ),
  ];
}

/** One value of a 6x6 or 8x8 block by its name in the shader. */
const named = (name: string) => (i: number, j: number) => `${name}_${i}_${j}`;

/** How an invocation finds its four tiles. */
interface TileWalk {
  /** True if all tiles are inside their images, so that pixels are loaded and stored four at a time. */
  readonly whole: boolean;
  /** How the four lie: in one row of an image, as a whole image of 8 x 8, or anyhow. */
  readonly four: "strip" | "square" | "anyhow";
  readonly sizes: Readonly<Record<string, number>>;
  /** Invocations. */
  readonly count: number;
  /**
   * WGSL: `channel`, `group` (of four tiles), `tile_<k>`, `tx_<k>` and `ty_<k>`, and where the image's channel
   * begins, `plane_<k>`; of whole tiles also the first pixel, `at_<k>`, counted in fours.
   */
  readonly position: readonly string[];
}

function walkTiles(image: Shape): TileWalk {
  const [, C, H, W] = image;
  const { down, across, count, T } = countTiles(image);
  // Nothing is asked about whole tiles: none may be there only to fill up.
  const whole = H % SIDE === 0 && W % SIDE === 0 && count === T;
  const square = down === 2 && across === 2;
  return {
    whole,
    four: !whole ? "anyhow" : across % LANES === 0 ? "strip" : square ? "square" : "anyhow",
    sizes: { C, H, W, DOWN: down, ACROSS: across, TILES: count, GROUPS: T / LANES },
    count: C * T / LANES,
    position: [
      "  let group = i % GROUPS;",
      "  let channel = i / GROUPS;",
      ...range(LANES).flatMap((k) => [
        `  let tile_${k} = group * 4u + ${k}u;`,
        `  let tx_${k} = tile_${k} % ACROSS;`,
        // Tiles that only fill the last group lie far below every image.
        `  let ty_${k} = select(${FAR_BELOW}u, tile_${k} / ACROSS % DOWN, tile_${k} < TILES);`,
        `  let plane_${k} = (tile_${k} / (ACROSS * DOWN) * C + channel) * H * W;`,
        ...(whole ? [`  let at_${k} = (plane_${k} + ty_${k} * 4u * W) / 4u + tx_${k};`] : []),
      ]),
    ],
  };
}

/** WGSL: the pixel in row `r` and column `c` of tile `k`, 0 outside the image; below 0 wraps to a huge number. */
function pixelOf(buffer: string, k: number, r: number, c: number): string {
  const [y, x] = [`ty_${k} * 4u + ${r}u - 1u`, `tx_${k} * 4u + ${c}u - 1u`];
  const inside = `(${y} < H && ${x} < W)`;
  return `select(0.0, ${buffer}[select(0u, plane_${k} + (${y}) * W + ${x}, ${inside})], ${inside})`;
}

/** One invocation for four tiles (or output channels) of one channel: bounds, then `body`. */
function perGroup(
  name: string,
  request: KernelRequest,
  count: number,
  parts: {
    readonly inputs: readonly string[];
    readonly vectors: readonly string[];
    readonly sizes: Readonly<Record<string, number>>;
    readonly body: readonly string[];
    readonly stores?: boolean;
  },
): Kernel {
  const { workgroups, row } = grid(count, WORKGROUP);
  return kernel({
    name,
    request,
    inputs: parts.inputs,
    vectors: parts.vectors,
    sizes: { COUNT: count, ROW: row, ...parts.sizes },
    workgroupSize: [WORKGROUP, 1, 1],
    workgroups,
    iterations: 0,
    ...(parts.stores ? { stores: true } : {}),
    body: [
      "  let i = global.y * ROW + global.x;",
      "  if (i >= COUNT) { return; }",
      ...parts.body,
    ].join("\n"),
  });
}

/** WGSL: where value (i, j) of the channel's tiles begins in `[36, C, T]`, counted in groups. */
const planeOf = (i: number, j: number) => `(${VALUES * i + j}u * C + channel) * GROUPS`;

/** WGSL: store the values `<name>_<i>_<j>` of four tiles. */
function storeValues(name: string): string[] {
  return range(VALUES).flatMap((i) =>
    range(VALUES).map((j) => `  out[${planeOf(i, j)} + group] = ${name}_${i}_${j};`)
  );
}

/** WGSL: load values of four tiles from a buffer into `<buffer>_<i>_<j>`. */
function loadValues(buffer: string): string[] {
  return range(VALUES).flatMap((i) =>
    range(VALUES).map((j) => `  let ${buffer}_${i}_${j} = ${buffer}[${planeOf(i, j)} + group];`)
  );
}

/** WGSL: store the pixels `<name>_<i>_<j>` of four tiles. */
function storePixels(name: string, { whole }: TileWalk): string[] {
  const rows = range(SIDE);
  const stores = range(LANES).flatMap((k) =>
    rows.flatMap((i) => {
      const pixels = rows.map((j) => `${name}_${i}_${j}[${k}]`);
      if (whole) {
        return [`  store(at_${k} + ${i}u * W / 4u, own, vec4f(${pixels.join(", ")}));`];
      }
      return pixels.map((pixel, j) => {
        const [y, x] = [`ty_${k} * 4u + ${i}u`, `tx_${k} * 4u + ${j}u`];
        const at = `plane_${k} + (${y}) * W + ${x}`;
        return `  if (${y} < H && ${x} < W) { store(${at}, own, ${pixel}); }`;
      });
    })
  );
  return ["  let own = of_channel(channel);", ...stores];
}

function tilesKernel(request: KernelRequest): Kernel {
  const { inputs: [{ shape }] } = request;
  const walk = walkTiles(shape);
  const rows = range(VALUES);
  const patches = (pixel: (k: number, r: number, c: number) => string) =>
    rows.flatMap((r) =>
      rows.map((c) =>
        `  let x_${r}_${c} = vec4f(${range(LANES).map((k) => pixel(k, r, c)).join(", ")});`
      )
    );
  const load = {
    strip: () => rows.flatMap(patchRow),
    square: () => [...loadSquare(), ...patches(pixelOfSquare)],
    anyhow: () => patches((k, r, c) => pixelOf("x", k, r, c)),
  };
  return perGroup("conv2d.tiles", request, walk.count, {
    inputs: ["x"],
    vectors: walk.four === "anyhow" ? ["out"] : ["x", "out"],
    sizes: walk.sizes,
    body: [
      ...walk.position,
      ...load[walk.four](),
      ...sandwich(TO_TILE, named("x"), "v"),
      ...storeValues("v"),
    ],
  });
}

/** WGSL: row `r` of the patches under a strip, `x_<r>_0` to `x_<r>_5`; only the first and last can be outside. */
function patchRow(r: number): string[] {
  const inside = r === 0 ? "ty_0 > 0u" : r === VALUES - 1 ? "ty_0 + 1u < DOWN" : "true";
  const rowAt = r === 0 ? "at_0 - W / 4u" : `at_0 + ${r - 1}u * W / 4u`;
  const own = range(LANES).map((k) => `own_${r}_${k}`);
  const beside = (at: string, there: string, component: string) =>
    `select(0.0, x[select(at_0, ${at}, ${there})].${component}, ${there})`;
  const left = beside(`row_${r} - 1u`, `inside_${r} && tx_0 > 0u`, "w");
  const right = beside(`row_${r} + 4u`, `inside_${r} && tx_3 + 1u < ACROSS`, "x");
  const column = (parts: readonly string[], c: number) =>
    `  let x_${r}_${c} = vec4f(${parts.join(", ")});`;
  return [
    `  let inside_${r} = ${inside};`,
    `  let row_${r} = select(at_0, ${rowAt}, inside_${r});`,
    ...own.map((name, k) => `  let ${name} = select(vec4f(), x[row_${r} + ${k}u], inside_${r});`),
    column([left, ...own.slice(0, -1).map((name) => `${name}.w`)], 0),
    ...["x", "y", "z", "w"].map((component, c) =>
      column(own.map((name) => `${name}.${component}`), c + 1)
    ),
    column([...own.slice(1).map((name) => `${name}.x`), right], VALUES - 1),
  ];
}

/** Pixels of an image's side that is four tiles, and its fours in a row. */
const SQUARE = 2 * SIDE, FOURS = SQUARE / 4;

/** WGSL: the image under four tiles, `square_<y>_<four>`. */
function loadSquare(): string[] {
  return range(SQUARE).flatMap((y) =>
    range(FOURS).map((four) => `  let square_${y}_${four} = x[at_0 + ${y * FOURS + four}u];`)
  );
}

/** WGSL: the pixel in row `r` and column `c` of the patch under tile `k` of it. */
function pixelOfSquare(k: number, r: number, c: number): string {
  const [y, x] = [SIDE * (k >> 1) + r - 1, SIDE * (k & 1) + c - 1];
  const inside = y >= 0 && y < SQUARE && x >= 0 && x < SQUARE;
  return inside ? `square_${y}_${x >> 2}[${x & 3}]` : "0.0";
}

function tilesGradKernel(request: KernelRequest<Image>): Kernel {
  const walk = walkTiles(request.output.shape);
  const last = VALUES + 1;
  /** Where the tile lies that a row (or column) of the 8x8 block comes from, and which of its values it is. */
  const origin = (r: number) => r === 0 ? [-1, VALUES - 1] : r === last ? [1, 0] : [0, r - 1];
  const whether = (k: number, dy: number, dx: number) =>
    [
      ...(dy < 0 ? [`ty_${k} > 0u`] : dy > 0 ? [`ty_${k} + 1u < DOWN`] : []),
      ...(dx < 0 ? [`tx_${k} > 0u`] : dx > 0 ? [`tx_${k} + 1u < ACROSS`] : []),
    ].join(" && ");
  /** One value of the tile at (dy, dx) from tile k. */
  const single = (k: number, plane: string, dy: number, dx: number) => {
    const ok = whether(k, dy, dx);
    const tile = `tile_${k}${dy < 0 ? " - ACROSS" : dy > 0 ? " + ACROSS" : ""}${
      dx < 0 ? " - 1u" : dx > 0 ? " + 1u" : ""
    }`;
    const safe = `select(tile_${k}, ${tile}, ${ok})`;
    return `select(0.0, g[${plane} + ${safe} / 4u][${safe} % 4u], ${ok})`;
  };
  const value = (r: number, s: number) => {
    const [dy, i] = origin(r);
    const [dx, j] = origin(s);
    const plane = planeOf(i, j);
    const name = `g_${r}_${s}`;
    if (dy === 0 && dx === 0) return `  let ${name} = g[${plane} + group];`;
    if (walk.four === "square") { // the neighbours are among the four, or outside
      const four = range(LANES).map((k) => {
        const [y, x] = [(k >> 1) + dy, (k & 1) + dx];
        return y < 0 || y > 1 || x < 0 || x > 1 ? "0.0" : `g_${i + 1}_${j + 1}[${2 * y + x}]`;
      });
      return `  let ${name} = vec4f(${four.join(", ")});`;
    }
    if (walk.four === "anyhow") {
      const four = range(LANES).map((k) => single(k, plane, dy, dx));
      return `  let ${name} = vec4f(${four.join(", ")});`;
    }
    if (dx === 0) { // the row of tiles above or below
      const ok = whether(0, dy, 0);
      const there = `group ${dy < 0 ? "-" : "+"} ACROSS / 4u`;
      return `  let ${name} = select(vec4f(), g[${plane} + select(group, ${there}, ${ok})], ${ok});`;
    }
    // The same value of the tile's own column, which was loaded for the neighbours, and one more.
    const own = `g_${r}_${j + 1}`;
    return dx < 0
      ? `  let ${name} = vec4f(${single(0, plane, dy, dx)}, ${own}.xyz);`
      : `  let ${name} = vec4f(${own}.yzw, ${single(LANES - 1, plane, dy, dx)});`;
  };
  const middleFirst = [...range(VALUES).map((s) => s + 1), 0, last];
  return perGroup("conv2d.tiles.grad", request, walk.count, {
    inputs: ["g"],
    vectors: walk.whole ? ["g", "out"] : ["g"],
    sizes: walk.sizes,
    stores: true,
    body: [
      ...walk.position,
      ...middleFirst.flatMap((r) => middleFirst.map((s) => value(r, s))),
      ...sandwich(FROM_TILES, named("g"), "y"),
      ...storePixels("y", walk),
    ],
  });
}

function outputsKernel(request: KernelRequest<Image>): Kernel {
  const walk = walkTiles(request.output.shape);
  const bias = request.inputs.length > 1;
  return perGroup("conv2d.outputs", request, walk.count, {
    inputs: bias ? ["m", "bias"] : ["m"],
    vectors: walk.whole ? ["m", "out"] : ["m"],
    sizes: walk.sizes,
    stores: true,
    body: [
      ...walk.position,
      ...loadValues("m"),
      ...sandwich(TO_OUTPUT, named("m"), bias ? "sum" : "y"),
      ...(bias
        ? range(SIDE).flatMap((i) =>
          range(SIDE).map((j) => `  let y_${i}_${j} = sum_${i}_${j} + bias[channel];`)
        )
        : []),
      ...storePixels("y", walk),
    ],
  });
}

function outputsGradKernel(request: KernelRequest): Kernel {
  const walk = walkTiles(request.inputs[0].shape);
  const rows = range(SIDE);
  const lanes = (value: (k: number) => string) => `vec4f(${range(LANES).map(value).join(", ")})`;
  const load = walk.whole
    ? (i: number) => [
      ...range(LANES).map((k) => `  let row_${i}_${k} = g[at_${k} + ${i}u * W / 4u];`),
      ...rows.map((j) => `  let g_${i}_${j} = ${lanes((k) => `row_${i}_${k}[${j}]`)};`),
    ]
    : (i: number) =>
      rows.map((j) => `  let g_${i}_${j} = ${lanes((k) => pixelOf("g", k, i + 1, j + 1))};`);
  return perGroup("conv2d.outputs.grad", request, walk.count, {
    inputs: ["g"],
    vectors: walk.whole ? ["g", "out"] : ["out"],
    sizes: walk.sizes,
    body: [
      ...walk.position,
      ...rows.flatMap(load),
      ...sandwich(transposed(TO_OUTPUT), named("g"), "m"),
      ...storeValues("m"),
    ],
  });
}

/** Kernels lie as `[O, C, 3, 3]`; where number `tap` of output channel 4 · group + k lies. */
const tapAt = (k: number, tap: number) => `((group * 4u + ${k}u) * C + channel) * 9u + ${tap}u`;
/** In `[36, C, O]` the groups of four are output channels. */
const KERNEL_POSITION = ["  let group = i % GROUPS;", "  let channel = i / GROUPS;"];

function kernelsKernel(request: KernelRequest): Kernel {
  const { inputs: [{ shape: [O, C] }] } = request;
  return perGroup("conv2d.kernels", request, C * O / LANES, {
    inputs: ["w"],
    vectors: ["out"],
    sizes: { C, GROUPS: O / LANES },
    body: [
      ...KERNEL_POSITION,
      ...range(9).map((tap) =>
        `  let w_${Math.floor(tap / 3)}_${tap % 3} = vec4f(${
          range(LANES).map((k) => `w[${tapAt(k, tap)}]`).join(", ")
        });`
      ),
      ...sandwich(TO_KERNEL, named("w"), "u"),
      ...storeValues("u"),
    ],
  });
}

function kernelsGradKernel(request: KernelRequest): Kernel {
  const { output: { shape: [O, C] } } = request;
  return perGroup("conv2d.kernels.grad", request, C * O / LANES, {
    inputs: ["g"],
    vectors: ["g"],
    sizes: { C, GROUPS: O / LANES },
    body: [
      ...KERNEL_POSITION,
      ...loadValues("g"),
      ...sandwich(transposed(TO_KERNEL), named("g"), "w"),
      ...range(9).flatMap((tap) =>
        range(LANES).map((k) =>
          `  out[${tapAt(k, tap)}] = w_${Math.floor(tap / 3)}_${tap % 3}[${k}];`
        )
      ),
    ],
  });
}
