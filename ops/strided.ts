/**
 * Walks through a tensor as WGSL text. A kernel numbers its work 0, 1, 2, … in row-major order over some axes;
 * where the numbers lie is a sum of one term per axis, with every size and stride a constant:
 *
 *     axes [2 long, stride 12], [4 long, stride 1]      element i lies at  i / 4 * 12 + i % 4
 *
 * @module
 */
import type { Shape } from "../core/host_array.ts";
import { stridesOf } from "../core/shape.ts";

/** One axis of a walk. */
export interface StridedAxis {
  /** How many steps. */
  readonly length: number;
  /** How many numbers apart neighbours lie; 0 where one number is used again and again. */
  readonly stride: number;
}

/** The axes of a tensor of this shape, each with its stride. */
export function axesOf(shape: Shape): StridedAxis[] {
  const strides = stridesOf(shape);
  return shape.map((length, axis) => ({ length, stride: strides[axis] }));
}

/**
 * The same walk with as few axes as possible: axes of one step are dropped, and neighbours that lie as one
 * longer axis are joined. Never empty. Kernels of the same size then share their text.
 */
export function mergeAxes(axes: readonly StridedAxis[]): StridedAxis[] {
  const merged: StridedAxis[] = [];
  for (const axis of axes) {
    if (axis.length === 1) continue;
    const outer = merged.at(-1);
    if (outer && outer.stride === axis.stride * axis.length) {
      merged[merged.length - 1] = { length: outer.length * axis.length, stride: axis.stride };
    } else {
      merged.push(axis);
    }
  }
  return merged.length > 0 ? merged : [{ length: 1, stride: 0 }];
}

/**
 * The walk of a kernel that does four neighbours of the last axis (stride 1) at once, as places in `array<vec4<…>>`:
 * a step is a group of four.
 */
export function lastAxisByFour(axes: readonly StridedAxis[]): StridedAxis[] {
  const { length, stride } = axes[axes.length - 1]; // where the four lie, stride 1
  return stridesByFour(axes).with(-1, { length: length / 4, stride });
}

/**
 * The same walk, step for step, as places in `array<vec4<…>>`: for axes along which whole groups of four follow one
 * another, every stride a multiple of 4.
 */
export function stridesByFour(axes: readonly StridedAxis[]): StridedAxis[] {
  return axes.map(({ length, stride }) => ({ length, stride: stride / 4 }));
}

/** WGSL expression: where step number `i` (a WGSL name) of the walk lies. */
export function offsetOf(i: string, axes: readonly StridedAxis[]): string {
  const terms: string[] = [];
  let below = 1; // steps of the walk that one step along the axis skips
  for (let a = axes.length - 1; a >= 0; a--) {
    const { length, stride } = axes[a];
    if (stride !== 0 && length !== 1) {
      const quotient = below === 1 ? i : `(${i} / ${below}u)`;
      const coordinate = a === 0 ? quotient : `(${quotient} % ${length}u)`;
      terms.push(stride === 1 ? coordinate : `${coordinate} * ${stride}u`);
    }
    below *= length;
  }
  return terms.reverse().join(" + ") || "0u";
}

/** WGSL expressions: the place on each axis of element `i` (a WGSL name) of a row-major shape. */
export function coordinatesOf(i: string, shape: Shape): string[] {
  const strides = stridesOf(shape);
  return shape.map((length, axis) => {
    const quotient = strides[axis] === 1 ? i : `${i} / ${strides[axis]}u`;
    return axis === 0 ? quotient : `${quotient} % ${length}u`;
  });
}
