/**
 * Batch normalisation of images: each channel is brought to mean 0 and variance 1 over the batch, then
 * stretched and shifted by learned numbers.
 *
 *     mean[c]     = (1/n) Σ x[·,c,·,·]              n = N·H·W
 *     variance[c] = (1/n) Σ (x[·,c,·,·] - mean[c])²
 *     x̂           = (x - mean) / √(variance + eps)
 *     y           = gamma·x̂ + beta              or max(0, gamma·x̂ + beta) with `relu`
 *
 * Backwards, with g the gradient with respect to y (with `relu`: 0 where y is 0):
 *
 *     ∂beta  = Σ g        ∂gamma = Σ g·x̂
 *     ∂x     = gamma / √(variance + eps) · (g - ∂beta/n - x̂·∂gamma/n)
 *
 * Four kernels: statistics, normalise; sums, gradient of x. Each reads its large tensors once.
 *
 * Variance as mean of squares minus square of mean would lose every digit where the mean is large, so each
 * lane measures from the first value it meets, and lanes are put together by Chan, Golub and LeVeque's rule
 * ("Algorithms for computing the sample variance", 1983): the squares around a lane's own mean, plus its
 * count times the square of how far that mean is from the common one.
 *
 * Ioffe and Szegedy, "Batch Normalization" (2015), arXiv:1502.03167.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { type Shape, sizeOf } from "../core/host_array.ts";
import { isSoftware, type Kernel, kernel, mostLanes, perElement } from "../core/kernel.ts";
import { isLeaf, resolveView } from "../core/graph.ts";
import { apply, type KernelRequest, type Op } from "../core/op.ts";
import { sameShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { cast } from "./cast.ts";
import { concat, slice } from "./concat.ts";
import { combineLanes } from "./lanes.ts";
import { formula } from "./pointwise.ts";
import { relu } from "./relu.ts";
import { reshape } from "./reshape.ts";

interface Attrs {
  readonly eps: number;
  /** True where the statistics are those of `x` itself, so that `x` acts through them too. */
  readonly training: boolean;
  /** Whether a ReLU follows in the same pass. */
  readonly relu: boolean;
}

/** Statistics and sums are f32, whatever `x` is. */
const f32 = () => "f32" as const;

/** One workgroup per channel walks its values, four neighbours at a time where planes allow. */
interface ChannelWalk {
  readonly wide: boolean;
  /** WGSL type of a load. */
  readonly value: string;
  /** WGSL expression that adds up a load's components. */
  readonly across: (v: string) => string;
  /**
   * WGSL loops that run `body` for every place `at` of channel `c` that is this lane's. Lanes lie side by side in a
   * plane, or over several planes where those are small: dividing in the loop would cost as much as loading.
   */
  readonly each: (body: string) => string;
  readonly lanes: number;
  readonly sizes: Readonly<Record<string, number>>;
  readonly iterations: number;
}

function channelWalk([n, channels, height, width]: Shape): ChannelWalk {
  const wide = height * width % 4 === 0;
  const plane = height * width / (wide ? 4 : 1);
  const steps = n * plane;
  // More lanes make more barriers; a graphics card has fewer channels than cores, and is fast only with many lanes. A
  // core of the software driver needs no more than it computes at a time, but long sums need several to stay exact.
  const lanes = isSoftware()
    ? steps <= 2048 ? 16 : steps <= 8192 ? 128 : 256
    : Math.min(mostLanes(), Math.max(64, 2 ** Math.floor(Math.log2(steps / 4))));
  const side = Math.min(plane, lanes);
  const planes = Math.floor(lanes / side);
  return {
    wide,
    value: wide ? "vec4f" : "f32",
    across: (v) => wide ? `(${v}.x + ${v}.y) + (${v}.z + ${v}.w)` : v,
    each: (body) =>
      `  for (var n = lane / SIDE; n < select(0u, N, lane < SIDE * PLANES); n += PLANES) {
    let first = (n * C + c) * PLANE;
    for (var k = lane % SIDE; k < PLANE; k += SIDE) {
      let at = first + k;
${body}
    }
  }`,
    lanes,
    sizes: {
      C: channels,
      N: n,
      PLANE: plane,
      SIDE: side,
      PLANES: planes,
      VALUES: n * height * width,
    },
    iterations: Math.ceil(n / planes) * (1 + Math.ceil(plane / side)),
  };
}

/** WGSL function `<name>OfLanes`, that gives every lane the sum over lanes. */
const sumOfLanes = (name: string, lanes: number, type: string = "f32") =>
  combineLanes({ name, type, lanes, combine: (a, b) => `${a} + ${b}`, toAll: true });

/** `[N, C, H, W]` to `[2, C]`: mean and variance of every channel. */
const statisticsOp: Op<null> = {
  name: "batchNorm2d.statistics",
  shape: ([x]) => [2, x[1]],
  dtype: f32,
  kernel(request) {
    const { wide, value, across, each, lanes, sizes, iterations } = channelWalk(
      request.inputs[0].shape,
    );
    return kernel({
      name: "batchNorm2d.statistics",
      request,
      inputs: ["x"],
      vectors: wide ? ["x"] : [],
      sizes,
      declarations: [
        sumOfLanes("mean", lanes),
        sumOfLanes("rest", lanes, "vec2f"),
      ].join("\n"),
      workgroupSize: [lanes, 1, 1],
      workgroups: [sizes.C, 1, 1],
      iterations,
      body: `  let c = workgroup.x;
  let origin = ${value}(x[c * PLANE + min(lane, PLANE - 1u)])${wide ? ".x" : ""};
  var sum = ${value}();
  var squares = ${value}();
  var seen = 0.0; // values
${
        each(`      let a = ${value}(x[at]) - origin;
      sum += a;
      squares += a * a;
      seen += ${wide ? "4.0" : "1.0"};`)
      }
  let own = (${across("sum")}) / max(seen, 1.0); // this lane's mean, from its origin
  let around = max((${across("squares")}) - seen * own * own, 0.0);
  // The mean carries the roundings of all these sums; what is left over is added in a second step.
  let near = meanOfLanes(lane, seen * (origin + own) / f32(VALUES));
  let off = origin - near + own;
  let rest = restOfLanes(lane, vec2f(seen * off, around + seen * off * off)) / f32(VALUES);
  if (lane == 0u) {
    out[c] = near + rest.x;
    out[C + c] = max(rest.y - rest.x * rest.x, 0.0);
  }`,
    });
  },
  grad: ({ inputs: [x], output, gradOutput }) => [
    apply(statisticsGradientOp, [x, output, gradOutput], null),
  ],
};

/** For losses on the statistics themselves: `∂mean/∂x = 1/n`, `∂variance/∂x = 2(x - mean)/n`. */
const statisticsGradientOp: Op<null> = {
  name: "batchNorm2d.statistics.grad",
  stores: { channelAxis: -3 },
  shape: ([x]) => x,
  kernel: (request) =>
    overChannels("batchNorm2d.statistics.grad", request, {
      small: ["statistics", "g"],
      large: ["x"],
      channel: `  let mean = statistics[c];
  let fromMean = g[c] / f32(VALUES);
  let fromVariance = 2.0 * g[C + c] / f32(VALUES);`,
      formula: () => "fromMean + (x - mean) * fromVariance",
    }),
};

/** A number as WGSL writes an f32. */
const literal = (value: number) => Number.isInteger(value) ? value.toFixed(1) : `${value}`;

/** WGSL that every formula below starts from. */
const channelStatistics = (eps: number) =>
  `  let mean = statistics[c];
  let perDeviation = inverseSqrt(statistics[C + c] + ${literal(eps)});`;

/** The same with the factor and the shift of channel `c`. */
const channelFactor = (eps: number) =>
  `${channelStatistics(eps)}
  let factor = f32(gamma[c]) * perDeviation;
  let shift = f32(beta[c]);`;

/**
 * WGSL expression of the gradient that reaches the normalised values: with `relu` only where y is above 0. That is seen
 * from x, which is at hand, rather than from y, which would have to be loaded.
 */
const passed = (g: string, x: string, value: string, relu: boolean) =>
  relu ? `select(${value}(), ${g}, (${x} - mean) * factor + shift > ${value}())` : g;

const normalised = "(x - mean) * factor + shift";

/** `y = gamma·x̂ + beta`, x `[N, C, H, W]`, gamma and beta `[C]`, statistics `[2, C]`. */
const normaliseOp: Op<Attrs> = {
  name: "batchNorm2d",
  inPlace: true,
  stores: { channelAxis: -3 },
  shape: ([x]) => x,
  kernel: (request) =>
    overChannels("batchNorm2d", request, {
      small: ["gamma", "beta", "statistics"],
      large: ["x"],
      channel: channelFactor(request.attrs.eps),
      formula: (value) =>
        request.attrs.relu
          ? `select(${normalised}, ${value}(), ${normalised} <= ${value}())` // NaN stays NaN
          : normalised,
    }),
  grad({ inputs, gradOutput, attrs }) {
    const [x, gamma, beta, statistics] = inputs;
    const { gradients } = normGradients({ x, gamma, beta, statistics }, gradOutput, attrs);
    return [...gradients, null]; // statistics of x: it acts through them too, and ∂x knows
  },
};

/** Gradients of x, gamma and beta, and the sums that they come from, `[2, C]`: ∂beta and ∂gamma. */
function normGradients(
  { x, gamma, beta, statistics }: Readonly<Record<"x" | "gamma" | "beta" | "statistics", Tensor>>,
  gradOutput: Tensor,
  attrs: Attrs,
) {
  const perChannel = [gamma, beta, statistics];
  const sums = apply(sumsOp, [x, gradOutput, ...perChannel], attrs);
  const gradX = apply(gradientOp, [x, gradOutput, ...perChannel, sums], attrs);
  const part = (row: number, type: Tensor) => cast(rowOf(sums, row), type.dtype);
  return { gradients: [gradX, part(1, gamma), part(0, beta)], sums };
}

/** One row of `[2, C]`. */
function rowOf(rows: Tensor, row: number): Tensor {
  const [, C] = rows.shape;
  return reshape(slice(rows, [row, 0], [row + 1, C]), [C]);
}

const factorFormula = formula(
  "batchNorm2d.factor",
  ["gamma", "variance", "eps"],
  "gamma * inverseSqrt(variance + eps)",
);
const normaliseFormula = formula(
  "batchNorm2d",
  ["x", "mean", "factor", "beta"],
  "(x - mean) * factor + beta",
);

/**
 * The same with statistics that do not depend on x; inputs are x, gamma, beta, mean and variance. After a kernel that can
 * take an epilogue (epilogue.ts) it is a formula on each element, so that it costs no pass of its own. Elsewhere the
 * kernel is faster, which loads the numbers of a channel once for sixteen elements; and formulas in f16 would round them.
 */
const fixedOp: Op<Attrs> = {
  name: "batchNorm2d.fixed",
  shape: ([x]) => x,
  lower({ inputs: [x, gamma, beta, mean, variance], attrs }) {
    const isF32 = [x, gamma, beta].every(({ dtype }) => dtype === "f32");
    const before = resolveView(x);
    if (!isF32 || isLeaf(before) || !before.recipe?.op.stores) {
      return apply(normaliseOp, [x, gamma, beta, together(mean, variance)], attrs);
    }
    const factor = factorFormula(gamma, variance, attrs.eps);
    const perChannel = [mean, factor, beta].map((values) => reshape(values, [values.size, 1, 1]));
    const y = normaliseFormula(x, ...perChannel);
    return attrs.relu ? relu(y) : y;
  },
  grad({ inputs: [x, gamma, beta, mean, variance], gradOutput, attrs }) {
    const statistics = together(mean, variance);
    const { gradients, sums } = normGradients({ x, gamma, beta, statistics }, gradOutput, attrs);
    const ofStatistics = apply(fixedStatisticsOp, [sums, gamma, statistics], attrs);
    return [...gradients, rowOf(ofStatistics, 0), rowOf(ofStatistics, 1)];
  },
};

/** Mean and variance as kernels want them, `[2, C]`. */
function together(mean: Tensor, variance: Tensor): Tensor {
  return reshape(concat([mean, variance], 0), [2, mean.size]);
}

/** x, g `[N, C, H, W]` to `[2, C]`: `Σ g` and `Σ g·x̂` of every channel. */
const sumsOp: Op<Attrs> = {
  name: "batchNorm2d.sums",
  shape: ([x]) => [2, x[1]],
  dtype: f32,
  kernel(request) {
    const { wide, value, across, each, lanes, sizes, iterations } = channelWalk(
      request.inputs[0].shape,
    );
    return kernel({
      name: "batchNorm2d.sums",
      request,
      inputs: ["x", "g", "gamma", "beta", "statistics"],
      vectors: wide ? ["x", "g"] : [],
      sizes,
      declarations: [sumOfLanes("plain", lanes), sumOfLanes("weighted", lanes)].join("\n"),
      workgroupSize: [lanes, 1, 1],
      workgroups: [sizes.C, 1, 1],
      iterations,
      body: `  let c = workgroup.x;
${channelFactor(request.attrs.eps)}
  var plain = ${value}();
  var weighted = ${value}();
${
        each(`      let a = ${value}(g[at]);
      let b = ${value}(x[at]);
      let own = ${passed("a", "b", value, request.attrs.relu)};
      plain += own;
      weighted += own * (b - mean);`)
      }
  let beta = plainOfLanes(lane, ${across("plain")});
  let gamma = weightedOfLanes(lane, ${across("weighted")}) * perDeviation;
  if (lane == 0u) {
    out[c] = beta;
    out[C + c] = gamma;
  }`,
    });
  },
};

const gradientOp: Op<Attrs> = {
  name: "batchNorm2d.grad",
  inPlace: true,
  stores: { channelAxis: -3 },
  shape: ([x]) => x,
  kernel(request) {
    const { eps, training, relu } = request.attrs;
    return overChannels("batchNorm2d.grad", request, {
      small: ["gamma", "beta", "statistics", "sums"],
      large: ["x", "g"],
      channel: `${channelFactor(eps)}
  let fromBeta = sums[c] / f32(VALUES);
  let fromGamma = perDeviation * sums[C + c] / f32(VALUES);`,
      formula: (value) => {
        const own = passed("g", "x", value, relu);
        return training
          ? `factor * (${own} - fromBeta - (x - mean) * fromGamma)`
          : `factor * ${own}`;
      },
    });
  },
};

/** Gradient with respect to statistics that do not depend on `x`: `[2, C]`. */
const fixedStatisticsOp: Op<Attrs> = {
  name: "batchNorm2d.statistics.fixed.grad",
  shape: ([sums]) => sums,
  kernel: (request) =>
    perElement("batchNorm2d.statistics.fixed.grad", request, {
      inputs: ["sums", "gamma", "statistics"],
      sizes: { C: request.output.shape[1] },
      body: `  let c = i % C;
${channelStatistics(request.attrs.eps)}
  let factor = f32(gamma[c]) * perDeviation;
  let forMean = -factor * sums[c];
  let forVariance = -0.5 * factor * perDeviation * sums[C + c];
  out[i] = select(forVariance, forMean, i < C);`,
    }),
};

/**
 * One pass over images, with the numbers of each channel at hand. Where planes allow, an invocation takes
 * four groups of four neighbours, so that a channel's numbers are loaded once for sixteen elements.
 */
function overChannels(
  name: string,
  request: KernelRequest,
  parts: {
    /** Inputs that hold a few numbers per channel; they are bound after the large ones. */
    readonly small: readonly string[];
    /** Inputs of the output's shape. */
    readonly large: readonly string[];
    /** WGSL that names the numbers of channel `c`. */
    readonly channel: string;
    /** WGSL expression of an element, of type `value`: vec4f or f32. */
    readonly formula: (value: string) => string;
  },
): Kernel {
  const { output: { shape }, overwrites } = request;
  const [n, C, height, width] = shape;
  const plane = height * width;
  const wide = plane % 4 === 0;
  const groups = plane % 16 === 0 ? 4 : 1;
  const perInvocation = wide ? 4 * groups : 1;
  const { small, large, channel, formula } = parts;
  const value = wide ? "vec4f" : "f32";
  const elements = Array.from({ length: groups }, (_, k) => {
    const at = `${groups}u * i + ${k}u`;
    const load = (input: string, position: number) =>
      `    let ${input} = ${value}(${position === overwrites ? "out" : `in_${input}`}[${at}]);`;
    return `  {
${large.map(load).join("\n")}
    store(${at}, own, ${formula(value)});
  }`;
  });
  const bound = large.map((input) => `in_${input}`);
  return perElement(name, request, {
    inputs: [...bound, ...small],
    vectors: wide ? [...bound, "out"] : [],
    sizes: { C, PLANE: plane / perInvocation, VALUES: n * plane },
    count: sizeOf(shape) / perInvocation,
    stores: true,
    body: `  let c = i / PLANE % C;\n${channel}\n  let own = of_channel(c);\n${
      elements.join("\n")
    }`,
  });
}

function check(op: string, x: Tensor, perChannel: Readonly<Record<string, Tensor>>, eps: number) {
  const { shape } = x;
  if (shape.length !== 4) {
    throw shapeError(op, `x must have 4 axes, not ${shape.length}`, { x: [shape, "N C H W"] });
  }
  for (const [name, tensor] of Object.entries(perChannel)) {
    if (tensor.shape.length !== 1 || tensor.shape[0] !== shape[1]) {
      throw shapeError(op, `${name} must have one number for each of the ${shape[1]} channels`, {
        x: [shape, "N C H W"],
        [name]: [tensor.shape, "C"],
      });
    }
  }
  if (!(eps > 0 && Number.isFinite(eps))) {
    throw new RangeError(`${op}: eps must be a positive number, not ${eps}`);
  }
}

/** What {@linkcode batchNorm2d} gives. */
export interface BatchNorm2dResult {
  /** The normalised images, `[N, C, H, W]`. */
  readonly y: Tensor;
  /** Mean of every channel over the batch, `[C]`. */
  readonly mean: Tensor;
  /** Variance of every channel over the batch, `[C]`; divided by n, not n - 1. */
  readonly variance: Tensor;
  /** Both, `[2, C]`, as the shader computes them. */
  readonly statistics: Tensor;
}

/** Settings of {@linkcode batchNorm2d} and {@linkcode batchNorm2dInference}. */
export interface BatchNorm2dOptions {
  /** Added to the variance. @default {1e-5} */
  readonly eps?: number;
  /** Whether a ReLU follows in the same pass: `max(0, y)`. @default {false} */
  readonly relu?: boolean;
}

/** One row of the statistics in a running average: `keep · old + take · statistics[row]`. */
const runningOp: Op<{ readonly row: number; readonly keep: number; readonly take: number }> = {
  name: "batchNorm2d.running",
  inPlace: true,
  shape: ([old]) => old,
  kernel(request) {
    const { overwrites, attrs: { row, keep, take } } = request;
    const old = overwrites === 0 ? "out" : "old";
    return perElement("batchNorm2d.running", request, {
      inputs: ["old", "statistics"],
      sizes: { FIRST: row * request.output.shape[0] },
      body: `  out[i] = ${literal(keep)} * ${old}[i] + ${literal(take)} * statistics[FIRST + i];`,
    });
  },
};

/**
 * A running average of the means or the variances of batches: `keep · old + take · batch`.
 *
 * @param old The average so far, `[C]`, f32.
 * @param statistics As {@linkcode batchNorm2d} gives them, `[2, C]`.
 * @param options.of Which row of the statistics.
 * @throws {ShapeError} If the channels differ.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { runningStatistic, tensor } from "ae";
 *
 * const statistics = tensor([[1, 2], [10, 20]]);
 * const y = runningStatistic(tensor([4, 4]), statistics, { of: "variance", keep: 0.5, take: 0.1 });
 * assert.deepEqual(await y.array(), [3, 4]);
 * ```
 */
export function runningStatistic(
  old: Tensor,
  statistics: Tensor,
  options: {
    readonly of: "mean" | "variance";
    readonly keep: number;
    readonly take: number;
  },
): Tensor {
  const [C] = old.shape;
  if (old.shape.length !== 1 || !sameShape(statistics.shape, [2, C])) {
    throw shapeError(
      "runningStatistic",
      "statistics must have two rows of the average's channels",
      {
        old: [old.shape, "C"],
        statistics: [statistics.shape, "2 C"],
      },
    );
  }
  const { of, keep, take } = options;
  return apply(runningOp, [old, statistics], { row: of === "mean" ? 0 : 1, keep, take });
}

/**
 * Batch normalisation as in training: `y = gamma · (x - mean) / √(variance + eps) + beta`, with mean and
 * variance of every channel over N, H and W of this very batch. Gradients flow through both.
 *
 * A channel whose values are all equal has variance 0 and gives `y = beta`.
 *
 * @param x `[N, C, H, W]`, f32 or f16, with at least one value per channel.
 * @param gamma `[C]`, the factor.
 * @param beta `[C]`, the shift.
 * @returns The normalised images, and the statistics for a running average: which by custom uses
 * `variance · n / (n - 1)`, n = N·H·W.
 * @throws {ShapeError} If `x` does not have four axes or a `[C]` does not fit it.
 * @throws {RangeError} If eps is not positive, or there is nothing to average.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { batchNorm2d, ones, tensor, zeros } from "ae";
 *
 * const x = tensor([[[[1, 3]]], [[[1, 3]]]]); // two images, one channel, 1 x 2
 * const { y, mean, variance } = batchNorm2d(x, ones([1]), zeros([1]));
 * assert.deepEqual([await mean.array(), await variance.array()], [[2], [1]]);
 * assert.ok(Math.abs((await y.read()).data[0] + 1) < 1e-4);
 * ```
 */
export function batchNorm2d(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  options: BatchNorm2dOptions = {},
): BatchNorm2dResult {
  const { eps = 1e-5, relu = false } = options;
  check("batchNorm2d", x, { gamma, beta }, eps);
  const [n, , height, width] = x.shape;
  if (n * height * width === 0) {
    throw new RangeError(`batchNorm2d: there is nothing to average in [${x.shape.join(", ")}]`);
  }
  const statistics = apply(statisticsOp, [x], null);
  return {
    y: apply(normaliseOp, [x, gamma, beta, statistics], { eps, relu, training: true }),
    mean: rowOf(statistics, 0),
    variance: rowOf(statistics, 1),
    statistics,
  };
}

/**
 * Batch normalisation as in use: `y = gamma · (x - mean) / √(variance + eps) + beta`, with statistics
 * that were collected before, so that an image's result does not depend on the others in its batch.
 *
 * @param x `[N, C, H, W]`, f32 or f16.
 * @param gamma `[C]`, the factor.
 * @param beta `[C]`, the shift.
 * @param mean `[C]`.
 * @param variance `[C]`, not negative.
 * @returns `[N, C, H, W]`.
 * @throws {ShapeError} If `x` does not have four axes or a `[C]` does not fit it.
 * @throws {RangeError} If eps is not positive.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { batchNorm2dInference, tensor } from "ae";
 *
 * const one = tensor([1]);
 * const y = batchNorm2dInference(tensor([[[[5]]]]), one, one, tensor([3]), tensor([4]), { eps: 1e-9 });
 * assert.deepEqual(await y.array(), [[[[2]]]]); // (5 - 3) / 2 + 1
 * ```
 */
export function batchNorm2dInference(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  mean: Tensor,
  variance: Tensor,
  options: BatchNorm2dOptions = {},
): Tensor {
  const { eps = 1e-5, relu = false } = options;
  check("batchNorm2dInference", x, { gamma, beta, mean, variance }, eps);
  const statistics = [cast(mean, "f32"), cast(variance, "f32")];
  return apply(fixedOp, [x, gamma, beta, ...statistics], { eps, relu, training: false });
}
