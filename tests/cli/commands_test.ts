import assert from "node:assert/strict";
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
    message: 'trian: unknown command "trian"; there are demo, train, predict, evaluate\n' +
      "  help: did you mean train?",
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
      [["train", "--steps", "1", "--preset", "dmo", "--out", out], /unknown preset "dmo"/],
      [["train", "--steps", "1", "--recipe", "x", "--out", out], /unknown recipe "x"/],
      [["train", "--steps", "1", "--size", "60", "--out", out], /--size 60 does not suit/],
      [["train", "--steps", "1", "--seed", "2017", "--out", out], /seed of the evaluation scenes/],
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
      [["predict", "--out", out], /no photograph given/],
      [
        ["predict", "a.jpg", "--weights", `${folder}/no.safetensors`, "--out", out],
        /no\.safetensors/,
      ],
      [["evaluate", "--annotations", `${folder}/no.json`], /--results is missing/],
    ];
    for (const [args, expected] of cases) {
      const { code, message } = await runMain(...args);
      assert.equal(code, 1, args.join(" "));
      assert.match(message, expected);
    }
    assert.deepEqual(files(), []);
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

Deno.test("main() names the file and the place of bad records", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/truth.json`, JSON.stringify(truth));
    const short = [{ image_id: 1, category_id: 1, keypoints: keypoints.slice(3), score: 0.5 }];
    await Deno.writeTextFile(`${folder}/short.json`, JSON.stringify(short));
    const { message } = await runMain(
      "evaluate",
      "--annotations",
      `${folder}/truth.json`,
      "--results",
      `${folder}/short.json`,
    );
    assert.match(message, /short\.json.*keypoints.*48/s);
  });
});
