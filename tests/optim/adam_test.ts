import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { compile, hostArray, type Tensor, tensor, variable } from "../../core/mod.ts";
import { loadState, stateOf } from "../../nn/mod.ts";
import { Adam, AdamW } from "../../optim/mod.ts";
import { families } from "../../tools/golden/nn.ts";
import { assertClose } from "../close.ts";
import { assertRecorded } from "../fixtures/networks/run.ts";

/** The update written out in float64, for a list of gradients. */
function reference(
  start: readonly number[],
  gradients: readonly (readonly number[])[],
  { rate, decay }: { rate: number; decay: number },
): number[] {
  const p = [...start];
  const m = p.map(() => 0);
  const v = p.map(() => 0);
  gradients.forEach((g, step) => {
    p.forEach((_, i) => {
      p[i] -= rate * decay * p[i];
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] ** 2;
      const t = step + 1;
      p[i] -= rate * m[i] / (1 - 0.9 ** t) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
    });
  });
  return p;
}

const gradients = [[1, -200, 1e-5], [0.5, 300, 0], [-2, 100, 2e-5]];

describe("Adam", () => {
  it("follows PyTorch's trajectory, and that of PyTorch before 1.3", async () => {
    await assertRecorded("optim", families.optim, "adam");
  });

  it("takes three kernels for a parameter and copies nothing", async () => {
    const w = variable(tensor([1, 2, 3]), "w");
    const adam = new Adam([w]);
    using step = compile(({ g }: { g: Tensor }) => (adam.update([g]), {}));
    await step({ g: hostArray([3]) });
    const [plan] = step.plans().values();
    assert.equal(plan.kernels, 3 + 2); // and the two corrections
    assert.equal(plan.copies, 0);
  });

  it("takes its rate from the step when given one", async () => {
    const w = variable(tensor([1]), "w");
    const adam = new Adam([w], { learningRate: 100 });
    using step = compile(({ rate }: { rate: Tensor }) => {
      adam.update([tensor([3])], { learningRate: rate });
      return {};
    });
    await step({ rate: hostArray([], [0.5]) });
    await step({ rate: hostArray([], [0.25]) });
    assertClose(await w.item(), 1 - 0.5 - 0.25);
    assert.equal([...step.plans()].length, 1, "a new rate must not be traced again");
  });

  it("goes on from a saved state as if it had never stopped", async () => {
    const run = async (stop: boolean) => {
      let w = variable(tensor([1, 2, 3]), "w");
      let adam = new Adam([w], { learningRate: 0.1 });
      for (const [i, g] of gradients.entries()) {
        if (stop && i === 2) {
          const saved = await stateOf(adam);
          w = variable(tensor(await w.read()), "w");
          adam = new Adam([w], { learningRate: 7 });
          await loadState(adam, saved);
        }
        using step = compile(({ g }: { g: Tensor }) => (adam.update([g]), {}));
        await step({ g: hostArray([3], g) });
      }
      return (await w.read()).data;
    };
    assert.deepEqual(await run(true), await run(false));
  });

  it("refuses settings out of range", () => {
    const w = variable(tensor([1]), "w");
    const bad = [
      [{ learningRate: -1 }, "Adam: learningRate must be 0 or more, not -1"],
      [{ betas: [1, 0.9] }, "Adam: betas[0] must be 0 or more and below 1, not 1"],
      [{ betas: [0.9, NaN] }, "Adam: betas[1] must be 0 or more and below 1, not NaN"],
      [{ eps: -1e-8 }, "Adam: eps must be 0 or more, not -1e-8"],
      [{ weightDecay: Infinity }, "Adam: weightDecay must be 0 or more, not Infinity"],
    ] as const;
    for (const [options, message] of bad) {
      assert.throws(() => new Adam([w], options), { name: "RangeError", message });
    }
  });
});

describe("AdamW", () => {
  it("decays the parameters themselves", async () => {
    const w = variable(tensor([1, 2, 3]), "w");
    const adam = new AdamW([w], { learningRate: 0.1, weightDecay: 0.2 });
    using step = compile(({ g }: { g: Tensor }) => (adam.update([g]), {}));
    for (const g of gradients) await step({ g: hostArray([3], g) });
    assertClose((await w.read()).data, reference([1, 2, 3], gradients, { rate: 0.1, decay: 0.2 }));
  });
});
