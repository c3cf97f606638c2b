import assert from "node:assert/strict";
import { decodeMat, readMat } from "../../io/mat_file.ts";

const fixture = (name: string) => new URL(`../fixtures/io/${name}`, import.meta.url).pathname;

Deno.test("readMat() reads numbers, texts, structs and cells as scipy wrote them", async () => {
  assert.deepEqual(await readMat(fixture("kinds.mat")), {
    one: 3.5,
    row: [1, 2, 3],
    grid: [1, 3, 5, 2, 4, 300], // columns one after the other
    text: "größe",
    flag: 1,
    empty: [],
    singles: [0.5, 0.25],
    cell: ["a", 1],
    bytes: [200, 1],
    record: { a: 1, longer_name: "two" },
  });
});

/** An element: its type, its size and its data filled up to 8 bytes. */
function element(type: number, data: readonly number[], littleEndian: boolean): number[] {
  const tag = new DataView(new ArrayBuffer(8));
  tag.setUint32(0, type, littleEndian);
  tag.setUint32(4, data.length, littleEndian);
  const filled = [...data, ...new Array<number>(-data.length & 7).fill(0)];
  return [...new Uint8Array(tag.buffer), ...filled];
}

function words(numbers: readonly number[], littleEndian: boolean): number[] {
  const view = new DataView(new ArrayBuffer(4 * numbers.length));
  numbers.forEach((value, i) => view.setInt32(4 * i, value, littleEndian));
  return [...new Uint8Array(view.buffer)];
}

/** A file with one variable "v": flags, dimensions, and the elements of its content. */
function file(
  flags: number,
  dimensions: readonly number[],
  content: readonly number[],
  littleEndian = true,
): Uint8Array<ArrayBuffer> {
  const header = "MATLAB 5.0 MAT-file".padEnd(124) + (littleEndian ? "\0\x01IM" : "\x01\0MI");
  const matrix = element(14, [
    ...element(6, words([flags, 0], littleEndian), littleEndian),
    ...element(5, words(dimensions, littleEndian), littleEndian),
    ...element(1, [118], littleEndian),
    ...content,
  ], littleEndian);
  return Uint8Array.from([...header].map((letter) => letter.charCodeAt(0)).concat(matrix));
}

Deno.test("decodeMat() reads both byte orders", async () => {
  for (const littleEndian of [true, false]) {
    const content = element(5, words([7, -2], littleEndian), littleEndian);
    assert.deepEqual(await decodeMat(file(6, [1, 2], content, littleEndian), "x"), { v: [7, -2] });
    const utf16 = words([0x00e4_0061 * 1], littleEndian); // two letters in one word
    const text = element(4, utf16, littleEndian);
    const expected = littleEndian ? "aä" : "äa";
    assert.deepEqual(await decodeMat(file(4, [1, 2], text, littleEndian), "x"), { v: expected });
  }
});

Deno.test("decodeMat() says what it cannot read", async () => {
  const numbers = element(5, words([7, 8], true), true);
  const good = file(6, [1, 2], numbers);
  const cases: [Uint8Array<ArrayBuffer>, RegExp][] = [
    [new Uint8Array(), /^InputError: x: is no MAT-file of level 5/],
    [new Uint8Array(200), /^InputError: x: is no MAT-file of level 5/],
    [new TextEncoder().encode("MATLAB 7.3 MAT-file".padEnd(200)), /x: is saved as version 7\.3/],
    [good.slice(0, -1), /x: damaged: it ends in the middle of an element/],
    [good.slice(0, 132), /x: damaged: it ends in the middle of an element/],
    [file(6, [1, 3], numbers), /x: damaged: 2 numbers in a matrix of 3/],
    [file(6, [1, 2], element(18, [0, 0], true)), /an element of type 18 is no list of numbers/],
    [file(6, [1, 2], element(5, [0, 0, 0], true)), /an element of type 5 is no list of numbers/],
    [file(5, [1, 2], numbers), /x: a matrix of class 5 is not read: "v"/],
    [file(6 + 0x800, [1, 2], numbers), /x: a matrix complex is not read: "v"/],
    [file(1, [1, 1], numbers), /an element of type 5 where a matrix should be/],
    [
      Uint8Array.from([...good.slice(0, 128), ...element(15, [1, 2, 3, 4], true)]),
      /x: damaged: a variable cannot be decompressed/,
    ],
  ];
  for (const [bytes, message] of cases) await assert.rejects(decodeMat(bytes, "x"), message);
});

Deno.test("decodeMat() notices a compressed file that is cut off anywhere", async () => {
  const whole = await Deno.readFile(fixture("mpii_made_up.mat"));
  for (const length of [100, 130, 140, 200, whole.length - 1]) {
    await assert.rejects(decodeMat(whole.slice(0, length), "x"), /^InputError: x: /);
  }
});
