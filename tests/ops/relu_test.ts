import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, read, tensor } from "../../core/mod.ts";
import { leakyRelu, relu } from "../../ops/mod.ts";

describe("relu", () => {
  it("passes the gradient where the output is positive, not at the corner", async () => {
    const x = tensor([-1, 0, 2]);
    const y = relu(x);
    const got = await read({ y, gradX: grad(y.sum(), [x])[0] });
    assert.deepEqual([...got.y.data], [0, 0, 2]);
    assert.deepEqual([...got.gradX.data], [0, 0, 1]);
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
