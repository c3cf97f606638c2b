import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, hostArray, ones, read, tensor, zeros } from "../../core/mod.ts";
import { Random } from "../../data/random.ts";
import { argmax, cast } from "../../ops/mod.ts";

const random = new Random(8);
const draw = (size: number) => Float32Array.from({ length: size }, () => random.uniform(-3, 3));

/** The definition: for every kept place, walk the reduced axes in row-major order. */
function reference(shape: number[], data: Float32Array, axes: number[]): number[] {
  const best = new Map<string, { value: number; place: number }>();
  for (let i = 0; i < data.length; i++) {
    const at: number[] = [];
    let rest = i;
    for (const length of shape.toReversed()) {
      at.unshift(rest % length);
      rest = Math.floor(rest / length);
    }
    const key = at.filter((_, axis) => !axes.includes(axis)).join();
    const place = axes.reduce((flat, axis) => flat * shape[axis] + at[axis], 0);
    const known = best.get(key);
    if (!known || data[i] > known.value || (data[i] === known.value && place < known.place)) {
      best.set(key, { value: data[i], place });
    }
  }
  return [...best.values()].map(({ place }) => place);
}

describe("argmax", () => {
  it("equals its definition along any axes", async () => {
    const shape = [3, 1, 5, 7];
    const data = draw(105);
    const x = tensor(hostArray(shape, data));
    for (const axes of [[3], [2], [0], [1], [0, 2], [1, 3], [0, 1, 2, 3]]) {
      const y = argmax(x, axes);
      assert.deepEqual(
        [...(await y.readIntegers()).data],
        reference(shape, data, axes),
        `axes ${axes}`,
      );
      assert.deepEqual(y.shape, shape.filter((_, axis) => !axes.includes(axis)));
    }
  });

  it("finds one among 70,000 and among 16,000,000, and the first of equals", async () => {
    const many = new Float32Array(16_000_000);
    many[15_999_999] = 1;
    const some = new Float32Array(70_000);
    some[69_000] = some[66_000] = 2;
    assert.equal(await argmax(tensor(many)).item(), 15_999_999);
    assert.equal(await argmax(tensor(some)).item(), 66_000);
    assert.equal(await argmax(ones([70_000])).item(), 0);
  });

  it("counts axes from the end, keeps them when asked, and takes integers and f16", async () => {
    const x = tensor([[1, 9, 2], [8, 3, 4]]);
    assert.deepEqual(await argmax(x, [-1], true).array(), [[1], [0]]);
    const { y } = await read({ y: cast(argmax(cast(x, "f16"), [0]), "f32") });
    assert.deepEqual([...y.data], [1, 0, 1]);
    assert.equal(await argmax(cast(x, "i32")).item(), 1);
  });

  it("takes NaN for the largest only where it stands first", async () => {
    const x = tensor([[NaN, 1, 3], [1, NaN, 3], [3, 1, NaN], [NaN, NaN, NaN]]);
    assert.deepEqual(await argmax(x, [1]).array(), [0, 2, 0, 0]);
    const long = new Float32Array(10_000);
    [long[4095], long[4096], long[4097], long[9000]] = [NaN, NaN, 5, 2]; // 4096 is first in its piece
    assert.equal(await argmax(tensor(long)).item(), 9000);
  });

  it("passes no gradient", () => {
    const x = ones([4]);
    assert.throws(
      () => grad(cast(argmax(x), "f32").add(0), [x]),
      /RangeError: grad: the loss does not depend on number 0/,
    );
  });

  it("refuses axes that are not there and rows of nothing", () => {
    assert.throws(() => argmax(zeros([2, 3]), [2]), /RangeError: argmax: axis 2 does not exist/);
    assert.throws(() => argmax(zeros([2, 0]), [1]), {
      name: "RangeError",
      message: "argmax: there are no numbers along axes [1] of [2, 0]",
    });
  });
});
