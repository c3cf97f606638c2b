/**
 * How the matrices of a product lie in memory: what every way to compute it has to know.
 *
 * @module
 */
import { type Shape, sizeOf } from "../core/host_array.ts";
import { broadcastShape } from "../core/shape.ts";
import { axesOf, mergeAxes, offsetOf } from "./strided.ts";

/** How the two matrices are stored. */
export interface MatmulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** The leading axes of the product. */
export function leadingOf(a: Shape, b: Shape): Shape {
  return broadcastShape("matmul", { a: a.slice(0, -2), b: b.slice(0, -2) });
}

/** Rows of a, terms of a sum, columns of b. */
export function sizesOf(a: Shape, b: Shape, { transposeA, transposeB }: MatmulAttrs) {
  const [a0, a1] = a.slice(-2);
  const [b0, b1] = b.slice(-2);
  return {
    rows: transposeA ? a1 : a0,
    terms: transposeA ? a0 : a1,
    termsOfB: transposeB ? b1 : b0,
    columns: transposeB ? b0 : b1,
  };
}

/** Whether a load of four neighbours never goes beyond a row as it is stored. */
export function isWide(shape: Shape): boolean {
  return shape[shape.length - 1] % 4 === 0;
}

/** Floating-point operations of the product. */
export function flopsOf(a: Shape, b: Shape, attrs: MatmulAttrs): number {
  const { rows, terms, columns } = sizesOf(a, b, attrs);
  return 2 * sizeOf(leadingOf(a, b)) * rows * terms * columns;
}

/**
 * Where the matrix of `batch` starts; leading axes of size 1 are broadcast. Mostly a multiple of one stride, 0 for a
 * matrix that all share; else `place` is the WGSL of a walk along several axes.
 */
export function startOf(
  shape: Shape,
  leading: Shape,
): { readonly stride: number; readonly place?: string } {
  const own = axesOf(shape);
  const missing = leading.length - (shape.length - 2);
  const walk = mergeAxes(leading.map((length, axis) => ({
    length,
    stride: axis < missing || shape[axis - missing] === 1 ? 0 : own[axis - missing].stride,
  })));
  return walk.length === 1
    ? { stride: walk[0].stride }
    : { stride: 0, place: offsetOf("batch", walk) };
}
