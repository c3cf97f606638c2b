/**
 * Does training hold its memory? Train the demo's network and compare what is held after 50 steps with what is held
 * after 500: bytes on the GPU by owner, which must be the same, and the process's resident size.
 *
 *     deno task check:memory [STEPS]
 *
 * @module
 */
import { memory } from "../mod.ts";
import { type Batch, batchesAhead } from "../data/mod.ts";
import { progressOnStderr } from "../cli/output.ts";
import { syntheticSource } from "../cli/sources.ts";
import { recipeOf } from "../cli/recipe.ts";
import { train } from "../cli/training.ts";
import { makeModel } from "../cli/weights.ts";

/** What is settled by then: shaders are compiled, buffers made, the JavaScript heap has its size. */
const SETTLED = 50;
const STEPS = 500;
const BATCH = 8;
/** The resident size may grow by this share: the JavaScript heap breathes. */
const BREATH = 0.05;

interface Reading {
  readonly owners: string;
  readonly gpuBytes: number;
  readonly residentBytes: number;
  /** Of these, what V8 has taken for the JavaScript heap: it grows by whole spaces of 16 MB. */
  readonly heapBytes: number;
}

function reading(): Reading {
  const rows = memory().toSorted((a, b) => a.owner.localeCompare(b.owner));
  const { rss, heapTotal } = Deno.memoryUsage();
  return {
    owners: rows.map(({ owner, buffers, bytes }) => `${owner} ${bytes} in ${buffers}`).join(", "),
    gpuBytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
    residentBytes: rss,
    heapBytes: heapTotal,
  };
}

/** The batches as they come; what is held is read before the batches that follow `after`. */
async function* watched(
  stream: AsyncIterable<Batch>,
  after: readonly number[],
  readings: Reading[],
): AsyncGenerator<Batch> {
  let given = 0;
  for await (const batch of stream) {
    if (after.includes(given)) readings.push(reading());
    yield batch;
    given++;
  }
}

const steps = Number(Deno.args[0] ?? STEPS);
if (!Number.isInteger(steps) || steps <= SETTLED) {
  console.error(`check:memory: steps must be a whole number above ${SETTLED}`);
  Deno.exit(2);
}
const { model, imageSize } = makeModel("demo", { seed: 1 });
const stream = batchesAhead(syntheticSource(1, imageSize), {
  batchSize: BATCH,
  inputSize: imageSize,
  stride: model.stride,
  slots: 4,
});
const progress = progressOnStderr({ label: "train", total: steps + 1 });
const readings: Reading[] = [];
await train(
  model,
  watched(stream, [SETTLED, steps], readings),
  recipeOf("small"),
  { steps: steps + 1, progress },
);
const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
for (const [i, { owners, gpuBytes, residentBytes, heapBytes }] of readings.entries()) {
  console.log(
    `after ${[SETTLED, steps][i]} steps: ${mebibytes(gpuBytes)} on the GPU, ${
      mebibytes(residentBytes)
    } resident, JavaScript heap ${mebibytes(heapBytes)}`,
  );
  console.log(`  ${owners}`);
}
const [before, after] = readings;
const growth = after.residentBytes / before.residentBytes - 1;
// A loss that is being read has its buffers from those that are free: at step 500 often, at step 50 never.
const settled = ({ owners }: Reading) =>
  owners.split(", ").filter((owner) => !/^(free|staging) /.test(owner)).join(", ");
const passed = settled(after) === settled(before) && after.gpuBytes === before.gpuBytes &&
  growth <= BREATH;
console.log(
  `resident size ${growth < 0 ? "shrank" : "grew"} by ${(100 * Math.abs(growth)).toFixed(1)} %: ${
    passed ? "passed" : "failed"
  }`,
);
Deno.exit(passed ? 0 : 1);
