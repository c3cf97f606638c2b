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
 * Each step is linear, so its gradient is its transpose: the same sums with the matrix the other way around, and the
 * gradients of the product are products. The weight gradient's long sum over pixels is a matrix product too.
 *
 * Rounding grows, since Bᵀ and Aᵀ have entries up to 8: errors are about 1e-6 of the largest output for 32 to 256
 * channels, where the direct sum has 2e-7. On the software adapter loads decide what a convolution costs, and this
 * one needs half as many: docs/kernels.md.
 *
 * Source of the matrices: Lavin and Gray, "Fast algorithms for convolutional neural networks", 2015, section 4.3.
 *
 * @module
 */
import type { Shape } from "../core/host_array.ts";
import { grid, type Kernel, kernel } from "../core/kernel.ts";
import { apply, type KernelRequest, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
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
const VALUES = 6;
/** Tiles, or output channels, that an invocation takes at a time. */
const LANES = 4;
/** Fewer channels, in and out multiplied, and the transforms cost more than they save. */
const LEAST_CHANNELS_SQUARED = 256;
const WORKGROUP = 32;

const range = (length: number) => Array.from({ length }, (_, i) => i);
const transposed = (m: Matrix): Matrix => m[0].map((_, j) => m.map((row) => row[j]));

/**
 * Whether {@linkcode winogradConv} can and should compute a 3x3 convolution with stride and padding 1: sides and
 * channels must be multiples of 4, and so must the number of tiles.
 */
export function winogradPays([N, C, H, W]: Shape, O: number): boolean {
  const fours = [C, O, H, W, N * H * W / SIDE ** 2].every((count) => count % 4 === 0);
  return fours && C * O >= LEAST_CHANNELS_SQUARED;
}

/** The 3x3 convolution with stride and padding 1 of f32 images `[N, C, H, W]` with kernels `[O, C, 3, 3]`. */
export function winogradConv(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const tiles = apply(tilesOp, [x], null);
  const kernels = apply(kernelsOp, [weight], null);
  const products = matmul(kernels, tiles, { transposeA: true });
  const attrs = { image: x.shape };
  return apply(outputsOp, bias ? [products, bias] : [products], attrs);
}

/** The images that tiles were cut from: products do not know how they lie. */
interface Image {
  readonly image: Shape;
}

const tileCount = ([N, , H, W]: Shape) => N * (H / SIDE) * (W / SIDE);

/** `[N, C, H, W]` to `[36, C, T]`. */
const tilesOp: Op<null> = {
  name: "conv2d.tiles",
  shape: ([x]) => [VALUES ** 2, x[1], tileCount(x)],
  kernel: tilesKernel,
  grad: ({ inputs: [x], gradOutput }) => [apply(tilesGradOp, [gradOutput], { image: x.shape })],
};

/** Its transpose: `[36, C, T]` to `[N, C, H, W]`. */
const tilesGradOp: Op<Image> = {
  name: "conv2d.tiles.grad",
  shape: ([[, C]], { image: [N, , H, W] }) => [N, C, H, W],
  kernel: tilesGradKernel,
};

/** `[O, C, 3, 3]` to `[36, C, O]`. */
const kernelsOp: Op<null> = {
  name: "conv2d.kernels",
  shape: ([[O, C]]) => [VALUES ** 2, C, O],
  kernel: kernelsKernel,
  grad: ({ gradOutput }) => [apply(kernelsGradOp, [gradOutput], null)],
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
  grad: ({ inputs: [, bias], gradOutput }) => [
    apply(outputsGradOp, [gradOutput], null),
    ...(bias ? [gradOutput.sum([0, 2, 3])] : []),
  ],
};

/** Its transpose: `[N, O, H, W]` to `[36, O, T]`. */
const outputsGradOp: Op<null> = {
  name: "conv2d.outputs.grad",
  shape: ([g]) => [VALUES ** 2, g[1], tileCount(g)],
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

/** How the tiles of a channel lie: four neighbours at a time, which in a `strip` lie in one row of an image. */
interface TileWalk {
  readonly strip: boolean;
  readonly sizes: Readonly<Record<string, number>>;
  /** WGSL: `channel`, `group` (of four tiles), and `n_<k>`, `ty_<k>`, `tx_<k>` of its tiles. */
  readonly position: readonly string[];
}

function walkTiles([N, C, H, W]: Shape): TileWalk {
  const [down, across] = [H / SIDE, W / SIDE];
  return {
    strip: across % LANES === 0,
    sizes: { C, W, DOWN: down, ACROSS: across, GROUPS: N * down * across / LANES },
    position: [
      "  let group = i % GROUPS;",
      "  let channel = i / GROUPS;",
      ...range(LANES).flatMap((k) => [
        `  let tile_${k} = group * 4u + ${k}u;`,
        `  let tx_${k} = tile_${k} % ACROSS;`,
        `  let ty_${k} = tile_${k} / ACROSS % DOWN;`,
        `  let n_${k} = tile_${k} / (ACROSS * DOWN);`,
        // The tile's upper left pixel, in vectors of four.
        `  let at_${k} = (((n_${k} * C + channel) * DOWN + ty_${k}) * 4u * W) / 4u + tx_${k};`,
      ]),
    ],
  };
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
    body: [
      "  let i = global.y * ROW + global.x;",
      "  if (i >= COUNT) { return; }",
      ...parts.body,
    ].join("\n"),
  });
}

/** WGSL: store `<name>_<i>_<j>` as value f = 6i + j of four tiles. */
function storeValues(name: string): string[] {
  return range(VALUES).flatMap((i) =>
    range(VALUES).map((j) =>
      `  out[(${VALUES * i + j}u * C + channel) * GROUPS + group] = ${name}_${i}_${j};`
    )
  );
}

/** WGSL: row `i` of 4 pixels, `<name>_<i>_0` to `<name>_<i>_3`, to the images at `at_<k>` of each tile. */
function storePixels(name: string): string[] {
  return range(SIDE).flatMap((i) =>
    range(LANES).map((k) => {
      const pixels = range(SIDE).map((j) => `${name}_${i}_${j}[${k}]`).join(", ");
      return `  out[at_${k} + ${i}u * W / 4u] = vec4f(${pixels});`;
    })
  );
}

function tilesKernel(request: KernelRequest): Kernel {
  const { inputs: [{ shape }] } = request;
  const walk = walkTiles(shape);
  const row = (r: number) => {
    const inside = (k: number) => r === 0 ? `ty_${k} > 0u` : `ty_${k} + 1u < DOWN`;
    const load = (k: number, at: string) => {
      const value = `x[${at}]`;
      return r === 0 || r === VALUES - 1
        ? `select(vec4f(), x[select(at_${k}, ${at}, ${inside(k)})], ${inside(k)})`
        : value;
    };
    const place = (k: number) => r === 0 ? `at_${k} - W / 4u` : `at_${k} + ${r - 1}u * W / 4u`;
    const beside = (k: number, side: "left" | "right") => {
      const [there, at, component] = side === "left"
        ? [`tx_${k} > 0u`, `${place(k)} - 1u`, "w"]
        : [`tx_${k} + 1u < ACROSS`, `${place(k)} + 1u`, "x"];
      const ok = r === 0 || r === VALUES - 1 ? `${there} && ${inside(k)}` : there;
      return `select(0.0, x[select(at_${k}, ${at}, ${ok})].${component}, ${ok})`;
    };
    const own = range(LANES).map((k) => `own_${r}_${k}`);
    const left = range(LANES).map((k) =>
      walk.strip && k > 0 ? `${own[k - 1]}.w` : beside(k, "left")
    );
    const right = range(LANES).map((k) =>
      walk.strip && k < LANES - 1 ? `${own[k + 1]}.x` : beside(k, "right")
    );
    return [
      ...own.map((name, k) => `  let ${name} = ${load(k, place(k))};`),
      `  let x_${r}_0 = vec4f(${left.join(", ")});`,
      ...["x", "y", "z", "w"].map((component, j) =>
        `  let x_${r}_${j + 1} = vec4f(${own.map((name) => `${name}.${component}`).join(", ")});`
      ),
      `  let x_${r}_${VALUES - 1} = vec4f(${right.join(", ")});`,
    ];
  };
  return perGroup("conv2d.tiles", request, walk.sizes.GROUPS * walk.sizes.C, {
    inputs: ["x"],
    vectors: ["x", "out"],
    sizes: walk.sizes,
    body: [
      ...walk.position,
      ...range(VALUES).flatMap(row),
      ...sandwich(TO_TILE, named("x"), "v"),
      ...storeValues("v"),
    ],
  });
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
    const plane = `(${VALUES * i + j}u * C + channel) * GROUPS`;
    const name = `g_${r}_${s}`;
    if (dy === 0 && dx === 0) return `  let ${name} = g[${plane} + group];`;
    if (!walk.strip) {
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
  const middle = range(VALUES).map((s) => s + 1);
  return perGroup("conv2d.tiles.grad", request, walk.sizes.GROUPS * walk.sizes.C, {
    inputs: ["g"],
    vectors: ["g", "out"],
    sizes: walk.sizes,
    body: [
      ...walk.position,
      ...range(VALUES + 2).flatMap((r) => [...middle, 0, last].map((s) => value(r, s))),
      ...sandwich(FROM_TILES, named("g"), "y"),
      ...storePixels("y"),
    ],
  });
}

function outputsKernel(request: KernelRequest<Image>): Kernel {
  const walk = walkTiles(request.output.shape);
  const bias = request.inputs.length > 1;
  return perGroup("conv2d.outputs", request, walk.sizes.GROUPS * walk.sizes.C, {
    inputs: bias ? ["m", "bias"] : ["m"],
    vectors: ["m", "out"],
    sizes: walk.sizes,
    body: [
      ...walk.position,
      ...range(VALUES).flatMap((i) =>
        range(VALUES).map((j) =>
          `  let m_${i}_${j} = m[(${VALUES * i + j}u * C + channel) * GROUPS + group];`
        )
      ),
      ...sandwich(TO_OUTPUT, named("m"), bias ? "sum" : "y"),
      ...(bias
        ? range(SIDE).flatMap((i) =>
          range(SIDE).map((j) => `  let y_${i}_${j} = sum_${i}_${j} + bias[channel];`)
        )
        : []),
      ...storePixels("y"),
    ],
  });
}

function outputsGradKernel(request: KernelRequest): Kernel {
  const walk = walkTiles(request.inputs[0].shape);
  return perGroup("conv2d.outputs.grad", request, walk.sizes.GROUPS * walk.sizes.C, {
    inputs: ["g"],
    vectors: ["g", "out"],
    sizes: walk.sizes,
    body: [
      ...walk.position,
      ...range(SIDE).flatMap((i) => [
        ...range(LANES).map((k) => `  let row_${i}_${k} = g[at_${k} + ${i}u * W / 4u];`),
        ...range(SIDE).map((j) =>
          `  let g_${i}_${j} = vec4f(${range(LANES).map((k) => `row_${i}_${k}[${j}]`).join(", ")});`
        ),
      ]),
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
      ...range(VALUES).flatMap((i) =>
        range(VALUES).map((j) =>
          `  let g_${i}_${j} = g[(${VALUES * i + j}u * C + channel) * GROUPS + group];`
        )
      ),
      ...sandwich(transposed(TO_KERNEL), named("g"), "w"),
      ...range(9).flatMap((tap) =>
        range(LANES).map((k) =>
          `  out[${tapAt(k, tap)}] = w_${Math.floor(tap / 3)}_${tap % 3}[${k}];`
        )
      ),
    ],
  });
}
