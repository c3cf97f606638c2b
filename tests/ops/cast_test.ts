import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, read, tensor, zeros } from "../../core/mod.ts";
import { cast } from "../../ops/mod.ts";

describe("cast", () => {
  it("rounds towards zero to integers and keeps within their range", async () => {
    const x = tensor([1.9, -1.9, 3e9, -3e9, 5e9]);
    assert.deepEqual(await cast(x, "i32").array(), [1, -1, 2147483520, -2147483648, 2147483520]);
    assert.deepEqual(await cast(x, "u32").array(), [1, 0, 3e9, 0, 4294967040]);
  });

  it("converts between all types and back", async () => {
    const values = [0, 1, 2, 1000];
    const x = tensor(values);
    const got = await read({
      half: cast(cast(x, "f16"), "f32"),
      integer: cast(cast(x, "i32"), "f32"),
      unsigned: cast(cast(cast(x, "u32"), "f16"), "f32"),
    });
    for (const { data } of Object.values(got)) assert.deepEqual([...data], values);
    assert.deepEqual(
      await cast(tensor([-1], { dtype: "i32" }), "u32").array(),
      [4_294_967_295],
    );
  });

  it("rounds to f16 as the language does", async () => {
    const values = [0.1, 1 / 3, 2049, 2051, 6.1e-5, 65504];
    const { data } = await cast(cast(tensor(values), "f16"), "f32").read();
    assert.deepEqual([...data], values.map(Math.f16round));
  });

  it("passes gradients between floats, in the type of its input", async () => {
    const x = tensor([1, 2]);
    const half = cast(x, "f16");
    const [gradX, gradHalf] = grad(cast(half.square(), "f32").sum(), [x, half]);
    assert.equal(gradHalf.dtype, "f16");
    assert.equal(gradX.dtype, "f32");
    assert.deepEqual(await gradX.array(), [2, 4]);
  });

  it("passes none through integers", () => {
    const x = tensor([1, 2]);
    assert.throws(() => grad(cast(cast(x, "i32"), "f32").sum(), [x]), {
      name: "RangeError",
      message: /^grad: the loss does not depend on/,
    });
  });

  it("to the same type is the tensor itself", () => {
    const x = zeros([2]);
    assert.equal(cast(x, "f32"), x);
  });
});
