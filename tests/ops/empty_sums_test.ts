import assert from "node:assert/strict";
import { compile, grad, hostArray, read, type Tensor, tensor, zeros } from "../../core/mod.ts";
import { conv2d, matmul, relu } from "../../ops/mod.ts";

Deno.test("emptySums() let gradients through a batch without images", async () => {
  const x = zeros([0, 3, 4, 4]);
  const weight = tensor(hostArray([2, 3, 3, 3], new Array(54).fill(0.5)));
  const bias = tensor([1, 2]);
  const loss = relu(conv2d(x, weight, { bias, pad: 1 })).square().sum();
  const [gradX, gradWeight, gradBias] = grad(loss, [x, weight, bias]);
  assert.deepEqual(gradX.shape, [0, 3, 4, 4]);
  const got = await read({ loss, gradWeight, gradBias });
  assert.equal(got.loss.data[0], 0);
  assert.deepEqual([...got.gradWeight.data], new Array(54).fill(0));
  assert.deepEqual([...got.gradBias.data], [0, 0]);
});

Deno.test("emptySums() let gradients through products of no terms, and slices of nothing", async () => {
  const x = tensor([[1, 2, 3]]);
  const nothing = zeros([0, 3]);
  const column = tensor([[1], [2], [3]]);
  const cases = {
    broadcast: grad(nothing.add(x).sum(), [x])[0],
    rows: grad(matmul(nothing, column).sum(), [column])[0],
    slice: grad(x.slice([0, 1], [1, 1]).sum(), [x])[0],
  };
  const got = await read(cases);
  for (const [name, { data }] of Object.entries(got)) {
    assert.deepEqual([...data], [0, 0, 0], name);
  }
  const terms = zeros([2, 0]);
  const [gradTerms] = grad(matmul(terms, nothing).sum(), [terms]);
  assert.deepEqual(gradTerms.shape, [2, 0]);
});

Deno.test("emptySums() work in a compiled step, beside sums of something", async () => {
  using step = compile(({ x, y }: { x: Tensor; y: Tensor }) => {
    const loss = x.sum().add(y.square().sum());
    return { loss, slope: grad(loss, [y])[0], nothing: grad(loss, [x])[0] };
  });
  const { loss, slope, nothing } = await step({ x: hostArray([0, 2]), y: hostArray([2], [1, 2]) });
  assert.equal(await loss.item(), 5);
  assert.deepEqual(await slope.array(), [2, 4]);
  assert.deepEqual(nothing.shape, [0, 2]);
});
