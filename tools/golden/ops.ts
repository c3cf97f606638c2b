/**
 * Golden cases of the operations: each forward, and the gradients of `Σ y·gy` with respect to every input
 * that has an expected one.
 *
 * @module
 */
import { grad, InputError, read, type Tensor, tensor } from "../../core/mod.ts";
import {
  abs,
  add,
  batchNorm2d,
  batchNorm2dInference,
  clamp,
  concat,
  conv2d,
  div,
  exp,
  indexSelect,
  leakyRelu,
  log,
  logSoftmax,
  matmul,
  max,
  maximum,
  maxPool2d,
  mean,
  mul,
  neg,
  pad,
  permute,
  relu,
  sigmoid,
  slice,
  softmax,
  sqrt,
  square,
  stack,
  sub,
  sum,
  takeAlong,
  tanh,
  upsample2d,
} from "../../ops/mod.ts";
import type { Comparison, FamilyRunner, GoldenArray, GoldenCase } from "./golden.ts";

/** Runners of the operations' families, by name. */
export const families: Record<string, FamilyRunner> = {
  ops_conv2d: (testCase, compare) =>
    runCase(testCase, compare, ({ x, w, b }, params) => ({
      y: conv2d(x, w, {
        stride: number(params.stride),
        pad: number(params.pad),
        ...(b ? { bias: b } : {}),
      }),
    })),
  ops_pool: byName({
    maxpool2x2: ({ x }) => ({ y: maxPool2d(x) }),
    upsample_nearest2x: ({ x }) => ({ y: upsample2d(x) }),
  }),
  ops_batchnorm: (testCase, compare) => runCase(testCase, compare, batchNorm),
  ops_unary: byName({
    relu: ({ x }) => ({ y: relu(x) }),
    leaky_relu: ({ x }, params) => ({ y: leakyRelu(x, { slope: number(params.slope) }) }),
    sigmoid: ({ x }) => ({ y: sigmoid(x) }),
    exp: ({ x }) => ({ y: exp(x) }),
    log: ({ x }) => ({ y: log(x) }),
    tanh: ({ x }) => ({ y: tanh(x) }),
    sqrt: ({ x }) => ({ y: sqrt(x) }),
    square: ({ x }) => ({ y: square(x) }),
    abs: ({ x }) => ({ y: abs(x) }),
    neg: ({ x }) => ({ y: neg(x) }),
    clamp: ({ x }, params) => ({ y: clamp(x, number(params.lo), number(params.hi)) }),
  }),
  ops_softmax: byName({
    softmax: ({ x }, params) => ({ y: softmax(x, number(params.axis)) }),
    log_softmax: ({ x }, params) => ({ y: logSoftmax(x, number(params.axis)) }),
  }),
  ops_matmul: (testCase, compare) =>
    runCase(testCase, compare, ({ a, b }, { ta, tb }) => ({
      y: matmul(a, b, { transposeA: ta === true, transposeB: tb === true }),
    })),
  ops_binary: byName({
    add: ({ a, b }) => ({ y: add(a, b) }),
    sub: ({ a, b }) => ({ y: sub(a, b) }),
    mul: ({ a, b }) => ({ y: mul(a, b) }),
    div: ({ a, b }) => ({ y: div(a, b) }),
    maximum: ({ a, b }) => ({ y: maximum(a, b) }),
  }),
  ops_reduce: byName({
    sum: ({ x }, params) => ({ y: sum(x, axesOf(params), params.keepdim === true) }),
    mean: ({ x }, params) => ({ y: mean(x, axesOf(params), params.keepdim === true) }),
    max: ({ x }, params) => ({ y: max(x, axesOf(params), params.keepdim === true) }),
  }),
  ops_shape: byName({
    concat: (inputs, params) => ({ y: concat(numbered(inputs), number(params.axis)) }),
    stack: (inputs, params) => ({ y: stack(numbered(inputs), number(params.axis)) }),
    slice({ x }, { ranges }) {
      const [start, end, step] = transpose(ranges as number[][]);
      return { y: slice(x, start, end, { step }) };
    },
    gather: ({ x, index }, params) => ({ y: takeAlong(x, index, number(params.axis)) }),
    index_select: ({ x, index }, params) => ({ y: indexSelect(x, index, number(params.axis)) }),
    permute: ({ x }, { perm }) => ({ y: permute(x, perm as number[]) }),
    pad({ x }, { pads }) {
      const [before, after] = transpose(pads as number[][]);
      return { y: pad(x, before, after) };
    },
  }),
  ops_mse: (testCase, compare) =>
    runCase(testCase, compare, ({ pred, target }, { reduction }) => {
      const squares = pred.sub(target).square();
      const reduced = { mean: squares.mean(), sum: squares.sum(), none: squares };
      return { y: reduced[reduction as keyof typeof reduced] };
    }),
};

type Inputs = Readonly<Record<string, Tensor>>;
type Params = GoldenCase["params"];
/** What a case asks for: `y`, which is differentiated, and other results by their expected names. */
type Compute = (inputs: Inputs, params: Params) => Readonly<Record<string, Tensor>>;

/** A family whose parameter `op` says what to compute. */
function byName(computes: Readonly<Record<string, Compute>>): FamilyRunner {
  return (testCase, compare) => {
    const name = String(testCase.params.op);
    const compute = computes[name];
    if (!compute) throw new InputError(`${testCase.id}: no operation is known as "${name}"`);
    return runCase(testCase, compare, compute);
  };
}

async function runCase(testCase: GoldenCase, compare: Comparison, compute: Compute): Promise<void> {
  const inputs = Object.fromEntries(
    testCase.inputNames.map((name) => [name, tensorOf(testCase.input(name))]),
  );
  const results = compute(inputs, testCase.params);
  const gradientNames = testCase.expectedNames.filter((name) => name.startsWith("g_"));
  const wrt = gradientNames.map((name) => inputs[name.slice(2)]);
  const gradients = grad(results.y.mul(inputs.gy).sum(), wrt);
  const actual = await read({
    ...results,
    ...Object.fromEntries(gradientNames.map((name, i) => [name, gradients[i]])),
  });
  for (const name of testCase.expectedNames) {
    const expected = testCase.expected(name);
    compare.equal(`${name}'s shape`, [...actual[name].shape], [...expected.shape]);
    compare.close(name, actual[name].data, expected.data, expected);
  }
}

/** In training the running statistics move towards the batch's, the variance by its unbiased form. */
function batchNorm(inputs: Inputs, { mode, eps, momentum }: Params): Record<string, Tensor> {
  const { x, gamma, beta, running_mean: oldMean, running_var: oldVariance } = inputs;
  const options = { eps: number(eps) };
  if (mode === "eval") {
    const y = batchNorm2dInference(x, gamma, beta, oldMean, oldVariance, options);
    return { y, new_running_mean: oldMean, new_running_var: oldVariance };
  }
  const { y, mean: batchMean, variance } = batchNorm2d(x, gamma, beta, options);
  const n = x.size / gamma.size;
  const move = (old: Tensor, now: Tensor) =>
    old.mul(1 - number(momentum)).add(now.mul(number(momentum)));
  return {
    y,
    new_running_mean: move(oldMean, batchMean),
    new_running_var: move(oldVariance, variance.mul(n / (n - 1))),
  };
}

function tensorOf({ shape, data }: GoldenArray): Tensor {
  return tensor({
    shape,
    data: data instanceof Int32Array ? Int32Array.from(data) : Float32Array.from(data),
  });
}

function number(value: unknown): number {
  if (typeof value !== "number") throw new InputError(`a parameter must be a number, not ${value}`);
  return value;
}

/** The inputs x0, x1, … in order. */
function numbered(inputs: Inputs): Tensor[] {
  const list: Tensor[] = [];
  for (let k = 0; inputs[`x${k}`]; k++) list.push(inputs[`x${k}`]);
  return list;
}

function axesOf({ axes }: Params): number[] | undefined {
  return axes === null ? undefined : axes as number[];
}

function transpose(rows: readonly number[][]): number[][] {
  return rows[0].map((_, column) => rows.map((row) => row[column]));
}
