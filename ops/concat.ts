/**
 * Joining tensors and cutting pieces out of them: each other's gradients.
 *
 * Both are walks over few long axes: whole inner axes are joined to the axis that is cut, so that
 * `[8, 64, 32, 32]` cut along its channels is walked as `[8, 65536]`.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { type Shape, sizeOf } from "../core/host_array.ts";
import { perElement } from "../core/kernel.ts";
import { apply, type Op, type Recipe } from "../core/op.ts";
import { normaliseAxes, sameShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { full } from "./fill.ts";
import { reshape } from "./reshape.ts";
import { axesOf, coordinatesOf, lastAxisByFour, mergeAxes, offsetOf } from "./strided.ts";

/** WebGPU promises 8 storage buffers a shader: 7 inputs and the output. */
const MAX_INPUTS = 7;

const concatOp: Op<{ readonly axis: number }> = {
  name: "concat",
  shape: (shapes, { axis }) =>
    shapes[0].with(axis, shapes.reduce((total, shape) => total + shape[axis], 0)),
  kernel(request) {
    const { inputs, output, attrs: { axis } } = request;
    const widths = inputs.map(({ shape }) => sizeOf(shape.slice(axis)));
    const width = widths.reduce((total, own) => total + own, 0);
    const wide = widths.every((own) => own % 4 === 0);
    const unit = wide ? 4 : 1;
    let start = 0;
    const branches = widths.map((own, k) => {
      const from = start / unit;
      start += own;
      return `if (column < ${start / unit}u) {
    out[i] = x${k}[row * ${own / unit}u + column - ${from}u];
  }`;
    });
    const names = inputs.map((_, k) => `x${k}`);
    return perElement("concat", request, {
      inputs: names,
      vectors: wide ? [...names, "out"] : [],
      constants: { WIDTH: width / unit },
      count: sizeOf(output.shape) / unit,
      body: `  let row = i / WIDTH;\n  let column = i % WIDTH;\n  ${branches.join(" else ")}`,
    });
  },
  grad({ inputs, gradOutput, attrs: { axis } }) {
    let start = 0;
    return inputs.map(({ shape }) => {
      const from = shape.map((_, a) => a === axis ? start : 0);
      start += shape[axis];
      return slice(gradOutput, from, shape.map((length, a) => from[a] + length));
    });
  },
};

/** The first tensor, depending on others that hold no numbers, too: their gradients are as empty as they are. */
const besideEmptyOp: Op<null> = {
  name: "concat",
  view: true,
  shape: ([x]) => x,
  grad: ({ inputs: [, ...empty], gradOutput }) => [
    gradOutput,
    ...empty.map(({ shape, dtype }) => full(shape, 0, dtype)),
  ],
};

/**
 * Tensors one after the other along an axis that exists.
 *
 * @param tensors At least one; sizes agree on every other axis. Those of size 0 along `axis` add nothing.
 * @param axis The axis that grows; negative counts from the end.
 * @returns The common shape, with the sizes along `axis` added.
 * @throws {RangeError} If there are no tensors, or the axis does not exist.
 * @throws {ShapeError} If sizes differ on another axis.
 * @throws {TypeError} If number types differ.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { concat, tensor } from "ae";
 *
 * const y = concat([tensor([[1], [2]]), tensor([[3, 4], [5, 6]])], 1);
 * assert.deepEqual(await y.array(), [[1, 3, 4], [2, 5, 6]]);
 * ```
 */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  checkAlike("concat", tensors);
  const [first] = tensors;
  const [normal] = normaliseAxes("concat", [axis], first.shape);
  const odd = tensors.find(({ shape }) =>
    !sameShape(shape.with(normal, 0), first.shape.with(normal, 0))
  );
  if (odd) {
    throw shapeError("concat", `sizes may differ only along axis ${normal}`, {
      first: [first.shape, ""],
      other: [odd.shape, ""],
    });
  }
  const filled = tensors.filter(({ shape }) => shape[normal] > 0);
  const empty = tensors.filter(({ shape }) => shape[normal] === 0);
  if (filled.length === 0) filled.push(empty.shift()!);
  const joined = concatFilled(filled, normal);
  return empty.length === 0 ? joined : apply(besideEmptyOp, [joined, ...empty], null);
}

function concatFilled(tensors: readonly Tensor[], axis: number): Tensor {
  if (tensors.length === 1) return reshape(tensors[0], tensors[0].shape); // the value, not the variable itself
  if (tensors.length <= MAX_INPUTS) return apply(concatOp, tensors, { axis });
  const groups: Tensor[] = [];
  for (let k = 0; k < tensors.length; k += MAX_INPUTS) {
    groups.push(concatFilled(tensors.slice(k, k + MAX_INPUTS), axis));
  }
  return concatFilled(groups, axis);
}

/**
 * Tensors of one shape along a new axis: `y[…, k, …] = tensors[k][…]`.
 *
 * @param tensors At least one, all of the same shape.
 * @param axis Where the new axis goes in the result; negative counts from the end.
 * @returns The common shape with a new axis of size `tensors.length`.
 * @throws {RangeError} If there are no tensors, or the result has no such axis.
 * @throws {ShapeError} If shapes differ.
 * @throws {TypeError} If number types differ.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { stack, tensor } from "ae";
 *
 * const y = stack([tensor([1, 2]), tensor([3, 4])], 1);
 * assert.deepEqual(await y.array(), [[1, 3], [2, 4]]);
 * ```
 */
export function stack(tensors: readonly Tensor[], axis: number): Tensor {
  checkAlike("stack", tensors);
  const [{ shape }] = tensors;
  const [normal] = normaliseAxes("stack", [axis], [...shape, 1]);
  const odd = tensors.find((other) => !sameShape(other.shape, shape));
  if (odd) {
    throw shapeError("stack", "shapes must be equal", {
      first: [shape, ""],
      other: [odd.shape, ""],
    });
  }
  const opened = shape.toSpliced(normal, 0, 1);
  return concat(tensors.map((x) => reshape(x, opened)), normal);
}

function checkAlike(op: string, tensors: readonly Tensor[]): void {
  if (tensors.length === 0) throw new RangeError(`${op}: there are no tensors`);
  const odd = tensors.find(({ dtype }) => dtype !== tensors[0].dtype);
  if (odd) {
    throw new TypeError(
      `${op}: the tensors hold ${
        tensors[0].dtype
      } and ${odd.dtype}\n  help: cast() them to one type`,
    );
  }
}

/** A block of a tensor: on axis `a` the `count[a]` places `start[a]`, `start[a] + step[a]`, … */
interface Block {
  readonly start: readonly number[];
  readonly step: readonly number[];
}

const sliceOp: Op<Block & { readonly count: Shape }> = {
  name: "slice",
  shape: (_inputs, { count }) => count,
  kernel(request) {
    const { inputs: [x], output, attrs: { start, step } } = request;
    const own = axesOf(x.shape);
    const first = own.reduce((sum, { stride }, a) => sum + start[a] * stride, 0);
    const walk = mergeAxes(own.map(({ stride }, a) => ({
      length: output.shape[a],
      stride: stride * step[a],
    })));
    const { length, stride } = walk[walk.length - 1];
    const wide = stride === 1 && length % 4 === 0 && first % 4 === 0 &&
      walk.every((axis) => axis.stride === 1 || axis.stride % 4 === 0);
    const offset = offsetOf("i", wide ? lastAxisByFour(walk) : walk);
    return perElement("slice", request, {
      inputs: ["x"],
      vectors: wide ? ["x", "out"] : [],
      sizes: { FIRST: wide ? first / 4 : first },
      count: sizeOf(output.shape) / (wide ? 4 : 1),
      body: `  out[i] = x[FIRST + ${offset}];`,
    });
  },
  grad({ inputs: [x], gradOutput, attrs: { start, step } }) {
    return [place(gradOutput, x.shape, start, step, 0)];
  },
};

/**
 * The block from `start` up to, not including, `end` on every axis.
 *
 * @param x Any shape.
 * @param start First place on every axis, from 0.
 * @param end Place after the last on every axis, at most the axis's size.
 * @param options.step Take only every `step[a]`-th place of axis `a`. @default {1 on every axis}
 * @returns Size `ceil((end - start) / step)` on every axis.
 * @throws {RangeError} If a list has not one whole number per axis, or a place is outside the axis.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { slice, tensor } from "ae";
 *
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * assert.deepEqual(await slice(x, [0, 1], [2, 3]).array(), [[2, 3], [5, 6]]);
 * ```
 */
export function slice(
  x: Tensor,
  start: readonly number[],
  end: readonly number[],
  options: { readonly step?: readonly number[] } = {},
): Tensor {
  const { shape } = x;
  const step = options.step ?? shape.map(() => 1);
  const rank = shape.length;
  if ([start, end, step].some((list) => list.length !== rank || !list.every(Number.isInteger))) {
    throw new RangeError(
      `slice: start, end and step must be ${rank} whole numbers each for shape [${
        shape.join(", ")
      }], ` +
        `not [${start}], [${end}] and [${step}]`,
    );
  }
  shape.forEach((length, a) => {
    if (start[a] < 0 || end[a] > length || start[a] > end[a] || step[a] < 1) {
      throw new RangeError(
        `slice: ${start[a]} to ${end[a]} by ${step[a]} is not within axis ${a} of [${
          shape.join(", ")
        }]`,
      );
    }
  });
  const count = shape.map((_, a) => Math.ceil((end[a] - start[a]) / step[a]));
  if (sameShape(count, shape)) return reshape(x, shape);
  return apply(sliceOp, [x], { start: [...start], step: [...step], count });
}

/** A block of a tensor of `shape` that holds `value` everywhere else. */
interface Placement extends Block {
  readonly shape: Shape;
  readonly value: number;
}

const placeOp: Op<Placement> = {
  name: "place",
  shape: (_inputs, { shape }) => shape,
  kernel(request) {
    const { inputs: [x], output, attrs } = request;
    // Join every axis that x fills to the one before it: fewer comparisons, longer runs.
    const axes: { length: number; start: number; step: number; count: number }[] = [];
    output.shape.forEach((length, a) => {
      const outer = axes.at(-1);
      const count = x.shape[a];
      if (outer && outer.step === 1 && count === length) {
        axes[axes.length - 1] = {
          length: outer.length * length,
          start: outer.start * length,
          step: 1,
          count: outer.count * length,
        };
      } else {
        axes.push({ length, start: attrs.start[a], step: attrs.step[a], count });
      }
    });
    if (axes.length === 0) axes.push({ length: 1, start: 0, step: 1, count: 1 });
    const last = axes[axes.length - 1];
    const wide = last.step === 1 && [last.length, last.start, last.count].every((n) => n % 4 === 0);
    if (wide) {
      axes[axes.length - 1] = {
        length: last.length / 4,
        start: last.start / 4,
        step: 1,
        count: last.count / 4,
      };
    }
    const coordinates = coordinatesOf("i", axes.map(({ length }) => length));
    const inside = axes.flatMap(({ length, start, step, count }, a) => [
      ...(start > 0 || count * step < length ? [`c${a} < ${count * step}u`] : []),
      ...(step > 1 ? [`c${a} % ${step}u == 0u`] : []),
    ]);
    const strides = axes.map((_, a) => sizeOf(axes.slice(a + 1).map(({ count }) => count)));
    const index = axes.map(({ step }, a) =>
      `${step > 1 ? `c${a} / ${step}u` : `c${a}`} * ${strides[a]}u`
    ).join(" + ");
    const lines = axes.map(({ start }, a) =>
      // Places before the start wrap around to huge numbers, which are not below the count.
      `  let c${a} = ${coordinates[a]}${start > 0 ? ` - ${start}u` : ""};`
    );
    const type = wide ? "vec4<Out>" : "Out";
    return perElement("place", request, {
      inputs: ["x"],
      vectors: wide ? ["x", "out"] : [],
      count: sizeOf(output.shape) / (wide ? 4 : 1),
      body: `${lines.join("\n")}
  var value = ${type}(Out(${attrs.value}));
  if (${inside.join(" && ") || "true"}) { value = x[${index}]; }
  out[i] = value;`,
    });
  },
  grad({ inputs: [x], gradOutput, attrs: { start, step } }) {
    const end = x.shape.map((count, a) => start[a] + (count - 1) * step[a] + 1);
    return [slice(gradOutput, start, end, { step })];
  },
  plus: sideBySide,
};

/** What one placement and another add up to if both are of one shape, zero elsewhere, and meet along an axis. */
function sideBySide(a: Recipe<Placement>, b: Recipe<Placement>): Tensor | null {
  const [x, y] = [a.inputs[0], b.inputs[0]];
  const { shape, step, start, value } = a.attrs;
  const isPlain = [a, b].every(({ attrs }) =>
    attrs.value === 0 && attrs.step.every((s) => s === 1)
  );
  if (!isPlain || x.dtype !== y.dtype || !sameShape(shape, b.attrs.shape)) return null;
  const differing = shape.flatMap((_, axis) =>
    start[axis] === b.attrs.start[axis] && x.shape[axis] === y.shape[axis] ? [] : [axis]
  );
  const [axis] = differing;
  if (differing.length !== 1) return null;
  const endOf = ({ inputs: [block], attrs }: Recipe<Placement>) =>
    attrs.start[axis] + block.shape[axis];
  const [first, second] = endOf(a) === b.attrs.start[axis] ? [a, b] : [b, a];
  if (endOf(first) !== second.attrs.start[axis]) return null;
  const both = concat([first.inputs[0], second.inputs[0]], axis);
  return sameShape(both.shape, shape) ? both : place(both, shape, first.attrs.start, step, value);
}

/**
 * The opposite of {@linkcode slice}: `x` as a block of a larger tensor that holds `value` everywhere else.
 * For pad.ts.
 */
export function place(
  x: Tensor,
  shape: Shape,
  start: readonly number[],
  step: readonly number[],
  value: number,
): Tensor {
  return apply(placeOp, [x], { shape, start, step, value });
}
