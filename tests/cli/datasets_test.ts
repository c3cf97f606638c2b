import assert from "node:assert/strict";
import { COCO, CROWDPOSE, MPII, rgbImage, type Skeleton, skeletonRecord, writePng } from "ae";
import { crowdPoseRecords } from "ae/data";
import { readAnnotationFile, readIds } from "../../cli/datasets.ts";
import { evaluateCommand } from "../../cli/evaluate.ts";
import { readOptions } from "../../cli/options.ts";
import { openPhotographs } from "../../cli/sources.ts";
import { runMain } from "./run_main.ts";
import { inFolder } from "../in_folder.ts";

async function write(path: string, content: unknown): Promise<string> {
  await Deno.writeTextFile(path, JSON.stringify(content));
  return path;
}

/** A person of any skeleton in an image of 64 x 64 pixels, in COCO's form. */
function cocoFile({ keypoints: names }: Skeleton, image: object = {}) {
  const keypoints = names.flatMap((_, k) => [10 + 2 * k, 20 + k, 2]);
  const record = { image_id: 1, category_id: 1, keypoints };
  return {
    truth: {
      images: [{ id: 1, file_name: "1.png", width: 64, height: 64, ...image }],
      annotations: [{ ...record, id: 1, bbox: [5, 5, 50, 50], area: 1400, iscrowd: 0 }],
    },
    results: [{ ...record, score: 0.5 }],
  };
}

/** The same person, in MPII's form, and found with a score for each keypoint. */
function mpiiFile() {
  const point = MPII.keypoints.map((_, id) => ({ id, x: 10 + 2 * id, y: 20 + id, is_visible: 1 }));
  const person = { x1: 10, y1: 10, x2: 20, y2: 20, scale: 0.2, objpos: { x: 25, y: 27 } };
  return {
    truth: {
      annolist: [
        { image: { name: "1.png" }, annorect: [{ ...person, annopoints: { point } }] },
        { image: { name: "secret.png" }, annorect: [person] },
      ],
      img_train: [1, 0],
    },
    results: [{
      image_id: 1,
      category_id: 1,
      keypoints: point.flatMap(({ x, y }) => [x, y, 0.5]),
      score: 0.5,
    }],
  };
}

const own: Skeleton = {
  name: "hand",
  keypoints: ["wrist", "left_tip", "right_tip"],
  flip: [0, 2, 1],
  limbs: [[0, 1], [0, 2]],
  sigmas: [0.1, 0.1, 0.1],
  groupingOrder: [0, 1, 2],
};

Deno.test("readAnnotationFile() tells the data sets by what is in the file", async () => {
  await inFolder(async (folder) => {
    const kindOf = async (content: unknown, ...args: string[]) => {
      const path = await write(`${folder}/a.json`, content);
      const file = await readAnnotationFile(
        readOptions(evaluateCommand, ["--annotations", path, ...args]),
        path,
      );
      return [file.kind, file.skeleton.name];
    };
    const crowded = cocoFile(CROWDPOSE, { crowdIndex: 0.4 }).truth;
    assert.deepEqual(await kindOf(cocoFile(COCO).truth), ["coco", "coco"]);
    assert.deepEqual(await kindOf(crowded), ["crowdpose", "crowdpose"]);
    assert.deepEqual(await kindOf(mpiiFile().truth), ["mpii", "mpii"]);
    assert.deepEqual(await kindOf({ RELEASE: mpiiFile().truth }), ["mpii", "mpii"]);
    assert.deepEqual(
      await kindOf(crowded, "--dataset", "coco", "--skeleton", "crowdpose"),
      ["coco", "crowdpose"],
    );
    const skeleton = await write(`${folder}/hand.json`, skeletonRecord(own));
    assert.deepEqual(await kindOf(cocoFile(own).truth, "--skeleton", skeleton), ["coco", "hand"]);
    const mat = new URL("../fixtures/io/mpii_made_up.mat", import.meta.url).pathname;
    const { kind } = await readAnnotationFile(readOptions(evaluateCommand, []), mat);
    assert.equal(kind, "mpii");

    await assert.rejects(kindOf(crowded, "--dataset", "cocoo"), {
      name: "InputError",
      message: 'unknown --dataset "cocoo"; there are coco, crowdpose, mpii\n' +
        '  help: did you mean "coco"?',
    });
    await assert.rejects(
      kindOf(crowded, "--skeleton", "mpii"),
      /^InputError: --skeleton is for files in COCO's form; crowdpose has its own/,
    );
    await assert.rejects(kindOf(crowded, "--skeleton", "x"), /^InputError: unknown skeleton "x"/);
    await assert.rejects(
      kindOf(null),
      /expected an object with images and annotations, found null/,
    );
  });
});

Deno.test("readIds() reads JSON lists and lines", async () => {
  await inFolder(async (folder) => {
    const read = async (text: string) => {
      await Deno.writeTextFile(`${folder}/ids`, text);
      return [...await readIds(`${folder}/ids`) ?? []];
    };
    assert.deepEqual(await read("[3, 14]"), [3, 14]);
    assert.deepEqual(await read("3\n14\r\n15\n"), [3, 14, 15]);
    assert.equal(await readIds(undefined), undefined);
    await assert.rejects(read("3\nabc"), /^InputError: .*ids: "abc" is no image id/);
    await assert.rejects(read("[]"), /^InputError: .*ids: there are no image ids in it/);
  });
});

Deno.test("evaluate measures CrowdPose with easy, medium and hard", async () => {
  await inFolder(async (folder) => {
    const { truth, results } = cocoFile(CROWDPOSE, { crowdIndex: 0.4 });
    const files = [
      ["--annotations", await write(`${folder}/truth.json`, truth)],
      ["--results", await write(`${folder}/found.json`, results)],
      ["--json", `${folder}/figures.json`],
      ["--report", `${folder}/report.html`],
    ].flat();
    const { code, printed, message } = await runMain("evaluate", ...files);
    assert.deepEqual([code, message], [0, ""]);
    assert.match(printed, /^AP {8}1\.000\n[^]*AP_easy {3}undefined \(-1\)\nAP_medium 1\.000\n/);
    const json = JSON.parse(await Deno.readTextFile(`${folder}/figures.json`));
    assert.equal(json.dataset, "crowdpose");
    assert.ok(Math.abs(json.keypoints.AP_medium - 1) < 1e-12);
    assert.deepEqual([json.figures, json.images], [json.keypoints, 1]);
    assert.deepEqual(json.errors.total, { good: 14, jitter: 0, inversion: 0, swap: 0, miss: 0 });
    assert.equal(json.byKeypoint[12].keypoint, "head");
    assert.deepEqual(json.bySize.map(({ area }: { area: string }) => area), [
      "all",
      "medium",
      "large",
    ]);
    assert.equal(json.curves[9].name, "OKS 0.95");
    const report = await Deno.readTextFile(`${folder}/report.html`);
    assert.match(report, /CrowdPose keypoint evaluation[^]*AP_hard[^]*Errors/);
  });
});

Deno.test("evaluate and train take the category that a CrowdPose file calls people", async () => {
  await inFolder(async (folder) => {
    const { truth, results } = cocoFile(CROWDPOSE, { crowdIndex: 0.4 });
    const of = <T extends object>(records: T[]) =>
      records.map((one) => ({ ...one, category_id: 7 }));
    const categories = [{ id: 7, name: "person", keypoints: CROWDPOSE.keypoints }];
    const renamed = { ...truth, annotations: of(truth.annotations), categories };
    const annotations = ["--annotations", await write(`${folder}/truth.json`, renamed)];
    const found = ["--results", await write(`${folder}/found.json`, of(results))];
    const { code, printed, message } = await runMain("evaluate", ...annotations, ...found);
    assert.deepEqual([code, message], [0, ""]);
    assert.match(printed, /^AP {8}1\.000\n/);
    const [photo] = crowdPoseRecords(renamed, "truth.json");
    assert.equal(photo.people.length, 1);
  });
});

Deno.test("openPhotographs() leaves out what cannot be judged because its labels are secret, and counts it", async () => {
  await inFolder(async (folder) => {
    await writePng(`${folder}/1.png`, rgbImage(8, 8)); // and no secret.png, which is not looked for
    const path = await write(`${folder}/truth.json`, mpiiFile().truth);
    const values = readOptions(evaluateCommand, ["--annotations", path, "--images", folder]);
    const opened = await openPhotographs(values, "all", { judged: true });
    assert.deepEqual([opened?.photographs.length, opened?.secret], [1, 1]);
    await assert.rejects(openPhotographs(values, "all"), /secret\.png/);
  });
});

Deno.test("evaluate measures MPII, and leaves out what is secret or not asked for", async () => {
  await inFolder(async (folder) => {
    const { truth, results } = mpiiFile();
    const files = [
      ["--annotations", await write(`${folder}/truth.json`, truth)],
      ["--results", await write(`${folder}/found.json`, results)],
      ["--json", `${folder}/figures.json`],
      ["--report", `${folder}/report.html`],
    ].flat();
    const { code, printed, message } = await runMain("evaluate", ...files);
    assert.equal(code, 0);
    assert.equal(message, "1 images whose labels are not public were left out");
    assert.match(printed, /^total {5}1\.000\nhead {6}1\.000\n[^]*ankle {5}1\.000$/);
    const json = JSON.parse(await Deno.readTextFile(`${folder}/figures.json`));
    assert.deepEqual([json.dataset, json.figures.total, json.images, json.leftOut], [
      "mpii",
      1,
      1,
      1,
    ]);
    assert.equal(json.byKeypoint.length, 14);
    assert.equal(json.keypoints, undefined);
    assert.match(
      await Deno.readTextFile(`${folder}/report.html`),
      /MPII multi-person evaluation[^]*upper neck/,
    );

    const flat = results.map((result) => ({
      ...result,
      keypoints: result.keypoints.map((value, i) => i % 3 === 2 ? 1 : value),
    }));
    const flags = ["--results", await write(`${folder}/flags.json`, [...flat, ...flat])];
    const warned = await runMain("evaluate", ...files.slice(0, 2), ...flags);
    assert.match(warned.message, /^every keypoint found has the score 1, but MPII ranks/);

    const groups = await write(`${folder}/groups.json`, [{ image: "1.png", people: [1] }]);
    assert.equal((await runMain("evaluate", ...files, "--groups", groups)).code, 0);
    const wrong = await write(`${folder}/wrong.json`, [{ image: "1.png", people: [2] }]);
    assert.match(
      (await runMain("evaluate", ...files, "--groups", wrong)).message,
      /wrong\.json: \[0\]\.people names 2, 1\.png has people 1 to 1/,
    );
    const ids = await write(`${folder}/ids.json`, [2]);
    assert.match(
      (await runMain("evaluate", ...files, "--ids", ids)).message,
      /truth\.json: there are no images whose labels are public/,
    );
    const none = await write(`${folder}/none.json`, [5]);
    assert.match((await runMain("evaluate", ...files, "--ids", none)).message, /has no image 5/);
  });
});

Deno.test("evaluate --ids measures some of the images", async () => {
  await inFolder(async (folder) => {
    const { truth, results } = cocoFile(COCO);
    const second = { ...truth.images[0], id: 2 };
    const more = { ...results[0], image_id: 2 }; // nobody is there
    const both = { ...truth, images: [...truth.images, second] };
    const files = [
      ["--annotations", await write(`${folder}/truth.json`, both)],
      ["--results", await write(`${folder}/found.json`, [{ ...more, score: 0.9 }, ...results])],
    ].flat();
    assert.match((await runMain("evaluate", ...files)).printed, /^AP {8}0\.500\n/);
    const ids = ["--ids", await write(`${folder}/ids.json`, [1])];
    assert.match((await runMain("evaluate", ...files, ...ids)).printed, /^AP {8}1\.000\n/);
  });
});

Deno.test("train, predict and evaluate carry a skeleton of one's own", async () => {
  await inFolder(async (folder) => {
    const pixels = new Uint8Array(3 * 64 * 64).map((_, i) => (7 * i) % 251);
    await writePng(`${folder}/1.png`, rgbImage(64, 64, pixels));
    const { truth } = cocoFile(own);
    const annotations = ["--annotations", await write(`${folder}/truth.json`, truth)];
    const skeleton = ["--skeleton", await write(`${folder}/hand.json`, skeletonRecord(own))];
    const photographs = [...annotations, ...skeleton, "--images", folder];
    const small = ["--preset", "tiny-64", "--steps", "1", "--batch", "1"];
    const into = ["--threshold", "0", "--out", `${folder}/trained`];
    const trained = await runMain("train", ...photographs, ...small, ...into);
    assert.deepEqual([trained.code, trained.message], [0, ""]);
    const weights = ["--weights", `${folder}/trained/weights.safetensors`];

    const alone = [`${folder}/1.png`, ...weights, "--out", `${folder}/alone`];
    assert.equal((await runMain("predict", ...alone)).code, 0);
    const out = `${folder}/predicted`;
    const predicted = await runMain("predict", ...photographs, ...weights, "--out", out);
    assert.deepEqual([predicted.code, predicted.message], [0, ""]);
    const results = await Deno.readTextFile(`${out}/results.json`);
    assert.equal(results, await Deno.readTextFile(`${folder}/alone/results.json`));
    const people = JSON.parse(results);
    assert.ok(people.length > 0);
    for (const { keypoints } of people) assert.equal(keypoints.length, 9);

    const json = (name: string) => ["--json", `${folder}/${name}.json`];
    const found = ["--results", `${out}/results.json`];
    const given = await runMain("evaluate", ...annotations, ...skeleton, ...found, ...json("a"));
    const fresh = await runMain("evaluate", ...photographs, ...weights, ...json("b"));
    assert.deepEqual([given.code, fresh.code], [0, 0], given.message + fresh.message);
    const [a, b] = ["a", "b"].map((name) =>
      JSON.parse(Deno.readTextFileSync(`${folder}/${name}.json`))
    );
    assert.equal(JSON.stringify({ ...b, setup: undefined }), JSON.stringify(a));

    // The network finds three keypoints, not COCO's.
    const coco = ["--annotations", await write(`${folder}/coco.json`, cocoFile(COCO).truth)];
    for (const command of ["predict", "evaluate", "train"]) {
      const args = command === "evaluate" ? [] : ["--out", `${folder}/never`];
      const steps = command === "train" ? ["--steps", "1"] : [];
      const refused = await runMain(
        command,
        ...coco,
        "--images",
        folder,
        ...weights,
        ...args,
        ...steps,
      );
      assert.equal(refused.code, 1);
      assert.match(refused.message, /the network finds the 3 keypoints of "hand", .* 17 of "coco"/);
    }
    const scenes = await runMain("train", ...weights, "--steps", "1", "--out", `${folder}/never`);
    assert.match(scenes.message, /scenes show COCO's keypoints, the weights are for "hand"/);
    const lost = await runMain(
      "predict",
      `${folder}/1.png`,
      ...skeleton,
      "--out",
      `${folder}/never`,
    );
    assert.match(lost.message, /--skeleton needs --annotations/);
    const masks = await runMain("train", "--crowds-only", ...small, "--out", `${folder}/never`);
    assert.match(masks.message, /--crowds-only needs --annotations/);
    const without = ["--without", await write(`${folder}/ids.json`, [1])];
    const empty = await runMain(
      "train",
      ...photographs,
      ...small,
      ...without,
      "--out",
      `${folder}/never`,
    );
    assert.match(empty.message, /--without leaves no photograph to learn from/);
    assert.ok(![...Deno.readDirSync(folder)].some(({ name }) => name === "never"));
  });
});

Deno.test("train, predict and evaluate know MPII, whose keypoints have scores of their own", async () => {
  await inFolder(async (folder) => {
    const pixels = new Uint8Array(3 * 64 * 64).map((_, i) => (11 * i) % 253);
    await writePng(`${folder}/1.png`, rgbImage(64, 64, pixels));
    const [image] = mpiiFile().truth.annolist;
    const truth = { annolist: [image] };
    const judged = [
      "--validation-annotations",
      await write(`${folder}/all.json`, mpiiFile().truth),
    ];
    judged.push("--validation-images", folder, "--validate-every", "1");
    const annotations = ["--annotations", await write(`${folder}/truth.json`, truth)];
    const photographs = [...annotations, "--images", folder];
    const small = ["--preset", "tiny-64", "--steps", "1", "--batch", "1", "--threshold", "0"];
    const learnt = `${folder}/trained`;
    const trained = await runMain("train", ...photographs, ...judged, ...small, "--out", learnt);
    assert.deepEqual(
      [trained.code, trained.message],
      [0, "not judged: 1 images whose labels are not public"],
    );
    const weights = ["--weights", `${learnt}/weights.safetensors`];
    const out = `${folder}/predicted`;
    assert.equal((await runMain("predict", ...photographs, ...weights, "--out", out)).code, 0);
    const results = JSON.parse(await Deno.readTextFile(`${out}/results.json`));
    assert.ok(results.length > 0);
    const scores = results.flatMap(({ keypoints }: { keypoints: number[] }) =>
      keypoints.filter((_, i) => i % 3 === 2)
    );
    assert.ok(new Set(scores).size > 10, "keypoints have scores of their own");
    const found = ["--results", `${out}/results.json`];
    const { code, printed } = await runMain("evaluate", ...annotations, ...found);
    assert.equal(code, 0);
    assert.match(printed, /^total/);
  });
});
