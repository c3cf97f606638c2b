import assert from "node:assert/strict";
import { readImage } from "../../image/read_image.ts";
import { rgbImage } from "../../image/rgb_image.ts";
import { writePng } from "../../io/png_file.ts";
import { inFolder } from "../in_folder.ts";

const image = rgbImage(3, 2, new Uint8Array(18).fill(200));

Deno.test("writePng() replaces a file and leaves nothing half-written", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.png`;
    await Deno.writeTextFile(path, "old");
    await writePng(path, image);
    assert.deepEqual(await readImage(path), image);
    await assert.rejects(writePng(`${folder}/none/a.png`, image), {
      name: "InputError",
      message: /none\/a\.png: the folder .*none does not exist/,
    });
    await Deno.mkdir(`${folder}/folder.png`);
    await assert.rejects(writePng(`${folder}/folder.png`, image), { name: "InputError" });
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(left, ["a.png", "folder.png"]);
  }));

Deno.test("writePng() writes through no link, whatever the link is called", () =>
  inFolder(async (folder) => {
    const [precious, out] = [`${folder}/precious.txt`, `${folder}/out`];
    await Deno.mkdir(out);
    await Deno.writeTextFile(precious, "mine");
    for (const name of ["a.png", "a.png.tmp"]) await Deno.symlink(precious, `${out}/${name}`);
    await writePng(`${out}/a.png`, image);
    assert.equal(await Deno.readTextFile(precious), "mine");
    assert.deepEqual(await readImage(`${out}/a.png`), image);
    assert.ok((await Deno.lstat(`${out}/a.png`)).isFile);
  }));
