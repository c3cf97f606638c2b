import assert from "node:assert/strict";
import { adapterInfo, readSafetensors, rgbImage, writePng, writeSafetensors } from "ae";
import { idsOf } from "../../cli/predict.ts";
import { runMain } from "./run_main.ts";

/** Run `body` in a folder that is gone afterwards; `files` says what is in it at the end. */
async function inFolder(body: (folder: string, files: () => string[]) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder, () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const keypoints = Array.from({ length: 17 }, (_, k) => [10 + k, 20 + 2 * k, 2]).flat();
const truth = {
  images: [{ id: 1, file_name: "1.png", width: 64, height: 64 }],
  annotations: [
    {
      id: 1,
      image_id: 1,
      category_id: 1,
      keypoints,
      num_keypoints: 17,
      bbox: [9, 9, 30, 40],
      area: 1200,
      iscrowd: 0,
    },
  ],
};

Deno.test("main() names the nearest command and option", async () => {
  assert.deepEqual(await runMain("trian"), {
    code: 1,
    printed: "",
    message: 'trian: unknown command "trian"; there are demo, demo:segment, demo:track, train, ' +
      'import-weights, calibrate, info, predict, track, evaluate, evaluate-tracks\n  help: did you mean "train"?',
  });
  const { code, message } = await runMain("train", "--presett", "demo");
  assert.equal(code, 1);
  assert.match(message, /did you mean --preset\?/);
});

Deno.test("main() refuses settings before anything is written", async () => {
  await inFolder(async (folder, files) => {
    const out = `${folder}/out`;
    const cases: [string[], RegExp][] = [
      [["train", "--steps", "0", "--out", out], /--steps must be a whole number, 1 or more, not 0/],
      [["train", "--out", out], /how long\?/],
      [
        ["train", "--steps", "1", "--out", import.meta.filename!],
        /output folder .* cannot be written/,
      ],
      [
        ["demo", "--steps", "1", "--out", import.meta.filename!],
        /output folder .* cannot be written/,
      ],
      [
        ["train", "--steps", "1", "--preset", "dmo", "--out", out],
        /unknown --preset "dmo"; there are demo, .*\n {2}help: did you mean "demo"\?/,
      ],
      [
        ["train", "--steps", "1", "--recipe", "x", "--out", out],
        /unknown --recipe "x"; there are small, authors, paper, higher-hrnet, instances/,
      ],
      [["train", "--steps", "1", "--size", "60", "--out", out], /--size 60 does not suit/],
      [
        ["train", "--steps", "1", "--size", "8200", "--out", out],
        /--size .* at most 8192, not 8200/,
      ],
      [
        ["train", "--steps", "1", "--threshold", "1", "--out", out],
        /--threshold .* below 1, not 1/,
      ],
      [
        ["predict", "x.jpg", "--threshold", "2", "--out", out],
        /--threshold .* below 1, not 2\n {2}help: networks are taught heatmaps of 1 at most: nobody/,
      ],
      [["evaluate", "--images", folder, "--threshold", "2"], /--threshold .* below 1, not 2/],
      [["track", folder, "--threshold", "2", "--out", out], /--threshold .* below 1, not 2/],
      [["train", "--steps", "1", "--seed", "2017", "--out", out], /seed of scenes to judge on/],
      [[
        "train",
        "--steps",
        "1",
        "--annotations",
        `${folder}/no.json`,
        "--images",
        folder,
        "--out",
        out,
      ], /no\.json/],
      [
        ["train", "--steps", "1", "--patience", "3", "--out", out],
        /--patience needs --validate-every/,
      ],
      [
        ["train", "--steps", "1", "--validation-images", folder, "--out", out],
        /--validation-images is given but not --validation-annotations/,
      ],
      [
        ["train", "--steps", "1", "--validate-every", "1", "--single-person", "--out", out],
        /--validate-every is for networks with tags/,
      ],
      [
        ["train", "--steps", "1", "--seed", "2018", "--out", out],
        /--seed 2018 is the seed of scenes to judge on/,
      ],
      [
        ["train", "--steps", "1", "--average", "5", "--out", out],
        /--average must be below 1, not 5/,
      ],
      [
        ["train", "--steps", "1", "--single-person", "--tag-distance", "0.5", "--out", out],
        /--tag-distance is for networks with tags/,
      ],
      [["predict", "--out", out], /no photograph given/],
      [
        ["predict", "a.jpg", "--weights", `${folder}/no.safetensors`, "--out", out],
        /no\.safetensors/,
      ],
      [
        ["train", "--steps", "1", "--images", folder, "--out", out],
        /--images is given but not --ann/,
      ],
      [
        ["train", "--steps", "1", "--no-augment", "--out", out],
        /--no-augment needs --annotations/,
      ],
      [
        ["train", "--steps", "1", "--poses", `${folder}/no.json`, "--out", out],
        /no\.json: no such file/,
      ],
      [
        ["demo", "--steps", "1", "--poses", `${folder}/no.json`, "--out", out],
        /no\.json: no such file/,
      ],
      [["predict", "--annotations", "a.json", "--out", out], /--annotations is given but not --im/],
      [["predict", "x.jpg", "--preset", "demo", "--out", out], /--preset needs --weights/],
      [["predict", "no/7.jpg", "a/07.png", "--out", out], /would both have image_id 7/],
      [
        ["train", "--steps", "1", "--batch", "1000000", "--out", out],
        /--batch 1000000: its images alone take 45.8 GiB\n {2}help: --accumulate/,
      ],
      [["predict", "no/such.jpg", "--out", out], /no\/such\.jpg: no such file/],
      [
        ["predict", `${import.meta.filename}/x.jpg`, "--out", out],
        /commands_test\.ts\/x\.jpg: cannot be read \(/,
      ],
      [["info", "-"], /-: no such file/],
      [["evaluate", "--annotations", `${folder}/no.json`], /neither --results nor --images given/],
      [["evaluate", "--results", "r.json"], /--annotations is missing/],
      [
        ["evaluate", "--annotations", "a", "--results", "r", "--weights", "w"],
        /--weights needs --images/,
      ],
      [
        ["evaluate", "--annotations", "a", "--results", "r", "--flip"],
        /--flip needs --images/,
      ],
      [
        ["evaluate", "--annotations", "a", "--results", "r", "--tag-distance", "1"],
        /--tag-distance needs --images/,
      ],
      [
        ["evaluate", "--annotations", "a", "--results", "r", "--scales", "1"],
        /--scales needs --images/,
      ],
      [["predict", "x.jpg", "--scales", "big", "--out", out], /--scales must be official, demo9/],
      [
        ["predict", "x.jpg", "--decoder", "higherhrnet", "--out", out],
        /unknown --decoder "higherhrnet".*\n {2}help: did you mean "higher-hrnet"\?/,
      ],
    ];
    for (const [args, expected] of cases) {
      const { code, message } = await runMain(...args);
      assert.equal(code, 1, args.join(" "));
      assert.match(message, expected);
    }
    assert.deepEqual(files(), []);
  });
});

Deno.test("main() goes on with a training run, and does not write over an unfinished one", async () => {
  await inFolder(async (folder, files) => {
    const sizes = ["--batch", "1", "--preset", "tiny-64", "--size", "64"];
    const run = (...more: string[]) =>
      runMain("train", ...sizes, "--save-every", "1", "--out", folder, ...more);
    const whole = await run("--steps", "3", "--validate-every", "2");
    assert.deepEqual([whole.code, whole.message], [0, ""]);
    assert.match(whole.printed, /judged {3}step 2: AP [^]*judged {3}step 3: AP /); // the last one, too
    assert.deepEqual(files(), [
      ".lock",
      "best.safetensors",
      "checkpoint.safetensors",
      "log.json",
      "metrics.jsonl",
      "weights.safetensors",
    ]);
    const finished = await run("--steps", "3", "--validate-every", "2", "--resume");
    assert.match(finished.printed, /resume {3}after 3 steps[^]*the run is finished/);

    const path = `${folder}/checkpoint.safetensors`;
    const { arrays, metadata } = await readSafetensors(path);
    const reached = { ...JSON.parse(metadata.reached), steps: 2, finished: false };
    await writeSafetensors(path, arrays, { ...metadata, reached: JSON.stringify(reached) });
    const fresh = await run("--steps", "3");
    assert.equal(fresh.code, 1);
    assert.match(fresh.message, /of a run that stopped after 2 steps\n {2}help: --resume goes on/);
    const other = await run("--steps", "4", "--validate-every", "2", "--resume");
    assert.match(other.message, /with "3" for --steps, this one has "4"/);
    const resumed = await run("--steps", "3", "--validate-every", "2", "--resume");
    assert.deepEqual([resumed.code, resumed.message], [0, ""]);
    assert.match(resumed.printed, /resume {3}after 2 steps/);
  });
});

Deno.test("main() goes on with 16-bit numbers and 16-bit weights as if it had never stopped, to the last bit", async () => {
  assert.ok((await adapterInfo()).f16, "the gate's adapter has 16-bit numbers");
  await inFolder(async (folder) => {
    // The recipe's rates depend on the step alone, so a run of two steps is the beginning of one of three.
    const run = (name: string, steps: number, ...more: string[]) =>
      runMain(
        ...["train", "--preset", "demo", "--batch", "1", "--recipe", "authors", "--half"],
        ...["--precision", "f16", "--average", "0.9", "--accumulate", "2"],
        ...["--steps", `${steps}`, "--out", `${folder}/${name}`, ...more],
      );
    const whole = await run("whole", 3);
    assert.deepEqual([whole.code, whole.message], [0, ""]);
    assert.equal((await run("cut", 2)).code, 0);
    const path = `${folder}/cut/checkpoint.safetensors`;
    const { arrays, metadata } = await readSafetensors(path);
    const reached = { ...JSON.parse(metadata.reached), finished: false };
    const settings = { ...JSON.parse(metadata.settings), "--steps": "3" };
    await writeSafetensors(path, arrays, {
      ...metadata,
      reached: JSON.stringify(reached),
      settings: JSON.stringify(settings),
    });
    const resumed = await run("cut", 3, "--resume");
    assert.deepEqual([resumed.code, resumed.message], [0, ""]);
    assert.match(resumed.printed, /resume {3}after 2 steps/);
    const { arrays: kept } = await readSafetensors(`${folder}/whole/checkpoint.safetensors`);
    assert.ok("loss_scale.value" in kept);
    for (const name of ["checkpoint", "weights"]) {
      const [a, b] = await Promise.all(
        ["whole", "cut"].map((run) => readSafetensors(`${folder}/${run}/${name}.safetensors`)),
      );
      assert.deepEqual(Object.keys(b.arrays), Object.keys(a.arrays));
      for (const [key, { data }] of Object.entries(a.arrays)) {
        assert.ok(data.every((value, i) => Object.is(value, b.arrays[key].data[i])), key);
      }
      const isHalf = Object.values(a.arrays).every(({ data }) => data instanceof Float16Array);
      assert.equal(isHalf, name === "weights");
    }
  });
});

Deno.test("main() trains a network that looks at one person at a time, and predicts with it", async () => {
  await inFolder(async (folder) => {
    const small = ["--steps", "1", "--batch", "1", "--preset", "tiny-64"];
    const one = await runMain("train", ...small, "--single-person", "--out", `${folder}/one`);
    assert.deepEqual([one.code, one.message], [0, ""]);
    assert.match(one.printed, /one person at a time/);
    const path = `${folder}/one/weights.safetensors`;
    const { metadata } = await readSafetensors(path);
    assert.equal(JSON.parse(metadata.options).tagDimensions, 0);
    assert.deepEqual([metadata.threshold, metadata.maxTagDistance], ["0.66", undefined]);
    // Its threshold is not that of the network it starts with, and may be another one.
    const again = [
      "train",
      "--steps",
      "1",
      "--batch",
      "1",
      "--single-person",
      "--threshold",
      "0.4",
    ];
    const from = ["--weights", new URL("../../weights/demo.safetensors", import.meta.url).pathname];
    assert.equal((await runMain(...again, ...from, "--out", `${folder}/two`)).code, 0);
    const two = await readSafetensors(`${folder}/two/weights.safetensors`);
    assert.deepEqual([two.metadata.threshold, two.metadata.maxTagDistance], ["0.4", undefined]);

    await writePng(`${folder}/7.png`, rgbImage(64, 64));
    const predict = ["predict", `${folder}/7.png`, "--out", `${folder}/found`];
    assert.equal((await runMain(...predict, "--refine", path)).code, 0);
    const shipped = new URL("../../weights/demo.safetensors", import.meta.url).pathname;
    const wrong: [string[], RegExp][] = [
      [[...predict, "--refine", shipped], /is a network for several people\n.*--single-person/],
      [[...predict, "--refine-take", "both"], /--refine-take needs --refine/],
      [
        [...predict, "--refine", path, "--refine-take", "best"],
        /unknown --refine-take "best"; there are second, both/,
      ],
      [[...predict, "--weights", path], /has no tags/],
      [["train", "--steps", "1", "--weights", path, "--out", `${folder}/x`], /they have no tags/],
    ];
    for (const [args, expected] of wrong) {
      const { code, message } = await runMain(...args);
      assert.equal(code, 1, args.join(" "));
      assert.match(message, expected);
    }
  });
});

Deno.test("main() evaluates a results file and writes its figures", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/truth.json`, JSON.stringify(truth));
    const found = [{ image_id: 1, category_id: 1, keypoints, score: 0.5 }];
    await Deno.writeTextFile(`${folder}/found.json`, JSON.stringify(found));
    const files = ["--annotations", `${folder}/truth.json`, "--results", `${folder}/found.json`];
    const { code } = await runMain("evaluate", ...files, "--json", `${folder}/figures.json`);
    assert.equal(code, 0);
    const figures = JSON.parse(await Deno.readTextFile(`${folder}/figures.json`));
    assert.ok(Math.abs(figures.keypoints.AP - 1) < 1e-12);
    assert.equal(figures.keypoints.AP_L, -1);
  });
});

Deno.test("main() trains on photographs, predicts and measures them", async () => {
  await inFolder(async (folder, files) => {
    await Deno.mkdir(`${folder}/images`);
    await writePng(
      `${folder}/images/1.png`,
      rgbImage(64, 64, new Uint8Array(3 * 64 * 64).fill(90)),
    );
    await Deno.writeTextFile(`${folder}/truth.json`, JSON.stringify(truth));
    const photographs = ["--annotations", `${folder}/truth.json`, "--images", `${folder}/images`];
    const small = ["--preset", "tiny-64", "--steps", "1", "--batch", "2", "--half"];
    const trained = await runMain("train", ...photographs, ...small, "--out", `${folder}/trained`);
    assert.deepEqual([trained.code, trained.message], [0, ""]);
    const weights = ["--weights", `${folder}/trained/weights.safetensors`];

    const out = `${folder}/predicted`;
    const predicted = await runMain("predict", ...photographs, ...weights, "--out", out);
    assert.deepEqual([predicted.code, predicted.message], [0, ""]);
    assert.match(predicted.printed, /1\.png: image_id 1, \d+ people, .*\/1_1\.png/);
    assert.deepEqual([...Deno.readDirSync(out)].map(({ name }) => name).sort(), [
      "1_1.png",
      "results.json",
    ]);
    const results = ["--results", `${out}/results.json`];
    const json = (name: string) => ["--json", `${folder}/${name}.json`];
    const [annotated] = [photographs.slice(0, 2)];
    assert.equal((await runMain("evaluate", ...annotated, ...results, ...json("a"))).code, 0);
    assert.equal((await runMain("evaluate", ...photographs, ...weights, ...json("b"))).code, 0);
    const [a, b] = ["a", "b"].map((name) =>
      JSON.parse(Deno.readTextFileSync(`${folder}/${name}.json`))
    );
    const { setup, ...figures } = b;
    assert.equal(JSON.stringify(figures), JSON.stringify(a));
    assert.equal(setup.weights, weights[1]);
    assert.equal((await runMain("evaluate", ...photographs, ...weights, "--flip")).code, 0);
    const more = ["--decoder", "mmpose", "--scales", "1.5,1", "--threshold", "0.3"];
    assert.equal((await runMain("evaluate", ...photographs, ...weights, ...more)).code, 0);

    // Of an annotated set, the damaged photographs are named; what was found is written, figures are not.
    await Deno.mkdir(`${folder}/cut`);
    const whole = await Deno.readFile(`${folder}/images/1.png`);
    await Deno.writeFile(`${folder}/cut/1.png`, whole.subarray(0, whole.length / 2));
    const cut = [...photographs.slice(0, 2), "--images", `${folder}/cut`];
    const partly = await runMain("predict", ...cut, ...weights, "--out", `${folder}/partly`);
    assert.equal(partly.code, 1);
    assert.match(partly.message, /1 of 1 photographs could not be read .*\n.*cut\/1\.png/);
    assert.equal(await Deno.readTextFile(`${folder}/partly/results.json`), "[]\n");
    const unmeasured = await runMain("evaluate", ...cut, ...weights, ...json("c"));
    assert.equal(unmeasured.code, 1);
    assert.match(unmeasured.message, /cut\/1\.png/);
    assert.ok(!files().includes("c.json"));

    // A damaged photograph is an error before anything is written.
    await Deno.writeTextFile(`${folder}/damaged.png`, "no picture");
    const args = [`${folder}/images/1.png`, `${folder}/damaged.png`, ...weights];
    const failed = await runMain("predict", ...args, "--out", `${folder}/never`);
    assert.equal(failed.code, 1);
    assert.match(failed.message, /damaged\.png: neither a JPEG nor a PNG/);
    assert.ok(!files().includes("never"));
  });
});

Deno.test("idsOf() takes numbers from names and gives the others what is left", () => {
  assert.deepEqual(idsOf(["a.jpg", "b/000000000002.jpg", "c.png", "1.png"]), [3, 2, 4, 1]);
});

Deno.test("main() names the file and the place of bad records", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/truth.json`, JSON.stringify(truth));
    const short = [{ image_id: 1, category_id: 1, keypoints: keypoints.slice(3), score: 0.5 }];
    await Deno.writeTextFile(`${folder}/short.json`, JSON.stringify(short));
    const results = ["--results", `${folder}/short.json`];
    const evaluate = (truth: string) =>
      runMain("evaluate", "--annotations", `${folder}/${truth}.json`, ...results);
    assert.match((await evaluate("truth")).message, /short\.json.*keypoints.*48/s);

    const [person] = truth.annotations;
    const unsure = { ...truth, annotations: [{ ...person, keypoints: keypoints.with(5, 0.7) }] };
    await Deno.writeTextFile(`${folder}/unsure.json`, JSON.stringify(unsure));
    assert.match(
      (await evaluate("unsure")).message,
      /unsure\.json: annotations\[0\]\.keypoints\[5\] is 0\.7, a visibility of 0, 1 or 2 expected$/,
    );
  });
});
