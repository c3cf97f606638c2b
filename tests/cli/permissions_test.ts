import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "std/testing/bdd";
import { encodePng, rgbImage } from "ae";

/** The project: its workers and its weights are files there. */
const PROJECT = new URL("../../", import.meta.url).pathname;

let folder: string;

/** Run a command with exactly this leave. */
async function run(
  command: readonly string[],
  { read = [], write = [] }: {
    readonly read?: readonly string[];
    readonly write?: readonly string[];
  },
): Promise<{ readonly code: number; readonly said: string }> {
  const leave = [
    ...(read.length > 0 ? [`--allow-read=${read.join(",")}`] : []),
    ...(write.length > 0 ? [`--allow-write=${write.join(",")}`] : []),
  ];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--no-check", "--no-lock", "--import-map=import_map.json"],
      ...[...leave, "cli/main.ts", ...command],
    ],
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
    stdout: "null",
  }).output();
  return { code, said: new TextDecoder().decode(stderr) };
}

describe("commands need no more leave than docs/reliability.md says", () => {
  beforeAll(async () => {
    folder = await Deno.makeTempDir();
    await Deno.writeFile(`${folder}/grey.png`, encodePng(rgbImage(64, 64)));
  });
  afterAll(() => Deno.remove(folder, { recursive: true }));

  it("train: reads the library and its folder, writes its folder", async () => {
    const out = `${folder}/trained`;
    const train = ["train", "--steps", "1", "--batch", "1", "--out", out];
    const { code, said } = await run(train, { read: [PROJECT, folder], write: [folder] });
    assert.equal(code, 0, said);
    const without = await run(train.with(-1, `${folder}/other`), {
      read: [folder],
      write: [folder],
    });
    assert.equal(without.code, 1);
    assert.match(without.said, /train: .*Requires read access to ".*batch_worker\.ts"/);
    const nowhere = await run(train, { read: [PROJECT, folder], write: [`${folder}/elsewhere`] });
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.said, /^train: output folder .* cannot be written/m);
    assert.doesNotMatch(nowhere.said, /\n {4}at /);
  });

  it("predict: reads the weights and the picture, writes its folder", async () => {
    const predict = ["predict", `${folder}/grey.png`, "--out", `${folder}/found`];
    const leave = { read: [`${PROJECT}weights`, folder], write: [folder] };
    const { code, said } = await run(predict, leave);
    assert.equal(code, 0, said);
    const without = await run(predict, { ...leave, read: [folder] });
    assert.equal(without.code, 1);
    assert.match(without.said, /predict: Requires read access to ".*demo\.safetensors"/);
  });

  it("track: reads the weights and the frames, writes its folder", async () => {
    const track = ["track", `${folder}/grey.png`, "--out", `${folder}/tracks`];
    const leave = { read: [`${PROJECT}weights`, folder], write: [folder] };
    const { code, said } = await run(track, leave);
    assert.equal(code, 0, said);
    const without = await run(track, { ...leave, read: [`${PROJECT}weights`] });
    assert.equal(without.code, 1);
    assert.match(without.said, /track: .*Requires read access to ".*grey\.png"/);
  });

  it("calibrate: reads the weights, and for --write writes into their folder", async () => {
    const own = `${folder}/own`;
    await Deno.mkdir(own);
    await Deno.copyFile(`${PROJECT}weights/demo.safetensors`, `${own}/demo.safetensors`);
    const file = `${own}/demo.safetensors`;
    const calibrate = [
      "calibrate",
      "--weights",
      file,
      "--scenes",
      "1",
      "--scales",
      "1.5,1",
      "--write",
    ];
    const without = await run(calibrate, { read: [own] });
    assert.equal(without.code, 1);
    assert.match(without.said, /calibrate: .*cannot be written/);
    const { code, said } = await run(calibrate, { read: [own], write: [own] });
    assert.equal(code, 0, said);
  });

  it("info: reads the file and nothing else", async () => {
    const file = `${PROJECT}weights/demo.safetensors`;
    const { code, said } = await run(["info", file], { read: [file] });
    assert.equal(code, 0, said);
    const without = await run(["info", file], {});
    assert.equal(without.code, 1);
    assert.match(without.said, /^info: .*demo\.safetensors: Deno was not allowed to read/m);
  });
});
