/**
 * The training loop.
 *
 *     for each batch                        several of them make a step if `accumulate` says so
 *         losses and gradients, Adam        one compiled step
 *     now and then                          losses are read, behind the steps that follow
 *                                           the state is saved, the network is judged
 *
 * With a limit in steps alone nothing depends on the clock: the same seeds give the same weights to the last bit on one
 * adapter, also when the run was killed and went on from a checkpoint (training_state.ts).
 *
 * In f16 a step whose loss or gradients are not finite changes nothing but the loss scale (optim/loss_scale.ts); where
 * several batches make a step, what those before the one that overflowed did to the running statistics stays.
 *
 * |                       | pose-ae-train                  | here                                            |
 * | --------------------- | ------------------------------ | ----------------------------------------------- |
 * | batch of 32           | spread over several GPUs       | one device; `accumulate` adds up smaller ones    |
 * | statistics of a batch | those of each GPU's part       | those of each batch that is added up            |
 * | checkpoint            | weights and Adam's state       | the same, and the place in the data             |
 *
 * @module
 */
import {
  allFinite,
  assign,
  commitIf,
  compile,
  grad,
  type HostArray,
  hostArray,
  LEAST_LOSS_SCALE,
  type LossScale,
  type PoseLoss,
  poseLoss,
  type Progress,
  stateOf,
  type TagNetwork,
  type Tensor,
  variables,
  zeros,
} from "../mod.ts";
import type { MadeBatch } from "../data/mod.ts";
import type { Recipe } from "./recipe.ts";
import { type Checkpoint, type StateValues, TrainingState } from "./training_state.ts";

/** The tensors of a training step: a batch and what changes from step to step. */
export interface StepTensors {
  readonly images: Tensor;
  readonly heatmaps: Tensor;
  readonly mask: Tensor;
  readonly index: Tensor;
  readonly visible: Tensor;
  /** Of networks with heatmaps of two sizes. */
  readonly fineHeatmaps?: Tensor;
  readonly fineMask?: Tensor;
  readonly learningRate: Tensor;
  readonly pullWeight: Tensor;
  /** How much of the moving average stays. */
  readonly keep: Tensor;
}

/** Losses as they were while training: equally long lists. */
export interface Curves {
  readonly step: number[];
  readonly loss: number[];
  readonly heatmap: number[];
  readonly pull: number[];
  readonly push: number[];
}

/** Losses of one step: those of its last batch; in f16 also the scale after it, and how many steps were skipped so far. */
export type Losses =
  & { readonly [K in keyof Curves]: number }
  & { readonly lossScale?: number; readonly skipped?: number };

/** What a training run did. */
export interface TrainingResult {
  /** Steps made, of all sittings. */
  readonly steps: number;
  /** Seconds spent, of all sittings. */
  readonly seconds: number;
  /** Of this sitting. */
  readonly imagesPerSecond: number;
  /** In f16: steps, of all sittings, that changed nothing because their gradients overflowed. */
  readonly skipped?: number;
  /** Of this sitting. */
  readonly curves: Curves;
}

/** When a training run ends: after so many steps or minutes, whichever comes first. */
export interface TrainingLimits {
  readonly steps?: number;
  readonly minutes?: number;
}

/** A point between two steps, for what is done now and then. */
export class Pause {
  readonly state: TrainingState;
  readonly steps: number;
  readonly seconds: number;
  #values: Promise<StateValues> | undefined;

  /** Made by {@linkcode train}. */
  constructor(state: TrainingState, { steps, seconds }: { steps: number; seconds: number }) {
    this.state = state;
    this.steps = steps;
    this.seconds = seconds;
  }

  /** The state's values, read from the device once, whoever asks how often. */
  values(): Promise<StateValues> {
    return this.#values ??= stateOf(this.state);
  }
}

/** Something to do now and then between two steps. */
export interface Interlude {
  /** Whether it is time, at this point. */
  readonly isDue: (pause: Pause) => boolean;
  /** Does it; training ends if it gives `"stop"`. */
  readonly run: (pause: Pause) => Promise<"stop" | void>;
}

/** How to train. */
export interface TrainingOptions extends TrainingLimits {
  readonly progress: Progress;
  /** So many batches make one step. @default {1} */
  readonly accumulate?: number;
  /** How much of the moving averages of the model stays in each step, in the long run; no averages without. */
  readonly average?: number;
  /** Told of losses when they are read; waited for. */
  readonly onLosses?: (losses: Losses) => Promise<void>;
  /** What to do between steps. */
  readonly interludes?: readonly Interlude[];
  /** Asked after every step; true ends the sitting there, without a line of losses that another would not have. */
  readonly isInterrupted?: () => boolean;
  /** Where an earlier sitting ended; the batches must go on there too. */
  readonly checkpoint?: Checkpoint;
}

/** Losses are read every so many steps: a readback costs 10 ms in Deno. */
const READ_EVERY = 20;

/**
 * Train a model on batches until a limit.
 *
 * @param batches What to learn from; must not end before the limit.
 * @param use Called with the final state before it is given back.
 * @throws {RangeError} If there is no limit, or a loss is no longer a number.
 */
export async function train(
  model: TagNetwork,
  batches: AsyncIterable<MadeBatch>,
  recipe: Recipe,
  options: TrainingOptions,
  use: (pause: Pause) => Promise<void> = async () => {},
): Promise<TrainingResult> {
  const { steps = Infinity, minutes = Infinity, accumulate = 1, progress } = options;
  const { average, interludes = [], checkpoint, onLosses, isInterrupted = () => false } = options;
  if (steps === Infinity && minutes === Infinity) {
    throw new RangeError("train: give a number of steps or minutes");
  }
  const state = await TrainingState.begin(model, {
    averaged: average !== undefined,
    accumulated: accumulate > 1,
  });
  await checkpoint?.restore(state);
  const { lossScale } = state;
  const settings = { recipe, accumulate };
  using stack = new DisposableStack();
  stack.defer(() => state.dispose());
  const name = "training step";
  const step = stack.use(compile(trainingStep(state, settings), { name }));
  const part = accumulate > 1
    ? stack.use(compile(trainingStep(state, settings, "part"), { name }))
    : step;

  const curves: Curves = { step: [], loss: [], heatmap: [], pull: [], push: [] };
  const origin = performance.now() - 1000 * (checkpoint?.reached.seconds ?? 0);
  const start = performance.now();
  const seconds = () => (performance.now() - origin) / 1000;
  let made = checkpoint?.reached.steps ?? 0;
  let images = 0;
  let waiting = 0; // batches of the step that is being made
  let losses: PoseLoss | undefined;
  let reading: Promise<void> | undefined; // of losses, while the next steps go on
  const readLosses = async () => {
    await reading;
    if (!losses || curves.step.at(-1) === made) return;
    await record(curves, { step: made, losses, lossScale }, onLosses);
    showLast();
  };
  const showLast = () => {
    const last = curves.step.length - 1;
    if (last < 0) return; // the first steps were skipped
    progress.update(curves.step[last], {
      loss: curves.loss[last],
      pull: curves.pull[last],
      push: curves.push[last],
    });
  };
  const done = () =>
    Math.max(
      steps === Infinity ? 0 : made / steps,
      minutes === Infinity ? 0 : seconds() / (60 * minutes),
    );
  if (done() < 1) {
    for await (const batch of batches) {
      const begun = done();
      if (waiting === 0 && begun >= 1) break; // by the clock
      waiting++;
      losses = await (waiting < accumulate ? part : step)({
        ...batch,
        learningRate: scalar(recipe.learningRate(begun, made)),
        pullWeight: scalar(recipe.pullWeight(begun)),
        // Sooner at first: an average should not remember the start for ever.
        keep: scalar(Math.min(average ?? 0, (1 + made) / (10 + made))),
      });
      images += batch.images.shape[0];
      if (waiting < accumulate) continue;
      waiting = 0;
      made++;
      if (made % READ_EVERY === 0 || made === 1 || made === steps) {
        await reading;
        reading = record(curves, { step: made, losses, lossScale }, onLosses).then(showLast);
        reading.catch(() => {}); // thrown where it is awaited
      }
      if (made === steps) break;
      let stopped = false;
      const pause = new Pause(state, { steps: made, seconds: seconds() });
      for (const { isDue, run } of interludes) {
        if (!isDue(pause)) continue;
        await readLosses(); // training ends here if the loss is no number any more
        stopped = await run(pause) === "stop" || stopped;
      }
      if (stopped || isInterrupted()) break;
    }
  }
  if (isInterrupted()) await reading;
  else await readLosses();
  progress.finish();
  const skipped = await lossScale?.skipped.item();
  const took = (performance.now() - start) / 1000;
  await use(new Pause(state, { steps: made, seconds: seconds() }));
  return {
    steps: made,
    seconds: seconds(),
    imagesPerSecond: images / took,
    ...(skipped === undefined ? {} : { skipped }),
    curves,
  };
}

/**
 * A step of training, to be compiled or planned: losses and gradients, and then either the parameters change or, in a
 * `"part"` of a larger step, the gradients are added up.
 */
export function trainingStep(
  state: TrainingState,
  { recipe, accumulate }: {
    readonly recipe: Pick<Recipe, "foregroundWeight" | "pushWeight" | "tagForm">;
    readonly accumulate: number;
  },
  kind: "whole" | "part" = "whole",
): (batch: StepTensors) => PoseLoss {
  const { model, adam, average, lossScale } = state;
  const sums = Object.values(state.sums);
  return (batch) => {
    const losses = poseLoss(model.stacksOf(batch.images, { training: true }), batch, {
      foregroundWeight: recipe.foregroundWeight,
      form: recipe.tagForm,
      pushWeight: recipe.pushWeight,
      pullWeight: batch.pullWeight,
    });
    const share = accumulate === 1 ? losses.loss : losses.loss.mul(1 / accumulate);
    const own = lossScale ? lossScale.scaled(share, adam.parameters) : grad(share, adam.parameters);
    const gradients = sums.length === 0 ? own : own.map((g, i) => g.add(sums[i]));
    if (kind === "part") {
      // Sums that are infinite make the whole step be skipped; the statistics must not become so.
      if (lossScale) commitIf(allFinite(gradients));
      gradients.forEach((g, i) => assign(sums[i], g, { always: true }));
      return losses;
    }
    lossScale?.settle([losses.loss, ...gradients]);
    sums.forEach((sum) => assign(sum, zeros(sum.shape), { always: true }));
    adam.update(gradients, { learningRate: batch.learningRate });
    if (average) {
      // The model as it was before this step: its new values are there only when the step ends.
      const current = variables(model);
      for (const [path, mean] of variables(average)) {
        assign(mean, mean.add(current.get(path)!.sub(mean).mul(batch.keep.mul(-1).add(1))));
      }
    }
    return losses;
  };
}

function scalar(value: number): HostArray {
  return hostArray([], [value]);
}

/** Read the losses of a step and, in f16, the loss scale; refuse what says that training cannot go on. */
async function record(
  curves: Curves,
  { step, losses, lossScale }: {
    readonly step: number;
    readonly losses: PoseLoss;
    readonly lossScale: LossScale | undefined;
  },
  onLosses: (losses: Losses) => Promise<void> = async () => {},
): Promise<void> {
  const items = (all: readonly Tensor[]) => Promise.all(all.map((x) => x.item()));
  const [[loss, heatmap, pull, push], [scale, skipped]] = await Promise.all([
    items([losses.loss, losses.heatmap, losses.pull, losses.push]),
    items(lossScale ? [lossScale.value, lossScale.skipped] : []),
  ]);
  if (lossScale) checkLossScale(scale, step);
  if (!Number.isFinite(loss)) {
    if (lossScale) return; // the step was skipped, and counted
    throw new RangeError(
      `train: the loss is ${loss} at step ${step}\n  help: a smaller --rate, or look at the pictures`,
    );
  }
  curves.step.push(step);
  curves.loss.push(loss);
  curves.heatmap.push(heatmap);
  curves.pull.push(pull);
  curves.push.push(push);
  const ofScale = lossScale ? { lossScale: scale, skipped } : {};
  await onLosses({ step, loss, heatmap, pull, push, ...ofScale });
}

/** Training in f16 ends where no scale helps. */
function checkLossScale(value: number, step: number): void {
  if (value >= LEAST_LOSS_SCALE) return;
  throw new RangeError(
    `train: the loss or its gradients are infinite or NaN at step ${step} and before, whatever the loss scale` +
      "\n  help: a smaller --rate, or look at the pictures; --precision f32 has no such limit",
  );
}

/** Every so many steps. */
export function everySteps(count: number): Interlude["isDue"] {
  return ({ steps }) => steps % count === 0;
}

/** When so many minutes have passed since it was last due. */
export function everyMinutes(minutes: number): Interlude["isDue"] {
  let last = performance.now();
  return () => {
    if (performance.now() - last < 60_000 * minutes) return false;
    last = performance.now();
    return true;
  };
}
