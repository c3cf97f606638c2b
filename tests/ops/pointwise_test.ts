import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  compile,
  type DType,
  grad,
  hostArray,
  type Shape,
  type Tensor,
  tensor,
  zeros,
} from "../../core/mod.ts";
import { Random } from "../../data/random.ts";
import { add, exp, formula, mul, pointwise, pow, relu } from "../../ops/mod.ts";
import { pointwiseOps } from "../../ops/pointwise.ts";
import type { Numbers } from "../check_gradient.ts";
import { checkOp, placeOf, places } from "../check_op.ts";

/** The element of a broadcast input for a place of the result. */
function broadcastAt(x: Numbers, place: readonly number[]): number {
  const own = place.slice(place.length - x.shape.length);
  return x.data[placeOf(x.shape, own.map((i, axis) => x.shape[axis] === 1 ? 0 : i))];
}

describe("pointwise", () => {
  it("gives every operation the values of its JavaScript and the gradients of differences", async () => {
    assert.ok(pointwiseOps.length >= 25, "the operations are in the list");
    await checkOp(...pointwiseOps.map(({ name, inputs, backward = {}, js, domain, call }) => {
      const random = new Random(5);
      const samples = inputs.map((input): Numbers => {
        const [low, high] = domain?.[input] ?? [-3, 3];
        const data = Array.from({ length: 13 }, () => Math.f16round(random.uniform(low, high)));
        return { shape: [13], data };
      });
      return {
        op: call,
        reference: (...numbers: readonly Numbers[]) =>
          numbers[0].data.map((_, i) => js(...numbers.map(({ data }) => data[i]))),
        inputs: samples,
        shape: [13],
        gradient: inputs.flatMap((input, i) => backward[input] ? [i] : []),
        half: ["add", "relu", "sigmoid", "pow", "clamp", "where"].includes(name),
        halfTolerance: 0.02,
        // llvmpipe's logarithm and power lose a few bits more than the others.
        tolerance: 1e-4,
      };
    }));
  });

  it("broadcasts any axes, with gradients summed back", async () => {
    const cases: readonly (readonly [a: Shape, b: Shape, y: Shape])[] = [
      [[2, 3, 4, 5], [3, 1, 1], [2, 3, 4, 5]],
      [[4, 1, 6], [1, 5, 1], [4, 5, 6]],
      [[5], [3, 5], [3, 5]],
      [[], [2, 3], [2, 3]],
      [[2, 3, 4], [4], [2, 3, 4]], // groups of four
      [[2, 8], [2, 1], [2, 8]],
      [[1, 7, 1, 3], [2, 1, 4, 3], [2, 7, 4, 3]],
      [[300], [1], [300]], // more than one workgroup
    ];
    await checkOp(...cases.map(([a, b, shape], i) => ({
      op: mul,
      reference: (x: Numbers, y: Numbers) =>
        [...places(shape)].map((place) => broadcastAt(x, place) * broadcastAt(y, place)),
      inputs: [a, b],
      shape,
      half: i === 4,
      halfTolerance: 0.03,
    })));
  });

  it("bakes numbers, on either side", async () => {
    const x = tensor([1, 2]);
    assert.deepEqual(await add(1e-3, x).array(), [1.001, 2.001].map(Math.fround));
    assert.deepEqual(await mul(x, -2).array(), [-2, -4]);
    assert.deepEqual(await add(tensor([1, 2], { dtype: "i32" }), -3).array(), [-2, -1]);
    const [gradX] = grad(mul(3, x).sum(), [x]);
    assert.deepEqual(await gradX.array(), [3, 3]);
  });

  it("writes over an input that nobody needs any more", async () => {
    using step = compile(({ x }: { x: Tensor }) => {
      const y = exp(x.square()); // one kernel, and needed twice
      return relu(y.sub(y.sum()));
    });
    const y = await step({ x: hostArray([5], [0, 1, 2, -1, 0.5]) });
    const { data } = await y.read();
    const values = [0, 1, 2, -1, 0.5].map((x) => Math.exp(x * x));
    const sum = values.reduce((a, b) => a + b);
    assert.ok(data.every((value, i) => Math.abs(value - Math.max(values[i] - sum, 0)) < 1e-4));
    const [plan] = step.plans().values();
    assert.deepEqual([plan.kernels, plan.inPlace, plan.slots], [3, 1, 2]);
  });

  it("refuses shapes, types and numbers that do not fit", () => {
    assert.throws(() => mul(zeros([2, 3]), zeros([2])), {
      name: "ShapeError",
      message: /^mul: sizes 3 and 2 do not go together on axis -1 \(from the right\)\n/,
    });
    assert.throws(() => mul(zeros([2]), zeros([2], "i32")), {
      name: "TypeError",
      message: /^mul: a holds f32 but b holds i32\n/,
    });
    assert.throws(() => exp(zeros([2], "i32")), {
      name: "TypeError",
      message: /^exp: works on f32 and f16, not i32\n/,
    });
    assert.throws(() => add(1, 2), {
      name: "ShapeError",
      message: /^add: at least one input must be a tensor\n/,
    });
    assert.throws(() => pow(zeros([2]), NaN), {
      name: "RangeError",
      message: /^pow: the number NaN cannot be baked into a shader\n {2}help: tensor\(NaN\)$/,
    });
    assert.throws(() => add(zeros([2]), undefined as unknown as number), {
      name: "TypeError",
      message: "add: b must be a tensor or a number, not undefined",
    });
  });

  it("refuses, where it is called, numbers that the type does not hold", () => {
    const refused = [[0.5, "i32"], [3e9, "i32"], [-1, "u32"], [2 ** 32, "u32"], [1e39, "f32"]];
    for (const [value, dtype] of refused as [number, DType][]) {
      assert.throws(() => add(zeros([2], dtype), value), {
        name: "RangeError",
        message: `add: ${value} is no ${dtype}`,
      });
    }
  });

  it("refuses a gradient for what is no input, and inputs in the wrong number", () => {
    const definition = {
      name: "halved",
      inputs: ["x"],
      forward: "0.5 * x",
      js: (x: number) => x / 2,
    };
    assert.throws(() => pointwise({ ...definition, backward: { y: "0.5 * g" } }), {
      name: "RangeError",
      message: "pointwise: halved has a gradient for y, but its inputs are x",
    });
    const halved = formula("halved", ["x"], "0.5 * x");
    assert.throws(() => halved(zeros([2]), 1), {
      name: "TypeError",
      message: "halved: takes 1 inputs (x), not 2",
    });
  });
});

describe("formula", () => {
  it("computes, and has no gradient", async () => {
    const halfway = formula("halfway", ["a", "b"], "0.5 * (a + b)");
    const x = tensor([1, 2]);
    const y = halfway(x, 4);
    assert.deepEqual(await y.array(), [2.5, 3]);
    assert.throws(() => grad(y.sum(), [x]), {
      name: "TypeError",
      message: /halfway has no gradient/,
    });
  });
});
