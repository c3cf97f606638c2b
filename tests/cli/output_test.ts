import assert from "node:assert/strict";
import { claimFolder, removeHalfWritten } from "../../cli/output.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("claimFolder() makes no file where a link leads", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/out`);
    await Deno.symlink(`${folder}/elsewhere`, `${folder}/out/.lock`);
    await assert.rejects(claimFolder(`${folder}/out`), {
      name: "InputError",
      message: `${folder}/out/.lock: is a link, the lock of a folder is a file\n  help: remove it`,
    });
    assert.deepEqual(namesIn(folder), ["out"]);
    await Deno.remove(`${folder}/out/.lock`);
    using _claim = await claimFolder(`${folder}/out`);
    assert.ok((await Deno.lstat(`${folder}/out/.lock`)).isFile);
  }));

Deno.test("removeHalfWritten() removes what writing left, and neither links nor other files", () =>
  withFolder(async (folder) => {
    const half = `.${crypto.randomUUID()}.tmp`, link = `.${crypto.randomUUID()}.tmp`;
    for (const name of [half, "weights.tmp", "mine"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    await Deno.symlink(`${folder}/mine`, `${folder}/${link}`);
    await removeHalfWritten(folder);
    assert.deepEqual(namesIn(folder), [link, "mine", "weights.tmp"].sort());
  }));
