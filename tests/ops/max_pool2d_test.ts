import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, read, type Tensor, tensor, zeros } from "../../core/mod.ts";
import { maxPool2d } from "../../ops/mod.ts";
import { checkOp, distinct } from "../check_op.ts";
import { overWindows, pooled, WINDOW_CASES } from "./windows.ts";

describe("maxPool2d", () => {
  it("finds the largest of each window, with its gradient", async () => {
    await checkOp(...WINDOW_CASES.map((window, i) => ({
      op: (x: Tensor) => maxPool2d(x, window),
      reference: overWindows(window, (values) => Math.max(...values)),
      inputs: [distinct(window.shape)],
      shape: pooled(window),
      half: i === 0 || i === 3,
      tolerance: 1e-7,
    })));
  });

  it("gives the gradient to the first of equal maxima, row by row", async () => {
    // The same 2x2 ties, in a row of 8 (four at a time) and of 3 (one at a time, last column left out).
    const wide = tensor([[[[1, 1, 0, 2, 3, 1, 0, 0], [1, 1, 2, 2, 3, 3, 0, 0]]]]);
    const odd = tensor([[[[1, 1, 9], [1, 1, 9]]]]);
    const gradientOf = (x: Tensor) => grad(maxPool2d(x).sum(), [x])[0];
    const got = await read({ wide: gradientOf(wide), odd: gradientOf(odd) });
    assert.deepEqual([...got.wide.data], [1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual([...got.odd.data], [1, 0, 0, 0, 0, 0]);
  });

  it("counts the border as minus infinity", async () => {
    const x = tensor([[[[-5, -7], [-6, -8]]]]);
    const y = maxPool2d(x, { size: 2, stride: 1, pad: 1 });
    assert.deepEqual(await y.array(), [[[[-5, -5, -7], [-5, -5, -7], [-6, -6, -8]]]]);
  });

  it("gives NaN or the largest number of a window with NaN, NaN where nothing else is", async () => {
    for (const columns of [2, 8]) { // any windows, and four at a time
      for (let place = 0; place < 4; place++) {
        const window = [1, 5, 2, 3].with(place, NaN);
        const rows = [0, 2].map((start) =>
          Array.from({ length: columns }, (_, i) => window[start + i % 2])
        );
        const { data } = await maxPool2d(tensor([[rows]])).read();
        const largest = place === 1 ? 3 : 5;
        assert.equal(data.length, columns / 2);
        for (const value of data) assert.ok(Number.isNaN(value) || value === largest, `${value}`);
      }
    }
    const { data } = await maxPool2d(tensor([[[[NaN, NaN], [NaN, NaN]]]])).read();
    assert.ok(Number.isNaN(data[0]));
  });

  it("refuses shapes and windows that do not fit", () => {
    assert.throws(() => maxPool2d(zeros([2, 4, 4])), {
      name: "ShapeError",
      message: /^maxPool2d: x must have 4 axes, not 3\n/,
    });
    assert.throws(() => maxPool2d(zeros([1, 1, 4, 1])), {
      name: "ShapeError",
      message: /^maxPool2d: a window of 2 x 2 is larger than the image\n/,
    });
    assert.throws(() => maxPool2d(zeros([1, 1, 4, 4]), { size: 2, pad: 2 }), {
      name: "RangeError",
      message:
        "maxPool2d: size and stride must be whole numbers from 1 and pad one from 0 to half " +
        "the size, not size 2, stride 2, pad 2",
    });
    assert.throws(() => maxPool2d(zeros([1, 1, 64, 64]), { size: 20, stride: 1 }), {
      name: "RangeError",
      message: "maxPool2d: windows of 20 every 1 places overlap too much; " +
        "make the stride larger or pool twice",
    });
  });
});
