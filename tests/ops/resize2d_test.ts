import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { tensor, zeros } from "../../core/mod.ts";
import { resize2d } from "../../ops/mod.ts";
import { checkOp } from "../check_op.ts";
import type { Numbers } from "../check_gradient.ts";

/** The definition: look at (o + ½) from / to - ½ within the map, between its two neighbours along both axes. */
const reference = (height: number, width: number) => ({ shape, data }: Numbers): number[] => {
  const [N, C, H, W] = shape;
  const place = (o: number, from: number, to: number) =>
    Math.min(Math.max((o + 0.5) * from / to - 0.5, 0), from - 1);
  const y: number[] = [];
  for (let plane = 0; plane < N * C; plane++) {
    const at = (r: number, c: number) =>
      data[(plane * H + Math.min(r, H - 1)) * W + Math.min(c, W - 1)];
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const r = place(i, H, height), c = place(j, W, width);
        const [r0, c0] = [Math.floor(r), Math.floor(c)];
        const line = (row: number) => at(row, c0) * (1 - c + c0) + at(row, c0 + 1) * (c - c0);
        y.push(line(r0) * (1 - r + r0) + line(r0 + 1) * (r - r0));
      }
    }
  }
  return y;
};

describe("resize2d", () => {
  it("equals its definition, larger and smaller, odd sizes and size 1, with its gradient", async () => {
    const cases = [[[2, 3, 4, 5], 7, 3], [[1, 2, 1, 1], 3, 2], [[1, 1, 6, 9], 1, 1], [
      [1, 2, 3, 4],
      3,
      9,
    ]];
    await checkOp(
      ...(cases as [number[], number, number][]).map(([shape, height, width]) => ({
        op: (x: Parameters<typeof resize2d>[0]) => resize2d(x, height, width),
        reference: reference(height, width),
        inputs: [shape],
        shape: [shape[0], shape[1], height, width],
      })),
    );
  });

  it("leaves images of this size alone", () => {
    const x = zeros([1, 1, 2, 3]);
    assert.equal(resize2d(x, 2, 3), x);
  });

  it("refuses other axes, nothing, and sizes that are none", () => {
    assert.throws(() => resize2d(tensor([1]), 1, 1), /^ShapeError: resize2d: x must have 4 axes/);
    assert.throws(() => resize2d(zeros([1, 1, 0, 2]), 1, 1), /^ShapeError: resize2d/);
    for (const size of [0, 1.5, -1]) {
      assert.throws(
        () => resize2d(zeros([1, 1, 2, 2]), size, 1),
        /^RangeError: resize2d: height and width must be whole numbers, 1 or more, not/,
      );
    }
  });
});
