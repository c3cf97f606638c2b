import assert from "node:assert/strict";
import { openNpz } from "../../io/mod.ts";
import { openNpy } from "../../io/npz.ts";
import { bytesOf, program } from "./pickle_program.ts";

/** A `.npy` file from its header's text and data. */
function npy(header: string, data: Uint8Array, version = 1) {
  const length = bytesOf(header.length, version === 1 ? 2 : 4);
  const bytes = program(`\x93NUMPY${String.fromCharCode(version)}\x00`, length, header, data);
  const read = (begin: number, count: number) => Promise.resolve(bytes.slice(begin, begin + count));
  return openNpy(() => Promise.resolve({ length: bytes.length, read }), "a.npy");
}

const header = (descr: string, shape: string, fortran = false) =>
  `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': ${shape}, }\n`;

Deno.test("openNpz() reads what numpy wrote, stored and compressed", async () => {
  using stored = await openNpz("tests/fixtures/io/numpy_stored.npz");
  assert.deepEqual([...stored.arrays.keys()], ["my_model/cnv1/biases", "half"]);
  assert.deepEqual(await stored.arrays.get("my_model/cnv1/biases")!.read(), {
    shape: [2],
    data: new Float64Array([1.5, 2]),
  });
  assert.deepEqual((await stored.arrays.get("half")!.read()).data, new Float16Array([0.5]));
  using compressed = await openNpz("tests/fixtures/io/numpy_compressed.npz");
  const read = (name: string) => compressed.arrays.get(name)!.read();
  assert.deepEqual(await read("columns"), {
    shape: [2, 3],
    data: new Float32Array([0, 1, 2, 3, 4, 5]),
  });
  assert.deepEqual((await read("big")).data, new Int16Array([1, -2]));
  assert.deepEqual(await read("step"), { shape: [], data: new BigInt64Array([2n ** 40n]) });
  assert.deepEqual((await read("flags")).data, new Uint8Array([1, 0]));
});

Deno.test("openNpy() reads versions 1 to 3, both orders of bytes and of axes", async () => {
  const data = new Uint8Array([0, 1, 2, 3, 4, 5]);
  for (const version of [1, 2, 3]) {
    const array = await npy(header("|u1", "(2, 3)"), data, version);
    assert.deepEqual((await array.read()).data, data);
  }
  const turned = await npy(header("|i1", "(2, 3)", true), data);
  assert.deepEqual((await turned.read()).data, new Int8Array([0, 2, 4, 1, 3, 5]));
  const big = await npy(header(">u2", "(3,)"), data);
  assert.deepEqual((await big.read()).data, new Uint16Array([1, 0x203, 0x405]));
  const little = await npy(header("<u2", "(3,)"), data);
  assert.deepEqual((await little.read()).data, new Uint16Array([0x100, 0x302, 0x504]));
  const python2 = await npy(header("<u2", "(3L,)"), data);
  assert.deepEqual(python2.shape, [3]);
  const cube = await npy(header("|u1", "(1, 2, 3)", true), data);
  assert.deepEqual((await cube.read()).data, new Uint8Array([0, 2, 4, 1, 3, 5]));
});

Deno.test("openNpy() refuses objects, other types and headers that do not fit", async () => {
  const refused = (opening: Promise<unknown>, message: string | RegExp) =>
    assert.rejects(opening, (error: Error) => {
      assert.equal(error.name, "InputError");
      assert.match(
        error.message,
        message instanceof RegExp ? message : new RegExp(`^a.npy: ${message}`),
      );
      return true;
    });
  const data = new Uint8Array(8);
  for (const type of ["|O", "<c8", "<U5", "|V4", "<f16", "=x"]) {
    await refused(npy(header(type, "(2,)"), data), /has numbers of type .*, known are f8, f4/);
  }
  await refused(
    npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", data),
    "has numbers of type structure",
  );
  await refused(npy(header("<f4", "(3,)"), data), /shape \[3\] that reaches beyond the 2 numbers/);
  await refused(npy(header("<f4", "(1,)"), data), "1 float32 numbers do not fill its 8 bytes");
  await refused(npy(header("<f4", "(1099511627776, 1099511627776)"), data), /reaches beyond/);
  await refused(npy("{}", data), "has a damaged header");
  await refused(npy(header("<f4", "(2,)"), data, 4), "is of format version 4, not 1 to 3");
  await refused(npy("x".repeat(10_001), data), "claims a header of 10001 bytes");
  const text = new TextEncoder().encode("a text that is longer");
  const read = (begin: number, count: number) => Promise.resolve(text.slice(begin, begin + count));
  const open = () => Promise.resolve({ length: text.length, read });
  await refused(openNpy(open, "a.npy"), "is not a NumPy array");
});

Deno.test("openNpz() refuses archives of something else", async () => {
  await assert.rejects(
    openNpz("tests/fixtures/io/torch_zip.pt"),
    /torch_zip.pt: holds m\/data.pkl; is it an archive of numpy.savez\?/,
  );
});
