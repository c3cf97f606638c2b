import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, read, tensor, zeros } from "../../core/mod.ts";
import { add, clamp, div, maximum, minimum, mul, sub } from "../../ops/mod.ts";

// Values, gradients and broadcasting: pointwise_test.ts.

describe("add, sub, mul", () => {
  it("work on integers, which wrap around", async () => {
    const x = tensor([2_147_483_647, -5], { dtype: "i32" });
    assert.deepEqual(await add(x, 1).array(), [-2_147_483_648, -4]);
    assert.deepEqual(await sub(x, x).array(), [0, 0]);
    assert.deepEqual(await mul(x, 2).array(), [-2, -10]);
  });

  it("refuse shapes that do not broadcast", () => {
    for (const [name, op] of Object.entries({ add, sub, mul, div, maximum, minimum })) {
      assert.throws(() => op(zeros([2]), zeros([3])), {
        name: "ShapeError",
        message: new RegExp(`^${name}: sizes 2 and 3 do not go together on axis -1`),
      });
    }
  });
});

describe("div", () => {
  it("is infinite where a tensor is 0, and refuses the number 0", async () => {
    assert.deepEqual([...(await div(tensor([1, -1]), tensor([0, 0])).read()).data], [
      Infinity,
      -Infinity,
    ]);
    assert.throws(() => div(tensor([1]), 0), {
      name: "RangeError",
      message: "div: b is the number 0",
    });
  });
});

describe("maximum, minimum", () => {
  it("share the gradient where both are equal", async () => {
    const a = tensor([1, 2, 3]);
    const b = tensor([3, 2, 1]);
    const [maxA, maxB] = grad(maximum(a, b).sum(), [a, b]);
    const [minA, minB] = grad(minimum(a, b).sum(), [a, b]);
    const got = await read({ maxA, maxB, minA, minB });
    assert.deepEqual([...got.maxA.data], [0, 0.5, 1]);
    assert.deepEqual([...got.maxB.data], [1, 0.5, 0]);
    assert.deepEqual([...got.minA.data], [1, 0.5, 0]);
    assert.deepEqual([...got.minB.data], [0, 0.5, 1]);
  });
});

describe("clamp", () => {
  it("passes the gradient within the bounds, both included", async () => {
    const x = tensor([-2, -1, 0, 1, 2]);
    const y = clamp(x, -1, 1);
    const [gradX] = grad(y.sum(), [x]);
    const got = await read({ y, gradX });
    assert.deepEqual([...got.y.data], [-1, -1, 0, 1, 1]);
    assert.deepEqual([...got.gradX.data], [0, 1, 1, 1, 0]);
  });

  it("refuses bounds in the wrong order", () => {
    assert.throws(() => clamp(zeros([2]), 1, 0), {
      name: "RangeError",
      message: "clamp: low 1 must not be larger than high 0",
    });
  });
});

describe("maximum, minimum, clamp", () => {
  it("give the number of a number and NaN, clamp a bound", async () => {
    const [a, b] = [tensor([NaN, 1, NaN]), tensor([1, NaN, NaN])];
    assert.deepEqual(await maximum(a, b).array(), [1, 1, NaN]);
    assert.deepEqual(await minimum(a, b).array(), [1, 1, NaN]);
    assert.deepEqual(await maximum(a, 2).array(), [2, 2, 2]);
    const [bounded] = await clamp(a, -3, 4).array() as number[];
    assert.ok(bounded === -3 || bounded === 4, `${bounded}`);
  });
});
