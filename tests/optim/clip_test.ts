import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { read, tensor } from "../../core/mod.ts";
import { clipByGlobalNorm, clipByValue } from "../../optim/mod.ts";
import { assertClose } from "../close.ts";

describe("clipByGlobalNorm", () => {
  it("shrinks all gradients by one factor, and leaves short ones alone", async () => {
    const gradients = [tensor([3, 0]), tensor([[0, -4]])];
    const long = clipByGlobalNorm(gradients, 2);
    const short = clipByGlobalNorm(gradients, 6);
    const { a, b, c, norm } = await read({
      a: long.gradients[0],
      b: long.gradients[1],
      c: short.gradients[1],
      norm: long.norm,
    });
    assertClose(norm.data, [5]);
    assertClose(a.data, [1.2, 0]);
    assertClose(b.data, [0, -1.6]);
    assert.deepEqual([...c.data], [0, -4]);
    assert.deepEqual(b.shape, [1, 2]);
  });

  it("gives zeros for zeros", async () => {
    const { gradients } = clipByGlobalNorm([tensor([0, 0])], 1);
    assert.deepEqual(await gradients[0].array(), [0, 0]);
  });

  it("refuses a limit that is not above 0, and no gradients", () => {
    assert.throws(() => clipByGlobalNorm([tensor([1])], 0), {
      name: "RangeError",
      message: "clipByGlobalNorm: the limit must be above 0, not 0",
    });
    assert.throws(() => clipByGlobalNorm([], 1), {
      name: "RangeError",
      message: "clipByGlobalNorm: there are no gradients",
    });
  });
});

describe("clipByValue", () => {
  it("cuts each number off at the limit", async () => {
    const [clipped] = clipByValue([tensor([-5, -1, 0.25, 7])], 0.5);
    assert.deepEqual(await clipped.array(), [-0.5, -0.5, 0.25, 0.5]);
  });

  it("refuses a limit that is not above 0", () => {
    assert.throws(() => clipByValue([], NaN), {
      name: "RangeError",
      message: "clipByValue: the limit must be above 0, not NaN",
    });
  });
});
