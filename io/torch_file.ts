/**
 * Files of PyTorch's `torch.save`: pickles (pickle.ts) that refer to tensors, and the tensors' numbers.
 *
 *     zip, since PyTorch 1.6            before
 *     ├ NAME/data.pkl                   pickle  a magic number
 *     ├ NAME/byteorder  (since 2.1)     pickle  1001, the version
 *     ├ NAME/data/0                     pickle  a dictionary about the machine
 *     ├ NAME/data/1  …                  pickle  what was saved
 *     └ NAME/version                    pickle  the keys of the storages, in order
 *                                       for each its number of items (i64) and the items
 *
 * A *storage* is a row of numbers of one type; a *tensor* is a view of one, with an offset, sizes and strides, and
 * several tensors may share a storage. PyTorch, `torch/serialization.py`, `torch/_utils.py` and, for the order of
 * bytes, `torch/csrc/serialization.cpp`:
 *
 * |                        | PyTorch                                          | here                           |
 * | ---------------------- | ------------------------------------------------ | ------------------------------ |
 * | order of bytes         | old: little-endian, whatever machine wrote it;   | the same                       |
 * |                        | zip: as `byteorder` says, else little-endian     |                                |
 * | functions called       | any, or those of `weights_only`                  | those that `pickleOptions` has  |
 * | whole models           | their classes are imported                       | refused: save `state_dict()`   |
 * | `_metadata`, hooks     | kept                                             | not kept                       |
 * | tar files before 0.1.10| read                                             | refused                        |
 * | numbers                | read at once                                     | read when asked for            |
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { BinaryFile, type Bytes, partOf } from "./binary_file.ts";
import { NUMPY_TYPES } from "./npz.ts";
import { type PickleGlobal, printable, unpickle } from "./pickle.ts";
import type { SafetensorsArray } from "./safetensors.ts";
import {
  checkLayout,
  decodeItems,
  itemBytes,
  type ItemType,
  type Layout,
  readStored,
  type StoredArray,
} from "./stored_array.ts";
import { isZip, readZip, type ZipEntry } from "./zip_archive.ts";

/** Pickles of weights have some hundred bytes for each tensor. */
const MAX_PICKLE_BYTES = 2 ** 24;

/** `torch.serialization.MAGIC_NUMBER` and `PROTOCOL_VERSION`. */
const MAGIC_NUMBER = 0x1950a86a20f9469cfc6cn;
const PROTOCOL_VERSION = 1001;

/** Storage types by the name that PyTorch gives their class. */
const STORAGE_TYPES: Readonly<Record<string, ItemType>> = {
  DoubleStorage: "float64",
  FloatStorage: "float32",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
};

/** A tensor of the file. */
export interface TorchTensor extends StoredArray {
  /** Marks a tensor among the other values. */
  readonly kind: "tensor";
}

/** What can be in a file. Dictionaries are maps, lists and tuples are arrays, sizes (`torch.Size`) too. */
export type TorchValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | TorchTensor
  | readonly TorchValue[]
  | ReadonlyMap<TorchValue, TorchValue>;

/** An open file; `using` closes it. */
export interface TorchFile {
  /** What was saved; its tensors are read when they are asked for. */
  readonly value: TorchValue;
  /** Close the file. */
  [Symbol.dispose](): void;
}

/** A storage as a pickle refers to it. */
interface Storage {
  readonly dtype: ItemType;
  readonly key: string;
  /** Items that the storage has; for a view of one, all of that one. */
  readonly items: number;
  /** Where a view begins, and its items. */
  readonly begin: number;
  readonly length: number;
}

/** The bytes of a storage. */
type FindStorage = (storage: Storage) => Promise<Bytes>;

/**
 * Open a file that `torch.save` wrote, old or new format.
 *
 * @throws {InputError} If it cannot be read, is no such file, asks for a Python function that weights do not need
 * (named; nothing is run), or has tensors that do not fit their storages. What lies in the storages is checked when it
 * is read.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { openTorchFile } from "ae";
 *
 * using file = await openTorchFile("tests/fixtures/io/torch_legacy.pt");
 * const state = file.value as ReadonlyMap<string, { read(): Promise<{ data: ArrayLike<number> }> }>;
 * const { data } = await state.get("bias")!.read();
 * assert.deepEqual([...(data as Float32Array)], [0.5, -1]);
 * ```
 */
export async function openTorchFile(path: string): Promise<TorchFile> {
  const file = await BinaryFile.open(path);
  try {
    const first = await file.read(0, Math.min(4, file.length));
    const value = isZip(first) ? await readZipFormat(file) : await readOldFormat(file);
    return { value, [Symbol.dispose]: () => file[Symbol.dispose]() };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/** Whether a file begins as those of the old format do: protocol 2 and the magic number's 10 bytes. */
export function isOldTorch(first: Uint8Array): boolean {
  return first[0] === 0x80 && first[1] === 2 && first[2] === 0x8a && first[3] === 10;
}

async function readZipFormat(file: BinaryFile): Promise<TorchValue> {
  const entries = await readZip(file);
  const pickle = [...entries.keys()].find((name) => /^([^/]+\/)?data\.pkl$/.test(name));
  if (pickle === undefined) {
    const script = [...entries.keys()].some((name) => name.endsWith("constants.pkl"));
    throw new InputError(
      `${file.path}: is a zip archive without data.pkl, not a file of torch.save` +
        (script ? "\n  help: it is a TorchScript model; save its state_dict()" : ""),
    );
  }
  const folder = pickle.slice(0, -"data.pkl".length);
  const bigEndian = await isBigEndian(file, entries.get(`${folder}byteorder`));
  const find: FindStorage = async ({ key, dtype, items }) => {
    const entry = entries.get(`${folder}data/${key}`);
    if (!entry) throw new InputError(`${file.path}: has no entry ${folder}data/${key}`);
    const bytes = await entry.open();
    if (bytes.length === items * itemBytes(dtype)) return bytes;
    throw new InputError(
      `${file.path}: storage ${key} should have ${items} ${dtype} numbers, ` +
        `but its entry has ${bytes.length} bytes`,
    );
  };
  const bytes = await wholeOf(await entries.get(pickle)!.open(), `${file.path}: ${pickle}`);
  const place = { name: `${file.path}: ${pickle}`, file: file.path, bigEndian, find };
  return unpickle(bytes, 0, pickleOptions(place)).value as TorchValue;
}

async function isBigEndian(file: BinaryFile, entry: ZipEntry | undefined): Promise<boolean> {
  if (!entry) return false;
  const text = new TextDecoder().decode(
    await wholeOf(await entry.open(), `${file.path}: ${entry.name}`),
  ).trim();
  if (text === "little" || text === "big") return text === "big";
  throw new InputError(`${file.path}: its byteorder is "${text.slice(0, 20)}", not little or big`);
}

async function wholeOf(bytes: Bytes, name: string): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes.length <= MAX_PICKLE_BYTES) return await bytes.read(0, bytes.length);
  throw new InputError(`${name}: has ${bytes.length} bytes, more than ${MAX_PICKLE_BYTES}`);
}

async function readOldFormat(file: BinaryFile): Promise<TorchValue> {
  const { path } = file;
  const head = await file.read(0, Math.min(file.length, MAX_PICKLE_BYTES));
  if (!isOldTorch(head)) {
    throw new InputError(
      `${path}: is not a file of torch.save` +
        (isTar(head) ? ", but a tar archive, as PyTorch wrote before version 0.1.10" : ""),
    );
  }
  const places = new Map<string, { readonly begin: number; readonly items: number }>();
  const find: FindStorage = ({ key, dtype, items }) => {
    const place = places.get(key);
    if (place?.items === items) {
      return Promise.resolve(partOf(file, place.begin, items * itemBytes(dtype)));
    }
    throw new InputError(
      place
        ? `${path}: storage ${key} should have ${items} numbers and has ${place.items}`
        : `${path}: has no storage ${key}`,
    );
  };
  const storages = new Map<string, Storage>();
  const options = pickleOptions({ name: path, file: path, bigEndian: false, find, storages });
  let at = 0;
  const next = () => {
    const { value, end } = unpickle(head, at, options);
    at = end;
    return value;
  };
  const [magic, version] = [next(), next()];
  if (magic !== MAGIC_NUMBER || version !== PROTOCOL_VERSION) {
    throw new InputError(
      `${path}: is not a file of torch.save, or of another version (${printable(version)})`,
    );
  }
  next(); // the machine that wrote it: its order of bytes does not matter, see the top of the file
  const value = next() as TorchValue;
  const keys = next();
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === "string")) {
    throw new InputError(`${path}: has no list of its storages`);
  }
  await placeStorages(file, at, keys, storages, places);
  return value;
}

/** Walk over the storages: each says how long it is. */
async function placeStorages(
  file: BinaryFile,
  begin: number,
  keys: readonly string[],
  storages: ReadonlyMap<string, Storage>,
  places: Map<string, { readonly begin: number; readonly items: number }>,
): Promise<void> {
  let at = begin;
  for (const key of keys) {
    const storage = storages.get(key);
    if (!storage) throw new InputError(`${file.path}: has a storage ${key} of unknown type`);
    const length = new DataView((await file.read(at, 8)).buffer).getBigInt64(0, true);
    const bytes = length * BigInt(itemBytes(storage.dtype));
    at += 8;
    if (length < 0n || bytes > file.length - at) {
      throw new InputError(
        `${file.path}: storage ${key} claims ${length} ${storage.dtype} numbers, but only ` +
          `${file.length - at} bytes follow; the file is cut off`,
      );
    }
    places.set(key, { begin: at, items: Number(length) });
    at += Number(bytes);
  }
}

function isTar(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(257, 262)) === "ustar";
}

/** Where a pickle belongs. */
interface PicklePlace {
  readonly name: string;
  readonly file: string;
  readonly bigEndian: boolean;
  readonly find: FindStorage;
  /** Collects the storages that the pickle refers to. */
  readonly storages?: Map<string, Storage>;
}

function pickleOptions(place: PicklePlace) {
  const rebuildTensor = (args: readonly unknown[]) => makeTensor(args, place);
  const globals: Readonly<Record<string, PickleGlobal>> = {
    "collections.OrderedDict": { call: orderedDict, build: () => {} }, // its _metadata
    "torch._utils._rebuild_tensor": { call: rebuildTensor },
    "torch._utils._rebuild_tensor_v2": { call: rebuildTensor },
    "torch._utils._rebuild_parameter": { call: ([data]) => tensorOf(data) },
    "torch.Size": { call: ([sizes]) => sizes },
    "torch.device": { call: device },
    "numpy.core.multiarray.scalar": { call: numpyScalar },
    "numpy._core.multiarray.scalar": { call: numpyScalar },
    "numpy.dtype": { call: ([type]) => ({ type, bigEndian: false }), build: setByteOrder },
    "_codecs.encode": { call: encodeLatin1 },
  };
  return {
    name: place.name,
    global: (name: string): PickleGlobal | undefined =>
      Object.hasOwn(globals, name) ? globals[name] : storageTypes.get(name) ?? dtypes.get(name),
    persistent: (id: unknown) => {
      const storage = storageOf(id);
      place.storages?.set(storage.key, storage);
      return storage;
    },
  };
}

/** `torch.FloatStorage` and `torch.cuda.FloatStorage`: named in a pickle, never called. */
interface StorageType extends PickleGlobal {
  readonly dtype: ItemType;
}

const storageTypes: ReadonlyMap<string, StorageType> = new Map(
  Object.entries(STORAGE_TYPES).flatMap(([name, dtype]) =>
    [`torch.${name}`, `torch.cuda.${name}`].map((path) => [path, { dtype }] as const)
  ),
);

/** `torch.float32` and the like, in what describes a training. */
const dtypes: ReadonlyMap<string, PickleGlobal> = new Map(
  Object.values(STORAGE_TYPES).map((dtype) => [`torch.${dtype}`, {}]),
);

/** `("cuda", 0)` as `cuda:0`. */
function device(args: readonly unknown[]): string {
  if (args.every((arg) => typeof arg === "string" || typeof arg === "number")) {
    return args.join(":");
  }
  throw new InputError("makes a device of what is no text or number");
}

/** Python 2 hands over pairs; later versions set the items afterwards. */
function orderedDict([pairs = []]: readonly unknown[]): Map<unknown, unknown> {
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2;
  if (Array.isArray(pairs) && pairs.every(isPair)) return new Map(pairs);
  throw new InputError("makes a dictionary of what are no pairs");
}

/** NumPy's type of a number, as pickles make it. */
interface NumpyType {
  readonly type: unknown;
  bigEndian: boolean;
}

/** Numbers that NumPy computed, such as the best score, stand in what trainers write beside the weights. */
function numpyScalar([type, bytes]: readonly unknown[]): number | bigint | boolean {
  const { type: letters, bigEndian } = (type ?? {}) as Partial<NumpyType>;
  const name = printable(letters);
  const dtype = Object.hasOwn(NUMPY_TYPES, name) ? NUMPY_TYPES[name] : undefined;
  if (!dtype || !(bytes instanceof Uint8Array) || bytes.length !== itemBytes(dtype)) {
    throw new InputError(`makes a NumPy number of type ${name.slice(0, 20)}, which is not known`);
  }
  const [value] = decodeItems(bytes.slice(), dtype, bigEndian === true);
  return dtype === "bool" ? value !== 0 : value;
}

/** The second entry of a type's state is `<`, `>` or `|`. */
function setByteOrder(type: unknown, state: unknown): void {
  if (Array.isArray(state)) (type as NumpyType).bigEndian = state[1] === ">";
}

/** How protocol 2 writes bytes: a text whose letters are they. */
function encodeLatin1([text, encoding]: readonly unknown[]): Uint8Array {
  if (typeof text !== "string" || encoding !== "latin1" || /[^\0-\xff]/.test(text)) {
    throw new InputError("encodes what is no text of bytes");
  }
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** `("storage", type, key, location, items)`, before 1.6 with a view: null or `(key, begin, length)`. */
function storageOf(id: unknown): Storage {
  const [what, type, key, , items, view] = Array.isArray(id) ? id : [];
  const { dtype } = (type ?? {}) as Partial<StorageType>;
  const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
  if (what !== "storage" || !dtype || typeof key !== "string" || !isCount(items)) {
    throw new InputError("refers to what is no storage of numbers");
  }
  const [, begin, length] = Array.isArray(view) ? view : [null, 0, items];
  if (!isCount(begin) || !isCount(length) || begin + length > items) {
    const [from, count] = [begin, length].map(printable);
    throw new InputError(`has a view of ${count} numbers from ${from} on of a storage of ${items}`);
  }
  return { dtype, key, items, begin, length };
}

/** `(storage, offset, sizes, strides, …)`. */
function makeTensor(
  [storage, offset, shape, strides]: readonly unknown[],
  { file, bigEndian, find }: PicklePlace,
): TorchTensor {
  const { dtype, key, begin, length } = (storage ?? {}) as Storage;
  if (!dtype || !isNumbers(shape) || !isNumbers(strides) || !isNumbers([offset])) {
    throw new InputError("makes a tensor of what is no storage, sizes and strides");
  }
  const inside = { shape, strides, offset: offset as number };
  checkLayout(inside, length, "describes a tensor");
  const layout: Layout = { dtype, bigEndian, ...inside, offset: begin + inside.offset };
  const read = async (): Promise<SafetensorsArray> =>
    await readStored(await find(storage as Storage), layout, `${file}: a tensor of storage ${key}`);
  return { kind: "tensor", dtype, shape, read };
}

/** As many as NumPy's arrays may have. */
const MAX_AXES = 64;

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length <= MAX_AXES &&
    value.every((item) => typeof item === "number" || typeof item === "bigint");
}

function tensorOf(value: unknown): TorchTensor {
  if (isTorchTensor(value)) return value;
  throw new InputError("makes a parameter of what is no tensor");
}

/** Whether a value is a tensor. */
function isTorchTensor(value: unknown): value is TorchTensor {
  return (value as Partial<TorchTensor> | null)?.kind === "tensor";
}

/** Where programs put a model's tensors beside other things. */
const STATE_KEYS = ["state_dict", "model_state_dict", "model"];

/**
 * The tensors of a model by name: those of the saved dictionary itself, or of what it calls `state_dict`,
 * `model_state_dict` or `model`.
 *
 * @param value What was saved.
 * @param name What errors call the file.
 * @throws {InputError} If there is no dictionary of tensors.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { openTorchFile, stateDictOf } from "ae";
 *
 * using file = await openTorchFile("tests/fixtures/io/torch_legacy.pt");
 * assert.deepEqual([...stateDictOf(file.value).keys()], ["weight", "bias"]);
 * ```
 */
export function stateDictOf(
  value: TorchValue,
  name: string = "the file",
): ReadonlyMap<string, StoredArray> {
  if (value instanceof Map) {
    const inner = STATE_KEYS.map((key) => value.get(key));
    for (const candidate of [value, ...inner]) {
      if (!(candidate instanceof Map) || candidate.size === 0) continue;
      const named = [...candidate].every(([key, it]) =>
        typeof key === "string" && isTorchTensor(it)
      );
      if (named) return candidate as ReadonlyMap<string, StoredArray>;
    }
  }
  const keys = value instanceof Map
    ? `; it has ${[...value.keys()].slice(0, 8).map(printable).join(", ")}`
    : "";
  throw new InputError(`${name}: holds no state_dict, a dictionary of tensors by name${keys}`);
}
