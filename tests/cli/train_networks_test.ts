import assert from "node:assert/strict";
import { readSafetensors, writeSafetensors } from "ae";
import { inFolder } from "../in_folder.ts";
import { higherHrNetFile } from "./published_file.ts";
import { runMain } from "./run_main.ts";
import { jsonOf, sceneFiles, writeJson } from "./scene_files.ts";

/** Run a command that must succeed without a word of complaint; what it printed. */
async function done(...args: string[]): Promise<string> {
  const { code, printed, message } = await runMain(...args);
  assert.deepEqual([code, message], [0, ""], args.join(" "));
  return printed;
}

const short = ["train", "--steps", "1", "--batch", "2", "--size", "32"];

Deno.test("train makes a HigherHRNet of a preset, and of it one for a second look at one person", async () => {
  await inFolder(async (folder) => {
    const [first, second] = [`${folder}/first`, `${folder}/second`];
    const printed = await done(...short, "--preset", "higher-hrnet-demo", "--out", first);
    assert.match(printed, /network {2}higher-hrnet-demo: 2,674,470 parameters/);
    const weights = ["--weights", `${first}/weights.safetensors`];
    const single = ["--single-person", "--threshold", "1.2"];
    await done(...short, ...weights, ...single, "--out", second);
    const { metadata } = await readSafetensors(`${second}/weights.safetensors`);
    const { preset, format, threshold, imageSize } = metadata;
    assert.deepEqual({ preset, format, threshold, imageSize }, {
      ...{ preset: "higher-hrnet-demo", format: "ae-higher-hrnet-1" },
      ...{ threshold: "1.2", imageSize: "32" },
    });
    assert.equal(JSON.parse(metadata.options).tagDimensions, 0);

    const photographs = await sceneFiles(folder);
    const how = ["--refine", `${second}/weights.safetensors`, "--threshold", "0.01"];
    const ids = ["--ids", await writeJson(`${folder}/ids.json`, [1])];
    const out = ["--no-pictures", "--out", `${folder}/found`];
    await done("predict", ...photographs, ...weights, ...how, ...ids, ...out);
    assert.ok(Array.isArray(await jsonOf(`${folder}/found/results.json`)));
  });
});

Deno.test("train goes on from HigherHRNet's published weights, to masks, in another way of computing", async () => {
  await inFolder(async (folder) => {
    const [source, imported] = [`${folder}/theirs.safetensors`, `${folder}/ours.safetensors`];
    await writeSafetensors(source, higherHrNetFile());
    await done("import-weights", source, "--out", imported, "--image-size", "32");
    const how = ["--instances", "--recompute", "--precision", "f16"];
    await done(...short, "--weights", imported, ...how, "--out", `${folder}/masks`);
    const path = `${folder}/masks/weights.safetensors`;
    const { metadata } = await readSafetensors(path);
    assert.equal(metadata.classes, '["person"]');
    const { keypoints, recompute, precision, imageNorm } = JSON.parse(metadata.options);
    assert.deepEqual([keypoints, recompute, precision, imageNorm], [1, true, "f16", "imagenet"]);
    const photograph = `${(await sceneFiles(folder)).at(-1)}/1.png`;
    await done("predict", photograph, "--weights", path, "--out", `${folder}/found`);
  });
});

Deno.test("train refuses a preset of another kind of network than the weights", async () => {
  await inFolder(async (folder) => {
    const out = ["--out", `${folder}/out`];
    const weights = ["--weights", "weights/demo.safetensors"];
    const { code, message } = await runMain(
      ...[...short, ...weights, "--preset", "higher-hrnet-w32", ...out],
    );
    assert.deepEqual([code, message], [
      1,
      "train: weights/demo.safetensors: its network is PoseNet, that of --preset higher-hrnet-w32 " +
      "HigherHRNet\n  help: leave --preset out: the file says what its network is made with",
    ]);
  });
});
