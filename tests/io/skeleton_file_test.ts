import assert from "node:assert/strict";
import { readSkeleton } from "../../io/skeleton_file.ts";
import { skeletonRecord } from "../../pose/skeleton_record.ts";
import { CROWDPOSE } from "../../pose/skeletons.ts";

Deno.test("readSkeleton() reads what a file says, and names the file that is wrong", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(path, JSON.stringify(skeletonRecord(CROWDPOSE)));
  assert.deepEqual(await readSkeleton(path), CROWDPOSE);
  await Deno.writeTextFile(path, JSON.stringify({ ...skeletonRecord(CROWDPOSE), sigmas: [1] }));
  await assert.rejects(readSkeleton(path), {
    name: "InputError",
    message: `${path}: sigmas has 1 numbers for 14 keypoints`,
  });
  await Deno.remove(path);
  await assert.rejects(readSkeleton("no/such.json"), /^InputError: no\/such\.json: no such file/);
});
