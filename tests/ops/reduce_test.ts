import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, read, type Shape, sizeOf, type Tensor, tensor, zeros } from "../../core/mod.ts";
import { cast, max, mean, sum } from "../../ops/mod.ts";
import { assertClose } from "../close.ts";
import { checkOp, distinct, placeOf, places } from "../check_op.ts";
import type { Numbers } from "../check_gradient.ts";

/** Combine all values of a result, in plain loops. */
function reduced(axes: readonly number[], combine: (values: number[]) => number) {
  return ({ shape, data }: Numbers) => {
    const kept = shape.map((length, axis) => axes.includes(axis) ? 1 : length);
    const values = Array.from({ length: sizeOf(kept) }, () => [] as number[]);
    let i = 0;
    for (const place of places(shape)) {
      values[placeOf(kept, place.map((at, axis) => axes.includes(axis) ? 0 : at))].push(data[i++]);
    }
    return values.map(combine);
  };
}

const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
const without = (shape: Shape, axes: readonly number[]) =>
  shape.filter((_, axis) => !axes.includes(axis));

/** Which axes of which shape: rows, columns, both, groups of four and not, short and longer than a workgroup. */
const CASES: readonly (readonly [shape: Shape, axes: readonly number[]])[] = [
  [[7], [0]],
  [[1], [0]],
  [[3, 5], [1]],
  [[3, 5], [0]],
  [[3, 8], [1]],
  [[3, 8], [0]],
  [[2, 3, 4, 5], [0, 2, 3]], // as a bias
  [[2, 3, 4, 4], [0, 2, 3]],
  [[2, 3, 4, 5], [1]],
  [[2, 3, 4, 5], [0, 2]],
  [[2, 1, 3], [1]],
  [[2, 300], [1]], // a workgroup per row
  [[300, 2], [0]],
  [[2, 301], [0, 1]],
];

describe("sum", () => {
  it("adds over any axes, with its gradient", async () => {
    await checkOp(...CASES.map(([shape, axes], i) => ({
      op: (x: Tensor) => sum(x, axes),
      reference: reduced(axes, total),
      inputs: [shape],
      shape: without(shape, axes),
      half: i === 7,
      halfTolerance: 0.02, // the sum of 32 numbers, rounded once
    })));
  });

  it("adds many columns, and long ones in pieces", async () => {
    const wide = Float32Array.from({ length: 300 * 4000 }, (_, i) => (i * 7 % 11) - 5);
    const tall = Float32Array.from({ length: 30_000 * 36 }, (_, i) => (i * 7 % 11) - 5);
    const got = await read({
      wide: sum(tensor({ shape: [300, 4000], data: wide }), [0]),
      tall: sum(tensor({ shape: [30_000, 36], data: tall }), [0]),
    });
    const columns = (data: Float32Array, width: number) =>
      Array.from({ length: width }, (_, c) => {
        let own = 0;
        for (let i = c; i < data.length; i += width) own += data[i];
        return own;
      });
    assert.deepEqual([...got.wide.data], columns(wide, 4000));
    assert.deepEqual([...got.tall.data], columns(tall, 36));
  });

  it("adds 70,000 and 16,000,000 numbers: more than one invocation may loop over", async () => {
    // Whole numbers up to 2^24 are exact in f32, whatever the order.
    const some = tensor(Float32Array.from({ length: 70_000 }, (_, i) => i % 7));
    const many = tensor(Float32Array.from({ length: 16_000_000 }, (_, i) => +(i % 3 === 0)));
    const got = await read({
      some: sum(some),
      many: sum(many),
      one: sum(some.reshape([1, 70_000]), [1]),
    });
    assert.deepEqual(
      [got.some.data[0], got.many.data[0], got.one.data[0]],
      [210_000, 5_333_334, 210_000],
    );
  });

  it("finds mean and maximum of 16,000,000 numbers", async () => {
    const numbers = new Float32Array(16_000_000).fill(0.5);
    numbers[15_999_999] = 2;
    const many = tensor(numbers);
    const got = await read({ mean: mean(many), max: max(many) });
    assert.ok(Math.abs(got.mean.data[0] - 0.5) < 1e-6);
    assert.equal(got.max.data[0], 2);
  });

  it("spreads the gradient over a sum in pieces", async () => {
    const x = zeros([3, 70_000]);
    const [gradX] = grad(sum(x, [1]).mul(tensor([1, 2, 3])).sum(), [x]);
    const { data } = await gradX.read();
    assert.ok(data.every((value, i) => value === 1 + Math.floor(i / 70_000)));
  });

  it("carries f16 in f32", async () => {
    const x = cast(zeros([4096]).add(1.5), "f16"); // f16 counts in fours at 6144
    assert.equal(await cast(sum(x), "f32").item(), 6144);
    const ones = cast(zeros([70_000]).add(1), "f16");
    assert.equal(await cast(sum(ones).div(2), "f32").item(), Infinity); // beyond 65,504
    assert.equal(await cast(mean(ones), "f32").item(), 1);
  });

  it("adds integers", async () => {
    const x = tensor([[1, -2, 3], [4, 5, -6]], { dtype: "i32" });
    assert.deepEqual(await sum(x, [1]).array(), [2, 3]);
  });

  it("keeps axes on request and accepts negative ones", () => {
    const x = zeros([2, 3, 4]);
    assert.deepEqual(sum(x, [-1, 0], true).shape, [1, 3, 1]);
    assert.deepEqual(sum(x).shape, []);
    assert.deepEqual(sum(x, []).shape, [2, 3, 4]);
  });

  it("of no numbers is 0, and of no rows is empty", async () => {
    assert.deepEqual(await sum(zeros([2, 0]), [1]).array(), [0, 0]);
    assert.equal(await sum(zeros([0])).item(), 0);
    assert.equal(await sum(sum(zeros([0, 3]), [1])).item(), 0);
  });

  it("refuses axes that do not exist or come twice", () => {
    assert.throws(() => sum(zeros([2]), [1]), {
      name: "RangeError",
      message: "sum: axis 1 does not exist in shape [2]; axes are -1 to 0",
    });
    assert.throws(() => sum(zeros([2]), [0, -1]), {
      name: "RangeError",
      message: "sum: axis 0 is named twice",
    });
  });
});

describe("mean", () => {
  it("averages over any axes, with its gradient", async () => {
    await checkOp(
      ...CASES.slice(4, 8).map(([shape, axes], i) => ({
        op: (x: Tensor) => mean(x, axes),
        reference: reduced(axes, (values) => total(values) / values.length),
        inputs: [shape],
        shape: without(shape, axes),
        half: i === 3,
      })),
    );
  });

  it("refuses integers, and nothing to average", () => {
    assert.throws(() => mean(tensor([1], { dtype: "i32" })), {
      name: "TypeError",
      message: /^mean: works on f32 and f16, not i32\n/,
    });
    assert.throws(() => mean(zeros([2, 0]), [1]), {
      name: "RangeError",
      message: "mean: there are no numbers along axes [1] of [2,0]",
    });
  });
});

describe("max", () => {
  it("finds the largest over any axes, with its gradient", async () => {
    await checkOp(
      ...CASES.slice(2).map(([shape, axes], i) => ({
        op: (x: Tensor) => max(x, axes),
        reference: reduced(axes, (values) => Math.max(...values)),
        inputs: [distinct(shape)],
        shape: without(shape, axes),
        half: i === 3,
        tolerance: 1e-7,
      })),
    );
  });

  it("shares the gradient among equal maxima", async () => {
    const x = tensor([[2, 5, 5], [7, 7, 7]]);
    const [gradX] = grad(max(x, [1]).sum(), [x]);
    const { data } = await gradX.read();
    assertClose(data, [0, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3]);
  });

  it("finds one among 70,000 and among minus infinities", async () => {
    const data = new Float32Array(70_000).fill(-Infinity);
    data[69_999] = -7;
    const x = tensor(data);
    const got = await read({ one: max(x), none: max(x.slice([0], [300])) });
    assert.deepEqual([got.one.data[0], got.none.data[0]], [-7, -Infinity]);
  });

  it("passes over NaN beside numbers, at every place of short and long rows", async () => {
    for (const length of [3, 64, 300, 70_000]) {
      for (const place of [0, 1, 2, length - 1]) {
        const data = Float32Array.from({ length }, (_, i) => i % 5);
        data[place] = NaN;
        const largest = data.reduce((best, value) => value > best ? value : best, -1);
        assert.equal(await max(tensor(data)).item(), largest, `${place} of ${length}`);
      }
    }
    assert.ok(Number.isNaN(await max(tensor([NaN, NaN, NaN])).item()));
  });

  it("refuses nothing to look at", () => {
    assert.throws(() => max(zeros([0])), {
      name: "RangeError",
      message: "max: there are no numbers along axes [0] of [0]",
    });
  });
});
