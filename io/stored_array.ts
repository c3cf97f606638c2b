/**
 * An array that lies in a file and is read when it is asked for: what PyTorch, NumPy and safetensors files have in
 * common. Its numbers stand at places of a row of equal items:
 *
 *     number [i, j, …] of the array  =  item  offset + i · strides[0] + j · strides[1] + …
 *
 * Row-major arrays are read straight into their memory; others are gathered from the part of the row that they span.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import type { Shape } from "../core/host_array.ts";
import type { Bytes } from "./binary_file.ts";
import type { SafetensorsArray, SafetensorsData } from "./safetensors.ts";

/** An array in a file. */
export interface StoredArray {
  /** Sizes of the axes, outermost first. */
  readonly shape: Shape;
  /** Type of its numbers in the file. */
  readonly dtype: ItemType;
  /** Read its numbers, row-major. */
  read(): Promise<SafetensorsArray>;
}

/** An open file of named arrays; `using` closes it. */
export interface ArrayFile {
  /** Its arrays by name, not read yet. */
  readonly arrays: ReadonlyMap<string, StoredArray>;
  /** Free texts, of formats that have them. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Close the file. */
  [Symbol.dispose](): void;
}

/** Type of the numbers in a file. */
export type ItemType =
  | "float64"
  | "float32"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint64"
  | "uint32"
  | "uint16"
  | "uint8"
  | "bool";

/** The types of numbers and the arrays they become; bfloat16 is widened, as JavaScript has no array for it. */
const ARRAYS = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Float16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<ItemType, unknown>;

/** Bytes of one number. */
export function itemBytes(dtype: ItemType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** Where an array's numbers stand in its row of items. */
export interface Layout {
  readonly dtype: ItemType;
  readonly shape: Shape;
  /** Items from one place of an axis to the next, axis by axis; 0 or more. */
  readonly strides: readonly number[];
  /** The item of number [0, 0, …]. */
  readonly offset: number;
  /** Whether the most significant byte comes first. */
  readonly bigEndian: boolean;
}

/** Repeating items (stride 0) may make an array larger than what is stored, up to so many numbers. */
const MAX_REPEATED = 1_000_000;

/**
 * Check that a layout stays inside its row of items.
 *
 * @param items How many items there are.
 * @param name What errors call the array.
 * @returns How many numbers the array has.
 * @throws {InputError} If a size, stride or offset is no whole number of 0 or more, the numbers lie outside the items,
 * or there are far more numbers than items.
 */
export function checkLayout(
  { shape, strides, offset }: Pick<Layout, "shape" | "strides" | "offset">,
  items: number,
  name: string,
): number {
  const isWhole = (x: unknown) => Number.isSafeInteger(x) && (x as number) >= 0;
  if (shape.length !== strides.length || ![...shape, ...strides, offset].every(isWhole)) {
    throw new InputError(
      `${name} of shape [${shape}], strides [${strides}] and offset ${offset}; ` +
        "expected whole numbers, 0 or more, and as many strides as sizes",
    );
  }
  if (shape.includes(0)) return 0;
  const count = shape.reduce((product, size) => product * size, 1);
  const last = shape.reduce((place, size, axis) => place + (size - 1) * strides[axis], offset);
  if (last >= items || count > Math.max(items, MAX_REPEATED)) {
    throw new InputError(
      `${name} of shape [${shape.join(", ")}] that reaches beyond the ${items} numbers stored`,
    );
  }
  return count;
}

/**
 * Read an array.
 *
 * @param items The row of items.
 * @param name What errors call the array.
 * @throws {InputError} As {@linkcode checkLayout}, or if the items cannot be read.
 */
export async function readStored(
  items: Bytes,
  layout: Layout,
  name: string,
): Promise<SafetensorsArray> {
  const { dtype, shape, strides, offset, bigEndian } = layout;
  const size = itemBytes(dtype);
  const count = checkLayout(layout, Math.floor(items.length / size), name);
  const rowMajor = rowMajorStrides(shape);
  const straight = count === 0 ||
    shape.every((n, axis) => n === 1 || strides[axis] === rowMajor[axis]);
  const span = straight
    ? count
    : 1 + shape.reduce((sum, n, axis) => sum + (n - 1) * strides[axis], 0);
  const bytes = await items.read(count === 0 ? 0 : offset * size, span * size);
  const stored = decodeItems(bytes, dtype, bigEndian);
  return { shape, data: straight ? stored : gather(stored, shape, strides, count) };
}

/** Bytes that begin their buffer, which is taken over, as numbers. */
export function decodeItems(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: ItemType,
  bigEndian: boolean,
): SafetensorsData {
  if (bigEndian) reverseItems(bytes, itemBytes(dtype));
  const items = new ARRAYS[dtype](bytes.buffer);
  return dtype === "bfloat16" ? widened(items as Uint16Array) : items;
}

/** Strides of a row-major array: the last axis varies fastest. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides: number[] = [];
  for (let axis = shape.length - 1, step = 1; axis >= 0; step *= shape[axis--]) {
    strides.unshift(step);
  }
  return strides;
}

/** The machine's own order is little-endian: see safetensors.ts. */
function reverseItems(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) {
    for (let low = at, high = at + size - 1; low < high; low++, high--) {
      [bytes[low], bytes[high]] = [bytes[high], bytes[low]];
    }
  }
}

/** Visit the numbers row-major, keeping the item of the current place. */
function gather(
  items: SafetensorsData,
  shape: Shape,
  strides: readonly number[],
  count: number,
): SafetensorsData {
  const data = new (items.constructor as Float32ArrayConstructor)(count) as Float32Array<
    ArrayBuffer
  >;
  const place = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < count; to++) {
    data[to] = (items as Float32Array)[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++place[axis] < shape[axis]) break;
      from -= shape[axis] * strides[axis];
      place[axis] = 0;
    }
  }
  return data;
}

/** A bfloat16 is the upper half of a float32. */
function widened(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < words.length; i++) words[i] = halves[i] << 16;
  return new Float32Array(words.buffer);
}
