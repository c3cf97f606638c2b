/**
 * NumPy's files: an array (`.npy`), or a zip archive of them by name (`.npz`, of `numpy.savez` and
 * `savez_compressed`).
 *
 *     "\x93NUMPY"  1 0  length (u16; from version 2 on u32)  header  numbers
 *     header: a Python dictionary  {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 *
 * Format: numpy, `lib/format.py`, versions 1 to 3, either order of bytes and of axes. Arrays of Python objects are
 * pickles and refused, like structures and complex numbers.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { BinaryFile, type Bytes, partOf } from "./binary_file.ts";
import {
  type ArrayFile,
  checkLayout,
  itemBytes,
  type ItemType,
  type Layout,
  readStored,
  rowMajorStrides,
  type StoredArray,
} from "./stored_array.ts";
import { readZip } from "./zip_archive.ts";

/** NumPy's letters for kinds of numbers and their bytes. */
export const NUMPY_TYPES: Readonly<Record<string, ItemType>> = {
  f8: "float64",
  f4: "float32",
  f2: "float16",
  i8: "int64",
  i4: "int32",
  i2: "int16",
  i1: "int8",
  u8: "uint64",
  u4: "uint32",
  u2: "uint16",
  u1: "uint8",
  b1: "bool",
};

const MAGIC = "\x93NUMPY";

/** NumPy itself refuses longer headers, which may be hostile. */
const MAX_HEADER_BYTES = 10_000;

/**
 * Open an archive of NumPy arrays and read what they are; their numbers are read when they are asked for.
 *
 * @throws {InputError} If it cannot be read, or one of its arrays is damaged or of a type that is not read.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { openNpz } from "ae";
 *
 * using file = await openNpz("tests/fixtures/io/numpy_compressed.npz");
 * const { shape, data } = await file.arrays.get("columns")!.read();
 * assert.deepEqual([shape, [...data]], [[2, 3], [0, 1, 2, 3, 4, 5]]);
 * ```
 */
export async function openNpz(path: string): Promise<ArrayFile> {
  const file = await BinaryFile.open(path);
  try {
    const arrays = new Map<string, StoredArray>();
    for (const [entry, { open }] of await readZip(file)) {
      if (!entry.endsWith(".npy")) {
        throw new InputError(`${path}: holds ${entry}; is it an archive of numpy.savez?`);
      }
      arrays.set(entry.slice(0, -".npy".length), await openNpy(open, `${path}: ${entry}`));
    }
    if (arrays.size === 0) throw new InputError(`${path}: is empty`);
    return { arrays, [Symbol.dispose]: () => file[Symbol.dispose]() };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/**
 * What a `.npy` file holds.
 *
 * @param open Gives the whole file. Called again for the numbers, so that what had to be decompressed is not kept.
 * @param name What errors call it.
 * @throws {InputError} If it is damaged or of a type that is not read.
 */
export async function openNpy(open: () => Promise<Bytes>, name: string): Promise<StoredArray> {
  const fail = (problem: string) => new InputError(`${name}: ${problem}`);
  const bytes = await open();
  const start = await bytes.read(0, Math.min(12, bytes.length));
  const version = start[6];
  if (latin1(start.subarray(0, 6)) !== MAGIC || start.length < 12) {
    throw fail("is not a NumPy array");
  }
  if (version < 1 || version > 3) throw fail(`is of format version ${version}, not 1 to 3`);
  const view = new DataView(start.buffer);
  const [before, length] = version === 1
    ? [10, view.getUint16(8, true)]
    : [12, view.getUint32(8, true)];
  if (length > MAX_HEADER_BYTES) throw fail(`claims a header of ${length} bytes`);
  const header = latin1(await bytes.read(before, length));
  const { dtype, bigEndian, fortran, shape } = parseHeader(header, fail);
  const strides = fortran ? rowMajorStrides(shape.toReversed()).reverse() : rowMajorStrides(shape);
  const [begin, rest] = [before + length, bytes.length - before - length];
  const layout: Layout = { dtype, shape, strides, offset: 0, bigEndian };
  const count = checkLayout(layout, Math.floor(rest / itemBytes(dtype)), `${name}: holds an array`);
  if (count * itemBytes(dtype) !== rest) {
    throw fail(`${count} ${dtype} numbers do not fill its ${rest} bytes`);
  }
  const read = async () => await readStored(partOf(await open(), begin, rest), layout, name);
  return { dtype, shape, read };
}

/** The three entries of the dictionary, as NumPy writes them. */
function parseHeader(header: string, fail: (problem: string) => InputError) {
  const find = (pattern: RegExp) => pattern.exec(header)?.[1];
  const descr = find(/'descr': *'([^']*)'/);
  const order = find(/'fortran_order': *(True|False)/);
  const sizes = find(/'shape': *\(([\d, L]*)\)/);
  const [, endian, type] = /^([<>|=])(\w+)$/.exec(descr ?? "") ?? [];
  if (order === undefined || sizes === undefined || !header.startsWith("{")) {
    throw fail(`has a damaged header: ${header.trim().slice(0, 100)}`);
  }
  if (!Object.hasOwn(NUMPY_TYPES, type ?? "")) {
    throw fail(
      `has numbers of type ${descr ?? "structure"}, known are ${
        Object.keys(NUMPY_TYPES).join(", ")
      }`,
    );
  }
  const shape = sizes.split(",").map((size) => size.trim().replace("L", "")).filter(Boolean)
    .map(Number);
  return { dtype: NUMPY_TYPES[type], bigEndian: endian === ">", fortran: order === "True", shape };
}

/** One character a byte; what TextDecoder calls latin1 is another encoding. */
function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
