import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import { conv2d, kernelsOf, matmul, normal, relu, tensor } from "ae";

it("kernelsOf() lists the kernels in the order in which they would run", async () => {
  const x = matmul(normal([4, 5], { seed: 1 }), normal([5, 6], { seed: 2 }));
  const titles = (await kernelsOf(relu(x).sum())).map(({ title }) => title);
  assert.deepEqual(titles, [
    "normal of 2 tensors", // small neighbours share a dispatch
    "matmul+relu [4, 5] [5, 6] -> [4, 6]",
    "sum [4, 6] -> []",
  ]);
});

it("kernelsOf() computes nothing, and a tensor with numbers needs nothing", async () => {
  const x = relu(tensor([1, -1]));
  assert.equal((await kernelsOf(x)).length, 1);
  assert.match(`${x}`, /not computed yet/);
  await x.read();
  assert.deepEqual(await kernelsOf(x), []);
});

it("kernelsOf() takes operations apart that stand for several steps", async () => {
  const y = conv2d(normal([1, 2, 8, 8], { seed: 1 }), normal([3, 2, 3, 3], { seed: 2 }), {});
  for (const { code } of await kernelsOf(y)) assert.match(code, /fn main/);
});
