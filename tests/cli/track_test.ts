import assert from "node:assert/strict";
import {
  AppearanceNet,
  COCO,
  CROWDPOSE,
  POSETRACK,
  readMotResults,
  readPoseTrackResults,
  resizeImage,
  rgbImage,
  writePng,
} from "ae";
import { syntheticVideo } from "ae/data";
import { saveAppearance } from "../../cli/appearance.ts";
import { makeModel, saveModel } from "../../cli/weights.ts";
import { runMain } from "./run_main.ts";
import { inFolder } from "../in_folder.ts";
import { writeJson } from "./scene_files.ts";

const video = syntheticVideo({ seed: 12, index: 1, size: 64, frames: 12, people: [2, 3] });
const frames = Array.from({ length: video.length }, (_, t) => video.frame(t));

/** The video as pictures whose names have no leading zeros. */
async function frameFiles(folder: string): Promise<string[]> {
  const paths = frames.map((_, t) => `${folder}/frame${t + 1}.png`);
  for (const [t, { image }] of frames.entries()) await writePng(paths[t], image);
  return paths;
}

/** The truth about the video in PoseTrack's form. */
function truth() {
  const places = POSETRACK.keypoints.map((name) => COCO.keypoints.indexOf(name));
  return {
    images: frames.map((_, t) => ({ id: t + 1, file_name: `${t + 1}.png` })),
    categories: [{ keypoints: POSETRACK.keypoints }],
    annotations: frames.flatMap(({ people, identities }, t) =>
      people.map(({ keypoints, box }, p) => ({
        image_id: t + 1,
        track_id: identities[p],
        bbox: box,
        bbox_head: [box[0], box[1], 8, 8],
        keypoints: places.flatMap((k) => {
          const at = keypoints[k];
          return at && at.visibility > 0 ? [at.x, at.y, 1] : [0, 0, 0];
        }),
      }))
    ),
  };
}

Deno.test("track follows people through a folder of frames, and evaluate-tracks measures it", async () => {
  await inFolder(async (folder) => {
    const paths = await frameFiles(folder);
    const out = `${folder}/out`;
    const { code, printed, message } = await runMain("track", folder, "--out", out);
    assert.deepEqual([code, message], [0, ""]);
    assert.match(
      printed,
      /^12 frames: [2-6] identities, seen \d+ times, the longest in \d+ frames\n/,
    );
    const names = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["animation.svg", "filmstrip.svg", "tracks.json", "tracks.txt"]);
    for (const name of names) assert.ok(printed.includes(`\n${out}/${name}`));
    const animation = await Deno.readTextFile(`${out}/animation.svg`);
    assert.equal(animation.match(/<animate /g)?.length, 12);
    assert.match(await Deno.readTextFile(`${out}/filmstrip.svg`), />frame 12</);

    const boxes = await readMotResults(`${out}/tracks.txt`);
    const people = await readPoseTrackResults(`${out}/tracks.json`);
    assert.deepEqual(people.map(({ frame }) => frame), paths.map((_, t) => t + 1));
    for (const { frame, things } of boxes) {
      const same = people.find((other) => other.frame === frame)!.things;
      assert.deepEqual(things.map((one) => one.identity), same.map((one) => one.identity));
      for (const [i, { box: [x, y, width, height] }] of things.entries()) {
        for (const at of same[i].keypoints) {
          if (!at) continue;
          assert.ok(
            at.x >= x && at.x <= x + width + 1e-9 && at.y >= y && at.y <= y + height + 1e-9,
          );
        }
      }
    }
    const { images } = JSON.parse(await Deno.readTextFile(`${out}/tracks.json`));
    assert.deepEqual(images.map(({ file_name }: { file_name: string }) => file_name), paths);

    const json = `${folder}/figures.json`;
    const true_ = await writeJson(`${folder}/truth.json`, truth());
    const measured = await runMain("evaluate-tracks", true_, `${out}/tracks.json`, "--json", json);
    assert.deepEqual([measured.code, measured.message], [0, ""]);
    const { figures } = JSON.parse(await Deno.readTextFile(json));
    assert.ok(figures.IDF1 > 0.7 && figures.identitySwitches <= 2, JSON.stringify(figures));
  });
});

Deno.test("track follows frames in the order given, and as its options say", async () => {
  await inFolder(async (folder) => {
    const paths = (await frameFiles(folder)).slice(0, 6);
    const out = ["--no-pictures", "--out", `${folder}/out`];
    const tracks = async (frames: string[], ...options: string[]): Promise<string> => {
      const { code, message } = await runMain("track", ...frames, ...options, ...out);
      assert.deepEqual([code, message], [0, ""]);
      return await Deno.readTextFile(`${folder}/out/tracks.txt`);
    };
    const plain = await tracks(paths);
    assert.ok(await tracks(paths) === plain, "alike twice");
    assert.ok(await tracks(paths.toReversed()) !== plain, "the order does not count");
    for (
      const options of [
        ["--identity-distance", "1e-9"],
        ["--least-score", "0.9"],
        ["--threshold", "0.95"],
        ["--flip"],
      ]
    ) assert.ok(await tracks(paths, ...options) !== plain, options.join(" "));
    const placed = await tracks(paths, "--by", "place", "--max-gap", "0");
    assert.ok(placed.split("\n").length > 6);
    assert.deepEqual(await tracks(paths, "--birth-score", "2"), ""); // nobody is ever born
    const names = [...Deno.readDirSync(`${folder}/out`)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["tracks.json", "tracks.txt"]);
  });
});

Deno.test("track knows people again in frames of another size than the network's", async () => {
  await inFolder(async (folder) => {
    const followed = async (scale: number) => {
      const own = `${folder}/${scale}`;
      await Deno.mkdir(own);
      for (const [t, { image }] of frames.slice(0, 5).entries()) {
        await writePng(`${own}/${t}.png`, resizeImage(image, 64 * scale, 64 * scale));
      }
      const { code } = await runMain("track", own, "--out", `${own}/out`);
      assert.equal(code, 0);
      return await readMotResults(`${own}/out/tracks.txt`);
    };
    const [small, large] = [await followed(1), await followed(6)];
    const identities = (tracks: typeof small) =>
      tracks.map(({ things }) => things.map(({ identity }) => identity).sort());
    assert.deepEqual(identities(large), identities(small));
    // In any order, for scores are not quite the same.
    const middles = (tracks: typeof small, scale: number) =>
      tracks[0].things.map(({ box: [x, y, width, height] }) => [
        scale * (x + width / 2),
        scale * (y + height / 2),
      ]);
    for (const [x, y] of middles(small, 6)) {
      const nearest = Math.min(...middles(large, 1).map((at) => Math.hypot(at[0] - x, at[1] - y)));
      assert.ok(nearest < 30, `${nearest} pixels from ${x}, ${y}`);
    }
    // 384 pixels are more than pictures show.
    const animation = await Deno.readTextFile(`${folder}/6/out/animation.svg`);
    assert.match(animation, /viewBox="-0\.5 -0\.5 320 320"/);
  });
});

Deno.test("track follows keypoints that PoseTrack does not know by place, and says what it cannot write", async () => {
  await inFolder(async (folder) => {
    const [path] = await frameFiles(folder);
    const skeleton = {
      ...CROWDPOSE,
      name: "paws",
      keypoints: CROWDPOSE.keypoints.map((k) => `${k} paw`),
    };
    const weights = `${folder}/paws.safetensors`;
    await saveModel(weights, makeModel("tiny-64", {}, {}, skeleton));
    const out = `${folder}/out`;
    const { code, message } = await runMain(
      ...["track", path, "--weights", weights, "--by", "place", "--least-score", "9", "--out", out],
    );
    assert.equal(code, 0, message);
    assert.equal(message, 'no tracks.json: "paws" has none of PoseTrack\'s keypoints');
    assert.equal(await Deno.readTextFile(`${out}/tracks.txt`), "");
  });
});

Deno.test("track says what is wrong, and leaves no tracks behind then", async () => {
  await inFolder(async (folder) => {
    const [path] = await frameFiles(folder);
    const empty = await Deno.makeTempDir({ dir: folder });
    await writePng(`${empty}.png`, rgbImage(32, 32));
    const other = `${folder}/crowd.safetensors`;
    await saveModel(other, makeModel("tiny-64", {}, {}, CROWDPOSE));
    const tags = `${folder}/tags.safetensors`;
    await saveAppearance(tags, new AppearanceNet({ channels: 8, keypoints: 3 }));
    const cases: [string[], RegExp][] = [
      [[], /no frame given\n {2}help: track FOLDER/],
      [[`${folder}/no.png`], /no\.png: no such file or folder/],
      [[path, folder], /is a folder\n {2}help: give files, or one folder alone/],
      [[empty], /there is no picture in it/],
      [[path, `${empty}.png`], /the frame is 32 x 32, the video's first is 64 x 64/],
      [[path, "--by", "luck"], /unknown --by "luck"; there are tag, place/],
      [[path, "--by", "place", "--tags", tags], /--tags needs --by tag/],
      [
        [path, "--tags", tags],
        /has tags of 3 keypoints, the pose network finds 17\n {2}help: --by/,
      ],
      [[path, "--weights", other], /has tags of 17 keypoints, the pose network finds 14/],
      [[path, "--weights", "weights/segment.safetensors"], /finds instances \(person\)/],
    ];
    for (const [args, expected] of cases) {
      const { code, message } = await runMain("track", ...args, "--out", `${folder}/out`);
      assert.equal(code, 1, args.join(" "));
      assert.match(message, expected);
      const left = await Array.fromAsync(Deno.readDir(`${folder}/out`)).catch(() => []);
      assert.deepEqual(left, []);
    }
  });
});
