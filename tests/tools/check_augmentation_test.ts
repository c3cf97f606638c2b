import assert from "node:assert/strict";
import { augmentationCommand, WAYS, waysNamed } from "../../tools/check_augmentation.ts";
import { runTool } from "../../tools/tool.ts";
import { refinerFile } from "../cli/scene_files.ts";
import { inFolder } from "../in_folder.ts";

Deno.test("waysNamed() gives the ways of a list, or all of them", () => {
  assert.deepEqual(waysNamed(undefined), Object.entries(WAYS));
  const names = (text: string) => waysNamed(text).map(([name]) => name);
  assert.deepEqual(names("scales 1.5 and 1 + flip, flip"), ["scales 1.5 and 1 + flip", "flip"]);
  assert.throws(
    () => waysNamed("flip,3 scale"),
    /^InputError: unknown way to look "3 scale"; there are single scale, .*\n.*mean "3 scales"\?$/,
  );
});

Deno.test("check:augmentation measures the ways that are named, with every rule for second looks", async () => {
  await inFolder(async (folder) => {
    const { log } = console;
    const printed: string[] = [];
    const rows = ["flip", "  second", "  both"];
    console.log = (line: string) => printed.push(line);
    const report = `${folder}/report.html`;
    const measured = async (...args: string[]) => {
      await runTool("check:augmentation", augmentationCommand, [...args, "--report", report]);
      return await Deno.readTextFile(report);
    };
    try {
      const refine = ["--refine", await refinerFile(folder), "--threshold", "0.5"];
      const both = ["--scenes", "2", "--ways", "flip", ...refine, "--crops", "1.5, 1"];
      const html = await measured(...both);
      for (const row of rows.slice(1)) assert.ok(html.includes(`flip, ${row.trim()}`), row);
      for (const setting of [/peaks above.*0\.5/, /second looks above.*0\.15/, /crops.*1\.5, 1/]) {
        assert.match(html, setting);
      }
      // One way alone: nothing to compare it with.
      assert.doesNotMatch(await measured("--scenes", "1", "--ways", "single scale"), /Helped|Hurt/);
    } finally {
      console.log = log;
    }
    const found = printed.filter((line) => /^(flip| {2}second| {2}both)/.test(line));
    assert.deepEqual(found.map((line) => line.slice(0, 26).trimEnd()), [...rows, ...rows]);
    // The second look is the first one's network: it sees something, and the rules make a difference.
    const numbers = found.map((line) => line.slice(26).trim().split(/ +/).map(Number));
    assert.ok(numbers.every((row) => row.length === 10 && row.every((value) => value >= 0)));
    assert.ok(numbers.every(([AP]) => AP > 0));
    assert.equal(new Set(numbers.slice(3).map((row) => row.slice(0, -1).join())).size, 3);
  });
});
