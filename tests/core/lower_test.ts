import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import { apply, conv2d, formula, ones, type Op, read, type Tensor, tensor } from "ae";
import { lower } from "../../core/lower.ts";

/** Twice the square: stands for two steps. */
const twiceSquareOp: Op<null> = {
  name: "twiceSquare",
  shape: ([x]) => x,
  lower: ({ inputs: [x] }) => x.square().mul(2),
  grad: ({ inputs: [x], gradOutput }) => [gradOutput.mul(x).mul(4)],
};
const twiceSquare = (x: Tensor) => apply(twiceSquareOp, [x], null);

it("an operation without kernel is computed by the steps it stands for, also through views", async () => {
  const x = tensor([[1, 2], [3, 4]]);
  const y = twiceSquare(x.add(1)).reshape([4]);
  const z = twiceSquare(y).sum();
  const values = await read({ y, z });
  assert.deepEqual([...values.y.data], [8, 18, 32, 50]);
  assert.equal(values.z.data[0], 2 * (64 + 324 + 1024 + 2500));
});

it("steps that two operations share are one tensor, but what they end in is each one's own", () => {
  const x = tensor([1, 2]);
  const plain = x.add(1);
  const [a, b, c] = lower([twiceSquare(x), twiceSquare(x), plain]);
  assert.notEqual(a, b);
  assert.equal(a.recipe?.inputs[0], b.recipe?.inputs[0]);
  assert.deepEqual([c.recipe?.op.name, c.recipe?.inputs], ["add", plain.recipe?.inputs]);
  assert.equal(a.recipe?.op.name, "mul");
});

it("equal results of one run keep buffers of their own", async () => {
  const x = tensor([3, 4]);
  const viewOp: Op<null> = {
    ...twiceSquareOp,
    lower: ({ inputs: [x] }) => x.square().mul(2).reshape([1, 2]).reshape([2]),
  };
  for (const op of [twiceSquareOp, viewOp]) {
    const [p, q] = [apply(op, [x], null), apply(op, [x], null)];
    await read({ p, q });
    p.dispose();
    await ones([2]).read();
    assert.deepEqual([...(await q.read()).data], [18, 32]);
  }
});

it("steps of different operations with one name are different", async () => {
  const op: Op<null> = {
    name: "five",
    shape: ([x]) => x,
    lower: ({ inputs: [x] }) =>
      formula("scale", ["a"], "2.0 * a")(x).add(formula("scale", ["a"], "3.0 * a")(x)),
  };
  assert.deepEqual([...(await apply(op, [tensor([1, 10])], null).read()).data], [5, 50]);
});

it("steps may stand for steps themselves", async () => {
  const outer: Op<null> = {
    name: "outer",
    shape: ([x]) => x,
    lower: ({ inputs: [x] }) => twiceSquare(twiceSquare(x)).add(1),
  };
  assert.deepEqual([...(await apply(outer, [tensor([1, 2])], null).read()).data], [9, 129]);
});

it("every operation that is lowered is shown first, also one that another stands for", () => {
  const seen: string[] = [];
  const [x, w] = [ones([1, 16, 16, 16]), ones([16, 16, 3, 3])];
  lower([conv2d(x, w, { pad: 1 })], (it) => seen.push(it.recipe!.op.name));
  assert.deepEqual(seen, ["conv2d", "matmul"]); // by Winograd's method
});
