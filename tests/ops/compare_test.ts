import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, read, tensor, zeros } from "../../core/mod.ts";
import {
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  notEqual,
  where,
} from "../../ops/mod.ts";

const comparisons = { greater, greaterEqual, less, lessEqual, equal, notEqual };

describe("comparisons", () => {
  it("give 1 and 0, at ties and infinities too", async () => {
    const a = tensor([1, 2, 3, Infinity, -Infinity]);
    const b = tensor([2, 2, 2, Infinity, 0]);
    const got = await read(
      Object.fromEntries(Object.entries(comparisons).map(([name, op]) => [name, op(a, b)])),
    );
    assert.deepEqual([...got.greater.data], [0, 0, 1, 0, 0]);
    assert.deepEqual([...got.greaterEqual.data], [0, 1, 1, 1, 0]);
    assert.deepEqual([...got.less.data], [1, 0, 0, 0, 1]);
    assert.deepEqual([...got.lessEqual.data], [1, 1, 0, 1, 1]);
    assert.deepEqual([...got.equal.data], [0, 1, 0, 1, 0]);
    assert.deepEqual([...got.notEqual.data], [1, 0, 1, 0, 1]);
  });

  it("tell NaN from everything, itself too", async () => {
    const x = tensor([NaN, NaN, 1]);
    const y = tensor([NaN, 1, NaN]);
    const got = await read(
      Object.fromEntries(Object.entries(comparisons).map(([name, op]) => [name, op(x, y)])),
    );
    for (const [name, { data }] of Object.entries(got)) {
      assert.deepEqual([...data], new Array(3).fill(name === "notEqual" ? 1 : 0), name);
    }
  });

  it("keep the number type", async () => {
    const y = less(tensor([1, 5], { dtype: "u32" }), 3);
    assert.equal(y.dtype, "u32");
    assert.deepEqual(await y.array(), [1, 0]);
  });

  it("refuse shapes that do not broadcast", () => {
    for (const [name, op] of Object.entries(comparisons)) {
      assert.throws(() => op(zeros([2]), zeros([3])), {
        name: "ShapeError",
        message: new RegExp(`^${name}: sizes 2 and 3 do not go together on axis -1`),
      });
    }
  });
});

describe("where", () => {
  it("takes NaN for a yes, since it is not 0", async () => {
    const a = tensor([1, 1, 1]);
    const y = where(tensor([NaN, 0, 2]), a, 5);
    const got = await read({ y, slope: grad(y.sum(), [a])[0] });
    assert.deepEqual([...got.y.data], [1, 5, 1]);
    assert.deepEqual([...got.slope.data], [1, 0, 1]);
  });

  it("chooses, and keeps what was not chosen out of the gradient", async () => {
    const x = tensor([-1, 0, 4]);
    const y = where(greater(x, 0), log(x), 7);
    const [gradX] = grad(where(greater(x, 0), x.square(), x).sum(), [x]);
    const got = await read({ y, gradX });
    assert.deepEqual([...got.y.data.slice(0, 2)], [7, 7]);
    assert.ok(Math.abs(got.y.data[2] - Math.log(4)) < 1e-5);
    assert.deepEqual([...got.gradX.data], [1, 1, 8]);
  });

  it("refuses shapes that do not broadcast", () => {
    assert.throws(() => where(zeros([2]), zeros([3]), 0), {
      name: "ShapeError",
      message: /^where: sizes 2 and 3 do not go together on axis -1/,
    });
  });
});
