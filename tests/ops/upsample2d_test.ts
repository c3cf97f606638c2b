import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { type Shape, type Tensor, zeros } from "../../core/mod.ts";
import { upsample2d } from "../../ops/mod.ts";
import type { Numbers } from "../check_gradient.ts";
import { at, checkOp, places } from "../check_op.ts";

const enlarged = ([n, c, height, width]: Shape, scale: number) => [
  n,
  c,
  height * scale,
  width * scale,
];

const nearest = (scale: number) => (x: Numbers) =>
  [...places(enlarged(x.shape, scale))].map(([n, c, i, j]) =>
    at(x, [n, c, Math.floor(i / scale), Math.floor(j / scale)])
  );

/** Every output pixel as a weighted sum of all input pixels: slow and plain. */
const bilinear = (scale: number) => (x: Numbers) => {
  const [, , height, width] = x.shape;
  const weight = (o: number, length: number, pixel: number) => {
    const source = Math.min(Math.max((o + 0.5) / scale - 0.5, 0), length - 1);
    return Math.max(1 - Math.abs(source - pixel), 0);
  };
  return [...places(enlarged(x.shape, scale))].map(([n, c, i, j]) => {
    let sum = 0;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        sum += weight(i, height, row) * weight(j, width, column) * at(x, [n, c, row, column]);
      }
    }
    return sum;
  });
};

const CASES: readonly (readonly [Shape, number])[] = [
  [[1, 2, 2, 4], 2], // four at a time
  [[2, 2, 3, 5], 2],
  [[1, 1, 1, 1], 3],
  [[1, 2, 2, 4], 3],
  [[1, 2, 8, 12], 2], // more than one workgroup
];

describe("upsample2d", () => {
  it("repeats every number, with its gradient", async () => {
    await checkOp(...CASES.map(([shape, scale], i) => ({
      op: (x: Tensor) => upsample2d(x, { scale }),
      reference: nearest(scale),
      inputs: [shape],
      shape: enlarged(shape, scale),
      half: i < 2,
    })));
  });

  it("interpolates between pixel centres, with its gradient", async () => {
    await checkOp(
      ...CASES.slice(1).map(([shape, scale], i) => ({
        op: (x: Tensor) => upsample2d(x, { scale, mode: "bilinear" }),
        reference: bilinear(scale),
        inputs: [shape],
        shape: enlarged(shape, scale),
        half: i === 1,
      })),
    );
  });

  it("doubles, with nearest neighbours, unless told otherwise", async () => {
    assert.deepEqual(upsample2d(zeros([1, 1, 2, 3])).shape, [1, 1, 4, 6]);
    const y = upsample2d(zeros([1, 1, 1, 2]).add(1), { scale: 1, mode: "bilinear" });
    assert.deepEqual(await y.array(), [[[[1, 1]]]]);
  });

  it("refuses other shapes, scales and modes", () => {
    assert.throws(() => upsample2d(zeros([2, 2])), {
      name: "ShapeError",
      message: /^upsample2d: x must have 4 axes, not 2\n/,
    });
    const x = zeros([1, 1, 2, 2]);
    for (const scale of [0, 1.5, 65]) {
      assert.throws(() => upsample2d(x, { scale }), {
        name: "RangeError",
        message: `upsample2d: scale must be a whole number from 1 to 64, not ${scale}`,
      });
    }
    assert.throws(() => upsample2d(x, { mode: "cubic" as "nearest" }), {
      name: "RangeError",
      message: 'upsample2d: mode must be "nearest" or "bilinear", not "cubic"',
    });
  });
});
