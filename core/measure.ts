/**
 * Measuring candidates: every operation of a graph that can be computed in several ways is run alone, on numbers of
 * its own, once for each way.
 *
 * @module
 */
import type { Gpu } from "./device.ts";
import { typedArray } from "./dtype.ts";
import { GpuError } from "./errors.ts";
import { ancestors, resolveView } from "./graph.ts";
import { sizeOf } from "./host_array.ts";
import { lower, subjectOf } from "./lower.ts";
import { makePlan, type Place } from "./plan.ts";
import { acquireAll, type AnyBlock, release } from "./pool.ts";
import {
  bind,
  bufferOfLeaf,
  type Dispatch,
  encode,
  fenceHere,
  fillLeaves,
  passed,
  prepare,
} from "./run.ts";
import { Tensor } from "./tensor.ts";
import { TimestampQueries } from "./timestamps.ts";
import {
  isMeasuring,
  keepChoice,
  questionsOf,
  wantsMeasuring,
  withAnswer,
  withSubject,
} from "./tune.ts";

/** A sample takes about so long. */
const SAMPLE_MS = 40;
/** And has at most so many runs. */
const MOST_RUNS = 500;
const SAMPLES = 3;
/** A candidate that is slower than the best one's first sample by this factor is not sampled again. */
const HOPELESS = 1.5;

/** Measure what this graph asks and what is to be measured now: see tune.ts. */
export async function measureChoices(gpu: Gpu, roots: readonly Tensor[]): Promise<void> {
  if (!isMeasuring()) return;
  const found = new Map<string, { readonly x: Tensor; readonly candidates: readonly string[] }>();
  const collect = (x: Tensor) => {
    for (const [question, candidates] of questionsOf(() => planOne(x))) {
      if (!found.has(question) && wantsMeasuring(question)) found.set(question, { x, candidates });
    }
  };
  for (const x of ancestors(roots).computed) collect(x);
  await answer(gpu, found);
  found.clear();
  lower(roots.map(resolveView), collect); // those that these answers brought
  await answer(gpu, found);
}

/** Ask everything that planning this one operation asks. */
function planOne(x: Tensor): void {
  const { op, inputs, attrs } = x.recipe!;
  withSubject(() => subjectOf(x), () => op.lower?.({ inputs, output: x, attrs }));
}

async function answer(
  gpu: Gpu,
  questions: ReadonlyMap<string, { readonly x: Tensor; readonly candidates: readonly string[] }>,
): Promise<void> {
  for (const [question, { x, candidates }] of questions) {
    const timesMs: Record<string, number> = {};
    for (const candidate of candidates) {
      const best = Math.min(...Object.values(timesMs));
      try {
        timesMs[candidate] = await timeOf(gpu, x, question, candidate, best);
      } catch (error) {
        if (!(error instanceof GpuError)) throw error; // too large for the device, say: not a candidate here
      }
    }
    const [choice] = Object.keys(timesMs).sort((a, b) => timesMs[a] - timesMs[b]);
    if (choice === undefined) continue; // the step itself will say why
    await keepChoice(gpu.name, question, { choice, timesMs });
  }
}

/** Milliseconds of one operation computed in one way, the least of a few samples. */
async function timeOf(
  gpu: Gpu,
  x: Tensor,
  question: string,
  candidate: string,
  best: number,
): Promise<number> {
  const { op, inputs, attrs } = x.recipe!;
  const own = inputs.map(({ shape, dtype }) =>
    new Tensor(shape, dtype, { host: typedArray(dtype, sizeOf(shape)) })
  );
  const y = new Tensor(x.shape, x.dtype, { recipe: { op, inputs: own, attrs } });
  // Plan and shaders are made before the first await, while the answer holds.
  const { plan, preparing } = withAnswer(question, candidate, () => {
    const made = makePlan([y]);
    return { plan: made, preparing: prepare(gpu, made) };
  });
  const blocks: AnyBlock[] = [];
  try {
    const jobs = await preparing;
    await fillLeaves(gpu, plan.leaves);
    const buffers = acquireAll(plan.slots, "measuring");
    blocks.push(...buffers);
    const bufferOf = (place: Place) =>
      "slot" in place ? buffers[place.slot].buffer : bufferOfLeaf(place.leaf);
    const { dispatches, textures } = bind(gpu, jobs, bufferOf, "measuring");
    blocks.push(...textures);
    const run = (times: number) =>
      gpu.timestamps ? byDevice(gpu, dispatches, times) : byClock(gpu, dispatches, times);
    await run(1); // the driver compiles at the first dispatch
    const times = Math.min(MOST_RUNS, Math.ceil(SAMPLE_MS / Math.max(await run(1), 1e-3)));
    let least = await run(times);
    for (let i = 1; i < SAMPLES && least < HOPELESS * best; i++) {
      least = Math.min(least, await run(times));
    }
    return least;
  } finally {
    for (const block of blocks) release(block);
    for (const tensor of own) tensor.dispose();
  }
}

/** Milliseconds of one run, as the device tells them. */
async function byDevice(gpu: Gpu, dispatches: readonly Dispatch[], times: number) {
  const all = Array.from({ length: times }, () => dispatches).flat();
  const queries = new TimestampQueries(gpu, all.length);
  const encoder = gpu.device.createCommandEncoder();
  queries.encode(encoder, all);
  gpu.device.queue.submit([encoder.finish()]);
  const taken = await queries.read();
  return taken.reduce((sum, ms) => sum + ms, 0) / times;
}

/** The same by the clock on the wall, with what it takes to wait for the device. */
async function byClock(gpu: Gpu, dispatches: readonly Dispatch[], times: number) {
  const start = performance.now();
  const encoder = gpu.device.createCommandEncoder();
  for (let i = 0; i < times; i++) encode(encoder, dispatches);
  gpu.device.queue.submit([encoder.finish()]);
  await passed(fenceHere(gpu));
  return (performance.now() - start) / times;
}
