/**
 * The four types a tensor's numbers can have: their WGSL names, sizes and typed arrays.
 *
 * @module
 */
import type { TypedArray } from "./host_array.ts";

/** Type of a tensor's numbers, by its WGSL name. Arithmetic on `f16` is done in f32 and rounded when stored. */
export type DType = "f32" | "f16" | "i32" | "u32";

/** The typed array that holds numbers of type `D`. */
export type ArrayOf<D extends DType> = D extends "f32" ? Float32Array<ArrayBuffer>
  : D extends "f16" ? Float16Array<ArrayBuffer>
  : D extends "i32" ? Int32Array<ArrayBuffer>
  : Uint32Array<ArrayBuffer>;

const ARRAYS = { f32: Float32Array, f16: Float16Array, i32: Int32Array, u32: Uint32Array };

/** Bytes of one number. */
export function bytesPerNumber(dtype: DType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** True for whole numbers. */
export function isInteger(dtype: DType): boolean {
  return dtype === "i32" || dtype === "u32";
}

/** Whether numbers of this type can hold the value: a whole one in range; a float's rounding must not make it infinite. */
export function holds(dtype: DType, value: number): boolean {
  const stored = typedArray(dtype, 1);
  stored[0] = value;
  return isInteger(dtype) ? stored[0] === value : !Number.isFinite(value) || isFinite(stored[0]);
}

/** A zeroed typed array of `length` numbers, or a view of `buffer`'s first `length` numbers. */
export function typedArray<D extends DType>(
  dtype: D,
  length: number,
  buffer?: ArrayBuffer,
): ArrayOf<D> {
  const Constructor = ARRAYS[dtype];
  return (buffer ? new Constructor(buffer, 0, length) : new Constructor(length)) as ArrayOf<D>;
}

/** The tensor type that a typed array's numbers have. */
export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float32Array) return "f32";
  if (data instanceof Float16Array) return "f16";
  if (data instanceof Int32Array) return "i32";
  if (data instanceof Uint32Array) return "u32";
  throw new TypeError(
    "tensor: numbers must be a Float32Array, Float16Array, Int32Array or Uint32Array, " +
      `not ${Object.prototype.toString.call(data).slice(8, -1)}`,
  );
}
