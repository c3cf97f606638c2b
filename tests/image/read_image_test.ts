import assert from "node:assert/strict";
import { decodeImage, readImage, readIndexImage } from "../../image/read_image.ts";

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
    message: `${folder}: is a folder, not a file`,
  });
  await assert.rejects(readImage(`${folder}cut_off.jpg`), {
    name: "InputError",
    message: /cut_off\.jpg: not a whole JPEG picture/,
  });
});

Deno.test("readImage() reads no device, which has no end, that a link in a folder of pictures leads to", async () => {
  const temporary = await Deno.makeTempDir();
  try {
    await Deno.symlink("/dev/zero", `${temporary}/7.jpg`);
    await Deno.symlink(`${folder}colour.jpg`, `${temporary}/8.jpg`);
    await assert.rejects(readImage(`${temporary}/7.jpg`), {
      name: "InputError",
      message: `${temporary}/7.jpg: is a pipe or device, not a file`,
    });
    assert.equal((await readImage(`${temporary}/8.jpg`)).width, 24);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
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
