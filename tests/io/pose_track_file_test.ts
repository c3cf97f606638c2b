import assert from "node:assert/strict";
import { readPoseTrackResults, readPoseTrackTruth, writePoseTrackResults } from "../../io/mod.ts";

Deno.test("readPoseTrackTruth() and readPoseTrackResults() say where a file stops being JSON", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, '{"images": [\n{"id": NaN}]}');
    for (const read of [readPoseTrackTruth, readPoseTrackResults]) {
      await assert.rejects(read(path), { name: "InputError", message: /:2:8: NaN is not JSON/ });
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("writePoseTrackResults() writes nothing where it refuses the tracks", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const images = [{ frame: 7, fileName: "7.jpg" }];
    const found = [{ frame: 8, things: [] }];
    await assert.rejects(writePoseTrackResults(`${folder}/found.json`, images, found), {
      name: "RangeError",
    });
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
