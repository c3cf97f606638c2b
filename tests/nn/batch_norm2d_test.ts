import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { compile, hostArray, read, type Tensor, tensor } from "../../core/mod.ts";
import { BatchNorm2d, loadState } from "../../nn/mod.ts";
import { assertClose } from "../close.ts";

// Two images, two channels, 1 × 2 pixels.
const x = hostArray([2, 2, 1, 2], [1, 2, 10, 20, 3, 6, 40, 50]);
const channels = [[1, 2, 3, 6], [10, 20, 40, 50]];
const means = channels.map((data) => data.reduce((sum, value) => sum + value) / 4);
const variances = channels.map((data, c) =>
  data.reduce((sum, value) => sum + (value - means[c]) ** 2, 0) / 4
);
const state = {
  weight: hostArray([2], [2, 3]),
  bias: hostArray([2], [-1, 1]),
  running_mean: hostArray([2], [4, 5]),
  running_var: hostArray([2], [9, 16]),
};
const normal = (mean: number[], variance: number[]) =>
  [...x.data].map((value, i) => {
    const c = Math.floor(i / 2) % 2;
    const { weight, bias } = state;
    return weight.data[c] * (value - mean[c]) / Math.sqrt(variance[c] + 1e-5) + bias.data[c];
  });

describe("BatchNorm2d", () => {
  it("uses the batch's statistics while training and averages them", async () => {
    const bn = new BatchNorm2d({ channels: 2, momentum: 0.25 });
    await loadState(bn, state);
    using step = compile(({ x }: { x: Tensor }) => bn.forward(x, { training: true }));
    const y = await (await step({ x })).read();
    assertClose(y.data, normal(means, variances));
    const after = await read({ mean: bn.runningMean, variance: bn.runningVar });
    assertClose(after.mean.data, means.map((mean, c) => 0.75 * [4, 5][c] + 0.25 * mean));
    assertClose(
      after.variance.data,
      variances.map((variance, c) => 0.75 * [9, 16][c] + 0.25 * variance * 4 / 3),
    );
  });

  it("uses the running averages otherwise and leaves them alone", async () => {
    const bn = new BatchNorm2d({ channels: 2 });
    await loadState(bn, state);
    const { y } = await read({ y: bn.forward(tensor(x)) });
    assertClose(y.data, normal([4, 5], [9, 16]));
    assert.deepEqual(await bn.runningMean.array(), [4, 5]);
  });

  it("refuses settings out of range", () => {
    const bad = [
      [{ channels: 0 }, "BatchNorm2d: channels must be a whole number, 1 or more, not 0"],
      [{ momentum: 1.5 }, "BatchNorm2d: momentum must be 0 to 1, not 1.5"],
      [{ eps: 0 }, "BatchNorm2d: eps must be above 0, not 0"],
    ] as const;
    for (const [options, message] of bad) {
      assert.throws(() => new BatchNorm2d({ channels: 1, ...options }), {
        name: "RangeError",
        message,
      });
    }
  });

  it("refuses to learn from one number a channel", () => {
    const bn = new BatchNorm2d({ channels: 1 });
    assert.throws(() => bn.forward(tensor([[[[1]]]]), { training: true }), {
      name: "ShapeError",
      message: /^BatchNorm2d: the variance of one number cannot be normalised\n/,
    });
  });
});
