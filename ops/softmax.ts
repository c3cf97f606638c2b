/**
 * Numbers to probabilities.
 *
 *     softmax     y = exp(x - m) / Σ exp(x - m)          m the largest x of the row: exp cannot overflow
 *     logSoftmax  y = x - m - log Σ exp(x - m)           exact where softmax would be 0
 *
 * One kernel each: a row is read two or three times, by one lane if it is short, else by a workgroup.
 *
 * @module
 */
import { sizeOf } from "../core/host_array.ts";
import { grid, type Kernel, kernel, perElement } from "../core/kernel.ts";
import { apply, type KernelRequest, type Op } from "../core/op.ts";
import { normaliseAxes } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { combineLanes } from "./lanes.ts";

interface Attrs {
  readonly axis: number;
}

/** One number per row, from all of its elements. */
interface RowValue {
  readonly name: string;
  readonly combine: "sum" | "max";
  /** WGSL of the element's part; knows the inputs by name and the row's values before it. */
  readonly element: string;
}

/** Rows up to this long are one lane's work. */
const SHORT_ROW = 128;
/** So many columns keep a GPU busy with one lane each; up to this length. */
const MANY_COLUMNS = 2048;
const LONGEST_COLUMN = 8192;

function rowOp(
  name: string,
  inputs: readonly string[],
  values: readonly RowValue[],
  result: string,
  grad?: Op<Attrs>["grad"],
): Op<Attrs> {
  return {
    name,
    shape: ([x]) => x,
    kernel: (request) => rowKernel(name, request, inputs, values, result),
    ...(grad ? { grad } : {}),
  };
}

function rowKernel(
  name: string,
  request: KernelRequest<Attrs>,
  inputs: readonly string[],
  values: readonly RowValue[],
  result: string,
): Kernel {
  const { output: { shape }, attrs: { axis } } = request;
  const length = shape[axis];
  const inner = sizeOf(shape.slice(axis + 1));
  const rows = sizeOf(shape) / length;
  const oneLane = length <= SHORT_ROW ||
    (inner > 1 && rows >= MANY_COLUMNS && length <= LONGEST_COLUMN);
  const lanes = oneLane ? 1 : length <= LONGEST_COLUMN ? 64 : 256;

  const combine = (kind: RowValue["combine"]) => (a: string, b: string) =>
    kind === "sum" ? `${a} + ${b}` : `max(${a}, ${b})`;
  const load = inputs.map((input) => `let ${input} = f32(in_${input}[at]);`).join(" ");
  const loop = (body: string) =>
    `  for (var step = first; step < LENGTH; step += LANES) {
    let at = base + step * INNER;
    ${load}
    ${body}
  }`;
  const passes = values.map(({ name: value, combine: kind, element }) => {
    const start = kind === "sum" ? "0.0" : "f32(in_x[base])";
    const own = `  var ${value}_own = ${start};\n${
      loop(`${value}_own = ${combine(kind)(`${value}_own`, element)};`)
    }`;
    const all = oneLane ? `${value}_own` : `${value}OfLanes(lane, ${value}_own)`;
    return `${own}\n  let ${value} = ${all};`;
  });
  const body = `  let base = row / INNER * (LENGTH * INNER) + row % INNER;
${passes.join("\n")}
${loop(`out[at] = Out(${result});`)}`;

  const constants = { LENGTH: length, INNER: inner, LANES: lanes };
  const iterations = (values.length + 1) * Math.ceil(length / lanes);
  const names = inputs.map((input) => `in_${input}`);
  if (oneLane) {
    return perElement(name, request, {
      inputs: names,
      constants,
      count: rows,
      iterations,
      body: `  let row = i;\n  let first = 0u;\n${body}`,
    });
  }
  const { workgroups, row } = grid(rows * lanes, lanes);
  return kernel({
    name,
    request,
    inputs: names,
    constants: { ...constants, COUNT: rows, ROW: row / lanes },
    declarations: values.map(({ name: value, combine: kind }) =>
      combineLanes({ name: value, type: "f32", lanes, combine: combine(kind), toAll: true })
    ).join("\n"),
    workgroupSize: [lanes, 1, 1],
    workgroups,
    iterations,
    body: `  let row = workgroup.y * ROW + workgroup.x;
  if (row >= COUNT) { return; }
  let first = lane;
${body}`,
  });
}

const largest: RowValue = { name: "largest", combine: "max", element: "x" };
const total: RowValue = { name: "total", combine: "sum", element: "exp(x - largest)" };

const softmaxOp = rowOp(
  "softmax",
  ["x"],
  [largest, total],
  "exp(x - largest) / total",
  ({ output, gradOutput, attrs }) => [apply(softmaxGradientOp, [output, gradOutput], attrs)],
);

/** `∂x = y·(g - Σ g·y)` */
const softmaxGradientOp = rowOp(
  "softmax.grad",
  ["y", "g"],
  [{ name: "mean", combine: "sum", element: "g * y" }],
  "y * (g - mean)",
);

const logSoftmaxOp = rowOp(
  "logSoftmax",
  ["x"],
  [largest, total],
  "x - largest - log(total)",
  ({ output, gradOutput, attrs }) => [apply(logSoftmaxGradientOp, [output, gradOutput], attrs)],
);

/** `∂x = g - exp(y)·Σ g` */
const logSoftmaxGradientOp = rowOp(
  "logSoftmax.grad",
  ["y", "g"],
  [{ name: "all", combine: "sum", element: "g" }],
  "g - exp(y) * all",
);

function alongAxis(op: Op<Attrs>, x: Tensor, axis: number): Tensor {
  if (x.dtype === "i32" || x.dtype === "u32") {
    throw new TypeError(`${op.name}: works on f32 and f16, not ${x.dtype}\n  help: cast() it`);
  }
  const [normal] = normaliseAxes(op.name, [axis], x.shape);
  return apply(op, [x], { axis: normal });
}

/**
 * Probabilities: `y = exp(x) / Σ exp(x)` along an axis. Large numbers do not overflow.
 *
 * @param x Any shape with at least one axis, f32 or f16.
 * @param axis The axis whose numbers become probabilities, negative from the end. @default {-1}
 * @returns Same shape as `x`; sums to 1 along `axis`.
 * @throws {RangeError} If the axis does not exist.
 * @throws {TypeError} If `x` holds integers.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { softmax, tensor } from "ae";
 *
 * const [a, b] = (await softmax(tensor([1000, 1000])).read()).data;
 * assert.deepEqual([a, b], [0.5, 0.5]);
 * ```
 */
export function softmax(x: Tensor, axis: number = -1): Tensor {
  return alongAxis(softmaxOp, x, axis);
}

/**
 * Logarithms of probabilities: `y = x - log Σ exp(x)` along an axis, without ever forming a probability that
 * rounds to 0.
 *
 * @param x Any shape with at least one axis, f32 or f16.
 * @param axis The axis whose numbers become probabilities, negative from the end. @default {-1}
 * @returns Same shape as `x`.
 * @throws {RangeError} If the axis does not exist.
 * @throws {TypeError} If `x` holds integers.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { logSoftmax, tensor } from "ae";
 *
 * const [a, b] = (await logSoftmax(tensor([0, 1000])).read()).data;
 * assert.deepEqual([a, b], [-1000, 0]);
 * ```
 */
export function logSoftmax(x: Tensor, axis: number = -1): Tensor {
  return alongAxis(logSoftmaxOp, x, axis);
}
