import assert from "node:assert/strict";
import { idealMaps, measure } from "../../cli/evaluation.ts";
import { decode } from "../../cli/prediction.ts";
import { scenes } from "./scene_files.ts";

Deno.test("measure() takes predictions one after the other and keeps neither maps nor pictures", async () => {
  const made = (await scenes()).map((sample) => decode(sample, idealMaps(sample, 64, 2), 64, 2));
  const expected = await measure(made, 8);
  assert.ok(expected.statistics.AP > 0.5);
  async function* oneAtATime() {
    for (const prediction of made) {
      yield await Promise.resolve(prediction);
      // Whoever looks at them later finds nothing.
      for (const { data } of [prediction.heatmaps, prediction.tags, prediction.sample.image]) {
        (data.buffer as ArrayBuffer).transfer(0);
      }
    }
  }
  const { statistics, grouping, keypointAp } = await measure(oneAtATime(), 8);
  assert.deepEqual(
    [statistics, grouping, keypointAp],
    [expected.statistics, expected.grouping, expected.keypointAp],
  );
});
