/**
 * Files that somebody with bad intentions, or a broken disk, might hand to `import-weights`, `--weights` or
 * `--annotations`: what `deno task check:hostile` opens. A file of 16 MB is as large as a pickle may be.
 *
 * @module
 */
import { bytesOf, compressed, wholeNumber, zipBytes } from "./zip_bytes.ts";

/** A hostile file. */
export interface HostileFile {
  /** What is wrong with it. */
  readonly name: string;
  /** What its name ends in. */
  readonly ending: "pt" | "npz" | "safetensors" | "mat";
  readonly bytes: () => Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  /** The file is that long, with zeros behind its bytes that take no room on the disk. */
  readonly length?: number;
}

const MB = 2 ** 20;
const PICKLE_BYTES = 16 * MB;

/** A pickle of protocol 2. */
function pickle(...parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return bytesOf("\x80\x02", ...parts, ".");
}

/** A file of the old format of PyTorch whose value is made by these opcodes. */
function oldTorch(...value: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const magic = wholeNumber(0x1950a86a20f9469cfc6cn, 10);
  return bytesOf(
    pickle("\x8a\x0a", magic),
    pickle("M\xe9\x03"), // 1001
    pickle("}"),
    pickle(...value),
    pickle("]"),
  );
}

function zipTorch(...value: readonly (string | Uint8Array)[]): Promise<Uint8Array<ArrayBuffer>> {
  return zipBytes([{ name: "a/data.pkl", content: pickle(...value), deflated: true }]);
}

/** One opcode over and over, up to the size that a pickle may have. */
function flood(opcodes: string, bytes = PICKLE_BYTES): Uint8Array<ArrayBuffer> {
  const one = bytesOf(opcodes);
  const count = Math.floor((bytes - 200) / one.length);
  const all = new Uint8Array(count * one.length);
  for (let i = 0; i < count; i++) all.set(one, i * one.length);
  return all;
}

function text(letters: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return bytesOf("X", wholeNumber(letters.length, 4), letters);
}

/** A dictionary with one tensor of float32 numbers. */
function tensor(items: bigint, shape: bigint, stride: bigint): Uint8Array<ArrayBuffer> {
  const whole = (value: bigint) => bytesOf("\x8a\x08", wholeNumber(value, 8));
  const storage = bytesOf("(", text("storage"), "ctorch\nFloatStorage\n", text("0"), text("cpu"));
  return bytesOf(
    ...["}", text("a"), "ctorch._utils\n_rebuild_tensor_v2\n(", storage, whole(items), "tQ"],
    ...[whole(0n), "(", whole(shape), "t(", whole(stride), "t\x89Nt", "Rs"],
  );
}

/** NumPy's file of an array: what its header says, and its numbers. */
function npy(header: string, numbers = new Uint8Array()): Uint8Array<ArrayBuffer> {
  return bytesOf("\x93NUMPY\x01\x00", wholeNumber(header.length, 2), header, numbers);
}

function npyHeader(shape: string): string {
  return `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }\n`;
}

function safetensors(header: string, claims = header.length): Uint8Array<ArrayBuffer> {
  return bytesOf(wholeNumber(claims, 8), header);
}

function safetensorsOf(...header: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const all = bytesOf(...header);
  return bytesOf(wholeNumber(all.length, 8), all);
}

/** MATLAB's elements around each other. */
function matElement(type: number, ...content: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const inside = bytesOf(...content);
  const filling = new Uint8Array(-inside.length & 7);
  return bytesOf(wholeNumber(type, 4), wholeNumber(inside.length, 4), inside, filling);
}

/** The beginning of a matrix: class, sizes and no name. */
function matHead(kind: number, rows: number, columns: number): Uint8Array<ArrayBuffer> {
  const words = (...values: number[]) => bytesOf(...values.map((value) => wholeNumber(value, 4)));
  return bytesOf(
    matElement(6, words(kind, 0)),
    matElement(5, words(rows, columns)),
    matElement(1),
  );
}

function mat(...elements: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return bytesOf("MATLAB 5.0 MAT-file".padEnd(124), "\x00\x01IM", ...elements);
}

async function compressedMat(content: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = await compressed(content, "deflate");
  return mat(bytesOf(wholeNumber(15, 4), wholeNumber(packed.length, 4), packed));
}

/** Cells in cells; written from the inside, which only that many levels allow in a moment. */
function nestedCells(levels: number): Uint8Array<ArrayBuffer> {
  let inner = matElement(14);
  for (let i = 0; i < levels; i++) inner = matElement(14, matHead(1, 1, 1), inner);
  return inner;
}

/** Something that hardly compresses, which makes what an archive claims look likely. */
function noise(bytes: number): Uint8Array<ArrayBuffer> {
  let state = 1;
  return Uint8Array.from({ length: bytes }, () => (state = state * 48271 % 2147483647) & 255);
}

/** All of them. */
export const HOSTILE_FILES: readonly HostileFile[] = [
  // Pickles that run something.
  {
    name: "calls os.system",
    ending: "pt",
    bytes: () => oldTorch("cos\nsystem\n(", text("touch was_here"), "tR"),
  },
  {
    name: "calls os.system, in a zip archive",
    ending: "pt",
    bytes: () => zipTorch("cos\nsystem\n(", text("touch was_here"), "tR"),
  },
  // Pickles that grow.
  { name: "16 MB of lists", ending: "pt", bytes: () => oldTorch(flood("]")) },
  { name: "16 MB of lists in each other", ending: "pt", bytes: () => oldTorch("]", flood("]a")) },
  {
    name: "16 MB of tuples around each other",
    ending: "pt",
    bytes: () => oldTorch(flood("N\x85")),
  },
  {
    name: "16 MB of tuples in each other",
    ending: "pt",
    bytes: () => oldTorch("N", flood("\x85")),
  },
  { name: "16 MB of dictionaries", ending: "pt", bytes: () => oldTorch(flood("}")) },
  { name: "16 MB of marks", ending: "pt", bytes: () => oldTorch(flood("(")) },
  { name: "16 MB of nothings", ending: "pt", bytes: () => oldTorch(flood("N")) },
  {
    name: "16 MB of nothings in a list",
    ending: "pt",
    bytes: () => oldTorch("](", flood("N"), "e"),
  },
  { name: "16 MB of memo entries", ending: "pt", bytes: () => oldTorch("N", flood("\x94")) },
  {
    name: "16 MB of dictionaries called for",
    ending: "pt",
    bytes: () => oldTorch(flood("ccollections\nOrderedDict\n)R")),
  },
  {
    name: "16 MB of a dictionary called for again and again",
    ending: "pt",
    bytes: () => oldTorch("ccollections\nOrderedDict\nq\x00", flood("h\x00)R")),
  },
  {
    name: "16 MB of integers of 16 bytes",
    ending: "pt",
    bytes: () => oldTorch(flood("\x8a\x10" + "\x7f".repeat(16))),
  },
  {
    name: "16 MB of texts",
    ending: "pt",
    bytes: () => oldTorch(flood("X\x10\x00\x00\x00" + "a".repeat(16))),
  },
  { name: "16 MB of bytes of bytes", ending: "pt", bytes: () => oldTorch(flood("C\x01a")) },
  {
    name: "one text of 16 MB",
    ending: "pt",
    bytes: () => oldTorch(text(flood("a")), "0cos\nsystem\n"),
  },
  {
    name: "one text of 16 MB of broken letters",
    ending: "pt",
    bytes: () => oldTorch(text(flood("\xe2")), "0cos\nsystem\n"),
  },
  {
    name: "one text of 16 MB as bytes",
    ending: "pt",
    bytes: () => oldTorch("c_codecs\nencode\n", text(flood("\xc3\xa9")), text("latin1"), "\x86R"),
  },
  {
    name: "lists of lists of lists, endless when written out",
    ending: "pt",
    bytes: () => oldTorch("(", text("a"), "tq\x01", flood("0h\x01h\x01\x86q\x01", 4000)),
  },
  // Tensors that are not there.
  {
    name: "a tensor of 2^62 numbers",
    ending: "pt",
    bytes: () => oldTorch(tensor(2n ** 62n, 2n ** 62n, 1n)),
  },
  {
    name: "a tensor of 2^52 numbers, 2^54 bytes",
    ending: "pt",
    bytes: () => oldTorch(tensor(2n ** 52n, 2n ** 52n, 1n)),
  },
  {
    name: "one number as a tensor of 2^40",
    ending: "pt",
    bytes: () => oldTorch(tensor(1n, 2n ** 40n, 0n)),
  },
  // Zip archives.
  {
    name: "a zip archive that is cut off",
    ending: "pt",
    bytes: async () => (await zipTorch(tensor(2n, 2n, 1n))).slice(0, -30),
  },
  {
    name: "a zip archive whose data is cut out of its middle",
    ending: "pt",
    bytes: async () => {
      const whole = await zipTorch(flood("N", 1000));
      return bytesOf(whole.slice(0, 50), whole.slice(70));
    },
  },
  {
    name: "a zip entry that claims 2 GB",
    ending: "pt",
    bytes: () =>
      zipBytes([{ name: "a/data.pkl", content: pickle("N"), deflated: true, claims: 2 ** 31 }]),
  },
  {
    name: "a zip entry that is larger than it claims",
    ending: "pt",
    bytes: () =>
      zipBytes([{
        ...{ name: "a/data.pkl", content: pickle(flood("N")), deflated: true, claims: 100 },
      }]),
  },
  {
    name: "a zip bomb: 400 MB in 400 KB",
    ending: "pt",
    bytes: () =>
      zipBytes([{ name: "a/data.pkl", content: new Uint8Array(400 * MB), deflated: true }]),
  },
  {
    name: "a zip bomb beside 5 MB of noise",
    ending: "pt",
    bytes: () =>
      zipBytes([
        { name: "a/data/0", content: noise(5 * MB) },
        { name: "a/data.pkl", content: new Uint8Array(400 * MB), deflated: true },
      ]),
  },
  {
    name: "16 MB of lists in a zip archive",
    ending: "pt",
    bytes: () => zipTorch(flood("]")),
  },
  {
    name: "one text of 16 MB of broken letters in a zip archive",
    ending: "pt",
    bytes: () => zipTorch(text(flood("\xe2")), "0cos\nsystem\n"),
  },
  {
    name: "a byteorder of 400 MB",
    ending: "pt",
    bytes: () =>
      zipBytes([
        { name: "a/data/0", content: noise(5 * MB) },
        { name: "a/data.pkl", content: pickle("N"), deflated: true },
        { name: "a/byteorder", content: new Uint8Array(400 * MB), deflated: true },
      ]),
  },
  {
    name: "60,000 entries in a zip archive",
    ending: "pt",
    bytes: () =>
      zipBytes(
        Array.from({ length: 60_000 }, (_, i) => ({ name: `${i}`, content: new Uint8Array() })),
      ),
  },
  {
    name: "20,000 entries with names of 500 letters",
    ending: "npz",
    bytes: () =>
      zipBytes(
        Array.from({ length: 20_000 }, (_, i) => ({
          name: `${"a".repeat(500)}${i}.npy`,
          content: new Uint8Array(),
        })),
      ),
  },
  // NumPy.
  {
    name: "an array of 2^63 numbers",
    ending: "npz",
    bytes: () => zipBytes([{ name: "a.npy", content: npy(npyHeader(`${2n ** 63n},`)) }]),
  },
  {
    name: "an array of 2^20 x 2^20 x 2^20 numbers",
    ending: "npz",
    bytes: () =>
      zipBytes([{ name: "a.npy", content: npy(npyHeader("1048576, 1048576, 1048576")) }]),
  },
  {
    name: "a header of 65,535 bytes of brackets",
    ending: "npz",
    bytes: () => zipBytes([{ name: "a.npy", content: npy("(".repeat(65_535)) }]),
  },
  {
    name: "an array of Python objects",
    ending: "npz",
    bytes: () =>
      zipBytes([{
        name: "a.npy",
        content: npy(npyHeader("1,").replace("<f4", "|O"), pickle("cos\nsystem\n", text("x"), "R")),
      }]),
  },
  {
    name: "twelve arrays of 32 MB that are no arrays, beside 5 MB of noise",
    ending: "npz",
    bytes: () =>
      zipBytes([
        ...Array.from({ length: 12 }, (_, i) => ({
          name: `${i}.npy`,
          content: bytesOf(npy(npyHeader("8388608,")), new Uint8Array(32 * MB)),
          deflated: true,
        })),
        { name: "noise.npy", content: noise(5 * MB) },
      ]),
  },
  {
    name: "an array of 400 MB that is none, beside 5 MB of noise",
    ending: "npz",
    bytes: () =>
      zipBytes([
        { name: "noise.npy", content: noise(5 * MB) },
        { name: "a.npy", content: new Uint8Array(400 * MB), deflated: true },
      ].reverse()),
  },
  // safetensors.
  {
    name: "a header of 2 GB that is not there",
    ending: "safetensors",
    bytes: () => safetensors("{", 2 ** 31),
  },
  {
    name: "a header of 2 GB that is there",
    ending: "safetensors",
    bytes: () => safetensors("{", 2 ** 31),
    length: 2 ** 31 + 8,
  },
  {
    name: "a header of 16 MB of zeros",
    ending: "safetensors",
    bytes: () => safetensors("{", PICKLE_BYTES),
    length: PICKLE_BYTES + 8,
  },
  {
    name: "a header of 16 MB of brackets",
    ending: "safetensors",
    bytes: () => safetensorsOf(flood("[")),
  },
  {
    name: "a header of 16 MB of numbers",
    ending: "safetensors",
    bytes: () => safetensorsOf('{"a":[0', flood(",1"), "]}"),
  },
  {
    name: "a header of 16 MB of one name",
    ending: "safetensors",
    bytes: () => safetensorsOf("{", flood('"a":{},'), '"b":1}'),
  },
  {
    name: "a header of 16 MB of names",
    ending: "safetensors",
    bytes: () => {
      const names = Array.from({ length: 1_000_000 }, (_, i) => `"${i}":{},`).join("");
      return safetensorsOf("{", names, '"b":1}');
    },
  },
  {
    name: "a header of 16 MB in one name",
    ending: "safetensors",
    bytes: () => safetensorsOf('{"', flood("\xc3\xa9"), '":1}'),
  },
  {
    name: "a header of 2^64 - 1 bytes",
    ending: "safetensors",
    bytes: () => bytesOf("\xff".repeat(8), "{}"),
  },
  {
    name: "an array of 2^53 x 2^53 numbers",
    ending: "safetensors",
    bytes: () =>
      safetensors(
        '{"a":{"dtype":"F32","shape":[9007199254740991,9007199254740991],"data_offsets":[0,4]}}',
      ),
  },
  // MATLAB.
  {
    name: "a matrix of 2^31 x 2^31",
    ending: "mat",
    bytes: () => mat(matElement(14, matHead(6, 2 ** 31, 2 ** 31))),
  },
  {
    name: "cells in cells, 2,000 times",
    ending: "mat",
    bytes: () => mat(nestedCells(2000)),
  },
  {
    name: "a compressed variable of 400 MB in 400 KB",
    ending: "mat",
    bytes: () => compressedMat(new Uint8Array(400 * MB)),
  },
  {
    name: "a compressed variable of 400 MB beside 5 MB of noise",
    ending: "mat",
    bytes: async () => {
      const packed = await compressed(new Uint8Array(400 * MB), "deflate");
      return mat(
        bytesOf(wholeNumber(15, 4), wholeNumber(packed.length, 4), packed),
        matElement(2, noise(5 * MB)),
      );
    },
  },
  {
    name: "a cell of 2 million empty places",
    ending: "mat",
    bytes: () => {
      const count = 2 * MB;
      const places = new Uint8Array(8 * count);
      for (let i = 0; i < count; i++) places[8 * i] = 14;
      return mat(matElement(14, matHead(1, 1, count), places), bytesOf("\x00\x00\x00\x00"));
    },
  },
  {
    name: "30 MB of numbers of a byte, as floats",
    ending: "mat",
    bytes: () => {
      const count = 30 * MB;
      return mat(
        matElement(14, matHead(6, 1, count), matElement(2, new Uint8Array(count))),
        bytesOf("\x00\x00\x00\x00"),
      );
    },
  },
];
