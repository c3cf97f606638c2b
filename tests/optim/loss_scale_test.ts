import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  assign,
  compile,
  grad,
  hostArray,
  read,
  type Tensor,
  tensor,
  variable,
} from "../../core/mod.ts";
import { BatchNorm2d, loadState, parameters, stateOf } from "../../nn/mod.ts";
import { cast } from "../../ops/mod.ts";
import { Adam, allFinite, clipByGlobalNorm, LossScale, RmsProp, Sgd } from "../../optim/mod.ts";

type State = Awaited<ReturnType<typeof stateOf>>;

/** The same numbers, to the last bit. */
function assertSame(a: State, b: State): void {
  assert.deepEqual(Object.keys(a), Object.keys(b));
  for (const [name, { data }] of Object.entries(a)) {
    assert.ok(data.every((value, i) => Object.is(value, b[name].data[i])), name);
  }
}

/** A layer in f16 with everything that a training step may change; `step` learns from x, `[2, 3, 2, 2]`. */
function network(options: ConstructorParameters<typeof LossScale>[0] = {}) {
  const bn = new BatchNorm2d({ channels: 3 });
  const adam = new Adam(parameters(bn), { learningRate: 0.1 });
  const average = variable(tensor([0, -0, 0]), "average");
  const lossScale = new LossScale(options);
  const step = compile(({ x }: { x: Tensor }) => {
    const y = cast(bn.forward(cast(x, "f16"), { training: true }), "f32");
    const loss = y.sub(x).square().mean();
    adam.update(lossScale.gradients(loss, adam.parameters));
    assign(average, average.mul(0.5).add(bn.weight));
    return { loss };
  });
  return { bn, adam, average, lossScale, step };
}

const batch = (seed: number, fill?: number) =>
  hostArray([2, 3, 2, 2], Array.from({ length: 24 }, (_, i) => fill ?? Math.sin(seed + 3 * i * i)));

describe("LossScale", () => {
  it("halves on overflow, doubles after so many good steps in a row, between 1/2 and 2 ** 24", async () => {
    const runs = [[4, "ggbggggbbbbbbggg"], [2 ** 23, "gggggggggbg"]] as const;
    const ends = await Promise.all(runs.map(async ([initial, fates]) => {
      const w = variable(tensor([-1]), "w");
      const lossScale = new LossScale({ initial, doubleAfter: 3 });
      using step = compile(({ x }: { x: Tensor }) => (lossScale.settle([x]), assign(w, x), {}));
      let [value, good, skipped, kept] = [initial as number, 0, 0, -1];
      const seen: number[] = [];
      for (const [i, fate] of [...fates].entries()) {
        const isGood = fate === "g";
        await step({ x: hostArray([1], [isGood ? i : [NaN, Infinity, -Infinity][i % 3]]) });
        if (isGood) [good, kept] = [good + 1, i];
        else [value, good, skipped] = [Math.max(value / 2, 0.5), 0, skipped + 1];
        if (good === 3) [value, good] = [Math.min(2 * value, 2 ** 24), 0];
        const now = await read({ ...lossScale, w });
        const found = [now.value, now.good, now.skipped, now.w].map(({ data }) => data[0]);
        assert.deepEqual(found, [value, good, skipped, kept], `${fates}, step ${i}`);
        seen.push(value);
      }
      return [Math.min(...seen), Math.max(...seen), value];
    }));
    assert.deepEqual(ends, [[0.5, 4, 1], [2 ** 23, 2 ** 24, 2 ** 23]]);
  });

  it("skips a step whose gradients overflow in f16: everything stays to the last bit", async () => {
    const { step, lossScale, ...trained } = network();
    await step({ x: batch(1) });
    const before = await stateOf(trained);
    const bad = [batch(2, 1e6), { ...batch(2), data: batch(2).data.with(5, 7e4) }, batch(2, NaN)];
    for (const [i, x] of bad.entries()) {
      await step({ x });
      assertSame(await stateOf(trained), before);
      assert.deepEqual(await lossScale.value.item(), 2 ** (15 - i));
    }
    await step({ x: batch(3) });
    assert.equal(await lossScale.skipped.item(), 3);
    // What follows is what would have followed without the three: to the bit, a power of two changes no digit.
    const other = network({ initial: 2 ** 13 });
    for (const seed of [1, 3]) await other.step({ x: batch(seed) });
    const { bn, adam, average } = other;
    assertSame(await stateOf(trained), await stateOf({ bn, adam, average }));
    for (const it of [step, other.step]) it[Symbol.dispose]();
  });

  it("comes down until the gradients fit, though the loss was finite all the time", async () => {
    const { step, lossScale, bn } = network({ initial: 2 ** 24 });
    const before = await stateOf(bn);
    let tries = 0;
    for (; await lossScale.skipped.item() === tries; tries++) {
      assertSame(await stateOf(bn), before);
      assert.ok(Number.isFinite(await (await step({ x: batch(1) })).loss.item()));
    }
    // d loss / d y = 2 (y - x) / 24, times the scale, must stay below 65,504.
    assert.ok(tries > 2 && tries < 10, `${tries}`);
    assert.notDeepEqual(await stateOf(bn), before);
    step[Symbol.dispose]();
  });

  it("goes on from a saved state as if it had never stopped", async () => {
    const inputs = [batch(1), batch(1, NaN), batch(2), batch(3), batch(4)];
    const run = async (stop: boolean) => {
      let it = network({ doubleAfter: 2 });
      for (const [i, x] of inputs.entries()) {
        if (stop && i === 3) {
          const { step, ...state } = it;
          const saved = await stateOf(state);
          step[Symbol.dispose]();
          it = network({ initial: 1, doubleAfter: 2 });
          const { step: _, ...fresh } = it;
          await loadState(fresh, saved);
        }
        await it.step({ x });
      }
      const { step, ...state } = it;
      step[Symbol.dispose]();
      return await stateOf(state);
    };
    const [whole, resumed] = [await run(false), await run(true)];
    assertSame(resumed, whole);
    assert.deepEqual(whole["loss_scale.value"].data[0], 2 ** 16); // down, and up again after two
  });

  it("lets gradients survive that are nothing in f16 without it", async () => {
    const w = variable(tensor([1, 2]), "w");
    const lossScale = new LossScale();
    const tiny = tensor([3e-9, 1e-8]); // below half of the smallest number of f16, 6e-8
    using step = compile(() => {
      const y = cast(cast(w, "f16"), "f32").mul(tiny);
      const [scaled] = lossScale.gradients(y.sum(), [w]);
      return { scaled };
    });
    using plain = compile(() => ({ g: cast(cast(tiny, "f16"), "f32") }));
    assert.deepEqual(await (await plain({})).g.array(), [0, 0]);
    const { data } = await (await step({})).scaled.read();
    [3e-9, 1e-8].forEach((g, i) => assert.ok(Math.abs(data[i] - g) < 1e-3 * g, `${data[i]}`));
  });

  it("gives optimisers the gradients of the loss itself: in f32 all three do the same to the last bit", async () => {
    // Gradients of eps's own size: an eps that grew or shrank with the scale would be seen.
    const run = async (isScaled: boolean) => {
      const all = [Adam, RmsProp, Sgd].map((Optimizer) => {
        const w = variable(tensor([1, -2, 0.5]), "w");
        return { w, optimizer: new Optimizer([w], { learningRate: 0.1, weightDecay: 1e-9 }) };
      });
      for (const { w, optimizer } of all) {
        const lossScale = new LossScale({ doubleAfter: 1 });
        using step = compile(() => {
          const loss = w.square().sum().mul(1e-8);
          const gradients = isScaled
            ? lossScale.gradients(loss, [w])
            : [w.mul(Math.fround(1e-8)).mul(2)];
          optimizer.update(clipByGlobalNorm(gradients, 1e-8).gradients);
          return {};
        });
        for (let i = 0; i < 3; i++) await step({});
      }
      return await stateOf(all);
    };
    assertSame(await run(true), await run(false));
  });

  it("costs at most four kernels for each of Adam's parameters, and copies nothing", async () => {
    type Differentiate = (loss: Tensor, wrt: readonly Tensor[]) => Tensor[];
    const planOf = async (count: number, differentiate: Differentiate) => {
      const all = Array.from({ length: count }, (_, i) => variable(tensor([1, 2, 3]), `w${i}`));
      const adam = new Adam(all);
      using step = compile(() => {
        const loss = all.map((w) => w.square().sum()).reduce((a, b) => a.add(b));
        adam.update(differentiate(loss, all));
        return { loss };
      });
      await step({});
      const [{ kernels, copies }] = step.plans().values();
      return { kernels, copies };
    };
    const lossScale = new LossScale();
    const scaled: Differentiate = (loss, wrt) => lossScale.gradients(loss, wrt);
    const [one, six, plainOne, plainSix] = [
      await planOf(1, scaled),
      await planOf(6, scaled),
      await planOf(1, grad),
      await planOf(6, grad),
    ];
    // Divide, sum up, look, choose the parameter; the moments are chosen where they are computed.
    const cost = six.kernels - one.kernels - (plainSix.kernels - plainOne.kernels);
    assert.ok(cost > 0 && cost <= 5 * 4, `${cost} for five parameters`);
    assert.deepEqual([one.copies, six.copies], [0, 0]);
  });

  it("refuses settings out of range, and to be called outside a step", () => {
    const bad = [
      [{ initial: 1000 }, "LossScale: initial must be a power of two from 1 to 2 ** 24, not 1000"],
      [{ initial: 0.5 }, "LossScale: initial must be a power of two from 1 to 2 ** 24, not 0.5"],
      [{ initial: 2 ** 25 }, /^LossScale: initial must be a power of two .* not 33554432/],
      [{ initial: NaN }, /not NaN/],
      [{ doubleAfter: 0 }, "LossScale: doubleAfter must be a whole number, 1 or more, not 0"],
      [{ doubleAfter: 1.5 }, /doubleAfter must be a whole number, 1 or more, not 1.5/],
    ] as const;
    for (const [options, message] of bad) {
      assert.throws(() => new LossScale(options), { name: "RangeError", message });
    }
    assert.throws(() => new LossScale().settle([tensor(1)]), {
      name: "TypeError",
      message: /^LossScale: must be called inside a compiled step\n {2}help: wrap/,
    });
  });
});

describe("allFinite", () => {
  it("finds one number that is not finite wherever it is, in f32 and f16", async () => {
    const largest = { f32: 3.4e38, f16: 65504 };
    for (const dtype of ["f32", "f16"] as const) {
      const TypedArray = dtype === "f16" ? Float16Array : Float32Array;
      using check = compile(({ x, y }: { x: Tensor; y: Tensor }) => ({ ok: allFinite([x, y]) }));
      const ask = async (place: number, value: number) => {
        const data = new TypedArray(1001).map((_, i) => i % 7 - 3);
        data[place] = value;
        const x = { shape: [1001], data };
        const y = { shape: [], data: new TypedArray([1]) };
        const found = [await (await check({ x, y })).ok.item()];
        found.push(await (await check({ x: { ...x, data: data.with(place, 0) }, y })).ok.item());
        y.data[0] = value;
        found.push(await (await check({ x: { ...x, data: data.with(place, 0) }, y })).ok.item());
        return found;
      };
      for (const place of [0, 255, 256, 1000]) {
        for (const bad of [NaN, Infinity, -Infinity]) {
          assert.deepEqual(await ask(place, bad), [0, 1, 0], `${bad} at ${place}`);
        }
      }
      for (const good of [-0, 6e-8, largest[dtype], -largest[dtype]]) {
        assert.deepEqual(await ask(500, good), [1, 1, 1], `${good}`);
      }
    }
  });

  it("wants something to look at", () => {
    assert.throws(() => allFinite([]), {
      name: "RangeError",
      message: "allFinite: there are no tensors to look at",
    });
  });
});
