import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  assign,
  commitIf,
  compile,
  hostArray,
  read,
  type Tensor,
  tensor,
  variable,
  zeros,
} from "ae";

const scalar = (value: number) => hostArray([], [value]);

describe("commitIf", () => {
  it("keeps every variable to the last bit where the condition is 0, whenever it was assigned", async () => {
    const odd = [-0, 0, 1e-40, 3e38, -1]; // of f32: both zeros, a subnormal number, nearly the largest
    const before = variable(tensor(odd), "before");
    const after = variable(tensor(odd), "after");
    const whole = variable(tensor([1, -7], { dtype: "i32" }), "whole");
    using step = compile(({ ok, x }: { ok: Tensor; x: Tensor }) => {
      assign(before, before.mul(x));
      commitIf(ok);
      assign(after, x.add(before.mul(0)));
      assign(whole, whole.add(1));
      return {};
    });
    const bits = () =>
      Promise.all([
        ...[before, after].map(async (x) => new Uint32Array((await x.read()).data.buffer)),
        whole.readIntegers().then(({ data }) => data),
      ]);
    const first = await bits();
    for (const x of [NaN, Infinity, 2]) await step({ ok: scalar(0), x: scalar(x) });
    assert.deepEqual(await bits(), first);
    await step({ ok: scalar(1), x: scalar(2) });
    assert.deepEqual(await whole.array(), [2, -6]);
    assert.deepEqual(await after.array(), Array(5).fill(2));
    assert.equal((await before.read()).data[4], -2);
  });

  it("lets a variable take another's old value, and what is assigned always", async () => {
    const [a, b, count] = [1, 2, 0].map((value, i) => variable(tensor(value), "abc"[i]));
    using step = compile(({ ok }: { ok: Tensor }) => {
      assign(a, b);
      commitIf(ok);
      assign(b, a);
      assign(count, count.add(1), { always: true });
      return {};
    });
    const values = async () =>
      Object.values(await read({ a, b, count })).map(({ data }) => data[0]);
    await step({ ok: scalar(0) });
    assert.deepEqual(await values(), [1, 2, 1]);
    await step({ ok: scalar(1) });
    assert.deepEqual(await values(), [2, 1, 2]);
  });

  it("wants one number, once, inside a step", async () => {
    assert.throws(() => commitIf(tensor(1)), {
      name: "TypeError",
      message: "commitIf: must be called inside a compiled step",
    });
    using wide = compile(({ ok }: { ok: Tensor }) => (commitIf(ok), {}));
    await assert.rejects(wide({ ok: hostArray([1]) }), {
      name: "ShapeError",
      message: /^commitIf: the condition must be one number\n/,
    });
    using twice = compile(({ ok }: { ok: Tensor }) => (commitIf(ok), commitIf(ok), {}));
    await assert.rejects(
      twice({ ok: scalar(1) }),
      /^TypeError: commitIf: the step has a condition/,
    );
  });

  it("changes no step without it: what is assigned is computed in place", async () => {
    const w = variable(zeros([1000]), "w");
    const kernels = async (condition: boolean) => {
      using step = compile(({ x }: { x: Tensor }) => {
        if (condition) commitIf(x);
        assign(w, w.mul(0.5).add(x));
        return {};
      });
      await step({ x: scalar(1) });
      const [plan] = step.plans().values();
      return [plan.kernels, plan.inPlace, plan.copies];
    };
    assert.deepEqual(await kernels(false), [1, 1, 0]);
    assert.deepEqual(await kernels(true), [1, 1, 0]); // the choice is part of the kernel
  });
});
