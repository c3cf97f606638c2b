/**
 * Exchanging axes of arrays in main memory.
 *
 * @module
 */
import { type HostArray, hostArray } from "../mod.ts";

/** Axis i of the result is axis `axes[i]` of x: `permuted(x, [0, 2, 3, 1])` makes N H W C of N C H W. */
export function permuted({ shape, data }: HostArray, axes: readonly number[]): HostArray {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const sizes = axes.map((axis) => shape[axis]);
  const steps = axes.map((axis) => strides[axis]);
  const result = new Float32Array(data.length);
  const index = sizes.map(() => 0);
  for (let i = 0, from = 0; i < result.length; i++) {
    result[i] = data[from];
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++index[axis] < sizes[axis]) break;
      from -= steps[axis] * sizes[axis];
      index[axis] = 0;
    }
  }
  return hostArray(sizes, result);
}
