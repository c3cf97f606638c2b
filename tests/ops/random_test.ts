import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { compile, grad, read, type Tensor, tensor, zeros } from "../../core/mod.ts";
import { normal, uniform } from "../../ops/mod.ts";
import { assertClose } from "../close.ts";

/** The hash in JavaScript: four words from four. */
function pcg4d(start: readonly number[]): number[] {
  const mul = (a: number, b: number) => Math.imul(a, b) >>> 0;
  const v = start.map((word) => (mul(word, 1664525) + 1013904223) >>> 0);
  const mix = () => {
    v[0] = (v[0] + mul(v[1], v[3])) >>> 0;
    v[1] = (v[1] + mul(v[2], v[0])) >>> 0;
    v[2] = (v[2] + mul(v[0], v[1])) >>> 0;
    v[3] = (v[3] + mul(v[1], v[2])) >>> 0;
  };
  mix();
  for (let k = 0; k < 4; k++) v[k] = (v[k] ^ (v[k] >>> 16)) >>> 0;
  mix();
  return v;
}

const SAMPLES = 100_000;

describe("uniform", () => {
  it("is the hash of place and seed, to the bit", async () => {
    const { data } = await uniform([3, 7], { seed: 42 }).read();
    const expected = Array.from({ length: 6 }, (_, i) => pcg4d([i, 42, 1, 0])).flat()
      .map((word) => (word >>> 8) / 2 ** 24);
    assert.deepEqual([...data], expected.slice(0, 21));
  });

  it("is spread evenly, without a pattern from one number to the next", async () => {
    const { data } = await uniform([SAMPLES], { seed: 1, low: -1, high: 3 }).read();
    const bins = new Array<number>(16).fill(0);
    let product = 0;
    data.forEach((value, i) => {
      bins[Math.floor((value + 1) * 4)]++;
      product += (value - 1) * (data[(i + 1) % SAMPLES] - 1);
    });
    // Chi-squared with 15 degrees of freedom exceeds 37.7 once in 1,000 seeds.
    const expected = SAMPLES / 16;
    const chiSquared = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    assert.ok(chiSquared < 37.7, `chi-squared ${chiSquared}`);
    assert.ok(Math.abs(product / SAMPLES) < 4 * (4 / 3) / Math.sqrt(SAMPLES), "neighbours");
  });

  it("draws the same again from the same seed, and anew from another", async () => {
    const got = await read({
      a: uniform([100], { seed: 7 }),
      b: uniform([100], { seed: 7 }),
      c: uniform([100], { seed: 8 }),
      tensor: uniform([100], { seed: tensor(Uint32Array.of(7)) }),
    });
    assert.deepEqual(got.a.data, got.b.data);
    assert.deepEqual(got.a.data, got.tensor.data);
    assert.ok(got.a.data.every((value, i) => value !== got.c.data[i]));
  });

  it("draws anew in every call of a step whose seed is an input", async () => {
    using step = compile(({ seed }: { seed: Tensor }) => uniform([4], { seed }));
    const draw = async (seed: number) => {
      const y = await step({ seed: { shape: [1], data: Uint32Array.of(seed) } });
      return [...(await y.read()).data];
    };
    const [a, b, again] = [await draw(1), await draw(2), await draw(1)];
    assert.notDeepEqual(a, b);
    assert.deepEqual(a, again);
  });

  it("is a constant to differentiation, and may be empty", async () => {
    const x = tensor([1, 2]);
    const [gradX] = grad(x.mul(uniform([2], { seed: 1, low: 3, high: 3 })).sum(), [x]);
    assert.deepEqual(await gradX.array(), [3, 3]);
    assert.deepEqual(await uniform([0], { seed: 1 }).array(), []);
  });

  it("refuses sizes, seeds and bounds that are none", () => {
    assert.throws(() => uniform([-1], { seed: 1 }), {
      name: "RangeError",
      message: "uniform: sizes must be whole numbers, 0 or more, not [-1]",
    });
    for (const seed of [-1, 1.5, 2 ** 32]) {
      assert.throws(() => uniform([2], { seed }), {
        name: "RangeError",
        message: `uniform: the seed must be a whole number from 0 to 2³² - 1, not ${seed}`,
      });
    }
    assert.throws(() => uniform([2], { seed: 1, low: 2, high: 1 }), {
      name: "RangeError",
      message: "uniform: low and high must be in order and finite, as high - low, not 2 and 1",
    });
    assert.throws(() => uniform([2], { seed: 1, low: -3e38, high: 3e38 }), { name: "RangeError" });
    assert.throws(() => uniform([2], { seed: zeros([2], "u32") }), {
      name: "TypeError",
      message: "uniform: a seed tensor must hold one u32, not [2] u32",
    });
  });
});

describe("normal", () => {
  it("is Box and Muller's transform of the hash", async () => {
    const { data } = await normal([10], { seed: 42, mean: 1, std: 2 }).read();
    const expected = Array.from({ length: 3 }, (_, i) => pcg4d([i, 42, 2, 0])).flatMap((words) => {
      const [a, b, c, d] = words.map((word) => (word >>> 8) / 2 ** 24);
      const radius = [a, b].map((u) => Math.sqrt(-2 * Math.log(u + 2 ** -24)));
      const angle = [c, d].map((v) => 2 * Math.PI * v);
      return [
        radius[0] * Math.cos(angle[0]),
        radius[1] * Math.cos(angle[1]),
        radius[0] * Math.sin(angle[0]),
        radius[1] * Math.sin(angle[1]),
      ];
    });
    assertClose(data, expected.slice(0, 10).map((u) => 1 + 2 * u), { tolerance: 1e-4 });
  });

  it("has the moments of the normal distribution", async () => {
    const { data } = await normal([SAMPLES], { seed: 3, mean: 5, std: 2 }).read();
    const moment = (power: number) =>
      data.reduce((sum, value) => sum + ((value - 5) / 2) ** power, 0) / SAMPLES;
    // Four standard errors of each moment's estimate.
    const within = (power: number, expected: number, variance: number) =>
      assert.ok(
        Math.abs(moment(power) - expected) < 4 * Math.sqrt(variance / SAMPLES),
        `moment ${power} is ${moment(power)}`,
      );
    within(1, 0, 1);
    within(2, 1, 2);
    within(3, 0, 15);
    within(4, 3, 96);
  });

  it("refuses what is no mean or deviation", () => {
    assert.throws(() => normal([2], { seed: 1, std: -1 }), {
      name: "RangeError",
      message: "normal: mean and std must be finite and std not negative, not 0, -1",
    });
    assert.throws(() => normal([2], { seed: 1, mean: NaN }), { name: "RangeError" });
    assert.throws(() => normal([2.5], { seed: 1 }), { name: "RangeError" });
    assert.throws(() => normal([2], { seed: zeros([1]) }), {
      name: "TypeError",
      message: "normal: a seed tensor must hold one u32, not [1] f32",
    });
  });
});
