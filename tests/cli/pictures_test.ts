import assert from "node:assert/strict";
import { isFolder, picturesIn } from "../../cli/pictures.ts";

Deno.test("picturesIn() gives the pictures of a folder in the order of their names", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mein Bild äöü " });
  try {
    for (const name of ["frame10.png", "frame2.JPG", "readme.txt", "z.jpeg"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    await Deno.mkdir(`${folder}/folder.png`);
    assert.deepEqual(
      await picturesIn(folder),
      ["frame2.JPG", "frame10.png", "z.jpeg"].map((name) => `${folder}/${name}`),
    );
    await assert.rejects(picturesIn(`${folder}/folder.png`), {
      name: "InputError",
      message: `${folder}/folder.png: there is no picture in it`,
    });
    assert.deepEqual([await isFolder(folder), await isFolder(`${folder}/z.jpeg`)], [true, false]);
    assert.equal(await isFolder(`${folder}/none`), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
