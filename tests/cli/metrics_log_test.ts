import assert from "node:assert/strict";
import { MetricsLog } from "../../cli/metrics_log.ts";

const losses = (step: number) => ({ step, loss: 1 / step, heatmap: 0.5, pull: 0.25, push: 0.125 });
const judged = (step: number, AP: number) => ({ step, AP, AP50: 0.5, grouping: 0.9 });

async function inFolder(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await body(`${folder}/metrics.jsonl`).finally(() => Deno.remove(folder, { recursive: true }));
}

Deno.test("MetricsLog adds a line of JSON for each, and knows the best", () =>
  inFolder(async (path) => {
    const log = await MetricsLog.open(path, 0);
    assert.deepEqual([log.best(), log.sinceBest()], [-1, 0]);
    const ofF16 = { ...losses(20), lossScale: 32768, skipped: 1 };
    const lines = [losses(1), judged(10, 0.2), ofF16, judged(20, 0.4), judged(30, 0.3)];
    for (const line of lines) await log.add(line);
    const text = await Deno.readTextFile(path);
    assert.deepEqual(text.trim().split("\n").map((line) => JSON.parse(line)), lines);
    assert.deepEqual([log.best(), log.sinceBest(), log.lastJudged()], [0.4, 1, 30]);
    assert.deepEqual(log.curves().step, [1, 20]);
    assert.deepEqual(log.curves().loss, [1, 1 / 20]);
  }));

Deno.test("MetricsLog drops what was written after the step from which a run goes on", () =>
  inFolder(async (path) => {
    const log = await MetricsLog.open(path, 0);
    for (const line of [losses(20), judged(20, 0.4), losses(40), judged(40, 0.5)]) {
      await log.add(line);
    }
    await Deno.writeTextFile(path, '{"step":60,"lo', { append: true }); // killed while writing
    const again = await MetricsLog.open(path, 30);
    assert.deepEqual([again.best(), again.curves().step], [0.4, [20]]);
    assert.equal((await Deno.readTextFile(path)).split("\n").length, 3);
    await Deno.writeTextFile(path, "nonsense\n" + await Deno.readTextFile(path));
    await assert.rejects(
      MetricsLog.open(path, 30),
      /line 1 is no line of a training log: nonsense/,
    );
    assert.equal((await MetricsLog.open(path, 0)).best(), -1); // a new run begins a new log
  }));

Deno.test("MetricsLog writes through no link", () =>
  inFolder(async (path) => {
    const precious = `${path}.precious`;
    await Deno.writeTextFile(precious, "mine");
    await Deno.symlink(precious, path);
    const log = await MetricsLog.open(path, 0);
    await log.add(losses(1));
    assert.equal(await Deno.readTextFile(precious), "mine");
    assert.deepEqual(JSON.parse(await Deno.readTextFile(path)), losses(1));
  }));
