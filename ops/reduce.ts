/**
 * Sums, means and largest values over axes.
 *
 * Axes are kept or reduced; neighbours of one kind are walked as one. Every result combines the values of one
 * *row*, which may lie scattered, in one of two layouts:
 *
 *     one lane per row          short rows, and many columns (the last axis is kept: lanes read neighbours)
 *     one workgroup per row     long rows: each lane combines some values, then lanes.ts their results
 *
 * A few very long rows would leave most of a GPU idle, and one invocation may not loop more than 65,535
 * times on llvmpipe. Such rows are cut into segments, and a second reduction combines the segments' results:
 *
 *     16,000,000 numbers  ->  977 sums of up to 16,384  ->  1 sum
 *
 * Sums of f16 are carried in f32. The order of additions is fixed, so the bits are the same on every run.
 *
 * @module
 */
import type { DType } from "../core/dtype.ts";
import { type Shape, sizeOf } from "../core/host_array.ts";
import { grid, type Kernel, kernel, perElement } from "../core/kernel.ts";
import { apply, type KernelRequest, type Op } from "../core/op.ts";
import { normaliseAxes, reducedShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { equal } from "./compare.ts";
import { emptySums } from "./empty_sums.ts";
import { combineLanes } from "./lanes.ts";
import { reshape } from "./reshape.ts";
import {
  axesOf,
  lastAxisByFour,
  mergeAxes,
  offsetOf,
  type StridedAxis,
  stridesByFour,
} from "./strided.ts";

type Kind = "sum" | "max";

const COMBINE: Readonly<Record<Kind, (a: string, b: string) => string>> = {
  sum: (a, b) => `${a} + ${b}`,
  max: (a, b) => `max(${a}, ${b})`,
};

interface ReduceAttrs {
  /** Shape of the result. */
  readonly shape: Shape;
  readonly dtype: DType;
  /** Shape of the result if the reduced axes are kept with size 1. */
  readonly keptShape: Shape;
  /** The walk over rows, in the tensor that is read. */
  readonly kept: readonly StridedAxis[];
  /** The walk over the values of one row. */
  readonly reduced: readonly StridedAxis[];
  readonly layout: Layout;
  /** A sum is divided by this: the mean's count. */
  readonly divisor: number;
}

interface Layout {
  /** Lanes that share a row: 1, or a whole workgroup. */
  readonly lanes: number;
  /** Pieces that a row is cut into, each with a result of its own. */
  readonly segments: number;
  /** Values of a piece; a multiple of four. */
  readonly segmentLength: number;
}

/** Rows up to this long are one lane's work: sharing them costs more than walking them. */
const SHORT_ROW = 128;
/** Rows above this are shared by more lanes. */
const LONG_ROW = 8192;
/** Above this, a row is cut if there are too few rows to fill a GPU; values of a piece. */
const VERY_LONG_ROW = 65_536;
const FEW_ROWS = 64;
const SEGMENT = 16_384;
/** 256 lanes of 16,384 values each: below the loop limit of llvmpipe with any number of rows. */
const LONGEST_ROW = 2 ** 22;
/** So many columns keep a GPU busy with one lane each. */
const MANY_COLUMNS = 2048;

function layoutOf(rows: number, length: number, columns: boolean): Layout {
  const cut = (lanes: number, pieces: number): Layout => {
    const segmentLength = 4 * Math.ceil(length / pieces / 4);
    return { lanes, segmentLength, segments: Math.ceil(length / segmentLength) };
  };
  if (length <= SHORT_ROW) return cut(1, 1);
  if (columns && (rows >= MANY_COLUMNS || rows * length > 2 ** 20)) {
    const pieces = Math.min(Math.ceil(4 * MANY_COLUMNS / rows), Math.ceil(length / SHORT_ROW));
    return cut(1, Math.max(pieces, Math.ceil(length / SEGMENT)));
  }
  if (length <= LONG_ROW) return cut(64, 1);
  const pieceLength = rows < FEW_ROWS && length > VERY_LONG_ROW ? SEGMENT : LONGEST_ROW;
  return cut(256, Math.ceil(length / pieceLength));
}

function reduceOp(kind: Kind): Op<ReduceAttrs> {
  return {
    name: kind,
    shape: (_inputs, { shape }) => shape,
    dtype: (_inputs, { dtype }) => dtype,
    kernel: (request) => reduceKernel(kind, request),
    grad({ inputs, output, gradOutput, attrs: { keptShape, divisor } }) {
      const x = inputs[inputs.length - 1]; // the segments' results, if any, come before it
      const g = reshape(gradOutput, keptShape);
      const gradX = kind === "sum"
        ? apply(repeatOp, [g], { shape: x.shape, divisor })
        : maxGradient(x, reshape(output, keptShape), g);
      return inputs.length === 1 ? [gradX] : [null, gradX];
    },
  };
}

const sumOp = reduceOp("sum");
const maxOp = reduceOp("max");

function reduceKernel(kind: Kind, request: KernelRequest<ReduceAttrs>): Kernel {
  const { attrs: { kept, reduced, layout, divisor }, inputs, output } = request;
  const { lanes, segments, segmentLength } = layout;
  const combine = COMBINE[kind];

  // Four neighbours at a time: of one row if rows lie in memory one after the other, of four rows if abreast.
  const last = (axes: readonly StridedAxis[]) => axes[axes.length - 1];
  const canGroup = ({ stride, length }: StridedAxis) => stride === 1 && length % 4 === 0;
  const along = canGroup(last(reduced));
  const abreast = lanes === 1 && canGroup(last(kept));
  const rows = sizeOf(kept.map(({ length }) => length)) / (abreast ? 4 : 1);
  const steps = sizeOf(reduced.map(({ length }) => length)) / (along ? 4 : 1);
  const segmentSteps = segmentLength / (along ? 4 : 1);
  const rowWalk = along ? stridesByFour(kept) : abreast ? lastAxisByFour(kept) : kept;
  const stepWalk = along ? lastAxisByFour(reduced) : abreast ? stridesByFour(reduced) : reduced;
  const number = output.dtype === "f16" ? "f32" : output.dtype;
  const value = along || abreast ? `vec4<${number}>` : number;

  const load = (step: string) => `${value}(x[base + offset(${step})])`;
  const take = (step: string) => `own = ${combine("own", load(step))};`;
  const walk = `
  let row = result % ROWS;
  let first = result / ROWS * SEGMENT;
  let end = min(first + SEGMENT, STEPS);
  let base = ${offsetOf("row", rowWalk)};
  var own = ${kind === "sum" ? `${value}()` : load("first")};
  var step = first + lane_in_row;
  for (; step + 3u * LANES < end; step += 4u * LANES) {
    ${take("step")}
    ${take("step + LANES")}
    ${take("step + 2u * LANES")}
    ${take("step + 3u * LANES")}
  }
  for (; step < end; step += LANES) {
    ${take("step")}
  }`;
  const ofRow = along ? combine(combine("own.x", "own.y"), combine("own.z", "own.w")) : "own";
  const divided = (v: string) => divisor === 1 ? v : `${v} / ${divisor}.0`;
  const results = rows * segments;
  const { workgroups, row } = grid(results * lanes, lanes);
  const common = {
    inputs: inputs.length === 1 ? ["x"] : ["x", "whole"], // only its gradient reads the whole
    vectors: [...(along || abreast ? ["x"] : []), ...(abreast ? ["out"] : [])],
    iterations: Math.ceil(segmentSteps / lanes / 4) + 3,
  };
  const constants = { ROWS: rows, STEPS: steps, SEGMENT: segmentSteps, LANES: lanes };
  const offset = `fn offset(step: u32) -> u32 { return ${offsetOf("step", stepWalk)}; }`;
  if (lanes === 1) {
    const store = divided(abreast ? "own" : `(${ofRow})`);
    return perElement(kind, request, {
      ...common,
      constants,
      declarations: offset,
      count: results,
      body: `  let result = i;\n  let lane_in_row = 0u;${walk}
  out[result] = ${abreast ? "vec4<Out>" : "Out"}(${store});`,
    });
  }
  return kernel({
    ...common,
    name: kind,
    request,
    constants: { ...constants, RESULTS: results, RESULTS_ABREAST: row / lanes },
    declarations: [offset, combineLanes({ name: "all", type: number, lanes, combine })].join("\n"),
    workgroupSize: [lanes, 1, 1],
    workgroups,
    body: `  let result = workgroup.y * RESULTS_ABREAST + workgroup.x;
  if (result >= RESULTS) { return; }
  let lane_in_row = lane;${walk}
  let total = allOfLanes(lane, ${ofRow});
  if (lane == 0u) { out[result] = Out(${divided("total")}); }`,
  });
}

/** Repeat along axes of size 1, and divide: the gradient of sum and mean. */
const repeatOp: Op<{ readonly shape: Shape; readonly divisor: number }> = {
  name: "sum.grad",
  shape: (_inputs, { shape }) => shape,
  kernel(request) {
    const { inputs: [g], output, attrs: { divisor } } = request;
    const own = axesOf(g.shape);
    const walk = mergeAxes(output.shape.map((length, axis) => ({
      length,
      stride: g.shape[axis] === 1 ? 0 : own[axis].stride,
    })));
    const { length, stride } = walk[walk.length - 1];
    const wide = length % 4 === 0;
    const vectors = wide && stride === 1;
    const axes = vectors
      ? lastAxisByFour(walk)
      : wide
      ? walk.with(-1, { length: length / 4, stride })
      : walk;
    const value = `f32(g[${offsetOf("i", axes)}])`.replace("f32", vectors ? "vec4f" : "f32");
    const share = divisor === 1 ? value : `${value} / ${divisor}.0`;
    return perElement("sum.grad", request, {
      inputs: ["g"],
      vectors: [...(vectors ? ["g"] : []), ...(wide ? ["out"] : [])],
      count: sizeOf(output.shape) / (wide ? 4 : 1),
      body: wide ? `  out[i] = vec4<Out>(vec4f(${share}));` : `  out[i] = Out(${share});`,
    });
  },
};

/** The largest values of a row share its gradient evenly. */
function maxGradient(x: Tensor, y: Tensor, g: Tensor): Tensor {
  const isLargest = equal(x, y);
  const axes = x.shape.map((_, axis) => axis).filter((axis) => x.shape[axis] !== y.shape[axis]);
  return isLargest.mul(g.div(sum(isLargest, axes, true)));
}

function reduce(
  kind: Kind,
  name: string,
  x: Tensor,
  axes: readonly number[] | undefined,
  keepAxes: boolean,
): Tensor {
  const normal = normaliseAxes(name, axes ?? x.shape.map((_, axis) => axis), x.shape);
  const shape = reducedShape(x.shape, normal, keepAxes);
  const count = sizeOf(normal.map((axis) => x.shape[axis]));
  if (count === 0 && name !== "sum") {
    throw new RangeError(`${name}: there are no numbers along axes [${normal}] of [${x.shape}]`);
  }
  if (count === 0) return emptySums([x], shape);
  if (name === "mean" && (x.dtype === "i32" || x.dtype === "u32")) {
    throw new TypeError(`mean: works on f32 and f16, not ${x.dtype}\n  help: cast() it`);
  }
  if (count === 1) return reshape(x, shape);
  const keptShape = reducedShape(x.shape, normal, true);
  const own = axesOf(x.shape);
  const kept = mergeAxes(own.filter((_, axis) => !normal.includes(axis)));
  const reduced = mergeAxes(normal.map((axis) => own[axis]));
  const op = kind === "sum" ? sumOp : maxOp;
  const divisor = name === "mean" ? count : 1;
  return reduceWalk(op, [x], { shape, dtype: x.dtype, keptShape, kept, reduced, divisor });
}

/** One pass, or as many as the length of the rows asks for. `inputs`: what is read, and x if that is not x. */
function reduceWalk(
  op: Op<ReduceAttrs>,
  inputs: readonly Tensor[],
  attrs: Omit<ReduceAttrs, "layout">,
): Tensor {
  const { kept, reduced, shape, dtype, keptShape, divisor } = attrs;
  const rows = sizeOf(kept.map(({ length }) => length));
  const length = sizeOf(reduced.map((axis) => axis.length));
  const layout = layoutOf(rows, length, kept[kept.length - 1].stride === 1);
  const { segments } = layout;
  if (segments === 1) return apply(op, inputs, { ...attrs, layout });
  const pieces = apply(op, [inputs[0]], {
    ...attrs,
    shape: [segments, rows],
    dtype: dtype === "f16" ? "f32" : dtype,
    divisor: 1,
    layout,
  });
  return reduceWalk(op, [pieces, inputs[inputs.length - 1]], {
    shape,
    dtype,
    keptShape,
    divisor,
    kept: mergeAxes([{ length: rows, stride: 1 }]),
    reduced: mergeAxes([{ length: segments, stride: rows }]),
  });
}

/**
 * Sum over axes: `y = Σ x`. The sum of no numbers is 0.
 *
 * f16 is summed in f32 and rounded once; integers wrap around.
 *
 * @param x Any shape.
 * @param axes Axes to sum over, negative ones from the end; all when omitted.
 * @param keepAxes Keep the summed axes with size 1. @default {false}
 * @returns `x`'s shape without `axes`; `[]` when all are summed.
 * @throws {RangeError} If an axis does not exist or is named twice.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { sum, tensor } from "ae";
 *
 * const x = tensor([[1, 2], [3, 4]]);
 * assert.deepEqual(await sum(x, [0]).array(), [4, 6]);
 * assert.equal(await sum(x).item(), 10);
 * ```
 */
export function sum(x: Tensor, axes?: readonly number[], keepAxes = false): Tensor {
  return reduce("sum", "sum", x, axes, keepAxes);
}

/**
 * Mean over axes: `y = Σ x / n`, n the number of values per result.
 *
 * @param x Any shape, f32 or f16.
 * @param axes Axes to average over, negative ones from the end; all when omitted.
 * @param keepAxes Keep the averaged axes with size 1. @default {false}
 * @returns `x`'s shape without `axes`; `[]` when all are averaged.
 * @throws {RangeError} If an axis does not exist or is named twice, or there is nothing to average.
 * @throws {TypeError} If `x` holds integers.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { mean, tensor } from "ae";
 *
 * assert.deepEqual(await mean(tensor([[1, 3], [5, 9]]), [-1]).array(), [2, 7]);
 * ```
 */
export function mean(x: Tensor, axes?: readonly number[], keepAxes = false): Tensor {
  return reduce("sum", "mean", x, axes, keepAxes);
}

/**
 * Largest value over axes. The gradient goes to the largest value; where several are equal they share it
 * evenly, as PyTorch's `amax` does.
 *
 * A NaN beside numbers is passed over, where PyTorch would let it through: WGSL leaves `max` of NaN to the driver, and
 * those tried do so. A row of NaN alone gives NaN. {@linkcode watchNumbers} finds where one was born.
 *
 * @param x Any shape.
 * @param axes Axes to look along, negative ones from the end; all when omitted.
 * @param keepAxes Keep these axes with size 1. @default {false}
 * @returns `x`'s shape without `axes`; `[]` when all are looked along.
 * @throws {RangeError} If an axis does not exist or is named twice, or there is nothing to look at.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { max, tensor } from "ae";
 *
 * assert.deepEqual(await max(tensor([[1, 7], [5, 2]]), [1]).array(), [7, 5]);
 * ```
 */
export function max(x: Tensor, axes?: readonly number[], keepAxes = false): Tensor {
  return reduce("max", "max", x, axes, keepAxes);
}
