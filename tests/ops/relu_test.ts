import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, read, tensor } from "../../core/mod.ts";
import { batchNorm2dInference, leakyRelu, relu } from "../../ops/mod.ts";

describe("relu", () => {
  it("passes the gradient where the output is positive, not at the corner", async () => {
    const x = tensor([-1, 0, 2]);
    const y = relu(x);
    const got = await read({ y, gradX: grad(y.sum(), [x])[0] });
    assert.deepEqual([...got.y.data], [0, 0, 2]);
    assert.deepEqual([...got.gradX.data], [0, 0, 1]);
  });
});

describe("relu of NaN", () => {
  it("is NaN, alone and after a batch normalisation: what went wrong shows in the loss", async () => {
    const { data } = await relu(tensor([NaN, -1, Infinity])).read();
    assert.deepEqual([...data], [NaN, 0, Infinity]);
    const x = tensor([[[[NaN, 1]]]]);
    const [gamma, beta, mean, variance] = [1, 0, 0, 1].map((value) => tensor([value]));
    const y = batchNorm2dInference(x, gamma, beta, mean, variance, { relu: true });
    assert.ok(Number.isNaN((await y.read()).data[0]));
  });
});

describe("leakyRelu", () => {
  it("has slope 0.01 on the negative side and at the corner, unless told otherwise", async () => {
    const x = tensor([-100, 0, 2]);
    const got = await read({
      y: leakyRelu(x),
      gradX: grad(leakyRelu(x, { slope: 0.25 }).sum(), [x])[0],
    });
    assert.deepEqual([...got.y.data], [-1, 0, 2]);
    assert.deepEqual([...got.gradX.data], [0.25, 0.25, 1]);
  });
});
