import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import { conv2d, kernelsOf, matmul, normal, relu, tensor } from "ae";

it("kernelsOf() lists the kernels in the order in which they would run", async () => {
  const x = matmul(tensor([[1, 2]]), tensor([[3], [4]]));
  const titles = (await kernelsOf(relu(x).sum())).map(({ title }) => title);
  assert.equal(titles.length, 3);
  assert.match(titles[0], /matmul/);
  assert.match(titles[1], /relu/);
  assert.match(titles[2], /sum/);
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
