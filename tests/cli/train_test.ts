import assert from "node:assert/strict";
import { COCO, rgbImage, writePng } from "ae";
import { runMain } from "./run_main.ts";
import { inFolder } from "../in_folder.ts";
import { writeJson } from "./scene_files.ts";

Deno.test("train says how often an instance or a person had no slot", async () => {
  await inFolder(async (folder) => {
    await writePng(`${folder}/1.png`, rgbImage(64, 64));
    const things = Array.from({ length: 32 }, (_, i) => {
      const [x, y] = [8 * (i % 8), 8 * Math.floor(i / 8)];
      const segmentation = [[x, y, x + 6, y, x + 6, y + 6, x, y + 6]];
      const keypoints = COCO.keypoints.flatMap(() => [x + 3, y + 3, 2]);
      const bbox = [x, y, 6, 6];
      return { id: i + 1, image_id: 1, category_id: 1, bbox, area: 36, segmentation, keypoints };
    });
    const truth = await writeJson(`${folder}/truth.json`, {
      images: [{ id: 1, file_name: "1.png", width: 64, height: 64 }],
      categories: [{ id: 1, name: "person", keypoints: COCO.keypoints }],
      annotations: things,
    });
    const short = ["--preset", "tiny-64", "--steps", "2", "--batch", "1", "--no-augment"];
    const options = ["--annotations", truth, "--images", folder, ...short];
    const run = async (...more: string[]) => {
      const { code, message } = await runMain("train", ...options, ...more);
      assert.equal(code, 0, message);
      return message;
    };
    const rest = "had no slot and taught no tags: over 30 in a picture";
    assert.equal(
      await run("--instances", "--out", `${folder}/masks`),
      `4 times an instance ${rest}`, // two of them in each of two steps
    );
    assert.equal(await run("--out", `${folder}/poses`), `4 times a person ${rest}`);
  });
});
