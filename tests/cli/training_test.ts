import assert from "node:assert/strict";
import { disposeModel, lineSink, memory, PoseNet, Progress, stateOf } from "ae";
import { type Batch, batches } from "ae/data";
import { sceneSource } from "ae/data";
import { recipeOf, type Saving, train } from "../../cli/training.ts";

const options = {
  stacks: 1,
  channels: 8,
  increase: 0,
  depth: 2,
  stem: "stride2",
  batchNorm: "everywhere",
  tagInitScale: 4,
  seed: 5,
} as const;
const STEPS = 50;
const size = 16;

function stream(): AsyncIterable<Batch> {
  const source = sceneSource({ seed: 5, size, people: [1, 2] });
  return batches(source, { batchSize: 2, inputSize: size, stride: 2, slots: 2 });
}

async function trained(steps: number) {
  const model = new PoseNet(options);
  const progress = new Progress({ label: "test", total: steps, sink: lineSink(() => {}) });
  const { curves } = await train(model, stream(), recipeOf("small"), { steps }, progress);
  return { state: await stateOf(model), curves, model };
}

/** What training holds, by owner: loose tensors of earlier tests may be collected at any moment. */
const held = () => memory().filter(({ owner }) => ["training step", "variables"].includes(owner));

Deno.test("train() gives the same weights to the last bit for the same seed, and learns", async () => {
  const first = await trained(STEPS);
  const second = await trained(STEPS);
  disposeModel(first.model);
  disposeModel(second.model);
  assert.deepEqual(first.state, second.state);
  assert.ok(first.curves.loss.at(-1)! < first.curves.loss[0]);
});

Deno.test("train() holds no memory when it is done", async () => {
  const { model } = await trained(1);
  const before = held();
  const progress = new Progress({ label: "test", total: 30, sink: lineSink(() => {}) });
  await train(model, stream(), recipeOf("small"), { steps: 30 }, progress);
  assert.deepEqual(held(), before);
});

/** The stream, with a picture that is no picture from batch `from` on. */
async function* spoilt(from: number): AsyncGenerator<Batch> {
  let given = 0;
  for await (const batch of stream()) {
    if (given++ >= from) batch.images.data.fill(NaN);
    yield batch;
  }
}

Deno.test("train() stops when the loss is no number, before weights are saved", async () => {
  const progress = new Progress({ label: "test", total: 1, sink: lineSink(() => {}) });
  const run = (from: number, steps: number, saving?: Saving) =>
    train(new PoseNet(options), spoilt(from), recipeOf("small"), { steps }, progress, saving);
  await assert.rejects(run(0, 5), /RangeError: train: the loss is NaN at step 1\n.*--rate/);
  // Losses are read every 20 steps; the last one is read too, and so is one before weights are saved.
  await assert.rejects(run(2, 5), /train: the loss is NaN at step 5/);
  const saved: number[] = [];
  const save = (steps: number) => Promise.resolve(void saved.push(steps));
  await assert.rejects(run(2, 5, { everyMinutes: 0, save }), /train: the loss is NaN at step 3/);
  assert.deepEqual(saved, [1, 2]);
});

Deno.test("train() wants a limit, recipeOf() a known name", async () => {
  const progress = new Progress({ label: "test", total: 1, sink: lineSink(() => {}) });
  await assert.rejects(
    train(new PoseNet(options), stream(), recipeOf("small"), {}, progress),
    /train: give a number of steps or minutes/,
  );
  assert.throws(() => recipeOf("large"), /unknown recipe "large"; there are small, authors/);
});

Deno.test("recipeOf() takes another rate, heavier tags, and pull at full weight for who has learnt", () => {
  const recipe = recipeOf("small", { rate: 1, tagWeight: 4, learnt: true });
  assert.equal(recipe.pushWeight, 0.2);
  assert.equal(recipe.pullWeight(0), 0.2);
  assert.equal(recipe.learningRate(0, 1000), 1);
  assert.equal(recipeOf("small").pullWeight(0), 0.05 * 0.05);
  const { learningRate } = recipeOf("authors"); // drops late, however long the run is
  assert.deepEqual([0, 199_999, 200_000].map((step) => learningRate(0.5, step)), [
    2e-4,
    2e-4,
    1e-5,
  ]);
});
