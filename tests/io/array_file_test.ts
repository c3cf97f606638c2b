import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import { openArrays, writeSafetensors } from "../../io/mod.ts";

Deno.test("openArrays() tells the formats apart by their first bytes, not their names", async () => {
  const path = await Deno.makeTempFile({ suffix: ".npz" });
  try {
    await writeSafetensors(path, { weight: hostArray([1]) });
    const fixtures = ["torch_legacy.pt", "torch_zip.pt", "numpy_stored.npz"]
      .map((name) => `tests/fixtures/io/${name}`);
    const found: string[][] = [];
    for (const file of [...fixtures, path]) {
      using open = await openArrays(file);
      found.push([...open.arrays.keys()]);
    }
    assert.deepEqual(found, [
      ["weight", "bias"],
      ["weight", "bias"],
      ["my_model/cnv1/biases", "half"],
      ["weight"],
    ]);
    await Deno.writeTextFile(path, "neither of them at all");
    await assert.rejects(openArrays(path), /is it a safetensors file\?/);
  } finally {
    await Deno.remove(path);
  }
});
