import assert from "node:assert/strict";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { BinaryFile } from "../../io/binary_file.ts";
import { isZip, readZip, type ZipEntry } from "../../io/zip_archive.ts";

const content = new Uint8Array(5000).map((_, i) => i % 7);

async function archive(
  level: number,
  options: { readonly zip64?: boolean; readonly password?: string } = {},
  names: readonly string[] = ["a", "folder/b"],
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { level, useWebWorkers: false, ...options });
  for (const name of names) await writer.add(name, new Uint8ArrayReader(content));
  await writer.add("empty folder/", undefined, { directory: true });
  return await writer.close() as Uint8Array<ArrayBuffer>;
}

async function withArchive(
  bytes: Uint8Array,
  body: (entries: ReadonlyMap<string, ZipEntry>, path: string) => Promise<void> | void,
): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".zip" });
  try {
    await Deno.writeFile(path, bytes);
    using file = await BinaryFile.open(path);
    await body(await readZip(file), path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("readZip() gives stored and deflated entries in parts, of zip64 too", async () => {
  for (const [level, zip64] of [[0, false], [0, true], [6, false], [6, true]] as const) {
    const bytes = await archive(level, { zip64 });
    assert.ok(isZip(bytes));
    await withArchive(bytes, async (entries) => {
      assert.deepEqual([...entries.keys()], ["a", "folder/b"]);
      const b = await entries.get("folder/b")!.open();
      assert.equal(b.length, 5000);
      assert.deepEqual(await b.read(1000, 30), content.slice(1000, 1030));
      await assert.rejects(b.read(4990, 100_000), { name: "InputError" });
    });
  }
});

Deno.test("readZip() refuses an archive whose directory is cut off, or that is encrypted", async () => {
  const bytes = await archive(0);
  await assert.rejects(withArchive(bytes.slice(0, -30), () => {}), (error: Error) => {
    assert.equal(error.name, "InputError");
    assert.match(error.message, /\.zip: its zip directory cannot be read: .*; is it cut off\?$/);
    return true;
  });
  await withArchive(await archive(0, { password: "secret" }), async (entries) => {
    await assert.rejects(entries.get("a")!.open(), /entry a is encrypted/);
  });
  assert.ok(!isZip(new Uint8Array([0x50, 0x4b])));
});

/** Where a signature stands for the last time. */
function lastPlace(bytes: Uint8Array, signature: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = bytes.length - 4; at >= 0; at--) {
    if (view.getUint32(at, true) === signature) return at;
  }
  throw new RangeError("not there");
}

Deno.test("readZip() does not believe a directory that claims more than the file has", async () => {
  // The directory's last entry of a file: sizes at 20 (compressed) and 24.
  const claiming = async (level: number, compressed: number, size: number) => {
    const bytes = await archive(level, {}, ["a"]);
    const view = new DataView(bytes.buffer);
    let at = 0;
    while (view.getUint32(at, true) !== 0x02014b50) at++;
    view.setUint32(at + 20, compressed, true);
    view.setUint32(at + 24, size, true);
    assert.ok(at < lastPlace(bytes, 0x06054b50));
    return bytes;
  };
  const gigabytes = 2 ** 31;
  for (
    const [level, compressed, size] of [
      [0, gigabytes, gigabytes],
      [0, 9000, 9000],
      [6, 100, gigabytes],
      [6, gigabytes, 5000],
    ]
  ) {
    const bytes = await claiming(level, compressed, size);
    await assert.rejects(
      withArchive(bytes, async (entries) => {
        await (await entries.get("a")!.open()).read(0, 1);
      }),
      (error: Error) => {
        assert.equal(error.name, "InputError");
        assert.match(error.message, /claims|cannot be read/);
        return true;
      },
    );
  }
});

Deno.test("readZip() notices damaged compressed bytes", async () => {
  const bytes = await archive(6, {}, ["a"]);
  bytes[45] ^= 0xff;
  await withArchive(bytes, async (entries) => {
    const a = await entries.get("a")!.open();
    await assert.rejects(a.read(0, a.length), { name: "InputError" });
  });
});

Deno.test("readZip() decompresses no more of an entry than is asked for", async () => {
  // An entry whose end is damaged: whoever reads its beginning alone does not come so far.
  const noise = new Uint8Array(200_000).map((_, i) => (i * i) % 251);
  const writer = new ZipWriter(new Uint8ArrayWriter(), { level: 6, useWebWorkers: false });
  await writer.add("a", new Uint8ArrayReader(noise));
  const bytes = await writer.close();
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const packed = view.getUint32(lastPlace(bytes, 0x02014b50) + 20, true);
  bytes.fill(0xff, 31 + packed - 20, 31 + packed);
  await withArchive(bytes, async (entries) => {
    const a = await entries.get("a")!.open();
    assert.equal(a.length, noise.length);
    assert.deepEqual(await a.read(0, 10), noise.slice(0, 10));
    assert.deepEqual(await a.read(995, 10), noise.slice(995, 1005));
    await assert.rejects(a.read(0, a.length), { name: "InputError" });
  });
});

Deno.test("readZip() stops at archives that hold no weights", async () => {
  const names = Array.from({ length: 5001 }, (_, i) => `${i}`);
  const many = new ZipWriter(new Uint8ArrayWriter(), { level: 0, useWebWorkers: false });
  for (const name of names) await many.add(name, new Uint8ArrayReader(new Uint8Array()));
  await assert.rejects(
    withArchive(await many.close(), () => {}),
    /\.zip: has more than 5000 entries: no archive of weights$/,
  );
  const bomb = new ZipWriter(new Uint8ArrayWriter(), { level: 9, useWebWorkers: false });
  await bomb.add("zeros", new Uint8ArrayReader(new Uint8Array(2 ** 25 + 1)));
  await assert.rejects(
    withArchive(await bomb.close(), () => {}),
    /\.zip: claims 33554433 bytes in a file of \d+: no archive of weights$/,
  );
});
