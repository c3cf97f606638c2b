import assert from "node:assert/strict";
import { type CocoInstanceResult, decodeRunLengths, readImage } from "ae";
import { shippedWeights } from "../../cli/weights.ts";
import { runMain } from "./run_main.ts";
import { inFolder } from "../in_folder.ts";
import { jsonOf, MASK_CATEGORY, maskFiles, sceneFiles, writeJson } from "./scene_files.ts";

const weights = ["--weights", (await shippedWeights("segment"))!];

Deno.test("predict finds masks with weights of classes, and evaluate measures the same in one go", async () => {
  await inFolder(async (folder) => {
    const photographs = await maskFiles(folder);
    const out = `${folder}/out`;
    const { code, printed, message } = await runMain(
      ...["predict", ...photographs, ...weights, "--flip", "--out", out],
    );
    assert.deepEqual([code, message], [0, ""]);
    const results: CocoInstanceResult[] = await jsonOf(`${out}/results.json`);
    assert.ok(results.length > 5);
    for (const { category_id, segmentation, score } of results) {
      assert.equal(category_id, MASK_CATEGORY);
      assert.ok(score > 0 && score <= 1);
      const { width, height, data } = decodeRunLengths(segmentation!);
      assert.deepEqual([width, height], [64, 64]);
      assert.ok(data.includes(1));
    }
    for (const id of [1, 2, 3]) {
      const own = results.filter(({ image_id }) => image_id === id).length;
      const line = `${id}.png: image_id ${id}, ${own} instances, ${out}/${id}_${id}.png`;
      assert.ok(printed.includes(line), printed);
      const [before, after] = [
        await readImage(`${folder}/${id}.png`),
        await readImage(`${out}/${id}_${id}.png`),
      ];
      assert.ok(after.data.some((value, i) => value !== before.data[i]), "nothing is drawn");
    }

    const json = `${folder}/figures.json`;
    const kind = ["evaluate", "--kind", "masks"];
    const direct = await runMain(...kind, ...photographs, "--flip", "--json", json);
    assert.deepEqual([direct.code, direct.message], [0, ""]);
    const { figures, setup, byClass } = await jsonOf(json);
    assert.ok(figures.AP50 > 0.6, `${figures.AP50}`);
    assert.deepEqual(byClass.map(({ name }: { name: string }) => name), ["person"]);
    assert.deepEqual([setup.flip, setup.threshold, setup.separation], [true, 0.5, 0.75]);
    const file = [...photographs.slice(0, 2), "--results", `${out}/results.json`];
    const inTwo = await runMain(...kind, ...file, "--classes", "person");
    assert.equal(direct.printed, inTwo.printed);
  });
});

Deno.test("predict numbers classes from 1 where no annotation file does, and looks as it is told", async () => {
  await inFolder(async (folder) => {
    await maskFiles(folder);
    const found = async (...options: string[]): Promise<string> => {
      const out = ["--no-pictures", "--out", `${folder}/out`];
      const picture = `${folder}/2.png`;
      const { code, message } = await runMain("predict", picture, ...weights, ...options, ...out);
      assert.deepEqual([code, message], [0, ""]);
      return await Deno.readTextFile(`${folder}/out/results.json`);
    };
    const plain = await found();
    const results: CocoInstanceResult[] = JSON.parse(plain);
    assert.deepEqual([...new Set(results.map((one) => [one.image_id, one.category_id].join()))], [
      "2,1",
    ]);
    for (
      const options of [
        ["--threshold", "0.3"],
        ["--tag-distance", "3"],
        ["--scales", "1.3"],
        ["--flip"],
      ]
    ) assert.ok(await found(...options) !== plain, options.join(" "));
  });
});

Deno.test("predict --ids and evaluate --ids look at some of the photographs for masks", async () => {
  await inFolder(async (folder) => {
    const photographs = await maskFiles(folder);
    const ids = ["--ids", await writeJson(`${folder}/ids.json`, [3])];
    const out = ["--no-pictures", "--out", `${folder}/out`];
    const some = await runMain("predict", ...photographs, ...weights, ...ids, ...out);
    assert.match(some.printed, /^3\.png: image_id 3, [1-9] instances?\n/);
    const json = `${folder}/figures.json`;
    const { code } = await runMain(
      ...["evaluate", "--kind", "masks", ...photographs, ...ids, "--json", json],
    );
    assert.deepEqual([code, (await jsonOf(json)).images], [0, 1]);
  });
});

Deno.test("predict and evaluate say which options and files do not go with masks", async () => {
  await inFolder(async (folder) => {
    const photographs = await maskFiles(folder);
    const none = ["--ids", await writeJson(`${folder}/none.json`, [9])];
    const truth = await jsonOf(`${folder}/masks.json`);
    const dogs = await writeJson(`${folder}/dogs.json`, {
      ...truth,
      categories: truth.categories.slice(0, 1),
      annotations: [],
    });
    const out = `${folder}/out`;
    const predict = ["predict", ...photographs, ...weights, "--out", out];
    const evaluate = ["evaluate", "--kind", "masks", ...photographs];
    const cases: [string[], RegExp][] = [
      [
        [...predict, "--decoder", "default"],
        /--decoder is for keypoints, the weights find person as masks/,
      ],
      [[...predict, "--refine", "x"], /--refine is for keypoints/],
      [[...predict, "--dataset", "coco"], /--dataset is for keypoints/],
      [[...predict, "--skeleton", "coco"], /--skeleton is for keypoints/],
      [[...predict, "--scales", "demo9"], /--scales demo9 is for keypoints\n {2}help: .*official/],
      [[...predict, ...none], /--ids: .*masks\.json has no image 9/],
      [["predict", "a.png", ...weights, ...none], /--ids needs --annotations/],
      [[...predict.with(2, dogs)], /dogs\.json: no categories are called "person"/],
      [[...evaluate, "--weights", (await shippedWeights())!], /finds keypoints, not masks/],
      [
        ["evaluate", ...await sceneFiles(folder), ...weights],
        /finds instances \(person\) pixel by pixel, not keypoints\n {2}help: .*--kind masks/,
      ],
    ];
    for (const [args, expected] of cases) {
      const { code, message } = await runMain(...args);
      assert.equal(code, 1, args.join(" "));
      assert.match(message, expected);
    }
    await assert.rejects(Deno.stat(out), Deno.errors.NotFound);

    await Deno.writeTextFile(`${folder}/2.png`, "no picture");
    const { code, message } = await runMain(...evaluate);
    assert.equal(code, 1);
    assert.match(
      message,
      /1 of 3 photographs could not be read, so there are no figures:\n {2}.*2\.png/,
    );
  });
});
