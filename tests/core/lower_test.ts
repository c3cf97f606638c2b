import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import { apply, type Op, read, type Tensor, tensor } from "ae";
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

it("steps that two operations share are one tensor, others are left as they are", () => {
  const x = tensor([1, 2]);
  const plain = x.add(1);
  const [a, b, c] = lower([twiceSquare(x), twiceSquare(x), plain]);
  assert.equal(a, b);
  assert.deepEqual([c.recipe?.op.name, c.recipe?.inputs], ["add", plain.recipe?.inputs]);
  assert.equal(a.recipe?.op.name, "mul");
});
