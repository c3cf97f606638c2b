import assert from "node:assert/strict";
import {
  assign,
  COCO,
  disposeModel,
  floatWeights,
  MPII,
  parameters,
  readSafetensors,
  stateOf,
  writeSafetensors,
} from "ae";
import {
  changeDecoding,
  loadModel,
  localCopy,
  makeInstanceModel,
  makeModel,
  saveModel,
  shippedWeights,
} from "../../cli/weights.ts";
import { inFolder } from "../in_folder.ts";
import { refinerFile } from "./scene_files.ts";

Deno.test("saveModel() writes values that were read before, without asking the model again", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const saved = makeModel("demo", { channels: 4, increase: 2, seed: 3 });
    const values = await stateOf(saved.model);
    disposeModel(saved.model); // reading it would be an error
    await saveModel(`${folder}/weights.safetensors`, saved, {}, { values });
    const { arrays } = await readSafetensors(`${folder}/weights.safetensors`);
    assert.deepEqual(Object.keys(arrays).sort(), Object.keys(values).sort());
    for (const [name, { data }] of Object.entries(values)) {
      assert.ok(data.every((value, i) => value === arrays[name].data[i]), name);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("loadModel() gives back what saveModel() wrote, the decoding also under a preset's name", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/weights.safetensors`;
    const decoding = { threshold: 0.4, scalesThreshold: 0.3, maxTagDistance: 2 };
    const saved = makeModel("tiny-64", { seed: 3 }, decoding);
    await saveModel(path, saved);
    const loaded = await loadModel(path);
    assert.deepEqual(loaded.model.options, saved.model.options);
    assert.deepEqual(
      [loaded.preset, loaded.imageSize, loaded.decoding],
      ["tiny-64", 64, decoding],
    );
    const named = await loadModel(path, "tiny-64");
    assert.deepEqual(named.decoding, decoding);

    // 16-bit floats: half the bytes, weights rounded; a tensor that holds too large a number stays as it is.
    const [name] = [...parameters(saved.model).keys()];
    await assign(parameters(saved.model).get(name)!, parameters(saved.model).get(name)!.add(1e6));
    await saveModel(`${folder}/half.safetensors`, saved, {}, { half: true });
    const { arrays } = await readSafetensors(`${folder}/half.safetensors`);
    for (const [key, { data }] of Object.entries(arrays)) {
      assert.equal(data instanceof Float16Array, key !== name, key);
    }
    const rounded = await loadModel(`${folder}/half.safetensors`);
    const [before, after] = [await stateOf(saved.model), await stateOf(rounded.model)];
    for (const key of Object.keys(before)) {
      const expected = key === name ? before[key].data : before[key].data.map(Math.f16round);
      assert.deepEqual(after[key].data, expected, key);
    }

    // The size of the images is the file's, also under a preset's name.
    await saveModel(path, { ...saved, imageSize: 128 });
    const large = await loadModel(path, "tiny-64");
    assert.equal(large.imageSize, 128);
    await saveModel(path, { ...saved, imageSize: 65 });
    await assert.rejects(loadModel(path), /imageSize is damaged: 65 is no multiple of 64/);
    await saveModel(path, saved);

    // Weights of another network name the first tensor that does not fit, whatever else is odd about the file.
    await assert.rejects(
      loadModel(path, "small-128"),
      /tensor pre\.4\.conv\.weight has shape \[16, 128, 3, 3\] but the model needs \[32, 128, 3, 3\]/,
    );

    // Files that say nothing, and files that say nonsense.
    const weights = floatWeights(await readSafetensors(path), path);
    await writeSafetensors(path, weights, {});
    const bare = await loadModel(path, "tiny-64");
    assert.deepEqual(bare.decoding, {}); // a decoder's own then
    await writeSafetensors(path, weights, { threshold: "high" });
    await assert.rejects(loadModel(path, "tiny-64"), {
      name: "InputError",
      message: `${path}: its threshold is damaged: "high" is no number`,
    });
    const wrong: [Record<string, string>, string][] = [
      [{ threshold: "-0.1" }, "its threshold is damaged: -0.1 is not from 0 to 1"],
      [{ threshold: "2" }, "its threshold is damaged: 2 is not from 0 to 1"],
      [{ scalesThreshold: "6" }, "its scalesThreshold is damaged: 6 is not from 0 to 1"],
      [{ maxTagDistance: "-1" }, "its maxTagDistance is damaged: -1 is below 0"],
      [{ imageSize: "6400000" }, "its imageSize is damaged: 6400000 is not from 0 to 8192"],
      [
        { format: "ae-posenet-2" },
        'its format is "ae-posenet-2", weight files have "ae-posenet-1", ' +
        '"ae-higher-hrnet-1", "ae-efficient-hrnet-1"',
      ],
    ];
    for (const [metadata, message] of wrong) {
      await writeSafetensors(path, weights, metadata);
      const expected = { name: "InputError", message: `${path}: ${message}` };
      await assert.rejects(loadModel(path, "tiny-64"), expected);
    }
    for (const { model } of [saved, loaded, named, bare, rounded, large]) disposeModel(model);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a network for second looks may have a threshold above 1, as calibrate tries them", async () => {
  await inFolder(async (folder) => {
    const path = await refinerFile(folder);
    await changeDecoding(path, { threshold: 1.5 });
    const { model, decoding } = await loadModel(path);
    assert.equal(decoding.threshold, 1.5);
    disposeModel(model);
    await changeDecoding(path, { threshold: 6 });
    await assert.rejects(loadModel(path), /its threshold is damaged: 6 is not from 0 to 5$/);
  });
});

Deno.test("changeDecoding() changes what a file says of decoding, and not a bit of the rest", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/weights.safetensors`;
    await Deno.copyFile((await shippedWeights())!, path);
    const before = await readSafetensors(path);
    await changeDecoding(path, { threshold: 0.25, scalesThreshold: 0.2 });
    const after = await readSafetensors(path);
    const changed = { threshold: "0.25", scalesThreshold: "0.2" };
    assert.deepEqual(after.metadata, { ...before.metadata, ...changed });
    assert.deepEqual(Object.keys(after.arrays), Object.keys(before.arrays));
    for (const [name, { shape, data }] of Object.entries(before.arrays)) {
      const now = after.arrays[name];
      assert.deepEqual(now.shape, shape);
      assert.equal(now.data.constructor, data.constructor);
      assert.ok(now.data.every((value, i) => Object.is(value, data[i])), name);
    }
    await assert.rejects(changeDecoding(`${folder}/none`, {}), /^InputError: .*none: no such file/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("loadModel() gives back the skeleton, and refuses one that does not fit the network", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/weights.safetensors`;
    const saved = makeModel("tiny-64", {}, undefined, MPII);
    assert.equal(saved.model.options.keypoints, 16);
    await saveModel(path, saved);
    const [loaded, named] = [await loadModel(path), await loadModel(path, "tiny-64")];
    assert.deepEqual([loaded.skeleton, named.skeleton], [MPII, MPII]);

    const { arrays, metadata } = await readSafetensors(path);
    const { skeleton: _skeleton, ...silent } = metadata;
    await writeSafetensors(path, arrays, silent);
    await assert.rejects(loadModel(path), {
      name: "InputError",
      message: `${path}: its network finds 16 keypoints, its skeleton "coco" has 17`,
    });
    await writeSafetensors(path, arrays, { ...silent, skeleton: "{" });
    await assert.rejects(loadModel(path), /weights\.safetensors: its skeleton is damaged: /);
    await writeSafetensors(path, arrays, { ...silent, skeleton: '{"name": "x"}' });
    await assert.rejects(loadModel(path), /safetensors: its skeleton: keypoints should be a list/);

    const coco = makeModel("tiny-64");
    await saveModel(path, coco);
    const file = await readSafetensors(path);
    const { skeleton: _coco, ...old } = file.metadata; // as files were before skeletons were in them
    await writeSafetensors(path, file.arrays, old);
    const before = await loadModel(path);
    assert.equal(before.skeleton, COCO);
    for (const { model } of [saved, loaded, named, coco, before]) disposeModel(model);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("localCopy() fetches a file once", async () => {
  const folder = await Deno.makeTempDir();
  const before = Deno.env.get("XDG_CACHE_HOME");
  Deno.env.set("XDG_CACHE_HOME", folder);
  try {
    const url = new URL("https://example.org/weights/small.safetensors");
    const asked: string[] = [];
    const get = (status: number) => (url: URL) => {
      asked.push(url.href);
      return Promise.resolve(new Response(new Uint8Array([1, 2, 3]), { status }));
    };
    await assert.rejects(localCopy(url, get(404)), /small\.safetensors: cannot be fetched: 404/);
    const path = await localCopy(url, get(200));
    assert.deepEqual(await Deno.readFile(path), new Uint8Array([1, 2, 3]));
    assert.equal(await localCopy(url, get(200)), path);
    assert.equal(asked.length, 2);
  } finally {
    if (before === undefined) Deno.env.delete("XDG_CACHE_HOME");
    else Deno.env.set("XDG_CACHE_HOME", before);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("loadModel() gives back the classes of instances, and refuses a list that does not fit", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/weights.safetensors`;
    const sizes = { channels: 8, increase: 0, depth: 1 };
    const saved = makeInstanceModel("segment", ["cat", "dog"], sizes, { threshold: 0.5 });
    await saveModel(path, saved);
    const loaded = await loadModel(path);
    assert.deepEqual([loaded.classes, loaded.decoding], [["cat", "dog"], { threshold: 0.5 }]);
    assert.equal(loaded.model.options.keypoints, 2);
    const { metadata } = await readSafetensors(path);
    assert.equal(metadata.skeleton, undefined);
    const weights = floatWeights(await readSafetensors(path), path);
    const wrong = [
      ['["cat"]', "its network has maps of 2 classes, its list names 1"],
      ['{"cat": 1}', "its classes are damaged: they are no list of names"],
    ];
    for (const [classes, message] of wrong) {
      await writeSafetensors(path, weights, { ...metadata, classes });
      const expected = { name: "InputError", message: `${path}: ${message}` };
      await assert.rejects(loadModel(path), expected);
    }
    await writeSafetensors(path, weights, { ...metadata, classes: "[" });
    await assert.rejects(loadModel(path), /InputError: .*its classes are damaged: .*JSON/);
    for (const { model } of [saved, loaded]) disposeModel(model);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
