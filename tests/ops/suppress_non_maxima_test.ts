import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { hostArray, read, tensor, zeros } from "../../core/mod.ts";
import { Random } from "../../data/random.ts";
import { suppressNonMaxima } from "../../ops/mod.ts";

/** The definition: a pixel stays if no pixel of its window is larger (and, on request, none before it equal). */
function reference(H: number, W: number, x: Float32Array, size: number, onlyFirst: boolean) {
  const reach = (size - 1) / 2;
  return x.map((value, i) => {
    const plane = Math.floor(i / (H * W)) * H * W;
    const row = Math.floor((i - plane) / W), column = i % W;
    for (let r = row - reach; r <= row + reach; r++) {
      for (let c = column - reach; c <= column + reach; c++) {
        if (r < 0 || c < 0 || r >= H || c >= W) continue;
        const other = plane + r * W + c;
        if (x[other] > value || (onlyFirst && other < i && x[other] === value)) return 0;
      }
    }
    return value;
  });
}

describe("suppressNonMaxima", () => {
  it("equals its definition, borders, plateaus and negative numbers included", async () => {
    const random = new Random(3);
    for (const [N, H, W] of [[6, 5, 7], [2, 1, 9], [3, 1, 1], [1, 33, 21]]) {
      // Few levels, so that plateaus are common.
      const x = Float32Array.from({ length: N * H * W }, () => random.integer(7) / 4 - 0.5);
      for (const size of [1, 3, 5]) {
        for (const plateaus of ["all", "first"] as const) {
          const y = suppressNonMaxima(tensor(hostArray([N, H, W], x)), { size, plateaus });
          const { result } = await read({ result: y });
          const expected = reference(H, W, x, size, plateaus === "first");
          assert.deepEqual([...result.data], [...expected], `${N} ${H} ${W} ${size} ${plateaus}`);
        }
      }
    }
  });

  it("keeps NaN, and takes it for larger than nothing", async () => {
    const x = tensor([[1, NaN, 2], [3, 4, 1], [0, 0, 9]]);
    assert.deepEqual(await suppressNonMaxima(x).array(), [[0, NaN, 0], [0, 0, 0], [0, 0, 9]]);
  });

  it("refuses one axis and even windows", () => {
    assert.throws(
      () => suppressNonMaxima(zeros([3])),
      /^ShapeError: suppressNonMaxima: x must have 2/,
    );
    for (const size of [0, 2, 1.5, 101]) {
      assert.throws(
        () => suppressNonMaxima(zeros([3, 3]), { size }),
        /^RangeError: suppressNonMaxima: size must be an odd whole number from 1 to 99, not/,
      );
    }
  });
});
