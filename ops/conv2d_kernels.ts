/**
 * The shaders of conv2d. One idea serves all: an invocation keeps a block of results in registers and, for
 * every number it loads, does as many multiply-adds as it can.
 *
 *     forward, ∂x   a block of TH x TW output pixels times TO output channels. For each input channel it loads the
 *                   rows of x under the block, all at once or those of one kernel row after the other, and uses
 *                   them for the kernel's elements and all TO channels.
 *     ∂w            one row of TO x TC kernels. It walks along strips of TW output pixels, loads the gradient of
 *                   TO output channels and a row of TC input channels, and multiplies each with each.
 *
 * Why so: on the software adapter a load costs as much as 50 multiply-adds (core/cost.ts), so the block should be
 * large; but its loops are written out here, in TypeScript, and the software adapter's compiler takes a second for
 * three thousand multiply-adds, so it should not be too large. There, too, x, weights and gradients that are loaded four
 * at a time are read as textures (core/texels.ts). docs/conv2d.md tells the story.
 *
 * @module
 */
import { COST } from "../core/cost.ts";
import { grid, isSoftware, type Kernel, kernel, perElement, range } from "../core/kernel.ts";
import type { KernelRequest, TensorType } from "../core/op.ts";
import type { Shape } from "../core/host_array.ts";
import { fitsTexture } from "../core/texels.ts";

/** Settings of one convolution; the two directions may be padded differently (in ∂x of an oblong kernel). */
export interface ConvAttrs {
  /** Output channels. */
  readonly O: number;
  readonly kH: number;
  readonly kW: number;
  readonly stride: number;
  /** Zero rows above; negative if rows are skipped. */
  readonly padY: number;
  /** Zero columns to the left; negative if columns are skipped. */
  readonly padX: number;
  readonly dilation: number;
  readonly outH: number;
  readonly outW: number;
}

/** Input rows (or columns) under a block of `length` outputs, relative to the first: sorted, each once. */
function patchOffsets(length: number, size: number, stride: number, dilation: number): number[] {
  const offsets = range(length).flatMap((p) => range(size).map((k) => p * stride + k * dilation));
  return [...new Set(offsets)].sort((a, b) => a - b);
}

/**
 * Multiply-adds written out in one shader. The software adapter compiles about three of them in a millisecond, so
 * only convolutions that take long get long shaders. `work`: floating-point operations of one run.
 */
function longestShader(work: number): number {
  return work < 4e6 ? 384 : work < 64e6 ? 1152 : 3456;
}

/** The block of one invocation: rows, columns, channels (a multiple of 4), and what its loop's body does at once. */
export interface OutputBlock {
  readonly TH: number;
  readonly TW: number;
  readonly TO: number;
  /** Input channels of one round. */
  readonly channels: number;
  /** Whether a round takes all rows of the kernel, so that a pixel of x is loaded once for all of them. */
  readonly rows: boolean;
}

/** What a texture saves each time that a number is loaded, four at a time. */
const SAVED = (COST.vector - COST.texel) / 4 / COST.abreast;

/**
 * Whether a convolution reads an input, four numbers at a time, as a texture: on the software adapter, where each number
 * is loaded so often that it pays for the copy.
 *
 * @param uses How many invocations load a number, at least.
 */
function asTexels(x: TensorType, uses: number): boolean {
  return isSoftware() && fitsTexture(x) && uses * SAVED > COST.copied;
}

/** Most output channels of a block; output and input channels of one of the weights' gradient. */
const MOST_TO = 16, MOST_GRAD_TO = 8, MOST_TC = 16;

/** How many blocks load each pixel of x, at least. */
const usesOfX = ({ O }: ConvAttrs) => Math.ceil(O / MOST_TO);
/** How many blocks load each of the kernel's numbers, at least. */
const usesOfKernel = (N: number, { outH, outW }: ConvAttrs) =>
  N * Math.ceil(outH / 4) * Math.ceil(outW / 8);
/** The same for the gradient of the weights, whose blocks are rows of kernels. */
const gradUsesOfX = ({ O, kH }: ConvAttrs) => kH * Math.ceil(O / MOST_GRAD_TO);
const gradUsesOfY = (C: number, { kH }: ConvAttrs) => kH * Math.ceil(C / MOST_TC);

/** WGSL of four neighbours as f32. */
function four(name: string, at: string, texels: boolean): string {
  return texels ? `texel(${name}, ${at})` : `vec4f(${name}[${at}])`;
}

/** How the columns of x under a block are loaded: four at a time where they are aligned. */
interface ColumnLoads {
  /** Whether they are loaded from a texture. */
  readonly texels: boolean;
  /** Whether x is bound as vectors: every block's own columns begin at one and are inside the image. */
  readonly aligned: boolean;
  /** Offsets, from the block's first column, of the first column of each vector. */
  readonly vectors: readonly number[];
  /** Offsets of the columns loaded one by one. */
  readonly scalars: readonly number[];
}

/**
 * The columns of x under a block of TW outputs. Vectors hold those from the first output's own column to the last's,
 * which are inside the image; what the kernel reaches beyond them may be outside.
 */
function columnLoads(TW: number, x: TensorType, attrs: ConvAttrs, uses: number): ColumnLoads {
  const W = x.shape[3];
  const { kW, padX, stride, dilation, outW } = attrs;
  const columns = patchOffsets(TW, kW, stride, dilation);
  const aligned = W % 4 === 0 && TW * stride % 4 === 0 && outW % TW === 0 && outW * stride <= W;
  const own = (s: number) => s >= padX && s - padX < TW * stride;
  const vectors = aligned
    ? columns.filter((s) =>
      (s - padX) % 4 === 0 && range(4).every((k) => own(s + k) && columns.includes(s + k))
    )
    : [];
  const covered = new Set(vectors.flatMap((s) => range(4).map((k) => s + k)));
  const scalars = columns.filter((s) => !covered.has(s));
  return { texels: aligned && asTexels(x, uses), aligned, vectors, scalars };
}

/** What it costs to load one row of them. */
function rowCost({ texels, vectors, scalars }: ColumnLoads): number {
  if (texels) return (vectors.length + scalars.length) * COST.texel;
  return vectors.length * COST.vector + scalars.length * COST.scalar;
}

/**
 * WGSL that loads one row of x under a block into `<name>_<offset>` for every column, 0 outside the image.
 *
 * @param row.at WGSL name of where the row begins in x.
 * @param row.inside WGSL name of whether the row is inside the image.
 * @param row.columnsInside True where every column is.
 */
function loadRow(
  { texels, aligned, vectors, scalars }: ColumnLoads,
  { stride, padX }: ConvAttrs,
  row: { name: string; at: string; inside: string; columnsInside: boolean },
): string[] {
  const { name, at, inside, columnsInside } = row;
  return [
    ...vectors.flatMap((s) => [
      `      let ${name}_from_${s} = select(vec4f(), ${
        four("x", `(${at} + ox * ${stride}u) / 4u + ${(s - padX) / 4}u`, texels)
      }, ${inside});`,
      ...range(4).map((k) => `      let ${name}_${s + k} = ${name}_from_${s}[${k}];`),
    ]),
    ...scalars.map((s) => {
      const number = aligned // its place in its vector is known: the block's first column is a multiple of 4
        ? `${four("x", `(${at} + column${s}) / 4u`, texels)}[${((s - padX) % 4 + 4) % 4}]`
        : `f32(x[${at} + column${s}])`;
      return `      let ${name}_${s} = select(0.0, ${number}, ${inside}${
        columnsInside ? "" : ` && column${s}Inside`
      });`;
    }),
  ];
}

/** Of the blocks whose shader is not too long, the one that is estimated to take least. */
export function chooseBlock(x: TensorType, attrs: ConvAttrs): OutputBlock {
  const [N, C] = x.shape;
  const { O, kH, kW, stride, dilation, outH, outW } = attrs;
  const packed = { shape: [C, kH, kW, 4 * quarter(O)], dtype: x.dtype };
  const perWeights = asTexels(packed, usesOfKernel(N, attrs)) ? COST.texel : COST.vector; // four of them
  const limit = longestShader(2 * N * C * O * kH * kW * outH * outW);
  const TH = Math.min(outH, 4);
  const widths = outW % 8 === 0 ? [4, 8] : [Math.min(outW, 4)];
  const depths = [1, 4, 8].filter((channels) =>
    C % channels === 0 && (kH * kW < 9 || channels === 1)
  );
  let best: OutputBlock | undefined;
  let least = Infinity;
  for (const TW of widths) {
    const perRow = rowCost(columnLoads(TW, x, attrs, usesOfX(attrs)));
    for (const TO of range(MOST_TO / 4).map((q) => 4 * (q + 1))) {
      if (TO > quarter(O) * 4 || (outW % TW !== 0 && TO > 8)) continue; // stores without vectors are long
      const count = Math.ceil(outW / TW) * Math.ceil(outH / TH) * N * Math.ceil(O / TO);
      for (const rows of [false, true]) {
        const loadedRows = rows ? patchOffsets(TH, kH, stride, dilation).length : TH * kH;
        for (const channels of depths) {
          const unrolled = TO * TH * TW * kW * (rows ? kH : 1) * channels;
          if (unrolled > limit && !(TO === 4 && !rows && channels === 1)) continue;
          const perChannel = loadedRows * perRow + kH * kW * (TO / 4) * perWeights +
            TO * TH * TW * kH * kW * COST.multiplyAdd +
            TO * TH * TW * COST.carried * (rows ? 1 : kH) / channels;
          const time = perChannel * Math.ceil(count / COST.abreast);
          if (time < least) [best, least] = [{ TH, TW, TO, channels, rows }, time];
        }
      }
    }
  }
  return best!;
}

/**
 * Forward and gradient of the input. Inputs: x `[N, C, H, W]`, weights `[C, kH, kW, O⌈4⌉]`, perhaps a bias `[O]`.
 *
 * Lines of what it makes for a kernel of 3 x 3, pad 1, read as textures. Numbers in names are offsets from the block's
 * first row and column under the kernel: column 0 is the one to the left of the block's own, which begin at 1. `x_0_1`
 * is row 0, column 1; `w_0_2_0` the weights of kernel row 0, column 2, for output channels 0 to 3; `y_0_0_0` the results
 * of row 0, column 0 for these channels, and `s_0_0_0` what this round adds to them:
 *
 *     let column0Inside = u32(i32(ox * 1u) + -1) < W;
 *     let column0 = u32(clamp(i32(ox * 1u) + -1, 0, i32(W) - 1));
 *     for (var c0 = 0u; c0 < C; c0 += 1u) {
 *       let at0 = plane + u32(clamp(row0, 0, i32(H) - 1)) * W;
 *       let x_0_from_1 = select(vec4f(), texel(x, (at0 + ox * 1u) / 4u + 0u), row0Inside);
 *       let x_0_1 = x_0_from_1[0];
 *       let x_0_0 = select(0.0, texel(x, (at0 + column0) / 4u)[3], row0Inside && column0Inside);
 *       let w_0_2_0 = texel(w, taps + (0u * 3u + 2u) * QUARTERS + 0u);
 *       var s_0_0_0 = x_0_0 * w_0_0_0;
 *       s_0_0_0 = fma(vec4f(x_0_1), w_0_1_0, s_0_0_0);
 *       y_0_0_0 += s_0_0_0;
 */
export function convKernel(request: KernelRequest<ConvAttrs>): Kernel {
  const { inputs: [x, w], attrs } = request;
  const [N, C, H, W] = x.shape;
  const { O, kH, kW, stride, padY, padX, dilation, outH, outW } = attrs;
  const { TH, TW, TO, channels, rows } = chooseBlock(x, attrs);
  const weightTexels = asTexels(w, usesOfKernel(N, attrs));
  const bias = request.inputs.length > 2;
  const quads = range(TO / 4);
  const loads = columnLoads(TW, x, attrs, usesOfX(attrs));
  const tilesX = Math.ceil(outW / TW);
  const tilesY = Math.ceil(outH / TH);
  const count = tilesX * tilesY * N * Math.ceil(O / TO);
  const columnsInside = padX <= 0 &&
    (tilesX * TW - 1) * stride - padX + (kW - 1) * dilation < W;

  /** One row of the patch, `r` rows below `top`. */
  const patchRow = (r: number) => [
    `      let row${r} = top + ${r};`,
    `      let row${r}Inside = u32(row${r}) < H;`,
    `      let at${r} = plane + u32(clamp(row${r}, 0, i32(H) - 1)) * W;`,
    ...loadRow(loads, attrs, {
      name: `x_${r}`,
      at: `at${r}`,
      inside: `row${r}Inside`,
      columnsInside,
    }),
  ];
  const results = range(TH).flatMap((p) =>
    range(TW).flatMap((t) => quads.map((q) => ({ p, t, q, name: `${p}_${t}_${q}` })))
  );
  /** The weights of kernel row `u`, its name in the shader `row`. */
  const weightsOf = (u: number, row: string) =>
    range(kW).flatMap((v) =>
      quads.map((q) =>
        `      let w_${u}_${v}_${q} = ${
          four("w", `taps + (${row} * ${kW}u + ${v}u) * QUARTERS + ${q}u`, weightTexels)
        };`
      )
    );
  /**
   * Multiply-adds of kernel rows `us`, one result after the other so that its sum stays in a register for all taps.
   * What a round gives is added to the result at its end: adding up in two levels keeps roundings small, as
   * √(rounds + taps) and not √(rounds · taps).
   */
  const products = (us: readonly number[]) =>
    results.flatMap(({ p, t, q, name }) => {
      const terms = us.flatMap((u) =>
        range(kW).map((
          v,
        ) => [`x_${p * stride + u * dilation}_${t * stride + v * dilation}`, `w_${u}_${v}_${q}`])
      );
      return [
        ...terms.map(([x, w], i) =>
          i === 0
            ? `      var s_${name} = ${x} * ${w};`
            : `      s_${name} = fma(vec4f(${x}), ${w}, s_${name});`
        ),
        `      y_${name} += s_${name};`,
      ];
    });
  const round = rows
    ? [
      `      let top = i32(oy * ${stride}u) - ${padY};`,
      ...patchOffsets(TH, kH, stride, dilation).flatMap(patchRow),
      ...range(kH).flatMap((u) => weightsOf(u, `${u}u`)),
      ...products(range(kH)),
    ]
    : [
      `    for (var u = 0u; u < ${kH}u; u++) {`,
      `      let top = i32(oy * ${stride}u + u * ${dilation}u) - ${padY};`,
      ...range(TH).map((p) => p * stride).flatMap(patchRow),
      ...weightsOf(0, "u"),
      ...products([0]),
      "    }",
    ];
  const vectorStores = outW % 4 === 0;
  const store = (p: number, q: number, lane: number): string[] => {
    const at = `at + ${p * outW}u`;
    if (vectorStores) {
      return range(TW / 4).map((k) => {
        const numbers = range(4).map((t) => `y_${p}_${4 * k + t}_${q}[${lane}]`).join(", ");
        return `store((${at}) / 4u + ${k}u, own, vec4f(${numbers}));`;
      });
    }
    return range(TW).map((t) => {
      const assignment = `store(${at} + ${t}u, own, y_${p}_${t}_${q}[${lane}]);`;
      return outW % TW === 0 ? assignment : `if (ox + ${t}u < OUT_W) { ${assignment} }`;
    });
  };
  const stores = quads.flatMap((q) =>
    range(4).flatMap((lane) => [
      O % TO === 0 ? "  {" : `  if (channel + ${4 * q + lane}u < O) {`,
      `    let own = of_channel(channel + ${4 * q + lane}u);`,
      `    let at = ((n * O + channel + ${4 * q + lane}u) * OUT_H + oy) * OUT_W + ox;`,
      ...range(TH).flatMap((p) =>
        outH % TH === 0
          ? store(p, q, lane).map((line) => `    ${line}`)
          : [`    if (oy + ${p}u < OUT_H) {`, ...store(p, q, lane), "    }"]
      ),
      "  }",
    ])
  );
  const size = workgroupSize(count);
  const { workgroups, row } = grid(count, size);
  return kernel({
    name: "conv2d",
    request,
    inputs: bias ? ["x", "w", "bias"] : ["x", "w"],
    texels: [...(loads.texels ? ["x"] : []), ...(weightTexels ? ["w"] : [])],
    vectors: [
      ...(loads.aligned ? ["x"] : []),
      "w",
      ...(bias ? ["bias"] : []),
      ...(vectorStores ? ["out"] : []),
    ],
    constants: { H, W, OUT_H: outH, OUT_W: outW, TILES_X: tilesX, TILES_Y: tilesY },
    // Layers of one resolution share a shader: only their channels differ.
    sizes: { COUNT: count, ROW: row, N, C, O, QUARTERS: quarter(O) },
    workgroupSize: [size, 1, 1],
    workgroups,
    iterations: C / channels * (rows ? 1 : 1 + channels * kH),
    stores: true,
    body: [
      "  let i = global.y * ROW + global.x;",
      "  if (i >= COUNT) { return; }",
      `  let ox = (i % TILES_X) * ${TW}u;`,
      `  let oy = (i / TILES_X % TILES_Y) * ${TH}u;`,
      "  let n = i / (TILES_X * TILES_Y) % N;",
      `  let channel = i / (TILES_X * TILES_Y * N) * ${TO}u;`,
      ...loads.scalars.flatMap((s) => columnLines(s, stride, padX, columnsInside)),
      ...quads.flatMap((q) => [
        `  let b_${q} = ${bias ? `vec4f(bias[channel / 4u + ${q}u])` : "vec4f(0.0)"};`,
        ...range(TH).flatMap((p) => range(TW).map((t) => `  var y_${p}_${t}_${q} = b_${q};`)),
      ]),
      `  for (var c0 = 0u; c0 < C; c0 += ${channels}u) {`,
      ...range(channels).flatMap((c) => [
        "    {",
        `      let c = c0 + ${c}u;`,
        "      let plane = (n * C + c) * H * W;",
        `      let taps = c * ${kH * kW}u * QUARTERS + channel / 4u;`,
        ...round,
        "    }",
      ]),
      "  }",
      ...stores,
    ].join("\n"),
  });
}

/**
 * Small grids get small workgroups, so that every core has some; never less than a SIMD width. Of few sizes, since
 * each is a shader of its own.
 */
function workgroupSize(count: number): number {
  return [8, 16, 32].find((size) => count <= 16 * size) ?? 64;
}

/** Where a column of the patch lies, kept inside the image, and whether it was inside. */
function columnLines(
  offset: number,
  stride: number,
  pad: number,
  alwaysInside: boolean,
): string[] {
  const place = `i32(ox * ${stride}u) + ${offset - pad}`;
  if (alwaysInside) return [`  let column${offset} = u32(${place});`];
  return [
    `  let column${offset}Inside = u32(${place}) < W;`, // below 0 wraps to a huge number
    `  let column${offset} = u32(clamp(${place}, 0, i32(W) - 1));`,
  ];
}

/** Groups of four channels. */
function quarter(channels: number): number {
  return Math.ceil(channels / 4);
}

/**
 * Reorder weights for {@linkcode convKernel}, four neighbours at a time; `turned` rotates kernels by 180° and exchanges
 * the channels.
 */
export function packKernel(request: KernelRequest<{ readonly turned: boolean }>): Kernel {
  const { inputs: [{ shape: [O, C, kH, kW] }], attrs: { turned } } = request;
  const [inner, outer] = turned ? [C, O] : [O, C];
  const number = (lane: number) => {
    const channel = `min(first + ${lane}u, INNER - 1u)`; // beyond INNER nobody looks
    return turned
      ? `w[(outer * C + ${channel}) * TAPS + TAPS - 1u - tap]`
      : `w[(${channel} * C + outer) * TAPS + tap]`;
  };
  return perElement("conv2d.pack", request, {
    inputs: ["w"],
    vectors: ["out"],
    sizes: { INNER: inner, QUARTERS: quarter(inner), C, TAPS: kH * kW },
    count: outer * quarter(inner),
    iterations: kH * kW,
    body: `  let outer = i / QUARTERS;
  let first = i % QUARTERS * 4u;
  for (var tap = 0u; tap < TAPS; tap++) {
    out[(outer * TAPS + tap) * QUARTERS + first / 4u] = vec4<Out>(${
      range(4).map(number).join(", ")
    });
  }`,
  });
}

/** Put `stride - 1` zeros between neighbouring pixels. */
export function spreadKernel(request: KernelRequest<{ readonly stride: number }>): Kernel {
  const { inputs: [{ shape: [, , H, W] }], output, attrs: { stride } } = request;
  return perElement("conv2d.grad.spread", request, {
    inputs: ["x"],
    constants: { H, W, OUT_H: output.shape[2], OUT_W: output.shape[3], STRIDE: stride },
    body: [
      "  let column = i % OUT_W;",
      "  let row = i / OUT_W % OUT_H;",
      "  let plane = i / (OUT_W * OUT_H);",
      "  let source = (plane * H + row / STRIDE) * W + column / STRIDE;",
      "  let hit = row % STRIDE == 0u && column % STRIDE == 0u;",
      "  out[i] = select(Out(0), x[source], hit);",
    ].join("\n"),
  });
}

/** Fewest output rows of a part of the weight gradient: a part costs as much memory as the weights. */
const LEAST_ROWS = 8;
/** So many invocations keep a GPU busy. */
const MANY_INVOCATIONS = 4096;
/** Most rounds of one invocation's loop: far below where llvmpipe stops. */
const MOST_STRIPS = 16_384;

/**
 * Output rows of all images, one after the other, that each part of the weight gradient's sum covers: enough parts
 * to keep a GPU busy, and no more.
 */
function rowsPerPart([N, C]: Shape, { O, kH, outH, outW }: ConvAttrs): number {
  const blocks = Math.ceil(O / 8) * Math.ceil(C / 8) * kH;
  const parts = Math.ceil(MANY_INVOCATIONS / blocks);
  const rows = Math.max(LEAST_ROWS, Math.ceil(N * outH / parts));
  return Math.max(1, Math.min(rows, Math.floor(MOST_STRIPS / Math.ceil(outW / 4))));
}

/** How many parts the sum over images and rows is cut into. */
export function weightGradParts(x: Shape, attrs: ConvAttrs): number {
  return Math.max(1, Math.ceil(x[0] * attrs.outH / rowsPerPart(x, attrs)));
}

/** The kernels that one invocation owns, one row each, and the outputs of a strip that it takes at a time. */
interface GradBlock {
  readonly TO: number;
  readonly TC: number;
  readonly TW: number;
}

/** Of the blocks whose shader is not too long, the one that is estimated to take least. */
function chooseGradBlock(x: TensorType, g: TensorType, attrs: ConvAttrs): GradBlock {
  const [N, C] = x.shape;
  const { O, kH, kW, outH, outW } = attrs;
  const limit = longestShader(2 * N * C * O * kH * kW * outH * outW);
  let best: GradBlock | undefined;
  let least = Infinity;
  const parts = weightGradParts(x.shape, attrs);
  const perVector = asTexels(g, gradUsesOfY(C, attrs)) ? COST.texel : COST.vector;
  for (const TW of outW % 8 === 0 ? [4, 8] : [Math.min(outW, 4)]) {
    const perRow = rowCost(columnLoads(TW, x, attrs, gradUsesOfX(attrs)));
    for (const TO of [4, MOST_GRAD_TO]) {
      for (let most = Math.min(C, MOST_TC); most >= 1; most--) {
        const blocksC = Math.ceil(C / most);
        const TC = Math.ceil(C / blocksC); // spread evenly
        const unrolled = TO * TC * kW * TW;
        if (TO > quarter(O) * 4 || (unrolled > limit && (TO > 4 || TC > 1))) continue;
        const perStrip = TC * perRow +
          TO * (outW % 4 === 0 ? TW / 4 * perVector : TW * COST.scalar) +
          TO * TC * kW * (TW * COST.multiplyAdd + COST.carried);
        const count = Math.ceil(O / TO) * blocksC * kH * parts;
        const time = perStrip * Math.ceil(outW / TW) * Math.ceil(count / COST.abreast);
        if (time < least) [best, least] = [{ TO, TC, TW }, time];
      }
    }
  }
  return best!;
}

/**
 * Gradient of the weights, in parts and in the order of packed weights: `[parts, C, kH, kW, O⌈4⌉]`. Inputs: x
 * `[N, C, H, W]` and the gradient of y `[N, O, outH, outW]`. An invocation owns one row of the kernels.
 */
export function weightGradKernel(request: KernelRequest<ConvAttrs>): Kernel {
  const { inputs: [x, g], attrs } = request;
  const [N, C, H, W] = x.shape;
  const { O, kH, kW, stride, padY, padX, dilation, outH, outW } = attrs;
  const { TO, TC, TW } = chooseGradBlock(x, g, attrs);
  const quads = range(TO / 4);
  const parts = weightGradParts(x.shape, attrs);
  const rowsOfPart = rowsPerPart(x.shape, attrs);
  const blocksO = Math.ceil(O / TO);
  const blocksC = Math.ceil(C / TC);
  const count = blocksO * blocksC * kH * parts;
  const strips = Math.ceil(outW / TW);
  const loads = columnLoads(TW, x, attrs, gradUsesOfX(attrs));
  const vectorLoads = outW % 4 === 0;
  const gradTexels = vectorLoads && asTexels(g, gradUsesOfY(C, attrs));

  const loadGrad = quads.flatMap((q) => {
    const plane = (lane: number) =>
      `gAt + min(channelO + ${4 * q + lane}u, O - 1u) * ${outH * outW}u`;
    if (vectorLoads) {
      return range(TW / 4).flatMap((k) => [
        ...range(4).map((lane) =>
          `    let g${4 * q + lane}_${k} = ${
            four("g", `(${plane(lane)}) / 4u + ${k}u`, gradTexels)
          };`
        ),
        ...range(4).map((t) => {
          const numbers = range(4).map((lane) => `g${4 * q + lane}_${k}[${t}]`).join(", ");
          return `    let g_${4 * k + t}_${q} = vec4f(${numbers});`;
        }),
      ]);
    }
    return range(TW).map((t) => {
      const numbers = range(4).map((lane) => `f32(g[${plane(lane)} + ${t}u])`).join(", ");
      const value = `vec4f(${numbers})`;
      const inside = outW % TW === 0 ? value : `select(vec4f(0.0), ${value}, ox + ${t}u < OUT_W)`;
      return `    let g_${t}_${q} = ${inside};`;
    });
  });
  const accumulate = range(TC).flatMap((c) => [
    "    {",
    `      let at = (n * C + min(channelC + ${c}u, C - 1u)) * ${H * W}u + rowAt;`,
    ...loadRow(loads, attrs, { name: "x", at: "at", inside: "inside", columnsInside: false }),
    ...range(kW).flatMap((v) =>
      range(TW).flatMap((t) =>
        quads.map((q) =>
          `      w_${c}_${v}_${q} = fma(vec4f(x_${
            t * stride + v * dilation
          }), g_${t}_${q}, w_${c}_${v}_${q});`
        )
      )
    ),
    "    }",
  ]);
  const sums = range(TC).flatMap((c) =>
    range(kW).flatMap((v) => quads.map((q) => `w_${c}_${v}_${q}`))
  );
  const stores = range(TC).flatMap((c) => [
    C % TC === 0 ? "  {" : `  if (channelC + ${c}u < C) {`,
    `    let at = ((part * C + channelC + ${c}u) * ${kH}u + u) * ${kW}u * QUARTERS + channelO / 4u;`,
    ...quads.flatMap((q) => {
      const lines = range(kW).map((v) =>
        `    out[at + ${v}u * QUARTERS + ${q}u] = vec4<Out>(w_${c}_${v}_${q});`
      );
      return quarter(O) % (TO / 4) === 0
        ? lines
        : [`    if (channelO / 4u + ${q}u < QUARTERS) {`, ...lines, "    }"];
    }),
    "  }",
  ]);
  const size = workgroupSize(count);
  const { workgroups, row } = grid(count, size);
  return kernel({
    name: "conv2d.grad.weight",
    request,
    inputs: ["x", "g"],
    texels: [...(loads.texels ? ["x"] : []), ...(gradTexels ? ["g"] : [])],
    vectors: [...(loads.aligned ? ["x"] : []), ...(vectorLoads ? ["g"] : []), "out"],
    constants: { H, W, OUT_H: outH, OUT_W: outW },
    sizes: {
      ...{
        COUNT: count,
        ROW: row,
        C,
        O,
        QUARTERS: quarter(O),
        BLOCKS_C: blocksC,
        BLOCKS_O: blocksO,
      },
      ...{ ROWS: N * outH, ROWS_OF_PART: rowsOfPart },
    },
    workgroupSize: [size, 1, 1],
    workgroups,
    iterations: rowsOfPart * strips,
    body: [
      "  let i = global.y * ROW + global.x;",
      "  if (i >= COUNT) { return; }",
      `  let channelC = i % BLOCKS_C * ${TC}u;`,
      `  let channelO = i / BLOCKS_C % BLOCKS_O * ${TO}u;`,
      `  let u = i / (BLOCKS_C * BLOCKS_O) % ${kH}u;`,
      `  let part = i / (BLOCKS_C * BLOCKS_O * ${kH}u);`,
      "  let firstRow = part * ROWS_OF_PART;",
      "  let rows = min(ROWS_OF_PART, ROWS - firstRow);",
      ...sums.map((sum) => `  var ${sum} = vec4f(0.0);`),
      `  for (var strip = 0u; strip < rows * ${strips}u; strip++) {`,
      `    let row = firstRow + strip / ${strips}u;`,
      "    let n = row / OUT_H;",
      "    let oy = row % OUT_H;",
      `    let ox = strip % ${strips}u * ${TW}u;`,
      "    let gAt = (n * O * OUT_H + oy) * OUT_W + ox;",
      `    let y = i32(oy * ${stride}u + u * ${dilation}u) - ${padY};`,
      "    let inside = u32(y) < H;",
      "    let rowAt = u32(clamp(y, 0, i32(H) - 1)) * W;",
      ...loadGrad,
      ...loads.scalars.flatMap((s) => columnLines(s, stride, padX, false)),
      ...accumulate,
      "  }",
      ...stores,
    ].join("\n"),
  });
}

/** Parts of packed weights, `[parts, C, kH, kW, O⌈4⌉]`, added up and put back to `[O, C, kH, kW]`. */
export function unpackKernel(request: KernelRequest<{ readonly O: number }>): Kernel {
  const { inputs: [{ shape: [parts] }], output: { shape: [O, C, kH, kW] } } = request;
  const rows = C * kH * kW;
  return perElement("conv2d.grad.unpack", request, {
    inputs: ["w"],
    sizes: { PARTS: parts, QUARTERS: quarter(O), ROWS: rows, O },
    vectors: ["w"],
    count: rows * quarter(O),
    iterations: parts,
    body: `  var sum = vec4f();
  for (var part = 0u; part < PARTS; part++) { sum += vec4f(w[part * (ROWS * QUARTERS) + i]); }
  let tap = i / QUARTERS;
  let first = i % QUARTERS * 4u;
  for (var lane = 0u; lane < min(4u, O - first); lane++) {
    out[(first + lane) * ROWS + tap] = Out(sum[lane]);
  }`,
  });
}
