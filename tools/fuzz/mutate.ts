/**
 * Damage to a file, as disks, networks and enemies do it.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import type { Random } from "../../data/mod.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Whole numbers that programs trip over. */
const NASTY = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** What text formats trip over. */
const NASTY_TEXT = [
  "-1",
  "1e999",
  "-0",
  "1e308",
  "9007199254740993",
  "99999999999999999999",
  "NaN",
  "null",
  "[]",
  "{}",
  '""',
  "true",
  "[".repeat(200),
  '"__proto__"',
  "\u0000",
  "0.5",
];

/** One thing that can happen to bytes; `other` is another file of the kind. */
type Damage = (bytes: Bytes, random: Random, other: Bytes) => Bytes;

function spliced(bytes: Bytes, begin: number, end: number, middle: Bytes): Bytes {
  const result = new Uint8Array(begin + middle.length + bytes.length - end);
  result.set(bytes.subarray(0, begin));
  result.set(middle, begin);
  result.set(bytes.subarray(end), begin + middle.length);
  return result;
}

/** A stretch of the file. */
function stretch(length: number, random: Random): [begin: number, end: number] {
  const begin = random.integer(length + 1);
  return [begin, Math.min(length, begin + random.integer(Math.max(2, Math.ceil(length / 4))))];
}

const DAMAGES: readonly Damage[] = [
  function flippedBit(bytes, random) {
    const result = bytes.slice();
    if (result.length > 0) result[random.integer(result.length)] ^= 1 << random.integer(8);
    return result;
  },
  function randomByte(bytes, random) {
    const result = bytes.slice();
    if (result.length > 0) result[random.integer(result.length)] = random.integer(256);
    return result;
  },
  function nastyNumber(bytes, random) {
    const result = bytes.slice();
    const size = random.pick([1, 2, 4]);
    if (result.length < size) return result;
    const at = random.integer(result.length - size + 1);
    const view = new DataView(result.buffer);
    const value = random.pick(NASTY);
    if (size === 1) view.setUint8(at, value & 0xff);
    if (size === 2) view.setUint16(at, value & 0xffff, random.chance(0.8));
    if (size === 4) view.setUint32(at, value, random.chance(0.8));
    return result;
  },
  function nastyNumberInText(bytes, random) {
    const text = new TextDecoder("latin1").decode(bytes);
    const numbers = [...text.matchAll(/-?\d+(?:\.\d+)?/g)];
    if (numbers.length === 0) return bytes;
    const { index, 0: old } = random.pick(numbers);
    const written = new TextEncoder().encode(random.pick(NASTY_TEXT));
    return spliced(bytes, index, index + old.length, written);
  },
  function cutShort(bytes, random) {
    return bytes.slice(0, random.integer(bytes.length + 1));
  },
  function without(bytes, random) {
    return spliced(bytes, ...stretch(bytes.length, random), new Uint8Array());
  },
  function repeated(bytes, random) {
    const [begin, end] = stretch(bytes.length, random);
    return spliced(bytes, end, end, bytes.slice(begin, end));
  },
  function mixed(bytes, random, other) {
    const [begin, end] = stretch(other.length, random);
    const at = random.integer(bytes.length + 1);
    return spliced(bytes, at, Math.min(bytes.length, at + end - begin), other.slice(begin, end));
  },
];

/** A damaged file: one to four damages, one after the other. */
export function damaged(bytes: Bytes, other: Bytes, random: Random): Bytes {
  let result = bytes;
  for (let i = 1 + random.integer(4); i > 0; i--) {
    result = random.pick(DAMAGES)(result, random, other);
  }
  return result;
}

/** The same PNG with the check sums of all its chunks right, so that what is damaged is looked at. */
export function withPngSums(png: Bytes): Bytes {
  const result = png.slice();
  const view = new DataView(result.buffer);
  for (let at = 8; at + 12 <= result.length;) {
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > result.length) break;
    view.setUint32(end, crc32(result.subarray(at + 4, end)));
    at = end + 4;
  }
  return result;
}
