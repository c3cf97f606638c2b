import assert from "node:assert/strict";
import { runMain } from "./run_main.ts";

Deno.test("main() runs the tracking demo to its report, figures, animations and weights", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const out = `${folder}/track`;
    const { code, printed, message } = await runMain(
      ...["demo:track", "--steps", "2", "--batch", "2", "--videos", "1", "--out", out],
    );
    assert.equal(code, 0, message);
    assert.match(printed, /shipped tags +tags trained now +places alone\nIDF1/);

    const metrics = JSON.parse(await Deno.readTextFile(`${out}/metrics.json`));
    assert.deepEqual(Object.keys(metrics.tracking), [
      "shipped tags",
      "tags trained now",
      "places alone",
    ]);
    for (const figures of Object.values(metrics.tracking) as Record<string, number>[]) {
      assert.ok(figures.IDF1 > 0.3 && figures.IDF1 <= 1, `${figures.IDF1}`);
      assert.equal(figures.frames, 40);
    }
    assert.deepEqual([metrics.steps, metrics.seed, metrics.batchSize], [2, 1, 2]);
    assert.match(
      metrics.evaluationVideos,
      /^synthetic videos, version \d+, seed \d+, 1 videos of 40/,
    );

    const report = await Deno.readTextFile(`${out}/report.html`);
    assert.match(report, /identity switches: \d+ by tags, \d+ by place/);
    assert.doesNotMatch(report, /(?:src|href)="(?!data:|#)/); // self-contained
    const animation = await Deno.readTextFile(`${out}/video_2019_0.svg`);
    assert.equal(animation.match(/<animate /g)?.length, 40);

    const again = await runMain("demo:track", "--seed", "2019", "--out", out);
    assert.equal(again.code, 1);
    assert.match(again.message, /--seed 2019 is the seed of the evaluation videos; take another/);
    const odd = await runMain("demo:track", "--batch", "3", "--out", out);
    assert.match(odd.message, /--batch 3 is no whole number of clips of 2 frames/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
