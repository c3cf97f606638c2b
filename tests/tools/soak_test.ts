import assert from "node:assert/strict";
import { it } from "std/testing/bdd";
import { Progress } from "ae";
import { growthOf, type Reading, soakPrediction, soakTraining } from "../../tools/soak.ts";

const progress = () =>
  new Progress({ label: "soak", total: 1000, sink: { show() {}, finish() {} } });

it("a short training and some predictions hold no more at their end", async () => {
  const runs = [
    await soakTraining({ steps: 16 }, { every: 2, progress: progress() }),
    await soakPrediction(640, { every: 64, progress: progress() }),
  ];
  for (const readings of runs) {
    const { gpuBytes } = growthOf(readings);
    assert.equal(gpuBytes, 0);
    // Counted, but not compared: other files of tests run in this process, too.
    if (Deno.build.os === "linux") assert.ok(readings.every(({ handles }) => handles > 3));
  }
});

it("growthOf() compares the last quarter with the second", () => {
  const reading = (done: number): Reading => ({
    done,
    residentBytes: 100 + done,
    heapBytes: done % 2 === 0 ? 50 : 20 + done,
    gpuBytes: done < 3 ? 0 : 8,
    handles: 5,
  });
  const { resident, heap, gpuBytes, handles } = growthOf([...Array(8).keys()].map(reading));
  assert.ok(Math.abs(resident - (106.5 / 102.5 - 1)) < 1e-12);
  assert.ok(Math.abs(heap - (27 / 23 - 1)) < 1e-12);
  assert.deepEqual([gpuBytes, handles], [0, 0]);
  assert.equal(growthOf([0, 1, 2, 7].map(reading)).gpuBytes, 8);
  assert.throws(() => growthOf([reading(0)]), /^RangeError: growthOf: 4 readings are needed/);
});
