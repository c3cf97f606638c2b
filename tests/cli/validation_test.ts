import assert from "node:assert/strict";
import { loadModel, shippedWeights } from "../../cli/weights.ts";
import { runMain } from "./run_main.ts";
import { inFolder } from "../in_folder.ts";
import { maskFiles, writeJson } from "./scene_files.ts";

const short = ["train", "--instances", "--steps", "2", "--batch", "1"];

Deno.test("train --instances --validate-every judges masks on scenes and keeps the best", async () => {
  await inFolder(async (folder) => {
    const out = `${folder}/out`;
    const { code, printed, message } = await runMain(
      ...[...short, "--weights", (await shippedWeights("segment"))!, "--validate-every", "1"],
      ...["--patience", "5", "--out", out],
    );
    assert.deepEqual([code, message], [0, ""]);
    assert.match(printed, /judged {3}step 1: AP 0\.\d{3}, AP50 0\.\d{3}, the best so far\n/);
    const lines = (await Deno.readTextFile(`${out}/metrics.jsonl`)).trim().split("\n");
    const judged = lines.map((line) => JSON.parse(line)).filter((line) => "AP" in line);
    assert.deepEqual(judged.map(({ step }) => step), [1, 2]);
    for (const { AP, AP50 } of judged) assert.ok(AP > 0 && AP < AP50 && AP50 <= 1);
    assert.deepEqual((await loadModel(`${out}/best.safetensors`)).classes, ["person"]);
  });
});

Deno.test("train --instances judges on photographs of an instance file, without those that are broken", async () => {
  await inFolder(async (folder) => {
    const dogs = await writeJson(`${folder}/dogs.json`, {
      images: [{ id: 1, file_name: "1.png", width: 64, height: 64 }],
      categories: [{ id: 1, name: "dog" }],
      annotations: [],
    });
    const photographs = await maskFiles(folder);
    await Deno.writeTextFile(`${folder}/2.png`, "no picture");
    const validation = ["--validation-annotations", photographs[1], "--validation-images", folder];
    const { code, printed, message } = await runMain(
      ...[...short, ...validation, "--validate-every", "1", "--out", `${folder}/out`],
    );
    assert.equal(code, 0, message);
    assert.match(printed, /judged {3}step 2: AP \d/);
    assert.equal(message.match(/not judged: .*2\.png/g)?.length, 1); // said once

    const refused: [string[], RegExp][] = [
      [
        [...validation.with(1, dogs), "--validate-every", "1"],
        /no categories are called "person"/,
      ],
      [validation, /--validation-annotations needs --validate-every/],
      [
        [...photographs, "--classes", "person", "--validate-every", "1"],
        /--validate-every needs --validation-annotations and --validation-images/,
      ],
    ];
    for (const [args, expected] of refused) {
      const { code, message } = await runMain(...short, ...args, "--out", `${folder}/no`);
      assert.equal(code, 1);
      assert.match(message, expected);
    }
  });
});
