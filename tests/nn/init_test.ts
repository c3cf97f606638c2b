import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { read } from "../../core/mod.ts";
import { heNormal, initialValues, pytorchUniform } from "../../nn/mod.ts";

const values = (seed: number, name: string, initializer = pytorchUniform, fanIn = 1) =>
  initialValues([1000], { initializer, fanIn, seed, name });

describe("initialValues", () => {
  it("gives the same numbers for the same seed and name, others otherwise", async () => {
    const { a, again, otherName, otherSeed, high } = await read({
      a: values(1, "a"),
      again: values(1, "a"),
      otherName: values(1, "b"),
      otherSeed: values(2, "a"),
      high: values(1 + 2 ** 40, "a"),
    });
    assert.deepEqual(again.data, a.data);
    for (const { data } of [otherName, otherSeed, high]) {
      assert.ok(data.filter((value, i) => value === a.data[i]).length < 3);
    }
  });

  it("keeps its numbers from version to version", async () => {
    // Written down once from this generator; a change would move every seeded training run.
    const { data } = await values(1, "pre.0.conv.weight").read();
    assert.deepEqual([...data.slice(0, 4)], [
      -0.17470277845859528,
      0.8575528860092163,
      -0.22604379057884216,
      0.8530963659286499,
    ]);
  });

  it("scales each number by its place", async () => {
    const options = { initializer: () => 1, fanIn: 1, seed: 0, name: "x" };
    const scaled = initialValues([3], { ...options, scale: (i) => i * 10 });
    assert.deepEqual(await scaled.array(), [0, 10, 20]);
  });

  it("refuses what is no seed and no fan-in", () => {
    for (const seed of [-1, 0.5, 2 ** 53]) {
      assert.throws(() => values(seed, "a"), {
        name: "RangeError",
        message: `initialValues: seed must be a whole number, 0 to 2^53 - 1, not ${seed}`,
      });
    }
    assert.throws(() => values(0, "a", pytorchUniform, 0), {
      name: "RangeError",
      message: "initialValues: fanIn must be 1 or more, not 0",
    });
  });
});

describe("pytorchUniform and heNormal", () => {
  it("have the spread that they promise", async () => {
    const { uniform, normal } = await read({
      uniform: values(3, "u", pytorchUniform, 25),
      normal: values(3, "n", heNormal, 50),
    });
    const mean = (data: Float32Array) => data.reduce((sum, value) => sum + value, 0) / data.length;
    const variance = (data: Float32Array) => mean(data.map((value) => value ** 2));
    assert.ok(uniform.data.every((value) => Math.abs(value) <= 0.2)); // 1 / √25
    assert.ok(Math.abs(mean(uniform.data)) < 0.02);
    assert.ok(Math.abs(variance(uniform.data) - 0.2 ** 2 / 3) < 0.0015);
    assert.ok(Math.abs(mean(normal.data)) < 0.02);
    assert.ok(Math.abs(variance(normal.data) - 2 / 50) < 0.006);
  });
});
