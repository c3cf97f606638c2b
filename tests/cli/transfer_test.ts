import assert from "node:assert/strict";
import { disposeModel, stateOf } from "ae";
import { forInstances, withoutTags } from "../../cli/transfer.ts";
import { makeModel } from "../../cli/weights.ts";

Deno.test("forInstances() keeps what a network for people knows, and starts each map as its keypoints' mean", async () => {
  const pose = makeModel("demo", { seed: 3, channels: 8, increase: 0, depth: 1, tagDimensions: 2 });
  const known = await stateOf(pose.model);
  const { model, classes, decoding, preset } = await forInstances(pose, ["person", "dog"]);
  const own = await stateOf(model);
  assert.deepEqual([classes, decoding, preset], [["person", "dog"], {}, "segment"]);
  assert.deepEqual(model.options.keypoints, 2);
  const [head, old] = [own["outs.0.conv.weight"], known["outs.0.conv.weight"]];
  assert.deepEqual([head.shape, old.shape], [[6, 8, 1, 1], [51, 8, 1, 1]]);
  for (let o = 0; o < 6; o++) {
    const first = 17 * Math.floor(o / 2); // of detection, of tags 0, of tags 1
    for (let i = 0; i < 8; i++) {
      let mean = 0;
      for (let k = 0; k < 17; k++) mean += old.data[(first + k) * 8 + i] / 17;
      assert.ok(Math.abs(head.data[o * 8 + i] - mean) < 1e-6);
    }
  }
  for (const name of Object.keys(own).filter((name) => !name.startsWith("outs."))) {
    assert.deepEqual(own[name], known[name], name);
  }
  const again = { ...pose, model, classes };
  assert.equal((await forInstances(again, ["person", "dog"])).model, model);
  disposeModel(model);
});

Deno.test("withoutTags() keeps the heatmaps of a network with tags, and a network without as it is", async () => {
  const pose = makeModel("demo", { seed: 3, channels: 8, increase: 0, depth: 1, tagDimensions: 2 });
  const known = await stateOf(pose.model);
  const single = await withoutTags(pose);
  const own = await stateOf(single.model);
  assert.equal(single.model.options.tagDimensions, 0);
  const [head, old] = [own["outs.0.conv.weight"], known["outs.0.conv.weight"]];
  assert.deepEqual([head.shape, old.shape], [[17, 8, 1, 1], [51, 8, 1, 1]]);
  assert.deepEqual(head.data, old.data.slice(0, 17 * 8)); // heatmaps are the first maps
  for (const name of Object.keys(own).filter((name) => !name.startsWith("outs."))) {
    assert.deepEqual(own[name], known[name], name);
  }
  assert.equal(await withoutTags(single), single);
  disposeModel(single.model);
});
