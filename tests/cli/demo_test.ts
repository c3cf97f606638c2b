import assert from "node:assert/strict";
import { readImage } from "ae";
import { runMain } from "./run_main.ts";

/** Run a command line that must succeed; what it printed. */
async function succeeding(...args: string[]): Promise<string> {
  const { code, printed, message } = await runMain(...args);
  assert.equal(code, 0, message);
  return printed;
}

Deno.test("main() runs the demo to its report, figures, pictures and weights, which predict reads", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const out = `${folder}/demo`;
    const said = await succeeding("demo", "--steps", "2", "--batch", "2", "--out", out);
    assert.match(said, /trained now .*ideal maps/);

    const metrics = JSON.parse(await Deno.readTextFile(`${out}/metrics.json`));
    const figures = ["AP", "AP50", "AP75", "AP_M", "AP_L", "AR", "AR50", "AR75", "AR_M", "AR_L"];
    assert.deepEqual(Object.keys(metrics.keypoints).sort(), figures.toSorted());
    assert.deepEqual(Object.keys(metrics.idealMaps).sort(), figures.toSorted());
    assert.ok(metrics.idealMaps.AP50 > 0.97 && metrics.idealMaps.AP > 0.7);
    const { accuracyGivenTrueDetections } = metrics.grouping;
    assert.ok(accuracyGivenTrueDetections > 0 && accuracyGivenTrueDetections < 1);
    assert.equal(metrics.steps, 2);
    assert.equal(metrics.seed, 1);
    for (const name of ["seconds", "imagesPerSecond"]) assert.ok(metrics[name] > 0, name);
    assert.match(metrics.evaluationScenes, /^synthetic scenes, version \d+, setting stage, seed /);
    assert.ok(metrics.adapter.length > 0);

    const report = await Deno.readTextFile(`${out}/report.html`);
    assert.match(report, /AP of each keypoint/);
    assert.doesNotMatch(report, /(?:src|href)="(?!data:|#)/); // self-contained
    const pictures = [...Deno.readDirSync(out)].map(({ name }) => name)
      .filter((name) => name.endsWith("_people.png"));
    assert.equal(pictures.length, 6);

    const photo = `${out}/${pictures[0]}`;
    const { width } = await readImage(photo);
    assert.equal(width, 512);
    assert.match(await Deno.readTextFile(`${out}/overview.svg`), /tags: whose/);
    const weights = `${out}/weights.safetensors`;
    const found = `${folder}/found`;
    assert.match(
      await succeeding("predict", photo, "--weights", weights, "--out", found),
      /people/,
    );
    assert.ok(Array.isArray(JSON.parse(await Deno.readTextFile(`${found}/results.json`))));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
