import assert from "node:assert/strict";
import { disposeModel, type HigherHrNetOptions, stateOf } from "ae";
import { computing, forInstances, withoutTags } from "../../cli/transfer.ts";
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

/** A HigherHRNet of 3 keypoints and tags of 2 numbers, and what it knows. */
async function higherHrNet() {
  const settings = { width: 4, modules: [1, 1, 1], keypoints: 3, tagDimensions: 2 } as const;
  const loaded = makeModel("higher-hrnet-demo", { ...settings, seed: 3 });
  return { loaded, known: await stateOf(loaded.model) };
}

const READER = "deconv_layers.0.0.0.weight"; // [C, O, kH, kW]: of features, then of maps

Deno.test("forInstances() keeps of a HigherHRNet what reads features, and makes both heads of their keypoints'", async () => {
  const { loaded, known } = await higherHrNet();
  const { model, preset } = await forInstances(loaded, ["person", "dog"], { seed: 9 });
  const own = await stateOf(model);
  assert.equal(preset, "higher-hrnet-demo");
  for (const [head, groups] of [["final_layers.0", 3], ["final_layers.1", 1]] as const) {
    const [now, old] = [own, known].map((state) => state[`${head}.weight`]);
    assert.deepEqual([now.shape, old.shape], [[2 * groups, 4, 1, 1], [3 * groups, 4, 1, 1]]);
    now.data.forEach((value, i) => {
      const [group, c] = [Math.floor(i / 8), i % 4];
      let mean = 0;
      for (let k = 0; k < 3; k++) mean += old.data[4 * (3 * group + k) + c] / 3;
      assert.ok(Math.abs(value - mean) < 1e-6, `${head} ${i}`);
    });
  }
  const [now, old] = [own[READER], known[READER]];
  assert.deepEqual([now.shape, old.shape], [[4 + 6, 4, 4, 4], [4 + 9, 4, 4, 4]]);
  const features = 4 * 4 * 4 * 4;
  assert.deepEqual(now.data.slice(0, features), old.data.slice(0, features));
  assert.ok(now.data.slice(features).every((value, i) => value !== old.data[features + i]));
  for (const name of Object.keys(own)) {
    if (name.startsWith("final_layers.") || name === READER) continue;
    assert.ok(own[name].data.every((value, i) => value === known[name].data[i]), name);
  }
  disposeModel(model);
});

Deno.test("withoutTags() leaves of a HigherHRNet the heatmaps and what reads them", async () => {
  const { loaded, known } = await higherHrNet();
  const { model } = await withoutTags(loaded);
  const own = await stateOf(model);
  assert.deepEqual(own["final_layers.0.weight"].shape, [3, 4, 1, 1]);
  assert.deepEqual(own[READER].shape, [4 + 3, 4, 4, 4]);
  for (const [name, { data }] of Object.entries(own)) {
    assert.ok(data.every((value, i) => value === known[name].data[i]), name); // the first of each
  }
  disposeModel(model);
});

Deno.test("computing() changes how a network computes, and nothing that it knows", async () => {
  const { loaded, known } = await higherHrNet();
  assert.equal(await computing(loaded, {}), loaded);
  assert.equal(await computing(loaded, { precision: "f32", recompute: false }), loaded);
  const { model } = await computing(loaded, { precision: "f16", recompute: true });
  const { precision, recompute, tagDimensions } = model.options as HigherHrNetOptions;
  assert.deepEqual([precision, recompute, tagDimensions], ["f16", true, 2]);
  for (const [name, { data }] of Object.entries(await stateOf(model))) {
    assert.ok(data.every((value, i) => value === known[name].data[i]), name);
  }
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
