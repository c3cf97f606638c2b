import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  assign,
  compile,
  conv2d,
  grad,
  hostArray,
  normal,
  parameters,
  PoseNet,
  read,
  recompute,
  relu,
  type Tensor,
  variable,
  zeros,
} from "ae";
import { makePlan, summarise } from "../../core/plan.ts";

/** Parts of four layers each, forgotten in between or not. */
function deep(forget: boolean, parts: number) {
  const weights = Array.from(
    { length: 4 * parts },
    (_, i) => normal([8, 8, 3, 3], { seed: i, std: 0.2 }),
  );
  const x = normal([1, 8, 64, 64], { seed: 9 });
  let y = x;
  for (let part = 0; part < parts; part++) {
    const own = weights.slice(4 * part, 4 * part + 4);
    const layers = (input: Tensor) => own.reduce((z, w) => relu(conv2d(z, w, { pad: 1 })), input);
    y = forget ? recompute(layers, y, own) : layers(y);
  }
  const loss = y.square().sum();
  return { loss, gradients: grad(loss, [x, ...weights]) };
}

describe("recompute", () => {
  it("gives the same loss and gradients", async () => {
    const [kept, forgotten] = await Promise.all([false, true].map((forget) => {
      const { loss, gradients } = deep(forget, 2);
      return read({ loss, ...Object.fromEntries(gradients.entries()) });
    }));
    for (const [name, { data }] of Object.entries(kept)) {
      const other = forgotten[name as keyof typeof forgotten].data;
      const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      data.forEach((value, i) => assert.ok(Math.abs(value - other[i]) <= 1e-6 * largest, name));
    }
  });

  it("needs less memory and more kernels", () => {
    const [kept, forgotten] = [false, true].map((forget) => {
      const { loss, gradients } = deep(forget, 6);
      return summarise(makePlan([loss, ...gradients]));
    });
    assert.ok(
      forgotten.slotBytes < 0.6 * kept.slotBytes,
      `${forgotten.slotBytes} bytes instead of ${kept.slotBytes}`,
    );
    assert.ok(forgotten.kernels > kept.kernels);
  });

  it("assigns once what its part assigns, and gives zeros for what it does not depend on", async () => {
    const count = variable(zeros([]), "count");
    using step = compile(({ x, unused }: { x: Tensor; unused: Tensor }) => {
      const y = recompute(
        (input) => {
          assign(count, count.add(1));
          return input.mul(3);
        },
        x,
        [unused],
      );
      const [gradX, gradUnused] = grad(y.square().sum(), [x, unused]);
      return { gradX, gradUnused };
    });
    const { gradX, gradUnused } = await step({
      x: hostArray([2], [1, 2]),
      unused: hostArray([2], [5, 6]),
    });
    assert.deepEqual([...(await gradX.read()).data], [18, 36]);
    assert.deepEqual([...(await gradUnused.read()).data], [0, 0]);
    assert.equal(await count.item(), 1);
  });

  it("trains a network with batch norm as without", async () => {
    const losses = await Promise.all([false, true].map(async (again) => {
      const model = new PoseNet({
        stacks: 2,
        channels: 8,
        increase: 4,
        depth: 2,
        stem: "stride2",
        batchNorm: "everywhere",
        recompute: again,
        seed: 3,
      });
      const all = [...parameters(model).values()];
      using step = compile(({ x }: { x: Tensor }) => {
        const outputs = model.forward(x, { training: true });
        const loss = outputs.map(({ raw }) => raw.square().mean()).reduce((a, b) => a.add(b));
        const gradients = grad(loss, all);
        all.forEach((p, i) => assign(p, p.sub(gradients[i].mul(0.1))));
        return { loss };
      });
      const x = hostArray(
        [2, 3, 16, 16],
        Array.from({ length: 1536 }, (_, i) => (i * 37 % 101) / 101),
      );
      const seen: number[] = [];
      for (let i = 0; i < 3; i++) seen.push(await (await step({ x })).loss.item());
      return seen;
    }));
    losses[0].forEach((loss, i) => {
      assert.ok(Math.abs(loss - losses[1][i]) <= 1e-5 * loss, `${loss} and ${losses[1][i]}`);
    });
    assert.ok(losses[0][2] < losses[0][0]);
  });
});
