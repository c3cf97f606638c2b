import assert from "node:assert/strict";
import {
  assign,
  disposeModel,
  HigherHrNet,
  lineSink,
  memory,
  parameters,
  PoseNet,
  Progress,
  read,
  stateOf,
  tensor,
  writeSafetensors,
} from "ae";
import { type Batch, batches, type BatchStream, type StreamPosition } from "ae/data";
import { sceneSource } from "ae/data";
import { inFolder } from "../in_folder.ts";
import { recipeOf } from "../../cli/recipe.ts";
import { everySteps, type Interlude, type Losses, Pause, train } from "../../cli/training.ts";
import {
  bestOf,
  type Checkpoint,
  readCheckpoint,
  TrainingState,
  writeCheckpoint,
} from "../../cli/training_state.ts";

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

function stream(start?: StreamPosition, batchSize = 2): BatchStream {
  const source = sceneSource({ seed: 5, size, people: [1, 2] });
  const sizes = { batchSize, inputSize: size, stride: 2, slots: 2 };
  return batches(source, { ...sizes, ...(start ? { start } : {}) });
}

const quiet = () => new Progress({ label: "test", total: 1, sink: lineSink(() => {}) });

async function trained(
  steps: number,
  precision: "f32" | "f16" = "f32",
  recipe = recipeOf("small"),
) {
  const model = new PoseNet({ ...options, precision });
  const progress = new Progress({ label: "test", total: steps, sink: lineSink(() => {}) });
  const { curves } = await train(model, stream(), recipe, { steps, progress });
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
  await train(model, stream(), recipeOf("small"), { steps: 30, progress });
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
  const progress = quiet();
  const run = (from: number, steps: number, interludes: Interlude[] = []) =>
    train(new PoseNet(options), spoilt(from), recipeOf("small"), { steps, progress, interludes });
  await assert.rejects(run(0, 5), /RangeError: train: the loss is NaN at step 1\n.*--rate/);
  // Losses are read every 20 steps; the last one is read too, and so is one before weights are saved.
  await assert.rejects(run(2, 5), /train: the loss is NaN at step 5/);
  const saved: number[] = [];
  const save = ({ steps }: Pause) => Promise.resolve(void saved.push(steps));
  const saving = { isDue: everySteps(1), run: save };
  await assert.rejects(run(2, 5, [saving]), /train: the loss is NaN at step 3/);
  assert.deepEqual(saved, [1, 2]);
});

Deno.test("train() learns in f16 what it learns in f32", async () => {
  const slow = recipeOf("small", { rate: 5e-3 }); // large steps drive any two runs apart
  const [f32, f16] = [await trained(20, "f32", slow), await trained(20, "f16", slow)];
  assert.deepEqual(f16.curves.step, f32.curves.step);
  f32.curves.loss.forEach((loss, i) => {
    const other = f16.curves.loss[i];
    assert.ok(Math.abs(other - loss) < 0.05 * loss, `${loss} and ${other}`);
  });
  for (const { model } of [f32, f16]) disposeModel(model);
});

/** The stream, with pictures of numbers that are infinite in f16 in the batches that `isBad` names. */
async function* glaring(isBad: (batch: number) => boolean): AsyncGenerator<Batch> {
  let given = 0;
  for await (const batch of stream()) {
    if (isBad(given++)) batch.images.data.fill(1e6);
    yield batch;
  }
}

Deno.test("train() in f16 leaves out a step that overflows, and nothing else", async () => {
  // The second step overflows, where two batches make one also in either of them.
  for (const [accumulate, bad] of [[1, 1], [2, 2], [2, 3]]) {
    const model = new PoseNet({ ...options, precision: "f16" });
    const states: Awaited<ReturnType<typeof stateOf>>[] = [];
    const watching: Interlude = {
      isDue: everySteps(1),
      run: async ({ state }) => void states.push(await stateOf(state)),
    };
    const lines: Losses[] = [];
    const { skipped } = await train(
      model,
      glaring((batch) => batch === bad),
      recipeOf("small"),
      {
        ...{ steps: 4, accumulate, average: 0.9, interludes: [watching], progress: quiet() },
        onLosses: (losses) => Promise.resolve(void lines.push(losses)),
      },
    );
    assert.equal(skipped, 1);
    const [first, second, third] = states;
    const isOfScale = (name: string) => name.startsWith("loss_scale.");
    const isOfBatch = (name: string) => bad === 3 && /^model.*running_/.test(name); // of the good one before
    for (const [name, { data }] of Object.entries(first)) {
      if (isOfScale(name)) continue;
      const isKept = data.every((value, i) => Object.is(value, second[name].data[i]));
      assert.equal(isKept, !isOfBatch(name), name);
      assert.ok(second[name].data.every(Number.isFinite), name);
    }
    assert.notDeepEqual(third["adam.first_correction"], second["adam.first_correction"]);
    const scales = states.map((state) => state["loss_scale.value"].data[0]);
    assert.deepEqual(scales, [2 ** 16, 2 ** 15, 2 ** 15]);
    // The loss that is logged is that of a step's last batch.
    const logged = lines.slice(0, -1).map((
      { step, lossScale, skipped },
    ) => [step, lossScale, skipped]);
    const skippedLine = bad === 2 ? [[2, 2 ** 15, 1]] : [];
    assert.deepEqual(logged, [[1, 2 ** 16, 0], ...skippedLine, [3, 2 ** 15, 1]]);
    disposeModel(model);
  }
});

Deno.test("train() in f16 stops when no scale helps", async () => {
  const model = new PoseNet({ ...options, precision: "f16" });
  const before = await stateOf(model);
  await assert.rejects(
    train(model, spoilt(0), recipeOf("small"), { steps: 30, progress: quiet() }),
    /RangeError: train: the loss or its gradients are infinite or NaN at step 20 .*\n {2}help: a smaller --rate/,
  );
  const after = await stateOf(model);
  for (const [name, { data }] of Object.entries(before)) {
    assert.ok(data.every((value, i) => Object.is(value, after[name].data[i])), name);
  }
  disposeModel(model);
});

Deno.test("train() wants a limit", async () => {
  const progress = quiet();
  await assert.rejects(
    train(new PoseNet(options), stream(), recipeOf("small"), { progress }),
    /train: give a number of steps or minutes/,
  );
});

async function assertGoesOn(precision: "f32" | "f16"): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/checkpoint.safetensors`;
  const settings = { "--batch": "2" };
  const shared = { steps: 9, accumulate: 2, average: 0.9 };
  const last: Record<string, Awaited<ReturnType<typeof stateOf>>> = {};
  const keep = (name: string) => async ({ state }: Pause) => {
    last[name] = await stateOf(state);
  };
  try {
    const whole = stream();
    const saving: Interlude = {
      isDue: ({ steps }) => steps === 4,
      async run({ state, steps, seconds }) {
        const reached = { steps, seconds, position: whole.position, finished: false };
        await writeCheckpoint(path, await stateOf(state), reached, settings);
      },
    };
    const from = (model: PoseNet) => ({ ...shared, progress: quiet(), model });
    const first = new PoseNet({ ...options, precision });
    await train(
      first,
      whole,
      recipeOf("small"),
      { ...from(first), interludes: [saving] },
      keep("whole"),
    );

    const checkpoint = await readCheckpoint(path, settings);
    assert.deepEqual([checkpoint.reached.steps, checkpoint.reached.position.position], [4, 16]);
    const second = new PoseNet({ ...options, precision, seed: 77 }); // other weights, which the checkpoint replaces
    const rest = stream(checkpoint.reached.position);
    const { steps } = await train(
      second,
      rest,
      recipeOf("small"),
      { ...from(second), checkpoint },
      keep("resumed"),
    );
    assert.equal(steps, 9);
    assert.deepEqual(Object.keys(last.resumed), Object.keys(last.whole));
    for (const [name, { data }] of Object.entries(last.whole)) {
      assert.ok(data.every((value, i) => Object.is(value, last.resumed[name].data[i])), name);
    }
    for (const model of [first, second]) disposeModel(model);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("train() goes on from a checkpoint as if it had never stopped, to the last bit", async () => {
  await assertGoesOn("f32");
  await assertGoesOn("f16");
});

Deno.test("train() goes on with a HigherHRNet to the last bit, and teaches both sizes of its heatmaps", async () => {
  const make = (seed: number) =>
    new HigherHrNet({ width: 4, modules: [1, 1, 1], tagDimensions: 2, seed });
  const streamFrom = (start?: StreamPosition) => {
    const sizes = { batchSize: 2, inputSize: 32, slots: 2, ...make(1).targetStrides };
    const source = sceneSource({ seed: 5, size: 32, people: [1, 2] });
    return batches(source, { ...sizes, ...(start ? { start } : {}) });
  };
  await inFolder(async (folder) => {
    const path = `${folder}/checkpoint.safetensors`;
    const run = async (seed: number, checkpoint?: Checkpoint) => {
      const model = make(seed);
      const stream = streamFrom(checkpoint?.reached.position);
      const saving: Interlude = {
        isDue: ({ steps }) => steps === 2,
        async run(pause) {
          const { steps, seconds } = pause;
          const reached = { steps, seconds, position: stream.position, finished: false };
          await writeCheckpoint(path, await pause.values(), reached, {});
        },
      };
      let state: Awaited<ReturnType<typeof stateOf>> = {};
      const { curves } = await train(
        model,
        stream,
        recipeOf("small"),
        { ...{ steps: 4, average: 0.9, progress: quiet(), interludes: [saving] }, checkpoint },
        async (pause) => void (state = await pause.values()),
      );
      disposeModel(model);
      return { state, curves };
    };
    const whole = await run(1);
    const resumed = await run(77, await readCheckpoint(path, {}));
    assert.deepEqual(Object.keys(resumed.state), Object.keys(whole.state));
    for (const [name, { data }] of Object.entries(whole.state)) {
      assert.ok(data.every((value, i) => Object.is(value, resumed.state[name].data[i])), name);
    }
    const fresh = await stateOf(make(1));
    for (const name of ["final_layers.0.weight", "final_layers.1.weight"]) {
      const now = whole.state[`model.${name}`].data;
      assert.ok(fresh[name].data.some((value, i) => value !== now[i]), name);
    }
  });
});

Deno.test("train() adds up the gradients of several batches: two of two are one of four", async () => {
  const plain = { ...options, batchNorm: "none" as const }; // whose statistics are those of each batch
  // Adam's first average is a tenth of the gradient, whatever Adam makes of its size afterwards.
  const momentsOf = async (batchSize: number, accumulate: number) => {
    const model = new PoseNet(plain);
    let moments: Awaited<ReturnType<typeof stateOf>> = {};
    await train(
      model,
      stream(undefined, batchSize),
      recipeOf("small"),
      { steps: 1, accumulate, progress: quiet() },
      async ({ state }) => void (moments = await stateOf(state.adam.firstMoment)),
    );
    disposeModel(model);
    return moments;
  };
  const [once, twice] = [await momentsOf(4, 1), await momentsOf(2, 2)];
  for (const [name, { data }] of Object.entries(once)) {
    const largest = Math.max(...data.map(Math.abs));
    assert.ok(largest > 0, name);
    data.forEach((value, i) =>
      assert.ok(Math.abs(value - twice[name].data[i]) <= 1e-5 * largest, `${name}[${i}]`)
    );
  }
});

Deno.test("train() keeps a moving average of the model as it was before each step", async () => {
  const model = new PoseNet(options);
  const states: Awaited<ReturnType<typeof stateOf>>[] = [await stateOf(model)];
  let average: Awaited<ReturnType<typeof stateOf>> | undefined;
  const watching: Interlude = {
    isDue: everySteps(1),
    run: async ({ state }) => void states.push(await stateOf(state.model)),
  };
  await train(
    model,
    stream(),
    recipeOf("small"),
    { steps: 4, average: 0.5, interludes: [watching], progress: quiet() },
    async ({ state }) => void (average = await stateOf(state.best)),
  );
  const [name] = Object.keys(states[0]);
  let expected = states[0][name].data.map(Number);
  states.slice(0, 4).forEach((before, step) => {
    const keep = Math.min(0.5, (1 + step) / (10 + step));
    expected = expected.map((mean, i) => keep * mean + (1 - keep) * before[name].data[i]);
  });
  average![name].data.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-6));
});

Deno.test("Pause reads a state once, and bestOf() has the model that counts in it", async () => {
  for (const averaged of [false, true]) {
    const state = await TrainingState.begin(new PoseNet(options), {
      averaged,
      accumulated: true,
    });
    const [first] = parameters(state.best).values();
    await assign(first, first.add(1)); // so that model and average differ
    const pause = new Pause(state, { steps: 1, seconds: 1 });
    const [once, again] = [await pause.values(), await pause.values()];
    assert.equal(once, again);
    const [found, expected] = [bestOf(once), await stateOf(state.best)];
    assert.deepEqual(Object.keys(found), Object.keys(expected));
    for (const [name, { data }] of Object.entries(expected)) {
      assert.ok(data.every((value, i) => value === found[name].data[i]), name);
    }
    state.dispose();
    disposeModel(state.model);
  }
});

Deno.test("readCheckpoint() says what it is not, and which setting differs", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/checkpoint.safetensors`;
  const state = await TrainingState.begin(new PoseNet(options), {
    averaged: false,
    accumulated: false,
  });
  const reached = { steps: 1, seconds: 2, position: { epoch: 0, position: 2 }, finished: false };
  try {
    await writeCheckpoint(path, await stateOf(state), reached, { "--batch": "2", "--seed": "1" });
    // What is no number is not written, and the checkpoint before stays.
    const [spoilt] = parameters(state.model).values();
    const good = (await read({ spoilt })).spoilt;
    await assign(spoilt, tensor({ shape: [...good.shape], data: good.data.map(() => NaN) }));
    await assert.rejects(
      writeCheckpoint(path, await stateOf(state), { ...reached, steps: 2 }, {}),
      /RangeError: train: model\..* holds NaN after step 2/,
    );
    assert.equal((await readCheckpoint(path)).reached.steps, 1);
    await assign(spoilt, tensor(good));
    await assert.rejects(
      readCheckpoint(path, { "--batch": "4", "--seed": "1" }),
      /written by a run with "2" for --batch, this one has "4"/,
    );
    await assert.rejects(
      readCheckpoint(path, { "--batch": "2", "--seed": "1", "--average": "0.9" }),
      /with nothing for --average, this one has "0.9"/,
    );
    await writeSafetensors(path, await stateOf(state.model), { format: "ae-posenet-1" });
    await assert.rejects(readCheckpoint(path), /is no checkpoint of a training run/);
    state.dispose();
    disposeModel(state.model);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
