import assert from "node:assert/strict";
import { readSafetensors, writeSafetensors } from "ae";
import { shippedWeights } from "../../cli/weights.ts";
import { inFolder } from "../in_folder.ts";
import { runMain } from "./run_main.ts";
import { refinerFile, sceneFiles } from "./scene_files.ts";

/** The library's weights in a file that does not say how to decode. */
async function silentFile(folder: string): Promise<string> {
  const { arrays, metadata } = await readSafetensors((await shippedWeights())!);
  const { threshold: _, scalesThreshold: _several, ...silent } = metadata;
  await writeSafetensors(`${folder}/weights.safetensors`, arrays, silent);
  return `${folder}/weights.safetensors`;
}

/** The tables that were printed: names of the looks, and rows of a height and figures. */
function tablesIn(printed: string) {
  return printed.split(/\n\n/).map((table) => {
    const lines = table.split("\n");
    return {
      looks: lines.filter((line) => line.startsWith("(")).map((line) => line.slice(4)),
      rows: lines.filter((line) => line.startsWith("above")).map((line) => ({
        numbers: line.replace("above", "").replace("best", "").trim().split(/ +/).map(Number),
        isBest: line.trimEnd().endsWith("best"),
      })),
    };
  }).filter(({ rows }) => rows.length > 0);
}

Deno.test("calibrate chooses the height of highest mean AP for one scale and for several, and writes nothing unasked", async () => {
  await inFolder(async (folder) => {
    const path = await silentFile(folder);
    const before = await readSafetensors(path);
    const args = ["calibrate", "--weights", path, "--scenes", "3", "--scales", "1.5,1"];
    const tried = await runMain(...args);
    assert.deepEqual([tried.code, tried.message.includes("calibrate:")], [0, false]);
    assert.deepEqual(await readSafetensors(path).then(({ metadata }) => metadata), before.metadata);

    const tables = tablesIn(tried.printed);
    assert.deepEqual(
      tables.map(({ looks }) => looks),
      ["one scale", "1.5,1"].map((scales) =>
        ["64 pixels", "128 pixels"].flatMap((
          size,
        ) => [`${size}, ${scales}`, `${size}, ${scales}, flip`])
      ),
    );
    const chosen = tables.map(({ rows }) => {
      for (const { numbers: [, a, b, c, d, mean] } of rows) {
        assert.ok(Math.abs((a + b + c + d) / 4 - mean) < 2e-3); // rounded to three digits
      }
      const best = rows.filter(({ isBest }) => isBest);
      assert.equal(best.length, 1);
      const [{ numbers }] = best;
      assert.equal(numbers.at(-1), Math.max(...rows.map((row) => row.numbers.at(-1)!)));
      assert.ok(numbers.at(-1)! > 0.2);
      return numbers[0];
    });
    const words = `threshold ${chosen[0]}, scalesThreshold ${chosen[1]}`;
    assert.ok(tried.printed.endsWith(`\n${words}; --write would keep it`), tried.printed);
  });
});

Deno.test("calibrate --refine chooses on photographs how sure a second look must be, and leaves the first file alone", async () => {
  await inFolder(async (folder) => {
    const [photographs, refiner] = [await sceneFiles(folder), await refinerFile(folder)];
    const path = await silentFile(folder);
    const first = await Deno.readFile(path);
    const network = ["calibrate", "--weights", path, "--refine", refiner, "--scales", "1.5,1"];
    const args = [...network, ...photographs, "--write"];
    const { code, printed, message } = await runMain(...args);
    assert.equal(code, 0, message);
    const [{ looks, rows }] = tablesIn(printed);
    assert.deepEqual(
      looks,
      ["one scale", "one scale, flip", "1.5,1", "1.5,1, flip"].map((it) => `photographs, ${it}`),
    );
    const { numbers: [height] } = rows.find(({ isBest }) => isBest)!;
    const { metadata } = await readSafetensors(refiner);
    assert.deepEqual([metadata.threshold, metadata.scalesThreshold], [String(height), undefined]);
    assert.deepEqual(await Deno.readFile(path), first);
  });
});

Deno.test("calibrate refuses before it computes, and writes nothing where nobody is found", async () => {
  await inFolder(async (folder) => {
    const path = await silentFile(folder);
    const cases: [string[], RegExp][] = [
      [await sceneFiles(folder), /--scenes and --annotations are both given/],
      [["--scales", "1"], /--scales 1: one scale alone\n {2}help: looks at one scale are always/],
      [["--write"], /--write needs --weights/],
      [["--weights", path, "--refine", path], /is a network for several people/],
      [["--weights", `${folder}/no.safetensors`], /no\.safetensors: no such file/],
      [["--images", folder], /--images is given but not --annotations/],
    ];
    for (const [args, expected] of cases) {
      const { code, message } = await runMain("calibrate", ...args, "--scenes", "1");
      assert.equal(code, 1);
      assert.match(message, expected);
    }
    const { arrays, metadata } = await readSafetensors(path);
    const blank = Object.fromEntries(
      Object.entries(arrays).map((
        [name, { shape, data }],
      ) => [name, { shape, data: data.slice().fill(0 as never) }]),
    );
    await writeSafetensors(path, blank as typeof arrays, metadata);
    const { code, message } = await runMain(
      "calibrate",
      "--weights",
      path,
      "--scenes",
      "1",
      "--write",
    );
    assert.equal(code, 1);
    assert.match(message, /nobody is found above any height, so none is the best\n {2}help: train/);
    assert.deepEqual((await readSafetensors(path)).metadata, metadata);
  });
});
