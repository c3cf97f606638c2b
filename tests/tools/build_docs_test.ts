import assert from "node:assert/strict";
import { writeSite } from "../../tools/build_docs.ts";

const SITE = new Map([["index.html", "new"], ["style.css", ""], ["a/b.html", "b"]]);

Deno.test("writeSite() takes the place of an older book, whole", async () => {
  const folder = await Deno.makeTempDir();
  const book = `${folder}/deep/book`;
  try {
    await writeSite(new Map([["index.html", "old"], ["style.css", ""], ["gone.html", ""]]), book);
    await writeSite(SITE, book);
    assert.equal(await Deno.readTextFile(`${book}/index.html`), "new");
    assert.equal(await Deno.readTextFile(`${book}/a/b.html`), "b");
    await assert.rejects(() => Deno.stat(`${book}/gone.html`), Deno.errors.NotFound);
    assert.equal((await Array.fromAsync(Deno.readDir(`${folder}/deep`))).length, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("writeSite() leaves a folder alone that holds something else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/thesis.txt`, "mine");
    await assert.rejects(
      () => writeSite(SITE, folder),
      /^InputError: docs: --out .*: holds something that is no book\n {2}help: name an empty or a new/,
    );
    await assert.rejects(() => writeSite(SITE, `${folder}/thesis.txt`), /^InputError: docs: --out/);
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    assert.deepEqual(names, ["thesis.txt"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
