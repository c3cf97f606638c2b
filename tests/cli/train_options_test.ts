import assert from "node:assert/strict";
import { trainCommand } from "../../cli/train.ts";
import { checkTrainOptions, recipeName } from "../../cli/train_options.ts";
import { readOptions } from "../../cli/options.ts";

/** The options of a run of one step, read and looked at. */
function checked(...args: string[]) {
  const values = readOptions(trainCommand, ["--steps", "1", ...args]);
  checkTrainOptions(values);
  return recipeName(values);
}

Deno.test("checkTrainOptions() takes what goes together, and recipeName() the usual recipe", () => {
  const photographs = ["--annotations", "a.json", "--images", "a"];
  assert.equal(checked(), "small");
  assert.equal(checked("--instances"), "instances");
  assert.equal(checked("--instances", "--classes", "dog", ...photographs), "instances");
  assert.equal(checked("--seed", "2017", ...photographs), "small"); // no scene is learnt from
  assert.equal(checked("--recompute", "--precision", "f16", "--recipe", "authors"), "authors");
  assert.equal(checked("--single-person", "--weights", "w", "--average", "0.99"), "small");
  assert.equal(checked("--single-person", "--threshold", "1.2"), "small"); // of a second look
  assert.equal(checked("--weights", "w", "--recompute", "--precision", "f16"), "small");
});

Deno.test("checkTrainOptions() and recipeName() say which options exclude one another", () => {
  const cases: [string[], RegExp][] = [
    [["--average", "1"], /^InputError: --average must be below 1, not 1$/],
    [["--instances", "--single-person"], /--instances is for masks, --single-person for keypoints/],
    [
      ["--instances", "--dataset", "coco", "--annotations", "a"],
      /--instances is for masks, --dataset for keypoints: choose one/,
    ],
    [["--instances", "--recipe", "paper"], /--recipe paper is for keypoints; --instances has its/],
    [["--recipe", "instances"], /--recipe instances is for masks: give --instances too/],
    [["--single-person", "--tag-distance", "1"], /--tag-distance is for networks with tags/],
    [
      ["--threshold", "1"],
      /^InputError: --threshold must be below 1, not 1\n {2}help: networks are taught heatmaps of 1/,
    ],
    [["--instances", "--threshold", "1.5"], /--threshold must be below 1, not 1.5/],
    [["--single-person", "--threshold", "5.1"], /--threshold must be .* at most 5, not 5.1/],
    [["--poses", "p", "--images", "a"], /--poses is for drawn scenes; photographs have their own/],
    [["--seed", "2018"], /--seed 2018 is the seed of scenes to judge on; take another/],
  ];
  for (const [args, message] of cases) assert.throws(() => checked(...args), message);
  assert.throws(
    () => checkTrainOptions(readOptions(trainCommand, [])),
    /^InputError: how long\?\n {2}help: give --steps or --minutes$/,
  );
});
