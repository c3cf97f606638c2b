/**
 * Python's pickles, read without running anything. A pickle is a program for a small stack machine, and its opcodes
 * GLOBAL and REDUCE call any function of any Python module by name: a file of weights can delete a disk. Here only the
 * functions that the caller lists can be named, and they are functions of ours; every other name ends the reading
 * before anything is done with it.
 *
 * | Python        | here                                  | Python         | here              |
 * | ------------- | ------------------------------------- | -------------- | ----------------- |
 * | None          | null                                  | str            | string            |
 * | bool          | boolean                               | bytes          | Uint8Array        |
 * | int           | number; bigint from 2^53 on           | list, tuple    | array             |
 * | float         | number                                | dict           | Map               |
 *
 * Python's `pickletools` documents the opcodes. Read are those that its pickler writes for these types in protocols 2
 * to 5, and what Python 2 wrote (its integers beyond 32 bits are decimal text, its texts are bytes).
 *
 * A hostile file cannot make this slow or large: an opcode handles at most the bytes it brings, references share what
 * they refer to, and there are limits on opcodes, containers and what calls are given that real weight files stay far
 * below. What a file refers to again and again would be endless when written out: only texts and numbers ever are.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";

/** A function or type that a pickle may name. */
export interface PickleGlobal {
  /** What REDUCE calls; absent for what may be named but not called. */
  readonly call?: (args: readonly unknown[]) => unknown;
  /** What BUILD does to a result of `call`; absent where nothing may be done. */
  readonly build?: (value: unknown, state: unknown) => void;
}

/** What a pickle may refer to. */
export interface PickleOptions {
  /** What errors call the file. */
  readonly name: string;
  /** The global of a module and name such as `collections.OrderedDict`; undefined if it may not be named. */
  readonly global: (name: string) => PickleGlobal | undefined;
  /** The object that an identifier stands for. Without it there may be none. */
  readonly persistent?: (id: unknown) => unknown;
}

/** The authors' checkpoint with Adam's state has about 20,000 opcodes and 5,000 containers. */
const MAX_OPCODES = 500_000;
const MAX_CONTAINERS = 200_000;

/**
 * Items of lists, letters and bytes that are given to functions, all calls together: these may look at each, and a pickle
 * may give them the same list again and again. A tensor has some 20, its sizes and strides among them.
 */
const MAX_GIVEN = 1_000_000;

/** Bytes of an integer; PyTorch's magic number has 10. */
const MAX_INTEGER_BYTES = 16;

/** Bytes of a name or a decimal number. */
const MAX_LINE_BYTES = 1024;

/**
 * Read one pickle.
 *
 * @param bytes It, and perhaps more after it.
 * @param begin Where it starts.
 * @returns Its value and where it ends.
 * @throws {InputError} If it names what `options.global` does not give, is cut off, uses an opcode that is not needed
 * here, or is no program that makes sense. The message names the file and the byte.
 */
export function unpickle(
  bytes: Uint8Array<ArrayBuffer>,
  begin: number,
  options: PickleOptions,
): { readonly value: unknown; readonly end: number } {
  return new Machine(bytes, begin, options).run();
}

/** The stack machine. */
class Machine {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #options: PickleOptions;
  /** Where the current opcode stands, and the next byte to be read. */
  #opcodeAt: number;
  #at: number;
  #stack: unknown[] = [];
  /** The stacks under the marks that are open. */
  readonly #below: unknown[][] = [];
  readonly #memo = new Map<number, unknown>();
  /** How BUILD is to treat what REDUCE made. */
  readonly #builders = new WeakMap<object, PickleGlobal["build"] & object>();
  #containers = 0;
  #given = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>, begin: number, options: PickleOptions) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#options = options;
    this.#opcodeAt = this.#at = begin;
  }

  run(): { value: unknown; end: number } {
    for (let opcodes = 0; opcodes < MAX_OPCODES; opcodes++) {
      this.#opcodeAt = this.#at;
      const opcode = this.#byte();
      if (opcode === STOP) return { value: this.#pop(), end: this.#at };
      this.#step(opcode);
    }
    throw this.#fail(`has more than ${MAX_OPCODES} opcodes, which no file of weights needs`);
  }

  #step(opcode: number): void {
    switch (String.fromCharCode(opcode)) {
      case "\x80": // PROTO
        return this.#protocol();
      case "\x95": // FRAME: a length for readers of streams
        return void this.#take(8);

      case "N":
        return this.#push(null);
      case "\x88":
        return this.#push(true);
      case "\x89":
        return this.#push(false);
      case "K": // BININT1
        return this.#push(this.#byte());
      case "M": // BININT2
        return this.#push(this.#view.getUint16(this.#take(2), true));
      case "J": // BININT
        return this.#push(this.#view.getInt32(this.#take(4), true));
      case "\x8a": // LONG1
        return this.#push(this.#integer(this.#byte()));
      case "\x8b": // LONG4
        return this.#push(this.#integer(this.#length(4)));
      case "I": // INT, and Python 2's True and False
      case "L": // LONG
        return this.#push(this.#decimal());
      case "G": // BINFLOAT
        return this.#push(this.#view.getFloat64(this.#take(8), false));

      case "X": // BINUNICODE
        return this.#push(this.#text(this.#length(4)));
      case "\x8c": // SHORT_BINUNICODE
        return this.#push(this.#text(this.#byte()));
      case "\x8d": // BINUNICODE8
        return this.#push(this.#text(this.#length(8)));
      case "U": // SHORT_BINSTRING
        return this.#push(this.#text(this.#byte()));
      case "T": // BINSTRING
        return this.#push(this.#text(this.#length(4)));
      case "C": // SHORT_BINBYTES
        return this.#pushContainer(this.#part(this.#byte()));
      case "B": // BINBYTES
        return this.#pushContainer(this.#part(this.#length(4)));
      case "\x8e": // BINBYTES8
        return this.#pushContainer(this.#part(this.#length(8)));

      case "(": // MARK
        this.#below.push(this.#stack);
        this.#stack = [];
        return this.#count();
      case "0": // POP
        return void this.#pop();
      case "1": // POP_MARK
        return void this.#popMark();
      case "q": // BINPUT
        return this.#put(this.#byte());
      case "r": // LONG_BINPUT
        return this.#put(this.#length(4));
      case "\x94": // MEMOIZE
        return this.#put(this.#memo.size);
      case "h": // BINGET
        return this.#get(this.#byte());
      case "j": // LONG_BINGET
        return this.#get(this.#length(4));

      case "]": // EMPTY_LIST
      case ")": // EMPTY_TUPLE
        return this.#pushContainer([]);
      case "t": // TUPLE
        return this.#pushContainer(this.#popMark());
      case "\x85":
      case "\x86":
      case "\x87": // TUPLE1, TUPLE2, TUPLE3
        return this.#pushContainer(this.#popSome(opcode - 0x84));
      case "a": // APPEND
        return this.#append(this.#popSome(1));
      case "e": // APPENDS
        return this.#append(this.#popMark());
      case "}": // EMPTY_DICT
        return this.#pushContainer(new Map());
      case "s": // SETITEM
        return this.#setItems(this.#popSome(2));
      case "u": // SETITEMS
        return this.#setItems(this.#popMark());

      case "c": // GLOBAL
        return this.#global(this.#line(), this.#line());
      case "\x93": { // STACK_GLOBAL
        const [module, name] = this.#popSome(2);
        if (typeof module === "string" && typeof name === "string") {
          return this.#global(module, name);
        }
        throw this.#fail("names a function by what is no text");
      }
      case "R": // REDUCE
      case "\x81": // NEWOBJ
        return this.#reduce();
      case "b": // BUILD
        return this.#build();
      case "Q": // BINPERSID
        return this.#persistent();
      default:
        throw this.#fail(
          `has the opcode 0x${hexDigits(opcode)}, which files of weights do not need`,
        );
    }
  }

  #protocol(): void {
    const protocol = this.#byte();
    if (protocol < 2 || protocol > 5) throw this.#fail(`is of protocol ${protocol}, not 2 to 5`);
  }

  // Reading bytes.

  #byte(): number {
    return this.#bytes[this.#take(1)];
  }

  /** The place of the next `count` bytes, which are read then. */
  #take(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) {
      throw this.#fail(`needs ${count} bytes more; it is cut off`);
    }
    this.#at += count;
    return at;
  }

  #length(bytes: 4 | 8): number {
    const at = this.#take(bytes);
    const [low, high] = [0, bytes - 4].map((i) => this.#view.getUint32(at + i, true));
    return bytes === 4 ? low : low + high * 2 ** 32;
  }

  /** Bytes of the file itself, not a copy: an object for each of a million would need a gigabyte. */
  #part(length: number): Uint8Array<ArrayBuffer> {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** UTF-8, which Python 2's texts are as well where it matters. */
  #text(length: number): string {
    const at = this.#take(length);
    return UTF_8.decode(this.#bytes.subarray(at, at + length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    const length = end - this.#at;
    if (end < 0 || length > MAX_LINE_BYTES) throw this.#fail("has a name that does not end");
    const line = this.#text(length);
    this.#take(1);
    return line;
  }

  /** Little-endian, two's complement. */
  #integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES) throw this.#fail(`has an integer of ${length} bytes`);
    if (length > 8) this.#count(); // weights have one
    const hex = this.#part(length).toReversed().toHex();
    return narrowed(BigInt.asIntN(8 * length, BigInt(`0x${hex || "0"}`)));
  }

  #decimal(): number | bigint | boolean {
    const line = this.#line();
    if (line === "00" || line === "01") return line === "01";
    if (!/^-?\d{1,100}L?$/.test(line)) throw this.#fail("has a damaged integer");
    return narrowed(BigInt(line.replace("L", "")));
  }

  // The stack.

  #push(value: unknown): void {
    this.#stack.push(value);
  }

  #pushContainer(value: object): void {
    this.#count();
    this.#stack.push(value);
  }

  #count(): void {
    if (++this.#containers > MAX_CONTAINERS) {
      throw this.#fail(`has more than ${MAX_CONTAINERS} lists, which no file of weights needs`);
    }
  }

  #pop(): unknown {
    return this.#popSome(1)[0];
  }

  #popSome(count: number): unknown[] {
    if (this.#stack.length < count) throw this.#fail("takes from an empty stack");
    return this.#stack.splice(-count);
  }

  #popMark(): unknown[] {
    const below = this.#below.pop();
    if (!below) throw this.#fail("takes from an empty stack");
    const items = this.#stack;
    this.#stack = below;
    return items;
  }

  #top(): unknown {
    if (this.#stack.length === 0) throw this.#fail("takes from an empty stack");
    return this.#stack.at(-1);
  }

  #put(key: number): void {
    this.#memo.set(key, this.#top());
  }

  #get(key: number): void {
    if (!this.#memo.has(key)) throw this.#fail(`refers to object ${key}, which was not made`);
    this.#push(this.#memo.get(key));
  }

  // Containers and calls.

  #append(items: readonly unknown[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#fail("appends to what is no list");
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly unknown[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map)) throw this.#fail("sets items of what is no dictionary");
    if (items.length % 2 !== 0) throw this.#fail("sets a key without a value");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }

  #global(module: string, name: string): void {
    const full = `${module}.${name}`;
    const found = this.#options.global(full);
    if (!found) {
      throw this.#fail(
        `asks for ${printable(full)}, which weights do not need; nothing was run\n` +
          "  help: in Python, save the weights alone: torch.save(model.state_dict(), path)",
      );
    }
    this.#push(found);
  }

  #reduce(): void {
    const [callee, args] = this.#popSome(2);
    const { call, build } = (callee ?? {}) as PickleGlobal;
    if (typeof call !== "function" || !Array.isArray(args)) throw this.#fail("calls no function");
    this.#count();
    this.#give(args);
    const value = this.#guarded(() => call(args));
    if (build && typeof value === "object" && value !== null) this.#builders.set(value, build);
    this.#push(value);
  }

  /** Count what a function may look at: its arguments, and what is in them. */
  #give(args: readonly unknown[]): void {
    this.#given += args.length;
    for (const arg of args) {
      if (this.#given > MAX_GIVEN) break;
      if (typeof arg === "string" || Array.isArray(arg) || arg instanceof Uint8Array) {
        this.#given += arg.length;
      }
    }
    if (this.#given > MAX_GIVEN) {
      throw this.#fail(
        `gives functions more than ${MAX_GIVEN} items, which no file of weights needs`,
      );
    }
  }

  #build(): void {
    const state = this.#pop();
    const value = this.#top();
    const build = this.#builders.get(value as object);
    if (!build) throw this.#fail("changes an object that may not be changed");
    this.#guarded(() => build(value, state));
  }

  #persistent(): void {
    const { persistent } = this.#options;
    const id = this.#pop();
    if (!persistent) throw this.#fail("refers to an object outside");
    this.#push(this.#guarded(() => persistent(id)));
  }

  /** An error of the caller's functions with the place in the pickle. */
  #guarded<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (error instanceof InputError) throw this.#fail(error.message);
      throw error;
    }
  }

  #fail(problem: string): InputError {
    return new InputError(`${this.#options.name}: the pickle at byte ${this.#opcodeAt} ${problem}`);
  }
}

const STOP = 0x2e;
const UTF_8 = new TextDecoder();

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function hexDigits(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/**
 * A value from a pickle, fit to be printed: short, without control characters, and no list, which may refer to the same
 * list so often that it is endless when written out.
 */
export function printable(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value).slice(0, 200).replace(/[^\x20-\x7e]/g, "?");
}
