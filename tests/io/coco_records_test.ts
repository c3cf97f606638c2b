import assert from "node:assert/strict";
import { readCocoResults, readCocoTruth, writeCocoResults } from "../../io/mod.ts";
import { inFile } from "./in_file.ts";

const person = { image_id: 7, category_id: 1, keypoints: new Array(51).fill(1.25), score: 0.5 };

Deno.test("readCocoResults() reads what writeCocoResults() wrote, a record a line", async () => {
  await inFile(async (path) => {
    for (const results of [[], [person], [person, { ...person, score: 0.1 }]]) {
      await writeCocoResults(path, results);
      assert.deepEqual(await readCocoResults(path), results);
      const lines = (await Deno.readTextFile(path)).split("\n").length;
      assert.equal(lines, results.length === 0 ? 2 : results.length + 3);
    }
  });
});

Deno.test("writeCocoResults() writes nothing if a record is wrong", async () => {
  await inFile(async (path) => {
    await Deno.writeTextFile(path, "old");
    await assert.rejects(writeCocoResults(path, [person, { ...person, score: NaN }]), {
      name: "InputError",
      message: `${path}: results[1].score is NaN, not a finite number`,
    });
    assert.equal(await Deno.readTextFile(path), "old");
  });
});

Deno.test("readCocoResults() names the file and the record", async () => {
  await inFile(async (path) => {
    await Deno.writeTextFile(path, JSON.stringify([person, { ...person, keypoints: [1, 2] }]));
    await assert.rejects(readCocoResults(path), (error: Error) => {
      assert.equal(
        error.message.split("\n")[0],
        `${path}: results[1].keypoints has 2 numbers, 51 expected`,
      );
      return true;
    });
  });
});

Deno.test("readCocoTruth() reads annotations and names the file and the record", async () => {
  await inFile(async (path) => {
    const keypoints = new Array(17).fill([1.25, 1.25, 1]).flat();
    const annotation = { ...person, keypoints, id: 1, bbox: [0, 0, 2, 2], area: 4 };
    const truth = { images: [{ id: 7 }], annotations: [annotation] };
    await Deno.writeTextFile(path, JSON.stringify(truth));
    assert.deepEqual(await readCocoTruth(path), truth);
    await Deno.writeTextFile(path, JSON.stringify({ ...truth, images: [{ id: 8 }] }));
    await assert.rejects(readCocoTruth(path), {
      name: "InputError",
      message: `${path}: annotations[0].image_id is 7, which is not the id of any image`,
    });
  });
});
