import assert from "node:assert/strict";
import { adapterInfo, rgbImage } from "ae";
import { begin, demoOptions, demoSettingOf, enlarged, numberedName } from "../../cli/demos.ts";
import { type Command, readOptions } from "../../cli/options.ts";
import { inFolder } from "../in_folder.ts";

const command: Command = {
  summary: "",
  operands: "",
  options: demoOptions({ minutes: 3, out: "out/x" }, {
    batch: { type: "whole", default: 16, help: "" },
    rate: { type: "number", help: "" },
  }),
  run: () => Promise.resolve(),
};

Deno.test("demoOptions() are those of all demos, with what one has in another way", () => {
  assert.deepEqual(Object.keys(command.options), [
    ...["minutes", "steps", "batch", "seed", "rate", "out"],
  ]);
  const unseen = { seed: 7, name: "videos" } as const;
  const setting = (...args: string[]) => demoSettingOf(readOptions(command, args), unseen);
  const usual = { out: "out/x", seed: 1, batchSize: 16 };
  assert.deepEqual(setting(), { ...usual, limits: { minutes: 3 } });
  assert.deepEqual(setting("--steps", "5"), { ...usual, limits: { steps: 5 } });
  assert.throws(
    () => setting("--seed", "7"),
    /^InputError: --seed 7 is the seed of the evaluation videos; take another$/,
  );
});

Deno.test("begin() makes the folder and says with what the demo works", async () => {
  await inFolder(async (folder) => {
    const said: string[] = [];
    const { log } = console;
    console.log = (line: string) => said.push(line);
    const about = { network: "tiny: 5 numbers", measuredOn: "scenes" };
    try {
      const { name } = await adapterInfo();
      assert.equal(await begin(`${folder}/a/b`, about), name);
      assert.deepEqual(said, [
        `adapter      ${name}`,
        "network      tiny: 5 numbers",
        "measured on  scenes",
      ]);
    } finally {
      console.log = log;
    }
    assert.ok((await Deno.stat(`${folder}/a/b`)).isDirectory);
    await Deno.writeTextFile(`${folder}/file`, "");
    await assert.rejects(begin(`${folder}/file`, about), /output folder .*file cannot be written/);
  });
});

Deno.test("numberedName() counts from 01 and leaves no sign that a file system minds", () => {
  assert.equal(numberedName(0, "scene 2017/5"), "01_scene_2017_5");
  assert.equal(numberedName(11, "a.jpg"), "12_a_jpg");
});

Deno.test("enlarged() keeps the proportions", () => {
  const { width, height } = enlarged(rgbImage(3, 2), 8);
  assert.deepEqual([width, height], [24, 16]);
});
