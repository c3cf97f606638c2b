/**
 * The tensor: a shape plus a recipe. It gets a buffer only when it is read; until then calling an
 * operation checks shapes and computes nothing.
 *
 * Four kinds of tensor exist, told apart by where their numbers come from:
 *
 *     computed   an operation on other tensors     recipe
 *     data       numbers from main memory          host, then block
 *     variable   numbers that a step may change    block (see variable.ts)
 *     handle     an input or output of a step      block owned by the step (see compile.ts)
 *
 * @module
 */
import { bytesPerNumber, type DType, dtypeOf, isInteger, typedArray } from "./dtype.ts";
import { checkSizes, type HostArray, type Shape, sizeOf, type TypedArray } from "./host_array.ts";
import type { Recipe } from "./op.ts";
import { keepOrigin } from "./origin.ts";
import { type Block, release } from "./pool.ts";

/** Where a tensor's numbers are. Used by `core/` only. */
export interface Storage {
  /** The GPU buffer, once there is one. */
  block: Block | null;
  /** Numbers in main memory that are still to be uploaded, or what makes them when they are. */
  host: TypedArray | (() => TypedArray) | null;
  /** Set when the numbers are gone: why, as the end of a sentence. */
  gone: string | null;
  /** True if someone else (a step) gives the buffer back. */
  borrowed: boolean;
}

/** Methods that core itself needs; `ops/mod.ts` provides them all. Everything else is a function. */
export interface Algebra {
  add(a: Tensor, b: Tensor | number): Tensor;
  sub(a: Tensor, b: Tensor | number): Tensor;
  mul(a: Tensor, b: Tensor | number): Tensor;
  div(a: Tensor, b: Tensor | number): Tensor;
  neg(x: Tensor): Tensor;
  square(x: Tensor): Tensor;
  sqrt(x: Tensor): Tensor;
  exp(x: Tensor): Tensor;
  log(x: Tensor): Tensor;
  sum(x: Tensor, axes?: readonly number[], keepAxes?: boolean): Tensor;
  mean(x: Tensor, axes?: readonly number[], keepAxes?: boolean): Tensor;
  max(x: Tensor, axes?: readonly number[], keepAxes?: boolean): Tensor;
  reshape(x: Tensor, shape: Shape): Tensor;
  permute(x: Tensor, axes: readonly number[]): Tensor;
  slice(x: Tensor, start: readonly number[], end: readonly number[]): Tensor;
  fill(shape: Shape, value: number, dtype: DType): Tensor;
  cast(x: Tensor, dtype: DType): Tensor;
  where(condition: Tensor, a: Tensor, b: Tensor): Tensor;
}

/** What run.ts provides; kept apart because it imports this file. */
interface Reader {
  read(x: Tensor): Promise<HostArray<TypedArray>>;
}

/** How a tensor shows itself in a notebook: media type to content. */
type Picture = (x: Tensor) => Promise<Readonly<Record<string, string>>>;

let picture: Picture | undefined;

/** Called once by `jupyter/mod.ts`. */
export function installPicture(implementation: Picture): void {
  picture = implementation;
}

let algebra: Algebra | undefined;
let reader: Reader | undefined;

/** Called once by `ops/mod.ts`. */
export function installAlgebra(operations: Algebra): void {
  algebra = operations;
}

/** Called once by `run.ts`. */
export function installReader(implementation: Reader): void {
  reader = implementation;
}

/** The operations that core itself uses. */
export function algebraOf(): Algebra {
  if (!algebra) throw new TypeError("internal: import from mod.ts, which installs the operations");
  return algebra;
}

let created = 0;

/** Frees the buffer of a tensor that was dropped without `dispose()`: a net, some day, not the plan. */
const dropped = new FinalizationRegistry<Storage>((storage) => {
  if (storage.block && !storage.borrowed) release(storage.block);
  storage.block = null;
});

/** Nested lists of numbers, as `array()` returns them. */
export type NestedNumbers = number | NestedNumbers[];

/**
 * Numbers on the GPU, or the description of how to compute them.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { tensor } from "ae";
 *
 * const x = tensor([[1, 2], [3, 4]]);
 * const y = x.mul(10).sum([0]); // described, shapes checked
 * assert.deepEqual(y.shape, [2]);
 * assert.deepEqual(await y.array(), [40, 60]); // computed
 * ```
 */
export class Tensor {
  /** Creation order: an input always has a smaller number than what is made from it. */
  readonly id: number = ++created;
  /** Sizes of the axes, outermost first; `[]` is a single number. */
  readonly shape: Shape;
  /** Type of the numbers. */
  readonly dtype: DType;
  /** How to compute it; null for data, variables and handles. For `core/` only. */
  readonly recipe: Recipe | null;
  /** Where the numbers are. For `core/` only. */
  readonly storage: Storage;

  /** Tensors are made by {@linkcode tensor}, {@linkcode variable} and operations, not by `new`. */
  constructor(
    shape: Shape,
    dtype: DType,
    from: {
      recipe?: Recipe;
      host?: TypedArray | (() => TypedArray);
      block?: Block;
      borrowed?: boolean;
    },
  ) {
    this.shape = shape;
    this.dtype = dtype;
    this.recipe = from.recipe ?? null;
    this.storage = {
      block: from.block ?? null,
      host: from.host ?? null,
      gone: null,
      borrowed: from.borrowed ?? false,
    };
    if (!this.storage.borrowed) dropped.register(this, this.storage);
    keepOrigin(this);
  }

  /** How many numbers. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** How many bytes they take. */
  get bytes(): number {
    return this.size * bytesPerNumber(this.dtype);
  }

  /** `this + b`, element by element with broadcasting. */
  add(b: Tensor | number): Tensor {
    return algebraOf().add(this, b);
  }
  /** `this - b`, element by element with broadcasting. */
  sub(b: Tensor | number): Tensor {
    return algebraOf().sub(this, b);
  }
  /** `this * b`, element by element with broadcasting. */
  mul(b: Tensor | number): Tensor {
    return algebraOf().mul(this, b);
  }
  /** `this / b`, element by element with broadcasting. */
  div(b: Tensor | number): Tensor {
    return algebraOf().div(this, b);
  }
  /** `-this`. */
  neg(): Tensor {
    return algebraOf().neg(this);
  }
  /** `this²`, element by element. */
  square(): Tensor {
    return algebraOf().square(this);
  }
  /** `√this`, element by element. */
  sqrt(): Tensor {
    return algebraOf().sqrt(this);
  }
  /** `e^this`, element by element. */
  exp(): Tensor {
    return algebraOf().exp(this);
  }
  /** Natural logarithm, element by element. */
  log(): Tensor {
    return algebraOf().log(this);
  }
  /** Sum over `axes` (all when omitted); `keepAxes` leaves them with size 1. */
  sum(axes?: readonly number[], keepAxes?: boolean): Tensor {
    return algebraOf().sum(this, axes, keepAxes);
  }
  /** Mean over `axes` (all when omitted); `keepAxes` leaves them with size 1. */
  mean(axes?: readonly number[], keepAxes?: boolean): Tensor {
    return algebraOf().mean(this, axes, keepAxes);
  }
  /** Largest value over `axes` (all when omitted); `keepAxes` leaves them with size 1. */
  max(axes?: readonly number[], keepAxes?: boolean): Tensor {
    return algebraOf().max(this, axes, keepAxes);
  }
  /** The same numbers under another shape of the same size; one size may be -1. */
  reshape(shape: Shape): Tensor {
    return algebraOf().reshape(this, shape);
  }
  /** Axes in another order: axis `i` of the result is axis `axes[i]` of this. */
  permute(axes: readonly number[]): Tensor {
    return algebraOf().permute(this, axes);
  }
  /** The block from `start` up to, not including, `end` on every axis. */
  slice(start: readonly number[], end: readonly number[]): Tensor {
    return algebraOf().slice(this, start, end);
  }

  /**
   * Compute it and bring it to main memory; f16 is widened to f32.
   *
   * @throws {TypeError} If the numbers are integers: use {@linkcode Tensor.readIntegers}.
   * @throws {GpuError} If the device fails.
   */
  async read(): Promise<HostArray> {
    if (this.dtype === "i32" || this.dtype === "u32") {
      throw new TypeError(`read: this tensor holds ${this.dtype}; use readIntegers()`);
    }
    const { shape, data } = await readerOf().read(this);
    return { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
  }

  /**
   * Compute it and bring it to main memory as integers.
   *
   * @throws {TypeError} If the numbers are f32 or f16: use {@linkcode Tensor.read}.
   */
  async readIntegers(): Promise<HostArray<Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>> {
    const { shape, data } = await readerOf().read(this);
    if (data instanceof Int32Array || data instanceof Uint32Array) return { shape, data };
    throw new TypeError(`readIntegers: this tensor holds ${this.dtype}; use read()`);
  }

  /**
   * Compute it and bring its one number to main memory.
   *
   * @throws {RangeError} If it holds more or less than one number.
   */
  async item(): Promise<number> {
    if (this.size !== 1) {
      throw new RangeError(`item: shape [${this.shape.join(", ")}] is not one number; use read()`);
    }
    return (await readerOf().read(this)).data[0];
  }

  /** Compute it and bring it to main memory as nested lists; a bare number for shape `[]`. */
  async array(): Promise<NestedNumbers> {
    const { shape, data } = await readerOf().read(this);
    return nest(shape, data, 0, sizeOf(shape));
  }

  /** Give the buffer back now; using the tensor afterwards is an error. */
  dispose(): void {
    const { storage } = this;
    if (storage.block && !storage.borrowed) release(storage.block);
    storage.block = null;
    storage.host = null;
    storage.gone = "was disposed";
  }

  /** `using x = …` gives the buffer back at the end of the block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** One line: sizes, type and whether the numbers are there yet. */
  toString(): string {
    const { block, host, gone } = this.storage;
    const state = gone ?? (block || host ? "computed" : "not computed yet: await x.read()");
    return `Tensor [${this.shape.join(", ")}] ${this.dtype} (${state})`;
  }

  /** What `console.log(x)` prints. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What a notebook shows: the tensor is computed, and its numbers are drawn; why not, where that is impossible. */
  async [Symbol.for("Jupyter.display")](): Promise<Readonly<Record<string, string>>> {
    try {
      if (picture) return await picture(this);
    } catch (error) {
      return { "text/plain": `${this}\n${error}` };
    }
    return { "text/plain": this.toString() };
  }
}

function readerOf(): Reader {
  if (!reader) throw new TypeError("internal: import from mod.ts, which installs the reader");
  return reader;
}

function nest(shape: Shape, data: TypedArray, start: number, end: number): NestedNumbers {
  if (shape.length === 0) return data[start];
  const inner = (end - start) / shape[0];
  return Array.from(
    { length: shape[0] },
    (_, i) => nest(shape.slice(1), data, start + i * inner, start + (i + 1) * inner),
  );
}

/**
 * A tensor from numbers in main memory: a number, nested lists, or a {@linkcode HostArray} (not copied:
 * do not change it before the tensor is first used).
 *
 * @param data The numbers. Lists become f32 unless `dtype` says otherwise.
 * @param options.dtype Type of the numbers; that of an array's numbers is its own.
 * @throws {RangeError} If nested lists have different lengths on one level, one of their numbers is none of the type
 * (1.5 in i32), or a shape does not suit its numbers.
 * @throws {TypeError} If there is something else than numbers, or `dtype` is not that of the array.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { tensor } from "ae";
 *
 * assert.deepEqual(tensor([[1, 2, 3], [4, 5, 6]]).shape, [2, 3]);
 * assert.equal(tensor(new Int32Array([1, 2])).dtype, "i32");
 * ```
 */
export function tensor(
  data: NestedNumbers | HostArray<TypedArray> | TypedArray,
  options: { readonly dtype?: DType } = {},
): Tensor {
  if (ArrayBuffer.isView(data)) return ofArray({ shape: [data.length], data }, options.dtype);
  if (typeof data === "object" && data !== null && "shape" in data) {
    return ofArray(data, options.dtype);
  }
  return ofLists(data, options.dtype ?? "f32");
}

function ofArray({ shape, data }: HostArray<TypedArray>, wanted: DType | undefined): Tensor {
  const dtype = dtypeOf(data);
  if (wanted !== undefined && wanted !== dtype) {
    throw new TypeError(
      `tensor: the array holds ${dtype}, not ${wanted}\n  help: leave dtype out, and cast() the tensor`,
    );
  }
  checkSizes("tensor", shape);
  const size = sizeOf(shape);
  if (data.length !== size) {
    throw new RangeError(
      `tensor: shape [${shape.join(", ")}] holds ${size} numbers but there are ${data.length}`,
    );
  }
  return new Tensor([...shape], dtype, { host: data });
}

function ofLists(data: NestedNumbers, dtype: DType): Tensor {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const host = typedArray(dtype, sizeOf(shape));
  const integers = isInteger(dtype);
  let next = 0;
  const copy = (level: NestedNumbers, depth: number): void => {
    if (typeof level === "number" && depth === shape.length) {
      host[next] = level;
      if (integers && host[next] !== level) throw new RangeError(`tensor: ${level} is no ${dtype}`);
      next++;
    } else if (typeof level !== "number" && !Array.isArray(level)) {
      throw new TypeError(
        `tensor: lists hold numbers, not ${level === null ? null : typeof level}`,
      );
    } else if (Array.isArray(level) && level.length === shape[depth]) {
      for (const inner of level) copy(inner, depth + 1);
    } else {
      throw new RangeError(
        `tensor: lists on level ${depth} must all have the length of the first, ${
          shape[depth] ?? "none"
        }`,
      );
    }
  };
  copy(data, 0);
  return new Tensor(shape, dtype, { host });
}

/**
 * A tensor of zeros.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { zeros } from "ae";
 *
 * assert.deepEqual(await zeros([2]).array(), [0, 0]);
 * ```
 */
export function zeros(shape: Shape, dtype: DType = "f32"): Tensor {
  return algebraOf().fill(shape, 0, dtype);
}

/**
 * A tensor of ones.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { ones } from "ae";
 *
 * assert.deepEqual(await ones([2]).array(), [1, 1]);
 * ```
 */
export function ones(shape: Shape, dtype: DType = "f32"): Tensor {
  return algebraOf().fill(shape, 1, dtype);
}
