import assert from "node:assert/strict";
import { decodeImage, readImage, readIndexImage, writePng } from "../../image/read_image.ts";
import { rgbImage } from "../../image/rgb_image.ts";

const folder = new URL("../fixtures/images/", import.meta.url).pathname;
const text = (start: string) => new TextEncoder().encode(start);

Deno.test("readImage() tells JPEG and PNG by their first bytes, not by their names", async () => {
  const temporary = await Deno.makeTempDir();
  try {
    await Deno.copyFile(`${folder}colour.png`, `${temporary}/picture.jpg`);
    await Deno.copyFile(`${folder}colour.jpg`, `${temporary}/picture.png`);
    assert.equal((await readImage(`${temporary}/picture.jpg`)).width, 24);
    assert.equal((await readImage(`${temporary}/picture.png`)).width, 24);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
});

Deno.test("readImage() names a file that is not there, that is a folder, that is damaged", async () => {
  await assert.rejects(readImage(`${folder}none.jpg`), {
    name: "InputError",
    message: `${folder}none.jpg: no such file`,
  });
  await assert.rejects(readImage(folder), {
    name: "InputError",
    message: /: is a folder, not a picture$/,
  });
  await assert.rejects(readImage(`${folder}cut_off.jpg`), {
    name: "InputError",
    message: /cut_off\.jpg: not a whole JPEG picture/,
  });
});

Deno.test("decodeImage() says what a file is when it is no picture", async () => {
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(0), "the file is empty"],
    [text("GIF89a..."), "it is a GIF picture"],
    [text("RIFF1234WEBP"), "it is a WebP picture or another RIFF file"],
    [text("<html>"), "it is a text with markup"],
    [text("1234"), "it starts with the bytes 31 32 33 34"],
  ];
  for (const [bytes, found] of cases) {
    await assert.rejects(decodeImage(bytes, "x.jpg"), (error: Error) => {
      assert.equal(error.name, "InputError");
      assert.ok(error.message.startsWith(`x.jpg: neither a JPEG nor a PNG picture: ${found}`));
      return true;
    });
  }
});

Deno.test("writePng() replaces a file and leaves nothing half-written", async () => {
  const temporary = await Deno.makeTempDir();
  try {
    const path = `${temporary}/a.png`;
    await Deno.writeTextFile(path, "old");
    const image = rgbImage(3, 2, new Uint8Array(18).fill(200));
    await writePng(path, image);
    assert.deepEqual(await readImage(path), image);
    await assert.rejects(writePng(`${temporary}/none/a.png`, image), {
      name: "InputError",
      message: /none\/a\.png: cannot be written \(/,
    });
    await Deno.mkdir(`${temporary}/folder.png`);
    await assert.rejects(writePng(`${temporary}/folder.png`, image), { name: "InputError" });
    const left = [...Deno.readDirSync(temporary)].map(({ name }) => name).sort();
    assert.deepEqual(left, ["a.png", "folder.png"]);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
});

Deno.test("readIndexImage() reads numbers, and names a file that is not there or is none", async () => {
  const { width, height, data } = await readIndexImage(`${folder}palette.png`);
  assert.deepEqual([width, height, Math.max(...data)], [24, 16, 3]);
  await assert.rejects(readIndexImage("no/such.png"), {
    name: "InputError",
    message: "no/such.png: no such file",
  });
  await assert.rejects(
    readIndexImage(`${folder}colour.png`),
    /colour\.png: its pixels are colours/,
  );
});
