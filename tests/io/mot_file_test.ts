import assert from "node:assert/strict";
import { readMotDetections, readMotResults, readMotTruth, writeMotResults } from "../../io/mod.ts";
import { inFolder } from "../in_folder.ts";

Deno.test("readMotTruth(), readMotResults() and readMotDetections() name the file and the line", () =>
  inFolder(async (folder) => {
    const path = `${folder}/bad.txt`;
    await Deno.writeTextFile(path, "1,1,2,3,4,5,1\n1,2,3\n");
    for (const read of [readMotTruth, readMotResults, readMotDetections]) {
      await assert.rejects(read(path), { name: "InputError", message: /bad\.txt:2: 3 numbers/ });
      await assert.rejects(read(`${folder}/none.txt`), { message: /none\.txt: no such file/ });
    }
    await Deno.writeFile(path, new Uint8Array([0xff, 0xfe, 0x31]));
    await assert.rejects(readMotTruth(path), { message: /bad\.txt: is not UTF-8 text/ });
  }));

Deno.test("writeMotResults() leaves the old file where it refuses the tracks", () =>
  inFolder(async (folder) => {
    const path = `${folder}/found.txt`;
    const thing = { identity: 3, box: [1, 2, 3, 4], score: 1 } as const;
    await writeMotResults(path, [{ frame: 1, things: [thing] }]);
    await assert.rejects(writeMotResults(path, [{ frame: 1, things: [thing, thing] }]), {
      name: "RangeError",
    });
    assert.equal(await Deno.readTextFile(path), "1,3,1,2,3,4,1,-1,-1,-1\n");
    assert.equal([...Deno.readDirSync(folder)].length, 1);
  }));
