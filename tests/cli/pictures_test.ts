import assert from "node:assert/strict";
import { framesNamed, isFolder, picturesIn, picturesNamed } from "../../cli/pictures.ts";

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
    for (const path of [`${folder}/z.jpeg/7.png`, `${folder}/${"long".repeat(100)}`]) {
      for (const look of [isFolder, picturesIn]) {
        await assert.rejects(look(path), (error: Error) => {
          assert.equal(error.name, "InputError");
          assert.ok(error.message.startsWith(`${path}: cannot be read (`), error.message);
          return true;
        });
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("picturesNamed() puts a folder's pictures and a list's lines where the folder and - stand", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/1.png`, "");
    const list = () => Promise.resolve(`b c.jpg\r\n\n${folder}\nlast.png`);
    assert.deepEqual(
      await picturesNamed(["a.jpg", "-", folder, "z.jpg"], list),
      ["a.jpg", "b c.jpg", `${folder}/1.png`, "last.png", `${folder}/1.png`, "z.jpg"],
    );
    assert.deepEqual(await picturesNamed(["-"], () => Promise.resolve("\n")), []);
    const nobody = () => Promise.reject(new Error("nobody asked for a list"));
    assert.deepEqual(await picturesNamed(["a.jpg", "none.png"], nobody), ["a.jpg", "none.png"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("framesNamed() takes files, one folder, or what a list says, in order", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [first, second] = [`${folder}/10.png`, `${folder}/9.png`];
    for (const path of [first, second]) await Deno.writeTextFile(path, "");
    const list = (text: string) => () => Promise.resolve(text);
    const nobody = () => Promise.reject(new Error("nobody asked for a list"));
    assert.deepEqual(await framesNamed([first, second], nobody), [first, second]);
    assert.deepEqual(await framesNamed([folder], nobody), [second, first]);
    assert.deepEqual(await framesNamed(["-"], list(`${first}\n${second}\n`)), [first, second]);
    assert.deepEqual(await framesNamed(["-"], list(`${folder}\r\n`)), [second, first]);
    await assert.rejects(framesNamed(["-"], list("\n")), /^InputError: no frame given\n {2}help: /);
    await assert.rejects(framesNamed(["-"], list(`${first}\n${folder}`)), {
      name: "InputError",
      message: `${folder}: is a folder\n  help: give files, or one folder alone`,
    });
    await assert.rejects(framesNamed(["-"], list("no.png")), /no\.png: no such file or folder$/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
