import assert from "node:assert/strict";
import { type CocoResult, readImage, rgbImage, writePng } from "ae";
import { pictureFileName } from "../../cli/predict.ts";
import { runMain } from "./run_main.ts";
import { inFolder } from "../in_folder.ts";
import { jsonOf, refinerFile, sceneFiles, writeJson } from "./scene_files.ts";

Deno.test("predict finds other people with every option that says how to look", async () => {
  await inFolder(async (folder) => {
    const photographs = await sceneFiles(folder);
    const found = async (...options: string[]): Promise<string> => {
      const out = ["--no-pictures", "--out", `${folder}/out`];
      const { code, message } = await runMain("predict", ...photographs, ...options, ...out);
      assert.deepEqual([code, message], [0, ""]);
      return await Deno.readTextFile(`${folder}/out/results.json`);
    };
    const plain = await found();
    assert.ok(JSON.parse(plain).length > 3);
    assert.ok(await found() === plain, "alike twice");
    const refine = ["--refine", await refinerFile(folder)];
    const refined = await found(...refine);
    assert.ok(await found(...refine, "--refine-take", "both") === refined);
    for (
      const options of [
        ["--decoder", "pose-ae-demo"],
        ["--threshold", "0.3"],
        ["--tag-distance", "0.01"],
        ["--scales", "1.5,1"],
        ["--flip"],
        [...refine, "--refine-take", "second"],
      ]
    ) {
      const other = await found(...options);
      assert.ok(other !== plain && other !== refined, options.join(" "));
    }
  });
});

Deno.test("predict takes the pictures of a folder, and refuses one that has none", async () => {
  await inFolder(async (folder) => {
    await sceneFiles(folder);
    const out = ["--no-pictures", "--out", `${folder}/out`];
    const { code, printed, message } = await runMain("predict", folder, ...out);
    assert.deepEqual([code, message], [0, ""]);
    const names = printed.split("\n").slice(0, -1).map((line) => line.split(":")[0]);
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assert.deepEqual(
      names,
      files.filter((name) => name.endsWith(".png")).sort().map((name) => `${folder}/${name}`),
    );
    await Deno.mkdir(`${folder}/empty`);
    assert.equal(
      (await runMain("predict", `${folder}/empty`, ...out)).message,
      `predict: ${folder}/empty: there is no picture in it`,
    );
  });
});

Deno.test("predict --ids predicts some of the photographs, and needs no other files", async () => {
  await inFolder(async (folder) => {
    const photographs = await sceneFiles(folder);
    const ids = ["--ids", await writeJson(`${folder}/ids.json`, [2])];
    const out = ["--no-pictures", "--out", `${folder}/out`];
    await Deno.remove(`${folder}/3.png`);
    const { code, printed } = await runMain("predict", ...photographs, ...ids, ...out);
    assert.equal(code, 0);
    assert.match(printed, /^2\.png: image_id 2, [1-9] people\n/);
    const results: CocoResult[] = await jsonOf(`${folder}/out/results.json`);
    assert.ok(results.length > 0 && results.every(({ image_id }) => image_id === 2));

    const none = ["--ids", await writeJson(`${folder}/none.json`, [9])];
    const unknown = await runMain("predict", ...photographs, ...none, ...out);
    assert.match(unknown.message, /--ids: .*truth\.json has no image 9/);
    const alone = await runMain("predict", `${folder}/2.png`, ...ids, ...out);
    assert.match(alone.message, /--ids needs --annotations/);
  });
});

Deno.test("predict writes the category that the annotation file calls people", async () => {
  await inFolder(async (folder) => {
    const photographs = await sceneFiles(folder, 18);
    const out = ["--no-pictures", "--out", `${folder}/out`];
    assert.equal((await runMain("predict", ...photographs, ...out)).code, 0);
    const results: CocoResult[] = await jsonOf(`${folder}/out/results.json`);
    assert.deepEqual([...new Set(results.map(({ category_id }) => category_id))], [18]);
  });
});

Deno.test("predict writes nothing outside its folder, whatever the annotation file calls photographs", async () => {
  await inFolder(async (folder) => {
    for (const name of ["photos", "photos/deep"]) await Deno.mkdir(`${folder}/${name}`);
    for (const name of ["secret.png", "photos/deep/..x..png"]) {
      await writePng(`${folder}/${name}`, rgbImage(64, 64));
    }
    const predict = async (file_name: string, out: string) => {
      const images = [{ id: 7, file_name, width: 64, height: 64 }];
      const truth = await writeJson(`${folder}/truth.json`, { images, annotations: [] });
      const photographs = ["--annotations", truth, "--images", `${folder}/photos`];
      return await runMain("predict", ...photographs, "--out", `${folder}/${out}`);
    };
    for (
      const name of ["../secret.png", `${folder}/secret.png`, "deep/../../secret.png", "\0.png"]
    ) {
      const { code, message } = await predict(name, "never");
      assert.equal(code, 1);
      assert.match(
        message,
        /truth\.json: images\[0\]\.file_name is ".*", (which leads out|where � is)/,
      );
    }
    assert.equal((await predict("deep/..x..png", "out")).code, 0);
    assert.deepEqual(namesIn(`${folder}/out`), ["7_..x..png", "results.json"]);
    assert.deepEqual(namesIn(folder), ["out", "photos", "secret.png", "truth.json"]);
    assert.deepEqual(namesIn(`${folder}/photos`), ["deep"]);
  });
});

Deno.test("predict replaces links that lie in its folder, and leaves alone what they point to", async () => {
  await inFolder(async (folder) => {
    const [out, precious] = [`${folder}/out`, `${folder}/precious.txt`];
    await Deno.mkdir(out);
    await Deno.writeTextFile(precious, "mine");
    const names = ["7_7.png", "results.json"];
    for (const name of [...names, "7_7.png.tmp", "results.json.tmp"]) {
      await Deno.symlink(precious, `${out}/${name}`);
    }
    await writePng(`${folder}/7.png`, rgbImage(64, 64));
    assert.equal((await runMain("predict", `${folder}/7.png`, "--out", out)).code, 0);
    assert.equal(await Deno.readTextFile(precious), "mine");
    for (const name of names) assert.ok((await Deno.lstat(`${out}/${name}`)).isFile, name);
    assert.equal((await readImage(`${out}/7_7.png`)).width, 64);
    assert.deepEqual(await jsonOf(`${out}/results.json`), []);
  });
});

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("predict cuts names of pictures that no file system takes, and no letter in two", async () => {
  assert.equal(pictureFileName(7, "a/b\\street.night.jpg"), "7_street.night.png");
  const bytes = (name: string) => new TextEncoder().encode(name).length;
  assert.equal(pictureFileName(7, `${"n".repeat(249)}.jpg`), `7_${"n".repeat(249)}.png`);
  assert.equal(pictureFileName(12, `${"n".repeat(251)}.jpg`), `12_${"n".repeat(248)}.png`);
  const [two, four] = ["ö", "🙂"].map((letter) => pictureFileName(7, `${letter.repeat(200)}.jpg`));
  assert.deepEqual([two, bytes(two)], [`7_${"ö".repeat(124)}.png`, 254]);
  assert.deepEqual([four, bytes(four)], [`7_${"🙂".repeat(62)}.png`, 254]);
  await inFolder(async (folder) => {
    const name = "n".repeat(251);
    const paths = ["a", "b"].map((end) => `${folder}/${name.slice(1)}${end}.png`);
    for (const path of paths) await writePng(path, rgbImage(8, 8));
    const { code } = await runMain("predict", ...paths, "--out", `${folder}/out`);
    assert.equal(code, 0);
    const pictures = [...Deno.readDirSync(`${folder}/out`)].map((entry) => entry.name).sort();
    const cut = "n".repeat(249);
    assert.deepEqual(pictures, [`1_${cut}.png`, `2_${cut}.png`, "results.json"]);
  });
});
