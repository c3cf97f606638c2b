import assert from "node:assert/strict";
import {
  readCocoInstanceResults,
  readCocoInstanceTruth,
  writeCocoInstanceResults,
} from "../../io/mod.ts";
import { inFile } from "./in_file.ts";

const found = { image_id: 7, category_id: 1, score: 0.5, bbox: [0, 0, 2.5, 2] };
const boxes = { shape: "boxes" } as const;

Deno.test("readCocoInstanceResults() reads what writeCocoInstanceResults() wrote", async () => {
  await inFile(async (path) => {
    for (const results of [[], [found], [found, { ...found, score: 0.1 }]]) {
      await writeCocoInstanceResults(path, results, boxes);
      assert.deepEqual(await readCocoInstanceResults(path, boxes), results);
    }
  });
});

Deno.test("writeCocoInstanceResults() writes nothing if a record is wrong", async () => {
  await inFile(async (path) => {
    await Deno.writeTextFile(path, "old");
    await assert.rejects(writeCocoInstanceResults(path, [found, { ...found, score: NaN }], boxes), {
      name: "InputError",
      message: `${path}: results[1].score is NaN, not a finite number`,
    });
    assert.equal(await Deno.readTextFile(path), "old");
  });
});

Deno.test("readCocoInstanceResults() names the file and the record", async () => {
  await inFile(async (path) => {
    await Deno.writeTextFile(path, JSON.stringify([found]));
    await assert.rejects(readCocoInstanceResults(path), {
      name: "InputError",
      message: `${path}: results[0] has no segmentation\n  help: without masks evaluate boxes`,
    });
  });
});

Deno.test("readCocoInstanceTruth() reads annotations and names the file and the record", async () => {
  await inFile(async (path) => {
    const annotations = [{ ...found, id: 1, area: 5 }];
    const truth = { images: [{ id: 7 }], categories: [{ id: 1, name: "dog" }], annotations };
    await Deno.writeTextFile(path, JSON.stringify(truth));
    assert.deepEqual(await readCocoInstanceTruth(path, boxes), truth);
    await Deno.writeTextFile(path, JSON.stringify({ ...truth, categories: [] }));
    await assert.rejects(readCocoInstanceTruth(path, boxes), {
      name: "InputError",
      message: `${path}: annotations[0].category_id is 1, which is not the id of any category`,
    });
  });
});
