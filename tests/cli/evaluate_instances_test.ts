import assert from "node:assert/strict";
import { encode } from "fast-png";
import { encodePng, encodeRunLengths, evaluateInstances, rgbImage } from "ae";
import type { CocoInstanceResult, CocoInstanceTruth } from "ae";
import fixture from "../fixtures/metrics/coco_instances.json" with { type: "json" };
import { runMain } from "./run_main.ts";
import { inFolder } from "../in_folder.ts";
import { jsonOf, writeJson } from "./scene_files.ts";

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
      [["--kind", "poses"], /unknown --kind "poses"; there are keypoints, masks, boxes/],
      [["--classes", "c1"], /--classes is for --kind masks and boxes/],
      [["--kind", "masks"], /--annotations is missing/],
      [["--kind", "masks", ...files, "--flip"], /--flip needs --images/],
      [["--kind", "masks", ...files, "--images", folder], /both --results and --images given/],
      [["--kind", "masks", ...files.slice(0, 2)], /neither --results nor --images given/],
      [["--kind", "masks", ...files, "--refine", "x"], /--refine is for --kind keypoints$/],
      [["--kind", "boxes", ...files, "--flip"], /--flip is for --kind keypoints and masks/],
      [["--kind", "boxes", ...files, "--report", "a.html"], /--report is for --kind keypoints/],
      [["--voc", "x"], /--voc is for --kind masks$/],
      [["--kind", "boxes", "--voc", "x"], /--voc is for --kind masks$/],
      [["--kind", "masks", ...files, "--set", "val"], /--set needs --voc$/],
      [["--kind", "masks", ...files, "--voc", "x"], /--annotations does not go with --voc$/],
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

const [WIDTH, HEIGHT] = [8, 6];

/** A mask of rows from `top` down to the bottom. */
function below(top: number, value = 1): Uint8Array<ArrayBuffer> {
  return new Uint8Array(WIDTH * HEIGHT).fill(value, top * WIDTH);
}

/** A VOC folder of two photographs, each with a dog in its lower four rows, the last of them void. */
async function vocFolder(folder: string): Promise<void> {
  for (
    const part of [
      "ImageSets/Segmentation",
      "JPEGImages",
      "SegmentationObject",
      "SegmentationClass",
    ]
  ) {
    await Deno.mkdir(`${folder}/${part}`, { recursive: true });
  }
  const numbers = (value: number) => {
    const data = below(2, value);
    data.fill(255, (HEIGHT - 1) * WIDTH);
    return encode({ width: WIDTH, height: HEIGHT, data, channels: 1 });
  };
  await Deno.writeTextFile(`${folder}/ImageSets/Segmentation/val.txt`, "a\nb\n");
  for (const name of ["a", "b"]) {
    await Deno.writeFile(`${folder}/JPEGImages/${name}.jpg`, encodePng(rgbImage(WIDTH, HEIGHT)));
    await Deno.writeFile(`${folder}/SegmentationObject/${name}.png`, numbers(1));
    await Deno.writeFile(`${folder}/SegmentationClass/${name}.png`, numbers(12)); // a dog
  }
}

Deno.test("evaluate --voc prints mAP^r of a VOC folder, and writes it class by class", async () => {
  await inFolder(async (folder) => {
    await vocFolder(folder);
    const found = (image_id: number, top: number, rest: object = {}) => ({
      image_id,
      category_id: 12,
      score: 0.5,
      segmentation: encodeRunLengths({ width: WIDTH, height: HEIGHT, data: below(top) }),
      ...rest,
    });
    const run = async (records: object[], ...more: string[]) => {
      const file = await writeJson(`${folder}/found.json`, records);
      return await runMain(
        "evaluate",
        "--kind",
        "masks",
        "--voc",
        folder,
        "--results",
        file,
        ...more,
      );
    };
    const json = `${folder}/figures.json`;
    // Without the void row: all of 3 rows in the first, 3 of 5 in the second.
    const { code, printed } = await run([found(1, 2, { score: 0.9 }), found(2, 0)], "--json", json);
    assert.equal(code, 0);
    assert.deepEqual(printed.split("\n"), [
      "mAP^r 0.5 11-point   1.000",
      "mAP^r 0.5 all-points 1.000",
      "mAP^r 0.7 11-point   0.545", // 6 of 11 recalls
      "mAP^r 0.7 all-points 0.500",
    ]);
    const { dataset, kind, images, byClass } = await jsonOf(json);
    assert.deepEqual([dataset, kind, images, byClass.length], ["voc", "masks", 2, 20]);
    assert.deepEqual([byClass[11].name, byClass[11].figures["mAP^r 0.7 all-points"]], ["dog", 0.5]);
    assert.equal(byClass[0].figures["mAP^r 0.5 11-point"], -1);

    const small = { segmentation: { size: [2, 2], counts: [0, 4] } };
    const cases: [object, RegExp][] = [
      [
        found(3, 0),
        /found\.json: results\[0\]\.image_id is 3, a place in the list of 2 photographs/,
      ],
      [
        found(1, 0, { category_id: 21 }),
        /results\[0\]\.category_id is 21, a class from 1 to 20 expected/,
      ],
      [found(1, 0, small), /results\[0\]\.segmentation\.size is \[2, 2\], but a\.jpg is \[6, 8\]/],
    ];
    for (const [record, expected] of cases) {
      const { code, message } = await run([record]);
      assert.equal(code, 1);
      assert.match(message, expected);
    }
    assert.match((await run([], "--set", "train")).message, /train\.txt: no such file/);
  });
});
