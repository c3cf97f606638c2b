/**
 * MATLAB's MAT-files of level 5 (what `save` writes by default, `-v6` and `-v7`), as far as annotation files
 * need them: numbers, texts, structs and cells, compressed or not, of either byte order.
 *
 *     128 bytes         text, version 0x0100, "MI" or "IM" for the byte order
 *     element           type, size in bytes, data, filled up to a multiple of 8
 *       15 compressed   zlib, inside it one element
 *       14 matrix       flags with the class, dimensions, name, then by class:
 *                         numbers, text   one element of numbers, stored as whatever type is smallest
 *                         cell            a matrix for every place
 *                         struct          length and list of field names, a matrix for every place and field
 *
 * What MATLAB calls a matrix of one is given as the thing itself, because annotation files mean it so:
 *
 * | MATLAB                      | here                                              |
 * | --------------------------- | ------------------------------------------------- |
 * | 1 x 1 number or logical     | a number                                          |
 * | other numbers               | list of numbers, columns one after the other      |
 * | text                        | a string                                          |
 * | 1 x 1 struct                | an object                                         |
 * | other structs               | list of objects                                   |
 * | cell                        | list, however many                                |
 * | sparse, complex, objects    | InputError                                        |
 *
 * What a file claims is checked against the bytes it has before memory is taken for it; places in errors are bytes of
 * the file or, in a compressed variable, of what it is decompressed to.
 *
 * Source: "MAT-File Format" (MathWorks, R2024a), chapter 1, "Level 5 MAT-File Format".
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { readBytes } from "./files.ts";
import { PACKED_AT_ONCE, plausibleBytes } from "./zip_archive.ts";

/** A value of a MAT-file, see the table at the top of the file. */
export type MatValue = number | string | MatStruct | readonly MatValue[];

/** A struct of a MAT-file. */
export interface MatStruct {
  /** A field's value by its name. */
  readonly [field: string]: MatValue;
}

/** Types of elements, by their number in the file. */
const TYPE = { MATRIX: 14, COMPRESSED: 15, UTF8: 16 };
/** Classes of matrices: those from 6 (double) to 15 (uint64) are numbers, all others not for us. */
const CLASS = { CELL: 1, STRUCT: 2, CHAR: 4 };
const READABLE = new Set([...Object.values(CLASS), 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
const COMPLEX = 0x0800;

/** Places of a matrix, MPII's largest has 25,000; and of all together, which for MPII are about three million. */
const [MAX_PLACES, MAX_PLACES_TOGETHER] = [2 ** 20, 2 ** 24];
/** Matrices in matrices; MPII's annotation has 6 levels. */
const MAX_DEPTH = 64;
/** Letters of a variable's or field's name, for which MATLAB's own limit (`namelengthmax`) is 63; fields of a struct. */
const [MAX_NAME, MAX_FIELDS] = [1024, 1024];

/** How to read one number of a type: size in bytes and the getter. */
const NUMBERS: Readonly<
  Record<number, readonly [size: number, get: (view: DataView, at: number, le: boolean) => number]>
> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, le) => view.getInt16(at, le)],
  4: [2, (view, at, le) => view.getUint16(at, le)],
  5: [4, (view, at, le) => view.getInt32(at, le)],
  6: [4, (view, at, le) => view.getUint32(at, le)],
  7: [4, (view, at, le) => view.getFloat32(at, le)],
  9: [8, (view, at, le) => view.getFloat64(at, le)],
  12: [8, (view, at, le) => Number(view.getBigInt64(at, le))],
  13: [8, (view, at, le) => Number(view.getBigUint64(at, le))],
  16: [1, (view, at) => view.getUint8(at)],
  17: [2, (view, at, le) => view.getUint16(at, le)],
};

interface Element {
  readonly type: number;
  readonly data: DataView;
  /** Where its data begins. */
  readonly begin: number;
}

/** Where a piece of a file stands. */
interface Place {
  /** What errors call the file, or a compressed variable of it. */
  readonly name: string;
  /** Byte of the piece's beginning. */
  readonly begin: number;
  /** In how many matrices it is. */
  readonly depth: number;
  /** Of the whole file. */
  readonly count: { places: number };
}

/** Goes through the elements of a piece of a file. */
class Elements {
  readonly #view: DataView;
  readonly littleEndian: boolean;
  readonly #place: Place;
  #at = 0;
  #last = 0;

  constructor(view: DataView, littleEndian: boolean, place: Place) {
    this.#view = view;
    this.littleEndian = littleEndian;
    this.#place = place;
  }

  get done(): boolean {
    return this.bytesLeft === 0;
  }

  get bytesLeft(): number {
    return Math.max(0, this.#view.byteLength - this.#at);
  }

  /** Where the element begins that was read last. */
  get position(): number {
    return this.#place.begin + this.#last;
  }

  /** The next element. */
  next(): Element {
    const view = this.#view;
    this.#last = this.#at;
    const le = this.littleEndian;
    if (this.#at + 8 > view.byteLength) throw this.cutOff();
    const first = view.getUint32(this.#at, le);
    const small = first >>> 16; // up to four bytes stand beside the type
    const type = small ? first & 0xffff : first;
    const size = small || view.getUint32(this.#at + 4, le);
    const start = this.#at + (small ? 4 : 8);
    if (start + size > view.byteLength || small > 4) throw this.cutOff();
    const data = new DataView(view.buffer, view.byteOffset + start, size);
    const filled = small ? 4 : type === TYPE.COMPRESSED ? size : 8 * Math.ceil(size / 8);
    this.#at = start + filled;
    return { type, data, begin: this.#place.begin + start };
  }

  /** The next element as numbers. */
  numbers(): number[] {
    const { type, data } = this.next();
    const [size, get] = NUMBERS[type] ?? [];
    if (!size || !get || data.byteLength % size !== 0) {
      throw this.damaged(`an element of type ${type} is no list of numbers`);
    }
    const count = data.byteLength / size;
    return Array.from({ length: count }, (_, i) => get(data, i * size, this.littleEndian));
  }

  /** The next element as a name. */
  letters(): string {
    const codes = this.numbers();
    if (codes.length <= MAX_NAME) return String.fromCharCode(...codes);
    throw this.damaged(`a name of ${codes.length} letters`);
  }

  /** The elements inside one. */
  inside({ data, begin }: Element): Elements {
    const { name, depth, count } = this.#place;
    if (depth === MAX_DEPTH) throw this.damaged(`matrices in more than ${MAX_DEPTH} matrices`);
    return new Elements(data, this.littleEndian, { name, begin, depth: depth + 1, count });
  }

  /** Count the places of a matrix, before memory is taken for them. */
  take(places: number): void {
    const { count } = this.#place;
    count.places += places;
    if (places > MAX_PLACES || count.places > MAX_PLACES_TOGETHER) {
      const [most, where] = places > MAX_PLACES
        ? [MAX_PLACES, "a matrix"]
        : [MAX_PLACES_TOGETHER, "its matrices"];
      throw this.refused(`more than ${most} places in ${where}, which no annotation needs`);
    }
  }

  cutOff(): InputError {
    return this.damaged("it ends in the middle of an element");
  }

  damaged(problem: string): InputError {
    return this.refused(`damaged: ${problem}`);
  }

  refused(problem: string): InputError {
    return new InputError(`${this.#place.name}: byte ${this.position}: ${problem}`);
  }
}

/**
 * The variables of a MAT-file by name.
 *
 * @param bytes The file.
 * @param name What to call it in errors: its path.
 * @throws {InputError} If it is no MAT-file of level 5 (files saved with `-v7.3` are HDF5), is damaged or cut
 *   off, or holds something that is not numbers, text, structs or cells.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeMat } from "ae";
 *
 * const hdf5 = new TextEncoder().encode("MATLAB 7.3 MAT-file".padEnd(128));
 * await assert.rejects(
 *   decodeMat(hdf5, "new.mat"),
 *   /new\.mat: is saved as version 7\.3[^]*help: save it again with -v7/,
 * );
 * ```
 */
export async function decodeMat(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
): Promise<Record<string, MatValue>> {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 128));
  if (text.startsWith("MATLAB 7.3")) {
    throw new InputError(
      `${name}: is saved as version 7.3, which is an HDF5 file\n  help: save it again with -v7`,
    );
  }
  const order = text.slice(126, 128);
  if (order !== "IM" && order !== "MI") {
    throw new InputError(`${name}: is no MAT-file of level 5`);
  }
  const body = new DataView(bytes.buffer, bytes.byteOffset + 128, bytes.byteLength - 128);
  const count = { places: 0 };
  const elements = new Elements(body, order === "IM", { name, begin: 128, depth: 0, count });
  const variables: [string, MatValue][] = [];
  let bytesLeft = plausibleBytes(bytes.length);
  while (!elements.done) {
    let [around, element] = [elements, elements.next()];
    if (element.type === TYPE.COMPRESSED) {
      const variable = `${name}: variable at byte ${elements.position}`;
      const inflated = await inflate(element.data, elements.littleEndian, bytesLeft, variable);
      bytesLeft -= inflated.byteLength;
      const place = { name: variable, begin: 0, depth: 0, count };
      around = new Elements(inflated, elements.littleEndian, place);
      element = around.next();
    }
    variables.push(matrix(around.inside(element), element));
  }
  return Object.fromEntries(variables);
}

/**
 * Read the variables of a MAT-file.
 *
 * @throws {InputError} If it cannot be read, or {@linkcode decodeMat} refuses it; the message starts with the
 *   path.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readMat } from "ae";
 *
 * await assert.rejects(readMat("no/such.mat"), /^InputError: no\/such\.mat: no such file/);
 * ```
 */
export async function readMat(path: string): Promise<Record<string, MatValue>> {
  return await decodeMat(await readBytes(path), path);
}

/** The element that a compressed one holds; its first 8 bytes say how long it is, and memory is taken for no more. */
async function inflate(
  data: DataView,
  littleEndian: boolean,
  mostBytes: number,
  name: string,
): Promise<DataView> {
  const { buffer, byteOffset, byteLength } = data;
  const packed = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  const stream = ReadableStream.from(inParts(packed)).pipeThrough(
    new DecompressionStream("deflate"),
  );
  const damaged = (problem: string) => new InputError(`${name}: damaged: ${problem}`);
  let bytes = new Uint8Array(TAG_BYTES);
  let length = 0;
  const add = (chunk: Uint8Array) => {
    if (chunk.length > bytes.length - length) {
      throw damaged("it is longer than its first bytes say");
    }
    bytes.set(chunk, length);
    length += chunk.length;
  };
  try {
    for await (const chunk of stream) {
      const missing = Math.max(0, TAG_BYTES - length);
      add(chunk.subarray(0, missing));
      if (missing > 0 && length === TAG_BYTES) {
        const whole = sizeOfMatrix(bytes, littleEndian, damaged);
        if (whole > mostBytes) {
          throw damaged("it grows far beyond the file when it is decompressed");
        }
        const tag = bytes;
        bytes = new Uint8Array(whole);
        bytes.set(tag);
      }
      add(chunk.subarray(missing));
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name}: damaged: it cannot be decompressed`, { cause: error });
  }
  return new DataView(bytes.buffer, 0, length);
}

function* inParts(bytes: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += PACKED_AT_ONCE) {
    yield bytes.subarray(at, at + PACKED_AT_ONCE);
  }
}

/** Type and size before an element's data. */
const TAG_BYTES = 8;

/** Bytes of a matrix with its tag, as the tag says. */
function sizeOfMatrix(
  tag: Uint8Array<ArrayBuffer>,
  littleEndian: boolean,
  damaged: (problem: string) => InputError,
): number {
  const view = new DataView(tag.buffer);
  const type = view.getUint32(0, littleEndian);
  if (type === TYPE.MATRIX) return TAG_BYTES + view.getUint32(4, littleEndian);
  throw damaged(`an element of type ${type} where a matrix should be`);
}

/** An empty matrix, one for all. */
const EMPTY: [name: string, value: MatValue] = ["", Object.freeze([])];

/** A matrix and its name; `elements` are those inside it. */
function matrix(elements: Elements, { type, data }: Element): [name: string, value: MatValue] {
  if (type !== TYPE.MATRIX) {
    throw elements.damaged(`an element of type ${type} where a matrix should be`);
  }
  if (data.byteLength === 0) return EMPTY; // an empty place of a cell
  const [flags] = elements.numbers();
  const kind = flags & 0xff;
  const size = elements.numbers().reduce((product, side) => product * side, 1);
  const name = elements.letters();
  if (flags & COMPLEX || !READABLE.has(kind)) {
    const what = flags & COMPLEX ? "complex" : `of class ${kind}`;
    throw elements.refused(`a matrix ${what} is not read${name ? `: "${name}"` : ""}`);
  }
  // Every place of every kind has a byte or more, but those of structs without fields.
  if (!(Number.isInteger(size) && size >= 0 && size <= Math.max(1, elements.bytesLeft))) {
    throw elements.damaged(`a matrix of ${size} places in ${elements.bytesLeft} bytes`);
  }
  elements.take(size);
  if (kind === CLASS.CELL) return [name, Array.from({ length: size }, () => within(elements))];
  if (kind === CLASS.STRUCT) return [name, structsOf(elements, size)];
  if (kind === CLASS.CHAR) return [name, textOf(elements)];
  const numbers = elements.numbers();
  if (numbers.length !== size) {
    throw elements.damaged(`${numbers.length} numbers in a matrix of ${size}`);
  }
  return [name, numbers.length === 1 ? numbers[0] : numbers];
}

/** The value of the next element, a matrix. */
function within(elements: Elements): MatValue {
  const element = elements.next();
  return matrix(elements.inside(element), element)[1];
}

function structsOf(elements: Elements, size: number): MatValue {
  const [width] = elements.numbers();
  if (!(width > 0 && width <= MAX_NAME)) throw elements.damaged(`names of ${width} letters`);
  const letters = elements.numbers();
  if (letters.length > width * MAX_FIELDS) {
    throw elements.damaged(`a struct of more than ${MAX_FIELDS} fields`);
  }
  const fields = Array.from(
    { length: letters.length / width },
    (_, i) =>
      String.fromCharCode(...letters.slice(i * width, (i + 1) * width)).replace(/\0.*$/s, ""),
  );
  if (fields.length === 0 && size > 1) throw elements.damaged(`${size} structs without fields`);
  const structs = Array.from(
    { length: size },
    () => Object.fromEntries(fields.map((field) => [field, within(elements)])),
  );
  return structs.length === 1 ? structs[0] : structs;
}

function textOf(elements: Elements): string {
  const { type, data } = elements.next();
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  if (type === TYPE.UTF8 || type <= 2) return new TextDecoder().decode(bytes);
  const encoding = elements.littleEndian ? "utf-16le" : "utf-16be";
  return new TextDecoder(encoding).decode(bytes); // types 4 and 17
}
