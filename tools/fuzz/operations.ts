/**
 * The operations of random graphs, each said twice: by the library, and in plain loops over float64, slowly and without
 * a thought for speed. `margin` says how far the numbers are from where the result has a corner or two values tie:
 * there, finite differences and rounded arithmetic say nothing, and such graphs are not drawn.
 *
 * @module
 */
import {
  abs,
  add,
  avgPool2d,
  batchNorm2d,
  concat,
  conv2d,
  div,
  exp,
  greater,
  leakyRelu,
  log,
  logSoftmax,
  matmul,
  max,
  maximum,
  maxPool2d,
  mean,
  minimum,
  mul,
  neg,
  pad,
  permute,
  relu,
  reshape,
  sigmoid,
  slice,
  softmax,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  type Tensor,
  upsample2d,
  where,
} from "../../mod.ts";
import type { Random } from "../../data/mod.ts";

/** Numbers in float64, row by row. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Settings of one operation of a graph: written out as JSON when a graph is printed. */
export type Settings = Readonly<Record<string, number | string | boolean | readonly number[]>>;

/** Shapes and settings for one more operation: which values it takes, and leaves to be made for it. */
export interface Draw {
  /** What it takes: numbers of values that exist, or the shape of a new leaf. */
  readonly inputs: readonly (number | readonly number[])[];
  readonly settings: Settings;
}

/** One operation. */
export interface Operation {
  /** Choose what it is applied to; null where nothing fits. */
  draw(random: Random, values: readonly Values[]): Draw | null;
  /** By the library. */
  describe(inputs: readonly Tensor[], settings: Settings): Tensor;
  /** In plain loops. */
  compute(inputs: readonly Values[], settings: Settings): Values;
  /** Distance to the nearest corner, tie or pole. @default {Infinity} */
  margin?(inputs: readonly Values[], settings: Settings): number;
}

/** How many numbers a shape holds. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** How far apart neighbours along each axis lie. */
function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** Every place of a shape, in order. */
function* placesOf(shape: readonly number[]): Generator<number[]> {
  const place = shape.map(() => 0);
  for (let i = sizeOf(shape); i > 0; i--) {
    yield [...place];
    for (let axis = shape.length - 1; axis >= 0 && ++place[axis] === shape[axis]; axis--) {
      place[axis] = 0;
    }
  }
}

/** A value at a place; axes of length 1 are repeated. */
function at({ shape, data }: Values, place: readonly number[]): number {
  const strides = stridesOf(shape);
  const missing = place.length - shape.length;
  return data[
    shape.reduce(
      (index, length, axis) => index + (length === 1 ? 0 : strides[axis] * place[axis + missing]),
      0,
    )
  ];
}

/** Values of a shape from a formula for each place. */
function build(shape: readonly number[], formula: (place: readonly number[]) => number): Values {
  const data = new Float64Array(sizeOf(shape));
  let i = 0;
  for (const place of placesOf(shape)) data[i++] = formula(place);
  return { shape, data };
}

function smallest(numbers: Iterable<number>): number {
  let least = Infinity;
  for (const x of numbers) least = Math.min(least, x);
  return least;
}

/** By how much the largest of a list is ahead. */
function lead(numbers: readonly number[]): number {
  const [first, second = -Infinity] = numbers.toSorted((a, b) => b - a);
  return first - second;
}

function pickWhere(
  random: Random,
  values: readonly Values[],
  fits: (values: Values) => boolean,
): number | null {
  const fitting = values.flatMap((it, i) => fits(it) ? [i] : []);
  return fitting.length === 0 ? null : random.pick(fitting);
}

/** An operation on each number of one input. */
function elementary(
  describe: (x: Tensor) => Tensor,
  formula: (x: number) => number,
  margin: (x: number) => number = () => Infinity,
): Operation {
  return {
    draw: (random, values) => ({ inputs: [random.integer(values.length)], settings: {} }),
    describe: ([x]) => describe(x),
    compute: ([x]) => ({ shape: x.shape, data: x.data.map(formula) }),
    margin: ([x]) => smallest(x.data.values().map(margin)),
  };
}

/** The shape of two that broadcast, or null. */
function together(a: readonly number[], b: readonly number[]): number[] | null {
  const rank = Math.max(a.length, b.length);
  const long = (shape: readonly number[]) => [...Array(rank - shape.length).fill(1), ...shape];
  const [left, right] = [long(a), long(b)];
  const fits = left.every((length, i) => length === right[i] || length === 1 || right[i] === 1);
  return fits ? left.map((length, i) => Math.max(length, right[i])) : null;
}

/** The largest result: more would only take longer. */
const MOST_NUMBERS = 1500;

/** An operation on pairs of numbers, with broadcasting. */
function binary(
  describe: (a: Tensor, b: Tensor) => Tensor,
  formula: (a: number, b: number) => number,
  margin: (a: number, b: number) => number = () => Infinity,
): Operation {
  const pairs = ([a, b]: readonly Values[], of: (a: number, b: number) => number) =>
    build(together(a.shape, b.shape)!, (place) => of(at(a, place), at(b, place)));
  return {
    draw(random, values) {
      const a = random.integer(values.length);
      const b = pickWhere(random, values, ({ shape }) => {
        const shared = together(values[a].shape, shape);
        return shared !== null && sizeOf(shared) <= MOST_NUMBERS;
      });
      if (b === null) return null;
      return { inputs: random.chance(0.5) ? [a, b] : [b, a], settings: {} };
    },
    describe: ([a, b]) => describe(a, b),
    compute: (inputs) => pairs(inputs, formula),
    margin: (inputs) => smallest(pairs(inputs, margin).data),
  };
}

/** Some of the axes, at least one. */
function someAxes(random: Random, rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const chosen = axes.filter(() => random.chance(0.5));
  return chosen.length > 0 ? chosen : [random.pick(axes)];
}

/** An operation that brings the numbers along some axes to one. */
function reduction(
  describe: (x: Tensor, axes: readonly number[], keepAxes: boolean) => Tensor,
  formula: (numbers: readonly number[]) => number,
  margin: (numbers: readonly number[]) => number = () => Infinity,
): Operation {
  const groups = (x: Values, { axes, keep }: Settings, of: (numbers: number[]) => number) => {
    const along = axes as readonly number[];
    const kept = x.shape.map((length, axis) => along.includes(axis) ? 1 : length);
    const inner = x.shape.map((length, axis) => along.includes(axis) ? length : 1);
    const { data } = build(kept, (place) => {
      const outer = [...place];
      return of(
        [...placesOf(inner)].map((step) => at(x, outer.map((it, axis) => it + step[axis]))),
      );
    });
    return { shape: keep ? kept : kept.filter((_, axis) => !along.includes(axis)), data };
  };
  return {
    draw(random, values) {
      const x = pickWhere(random, values, ({ shape }) => shape.length > 0);
      if (x === null) return null;
      const axes = someAxes(random, values[x].shape.length);
      return { inputs: [x], settings: { axes, keep: random.chance(0.5) } };
    },
    describe: ([x], { axes, keep }) => describe(x, axes as number[], keep as boolean),
    compute: ([x], settings) => groups(x, settings, formula),
    margin: ([x], settings) => smallest(groups(x, settings, margin).data),
  };
}

const total = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

/** An operation along the last axis that keeps the shape. */
function alongLast(
  describe: (x: Tensor) => Tensor,
  formula: (row: readonly number[], i: number) => number,
): Operation {
  return {
    draw(random, values) {
      const x = pickWhere(random, values, ({ shape }) => shape.length > 0);
      return x === null ? null : { inputs: [x], settings: {} };
    },
    describe: ([x]) => describe(x),
    compute([x]) {
      const length = x.shape.at(-1)!;
      const data = x.data.map((_, i) => {
        const first = i - i % length;
        return formula([...x.data.subarray(first, first + length)], i - first);
      });
      return { shape: x.shape, data };
    },
  };
}

function isImages({ shape }: Values): boolean {
  return shape.length === 4;
}

/** What lies in a window of 2 × 2 that begins at a place of the result. */
function window(x: Values, [n, c, i, j]: readonly number[]): number[] {
  return [0, 1].flatMap((u) => [0, 1].map((v) => at(x, [n, c, 2 * i + u, 2 * j + v])));
}

function pooling(
  describe: (x: Tensor) => Tensor,
  formula: (numbers: readonly number[]) => number,
  margin: (numbers: readonly number[]) => number = () => Infinity,
): Operation {
  const pooled = (x: Values, of: (numbers: readonly number[]) => number) => {
    const [N, C, H, W] = x.shape;
    return build([N, C, Math.floor(H / 2), Math.floor(W / 2)], (place) => of(window(x, place)));
  };
  return {
    draw(random, values) {
      const x = pickWhere(
        random,
        values,
        (it) => isImages(it) && it.shape[2] >= 2 && it.shape[3] >= 2,
      );
      return x === null ? null : { inputs: [x], settings: {} };
    },
    describe: ([x]) => describe(x),
    compute: ([x]) => pooled(x, formula),
    margin: ([x]) => smallest(pooled(x, margin).data),
  };
}

/** Where axis 2 or 3 of a 4-axis image reaches outside, 0 is read. */
function pixel(x: Values, [n, c, i, j]: readonly number[]): number {
  const outside = i < 0 || j < 0 || i >= x.shape[2] || j >= x.shape[3];
  return outside ? 0 : at(x, [n, c, i, j]);
}

const convolution: Operation = {
  draw(random, values) {
    const x = pickWhere(random, values, (it) => isImages(it) && sizeOf(it.shape) > 0);
    if (x === null) return null;
    const [N, C, H, W] = values[x].shape;
    const size = random.pick([1, 2, 3]);
    const stride = random.pick([1, 1, 2]);
    const border = random.integer(size);
    const length = (side: number) => Math.floor((side + 2 * border - size) / stride) + 1;
    if (length(H) < 1 || length(W) < 1) return null;
    const O = random.pick([1, 2, 3, 5, 8]);
    if (N * O * length(H) * length(W) > MOST_NUMBERS) return null;
    const withBias = random.chance(0.5);
    return {
      inputs: [x, [O, C, size, size], ...(withBias ? [[O]] : [])],
      settings: { stride, pad: border },
    };
  },
  describe: ([x, weight, bias], { stride, pad }) =>
    conv2d(x, weight, {
      stride: stride as number,
      pad: pad as number,
      ...(bias ? { bias } : {}),
    }),
  compute([x, weight, bias], settings) {
    const [stride, border] = [settings.stride as number, settings.pad as number];
    const [O, C, kH, kW] = weight.shape;
    const [N, , H, W] = x.shape;
    const length = (side: number, size: number) =>
      Math.floor((side + 2 * border - size) / stride) + 1;
    return build([N, O, length(H, kH), length(W, kW)], ([n, o, i, j]) => {
      let sum = bias ? bias.data[o] : 0;
      for (const [c, u, v] of placesOf([C, kH, kW])) {
        sum += at(weight, [o, c, u, v]) *
          pixel(x, [n, c, i * stride + u - border, j * stride + v - border]);
      }
      return sum;
    });
  },
};

const product: Operation = {
  draw(random, values) {
    const a = pickWhere(random, values, ({ shape }) => shape.length >= 2 && shape.length <= 3);
    if (a === null) return null;
    const [rows, terms] = values[a].shape.slice(-2);
    const columns = random.pick([1, 2, 4, 7]);
    const b = pickWhere(random, values, ({ shape }) => shape.length === 2 && shape[0] === terms);
    const inputs = [a, b !== null && random.chance(0.5) ? b : [terms, columns]];
    return rows * columns > MOST_NUMBERS ? null : { inputs, settings: {} };
  },
  describe: ([a, b]) => matmul(a, b),
  compute([a, b]) {
    const terms = b.shape[0];
    return build([...a.shape.slice(0, -1), b.shape[1]], (place) => {
      const outer = [...place];
      const column = outer.pop()!;
      let sum = 0;
      for (let k = 0; k < terms; k++) sum += at(a, [...outer, k]) * at(b, [k, column]);
      return sum;
    });
  },
};

/** Batch normalisation needs some spread: its slope grows without bound where a channel is constant. */
const EPS = 0.1;

const normalisation: Operation = {
  draw(random, values) {
    const x = pickWhere(random, values, isImages);
    if (x === null) return null;
    const C = values[x].shape[1];
    return { inputs: [x, [C], [C]], settings: { relu: random.chance(0.5) } };
  },
  describe: ([x, gamma, beta], { relu }) =>
    batchNorm2d(x, gamma, beta, { eps: EPS, relu: relu as boolean }).y,
  compute: (inputs, { relu }) => {
    const y = normalised(inputs);
    return relu ? { shape: y.shape, data: y.data.map((it) => Math.max(0, it)) } : y;
  },
  margin: (inputs, { relu }) => relu ? smallest(normalised(inputs).data.map(Math.abs)) : Infinity,
};

function normalised([x, gamma, beta]: readonly Values[]): Values {
  const [N, C, H, W] = x.shape;
  const channels = Array.from({ length: C }, (_, c) => {
    const numbers = [...placesOf([N, H, W])].map(([n, i, j]) => at(x, [n, c, i, j]));
    const middle = total(numbers) / numbers.length;
    const variance = total(numbers.map((it) => (it - middle) ** 2)) / numbers.length;
    return { middle, deviation: Math.sqrt(variance + EPS) };
  });
  return build(x.shape, ([n, c, i, j]) => {
    const { middle, deviation } = channels[c];
    return gamma.data[c] * (at(x, [n, c, i, j]) - middle) / deviation + beta.data[c];
  });
}

/** All of them by name. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  neg: elementary(neg, (x) => -x),
  abs: elementary(abs, Math.abs, Math.abs),
  square: elementary(square, (x) => x * x),
  sqrt: elementary(sqrt, Math.sqrt, (x) => x - 0.05),
  exp: elementary(exp, Math.exp),
  log: elementary(log, Math.log, (x) => x - 0.05),
  sigmoid: elementary(sigmoid, (x) => 1 / (1 + Math.exp(-x))),
  tanh: elementary(tanh, Math.tanh),
  softplus: elementary(softplus, (x) => Math.log1p(Math.exp(x))),
  relu: elementary(relu, (x) => Math.max(0, x), Math.abs),
  leakyRelu: elementary(leakyRelu, (x) => x > 0 ? x : 0.01 * x, Math.abs),
  half: elementary((x) => x.mul(0.5), (x) => 0.5 * x),
  shift: elementary((x) => x.add(1), (x) => x + 1),
  add: binary(add, (a, b) => a + b),
  sub: binary(sub, (a, b) => a - b),
  mul: binary(mul, (a, b) => a * b),
  div: binary(div, (a, b) => a / b, (_, b) => Math.abs(b) - 0.1),
  maximum: binary(maximum, Math.max, (a, b) => Math.abs(a - b)),
  minimum: binary(minimum, Math.min, (a, b) => Math.abs(a - b)),
  larger: binary(
    (a, b) => where(greater(a, b), a, b.mul(2)),
    (a, b) => a > b ? a : 2 * b,
    (a, b) => Math.abs(a - b),
  ),
  sum: reduction(sum, total),
  mean: reduction(mean, (numbers) => total(numbers) / numbers.length),
  max: reduction(max, (numbers) => Math.max(...numbers), lead),
  softmax: alongLast(softmax, (row, i) => Math.exp(row[i]) / total(row.map(Math.exp))),
  logSoftmax: alongLast(logSoftmax, (row, i) => row[i] - Math.log(total(row.map(Math.exp)))),
  reshape: {
    draw(random, values) {
      const x = random.integer(values.length);
      const { shape } = values[x];
      const cut = random.integer(shape.length + 1);
      const merged = [sizeOf(shape.slice(0, cut)), sizeOf(shape.slice(cut))];
      const wanted = random.pick([[sizeOf(shape)], merged]);
      // The same shape is the same tensor; a variable that a step returns stands for itself, new value and all.
      return wanted.join() === shape.join() ? null : { inputs: [x], settings: { shape: wanted } };
    },
    describe: ([x], { shape }) => reshape(x, shape as number[]),
    compute: ([x], { shape }) => ({ shape: shape as number[], data: x.data }),
  },
  images: {
    draw(random, values) {
      const x = random.integer(values.length);
      const { shape } = values[x];
      if (shape.length >= 4) return null;
      return { inputs: [x], settings: { shape: [...Array(4 - shape.length).fill(1), ...shape] } };
    },
    describe: ([x], { shape }) => reshape(x, shape as number[]),
    compute: ([x], { shape }) => ({ shape: shape as number[], data: x.data }),
  },
  permute: {
    draw(random, values) {
      const x = pickWhere(random, values, ({ shape }) => shape.length > 1);
      if (x === null) return null;
      const axes = random.shuffled(values[x].shape.map((_, axis) => axis));
      return { inputs: [x], settings: { axes } };
    },
    describe: ([x], { axes }) => permute(x, axes as number[]),
    compute([x], settings) {
      const axes = settings.axes as readonly number[];
      return build(axes.map((axis) => x.shape[axis]), (place) => {
        const source: number[] = [];
        axes.forEach((axis, i) => source[axis] = place[i]);
        return at(x, source);
      });
    },
  },
  slice: {
    draw(random, values) {
      const x = pickWhere(random, values, ({ shape }) => shape.length > 0);
      if (x === null) return null;
      const start = values[x].shape.map((length) => random.integer(length));
      const end = start.map((it, axis) => it + 1 + random.integer(values[x].shape[axis] - it));
      return { inputs: [x], settings: { start, end } };
    },
    describe: ([x], { start, end }) => slice(x, start as number[], end as number[]),
    compute([x], settings) {
      const [start, end] = [settings.start as number[], settings.end as number[]];
      return build(
        start.map((it, axis) => end[axis] - it),
        (place) => at(x, place.map((it, axis) => it + start[axis])),
      );
    },
  },
  pad: {
    draw(random, values) {
      const x = pickWhere(
        random,
        values,
        ({ shape }) =>
          shape.length > 0 && sizeOf(shape.map((length) => length + 2)) <= MOST_NUMBERS,
      );
      if (x === null) return null;
      const border = () => values[x].shape.map(() => random.integer(2));
      return { inputs: [x], settings: { before: border(), after: border() } };
    },
    describe: ([x], { before, after }) => pad(x, before as number[], after as number[]),
    compute([x], settings) {
      const [before, after] = [settings.before as number[], settings.after as number[]];
      return build(x.shape.map((length, axis) => length + before[axis] + after[axis]), (place) => {
        const inside = place.map((it, axis) => it - before[axis]);
        const isInside = inside.every((it, axis) => it >= 0 && it < x.shape[axis]);
        return isInside ? at(x, inside) : 0;
      });
    },
  },
  concat: {
    draw(random, values) {
      const a = pickWhere(random, values, ({ shape }) => shape.length > 0);
      if (a === null) return null;
      const { shape } = values[a];
      const axis = random.integer(shape.length);
      const b = pickWhere(random, values, (it) =>
        it.shape.length === shape.length &&
        it.shape.every((length, i) => i === axis || length === shape[i]))!;
      if (sizeOf(shape) + sizeOf(values[b].shape) > MOST_NUMBERS) return null;
      return { inputs: [a, b], settings: { axis } };
    },
    describe: ([a, b], { axis }) => concat([a, b], axis as number),
    compute([a, b], settings) {
      const axis = settings.axis as number;
      const [first, second] = [a.shape[axis], b.shape[axis]];
      return build(
        a.shape.with(axis, first + second),
        (place) =>
          place[axis] < first
            ? at(a, place)
            : at(b, place.map((it, i) => i === axis ? it - first : it)),
      );
    },
  },
  matmul: product,
  conv2d: convolution,
  batchNorm2d: normalisation,
  maxPool2d: pooling(maxPool2d, (numbers) => Math.max(...numbers), lead),
  avgPool2d: pooling(avgPool2d, (numbers) => total(numbers) / 4),
  upsample2d: {
    draw(random, values) {
      const x = pickWhere(
        random,
        values,
        (it) => isImages(it) && 4 * sizeOf(it.shape) <= MOST_NUMBERS,
      );
      return x === null ? null : { inputs: [x], settings: {} };
    },
    describe: ([x]) => upsample2d(x),
    compute([x]) {
      const [N, C, H, W] = x.shape;
      return build(
        [N, C, 2 * H, 2 * W],
        ([n, c, i, j]) => at(x, [n, c, Math.floor(i / 2), Math.floor(j / 2)]),
      );
    },
  },
};
