import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  abs,
  cast,
  compile,
  exp,
  grad,
  hostArray,
  profile,
  read,
  relu,
  sigmoid,
  softmax,
  sqrt,
  type Tensor,
  tensor,
} from "ae";
import { fuse } from "../../core/fuse.ts";
import { ancestors } from "../../core/graph.ts";
import { Random } from "../../data/random.ts";

const random = new Random(11);
const draw = (shape: number[]) =>
  hostArray(shape, Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()));
const kernels = (...roots: Tensor[]) => ancestors(fuse(roots)).computed.length;

describe("a chain of pointwise operations", () => {
  it("is one kernel, in a compiled step too", async () => {
    const x = tensor(draw([4, 6]));
    assert.equal(kernels(relu(x.mul(2).add(1))), 1);
    using step = compile(({ x }: { x: Tensor }) => ({ y: relu(x.mul(2).add(1)) }));
    const rows = await profile(step, { x: hostArray([6]) });
    assert.deepEqual(rows.map(({ title }) => title), ["mul+add+relu [6] -> [6]"]);
  });

  it("keeps what is read, used twice, of another shape, or through a view", () => {
    const x = tensor(draw([4, 6]));
    const y = x.mul(2);
    assert.equal(kernels(y.add(1), y), 2);
    assert.equal(kernels(y.add(1).mul(y.sub(1))), 2); // y, and the rest
    assert.equal(kernels(tensor(draw([6])).mul(2).add(x)), 2); // [6] is computed once, not four times
    assert.equal(kernels(y.reshape([24]).add(1)), 2);
    assert.equal(kernels(y.sum().add(1).mul(2)), 3);
  });

  it("has the numbers of its links one by one", async () => {
    const [x, a, b] = [tensor(draw([3, 5, 7])), tensor(draw([7])), tensor(draw([5, 1]))];
    const links = [x];
    const link = (f: (x: Tensor) => Tensor) => links.push(f(links[links.length - 1]));
    link((y) => y.mul(a));
    link((y) => y.add(b));
    link((y) => sigmoid(y));
    link((y) => y.mul(y).add(x));
    link((y) => sqrt(abs(y).add(1e-3)));
    link((y) => exp(y.neg()).div(abs(a).add(1)));
    const fused = await links[links.length - 1].read();
    let alone = x;
    await alone.read();
    for (
      const f of [
        (y: Tensor) => [y.mul(a)],
        (y: Tensor) => [y.add(b)],
        (y: Tensor) => [sigmoid(y)],
        (y: Tensor) => [y.mul(y)],
        (y: Tensor) => [y.add(x)],
        (y: Tensor) => [abs(y)],
        (y: Tensor) => [y.add(1e-3)],
        (y: Tensor) => [sqrt(y)],
        (y: Tensor) => [y.neg()],
        (y: Tensor) => [exp(y)],
      ]
    ) {
      [alone] = f(alone);
      await alone.read();
    }
    const divisor = abs(a);
    await divisor.read();
    const more = divisor.add(1);
    await more.read();
    const expected = (await alone.div(more).read()).data;
    fused.data.forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]) <= 1e-6 * Math.abs(expected[i]), `${value} ${i}`);
    });
  });

  it("has the gradient of its links, and writes over an input that dies with it", async () => {
    const x = tensor([-2, -0.5, 0.5, 2]);
    const y = relu(x.mul(3).add(1)).square().sum();
    const [g] = grad(y, [x]);
    assert.deepEqual([...(await read({ g })).g.data], [0, 0, 15, 42]);
    using step = compile(({ x }: { x: Tensor }) => ({ y: softmax(x).mul(2).add(1) }));
    await step({ x: hostArray([8]) });
    assert.equal([...step.plans().values()][0].inPlace, 1);
  });

  it("rounds f16 at every link, as if somebody had read it", async () => {
    const x = cast(tensor([2048, 300]), "f16");
    const expected = [0, Infinity];
    const sum = cast(x.add(1).sub(2048), "f32");
    const quotient = cast(x.square().div(1000), "f32");
    assert.equal((await sum.read()).data[0], expected[0]);
    assert.equal((await quotient.read()).data[1], expected[1]);
  });

  it("computes a link once that the next one reads twice", () => {
    let y = tensor([1, 2]).add(1);
    for (let i = 0; i < 8; i++) y = y.mul(y);
    const { steps } = fuse([y])[0].recipe!.attrs as { steps: unknown[] };
    assert.equal(steps.length, 9);
  });

  it("of 2,000 links is a handful of kernels with the right sum", async () => {
    let x = tensor([1, 2, 3]);
    for (let i = 0; i < 2000; i++) x = x.add(1);
    assert.ok(kernels(x) <= 8);
    assert.deepEqual([...(await x.read()).data], [2001, 2002, 2003]);
  });

  it("binds few buffers: a sum of ten tensors is more than one kernel", async () => {
    const parts = Array.from({ length: 10 }, (_, i) => tensor([i, i + 1]));
    const sum = parts.reduce((a, b) => a.add(b));
    assert.equal(kernels(sum), 2);
    assert.deepEqual([...(await sum.read()).data], [45, 55]);
  });
});
