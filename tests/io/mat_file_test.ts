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
    [good.slice(0, -1), /x: byte 128: damaged: it ends in the middle of an element/],
    [good.slice(0, 132), /x: byte 128: damaged: it ends in the middle of an element/],
    [file(6, [1, 3], numbers), /x: byte 184: damaged: 2 numbers in a matrix of 3/],
    [file(6, [1, 2], element(18, [0, 0], true)), /an element of type 18 is no list of numbers/],
    [file(6, [1, 2], element(5, [0, 0, 0], true)), /an element of type 5 is no list of numbers/],
    [file(5, [1, 2], numbers), /x: byte 168: a matrix of class 5 is not read: "v"/],
    [file(6 + 0x800, [1, 2], numbers), /x: byte 168: a matrix complex is not read: "v"/],
    [file(1, [1, 1], numbers), /an element of type 5 where a matrix should be/],
    [
      Uint8Array.from([...good.slice(0, 128), ...element(15, [1, 2, 3, 4], true)]),
      /x: variable at byte 128: damaged: it cannot be decompressed/,
    ],
  ];
  for (const [bytes, message] of cases) await assert.rejects(decodeMat(bytes, "x"), message);
});

/** The content of a struct: the length of its fields' names, and these. */
const fields = (width: number, letters: readonly number[]) => [
  ...element(5, words([width], true), true),
  ...element(1, letters, true),
];

Deno.test("decodeMat() refuses claims that would take memory, with the place", async () => {
  const none = fields(32, []);
  assert.deepEqual(await decodeMat(file(2, [1, 1], none), "x"), { v: {} });
  assert.deepEqual(await decodeMat(file(2, [0, 1], none), "x"), { v: [] });
  const cases: [flags: number, dimensions: number[], content: number[], problem: string][] = [
    [2, [2, 2], none, "byte 200: damaged: 4 structs without fields"],
    [2, [5000, 2000], none, "byte 168: damaged: a matrix of 10000000 places in 24 bytes"],
    [2, [1e5, 1e5], none, "byte 168: damaged: a matrix of 10000000000 places in 24 bytes"],
    [1, [1e5, 1e5], [], "byte 168: damaged: a matrix of 10000000000 places in 0 bytes"],
    [1, [-1, 5], [], "byte 168: damaged: a matrix of -5 places in 0 bytes"],
    [
      2,
      [0, 0],
      fields(1, new Array<number>(1025).fill(0)),
      "byte 200: damaged: a struct of more than 1024 fields",
    ],
    [2, [1, 1], fields(0, []), "byte 184: damaged: names of 0 letters"],
    [2, [1, 1], fields(400_000, []), "byte 184: damaged: names of 400000 letters"],
  ];
  for (const [flags, dimensions, content, problem] of cases) {
    const message = `x: ${problem}`;
    await assert.rejects(decodeMat(file(flags, dimensions, content), "x"), {
      name: "InputError",
      message,
    });
  }
});

/** A matrix as it stands in a cell; copies no list, as cells may be nested by thousands. */
function cellOf(inner: Uint8Array): Uint8Array {
  const head = [
    ...element(6, words([1, 0], true), true),
    ...element(5, words([1, 1], true), true),
    ...element(1, [], true),
  ];
  const [type, size] = [words([14], true), words([head.length + inner.length], true)];
  return Uint8Array.from([...type, ...size, ...head, ...inner]);
}

Deno.test("decodeMat() reads no deeper and no longer names than files have", async () => {
  const start = file(1, [1, 1], []).slice(0, 128);
  const joined = (...parts: Uint8Array[]) =>
    Uint8Array.from(parts.flatMap((part) => [...part])) as Uint8Array<ArrayBuffer>;
  const nested = (levels: number) => {
    let cell: Uint8Array = Uint8Array.from(element(14, [], true));
    for (let i = 0; i < levels; i++) cell = cellOf(cell);
    return joined(start, cell);
  };
  let depth = 0;
  const { [""]: cells } = await decodeMat(nested(63), "x");
  for (let value = cells; Array.isArray(value) && value.length > 0; value = value[0]) depth++;
  assert.equal(depth, 63);
  await assert.rejects(
    decodeMat(nested(100), "x"),
    /^InputError: x: byte \d+: damaged: matrices in more than 64 matrices/,
  );
  const named = element(14, [
    ...element(6, words([6, 0], true), true),
    ...element(5, words([1, 1], true), true),
    ...element(1, new Array<number>(400_000).fill(118), true),
  ], true);
  await assert.rejects(
    decodeMat(joined(start, Uint8Array.from(named)), "x"),
    /^InputError: x: byte 168: damaged: a name of 400000 letters/,
  );
  const { v } = await decodeMat(
    file(2, [1, 1], [
      ...fields(
        10,
        [..."__proto__\0"].map((letter) => letter.charCodeAt(0)),
      ),
      ...element(14, [], true),
    ]),
    "x",
  );
  assert.deepEqual(Object.keys(v), ["__proto__"]);
});

Deno.test("decodeMat() stops decompressing what grows far beyond the file", async () => {
  // A text of 12 MiB of zeros: the sizes stand in the tags of the matrix and of the letters, the last element.
  const [start, zeros] = [file(4, [1, 1], element(1, [], true)), 12 * 2 ** 20];
  const variable = new Uint8Array(start.length - 128 + zeros);
  variable.set(start.subarray(128));
  const tags = new DataView(variable.buffer);
  tags.setUint32(4, variable.length - 8, true);
  tags.setUint32(start.length - 128 - 4, zeros, true);
  const packed = async (content: Uint8Array<ArrayBuffer>) => {
    const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("deflate"));
    const bytes = [...new Uint8Array(await new Response(stream).arrayBuffer())];
    return element(15, bytes, true).slice(0, 8 + bytes.length); // not filled up
  };
  const fileOf = (...elements: number[][]) =>
    Uint8Array.from([...start.subarray(0, 128), ...elements.flat()]);
  const one = await packed(variable);
  const { v } = await decodeMat(fileOf(one, one), "x");
  assert.equal((v as string).length, zeros);
  const refused = (file: Uint8Array<ArrayBuffer>, at: number, problem: string) =>
    assert.rejects(decodeMat(file, "x"), {
      name: "InputError",
      message: `x: variable at byte ${at}: damaged: ${problem}`,
    });
  const tooMuch = "it grows far beyond the file when it is decompressed";
  await refused(fileOf(one, one, one), 128 + 2 * one.length, tooMuch);
  // What its first bytes say is enough to refuse it, and is all that it may have.
  tags.setUint32(4, 2 ** 30, true);
  await refused(fileOf(await packed(variable.slice(0, 100))), 128, tooMuch);
  tags.setUint32(4, 1000, true);
  await refused(fileOf(await packed(variable)), 128, "it is longer than its first bytes say");
  await refused(
    fileOf(await packed(new Uint8Array(100))),
    128,
    "an element of type 0 where a matrix should be",
  );
});

Deno.test("decodeMat() takes no memory for more places than an annotation needs", async () => {
  const many = 2 ** 20 + 1;
  const bytes = file(6, [1, many], element(2, [], true));
  const filled = new Uint8Array(bytes.length + many);
  filled.set(bytes);
  new DataView(filled.buffer).setUint32(132, filled.length - 136, true);
  await assert.rejects(
    decodeMat(filled, "x"),
    /^InputError: x: byte 168: more than 1048576 places in a matrix, which no annotation needs$/,
  );
});

Deno.test("decodeMat() notices a compressed file that is cut off anywhere", async () => {
  const whole = await Deno.readFile(fixture("mpii_made_up.mat"));
  for (const length of [100, 130, 140, 200, whole.length - 1]) {
    await assert.rejects(decodeMat(whole.slice(0, length), "x"), /^InputError: x: /);
  }
});
