import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  assign,
  compile,
  grad,
  hostArray,
  profile,
  type Shape,
  sizeOf,
  type Tensor,
  tensor,
  variable,
  zeros,
} from "../../core/mod.ts";
import { concat, slice, stack } from "../../ops/mod.ts";
import type { Numbers } from "../check_gradient.ts";
import { at, checkOp, places } from "../check_op.ts";

const joined = (axis: number) => (...inputs: readonly Numbers[]) => {
  const length = inputs.reduce((sum, { shape }) => sum + shape[axis], 0);
  return [...places(inputs[0].shape.with(axis, length))].map((place) => {
    let k = 0;
    let along = place[axis];
    while (along >= inputs[k].shape[axis]) along -= inputs[k++].shape[axis];
    return at(inputs[k], place.with(axis, along));
  });
};

const cut =
  (start: readonly number[], end: readonly number[], step: readonly number[]) => (x: Numbers) =>
    [...places(start.map((from, a) => Math.ceil((end[a] - from) / step[a])))].map((place) =>
      at(x, place.map((i, a) => start[a] + i * step[a]))
    );

describe("concat", () => {
  it("joins along any axis, with its gradient", async () => {
    const cases: readonly (readonly [axis: number, shapes: readonly Shape[]])[] = [
      [0, [[3, 2], [1, 2], [4, 2]]],
      [1, [[2, 3, 5], [2, 1, 5]]],
      [2, [[2, 3, 4], [2, 3, 8]]], // groups of four
      [1, [[1, 4, 5, 5], [1, 12, 5, 5]]], // more than one workgroup
    ];
    await checkOp(...cases.map(([axis, inputs], i) => ({
      op: (...tensors: Tensor[]) => concat(tensors, axis),
      reference: joined(axis),
      inputs,
      shape: inputs[0].with(axis, inputs.reduce((sum, shape) => sum + shape[axis], 0)),
      half: i === 1,
    })));
  });

  it("joins more tensors than a shader can bind, skips empty ones, counts axes from the end", async () => {
    const many = Array.from({ length: 20 }, (_, i) => tensor([[i]]));
    const y = concat([...many, zeros([1, 0])], -1);
    assert.deepEqual(await y.array(), [Array.from({ length: 20 }, (_, i) => i)]);
    assert.equal(concat([many[0]], 0), many[0]);
    assert.deepEqual(concat([zeros([2, 0]), zeros([2, 0])], 1).shape, [2, 0]);
  });

  it("gives empty tensors gradients as empty as they are", async () => {
    const [x, y] = [tensor([[1, 2]]), tensor([[3]])];
    const nothing = [zeros([1, 0]), zeros([1, 0])];
    const loss = concat([nothing[0], x, nothing[1], y], 1).square().sum();
    const [gradX, gradY, ...none] = grad(loss, [x, y, ...nothing]);
    assert.deepEqual(await gradX.array(), [[2, 4]]);
    assert.deepEqual(await gradY.array(), [[6]]);
    for (const one of none) assert.deepEqual(await one.array(), [[]]);
    const allEmpty = grad(concat(nothing, 1).sum(), nothing);
    for (const one of allEmpty) assert.deepEqual(await one.array(), [[]]);
    // A step that takes both as arguments, and numbers of a batch that nobody is in.
    using step = compile(({ x, none }: { x: Tensor; none: Tensor }) => {
      const joined = concat([x, none], 0);
      const [gradX, gradNone] = grad(joined.square().sum(), [x, none]);
      return { joined, gradX, gradNone };
    });
    const got = await step({ x: hostArray([1, 2], [1, 2]), none: hostArray([0, 2], []) });
    assert.deepEqual(await got.joined.array(), [[1, 2]]);
    assert.deepEqual(await got.gradX.array(), [[2, 4]]);
    assert.deepEqual(await got.gradNone.array(), []);
  });

  it("of one tensor is its value, which a later assignment does not change", async () => {
    const x = variable(tensor([1]), "x");
    using step = compile(() => {
      assign(x, x.add(1));
      return { alone: concat([x], 0), beside: concat([x, zeros([0])], 0) };
    });
    const { alone, beside } = await step({});
    assert.deepEqual([await alone.array(), await beside.array(), await x.array()], [[1], [1], [2]]);
  });

  it("refuses nothing, other sizes and other types", () => {
    assert.throws(() => concat([], 0), {
      name: "RangeError",
      message: "concat: there are no tensors",
    });
    assert.throws(() => concat([zeros([2, 3]), zeros([3, 3])], 1), {
      name: "ShapeError",
      message: /^concat: sizes may differ only along axis 1\n/,
    });
    assert.throws(() => concat([zeros([2]), zeros([2], "i32")], 0), {
      name: "TypeError",
      message: /^concat: the tensors hold f32 and i32\n/,
    });
  });
});

describe("stack", () => {
  it("makes a new axis, with its gradient", async () => {
    await checkOp({
      op: (...tensors) => stack(tensors, 1),
      reference: (a, b) => [...places([2, 2, 3])].map(([i, k, j]) => at(k ? b : a, [i, j])),
      inputs: [[2, 3], [2, 3]],
      shape: [2, 2, 3],
    });
    assert.deepEqual(stack([zeros([2, 3])], -1).shape, [2, 3, 1]);
  });

  it("refuses nothing and other shapes", () => {
    assert.throws(() => stack([], 0), { message: "stack: there are no tensors" });
    assert.throws(() => stack([zeros([2]), zeros([3])], 0), {
      name: "ShapeError",
      message: /^stack: shapes must be equal\n/,
    });
    assert.throws(() => stack([zeros([2])], 2), {
      name: "RangeError",
      message: "stack: axis 2 does not exist in shape [2, 1]; axes are -2 to 1",
    });
  });
});

describe("slice", () => {
  it("takes blocks, with its gradient", async () => {
    const cases: readonly (readonly [Shape, number[], number[], number[]?])[] = [
      [[7], [2], [6]],
      [[5, 6], [1, 0], [4, 6]],
      [[3, 8, 4], [0, 1, 2], [3, 8, 4], [1, 2, 1]],
      [[3, 8], [1, 0], [3, 7], [1, 3]],
      [[2, 8, 5, 4], [0, 4, 0, 0], [2, 8, 5, 4]], // groups of four
      [[2, 5, 8], [1, 1, 4], [2, 4, 8]],
      [[40, 9], [3, 0], [40, 9]], // more than one workgroup
    ];
    await checkOp(...cases.map(([shape, start, end, step], i) => ({
      op: (x: Tensor) => slice(x, start, end, step ? { step } : {}),
      reference: cut(start, end, step ?? shape.map(() => 1)),
      inputs: [shape],
      shape: shape.map((_, a) => Math.ceil((end[a] - start[a]) / (step?.[a] ?? 1))),
      half: i === 2,
    })));
  });

  it("adds up the gradients of several parts, whether they meet, overlap or leave gaps", async () => {
    // Columns of [3, 8]; the sum's gradient at a place is how many parts cover it, weighted by 1, 2, 3, …
    const cases: readonly (readonly [string, ...(readonly [number, number])[]])[] = [
      ["concat", [0, 3], [3, 8]],
      ["concat", [4, 8], [0, 4]],
      ["concat", [0, 4], [4, 6], [6, 8]],
      ["place", [1, 4], [4, 7]],
      ["place", [6, 7], [1, 4], [4, 6]],
      ["add", [0, 5], [4, 8]],
      ["add", [0, 3], [5, 8]],
      ["add", [2, 4], [2, 4]],
    ];
    const numbers = Float32Array.from({ length: 24 }, (_, i) => i / 7);
    for (const [last, ...parts] of cases) {
      using step = compile(({ x }: { x: Tensor }) => {
        const sum = parts.map(([from, to], k) =>
          slice(x, [0, from], [3, to]).square().sum().mul(k + 1)
        )
          .reduce((a, b) => a.add(b));
        return { gradX: grad(sum, [x])[0] };
      });
      const inputs = { x: hostArray([3, 8], numbers) };
      const { data } = await (await step(inputs)).gradX.read();
      numbers.forEach((value, i) => {
        const weight = parts.reduce(
          (w, [from, to], k) => from <= i % 8 && i % 8 < to ? w + k + 1 : w,
          0,
        );
        assert.ok(
          Math.abs(data[i] - 2 * weight * value) < 1e-5,
          `${parts.join(" | ")}: place ${i}`,
        );
      });
      const titles = (await profile(step, inputs)).map(({ title }) => title.split(" ")[0]);
      assert.ok(titles.includes(last), `${parts.join(" | ")}: ${titles}`);
      if (last !== "add") assert.ok(!titles.includes("add"), `${parts.join(" | ")}: ${titles}`);
      if (last === "concat") assert.ok(!titles.includes("place") || parts.length > 2, `${titles}`);
    }
  });

  it("meets its neighbour along one axis alone", async () => {
    const x = tensor([[1, 2], [3, 4]]);
    const corners = slice(x, [0, 0], [1, 1]).sum().add(slice(x, [1, 1], [2, 2]).sum().mul(2));
    assert.deepEqual(await grad(corners, [x])[0].array(), [[1, 0], [0, 2]]);
    const [first, half] = [slice(x, [0, 0], [1, 2]), slice(x, [1, 0], [2, 2], { step: [1, 2] })];
    assert.deepEqual(await grad(first.sum().add(half.sum()), [x])[0].array(), [[1, 1], [1, 0]]);
  });

  it("of everything is the tensor itself, of nothing is empty", async () => {
    const x = zeros([2, 3]);
    assert.equal(slice(x, [0, 0], [2, 3]), x);
    assert.deepEqual(await slice(x, [1, 1], [1, 3]).array(), []);
    assert.equal(await slice(zeros([]), [], []).item(), 0);
  });

  it("can be differentiated through its own gradient's operation", async () => {
    const x = tensor([1, 2, 3]);
    const [gradX] = grad(slice(x, [1], [2]).sum(), [x]);
    const again = gradX.mul(x).sum(); // the block placed among zeros is an operation like others
    assert.equal(await again.item(), 2);
  });

  it("refuses places outside and lists of another length", () => {
    const x = zeros([2, 3]);
    assert.throws(() => slice(x, [0], [1]), {
      name: "RangeError",
      message: "slice: start, end and step must be 2 whole numbers each for shape [2, 3], " +
        "not [0], [1] and [1,1]",
    });
    const outside = [[[0, 2], [2, 4]], [[-1, 0], [2, 3]], [[1, 0], [0, 3]]];
    for (const [start, end] of outside) {
      assert.throws(() => slice(x, start, end), {
        name: "RangeError",
        message: /^slice: -?\d to \d by 1 is not within axis \d of \[2, 3\]$/,
      });
    }
    assert.equal(sizeOf(slice(x, [2, 0], [2, 3]).shape), 0);
  });
});
