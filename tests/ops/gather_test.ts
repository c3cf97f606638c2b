import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, read, type Shape, sizeOf, type Tensor, tensor, zeros } from "../../core/mod.ts";
import { Random } from "../../data/random.ts";
import { gather, indexSelect, scatterAdd, takeAlong } from "../../ops/mod.ts";
import type { Numbers } from "../check_gradient.ts";
import { at, checkOp, placeOf, places } from "../check_op.ts";

/** Whole numbers below a bound; many come twice. */
function indices(shape: Shape, below: number) {
  const random = new Random(3);
  const data = Array.from({ length: sizeOf(shape) }, () => random.integer(below));
  return { shape, data, integers: true };
}

const gathered = (x: Numbers, index: Numbers) => {
  const [n, p, k] = index.shape;
  return [...places([n, x.shape[1], p, k])].map(([i, d, j, l]) =>
    at(x, [i, d, at(index, [i, j, l])])
  );
};

const scattered = (count: number) => (values: Numbers, index: Numbers) => {
  const shape = [values.shape[0], values.shape[1], count];
  const sums = new Array<number>(sizeOf(shape)).fill(0);
  for (const [i, d, j, l] of places(values.shape)) {
    sums[placeOf(shape, [i, d, at(index, [i, j, l])])] += at(values, [i, d, j, l]);
  }
  return sums;
};

describe("gather", () => {
  it("reads chosen places, with its gradient, which adds up", async () => {
    const cases: readonly (readonly [Shape, Shape])[] = [
      [[2, 3, 5], [2, 2, 4]],
      [[1, 1, 1], [1, 1, 1]],
      [[1, 2, 50], [1, 17, 9]], // more than one workgroup; 153 picks do not divide by four
    ];
    await checkOp(...cases.map(([x, index], i) => ({
      op: gather,
      reference: gathered,
      inputs: [x, indices(index, x[2])],
      shape: [x[0], x[1], index[1], index[2]],
      half: i === 0,
    })));
  });

  it("gives 0 outside, and no gradient", async () => {
    const x = tensor([[[1, 2]]]);
    const y = gather(x, tensor([[[-1, 1, 2]]], { dtype: "i32" }));
    const [gradX] = grad(y.sum(), [x]);
    const got = await read({ y, gradX });
    assert.deepEqual([...got.y.data], [0, 2, 0]);
    assert.deepEqual([...got.gradX.data], [0, 1]);
  });

  it("refuses other axes and indices that are no integers", () => {
    assert.throws(() => gather(zeros([1, 2, 3]), zeros([2, 1, 1], "i32")), {
      name: "ShapeError",
      message: /^gather: x and index must have 3 axes and the same N\n/,
    });
    assert.throws(() => gather(zeros([1, 2, 3]), zeros([1, 1, 1])), {
      name: "TypeError",
      message: /^gather: index must hold i32 or u32, not f32\n/,
    });
  });
});

describe("scatterAdd", () => {
  it("adds to chosen places, with its gradient", async () => {
    const cases: readonly (readonly [Shape, number])[] = [
      [[2, 3, 2, 4], 5],
      [[1, 2, 17, 3], 20],
    ];
    await checkOp(...cases.map(([values, count], i) => ({
      op: (x: Tensor, index: Tensor) => scatterAdd(x, index, count),
      reference: scattered(count),
      inputs: [values, indices([values[0], values[2], values[3]], count)],
      shape: [values[0], values[1], count],
      half: i === 0,
    })));
  });

  it("fills maps of several tiles", async () => {
    const values = { shape: [2, 2, 5, 7], data: Array.from({ length: 140 }, (_, i) => i + 1) };
    const index = indices([2, 5, 7], 10_000);
    index.data[0] = 4095;
    index.data[1] = 4096;
    index.data[2] = 9_999;
    index.data[3] = 9_999;
    await checkOp({
      op: (x, places) => scatterAdd(x, places, 10_000),
      reference: scattered(10_000),
      inputs: [values, index],
      shape: [2, 2, 10_000],
      gradient: false,
    });
  });

  it("refuses shapes, indices and sizes that do not fit", () => {
    assert.throws(() => scatterAdd(zeros([1, 2, 3, 4]), zeros([1, 4, 3], "i32"), 5), {
      name: "ShapeError",
      message: /^scatterAdd: values and index must agree in N, P and K\n/,
    });
    assert.throws(() => scatterAdd(zeros([1, 1, 1, 1]), zeros([1, 1, 1], "i32"), 1.5), {
      name: "RangeError",
      message: "scatterAdd: places must be a whole number from 0, not 1.5",
    });
    assert.throws(() => scatterAdd(zeros([1, 1, 1, 1]), zeros([1, 1, 1]), 1), {
      name: "TypeError",
      message: /^scatterAdd: index must hold i32 or u32, not f32\n/,
    });
  });
});

describe("indexSelect", () => {
  it("takes slices along any axis, with its gradient", async () => {
    const cases: readonly (readonly [Shape, number])[] = [[[6, 4], 0], [[3, 5, 2], 1], [[2, 7], 1]];
    await checkOp(...cases.map(([shape, axis], i) => ({
      op: (x: Tensor, index: Tensor) => indexSelect(x, index, axis),
      reference: (x: Numbers, index: Numbers) =>
        [...places(shape.with(axis, 9))].map((place) =>
          at(x, place.with(axis, index.data[place[axis]]))
        ),
      inputs: [shape, indices([9], shape[axis])],
      shape: shape.with(axis, 9),
      half: i === 1,
    })));
  });

  it("gives zeros outside", async () => {
    const index = tensor([2, -1, 0], { dtype: "i32" });
    assert.deepEqual(await indexSelect(tensor([5, 6]), index, 0).array(), [0, 0, 5]);
  });

  it("refuses other indices and axes", () => {
    assert.throws(() => indexSelect(zeros([2]), zeros([1, 1], "i32"), 0), {
      name: "ShapeError",
      message: /^indexSelect: index must have 1 axis, not 2\n/,
    });
    assert.throws(() => indexSelect(zeros([2]), zeros([1], "i32"), 1), {
      name: "RangeError",
      message: "indexSelect: axis 1 does not exist in shape [2]; axes are -1 to 0",
    });
    assert.throws(() => indexSelect(zeros([2]), zeros([1]), 0), { name: "TypeError" });
  });
});

describe("takeAlong", () => {
  it("reads a place of its own for every element, with its gradient", async () => {
    const cases: readonly (readonly [Shape, number, number])[] = [
      [[4, 9], 1, 5],
      [[6, 3], 0, 8],
      [[2, 7, 3], 1, 4],
    ];
    await checkOp(...cases.map(([shape, axis, count], i) => ({
      op: (x: Tensor, index: Tensor) => takeAlong(x, index, axis),
      reference: (x: Numbers, index: Numbers) =>
        [...places(index.shape)].map((place) => at(x, place.with(axis, at(index, place)))),
      inputs: [shape, indices(shape.with(axis, count), shape[axis])],
      shape: shape.with(axis, count),
      half: i === 2,
    })));
  });

  it("refuses other shapes and axes", () => {
    assert.throws(() => takeAlong(zeros([2, 3]), zeros([3, 1], "i32"), 1), {
      name: "ShapeError",
      message: /^takeAlong: x and index may differ only along axis 1\n/,
    });
    assert.throws(() => takeAlong(zeros([2]), zeros([2], "i32"), 2), { name: "RangeError" });
    assert.throws(() => takeAlong(zeros([2]), zeros([2]), 0), { name: "TypeError" });
  });
});
