/**
 * The shaders of conv2d. One idea serves all: an invocation keeps a block of results in registers and, for
 * every number it loads, does as many multiply-adds as it can.
 *
 *     forward, ∂x   a block of TH x TW output pixels times TO output channels. For each input channel and kernel
 *                   row it loads TH rows of x and uses them for the row's kernel elements and all TO channels.
 *     ∂w            one row of TO x TC kernels. It walks along strips of TW output pixels, loads the gradient of
 *                   TO output channels and a row of TC input channels, and multiplies each with each.
 *
 * Why so: on the software adapter a load costs as much as 28 multiply-adds (measured, llvmpipe, 8 lanes), so
 * the block should be large; but its loops are written out here, in TypeScript, and the software adapter's
 * compiler takes a second for a thousand lines, so it should not be too large.
 *
 * @module
 */
import { grid, type Kernel, kernel, perElement } from "../core/kernel.ts";
import type { KernelRequest } from "../core/op.ts";
import type { Shape } from "../core/host_array.ts";

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

const range = (length: number) => Array.from({ length }, (_, i) => i);

/** Input rows (or columns) under a block of `length` outputs, relative to the first: sorted, each once. */
function patchOffsets(length: number, size: number, stride: number, dilation: number): number[] {
  const offsets = range(length).flatMap((p) => range(size).map((k) => p * stride + k * dilation));
  return [...new Set(offsets)].sort((a, b) => a - b);
}

/** Multiply-adds written out in one shader: more takes the software adapter's compiler seconds. */
const UNROLLED = 768;

/** The block of one invocation: rows, columns, channels (a multiple of 4). */
export interface Block {
  readonly TH: number;
  readonly TW: number;
  readonly TO: number;
}

/** A block that suits the sizes. */
export function chooseBlock({ O, kW, outH, outW }: ConvAttrs): Block {
  const TW = Math.min(outW, 4);
  const TH = Math.min(outH, 4);
  const channels = quarter(O) * 4;
  const most = outW % TW === 0 ? 16 : 8; // without vec4 stores there are four times as many
  // Of the sizes that fit, the one that computes the fewest channels nobody asked for; the larger of equals.
  const sizes = [4, 8, 12, 16].filter((TO) =>
    TO === 4 || (TO <= Math.min(most, channels) && TO * TH * TW * kW <= UNROLLED)
  );
  const computed = (TO: number) => Math.ceil(channels / TO) * TO;
  const TO = sizes.reduce((best, TO) => computed(TO) <= computed(best) ? TO : best);
  return { TH, TW, TO };
}

/**
 * Forward and gradient of the input. Inputs: x `[N, C, H, W]`, weights `[C, kH, kW, O⌈4⌉]`, perhaps a bias `[O]`.
 */
export function convKernel(request: KernelRequest<ConvAttrs>): Kernel {
  const { inputs: [{ shape: [N, C, H, W] }], attrs } = request;
  const { O, kH, kW, stride, padY, padX, dilation, outH, outW } = attrs;
  const { TH, TW, TO } = chooseBlock(attrs);
  const bias = request.inputs.length > 2;
  const quads = range(TO / 4);
  const columns = patchOffsets(TW, kW, stride, dilation);
  const tilesX = Math.ceil(outW / TW);
  const tilesY = Math.ceil(outH / TH);
  const count = tilesX * tilesY * N * Math.ceil(O / TO);
  const columnsInside = padX <= 0 &&
    (tilesX * TW - 1) * stride - padX + (kW - 1) * dilation < W;

  const patch = range(TH).flatMap((p) => [
    `      let row${p} = top + ${p * stride};`,
    `      let row${p}Inside = u32(row${p}) < H;`,
    `      let at${p} = plane + u32(clamp(row${p}, 0, i32(H) - 1)) * W;`,
    ...columns.map((s) =>
      `      let x_${p}_${s} = select(0.0, f32(x[at${p} + column${s}]), row${p}Inside${
        columnsInside ? "" : ` && column${s}Inside`
      });`
    ),
  ]);
  const taps = range(kW).flatMap((v) => [
    ...quads.map((q) => `      w_${q} = vec4f(w[taps + ${v * quarter(O) + q}u]);`),
    ...range(TH).flatMap((p) =>
      range(TW).flatMap((t) =>
        quads.map((q) =>
          `      y_${p}_${t}_${q} = fma(vec4f(x_${p}_${
            t * stride + v * dilation
          }), w_${q}, y_${p}_${t}_${q});`
        )
      )
    ),
  ]);
  const vectorStores = outW % 4 === 0;
  const store = (p: number, q: number, lane: number): string[] => {
    const at = `at + ${p * outW}u`;
    if (vectorStores) {
      const numbers = range(4).map((t) => `Out(y_${p}_${t}_${q}[${lane}])`).join(", ");
      return [`out[(${at}) / 4u] = vec4<Out>(${numbers});`];
    }
    return range(TW).map((t) => {
      const assignment = `out[${at} + ${t}u] = Out(y_${p}_${t}_${q}[${lane}]);`;
      return outW % TW === 0 ? assignment : `if (ox + ${t}u < OUT_W) { ${assignment} }`;
    });
  };
  const stores = quads.flatMap((q) =>
    range(4).flatMap((lane) => [
      O % TO === 0 ? "  {" : `  if (channel + ${4 * q + lane}u < O) {`,
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
    vectors: ["w", ...(bias ? ["bias"] : []), ...(vectorStores ? ["out"] : [])],
    constants: {
      COUNT: count,
      ROW: row,
      N,
      C,
      H,
      W,
      O,
      OUT_H: outH,
      OUT_W: outW,
      TILES_X: tilesX,
      TILES_Y: tilesY,
    },
    workgroupSize: [size, 1, 1],
    workgroups,
    iterations: C * kH,
    body: [
      "  let i = global.y * ROW + global.x;",
      "  if (i >= COUNT) { return; }",
      `  let ox = (i % TILES_X) * ${TW}u;`,
      `  let oy = (i / TILES_X % TILES_Y) * ${TH}u;`,
      "  let n = i / (TILES_X * TILES_Y) % N;",
      `  let channel = i / (TILES_X * TILES_Y * N) * ${TO}u;`,
      ...columns.flatMap((s) => columnLines(s, stride, padX, columnsInside)),
      ...quads.flatMap((q) => [
        `  let b_${q} = ${bias ? `vec4f(bias[channel / 4u + ${q}u])` : "vec4f(0.0)"};`,
        ...range(TH).flatMap((p) => range(TW).map((t) => `  var y_${p}_${t}_${q} = b_${q};`)),
        `  var w_${q} = vec4f(0.0);`,
      ]),
      "  for (var c = 0u; c < C; c++) {",
      "    let plane = (n * C + c) * H * W;",
      `    for (var u = 0u; u < ${kH}u; u++) {`,
      `      let top = i32(oy * ${stride}u + u * ${dilation}u) - ${padY};`,
      `      let taps = (c * ${kH}u + u) * ${kW * quarter(O)}u + channel / 4u;`,
      ...patch,
      ...taps,
      "    }",
      "  }",
      ...stores,
    ].join("\n"),
  });
}

/** Small grids get small workgroups, so that every core has some; never less than a SIMD width. */
function workgroupSize(count: number): number {
  return Math.min(64, Math.max(8, Math.ceil(count / 128) * 8));
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

/** Reorder weights for {@linkcode convKernel}; `turned` rotates kernels by 180° and exchanges the channels. */
export function packKernel(request: KernelRequest<{ readonly turned: boolean }>): Kernel {
  const { inputs: [{ shape: [O, C, kH, kW] }], attrs: { turned } } = request;
  const inner = turned ? C : O;
  return perElement("conv2d.pack", request, {
    inputs: ["w"],
    constants: { INNER: inner, PADDED: quarter(inner) * 4, C, TAPS: kH * kW },
    body: [
      "  let inner = min(i % PADDED, INNER - 1u); // beyond INNER nobody looks",
      "  let tap = i / PADDED % TAPS;",
      "  let outer = i / (PADDED * TAPS);",
      turned
        ? "  out[i] = w[(outer * C + inner) * TAPS + TAPS - 1u - tap];"
        : "  out[i] = w[(inner * C + outer) * TAPS + tap];",
    ].join("\n"),
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

/** Output rows that one part of the weight gradient covers. */
const ROWS_PER_PART = 8;

/** How many parts the sum over images and rows is cut into. */
export function weightGradParts([N, , outH]: Shape): number {
  return N * Math.ceil(outH / ROWS_PER_PART);
}

/**
 * Gradient of the weights, in parts and in the order of packed weights: `[parts, C, kH, kW, O⌈4⌉]`. Inputs: x
 * `[N, C, H, W]` and the gradient of y `[N, O, outH, outW]`. An invocation owns one row of the kernels.
 */
export function weightGradKernel(request: KernelRequest<ConvAttrs>): Kernel {
  const { inputs: [{ shape: [N, C, H, W] }], attrs } = request;
  const { O, kH, kW, stride, padY, padX, dilation, outH, outW } = attrs;
  const TW = Math.min(outW, 4);
  const TO = O <= 4 ? 4 : 8;
  const most = Math.max(1, Math.floor(UNROLLED / (TO * kW * TW)));
  const TC = Math.ceil(C / Math.ceil(C / Math.min(most, 16)));
  const quads = range(TO / 4);
  const parts = weightGradParts([N, O, outH, outW]);
  const rowParts = parts / N;
  const blocksO = Math.ceil(O / TO);
  const blocksC = Math.ceil(C / TC);
  const count = blocksO * blocksC * kH * parts;
  const strips = Math.ceil(outW / TW);
  const columns = patchOffsets(TW, kW, stride, dilation);
  const vectorLoads = outW % 4 === 0;

  const loadGrad = quads.flatMap((q) => {
    const plane = (lane: number) =>
      `gAt + min(channelO + ${4 * q + lane}u, O - 1u) * ${outH * outW}u`;
    if (vectorLoads) {
      return [
        ...range(4).map((lane) => `    let g${4 * q + lane} = vec4f(g[(${plane(lane)}) / 4u]);`),
        ...range(4).map((t) => {
          const numbers = range(4).map((lane) => `g${4 * q + lane}[${t}]`).join(", ");
          return `    let g_${t}_${q} = vec4f(${numbers});`;
        }),
      ];
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
    ...columns.map((s) =>
      `      let x_${s} = select(0.0, f32(x[at + column${s}]), inside && column${s}Inside);`
    ),
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
    `    let at = (((part * C + channelC + ${c}u) * ${kH}u + u) * ${
      kW * quarter(O)
    }u) + channelO / 4u;`,
    ...quads.flatMap((q) => {
      const lines = range(kW).map((v) =>
        `    out[at + ${v * quarter(O) + q}u] = vec4<Out>(w_${c}_${v}_${q});`
      );
      return quarter(O) % (TO / 4) === 0
        ? lines
        : [`    if (channelO / 4u + ${q}u < ${quarter(O)}u) {`, ...lines, "    }"];
    }),
    "  }",
  ]);
  const size = workgroupSize(count);
  const { workgroups, row } = grid(count, size);
  return kernel({
    name: "conv2d.grad.weight",
    request,
    inputs: ["x", "g"],
    vectors: [...(vectorLoads ? ["g"] : []), "out"],
    constants: { COUNT: count, ROW: row, C, H, W, O, OUT_H: outH, OUT_W: outW },
    workgroupSize: [size, 1, 1],
    workgroups,
    iterations: Math.min(ROWS_PER_PART, outH) * strips,
    body: [
      "  let i = global.y * ROW + global.x;",
      "  if (i >= COUNT) { return; }",
      `  let channelC = i % ${blocksC}u * ${TC}u;`,
      `  let channelO = i / ${blocksC}u % ${blocksO}u * ${TO}u;`,
      `  let u = i / ${blocksC * blocksO}u % ${kH}u;`,
      `  let part = i / ${blocksC * blocksO * kH}u;`,
      `  let n = part / ${rowParts}u;`,
      `  let firstRow = part % ${rowParts}u * ${ROWS_PER_PART}u;`,
      `  let rows = min(${ROWS_PER_PART}u, OUT_H - firstRow);`,
      ...sums.map((sum) => `  var ${sum} = vec4f(0.0);`),
      `  for (var strip = 0u; strip < rows * ${strips}u; strip++) {`,
      `    let oy = firstRow + strip / ${strips}u;`,
      `    let ox = strip % ${strips}u * ${TW}u;`,
      "    let gAt = (n * O * OUT_H + oy) * OUT_W + ox;",
      `    let y = i32(oy * ${stride}u + u * ${dilation}u) - ${padY};`,
      "    let inside = u32(y) < H;",
      "    let rowAt = u32(clamp(y, 0, i32(H) - 1)) * W;",
      ...loadGrad,
      ...columns.flatMap((s) => columnLines(s, stride, padX, false)),
      ...accumulate,
      "  }",
      ...stores,
    ].join("\n"),
  });
}

/** Packed weights back to `[O, C, kH, kW]`. */
export function unpackKernel(request: KernelRequest<{ readonly O: number }>): Kernel {
  const { output: { shape: [O, C, kH, kW] } } = request;
  return perElement("conv2d.grad.unpack", request, {
    inputs: ["w"],
    constants: { ROWS: C * kH * kW, PADDED: quarter(O) * 4 },
    body: "  out[i] = w[i % ROWS * PADDED + i / ROWS];",
  });
}
