import assert from "node:assert/strict";
import { disposeModel, floatWeights, readSafetensors, writeSafetensors } from "ae";
import { loadModel, makeModel, saveModel } from "../../cli/weights.ts";

Deno.test("loadModel() gives back what saveModel() wrote, the threshold also under a preset's name", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/weights.safetensors`;
    const saved = makeModel("tiny-64", { seed: 3 }, 0.4);
    await saveModel(path, saved);
    const loaded = await loadModel(path);
    assert.deepEqual(loaded.model.options, saved.model.options);
    assert.deepEqual(
      [loaded.preset, loaded.imageSize, loaded.threshold],
      ["tiny-64", 64, 0.4],
    );
    const named = await loadModel(path, "tiny-64");
    assert.equal(named.threshold, 0.4);

    // Files that say nothing, and files that say nonsense.
    const weights = floatWeights(await readSafetensors(path), path);
    await writeSafetensors(path, weights, {});
    const bare = await loadModel(path, "tiny-64");
    assert.equal(bare.threshold, 0.1);
    await writeSafetensors(path, weights, { threshold: "high" });
    await assert.rejects(loadModel(path, "tiny-64"), {
      name: "InputError",
      message: `${path}: its threshold is damaged: "high" is no number`,
    });
    for (const { model } of [saved, loaded, named, bare]) disposeModel(model);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
