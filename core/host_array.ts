/**
 * An array in main memory: a shape and its numbers, row-major. This is the one form in which numbers
 * enter and leave the library; everything that needs no GPU (decoders, data, metrics, display, files)
 * works on it and imports nothing else from `core/` but errors.
 *
 * @module
 */

/** Sizes of the axes, outermost first; `[]` is a single number. */
export type Shape = readonly number[];

/** The typed arrays that back a {@linkcode HostArray}, one per tensor type (f32, f16, i32, u32). */
export type TypedArray =
  | Float32Array<ArrayBuffer>
  | Float16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>;

/** A shape and its numbers in row-major order; `data.length` is the product of `shape`. */
export interface HostArray<A extends TypedArray = Float32Array<ArrayBuffer>> {
  /** Sizes of the axes, outermost first. */
  readonly shape: Shape;
  /** The numbers, row-major: the last axis varies fastest. */
  readonly data: A;
}

/**
 * How many numbers an array of this shape holds: the product of its sizes, 1 for `[]`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { sizeOf } from "ae";
 *
 * assert.equal(sizeOf([2, 3, 4]), 24);
 * ```
 */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/**
 * See that a shape is one.
 *
 * @throws {TypeError} If it is no list.
 * @throws {RangeError} If a size is not a whole number from 0.
 */
export function checkSizes(op: string, shape: Shape): void {
  if (!Array.isArray(shape)) {
    throw new TypeError(`${op}: a shape is a list of sizes, as [2, 3], not ${shape}`);
  }
  if (!shape.every((length) => Number.isInteger(length) && length >= 0)) {
    throw new RangeError(
      `${op}: sizes must be whole numbers, 0 or more, not [${shape.join(", ")}]`,
    );
  }
}

/**
 * Make a {@linkcode HostArray} of f32 numbers: `data` itself (not copied) or zeros.
 *
 * @param shape Sizes of the axes; whole numbers, zero allowed.
 * @param data Row-major numbers; a `Float32Array` is kept as it is, a list is converted.
 * @throws {RangeError} If the shape is not made of whole numbers or `data` has another length.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray } from "ae";
 *
 * const a = hostArray([2, 2], [1, 2, 3, 4]);
 * assert.equal(a.data[3], 4);
 * ```
 */
export function hostArray(
  shape: Shape,
  data?: Float32Array<ArrayBuffer> | readonly number[],
): HostArray {
  checkSizes("hostArray", shape);
  const size = sizeOf(shape);
  if (data && data.length !== size) {
    throw new RangeError(
      `hostArray: shape [${shape.join(", ")}] holds ${size} numbers but ${data.length} were given`,
    );
  }
  if (!data) return { shape, data: new Float32Array(size) };
  return { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}
