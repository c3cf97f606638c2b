import assert from "node:assert/strict";
import { evaluateInstances } from "ae";
import type { CocoInstanceResult, CocoInstanceTruth } from "ae";
import fixture from "../fixtures/metrics/coco_instances.json" with { type: "json" };
import { runMain } from "./run_main.ts";
import { inFolder, jsonOf, writeJson } from "./scene_files.ts";

const { truth, results } = fixture.main as unknown as {
  truth: CocoInstanceTruth;
  results: CocoInstanceResult[];
};

/** The fixture as files, and the options that name them. */
async function filesIn(folder: string): Promise<string[]> {
  const annotations = await writeJson(`${folder}/truth.json`, truth);
  return [
    "--annotations",
    annotations,
    "--results",
    await writeJson(`${folder}/found.json`, results),
  ];
}

Deno.test("evaluate --kind prints the figures of masks and of boxes, and writes all of them", async () => {
  await inFolder(async (folder) => {
    const files = await filesIn(folder);
    for (const shape of ["masks", "boxes"] as const) {
      const json = `${folder}/${shape}.json`;
      const { code, printed, message } = await runMain(
        "evaluate",
        "--kind",
        shape,
        ...files,
        "--json",
        json,
      );
      assert.deepEqual([code, message], [0, ""]);
      const lines = fixture.main[shape].map((value) => value.toFixed(3));
      assert.deepEqual(printed.split("\n").map((line) => line.split(/\s+/)[1]), lines);
      const { statistics, byClass, images } = evaluateInstances(truth, results, { shape });
      assert.deepEqual(await jsonOf(json), {
        dataset: "coco",
        kind: shape,
        images,
        figures: statistics,
        byClass,
      });
    }
  });
});

Deno.test("evaluate --classes and --ids measure a part", async () => {
  await inFolder(async (folder) => {
    const files = await filesIn(folder);
    const json = `${folder}/figures.json`;
    const ids = await writeJson(`${folder}/ids.json`, [100, 103, 106]);
    const part = ["--classes", "c7,c1", "--ids", ids, "--json", json];
    assert.equal((await runMain("evaluate", "--kind", "masks", ...files, ...part)).code, 0);
    const { figures, byClass, images } = await jsonOf(json);
    const options = { categoryIds: [1, 7], imageIds: [100, 103, 106] };
    assert.deepEqual(figures, evaluateInstances(truth, results, options).statistics);
    assert.deepEqual(byClass.map(({ name }: { name: string }) => name), ["c1", "c7"]);
    assert.equal(images, 3);
  });
});

Deno.test("evaluate --kind says what does not fit, and writes nothing then", async () => {
  await inFolder(async (folder) => {
    const files = await filesIn(folder);
    const json = `${folder}/figures.json`;
    const wrong = await writeJson(`${folder}/wrong.json`, [{ ...results[0], score: null }]);
    const cases: [string[], RegExp][] = [
      [["--kind", "poses"], /--kind can be keypoints, masks or boxes, not poses/],
      [["--classes", "c1"], /--classes is for --kind masks and boxes/],
      [["--kind", "masks"], /--annotations is missing/],
      [["--kind", "masks", ...files, "--flip"], /--flip is for --kind keypoints/],
      [["--kind", "boxes", ...files, "--report", "a.html"], /--report is for --kind keypoints/],
      [
        ["--kind", "masks", ...files, "--classes", "c2"],
        /--classes: .*truth\.json has no class "c2"\n {2}help: it has c1, c3, c7/,
      ],
      [
        ["--kind", "masks", ...files, "--json", `${folder}/no/a.json`],
        /a\.json: cannot be written/,
      ],
      [
        ["--kind", "masks", ...files.slice(0, 3), wrong, "--json", json],
        /wrong\.json: results\[0\]\.score is null, not a finite number/,
      ],
    ];
    for (const [args, expected] of cases) {
      const { code, message } = await runMain("evaluate", ...args);
      assert.equal(code, 1);
      assert.match(message, expected);
    }
    await assert.rejects(Deno.stat(json), Deno.errors.NotFound);
  });
});
