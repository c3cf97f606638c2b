import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  compile,
  hostArray,
  ones,
  read,
  type Shape,
  type Tensor,
  tensor,
  zeros,
} from "../../core/mod.ts";
import { batchNorm2d, batchNorm2dInference, runningStatistic, upsample2d } from "../../ops/mod.ts";
import type { Numbers } from "../check_gradient.ts";
import { checkOp } from "../check_op.ts";
import { assertClose } from "../close.ts";

const EPS = 1e-5;

/** Mean and variance of every channel. */
function statistics({ shape: [n, c, height, width], data }: Numbers): [number[], number[]] {
  const plane = height * width;
  const own = Array.from({ length: c }, () => [] as number[]);
  data.forEach((value, i) => own[Math.floor(i / plane) % c].push(value));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / (n * plane);
  const means = own.map(mean);
  return [means, own.map((values, k) => mean(values.map((value) => (value - means[k]) ** 2)))];
}

function normalise(
  { shape: [, c, height, width], data }: Numbers,
  gamma: Numbers,
  beta: Numbers,
  mean: readonly number[],
  variance: readonly number[],
): number[] {
  return data.map((value, i) => {
    const k = Math.floor(i / (height * width)) % c;
    return gamma.data[k] * (value - mean[k]) / Math.sqrt(variance[k] + EPS) + beta.data[k];
  });
}

/** Planes of 16, 4 and 1 at a time; one value per plane; more values than a workgroup has lanes. */
const SHAPES: readonly Shape[] = [[2, 3, 4, 4], [3, 2, 2, 2], [2, 3, 5, 3], [5, 2, 1, 1], [
  3,
  2,
  12,
  20,
]];

describe("batchNorm2d", () => {
  it("normalises every channel over the batch, with all gradients", async () => {
    await checkOp(...SHAPES.map((shape, i) => ({
      op: (x: Tensor, gamma: Tensor, beta: Tensor) => batchNorm2d(x, gamma, beta).y,
      reference: (x: Numbers, gamma: Numbers, beta: Numbers) =>
        normalise(x, gamma, beta, ...statistics(x)),
      inputs: [shape, [shape[1]], [shape[1]]],
      shape,
      half: i === 0,
      halfTolerance: 0.05, // gamma's gradient adds up 32 rounded numbers
      tolerance: 1e-4,
    })));
  });

  it("ends in a ReLU in the same pass where asked, with all gradients", async () => {
    await checkOp(...[SHAPES[0], SHAPES[2]].map((shape) => ({
      op: (x: Tensor, gamma: Tensor, beta: Tensor) => batchNorm2d(x, gamma, beta, { relu: true }).y,
      reference: (x: Numbers, gamma: Numbers, beta: Numbers) =>
        normalise(x, gamma, beta, ...statistics(x)).map((value) => Math.max(0, value)),
      inputs: [shape, [shape[1]], [shape[1]]],
      shape,
      tolerance: 1e-4,
    })));
  });

  it("gives the mean and the biased variance, differentiable too", async () => {
    await checkOp(...[SHAPES[0], SHAPES[2]].flatMap((shape) =>
      ([0, 1] as const).map((which) => ({
        op: (x: Tensor) => {
          const { mean, variance } = batchNorm2d(x, ones([shape[1]]), zeros([shape[1]]));
          return which === 0 ? mean : variance;
        },
        reference: (x: Numbers) => statistics(x)[which],
        inputs: [shape],
        shape: [shape[1]],
      }))
    ));
  });

  it("keeps the digits of the variance where the mean is large, or one value is far off", async () => {
    const n = 20_000;
    const around = Float32Array.from({ length: n }, (_, i) => 10_000 + i % 2); // variance 1/4
    const outlier = new Float32Array(n);
    outlier.fill(1, 1);
    outlier[0] = 10_000;
    const data = new Float32Array([...around, ...outlier]);
    const x = tensor({ shape: [1, 2, 100, 200], data });
    const { mean, variance } = batchNorm2d(x, ones([2]), zeros([2]));
    const got = await read({ mean, variance });
    const [means, variances] = statistics({ shape: x.shape, data: [...data] });
    assertClose(got.mean.data, means, { tolerance: 1e-5 }); // f32 holds 10,000 to 1e-3
    // A lane that starts from the outlier loses as many digits as it has values: 80.
    assertClose(got.variance.data, variances, { tolerance: 1e-4 });
  });

  it("gives beta where all values of a channel are equal", async () => {
    const { y } = batchNorm2d(ones([2, 1, 3, 3]).mul(7), ones([1]), ones([1]).mul(3));
    assert.deepEqual([...(await y.read()).data], new Array(18).fill(3));
  });

  it("takes one dispatch for the statistics and one for the result", async () => {
    using step = compile(({ x }: { x: Tensor }) => batchNorm2d(x, ones([4]), zeros([4])).y);
    await step({ x: hostArray([2, 4, 8, 8]) });
    assert.deepEqual([...step.plans().values()].map(({ kernels }) => kernels), [2]);
  });

  it("refuses shapes, eps and batches that do not fit", () => {
    const three = ones([3]);
    assert.throws(() => batchNorm2d(zeros([3, 3]), three, three), {
      name: "ShapeError",
      message: /^batchNorm2d: x must have 4 axes, not 2\n/,
    });
    assert.throws(() => batchNorm2d(zeros([1, 2, 3, 3]), three, three), {
      name: "ShapeError",
      message: /^batchNorm2d: gamma must have one number for each of the 2 channels\n/,
    });
    assert.throws(() => batchNorm2d(zeros([1, 3, 2, 2]), three, three, { eps: 0 }), {
      name: "RangeError",
      message: "batchNorm2d: eps must be a positive number, not 0",
    });
    assert.throws(() => batchNorm2d(zeros([0, 3, 2, 2]), three, three), {
      name: "RangeError",
      message: "batchNorm2d: there is nothing to average in [0, 3, 2, 2]",
    });
  });
});

describe("runningStatistic", () => {
  it("mixes one row of the statistics into an average", async () => {
    const batch = tensor([[1, 2, 3], [10, 20, 30]]);
    const old = tensor([4, 8, 12]);
    const { mean, variance } = await read({
      mean: runningStatistic(old, batch, { of: "mean", keep: 0.75, take: 0.25 }),
      variance: runningStatistic(old, batch, { of: "variance", keep: 1, take: 2 }),
    });
    assert.deepEqual([...mean.data], [3.25, 6.5, 9.75]);
    assert.deepEqual([...variance.data], [24, 48, 72]);
  });

  it("refuses statistics of other channels or rows", () => {
    for (const shape of [[2, 3], [1, 2], [2]]) {
      assert.throws(
        () => runningStatistic(zeros([2]), zeros(shape), { of: "mean", keep: 1, take: 0 }),
        {
          name: "ShapeError",
          message: /^runningStatistic: statistics must have two rows of the average's channels\n/,
        },
      );
    }
  });
});

describe("batchNorm2dInference", () => {
  it("normalises with given statistics, with all gradients", async () => {
    const variance = { shape: [3], data: [0.5, 1, 2] };
    await checkOp(...[SHAPES[0], SHAPES[2]].map((shape, i) => ({
      op: (...[x, gamma, beta, mean, variance]: Tensor[]) =>
        batchNorm2dInference(x, gamma, beta, mean, variance, { relu: i === 1 }),
      reference: (...[x, gamma, beta, mean, variance]: Numbers[]) =>
        normalise(x, gamma, beta, mean.data, variance.data)
          .map((value) => i === 1 ? Math.max(0, value) : value),
      inputs: [shape, [3], [3], [3], variance],
      shape,
      half: i === 0,
      halfTolerance: 0.05,
      tolerance: 1e-4,
    })));
  });

  it("is computed where the kernel before it stores its results, with the same bits", async () => {
    const numbers = [[2, 1, 3], [0.1, 0.2, 0.3], [1, 2, 0.5], [0.5, 1, 2]];
    const [gamma, beta, mean, variance] = numbers.map((values) => tensor(values));
    const x = hostArray([1, 3, 2, 3], Array.from({ length: 18 }, (_, i) => Math.sin(i)));
    const norm = (x: Tensor) =>
      batchNorm2dInference(x, gamma, beta, mean, variance, { relu: true });
    using fused = compile(({ x }: { x: Tensor }) => ({ y: norm(upsample2d(x)) }));
    const { y } = await fused({ x });
    const got = await y.read();
    assert.equal([...fused.plans().values()][0].kernels, 2); // the factors of the channels, and all the rest
    const stored = upsample2d(tensor(x));
    await stored.read();
    assert.deepEqual(got, await norm(stored).read()); // by a kernel of its own
  });

  it("refuses statistics that do not fit", () => {
    const one = ones([1]);
    assert.throws(() => batchNorm2dInference(zeros([1, 1, 2, 2]), one, one, one, ones([2])), {
      name: "ShapeError",
      message: /^batchNorm2dInference: variance must have one number for each of the 1 channels\n/,
    });
    assert.throws(
      () => batchNorm2dInference(zeros([1, 1, 2, 2]), one, one, one, one, { eps: -1 }),
      {
        name: "RangeError",
        message: "batchNorm2dInference: eps must be a positive number, not -1",
      },
    );
  });
});
