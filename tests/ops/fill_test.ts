import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, read, zeros } from "../../core/mod.ts";
import { cast, full } from "../../ops/mod.ts";

describe("full", () => {
  it("repeats any number, exactly", async () => {
    const values = [0, -1.5, 1 / 3, 1e-40, 3e38, Infinity, -Infinity];
    const got = await read(
      Object.fromEntries(values.map((value) => [String(value), full([5], value)])),
    );
    for (const value of values) {
      assert.deepEqual([...got[String(value)].data], new Array(5).fill(Math.fround(value)));
    }
  });

  it("makes integers and f16, of any shape", async () => {
    assert.deepEqual(await full([2, 1], -7, "i32").array(), [[-7], [-7]]);
    assert.deepEqual(await full([3], 4_294_967_295, "u32").array(), new Array(3).fill(2 ** 32 - 1));
    assert.deepEqual(await cast(full([3], 0.1, "f16"), "f32").array(), [
      Math.f16round(0.1),
      Math.f16round(0.1),
      Math.f16round(0.1),
    ]);
    assert.equal(await full([], 3).item(), 3);
    assert.deepEqual(await full([0, 2], 3).array(), []);
    assert.equal(await full([1000], 1).sum().item(), 1000);
  });

  it("is a constant to differentiation", () => {
    const x = full([2], 3);
    assert.throws(() => grad(x.sum(), [zeros([2])]), { name: "RangeError" });
  });

  it("refuses sizes that are none and values that do not fit", () => {
    assert.throws(() => full([2, -1], 0), {
      name: "RangeError",
      message: "full: sizes must be whole numbers, 0 or more, not [2, -1]",
    });
    assert.throws(() => full([2], 1.5, "i32"), {
      name: "RangeError",
      message: "full: 1.5 is no i32",
    });
    assert.throws(() => full([2], -1, "u32"), { message: "full: -1 is no u32" });
  });
});
