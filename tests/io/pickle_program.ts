/**
 * Pickles written by hand, opcode by opcode, as honest and as hostile programs write them.
 *
 * @module
 */

/** Bytes from texts (one byte a character) and bytes. */
export function program(...parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const all = parts.map((part) =>
    typeof part === "string" ? Uint8Array.from(part, (letter) => letter.charCodeAt(0)) : part
  );
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A number as so many little-endian bytes. */
export function bytesOf(value: number | bigint, count: number): Uint8Array {
  return Uint8Array.from(
    { length: count },
    (_, i) => Number(BigInt.asUintN(8, BigInt(value) >> BigInt(8 * i))),
  );
}

/** A text. */
export function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return program("X", bytesOf(bytes.length, 4), bytes);
}

/** A whole number. */
export function int(value: number | bigint): Uint8Array {
  return program("\x8a", bytesOf(8, 1), bytesOf(value, 8));
}

/** A tuple of values. */
export function tuple(...items: readonly Uint8Array[]): Uint8Array {
  return program("(", ...items, "t");
}

/** A function by module and name. */
export function named(module: string, name: string): Uint8Array {
  return program(`c${module}\n${name}\n`);
}

/** A call. */
export function call(callee: Uint8Array, ...args: readonly Uint8Array[]): Uint8Array {
  return program(callee, tuple(...args), "R");
}

/** A tensor as `torch.save` describes it. */
export function tensor(options: {
  /** Storage type, e.g. `cuda.FloatStorage`. @default {"FloatStorage"} */
  readonly type?: string;
  readonly key?: string;
  readonly items: number | bigint;
  readonly offset?: number;
  readonly shape: readonly (number | bigint)[];
  readonly strides: readonly (number | bigint)[];
  /** Old format: null or (key, begin, length). */
  readonly view?: Uint8Array;
}): Uint8Array {
  const { type = "FloatStorage", key = "0", items, offset = 0, shape, strides, view } = options;
  const path = `torch.${type}`.split(".");
  const storage = named(path.slice(0, -1).join("."), path.at(-1)!);
  const id = [text("storage"), storage, text(key), text("cpu"), int(items)];
  return call(
    named("torch._utils", "_rebuild_tensor_v2"),
    program(tuple(...id, ...(view ? [view] : [])), "Q"),
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    program("\x89"),
    call(named("collections", "OrderedDict")),
  );
}

/** A dictionary by texts. */
export function dict(entries: Readonly<Record<string, Uint8Array>>): Uint8Array {
  return program(
    "}(",
    ...Object.entries(entries).flatMap(([key, value]) => [text(key), value]),
    "u",
  );
}

/** A whole pickle of protocol 2. */
export function pickle(value: Uint8Array): Uint8Array<ArrayBuffer> {
  return program("\x80\x02", value, ".");
}

/** A file of the old format. */
export function oldFile(
  value: Uint8Array,
  storages: Readonly<Record<string, readonly [count: number | bigint, data: Uint8Array]>> = {},
): Uint8Array<ArrayBuffer> {
  const magic = program("\x8a\x0a", bytesOf(0x1950a86a20f9469cfc6cn, 10));
  const keys = program("](", ...Object.keys(storages).map(text), "e");
  return program(
    ...[magic, int(1001), dict({ little_endian: program("\x88") }), value, keys].map(pickle),
    ...Object.values(storages).flatMap(([count, data]) => [bytesOf(count, 8), data]),
  );
}
