import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  floatWeights,
  openSafetensors,
  readSafetensors,
  type SafetensorsArray,
  writeSafetensors,
} from "../../io/mod.ts";

/** A file from a header text and data, as any program might write it. */
function file(header: string, data: number[] | Uint8Array = []): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

function refuses(bytes: Uint8Array<ArrayBuffer>, message: string): void {
  assert.throws(() => decodeSafetensors(bytes, "w.safetensors"), {
    name: "InputError",
    message: `w.safetensors: ${message}`,
  });
}

const all = {
  double: { shape: [2], data: new Float64Array([0.1, -1e300]) },
  float: { shape: [1, 2], data: new Float32Array([1.5, -0]) },
  half: { shape: [3], data: new Float16Array([1, 0.5, 65504]) },
  int64: { shape: [2], data: new BigInt64Array([-(2n ** 63n), 7n]) },
  uint64: { shape: [], data: new BigUint64Array([2n ** 64n - 1n]) },
  int32: { shape: [2], data: new Int32Array([-5, 2147483647]) },
  uint32: { shape: [1], data: new Uint32Array([4294967295]) },
  int16: { shape: [1], data: new Int16Array([-32768]) },
  uint16: { shape: [1], data: new Uint16Array([65535]) },
  int8: { shape: [3], data: new Int8Array([-128, 0, 127]) },
  uint8: { shape: [1], data: new Uint8Array([255]) },
  nothing: { shape: [0, 4], data: new Float32Array() },
};

Deno.test("decodeSafetensors() gives back what encodeSafetensors() took, for every type", () => {
  const metadata = { format: "pt", 'a "key"': "é\n" };
  const decoded = decodeSafetensors(encodeSafetensors(all, metadata));
  assert.deepEqual(decoded.arrays, all);
  assert.deepEqual(decoded.metadata, metadata);
});

Deno.test("decodeSafetensors() of no arrays is empty", () => {
  assert.deepEqual(decodeSafetensors(encodeSafetensors({})), { arrays: {}, metadata: {} });
});

Deno.test("decodeSafetensors() keeps NaN, infinities and names that JavaScript treats specially", () => {
  const data = new Float32Array([NaN, Infinity, -Infinity]);
  const arrays = Object.fromEntries([["__proto__", { shape: [3], data }]]);
  const decoded = decodeSafetensors(encodeSafetensors(arrays)).arrays;
  assert.deepEqual(Object.keys(decoded), ["__proto__"]);
  assert.deepEqual(Object.values(decoded)[0].data, data);
});

Deno.test("decodeSafetensors() copies, whatever the alignment of the bytes", () => {
  // A header of 7 bytes less than a multiple of 8 puts the data at an odd place.
  const bytes = file('{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}', new Uint8Array(8));
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  const { a } = decodeSafetensors(shifted).arrays;
  shifted.fill(255);
  assert.deepEqual(a, { shape: [1], data: new Float64Array(1) });
});

Deno.test("decodeSafetensors() and openSafetensors() widen BF16, the upper half of F32", async () => {
  const header = '{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}';
  const bytes = file(header, [0x80, 0x3f, 0x00, 0xc0]);
  const expected = { shape: [2], data: new Float32Array([1, -2]) };
  assert.deepEqual(decodeSafetensors(bytes).arrays.w, expected);
  assert.deepEqual([...floatWeights(decodeSafetensors(bytes)).w.data], [1, -2]);
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes);
    using opened = await openSafetensors(path);
    assert.equal(opened.arrays.get("w")!.dtype, "bfloat16");
    assert.deepEqual(await opened.arrays.get("w")!.read(), expected);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("decodeSafetensors() reads BOOL as bytes of 0 and 1", () => {
  const bytes = file('{"m":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}', [1, 0, 1]);
  assert.deepEqual(decodeSafetensors(bytes).arrays.m.data, new Uint8Array([1, 0, 1]));
});

Deno.test("encodeSafetensors() writes the documented bytes: widest first, then by name", () => {
  const bytes = encodeSafetensors({
    b: hostArray([1], [2]),
    c: { shape: [1], data: new Uint8Array([9]) },
    a: hostArray([2], [0, 1]),
  }, { seed: "1" });
  const header = '{"__metadata__":{"seed":"1"},' +
    '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
    '"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},' +
    '"c":{"dtype":"U8","shape":[1],"data_offsets":[12,13]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  const data = [0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 9];
  assert.deepEqual(bytes, file(padded, data));
});

Deno.test("encodeSafetensors() gives the same bytes in whatever order the arrays come", () => {
  const turned = Object.fromEntries(Object.entries(all).reverse());
  assert.deepEqual(encodeSafetensors(turned), encodeSafetensors(all));
});

Deno.test("encodeSafetensors() writes the numbers of a view, not those around it", () => {
  const data = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
  const { a } = decodeSafetensors(encodeSafetensors({ a: { shape: [2], data } })).arrays;
  assert.deepEqual(a.data, new Float32Array([2, 3]));
});

Deno.test("encodeSafetensors() refuses what the format cannot hold", () => {
  const refused = (arrays: Record<string, unknown>, metadata: unknown, message: string) =>
    assert.throws(
      () =>
        encodeSafetensors(
          arrays as Record<string, SafetensorsArray>,
          metadata as Record<string, string>,
        ),
      { name: "RangeError", message: `encodeSafetensors: ${message}` },
    );
  refused(
    { a: { shape: [3], data: new Float32Array(2) } },
    {},
    '"a" has shape [3] but 2 numbers',
  );
  refused(
    { a: { shape: [2], data: [1, 2] } },
    {},
    '"a" is of a type that the format does not have',
  );
  refused(
    { __metadata__: hostArray([0]) },
    {},
    "__metadata__ is reserved; an array needs another name",
  );
  refused({}, { steps: 7 }, 'metadata "steps" is 7, not a text');
});

Deno.test("decodeSafetensors() refuses files that are cut off anywhere", () => {
  const whole = encodeSafetensors(all);
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => decodeSafetensors(whole.slice(0, length)), { name: "InputError" });
  }
  refuses(whole.slice(0, 5), "5 bytes are too few for a safetensors file");
  refuses(
    file('{"a":1}').slice(0, 12),
    "the header should have 7 bytes but the file ends after 4; it is cut off",
  );
});

Deno.test("decodeSafetensors() says what a file is that is often taken for one", () => {
  const starts: readonly (readonly [number[], RegExp])[] = [
    [[0x50, 0x4b, 3, 4], /is no safetensors file but a zip archive.*\n {2}help: import-weights/],
    [[0x80, 2, 0x8a, 0x0a], /is no safetensors file but a pickle.*\n {2}help: import-weights/],
    [[0x89, 0x50, 0x4e, 0x47], /is no safetensors file but a PNG picture$/],
    [[0xff, 0xd8, 0xff, 0xe0], /is no safetensors file but a JPEG picture$/],
  ];
  for (const [start, message] of starts) {
    const bytes = new Uint8Array(20).fill(7);
    bytes.set(start);
    assert.throws(() => decodeSafetensors(bytes, "w"), { name: "InputError", message });
  }
});

Deno.test("decodeSafetensors() refuses a header that is too long or no JSON object", () => {
  const text = new TextEncoder().encode("this is a text file");
  assert.throws(() => decodeSafetensors(text, "w"), {
    name: "InputError",
    message: "w: claims a header of 2338328219631577204 bytes, more than 16777216; " +
      "is it a safetensors file?",
  });
  const limit = new Uint8Array(8);
  new DataView(limit.buffer).setUint32(0, 2 ** 24 + 1, true);
  assert.throws(() => decodeSafetensors(limit), /claims a header of 16777217 bytes/);
  refuses(
    file('{"a": '),
    "the header is not JSON: the text ends too early: is it cut off? (byte 14)",
  );
  refuses(file(""), "the header is not JSON: there is nothing in it (byte 8)");
  refuses(file("[1]"), "the header is not a JSON object");
  const latin = file('{"a":1}');
  latin[10] = 0xe9;
  refuses(latin, "is not UTF-8 text");
});

Deno.test("decodeSafetensors() refuses a name that occurs twice, even with the same place", () => {
  const entry = '{"dtype":"U8","shape":[1],"data_offsets":[0,1]}';
  refuses(file(`{"a":${entry},"a":${entry}}`, [1]), 'tensor "a" occurs twice');
  refuses(file(`{"a":${entry}, "\\u0061" : ${entry}}`, [1]), 'tensor "a" occurs twice');
  // Inside an entry a name may be that of a tensor.
  const inner = file(`{"shape":${entry}}`, [1]);
  assert.deepEqual(Object.keys(decodeSafetensors(inner).arrays), ["shape"]);
});

Deno.test("decodeSafetensors() names the tensor whose description is wrong", () => {
  const one = (dtype: unknown, shape: unknown, offsets: unknown) =>
    file(JSON.stringify({ w: { dtype, shape, data_offsets: offsets } }), new Uint8Array(8));
  const dtypes = "F64, I64, U64, F32, I32, U32, F16, I16, U16, BF16, I8, U8, BOOL";
  refuses(one("F8_E4M3", [8], [0, 8]), `tensor "w" has dtype "F8_E4M3", known are ${dtypes}`);
  refuses(one("toString", [4], [0, 8]), `tensor "w" has dtype "toString", known are ${dtypes}`);
  refuses(file('{"w":{}}'), `tensor "w" has dtype none, known are ${dtypes}`);
  refuses(file('{"w":3}'), 'tensor "w" is not described by an object');
  for (const shape of [[-2], [1.5], ["2"], 2, null]) {
    refuses(
      one("F32", shape, [0, 8]),
      `tensor "w" has shape ${JSON.stringify(shape)}, expected a list of whole numbers, 0 or more`,
    );
  }
  for (const offsets of [[0], [0, 8, 8], [-8, 0], [0.5, 8.5], null]) {
    refuses(
      one("F32", [2], offsets),
      `tensor "w" has data_offsets ${JSON.stringify(offsets)}, ` +
        "expected two whole numbers, 0 or more",
    );
  }
  refuses(
    one("F32", [3], [0, 8]),
    'tensor "w" of F32 [3] needs 12 bytes but its data_offsets [0, 8] hold 8',
  );
  refuses(
    one("F32", [2], [8, 0]),
    'tensor "w" of F32 [2] needs 8 bytes but its data_offsets [8, 0] hold -8',
  );
});

Deno.test("decodeSafetensors() refuses overlaps, gaps, left-over bytes and places outside", () => {
  const bytes = (places: Record<string, [number, number]>, length: number) =>
    file(
      JSON.stringify(Object.fromEntries(
        Object.entries(places).map(([name, [begin, end]]) =>
          [name, { dtype: "U8", shape: [end - begin], data_offsets: [begin, end] }] as const
        ),
      )),
      new Uint8Array(length),
    );
  refuses(bytes({ a: [0, 4], b: [3, 6] }, 6), 'tensor "b" overlaps tensor "a"');
  refuses(bytes({ a: [0, 4], b: [0, 4] }, 4), 'tensor "b" overlaps tensor "a"');
  refuses(bytes({ b: [5, 6], a: [0, 4] }, 6), '1 bytes before tensor "b" belong to no tensor');
  refuses(bytes({ a: [0, 4] }, 6), '2 bytes after tensor "a" belong to no tensor');
  refuses(bytes({}, 3), "3 bytes after the start belong to no tensor");
  refuses(
    bytes({ a: [0, 4] }, 3),
    'tensor "a" ends at byte 4 of the data, which has only 3; the file is cut off',
  );
});

Deno.test("decodeSafetensors() refuses metadata that is not made of texts", () => {
  for (const metadata of ['{"a":1}', "[]", "null", '"a"']) {
    refuses(file(`{"__metadata__":${metadata}}`), "__metadata__ is not an object of texts");
  }
});

Deno.test("readSafetensors() reads what writeSafetensors() wrote, and replaces an old file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/w.safetensors`;
    await writeSafetensors(path, { old: hostArray([1000]) });
    await writeSafetensors(path, { a: hostArray([2], [1, 2]) }, { seed: "3" });
    assert.deepEqual(await readSafetensors(path), {
      arrays: { a: hostArray([2], [1, 2]) },
      metadata: { seed: "3" },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openSafetensors() reads arrays one by one, and refuses what decodeSafetensors() does", async () => {
  const path = await Deno.makeTempFile();
  try {
    await writeSafetensors(path, all, { note: "here" });
    {
      using file = await openSafetensors(path);
      assert.deepEqual(file.metadata, { note: "here" });
      assert.deepEqual([...file.arrays.keys()].sort(), Object.keys(all).sort());
      assert.deepEqual(
        [file.arrays.get("half")!.dtype, file.arrays.get("half")!.shape],
        ["float16", [3]],
      );
      for (const [name, array] of Object.entries(all)) {
        assert.deepEqual(await file.arrays.get(name)!.read(), array, name);
      }
    }
    const whole = encodeSafetensors(all);
    for (let length = 0; length < whole.length; length += 7) {
      await Deno.writeFile(path, whole.subarray(0, length));
      await assert.rejects(openSafetensors(path), { name: "InputError" });
    }
    await Deno.writeFile(
      path,
      file('{"w":{"dtype":"U8","shape":[2147483648],"data_offsets":[0,2147483648]}}', [1]),
    );
    await assert.rejects(
      openSafetensors(path),
      /ends at byte 2147483648 of the data, which has only 1/,
    );
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("readSafetensors() and writeSafetensors() name the path", async () => {
  await assert.rejects(readSafetensors("no/such/w.safetensors"), {
    name: "InputError",
    message: "no/such/w.safetensors: no such file",
  });
  await assert.rejects(writeSafetensors("no/such/w.safetensors", {}), {
    name: "InputError",
    message: "no/such/w.safetensors: the folder no/such does not exist",
  });
});

Deno.test("floatWeights() widens halves, rounds doubles and keeps floats as they are", () => {
  const { double: _, ...others } = all;
  const { float, half, nothing } = others;
  const file = {
    arrays: { float, half, nothing, d: { shape: [1], data: new Float64Array([0.1]) } },
  };
  const weights = floatWeights({ ...file, metadata: {} });
  assert.equal(weights.float.data, float.data);
  assert.deepEqual(weights.half, { shape: [3], data: new Float32Array([1, 0.5, 65504]) });
  assert.deepEqual(weights.d.data, new Float32Array([0.1]));
  assert.deepEqual(Object.keys(weights), ["float", "half", "nothing", "d"]);
});

Deno.test("floatWeights() refuses NaN, infinities and integers, naming tensor and place", () => {
  const refused = (data: SafetensorsArray["data"], message: string) =>
    assert.throws(
      () =>
        floatWeights(
          { arrays: { "conv.bias": { shape: [data.length], data } }, metadata: {} },
          "w",
        ),
      { name: "InputError", message: `w: tensor "conv.bias" ${message}` },
    );
  const finite = "weights must be finite float32 numbers";
  refused(new Float32Array([0, NaN, NaN]), `is NaN at index 1 of 3; ${finite}`);
  refused(new Float16Array([-Infinity]), `is -Infinity at index 0 of 1; ${finite}`);
  refused(new Float64Array([1, 1e300]), `is 1e+300 at index 1 of 2; ${finite}`);
  refused(new Int32Array([1]), "has dtype I32, weights are F16, F32 or F64");
});
