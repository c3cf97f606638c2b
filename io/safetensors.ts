/**
 * The safetensors file format: named arrays in one file, readable from any language and without running
 * anything, unlike Python's pickles.
 *
 *     ┌────────┬─────────────────────────────────────────────┬────────────────────────────────────┐
 *     │ 8 bytes│ header: JSON, H bytes, padded with blanks   │ data: the arrays' bytes, one after │
 *     │   H    │ {"conv.weight": {"dtype": "F32",            │ another without gaps, row-major,   │
 *     │ (u64)  │   "shape": [64, 3, 7, 7],                   │ little-endian                      │
 *     │        │   "data_offsets": [0, 37632]}, ...}         │                                    │
 *     └────────┴─────────────────────────────────────────────┴────────────────────────────────────┘
 *
 * Offsets count from the start of the data. The key `__metadata__` holds an object of texts.
 *
 * | dtype       | array             | dtype       | array            |
 * | ----------- | ----------------- | ----------- | ---------------- |
 * | F64         | `Float64Array`    | I8, U8      | `Int8Array`, `Uint8Array` |
 * | F32         | `Float32Array`    | I16, U16    | `Int16Array`, `Uint16Array` |
 * | F16         | `Float16Array`    | I32, U32    | `Int32Array`, `Uint32Array` |
 * | BOOL (read) | `Uint8Array`, 0/1 | I64, U64    | `BigInt64Array`, `BigUint64Array` |
 * | BF16 (read) | `Float32Array`    |             |                  |
 *
 * The 8-bit floats have no JavaScript array; convert them where the file was made. Files are read and written array by
 * array: the memory needed is that of the arrays.
 *
 * Format: huggingface/safetensors, README and `tensor.rs`. As there, arrays are written with the widest
 * type first and by name within a type, so that every array is aligned and the same arrays always give
 * the same bytes; gaps, overlaps and left-over bytes are refused. Beyond it, a name that occurs twice is
 * refused, and a header above 16 MB (there 100 MB), which would take ten times the memory to understand. (JavaScript's typed arrays have the byte order of the machine; all
 * that Deno runs on are little-endian.)
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { type HostArray, type Shape, sizeOf, type TypedArray } from "../core/host_array.ts";
import { BinaryFile, partOf } from "./binary_file.ts";
import { writeFileAtomic } from "./files.ts";
import { decodeUtf8, findJsonError } from "./json.ts";
import {
  type ArrayFile,
  decodeItems,
  type ItemType,
  readStored,
  rowMajorStrides,
} from "./stored_array.ts";

/** The typed arrays that a file can hold. */
export type SafetensorsData =
  | TypedArray
  | Float64Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>;

/** An array of any type that a file can hold; a {@linkcode HostArray} is one. */
export interface SafetensorsArray<A extends SafetensorsData = SafetensorsData> {
  /** Sizes of the axes, outermost first. */
  readonly shape: Shape;
  /** The numbers, row-major. */
  readonly data: A;
}

/** A file's content. */
export interface Safetensors {
  /** By name, in the order of the header. */
  readonly arrays: Record<string, SafetensorsArray>;
  /** Free texts. */
  readonly metadata: Record<string, string>;
}

/**
 * Type names and arrays of their width, in the order in which they are written, widest first; BF16 and BOOL, which are
 * only read, after what is written from the same arrays.
 */
const DTYPES = {
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  F16: Float16Array,
  I16: Int16Array,
  U16: Uint16Array,
  BF16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

type Dtype = keyof typeof DTYPES;

/** What other formats call the types. */
const ITEM_TYPES: Readonly<Record<Dtype, ItemType>> = {
  F64: "float64",
  I64: "int64",
  U64: "uint64",
  F32: "float32",
  I32: "int32",
  U32: "uint32",
  F16: "float16",
  I16: "int16",
  U16: "uint16",
  BF16: "bfloat16",
  I8: "int8",
  U8: "uint8",
  BOOL: "bool",
};

const METADATA = "__metadata__";

/** Bytes and values of a header; a tensor has about 100 and 10. Levels: the header, a tensor, its shape. */
const [MAX_HEADER_BYTES, MAX_HEADER_VALUES, HEADER_LEVELS] = [2 ** 24, 500_000, 3];

/** The file starts with the header's length as a 64-bit number. */
const LENGTH_BYTES = 8;

/**
 * Named arrays as the bytes of a safetensors file.
 *
 * @param arrays By name. The element type decides the dtype.
 * @param metadata Texts to store with them.
 * @throws {RangeError} If an array's length is not the product of its shape, its type is not in the
 *   table at the top of the file, a name is `__metadata__`, or a metadata value is not a text.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeSafetensors, encodeSafetensors, hostArray } from "ae";
 *
 * const bytes = encodeSafetensors({ bias: hostArray([2], [1, 2]) }, { seed: "7" });
 * const { arrays, metadata } = decodeSafetensors(bytes);
 * assert.deepEqual(arrays.bias, { shape: [2], data: new Float32Array([1, 2]) });
 * assert.equal(metadata.seed, "7");
 * ```
 */
export function encodeSafetensors(
  arrays: Readonly<Record<string, SafetensorsArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const parts = partsOf(arrays, metadata);
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A file's bytes: length and header, then each array's, not copied. */
function partsOf(
  arrays: Readonly<Record<string, SafetensorsArray>>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string") {
      throw new RangeError(`encodeSafetensors: metadata ${show(key)} is ${value}, not a text`);
    }
  }
  const entries = Object.entries(arrays).map(([name, array]) => {
    checkArray(name, array);
    return { name, array, dtype: dtypeOf(name, array.data) };
  });
  const rank = Object.keys(DTYPES);
  entries.sort((a, b) => rank.indexOf(a.dtype) - rank.indexOf(b.dtype) || compare(a.name, b.name));

  let end = 0;
  const described: [string, unknown][] = Object.keys(metadata).length > 0
    ? [[METADATA, metadata]]
    : [];
  for (const { name, array: { shape, data }, dtype } of entries) {
    const begin = end;
    end += data.byteLength;
    described.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  const header = padded(JSON.stringify(Object.fromEntries(described)));
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  const datas = entries.map(({ array: { data } }) =>
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  );
  return [length, header, ...datas];
}

function checkArray(name: string, { shape, data }: SafetensorsArray): void {
  if (name === METADATA) {
    throw new RangeError(`encodeSafetensors: ${METADATA} is reserved; an array needs another name`);
  }
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(
      `encodeSafetensors: ${show(name)} has shape [${shape.join(", ")}] but ${data.length} numbers`,
    );
  }
}

function dtypeOf(name: string, data: SafetensorsData): Dtype {
  // BOOL comes after U8 and BF16 after U16, so bytes are always U8.
  const dtype = (Object.keys(DTYPES) as Dtype[]).find((dtype) => data instanceof DTYPES[dtype]);
  if (dtype) return dtype;
  throw new RangeError(
    `encodeSafetensors: ${show(name)} is of a type that the format does not have`,
  );
}

/** By UTF-16 units: the same everywhere, unlike an order by language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** UTF-8 bytes with blanks to a multiple of 8, so that the data is aligned. */
function padded(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const result = new Uint8Array(Math.ceil(bytes.length / 8) * 8).fill(0x20);
  result.set(bytes);
  return result;
}

/**
 * The arrays in the bytes of a safetensors file. They are copies; the bytes can be thrown away.
 *
 * @param bytes The whole file.
 * @param name What error messages call it: the file's path.
 * @throws {InputError} If anything about the file is not as the format wants it: cut off, header too
 *   long or not JSON, a name that occurs twice, an unknown dtype, a bad shape, offsets that are out of
 *   range, overlap, leave a gap or do not fit dtype and shape, left-over bytes. The message names the
 *   file and the tensor.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeSafetensors, encodeSafetensors, hostArray } from "ae";
 *
 * const bytes = encodeSafetensors({ weight: hostArray([3], [1, 2, 3]) });
 * assert.throws(
 *   () => decodeSafetensors(bytes.subarray(0, -4), "w.safetensors"),
 *   /^InputError: w.safetensors: tensor "weight" ends at byte 12 of the data, which has only 8/,
 * );
 * ```
 */
export function decodeSafetensors(
  bytes: Uint8Array<ArrayBuffer>,
  name: string = "safetensors",
): Safetensors {
  const start = startOfData(bytes.subarray(0, LENGTH_BYTES), bytes.length, name);
  const { tensors, metadata } = readHeader(
    bytes.subarray(LENGTH_BYTES, start),
    bytes.length - start,
    name,
  );
  const arrays = tensors.map(({ tensor, dtype, shape, begin, end }) => {
    // A copy starts at an address that suits every type, which the file's own bytes need not do.
    const items = bytes.slice(start + begin, start + end);
    return [tensor, { shape, data: decodeItems(items, ITEM_TYPES[dtype], false) }] as const;
  });
  return { arrays: Object.fromEntries(arrays), metadata };
}

/** First bytes of files that are often taken for safetensors, what they are, and what to do. */
const OTHER_FILES: readonly (readonly [start: string, what: string])[] = [
  [
    "PK",
    "a zip archive, as torch.save and numpy.savez write them\n  help: import-weights makes a weight file of it",
  ],
  ["\x80", "a pickle, as torch.save wrote them\n  help: import-weights makes a weight file of it"],
  ["\x89PNG", "a PNG picture"],
  ["\xff\xd8\xff", "a JPEG picture"],
];

/** Where the data begins, from the file's first 8 bytes. */
function startOfData(first: Uint8Array<ArrayBuffer>, fileBytes: number, name: string): number {
  if (first.length < LENGTH_BYTES) {
    throw new InputError(`${name}: ${fileBytes} bytes are too few for a safetensors file`);
  }
  const length = new DataView(first.buffer, first.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    const start = String.fromCharCode(...first);
    const other = OTHER_FILES.find(([prefix]) => start.startsWith(prefix));
    throw new InputError(
      other ? `${name}: is no safetensors file but ${other[1]}` : (
        `${name}: claims a header of ${length} bytes, more than ${MAX_HEADER_BYTES}; ` +
        "is it a safetensors file?"
      ),
    );
  }
  const start = LENGTH_BYTES + Number(length);
  if (start > fileBytes) {
    throw new InputError(
      `${name}: the header should have ${length} bytes but the file ends after ` +
        `${fileBytes - LENGTH_BYTES}; it is cut off`,
    );
  }
  return start;
}

/** What the header says, checked against the bytes of data that follow it. */
function readHeader(
  bytes: Uint8Array<ArrayBuffer>,
  dataBytes: number,
  name: string,
): { tensors: Placed[]; metadata: Record<string, string> } {
  const header = parseHeader(decodeUtf8(bytes, name), name);
  const { [METADATA]: metadata = {}, ...described } = header;
  const tensors = Object.entries(described).map(([tensor, info]) => place(tensor, info, name));
  checkCoverage(tensors, dataBytes, name);
  return { tensors, metadata: checkMetadata(metadata, name) };
}

function parseHeader(text: string, name: string): Record<string, unknown> {
  const seen = new Set<string>();
  let twice: string | undefined;
  const onKey = (key: string, depth: number) => {
    if (depth === 1 && seen.has(key)) twice ??= key;
    if (depth === 1) seen.add(key);
  };
  const limits = { mostDepth: HEADER_LEVELS, mostValues: MAX_HEADER_VALUES };
  const error = findJsonError(text, { onKey, ...limits });
  if (error) {
    throw new InputError(
      `${name}: the header is not JSON: ${error.problem} (byte ${LENGTH_BYTES + error.position})`,
    );
  }
  if (twice !== undefined) throw new InputError(`${name}: tensor ${show(twice)} occurs twice`);
  const header: unknown = JSON.parse(text);
  if (!isRecord(header)) throw new InputError(`${name}: the header is not a JSON object`);
  return header;
}

/** A tensor's checked description. */
interface Placed {
  readonly tensor: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function place(tensor: string, info: unknown, name: string): Placed {
  const fail = (problem: string) => new InputError(`${name}: tensor ${show(tensor)} ${problem}`);
  if (!isRecord(info)) throw fail("is not described by an object");
  const { dtype, shape, data_offsets: offsets } = info;
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPES, dtype)) {
    throw fail(`has dtype ${show(dtype)}, known are ${Object.keys(DTYPES).join(", ")}`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    throw fail(`has shape ${show(shape)}, expected a list of whole numbers, 0 or more`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw fail(`has data_offsets ${show(offsets)}, expected two whole numbers, 0 or more`);
  }
  const [begin, end] = offsets;
  const needed = sizeOf(shape) * DTYPES[dtype as Dtype].BYTES_PER_ELEMENT;
  if (end - begin !== needed) {
    throw fail(
      `of ${dtype} [${shape.join(", ")}] needs ${needed} bytes but its data_offsets ` +
        `[${begin}, ${end}] hold ${end - begin}`,
    );
  }
  return { tensor, dtype: dtype as Dtype, shape, begin, end };
}

/** The tensors must fill the data exactly. */
function checkCoverage(tensors: readonly Placed[], bytes: number, name: string): void {
  let covered = 0;
  let previous = "the start";
  for (
    const { tensor, begin, end } of tensors.toSorted((a, b) => a.begin - b.begin || a.end - b.end)
  ) {
    if (end > bytes) {
      throw new InputError(
        `${name}: tensor ${
          show(tensor)
        } ends at byte ${end} of the data, which has only ${bytes}; ` +
          "the file is cut off",
      );
    }
    if (begin < covered) {
      throw new InputError(`${name}: tensor ${show(tensor)} overlaps ${previous}`);
    }
    if (begin > covered) {
      throw new InputError(
        `${name}: ${begin - covered} bytes before tensor ${show(tensor)} belong to no tensor`,
      );
    }
    covered = end;
    previous = `tensor ${show(tensor)}`;
  }
  if (covered < bytes) {
    throw new InputError(`${name}: ${bytes - covered} bytes after ${previous} belong to no tensor`);
  }
}

function checkMetadata(metadata: unknown, name: string): Record<string, string> {
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    throw new InputError(`${name}: ${METADATA} is not an object of texts`);
  }
  return metadata as Record<string, string>;
}

/**
 * Write named arrays to a safetensors file, completely or not at all (see {@linkcode writeFileAtomic}).
 *
 * @param path In a folder that exists.
 * @param arrays By name.
 * @param metadata Texts to store with them.
 * @throws {RangeError} As {@linkcode encodeSafetensors}.
 * @throws {InputError} If the file cannot be written.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray, readSafetensors, writeSafetensors } from "ae";
 *
 * const folder = await Deno.makeTempDir();
 * const path = `${folder}/weights.safetensors`;
 * await writeSafetensors(path, { bias: hostArray([2], [1, 2]) }, { preset: "tiny" });
 * const { arrays, metadata } = await readSafetensors(path);
 * assert.deepEqual([...arrays.bias.data], [1, 2]);
 * assert.equal(metadata.preset, "tiny");
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function writeSafetensors(
  path: string,
  arrays: Readonly<Record<string, SafetensorsArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, partsOf(arrays, metadata));
}

/**
 * Read a safetensors file.
 *
 * @throws {InputError} If it cannot be read or {@linkcode decodeSafetensors} refuses it; the message
 *   starts with the path.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readSafetensors } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "not what it says");
 * await assert.rejects(readSafetensors(path), /is it a safetensors file\?/);
 * await Deno.remove(path);
 * ```
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  using file = await openSafetensors(path);
  const arrays: Record<string, SafetensorsArray> = {};
  for (const [name, stored] of file.arrays) {
    const value = await stored.read();
    Object.defineProperty(arrays, name, { value, enumerable: true, writable: true }); // also __proto__
  }
  return { arrays, metadata: file.metadata };
}

/** An open safetensors file; `using` closes it. */
export interface SafetensorsFile extends ArrayFile {
  /** Free texts. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Open a safetensors file and read its header only; arrays are read one by one when they are asked for.
 *
 * @throws {InputError} If it cannot be read or {@linkcode decodeSafetensors} would refuse it; the message
 *   starts with the path.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray, openSafetensors, writeSafetensors } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await writeSafetensors(path, { bias: hostArray([2], [1, 2]) });
 * {
 *   using file = await openSafetensors(path);
 *   const bias = file.arrays.get("bias")!;
 *   assert.equal(bias.dtype, "float32");
 *   assert.deepEqual([...(await bias.read()).data], [1, 2]);
 * }
 * await Deno.remove(path);
 * ```
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await BinaryFile.open(path);
  try {
    const first = await file.read(0, Math.min(LENGTH_BYTES, file.length));
    const start = startOfData(first, file.length, path);
    const header = await file.read(LENGTH_BYTES, start - LENGTH_BYTES);
    const { tensors, metadata } = readHeader(header, file.length - start, path);
    const arrays = tensors.map(({ tensor, dtype, shape, begin, end }) => {
      const items = partOf(file, start + begin, end - begin);
      const layout = {
        dtype: ITEM_TYPES[dtype],
        shape,
        strides: rowMajorStrides(shape),
        offset: 0,
        bigEndian: false,
      };
      const read = () => readStored(items, layout, `${path}: tensor ${show(tensor)}`);
      return [tensor, { shape, dtype: layout.dtype, read }] as const;
    });
    return { arrays: new Map(arrays), metadata, [Symbol.dispose]: () => file[Symbol.dispose]() };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/**
 * The arrays of a weight file as float32, for a model to load: F64 is rounded to the nearest, F16 is
 * widened exactly, F32 is taken as it is. Weights are finite; anything else is the trace of a training
 * run that diverged, and is refused.
 *
 * @param file From {@linkcode readSafetensors}.
 * @param name What error messages call it: the file's path.
 * @throws {InputError} If an array is not of floats, or a number is NaN or infinite (also when it becomes
 *   so by rounding); the message names the file, the tensor and the place in it.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { floatWeights, hostArray } from "ae";
 *
 * const file = { arrays: { "conv.bias": hostArray([2], [1, NaN]) }, metadata: {} };
 * assert.throws(
 *   () => floatWeights(file, "w.safetensors"),
 *   /^InputError: w.safetensors: tensor "conv.bias" is NaN at index 1 of 2/,
 * );
 * ```
 */
export function floatWeights(
  { arrays }: Safetensors,
  name: string = "safetensors",
): Record<string, HostArray> {
  const weights = Object.entries(arrays).map(([tensor, { shape, data }]) => {
    const isFloat = data instanceof Float32Array || data instanceof Float16Array ||
      data instanceof Float64Array;
    if (!isFloat) {
      throw new InputError(
        `${name}: tensor ${show(tensor)} has dtype ${
          dtypeOf(tensor, data)
        }, weights are F16, F32 or F64`,
      );
    }
    const floats = data instanceof Float32Array ? data : Float32Array.from(data);
    const bad = floats.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new InputError(
        `${name}: tensor ${show(tensor)} is ${data[bad]} at index ${bad} of ${data.length}; ` +
          "weights must be finite float32 numbers",
      );
    }
    return [tensor, { shape, data: floats }] as const;
  });
  return Object.fromEntries(weights);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? "none";
}
