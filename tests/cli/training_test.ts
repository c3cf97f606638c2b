import assert from "node:assert/strict";
import { disposeModel, lineSink, memory, PoseNet, Progress, stateOf } from "ae";
import { type Batch, batches } from "ae/data";
import { sceneSource } from "ae/data";
import { recipeOf, train } from "../../cli/training.ts";

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

Deno.test("train() refuses to go on when the loss is no number, and to run for ever", async () => {
  const progress = new Progress({ label: "test", total: 1, sink: lineSink(() => {}) });
  const recipe = { ...recipeOf("small"), pushWeight: Infinity / 2 };
  await assert.rejects(
    async () => await train(new PoseNet(options), stream(), recipe, { steps: 1 }, progress),
    /RangeError/,
  );
  await assert.rejects(
    train(new PoseNet(options), stream(), recipeOf("small"), {}, progress),
    /train: give a number of steps or minutes/,
  );
  assert.throws(() => recipeOf("large"), /unknown recipe "large"; there are small, authors/);
});
