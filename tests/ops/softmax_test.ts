import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { read, type Shape, type Tensor, tensor, zeros } from "../../core/mod.ts";
import { logSoftmax, softmax } from "../../ops/mod.ts";
import type { Numbers } from "../check_gradient.ts";
import { at, checkOp, places } from "../check_op.ts";

const overAxis = (axis: number, finish: (x: number, total: number) => number) => (x: Numbers) =>
  [...places(x.shape)].map((place) => {
    let total = 0;
    for (let k = 0; k < x.shape[axis]; k++) total += Math.exp(at(x, place.with(axis, k)));
    return finish(at(x, place), total);
  });

/** Rows, columns, a single number, one row longer than a workgroup has lanes. */
const CASES: readonly (readonly [Shape, number])[] = [
  [[4, 7], 1],
  [[3, 5, 2], 1],
  [[6, 3], 0],
  [[3, 1], 1],
  [[2, 150], 1],
  [[150, 2], 0],
  [[40, 3, 5], 1],
];

const checks = (
  op: (x: Tensor, axis: number) => Tensor,
  finish: (x: number, total: number) => number,
) =>
  CASES.map(([shape, axis], i) => ({
    op: (x: Tensor) => op(x, axis),
    reference: overAxis(axis, finish),
    inputs: [shape],
    shape,
    half: i === 1,
  }));

describe("softmax", () => {
  it("makes probabilities along any axis, with its gradient", async () => {
    await checkOp(...checks(softmax, (x, total) => Math.exp(x) / total));
  });

  it("neither overflows nor loses the largest, in short and long rows", async () => {
    const long = new Float32Array(10_000).fill(-1e4);
    long[9_999] = 1e4;
    const got = await read({
      short: softmax(tensor([[1e4, -1e4], [3e38, 3e38]])),
      long: softmax(tensor(long)),
      columns: softmax(tensor({ shape: [10_000, 1], data: long }), 0),
    });
    assert.deepEqual([...got.short.data], [1, 0, 0.5, 0.5]);
    for (const { data } of [got.long, got.columns]) {
      assert.deepEqual([data[9_999], data[0], data[5_000]], [1, 0, 0]);
    }
  });

  it("refuses integers and axes that do not exist", () => {
    assert.throws(() => softmax(zeros([2], "i32")), {
      name: "TypeError",
      message: /^softmax: works on f32 and f16, not i32\n/,
    });
    assert.throws(() => softmax(zeros([])), {
      name: "RangeError",
      message: "softmax: axis -1 does not exist in shape []; it has no axes",
    });
  });
});

describe("logSoftmax", () => {
  it("makes logarithms of probabilities along any axis, with its gradient", async () => {
    await checkOp(...checks(logSoftmax, (x, total) => x - Math.log(total)));
  });

  it("is exact where the probability rounds to 0", async () => {
    assert.deepEqual(await logSoftmax(tensor([[0, 1e4]])).array(), [[-1e4, 0]]);
  });

  it("refuses axes that do not exist", () => {
    assert.throws(() => logSoftmax(zeros([2]), 1), {
      name: "RangeError",
      message: "logSoftmax: axis 1 does not exist in shape [2]; axes are -1 to 0",
    });
  });
});
