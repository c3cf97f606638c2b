import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, read, tensor, zeros } from "../../core/mod.ts";
import { abs, exp, log, pow, sigmoid, softplus, sqrt, tanh } from "../../ops/mod.ts";
import { assertClose } from "../close.ts";

// Values and gradients: pointwise_test.ts.

describe("sigmoid, tanh, softplus", () => {
  it("stay finite far out, with their gradients", async () => {
    const x = tensor([-200, -80, 80, 200]);
    const got = await read({
      sigmoid: sigmoid(x),
      tanh: tanh(x),
      softplus: softplus(x),
      gradSigmoid: grad(sigmoid(x).sum(), [x])[0],
      gradTanh: grad(tanh(x).sum(), [x])[0],
      gradSoftplus: grad(softplus(x).sum(), [x])[0],
    });
    assertClose(got.sigmoid.data, [0, 0, 1, 1]);
    assertClose(got.tanh.data, [-1, -1, 1, 1]);
    assertClose(got.softplus.data, [0, 0, 80, 200]);
    assertClose(got.gradSigmoid.data, [0, 0, 0, 0]);
    assertClose(got.gradTanh.data, [0, 0, 0, 0]);
    assertClose(got.gradSoftplus.data, [0, 0, 1, 1]);
  });
});

describe("softplus", () => {
  it("keeps its digits where e^x is small beside 1", async () => {
    const x = [-80, -20, -17, -10, -4.01, -4];
    const { data } = await softplus(tensor(x)).read();
    x.forEach((at, i) => {
      const exact = Math.log1p(Math.exp(at));
      assert.ok(Math.abs(data[i] / exact - 1) < 5e-5, `softplus(${at}) is ${data[i]}`);
    });
  });
});

describe("pow", () => {
  it("is NaN for a negative base and a broken exponent, and has slope 1 at exponent 1", async () => {
    const x = tensor([-2, -8, 4]);
    assert.deepEqual([...(await pow(x, 0.5).read()).data], [NaN, NaN, 2]);
    assert.deepEqual([...(await pow(x, tensor([-1.5, 3, 0.5])).read()).data], [NaN, -512, 2]);
    const zero = tensor([0, -3]);
    assert.deepEqual(await grad(pow(zero, 1).sum(), [zero])[0].array(), [1, 1]);
  });
});

describe("pow", () => {
  it("is infinite for 0 and a negative exponent, whether that is a number or a tensor", async () => {
    const x = tensor([0, 2, Infinity]);
    const got = await read({
      number: pow(x, -1),
      tensor: pow(x, tensor([-2, -1, -0.5])),
      slope: grad(pow(x, 0.5).sum(), [x])[0],
    });
    assert.deepEqual([...got.number.data], [Infinity, 0.5, 0]);
    assert.deepEqual([...got.tensor.data], [Infinity, 0.5, 0]);
    assert.equal(got.slope.data[0], Infinity);
  });
});

describe("tanh, softplus, sigmoid, exp, pow", () => {
  it("pass NaN on, with their gradients", async () => {
    const x = tensor([NaN]);
    const results = {
      tanh: tanh(x),
      softplus: softplus(x),
      sigmoid: sigmoid(x),
      exp: exp(x),
      square: pow(x, 2),
      root: pow(x, 1 / 3),
      power: pow(x, tensor([-1])),
      exponent: pow(tensor([2]), x),
    };
    const slopes = Object.entries(results).map(([name, y]) => {
      return [`slope of ${name}`, grad(y.sum(), [x])[0]] as const;
    });
    const got = await read({ ...results, ...Object.fromEntries(slopes) });
    for (const [name, { data }] of Object.entries(got)) assert.ok(Number.isNaN(data[0]), name);
    assert.equal(await pow(x, 0).item(), 1); // as everywhere
  });
});

describe("exp, log, sqrt, abs", () => {
  it("have their limits at the ends", async () => {
    const zero = tensor([0, 1]);
    const got = await read({
      exp: exp(tensor([-200, 200])),
      log: log(zero),
      sqrt: sqrt(zero),
      abs: abs(tensor([-0, -Infinity])),
      gradAbs: grad(abs(zero).sum(), [zero])[0],
    });
    assert.deepEqual([...got.exp.data], [0, Infinity]);
    assert.deepEqual([...got.log.data], [-Infinity, 0]);
    assert.deepEqual([...got.sqrt.data], [0, 1]);
    assert.deepEqual([...got.abs.data], [0, Infinity]);
    assert.deepEqual([...got.gradAbs.data], [0, 1]);
  });
});

describe("pow", () => {
  it("raises negative numbers to whole exponents, with their gradients", async () => {
    const x = tensor([-2, -0.5, 3]);
    const exponents = [0, 1, 2, 3, -1, -2];
    const asked = Object.fromEntries(exponents.flatMap((exponent) => {
      const y = pow(x, exponent);
      return [[`y ${exponent}`, y], [`gradient ${exponent}`, grad(y.sum(), [x])[0]]];
    }));
    const got = await read(asked);
    for (const exponent of exponents) {
      const values = [-2, -0.5, 3].map((value) => value ** exponent);
      const slopes = [-2, -0.5, 3].map((value) => exponent * value ** (exponent - 1));
      assertClose(got[`y ${exponent}`].data, values, { label: `x^${exponent}` });
      assertClose(got[`gradient ${exponent}`].data, slopes, { label: `slope of x^${exponent}` });
    }
  });

  it("refuses shapes that do not broadcast", () => {
    assert.throws(() => pow(zeros([2]), zeros([3])), {
      name: "ShapeError",
      message: /^pow: sizes 2 and 3 do not go together on axis -1/,
    });
  });
});
