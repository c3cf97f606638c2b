import assert from "node:assert/strict";
import { POSETRACK } from "ae";
import { runMain } from "./run_main.ts";
import { inFolder } from "../in_folder.ts";
import { jsonOf, writeJson } from "./scene_files.ts";

/** Lines of a MOTChallenge file: each frame's identities, all on places of their own. */
function lines(...frames: readonly (readonly (readonly [identity: number, place: number])[])[]) {
  return frames.flatMap((things, f) =>
    things.map(([identity, place]) => `${f + 1},${identity},${20 * place},0,10,10,1,-1,-1,-1\n`)
  ).join("");
}

const truth = lines([[1, 0], [2, 1]], [[1, 0], [2, 1]]);
const found = lines([[7, 0], [8, 1]], [[7, 0], [9, 1]]); // one switch

/** A PoseTrack file of three frames with one person. */
function poseFile(identities: readonly number[], more: object = {}) {
  return {
    images: identities.map((_, f) => ({ id: f + 1, file_name: `${f + 1}.jpg` })),
    annotations: identities.map((track_id, f) => ({
      image_id: f + 1,
      track_id,
      keypoints: POSETRACK.keypoints.flatMap((_, k) => [10 + k, 20 + 3 * k, 1]),
      bbox_head: [0, 0, 30, 40],
    })),
    categories: [{ keypoints: POSETRACK.keypoints }],
    ...more,
  };
}

Deno.test("evaluate-tracks measures two files, writes all figures and draws who was found when", async () => {
  await inFolder(async (folder) => {
    const paths = [`${folder}/gt.txt`, `${folder}/found.txt`];
    await Deno.writeTextFile(paths[0], truth);
    await Deno.writeTextFile(paths[1], found);
    const written = ["--json", `${folder}/f.json`, "--timeline", `${folder}/t.svg`];
    const { code, printed, message } = await runMain("evaluate-tracks", ...paths, ...written);
    assert.deepEqual([code, message], [0, ""]);
    const [head, row, ...rest] = printed.split("\n").map((line) => line.trim().split(/\s+/));
    assert.deepEqual(rest, []);
    const cell = (name: string) => row[head.indexOf(name) + 1];
    assert.deepEqual([row[0], cell("MOTA"), cell("IDF1"), cell("switches")], [
      "gt.txt",
      "0.750",
      "0.750",
      "1",
    ]);
    const json = await jsonOf(`${folder}/f.json`);
    assert.deepEqual([json.dataset, json.figures.MOTA, json.videos["gt.txt"].IDF1], [
      "mot",
      0.75,
      0.75,
    ]);
    assert.match(await Deno.readTextFile(`${folder}/t.svg`), /2 changes its identity in frame 2/);
  });
});

Deno.test("evaluate-tracks measures folders, each video and all together", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/truth/a/gt`, { recursive: true });
    await Deno.mkdir(`${folder}/truth/b`, { recursive: true });
    await Deno.mkdir(`${folder}/found`);
    await Deno.writeTextFile(`${folder}/truth/a/gt/gt.txt`, truth);
    await Deno.writeTextFile(`${folder}/truth/b/gt.txt`, truth);
    const folders = [`${folder}/truth`, `${folder}/found`];
    await Deno.writeTextFile(`${folder}/found/a.txt`, found);
    const half = await runMain("evaluate-tracks", ...folders);
    assert.deepEqual([half.code, half.message], [
      1,
      `evaluate-tracks: ${folder}/found: no results for b`,
    ]);
    await Deno.writeTextFile(`${folder}/found/b.txt`, "");
    const { printed } = await runMain("evaluate-tracks", ...folders);
    const rows = printed.split("\n").map((line) => line.trim().split(/\s+/));
    assert.deepEqual(rows.slice(1).map(([name]) => name), ["a", "b", "all"]);
    const mota = rows[0].indexOf("MOTA") + 1;
    assert.deepEqual(rows.slice(1).map((row) => row[mota]), ["0.750", "0.000", "0.375"]);
    await Deno.writeTextFile(`${folder}/found/c.txt`, "");
    const more = await runMain("evaluate-tracks", ...folders);
    assert.match(more.message, /truth: no truth for the results c$/);
  });
});

Deno.test("evaluate-tracks measures PoseTrack by OKS and by its own rules", async () => {
  await inFolder(async (folder) => {
    const paths = [
      await writeJson(`${folder}/truth.json`, poseFile([1, 1, 1, 1])),
      await writeJson(`${folder}/found.json`, poseFile([7, 7, 7, 8])),
    ];
    const total = async (...options: string[]) => {
      const { code, printed, message } = await runMain("evaluate-tracks", ...paths, ...options);
      assert.deepEqual([code, message], [0, ""]);
      const rows = printed.split("\n").map((line) => line.trim().split(/\s+/));
      const head = rows.findIndex(([first]) => first === "PoseTrack");
      assert.equal(rows[1][rows[0].indexOf("MOTA") + 1], "0.750");
      return rows[head + 1][rows[head].indexOf("total")];
    };
    assert.equal(await total(), "0.750");
    assert.equal(await total("--poseval"), "1.000"); // the switch is in the last frame
  });
});

Deno.test("evaluate-tracks excuses what lies on the classes of --distractors", async () => {
  await inFolder(async (folder) => {
    const paths = [`${folder}/gt.txt`, `${folder}/found.txt`];
    await Deno.writeTextFile(paths[0], "1,1,0,0,10,10,1,1,1\n1,2,50,0,10,10,0,6,1\n");
    await Deno.writeTextFile(paths[1], "1,7,0,0,10,10,1\n1,8,50,0,10,10,1\n");
    const falsePositives = async (...options: string[]) => {
      const json = ["--json", `${folder}/f.json`];
      assert.equal((await runMain("evaluate-tracks", ...paths, ...json, ...options)).code, 0);
      return (await jsonOf(`${folder}/f.json`)).figures.falsePositives;
    };
    assert.deepEqual(
      [await falsePositives(), await falsePositives("--distractors", "2,6,7,8,12")],
      [1, 0],
    );
  });
});

Deno.test("evaluate-tracks refuses what does not fit together", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/gt.txt`, truth);
    await Deno.mkdir(`${folder}/empty`);
    for (const path of ["truth/A/gt.txt", "twice/A.json", "twice/A.txt"]) {
      await Deno.mkdir(`${folder}/${path.slice(0, path.lastIndexOf("/"))}`, { recursive: true });
      await Deno.writeTextFile(`${folder}/${path}`, truth);
    }
    const [file, pose] = [
      `${folder}/gt.txt`,
      await writeJson(`${folder}/p.json`, poseFile([1])),
    ];
    const cases: [string[], RegExp][] = [
      [[file], /RESULTS is missing\n {2}help: give TRUTH RESULTS/],
      [[file, file, file], /unexpected argument .*\n {2}help: give TRUTH RESULTS/],
      [[file, `${folder}/no.txt`], /no\.txt: no such file or folder/],
      [[file, folder], /gt\.txt is a file but .* is a folder\n {2}help: give two files/],
      [[file, pose], /hold \.json files and \.txt files/],
      [[`${folder}/empty`, folder], /empty: holds no truth/],
      [
        [`${folder}/truth`, `${folder}/twice`],
        /A\.txt: .*A\.json is there, too, for the same video/,
      ],
      [
        [file, file, "--threshold", "1.5"],
        /--threshold must be a number, above 0, at most 1, not 1.5/,
      ],
      [[file, file, "--threshold", "0"], /--threshold must be a number, above 0, at most 1, not 0/],
      [[file, file, "--poseval"], /--poseval is for PoseTrack/],
      [[file, file, "--distractors", "2,x"], /--distractors is a list of classes like 2,7,8,12/],
      [[pose, pose, "--distractors", "2"], /--distractors is for MOTChallenge/],
      [[file, file, "--json", folder], /cannot be written: it is a folder/],
    ];
    for (const [args, message] of cases) {
      const result = await runMain("evaluate-tracks", ...args);
      assert.equal(result.code, 1, args.join(" "));
      assert.match(result.message, message);
    }
  });
});
