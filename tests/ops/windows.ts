/** Windows in plain loops, for the tests of the poolings. @module */
import type { Shape } from "../../core/mod.ts";
import type { Numbers } from "../check_gradient.ts";
import { placeOf, places } from "../check_op.ts";

/** Sizes, and how windows lie. */
export interface WindowCase {
  readonly shape: Shape;
  readonly size: number;
  readonly stride: number;
  readonly pad: number;
}

/** The hourglass's case in its several kernels, odd sizes, overlap, gaps, borders, more than a workgroup. */
export const WINDOW_CASES: readonly WindowCase[] = [
  { shape: [1, 2, 4, 8], size: 2, stride: 2, pad: 0 },
  { shape: [1, 2, 2, 4], size: 2, stride: 2, pad: 0 },
  { shape: [2, 3, 5, 7], size: 2, stride: 2, pad: 0 },
  { shape: [1, 2, 6, 7], size: 3, stride: 2, pad: 1 },
  { shape: [1, 1, 5, 5], size: 3, stride: 1, pad: 1 },
  { shape: [1, 1, 7, 8], size: 2, stride: 3, pad: 0 },
  { shape: [1, 1, 1, 1], size: 1, stride: 1, pad: 0 },
  { shape: [2, 3, 16, 16], size: 2, stride: 2, pad: 0 },
];

/** Shape of the result. */
export function pooled({ shape: [n, c, height, width], size, stride, pad }: WindowCase): Shape {
  const count = (length: number) => Math.floor((length + 2 * pad - size) / stride) + 1;
  return [n, c, count(height), count(width)];
}

/** One number from the values of each window that are inside the image. */
export function overWindows(window: WindowCase, combine: (values: number[]) => number) {
  const { shape, size, stride, pad } = window;
  const [, , height, width] = shape;
  return ({ data }: Numbers) =>
    [...places(pooled(window))].map(([n, c, i, j]) => {
      const values: number[] = [];
      for (let u = 0; u < size; u++) {
        for (let v = 0; v < size; v++) {
          const row = i * stride - pad + u;
          const column = j * stride - pad + v;
          const inside = row >= 0 && row < height && column >= 0 && column < width;
          if (inside) values.push(data[placeOf(shape, [n, c, row, column])]);
        }
      }
      return combine(values);
    });
}
