import assert from "node:assert/strict";
import {
  alignedRows,
  announce,
  checkWritable,
  claimFolder,
  collected,
  figure,
  removeHalfWritten,
  writeJson,
} from "../../cli/output.ts";
import { inFolder } from "../in_folder.ts";
import { jsonOf } from "./scene_files.ts";

Deno.test("alignedRows() puts names to the left and figures to the right", () => {
  assert.equal(
    alignedRows([["", "now", "ideal"], ["AP", "0.5", "–"], ["grouping", "0.25", "1"]]),
    "           now  ideal\nAP         0.5      –\ngrouping  0.25      1",
  );
});

Deno.test("figure() has three digits, and a line where there is nothing to measure", () => {
  assert.deepEqual([0, 1 / 3, 1, -1].map(figure), ["0.000", "0.333", "1.000", "–"]);
});

Deno.test("announce() puts what names stand for in a column", () => {
  const said: string[] = [];
  const { log } = console;
  console.log = (line: string) => said.push(line);
  try {
    announce({ adapter: "llvmpipe", "measured on": "scenes" });
  } finally {
    console.log = log;
  }
  assert.deepEqual(said, ["adapter      llvmpipe", "measured on  scenes"]);
});

Deno.test("collected() gives everything in order, and fails as what comes does", async () => {
  const bar = { label: "count", total: 3 };
  async function* upTo(n: number) {
    for (let i = 0; i < n; i++) yield await Promise.resolve(i);
    if (n > 3) throw new RangeError("too far");
  }
  assert.deepEqual(await collected(upTo(3), bar), [0, 1, 2]);
  await assert.rejects(collected(upTo(4), bar), /^RangeError: too far$/);
});

Deno.test("writeJson() writes for people to look into", async () => {
  await inFolder(async (folder) => {
    await writeJson(`${folder}/a.json`, { AP: [0.5, null] });
    assert.deepEqual(await jsonOf(`${folder}/a.json`), { AP: [0.5, null] });
    assert.equal((await Deno.readTextFile(`${folder}/a.json`)).split("\n")[1], '  "AP": [');
  });
});

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("claimFolder() makes no file where a link leads", () =>
  inFolder(async (folder) => {
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
  inFolder(async (folder) => {
    const half = `.${crypto.randomUUID()}.tmp`, link = `.${crypto.randomUUID()}.tmp`;
    for (const name of [half, "weights.tmp", "mine"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    await Deno.symlink(`${folder}/mine`, `${folder}/${link}`);
    await removeHalfWritten(folder);
    assert.deepEqual(namesIn(folder), [link, "mine", "weights.tmp"].sort());
  }));

Deno.test("checkWritable() refuses a folder, a place in no folder and a name that is too long", async () => {
  await inFolder(async (folder) => {
    await checkWritable(`${folder}/${"n".repeat(255)}`);
    const cases: [string, RegExp][] = [
      [folder, /: cannot be written: it is a folder$/],
      [`${folder}/no/a.json`, /\/no\/a\.json: cannot be written: No such file/],
      [`${folder}/${"n".repeat(256)}`, /n: cannot be written: File name too long/],
    ];
    for (const [path, message] of cases) {
      await assert.rejects(checkWritable(path), { name: "InputError", message });
    }
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  });
});
