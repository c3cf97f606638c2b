import assert from "node:assert/strict";
import { MPII } from "ae";
import { runMain } from "./run_main.ts";
import { inFolder } from "../in_folder.ts";
import { jsonOf, refinerFile, sceneFiles, writeJson } from "./scene_files.ts";

Deno.test("evaluate measures other people with every option that says how to look, and writes which", async () => {
  await inFolder(async (folder) => {
    const photographs = await sceneFiles(folder);
    const measured = async (...options: string[]) => {
      const json = ["--json", `${folder}/figures.json`, "--report", `${folder}/report.html`];
      const { code, message } = await runMain("evaluate", ...photographs, ...options, ...json);
      assert.deepEqual([code, message], [0, ""]);
      const { setup, ...figures } = await jsonOf(`${folder}/figures.json`);
      return { setup, figures: JSON.stringify(figures) };
    };
    const plain = await measured();
    assert.deepEqual(plain.setup, {
      weights: "those that come with the library",
      decoder: "default",
      scales: "1",
      flip: false,
      threshold: plain.setup.threshold,
      maxTagDistance: plain.setup.maxTagDistance,
      refine: "no",
      ids: "all",
    });
    assert.ok(plain.setup.threshold > 0 && plain.setup.maxTagDistance > 0);
    const refiner = await refinerFile(folder);
    const refined = { refine: refiner, refineThreshold: 0.15 };
    const cases: [string[], Record<string, unknown>][] = [
      [["--decoder", "pose-ae-demo"], { decoder: "pose-ae-demo" }],
      [["--threshold", "0.3"], { threshold: 0.3 }],
      [["--tag-distance", "0.01"], { maxTagDistance: 0.01 }],
      [["--scales", "1.5,1"], { scales: "1.5,1", threshold: 0.45 }], // the weight file's for several
      [["--flip"], { flip: true }],
      [["--refine", refiner], { ...refined, refineTake: "both" }],
      [["--refine", refiner, "--refine-take", "second"], { ...refined, refineTake: "second" }],
    ];
    for (const [options, changed] of cases) {
      const { setup, figures } = await measured(...options);
      assert.ok(figures !== plain.figures, options.join(" "));
      assert.deepEqual(setup, { ...plain.setup, ...changed });
    }
    assert.match(
      await Deno.readTextFile(`${folder}/report.html`),
      /one\.safetensors/,
      "the report says how it was predicted",
    );
  });
});

Deno.test("evaluate measures the category that the file calls people, predicted or given", async () => {
  await inFolder(async (folder) => {
    const photographs = await sceneFiles(folder, 18);
    const fresh = await runMain("evaluate", ...photographs);
    assert.deepEqual([fresh.code, fresh.message], [0, ""]);
    const out = ["--no-pictures", "--out", `${folder}/out`];
    assert.equal((await runMain("predict", ...photographs, ...out)).code, 0);
    const annotations = photographs.slice(0, 2);
    const results = `${folder}/out/results.json`;
    const given = await runMain("evaluate", ...annotations, "--results", results);
    assert.equal(given.printed, fresh.printed);
    assert.doesNotMatch(fresh.printed, /^AP {8}(undefined|0\.000)/);

    const others = (await jsonOf(results)).map((found: object) => ({ ...found, category_id: 1 }));
    const wrong = await writeJson(`${folder}/wrong.json`, others);
    assert.match(
      (await runMain("evaluate", ...annotations, "--results", wrong)).message,
      /wrong\.json: none of the results has category_id 18, as people have in .*truth\.json; the first has 1/,
    );
  });
});

/** One image of MPII's with one person, and its options. */
async function mpiiFiles(folder: string, head: object = { x1: 10, y1: 10, x2: 20, y2: 20 }) {
  const point = MPII.keypoints.map((_, id) => ({ id, x: 10 + 2 * id, y: 20 + id, is_visible: 1 }));
  const person = { ...head, scale: 0.2, objpos: { x: 25, y: 27 }, annopoints: { point } };
  const annolist = ["1.png", "2.png"].map((name) => ({ image: { name }, annorect: [person] }));
  return ["--annotations", await writeJson(`${folder}/mpii.json`, { annolist })];
}

Deno.test("evaluate looks at all other inputs before it predicts", async () => {
  await inFolder(async (folder) => {
    const photographs = await sceneFiles(folder);
    const mpii = [...await mpiiFiles(folder), "--images", folder];
    await Deno.mkdir(`${folder}/headless`);
    const headless = [...await mpiiFiles(`${folder}/headless`, {}), "--images", folder];
    const dogs = await jsonOf(photographs[1]);
    for (const annotation of dogs.annotations) annotation.category_id = 3;
    const noPeople = ["--annotations", await writeJson(`${folder}/dogs.json`, dogs)];
    const groups = await writeJson(`${folder}/groups.json`, [{ image: "1.png", people: [2] }]);
    const cases: [string[], RegExp][] = [
      [[...photographs, "--groups", groups], /--groups is for MPII/],
      [[...mpii, "--groups", groups], /groups\.json: \[0\]\.people names 2/],
      [[...mpii, "--groups", mpii[1]], /mpii\.json: a list of \{ image, people \} expected/],
      [headless, /person 1 has keypoints but no head box/],
      [
        [...noPeople, "--images", folder],
        /none of the annotations has category_id 1, the first has 3/,
      ],
      [[...photographs, "--json", `${folder}/no/a.json`], /no\/a\.json: cannot be written/],
      [[...photographs, "--report", `${folder}/no/a.html`], /no\/a\.html: cannot be written/],
      [[...photographs, "--report", folder], /cannot be written: it is a folder/],
    ];
    for (const [args, expected] of cases) {
      // These weights do not exist: whoever says so has come to predicting.
      const { code, message } = await runMain("evaluate", ...args, "--weights", "no.safetensors");
      assert.equal(code, 1);
      assert.match(message, expected);
    }
    const reached = await runMain("evaluate", ...photographs, "--weights", "no.safetensors");
    assert.match(reached.message, /no\.safetensors/);
  });
});

Deno.test("evaluate names all photographs that cannot be read, and gives no figures", async () => {
  await inFolder(async (folder) => {
    const photographs = await sceneFiles(folder);
    for (const name of ["1.png", "3.png"]) {
      const whole = await Deno.readFile(`${folder}/${name}`);
      await Deno.writeFile(`${folder}/${name}`, whole.subarray(0, whole.length / 2));
    }
    const json = ["--json", `${folder}/figures.json`];
    const { code, printed, message } = await runMain("evaluate", ...photographs, ...json);
    assert.deepEqual([code, printed], [1, ""]);
    assert.match(message, /2 of 3 photographs could not be read.*\n.*1\.png.*\n.*3\.png/);
    await assert.rejects(Deno.stat(json[1]), Deno.errors.NotFound);
  });
});

Deno.test("evaluate --groups takes those in the images of --ids", async () => {
  await inFolder(async (folder) => {
    const annotations = await mpiiFiles(folder);
    const results = ["--results", await writeJson(`${folder}/found.json`, [])];
    const groups = await writeJson(
      `${folder}/groups.json`,
      ["1.png", "2.png"].map((image) => ({ image, people: [1] })),
    );
    const first = await writeJson(`${folder}/first.json`, [1]);
    const json = ["--json", `${folder}/figures.json`];
    const options = [...annotations, ...results, ...json, "--groups", groups];
    const some = await runMain("evaluate", ...options, "--ids", first);
    assert.deepEqual([some.code, some.message], [0, ""]);
    assert.equal((await jsonOf(json[1])).images, 1);

    const only = await writeJson(`${folder}/only.json`, [{ image: "2.png", people: [1] }]);
    const none = await runMain("evaluate", ...options.slice(0, -1), only, "--ids", first);
    assert.match(none.message, /only\.json: none of its groups is in an image of --ids/);
  });
});
