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
 * Source: "MAT-File Format" (MathWorks, R2024a), chapter 1, "Level 5 MAT-File Format".
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { readBytes } from "./files.ts";

/** A value of a MAT-file, see the table at the top of the file. */
export type MatValue = number | string | MatStruct | readonly MatValue[];

/** A struct of a MAT-file. */
export interface MatStruct {
  /** A field's value by its name. */
  readonly [field: string]: MatValue;
}

/** Types of elements, by their number in the file. */
const TYPE = { MATRIX: 14, COMPRESSED: 15, UTF8: 16 };
/** Classes of matrices: all others are numbers from 6 (double) to 15 (uint64), or not for us. */
const CLASS = { CELL: 1, STRUCT: 2, CHAR: 4, NUMBERS: [6, 15] };
const COMPLEX = 0x0800;

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
}

/** Goes through the elements of a piece of a file. */
class Elements {
  readonly #view: DataView;
  readonly littleEndian: boolean;
  readonly name: string;
  #at = 0;

  constructor(view: DataView, littleEndian: boolean, name: string) {
    this.#view = view;
    this.littleEndian = littleEndian;
    this.name = name;
  }

  get done(): boolean {
    return this.#at >= this.#view.byteLength;
  }

  /** The next element. */
  next(): Element {
    const view = this.#view;
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
    return { type, data };
  }

  /** The next element as numbers. */
  numbers(): number[] {
    const { type, data } = this.next();
    const [size, get] = NUMBERS[type] ?? [];
    if (!size || !get || data.byteLength % size !== 0) {
      throw new InputError(
        `${this.name}: damaged: an element of type ${type} is no list of numbers`,
      );
    }
    const count = data.byteLength / size;
    return Array.from({ length: count }, (_, i) => get(data, i * size, this.littleEndian));
  }

  /** The elements inside one. */
  inside({ data }: Element): Elements {
    return new Elements(data, this.littleEndian, this.name);
  }

  cutOff(): InputError {
    return new InputError(`${this.name}: damaged: it ends in the middle of an element`);
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
  const elements = new Elements(body, order === "IM", name);
  const variables: Record<string, MatValue> = {};
  while (!elements.done) {
    let element = elements.next();
    if (element.type === TYPE.COMPRESSED) {
      const inflated = await inflate(element.data, name);
      element = new Elements(inflated, elements.littleEndian, name).next();
    }
    const [variable, value] = matrix(elements.inside(element), element);
    variables[variable] = value;
  }
  return variables;
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

async function inflate(data: DataView, name: string): Promise<DataView> {
  const { buffer, byteOffset, byteLength } = data;
  const packed = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  try {
    return new DataView(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw new InputError(`${name}: damaged: a variable cannot be decompressed`, { cause: error });
  }
}

/** A matrix and its name; `elements` are those inside it. */
function matrix(elements: Elements, { type, data }: Element): [name: string, value: MatValue] {
  const { name: file } = elements;
  if (type !== TYPE.MATRIX) {
    throw new InputError(`${file}: damaged: an element of type ${type} where a matrix should be`);
  }
  if (data.byteLength === 0) return ["", []]; // an empty place of a cell
  const [flags] = elements.numbers();
  const size = elements.numbers().reduce((product, side) => product * side, 1);
  const name = String.fromCharCode(...elements.numbers());
  const kind = flags & 0xff;
  const value = () => matrix(...entered(elements))[1];
  if (kind === CLASS.CELL) return [name, Array.from({ length: size }, value)];
  if (kind === CLASS.STRUCT) {
    const [width] = elements.numbers();
    const letters = elements.numbers();
    if (!(width > 0)) throw elements.cutOff();
    const fields = Array.from(
      { length: letters.length / width },
      (_, i) =>
        String.fromCharCode(...letters.slice(i * width, (i + 1) * width)).replace(/\0.*$/s, ""),
    );
    const structs = Array.from(
      { length: size },
      () => Object.fromEntries(fields.map((field) => [field, value()])),
    );
    return [name, structs.length === 1 ? structs[0] : structs];
  }
  if (kind === CLASS.CHAR) return [name, textOf(elements)];
  const [least, most] = CLASS.NUMBERS;
  if (kind < least || kind > most || flags & COMPLEX) {
    const what = flags & COMPLEX ? "complex" : `of class ${kind}`;
    throw new InputError(`${file}: a matrix ${what} is not read${name ? `: "${name}"` : ""}`);
  }
  const numbers = elements.numbers();
  if (numbers.length !== size) {
    throw new InputError(`${file}: damaged: ${numbers.length} numbers in a matrix of ${size}`);
  }
  return [name, numbers.length === 1 ? numbers[0] : numbers];
}

/** The next element, and a way through what is inside it. */
function entered(elements: Elements): [Elements, Element] {
  const element = elements.next();
  return [elements.inside(element), element];
}

function textOf(elements: Elements): string {
  const { type, data } = elements.next();
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  if (type === TYPE.UTF8 || type <= 2) return new TextDecoder().decode(bytes);
  const encoding = elements.littleEndian ? "utf-16le" : "utf-16be";
  return new TextDecoder(encoding).decode(bytes); // types 4 and 17
}
