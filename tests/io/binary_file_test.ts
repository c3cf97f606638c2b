import assert from "node:assert/strict";
import { BinaryFile, partOf } from "../../io/binary_file.ts";

Deno.test("BinaryFile reads parts, also of parts, and nothing beyond the end", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, new Uint8Array([0, 1, 2, 3, 4, 5]));
    using file = await BinaryFile.open(path);
    assert.equal(file.length, 6);
    // Asked for at once, each still gets its own bytes.
    const both = await Promise.all([file.read(4, 2), file.read(0, 3)]);
    assert.deepEqual(both, [new Uint8Array([4, 5]), new Uint8Array([0, 1, 2])]);
    assert.deepEqual(await partOf(file, 2, 3).read(1, 2), new Uint8Array([3, 4]));
    assert.deepEqual(await file.read(6, 0), new Uint8Array());
    await assert.rejects(file.read(5, 2 ** 40), {
      name: "InputError",
      message: `${path}: bytes 5 to ${5 + 2 ** 40} are asked for, but the file has only 6; ` +
        "it is cut off",
    });
    await Deno.truncate(path, 2);
    await assert.rejects(file.read(0, 6), { message: `${path}: became shorter while it was read` });
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("BinaryFile refuses to read before the beginning, where damaged offsets lead", async () => {
  using file = await BinaryFile.open("deno.json");
  await assert.rejects(file.read(-30, 30), {
    name: "InputError",
    message: "deno.json: bytes from -30 on are asked for; it is damaged",
  });
});

Deno.test("BinaryFile names what cannot be opened", async () => {
  await assert.rejects(BinaryFile.open("no/such.file"), /^InputError: no\/such.file: no such file/);
  await assert.rejects(BinaryFile.open("tests"), /^InputError: tests: is a folder, not a file/);
});
