/**
 * The shaders of conv2d. One idea serves all: an invocation keeps a block of results in registers and, for
 * every number it loads, does as many multiply-adds as it can.
 *
 *     forward, ∂x   a block of TH x TW output pixels times TO output channels. For each input channel it loads
 *                   the patch of x under the block once and uses it for all kernel elements and channels.
 *     ∂w            TO x TC kernels with all their elements. It walks along strips of TW output pixels, loads
 *                   the gradient of y and the patch of x once, and uses them for all elements.
 *
 * Why so: on the software adapter a load costs as much as 28 multiply-adds (measured, llvmpipe, 8 lanes), so
 * the block should be as large as the registers bear. Loops over the block are unrolled here, in TypeScript;
 * only the loop over channels (or strips) is left to the shader.
 *
 * @module
 */
import { grid, type Kernel, kernel, MAX_ITERATIONS, perElement } from "../core/kernel.ts";
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
const clampTo = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

/** Input rows (or columns) under a block of `length` outputs, relative to the first: sorted, each once. */
function patchOffsets(length: number, size: number, stride: number, dilation: number): number[] {
  const offsets = range(length).flatMap((p) => range(size).map((k) => p * stride + k * dilation));
  return [...new Set(offsets)].sort((a, b) => a - b);
}

/** Multiply-adds an invocation may have unrolled: more compiles slowly and spills. */
const UNROLLED = 1152;

/** The block of one invocation: rows, columns, channels (a multiple of 4). */
export interface Block {
  readonly TH: number;
  readonly TW: number;
  readonly TO: number;
}

/** A block that suits the sizes, for a convolution with `taps` kernel elements. */
export function chooseBlock({ O, kH, kW, outH, outW }: ConvAttrs): Block {
  const taps = kH * kW;
  const TW = clampTo(outW, 1, 4);
  const TH = clampTo(outH, 1, 4);
  const channels = Math.ceil(O / 4) * 4;
  let TO = Math.min(16, channels);
  while (TO > 4 && (TO * TH * TW * taps > UNROLLED || channels % TO > 0 && channels % TO <= TO / 2)) {
    TO -= 4;
  }
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
  const rows = patchOffsets(TH, kH, stride, dilation);
  const columns = patchOffsets(TW, kW, stride, dilation);
  const tilesX = Math.ceil(outW / TW);
  const tilesY = Math.ceil(outH / TH);
  const count = tilesX * tilesY * N * Math.ceil(O / TO);
  const rowsInside = padY <= 0 && (tilesY * TH - 1) * stride - padY + (kH - 1) * dilation < H;
  const columnsInside = padX <= 0 && (tilesX * TW - 1) * stride - padX + (kW - 1) * dilation < W;

  const patch = rows.flatMap((r) =>
    columns.map((s) => {
      const inside = [
        ...(rowsInside ? [] : [`row${r}Inside`]),
        ...(columnsInside ? [] : [`column${s}Inside`]),
      ].join(" && ");
      const load = `f32(x[plane + row${r} + column${s}])`;
      return `    let x_${r}_${s} = ${inside ? `select(0.0, ${load}, ${inside})` : load};`;
    })
  );
  const taps = range(kH).flatMap((u) =>
    range(kW).flatMap((v) => [
      ...quads.map((q) => `    w_${q} = vec4f(w[taps + ${(u * kW + v) * quarter(O) + q}u]);`),
      ...range(TH).flatMap((p) =>
        range(TW).flatMap((t) =>
          quads.map((q) =>
            `    y_${p}_${t}_${q} = fma(vec4f(x_${p * stride + u * dilation}_${
              t * stride + v * dilation
            }), w_${q}, y_${p}_${t}_${q});`
          )
        )
      ),
    ])
  );
  const stores = quads.flatMap((q) =>
    range(4).map((lane) => {
      const channel = `channel + ${4 * q + lane}u`;
      const pixels = range(TH).flatMap((p) =>
        range(TW).map((t) => {
          const inside = [
            ...(outH % TH === 0 ? [] : [`oy + ${p}u < OUT_H`]),
            ...(outW % TW === 0 ? [] : [`ox + ${t}u < OUT_W`]),
          ].join(" && ");
          const store = `out[at + ${p * outW + t}u] = Out(y_${p}_${t}_${q}[${lane}]);`;
          return inside ? `    if (${inside}) { ${store} }` : `    ${store}`;
        })
      );
      return [
        O % TO === 0 ? "  {" : `  if (${channel} < O) {`,
        `    let at = ((n * O + ${channel}) * OUT_H + oy) * OUT_W + ox;`,
        ...pixels,
        "  }",
      ].join("\n");
    })
  );
  const size = Math.min(64, Math.max(8, Math.ceil(count / 64) * 8));
  const { workgroups, row } = grid(count, size);
  return kernel({
    name: "conv2d",
    request,
    inputs: bias ? ["x", "w", "bias"] : ["x", "w"],
    vectors: bias ? ["w", "bias"] : ["w"],
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
    iterations: C,
    body: [
      "  let i = global.y * ROW + global.x;",
      "  if (i >= COUNT) { return; }",
      `  let ox = (i % TILES_X) * ${TW}u;`,
      `  let oy = (i / TILES_X % TILES_Y) * ${TH}u;`,
      "  let n = i / (TILES_X * TILES_Y) % N;",
      `  let channel = i / (TILES_X * TILES_Y * N) * ${TO}u;`,
      ...rows.flatMap((r) => placeLines("row", r, "oy", stride, padY, "H", W, rowsInside)),
      ...columns.flatMap((s) => placeLines("column", s, "ox", stride, padX, "W", 1, columnsInside)),
      ...quads.flatMap((q) => [
        `  let b_${q} = ${bias ? `vec4f(bias[channel / 4u + ${q}u])` : "vec4f(0.0)"};`,
        ...range(TH).flatMap((p) => range(TW).map((t) => `  var y_${p}_${t}_${q} = b_${q};`)),
        `  var w_${q} = vec4f(0.0);`,
      ]),
      "  for (var c = 0u; c < C; c++) {",
      "    let plane = (n * C + c) * H * W;",
      `    let taps = c * ${kH * kW * quarter(O)}u + channel / 4u;`,
      ...patch,
      ...taps,
      "  }",
      ...stores,
    ].join("\n"),
  });
}

/** Where a row (or column) of the patch lies in its plane, kept inside the image, and whether it was inside. */
function placeLines(
  kind: "row" | "column",
  offset: number,
  start: string,
  stride: number,
  pad: number,
  length: string,
  scale: number,
  alwaysInside: boolean,
): string[] {
  const place = `i32(${start}) * ${stride} + ${offset - pad}`;
  const scaled = scale === 1 ? "" : ` * ${scale}u`;
  if (alwaysInside) return [`  let ${kind}${offset} = u32(${place})${scaled};`];
  return [
    `  let ${kind}${offset}Inside = u32(${place}) < ${length};`, // below 0 wraps to a huge number
    `  let ${kind}${offset} = u32(clamp(${place}, 0, i32(${length}) - 1))${scaled};`,
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

/** Gradient of the weights, in parts. Inputs: x `[N, C, H, W]` and the gradient of y `[N, O, outH, outW]`. */
export function weightGradKernel(request: KernelRequest<ConvAttrs>): Kernel {
  const { inputs: [{ shape: [N, C, H, W] }], attrs } = request;
  const { O, kH, kW, stride, padY, padX, dilation, outH, outW } = attrs;
  const taps = kH * kW;
  const TW = clampTo(outW, 1, 4);
  const TO = O <= 4 ? 4 : 8;
  const TC = clampTo(Math.floor(144 / (TO * taps)), 1, Math.min(C, 16));
  const quads = range(TO / 4);
  const parts = weightGradParts([N, O, outH, outW]);
  const rowParts = parts / N;
  const blocksO = Math.ceil(O / TO);
  const blocksC = Math.ceil(C / TC);
  const count = blocksO * blocksC * parts;
  const strips = Math.ceil(outW / TW);
  const columns = patchOffsets(TW, kW, stride, dilation);
  const rowCount = Math.min(ROWS_PER_PART, outH);

  const loadGrad = range(TW).flatMap((t) =>
    quads.map((q) => {
      const numbers = range(4).map((lane) =>
        `f32(g[gAt + min(channelO + ${4 * q + lane}u, O - 1u) * ${outH * outW}u + ${t}u])`
      );
      const value = `vec4f(${numbers.join(", ")})`;
      const inside = outW % TW === 0 ? value : `select(vec4f(0.0), ${value}, ox + ${t}u < OUT_W)`;
      return `    let g_${t}_${q} = ${inside};`;
    })
  );
  const accumulate = range(TC).flatMap((c) =>
    range(kH).flatMap((u) => [
      "    {",
      `      let row = i32(oy * ${stride}u) + ${u * dilation - padY};`,
      `      let inside = u32(row) < H;`,
      `      let at = (n * C + min(channelC + ${c}u, C - 1u)) * ${H * W}u` +
      ` + u32(clamp(row, 0, i32(H) - 1)) * W;`,
      ...columns.map((s) =>
        `      let x_${s} = select(0.0, f32(x[at + column${s}]), inside && column${s}Inside);`
      ),
      ...range(kW).flatMap((v) =>
        range(TW).flatMap((t) =>
          quads.map((q) => {
            const sum = `w_${c}_${u}_${v}_${q}`;
            return `      ${sum} = fma(vec4f(x_${t * stride + v * dilation}), g_${t}_${q}, ${sum});`;
          })
        )
      ),
      "    }",
    ])
  );
  const sums = range(TC).flatMap((c) =>
    range(kH).flatMap((u) => range(kW).flatMap((v) => quads.map((q) => `w_${c}_${u}_${v}_${q}`)))
  );
  const stores = quads.flatMap((q) =>
    range(4).flatMap((lane) =>
      range(TC).map((c) => {
        const o = `channelO + ${4 * q + lane}u`;
        const inside = [
          ...(O % TO === 0 ? [] : [`${o} < O`]),
          ...(C % TC === 0 ? [] : [`channelC + ${c}u < C`]),
        ].join(" && ");
        const values = range(kH).flatMap((u) =>
          range(kW).map((v) => `out[at + ${u * kW + v}u] = Out(w_${c}_${u}_${v}_${q}[${lane}]);`)
        );
        return [
          inside ? `  if (${inside}) {` : "  {",
          `    let at = ((part * O + ${o}) * C + channelC + ${c}u) * ${taps}u;`,
          ...values.map((value) => `    ${value}`),
          "  }",
        ].join("\n");
      })
    )
  );
  const size = Math.min(64, Math.max(8, Math.ceil(count / 64) * 8));
  const { workgroups, row } = grid(count, size);
  const iterations = rowCount * strips;
  if (iterations > MAX_ITERATIONS) {
    throw new RangeError(`internal: conv2d.grad.weight: rows of ${outW} pixels are too long`);
  }
  return kernel({
    name: "conv2d.grad.weight",
    request,
    inputs: ["x", "g"],
    constants: { COUNT: count, ROW: row, C, H, W, O, OUT_H: outH, OUT_W: outW },
    workgroupSize: [size, 1, 1],
    workgroups,
    iterations,
    body: [
      "  let i = global.y * ROW + global.x;",
      "  if (i >= COUNT) { return; }",
      `  let channelC = i % ${blocksC}u * ${TC}u;`,
      `  let channelO = i / ${blocksC}u % ${blocksO}u * ${TO}u;`,
      `  let part = i / ${blocksC * blocksO}u;`,
      `  let n = part / ${rowParts}u;`,
      `  let firstRow = part % ${rowParts}u * ${ROWS_PER_PART}u;`,
      `  let rows = min(${ROWS_PER_PART}u, OUT_H - firstRow);`,
      ...sums.map((sum) => `  var ${sum} = vec4f(0.0);`),
      `  for (var step = 0u; step < rows * ${strips}u; step++) {`,
      `    let oy = firstRow + step / ${strips}u;`,
      `    let ox = step % ${strips}u * ${TW}u;`,
      `    let gAt = (n * O * OUT_H + oy) * OUT_W + ox;`,
      ...loadGrad,
      ...columns.flatMap((s) =>
        placeLines("column", s, "ox", stride, padX, "W", 1, false).map((line) => `  ${line}`)
      ),
      ...accumulate,
      "  }",
      ...stores,
    ].join("\n"),
  });
}
