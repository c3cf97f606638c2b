import assert from "node:assert/strict";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { openTorchFile, stateDictOf, type TorchTensor, type TorchValue } from "../../io/mod.ts";
import * as py from "./pickle_program.ts";

/** Write a file, do something with it, remove it. */
async function withFile<T>(bytes: Uint8Array, body: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".pt" });
  try {
    await Deno.writeFile(path, bytes);
    return await body(path);
  } finally {
    await Deno.remove(path);
  }
}

/** What a file holds, its tensors read, in the order of the dictionary. */
function contentOf(bytes: Uint8Array): Promise<Record<string, unknown>> {
  return withFile(bytes, async (path) => {
    using file = await openTorchFile(path);
    const read = async (value: TorchValue) =>
      (value as TorchTensor | null)?.kind === "tensor"
        ? await (value as TorchTensor).read()
        : value;
    const entries = [...file.value as ReadonlyMap<string, TorchValue>];
    return Object.fromEntries(
      await Promise.all(entries.map(async ([key, value]) => [key, await read(value)])),
    );
  });
}

/** Opening the file, or reading its tensors, fails with this after the path. */
async function refuses(bytes: Uint8Array, message: string | RegExp): Promise<void> {
  await assert.rejects(contentOf(bytes), (error: Error) => {
    assert.equal(error.name, "InputError");
    const rest = error.message.replace(/^\/\S+?\.pt: /, "");
    assert.notEqual(rest, error.message, "the path comes first");
    if (typeof message === "string") assert.equal(rest, message);
    else assert.match(rest, message);
    return true;
  });
}

async function zipFile(entries: Readonly<Record<string, Uint8Array>>, level = 0) {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { level, useWebWorkers: false });
  for (const [name, bytes] of Object.entries(entries)) {
    await writer.add(name, new Uint8ArrayReader(bytes));
  }
  return await writer.close();
}

const floats = (...values: number[]) => new Uint8Array(new Float32Array(values).buffer);
const bytesOf = (array: { readonly buffer: ArrayBuffer }) => new Uint8Array(array.buffer);

/** One storage of each type, and what is read from it. */
const TYPES = {
  DoubleStorage: [new Float64Array([0.1, -1e300]), new Float64Array([0.1, -1e300])],
  FloatStorage: [new Float32Array([1.5, NaN]), new Float32Array([1.5, NaN])],
  HalfStorage: [new Float16Array([0.5, -2]), new Float16Array([0.5, -2])],
  BFloat16Storage: [new Uint16Array([0x3f80, 0xc000]), new Float32Array([1, -2])],
  LongStorage: [new BigInt64Array([-1n, 2n ** 40n]), new BigInt64Array([-1n, 2n ** 40n])],
  IntStorage: [new Int32Array([-1, 7]), new Int32Array([-1, 7])],
  ShortStorage: [new Int16Array([-1, 7]), new Int16Array([-1, 7])],
  CharStorage: [new Int8Array([-1, 7]), new Int8Array([-1, 7])],
  ByteStorage: [new Uint8Array([255, 7]), new Uint8Array([255, 7])],
  BoolStorage: [new Uint8Array([1, 0]), new Uint8Array([1, 0])],
} as const;

const one = { items: 2, shape: [2], strides: [1] };

Deno.test("openTorchFile() reads every type in the old format, on CUDA or not", async () => {
  const names = Object.keys(TYPES) as (keyof typeof TYPES)[];
  for (const device of ["", "cuda."]) {
    const file = py.oldFile(
      py.dict(Object.fromEntries(names.map((name, i) => [
        name,
        py.tensor({ ...one, type: `${device}${name}`, key: `${i}` }),
      ]))),
      Object.fromEntries(names.map((name, i) => [`${i}`, [2, bytesOf(TYPES[name][0])]])),
    );
    const content = await contentOf(file);
    for (const name of names) {
      assert.deepEqual(content[name], { shape: [2], data: TYPES[name][1] }, name);
    }
  }
});

Deno.test("openTorchFile() reads the zip format in the order of bytes that it states", async () => {
  const names = Object.keys(TYPES) as (keyof typeof TYPES)[];
  const pickled = py.pickle(py.dict(Object.fromEntries(
    names.map((name, i) => [name, py.tensor({ ...one, type: name, key: `${i}` })]),
  )));
  for (const order of [undefined, "little", "big"]) {
    for (const level of [0, 6]) {
      const entries: Record<string, Uint8Array> = { "archive/data.pkl": pickled };
      if (order) entries["archive/byteorder"] = py.program(order);
      names.forEach((name, i) => {
        const bytes = bytesOf(TYPES[name][0]).slice();
        const size = bytes.length / 2;
        if (order === "big") {
          for (const at of [0, size]) bytes.subarray(at, at + size).reverse();
        }
        entries[`archive/data/${i}`] = bytes;
      });
      const content = await contentOf(await zipFile(entries, level));
      for (const name of names) {
        assert.deepEqual(content[name], { shape: [2], data: TYPES[name][1] }, `${order} ${name}`);
      }
    }
  }
  await refuses(
    await zipFile({ "a/data.pkl": pickled, "a/byteorder": py.program("middle") }),
    'its byteorder is "middle", not little or big',
  );
});

Deno.test("openTorchFile() follows offsets, strides and shared storages", async () => {
  const view = (offset: number, shape: number[], strides: number[]) =>
    py.tensor({ items: 24, offset, shape, strides });
  const storage = new Float32Array(24).map((_, i) => i);
  const layouts: [number, number[], number[]][] = [
    [0, [4, 6], [6, 1]],
    [6, [2, 6], [6, 1]],
    [0, [6, 4], [1, 6]],
    [1, [4, 3], [6, 2]],
    [5, [], []],
    [24, [0, 3], [3, 1]],
    [0, [2, 3, 4], [12, 4, 1]],
    [3, [2, 2, 2], [1, 8, 2]],
    [7, [3], [0]], // expand()
    [7, [1, 3], [100, 1]], // an axis of one place may have any stride
  ];
  const content = await contentOf(py.oldFile(
    py.dict(Object.fromEntries(layouts.map((layout, i) => [`t${i}`, view(...layout)]))),
    { 0: [24, bytesOf(storage)] },
  ));
  layouts.forEach(([offset, shape, strides], t) => {
    // The definition: number [i, j, …] is item offset + Σ index · stride.
    const expected: number[] = [];
    const visit = (axis: number, item: number) => {
      if (axis === shape.length) return void expected.push(storage[item]);
      for (let i = 0; i < shape[axis]; i++) visit(axis + 1, item + i * strides[axis]);
    };
    visit(0, offset);
    assert.deepEqual(content[`t${t}`], { shape, data: new Float32Array(expected) });
  });
});

Deno.test("openTorchFile() reads what PyTorch 0.x wrote about views, parameters and devices", async () => {
  const view = py.tuple(py.text("1"), py.int(2), py.int(3));
  const size = py.tuple(py.int(2));
  const rebuild = py.named("torch._utils", "_rebuild_tensor");
  const id = [py.text("storage"), py.named("torch", "FloatStorage"), py.text("0"), py.text("cpu")];
  const plain = py.call(
    rebuild,
    py.program(py.tuple(...id, py.int(6), view), "Q"),
    py.int(1),
    size,
    py.tuple(py.int(1)),
  );
  const content = await contentOf(py.oldFile(
    py.dict({
      plain,
      parameter: py.call(
        py.named("torch._utils", "_rebuild_parameter"),
        py.tensor({ items: 6, offset: 1, shape: [2], strides: [1] }),
        py.program("\x88"),
        py.program("N"),
      ),
      size: py.call(py.named("torch", "Size"), size),
      device: py.call(py.named("torch", "device"), py.text("cuda"), py.int(0)),
      type: py.tuple(py.named("torch", "float32")),
      ordered: py.call(
        py.named("collections", "OrderedDict"),
        py.tuple(py.tuple(py.text("a"), py.int(1))),
      ),
      built: py.program(
        py.call(py.named("collections", "OrderedDict")),
        py.dict({ _metadata: py.program("}") }),
        "b",
      ),
    }),
    { 0: [6, floats(0, 1, 2, 3, 4, 5)] },
  ));
  assert.deepEqual(content.plain, { shape: [2], data: new Float32Array([3, 4]) });
  assert.deepEqual(content.parameter, { shape: [2], data: new Float32Array([1, 2]) });
  assert.deepEqual(content.size, [2]);
  assert.equal(content.device, "cuda:0");
  assert.deepEqual(content.ordered, new Map([["a", 1]]));
  assert.deepEqual(content.built, new Map());
});

Deno.test("openTorchFile() reads numbers that NumPy computed, as trainers write them beside weights", async () => {
  const scalar = (letters: string, order: string, bytes: string) =>
    py.call(
      py.named("numpy.core.multiarray", "scalar"),
      py.program(
        py.call(py.named("numpy", "dtype"), py.text(letters), py.int(0), py.int(1)),
        py.tuple(py.int(3), py.text(order)),
        "b",
      ),
      py.call(py.named("_codecs", "encode"), py.text(bytes), py.text("latin1")),
    );
  const content = await contentOf(py.oldFile(py.dict({
    best: scalar("f8", "<", "\x00\x00\x00\x00\x00\x00\xf8\x3f"),
    steps: scalar("i4", ">", "\x00\x00\x01\x00"),
    done: scalar("b1", "|", "\x01"),
  })));
  assert.deepEqual(content, { best: 1.5, steps: 256, done: true });
  for (
    const bad of [scalar("O8", "|", ""), scalar("f8", "<", "\x00"), scalar("toString", "|", "")]
  ) {
    await refuses(py.oldFile(bad), /makes a NumPy number of type \w+, which is not known/);
  }
  const encode = py.named("_codecs", "encode");
  for (const args of [[py.text("€"), py.text("latin1")], [py.text("a"), py.text("rot13")], []]) {
    await refuses(py.oldFile(py.call(encode, ...args)), /encodes what is no text of bytes/);
  }
});

Deno.test("openTorchFile() refuses functions that are not the table's, in either format", async () => {
  const evil = py.dict({ a: py.call(py.named("os", "system"), py.text("touch /tmp/was_here")) });
  await refuses(py.oldFile(evil), /^the pickle at byte \d+ asks for os.system, .* nothing was run/);
  await refuses(
    await zipFile({ "a/data.pkl": py.pickle(evil) }),
    /^a\/data.pkl: the pickle at byte 10 asks for os.system, /,
  );
  for (
    const [module, name] of [
      ["builtins", "eval"],
      ["torch", "load"],
      ["torch", "ComplexFloatStorage"],
      ["numpy.core.multiarray", "_reconstruct"],
      ["models.posenet", "PoseNet"],
    ]
  ) {
    const value = py.named(module, name);
    await refuses(py.oldFile(value), new RegExp(`asks for ${module}.${name}, which`));
  }
});

Deno.test("openTorchFile() refuses tensors that do not fit, before it takes memory for them", async () => {
  const huge = 2 ** 31; // bytes: 8 GiB as float32
  const file = (options: Parameters<typeof py.tensor>[0], count: number | bigint = 2) =>
    py.oldFile(py.dict({ a: py.tensor(options) }), { 0: [count, floats(1, 2)] });
  const beyond = (shape: string, items = 2) =>
    new RegExp(
      `describes a tensor of shape \\[${shape}\\] that reaches beyond the ${items} numbers`,
    );
  await refuses(file({ ...one, shape: [3] }), beyond("3"));
  await refuses(file({ ...one, offset: 1 }), beyond("2"));
  await refuses(file({ ...one, strides: [2] }), beyond("2"));
  await refuses(file({ ...one, shape: [2 ** 40, 2 ** 40], strides: [0, 0] }), beyond(".*"));
  await refuses(file({ ...one, shape: [2 ** 32], strides: [0] }), beyond("4294967296"));
  for (const bad of [{ shape: [-1] }, { strides: [-1] }, { offset: -1 }, { shape: [2n ** 60n] }]) {
    await refuses(file({ ...one, ...bad }), /expected whole numbers, 0 or more/);
  }
  await refuses(file({ ...one, strides: [1, 1] }), /as many strides as sizes/);
  await refuses(file({ ...one, items: huge, shape: [huge] }), /^storage 0 should have 2147483648/);
  await refuses(
    file({ ...one, items: huge, shape: [huge] }, huge),
    "storage 0 claims 2147483648 float32 numbers, but only 8 bytes follow; the file is cut off",
  );
  await refuses(file(one, -1), /^storage 0 claims -1 float32 numbers/);
  await refuses(file(one, 2n ** 62n), /^storage 0 claims 4611686018427387904 float32 numbers/);
  const viewed = py.tuple(py.text("1"), py.int(1), py.int(2));
  await refuses(file({ ...one, view: viewed }), /has a view of 2 numbers from 1 on/);
  const zip = (data: Record<string, Uint8Array>, items = 2) =>
    zipFile({
      "a/data.pkl": py.pickle(py.dict({ a: py.tensor({ items, shape: [items], strides: [1] }) })),
      ...data,
    });
  await refuses(
    await zip({ "a/data/0": floats(1, 2) }, huge),
    "storage 0 should have 2147483648 float32 numbers, but its entry has 8 bytes",
  );
  await refuses(await zip({}), "has no entry a/data/0");
});

Deno.test("openTorchFile() refuses what is no tensor where one should be", async () => {
  const rebuild = py.named("torch._utils", "_rebuild_tensor_v2");
  await refuses(py.oldFile(py.call(rebuild)), /makes a tensor of what is no storage/);
  await refuses(py.oldFile(py.call(rebuild, py.int(1), py.int(0))), /makes a tensor of what is no/);
  const parameter = py.named("torch._utils", "_rebuild_parameter");
  await refuses(
    py.oldFile(py.call(parameter, py.int(1))),
    /makes a parameter of what is no tensor/,
  );
  await refuses(py.oldFile(py.program(py.int(1), "Q")), /refers to what is no storage of numbers/);
  const pairs = py.call(py.named("collections", "OrderedDict"), py.tuple(py.int(1)));
  await refuses(py.oldFile(pairs), /makes a dictionary of what are no pairs/);
  const storage = py.call(py.named("torch", "FloatStorage"));
  await refuses(py.oldFile(storage), /calls no function/);
});

/** Pairs of the same pair of the same pair …: a few bytes that are 2^18 texts when written out. */
const endless = py.program(
  py.tuple(py.text("a")),
  "q\x01",
  "0h\x01h\x01\x86q\x01".repeat(18),
);

Deno.test("openTorchFile() writes out no lists that refer to the same list again and again", async () => {
  const storage = py.named("torch", "FloatStorage");
  const id = (key: Uint8Array, ...view: Uint8Array[]) =>
    py.program(py.tuple(py.text("storage"), storage, key, py.text("cpu"), py.int(2), ...view), "Q");
  const rebuild = (offset: Uint8Array, shape: Uint8Array, strides: Uint8Array) =>
    py.call(
      py.named("torch._utils", "_rebuild_tensor_v2"),
      id(py.text("0")),
      offset,
      shape,
      strides,
    );
  const [zero, size] = [py.int(0), py.tuple(py.int(2))];
  const noTensor = /makes a tensor of what is no storage, sizes and strides/;
  const cases: [Uint8Array, RegExp][] = [
    [py.call(py.named("torch", "device"), endless), /makes a device of what is no text or number/],
    [py.program(endless, py.text("m"), "\x93"), /names a function by what is no text/],
    [id(endless), /refers to what is no storage of numbers/],
    [id(py.text("0"), py.tuple(py.text("1"), endless, zero)), /a view of 0 numbers from a list on/],
    [rebuild(endless, size, size), noTensor],
    [rebuild(zero, endless, size), noTensor],
    [rebuild(zero, size, endless), noTensor],
    [rebuild(zero, py.tuple(...Array(65).fill(zero)), size), noTensor],
    [
      py.call(
        py.named("numpy.core.multiarray", "scalar"),
        py.call(py.named("numpy", "dtype"), endless),
      ),
      /makes a NumPy number of type a list, which is not known/,
    ],
  ];
  for (const [value, problem] of cases) await refuses(py.oldFile(value), problem);
  const magic = py.pickle(int10(0x1950a86a20f9469cfc6cn));
  await refuses(py.program(magic, py.pickle(endless)), /or of another version \(a list\)$/);
  const start = [magic, py.pickle(py.int(1001)), py.pickle(py.dict({}))];
  const keys = py.pickle(py.tuple(endless));
  await refuses(py.program(...start, py.pickle(py.dict({})), keys), "has no list of its storages");
  await withFile(py.oldFile(py.program("}", endless, "Ns")), async (path) => {
    using file = await openTorchFile(path);
    assert.throws(() => stateDictOf(file.value), /a dictionary of tensors by name; it has a list$/);
  });
});

Deno.test("openTorchFile() does not work through one text or list again and again", async () => {
  const again = (module: string, name: string, args: Uint8Array) =>
    py.oldFile(
      py.program(py.named(module, name), "q\x00", args, "q\x01", "h\x00h\x01R".repeat(50)),
    );
  const latin1 = py.tuple(py.text("a".repeat(100_000)), py.text("latin1"));
  const pairs = py.program("NN\x86q\x02(", "h\x02".repeat(100_000), "t\x85");
  const files = [
    again("_codecs", "encode", latin1),
    again("collections", "OrderedDict", pairs),
  ];
  for (const file of files) await refuses(file, /gives functions more than 1000000 items/);
});

Deno.test("openTorchFile() refuses files that are cut off anywhere, or of another kind", async () => {
  const value = py.dict({ a: py.tensor(one) });
  const whole = py.oldFile(value, { 0: [2, floats(1, 2)] });
  const zipped = await zipFile({ "a/data.pkl": py.pickle(value), "a/data/0": floats(1, 2) });
  for (const file of [whole, zipped]) {
    for (let length = 0; length < file.length; length += 3) {
      await assert.rejects(contentOf(file.slice(0, length)), { name: "InputError" }, `${length}`);
    }
  }
  await refuses(new Uint8Array(), "is not a file of torch.save");
  const tar = new Uint8Array(512);
  tar.set(py.program("ustar"), 257);
  await refuses(tar, /but a tar archive, as PyTorch wrote before version 0.1.10$/);
  await refuses(py.pickle(int10(7n)), /it is cut off/);
  await refuses(
    py.program(py.pickle(int10(7n)), py.pickle(py.int(1001))),
    "is not a file of torch.save, or of another version (1001)",
  );
  await refuses(
    await zipFile({ "m/constants.pkl": new Uint8Array(1) }),
    "is a zip archive without data.pkl, not a file of torch.save\n" +
      "  help: it is a TorchScript model; save its state_dict()",
  );
  await assert.rejects(openTorchFile("no/such.pt"), /^InputError: no\/such.pt: no such file/);
});

/** An integer of ten bytes, as the magic number is. */
function int10(value: bigint): Uint8Array {
  return py.program("\x8a\x0a", py.bytesOf(value, 10));
}

Deno.test("openTorchFile() lists an unknown storage key and reads no tensor of a missing one", async () => {
  const value = py.dict({ a: py.tensor(one) });
  await refuses(
    py.oldFile(value, { 1: [2, floats(1, 2)] }),
    "has a storage 1 of unknown type",
  );
  await refuses(py.oldFile(value), "has no storage 0");
});

Deno.test("stateDictOf() finds the tensors beside other things, and says what there is instead", async () => {
  const state = py.dict({ w: py.tensor(one) });
  const storage = { 0: [2, floats(1, 2)] } as const;
  for (
    const value of [
      state,
      py.dict({ epoch: py.int(3), state_dict: state }),
      py.dict({ model_state_dict: state }),
      py.dict({ optimizer: py.program("}"), model: state }),
    ]
  ) {
    await withFile(py.oldFile(value, storage), async (path) => {
      using file = await openTorchFile(path);
      assert.deepEqual([...stateDictOf(file.value).keys()], ["w"]);
    });
  }
  for (
    const [value, keys] of [
      [py.dict({ epoch: py.int(3), model: py.int(1) }), "; it has epoch, model"],
      [py.int(7), ""],
    ] as const
  ) {
    await withFile(py.oldFile(value), async (path) => {
      using file = await openTorchFile(path);
      assert.throws(() => stateDictOf(file.value, path), {
        name: "InputError",
        message: `${path}: holds no state_dict, a dictionary of tensors by name${keys}`,
      });
    });
  }
});
