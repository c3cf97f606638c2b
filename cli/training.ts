/**
 * The training loop, and the recipe with which a small network learns from nothing in minutes.
 *
 * Learning the tags from nothing has a trap. Push is exp(−d²), whose slope is zero where all tags are equal: no
 * force separates people, and pull keeps them equal. So the tag channels start spread out (`tagInitScale` of the
 * demo presets), push acts from the start and pull is raised slowly. Background pixels outnumber keypoints by a
 * hundred to one, so errors at keypoints count more.
 *
 * |                       | pose-ae-train   | recipe "authors" | recipe "small"                         |
 * | --------------------- | --------------- | ---------------- | -------------------------------------- |
 * | learning rate         | 2e-4, then 1e-5 | the same, from step 200,000 on | warm-up to 1e-2, cosine to 1e-4        |
 * | weight of heatmaps    | 1               | 1                | 1, errors weighted by 1 + 10 · target  |
 * | weight of push        | 1e-3            | 1e-3             | 5e-2                                   |
 * | weight of pull        | 1e-3            | 1e-3             | 2.5e-3 rising to 5e-2 in the first half |
 * | threshold of a peak   | 0.1             | 0.1              | 0.6                                    |
 *
 * The threshold belongs to the recipe because errors that count 11 times at a keypoint make a network say 0.55 where
 * it believes 0.1 (see losses/heatmap_loss.ts): with 0.1 it would find everybody twice.
 *
 * @module
 */
import {
  Adam,
  compile,
  grad,
  type HostArray,
  hostArray,
  InputError,
  parameters,
  type PoseLoss,
  poseLoss,
  type PoseNet,
  type Progress,
  stepwise,
  type Tensor,
} from "../mod.ts";
import type { Batch } from "../data/mod.ts";
import { AUTHORS_DECODING, type Decoding } from "./weights.ts";

/** How strongly the parts of the loss count as training goes on; `done` runs from 0 to 1. */
export interface Recipe {
  readonly learningRate: (done: number, step: number) => number;
  readonly pushWeight: number;
  readonly pullWeight: (done: number) => number;
  /** Error at a mark's centre counts so much more than in the background. */
  readonly foregroundWeight: number;
  /** How to decode what the network then says. */
  readonly decoding: Decoding;
}

const WARMUP_STEPS = 100;

/** Changes to a recipe. */
export interface RecipeOptions {
  /** Highest learning rate instead of the recipe's. */
  readonly rate?: number;
  /** Factor on the weights of push and pull. @default {1} */
  readonly tagWeight?: number;
  /** True if the network has learnt before: its tags are apart, so pull acts at full weight from the start. */
  readonly learnt?: boolean;
}

/** The recipes by name: see the table above. */
export function recipeOf(name: string, options: RecipeOptions = {}): Recipe {
  const { rate, tagWeight = 1, learnt = false } = options;
  if (name === "authors") {
    const top = rate ?? 2e-4;
    const schedule = stepwise(top, [[200_000, top / 20]]);
    return {
      learningRate: (_done, step) => schedule(step),
      pushWeight: 1e-3 * tagWeight,
      pullWeight: () => 1e-3 * tagWeight,
      foregroundWeight: 0,
      decoding: AUTHORS_DECODING,
    };
  }
  if (name !== "small") {
    throw new InputError(`unknown recipe "${name}"; there are small, authors`);
  }
  const top = rate ?? 1e-2;
  return {
    learningRate: (done, step) =>
      Math.min(1, (step + 1) / WARMUP_STEPS) *
      (0.01 + 0.99 * (1 + Math.cos(Math.PI * done)) / 2) * top,
    pushWeight: 5e-2 * tagWeight,
    pullWeight: (done) => 5e-2 * tagWeight * (learnt ? 1 : Math.min(1, 0.05 + 0.95 * done * 2)),
    foregroundWeight: 10,
    decoding: { threshold: 0.6, maxTagDistance: 1 },
  };
}

/** The tensors of a training step: a batch and what changes from step to step. */
export interface StepTensors {
  readonly images: Tensor;
  readonly heatmaps: Tensor;
  readonly mask: Tensor;
  readonly index: Tensor;
  readonly visible: Tensor;
  readonly learningRate: Tensor;
  readonly pullWeight: Tensor;
}

/** Losses as they were while training: equally long lists. */
export interface Curves {
  readonly step: number[];
  readonly loss: number[];
  readonly heatmap: number[];
  readonly pull: number[];
  readonly push: number[];
}

/** What a training run did. */
export interface TrainingResult {
  readonly steps: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  readonly curves: Curves;
}

/** When a training run ends: after so many steps or minutes, whichever comes first. */
export interface TrainingLimits {
  readonly steps?: number;
  readonly minutes?: number;
}

/** Saving while a training run goes on, so that little is lost if it is cut short. */
export interface Saving {
  readonly everyMinutes: number;
  readonly save: (steps: number) => Promise<void>;
}

/**
 * In f16 numbers below 6e-8 vanish, and an error at one of a hundred thousand places of the maps has a gradient of that
 * size. So the loss is multiplied by this. Adam's steps stay as they are: it divides gradients by their own size, and
 * `eps` grows with them.
 */
const F16_LOSS_SCALE = 1024;
const ADAM_EPS = 1e-8;

/** One step of training, to be compiled or planned, and the optimiser that it moves. */
export function trainingStep(
  model: PoseNet,
  recipe: Pick<Recipe, "foregroundWeight" | "pushWeight">,
): { readonly adam: Adam; readonly describe: (batch: StepTensors) => PoseLoss } {
  const scale = model.options.precision === "f16" ? F16_LOSS_SCALE : 1;
  const adam = new Adam(parameters(model), { eps: ADAM_EPS * scale });
  const describe = (batch: StepTensors): PoseLoss => {
    const predictions = model.forward(batch.images, { training: true });
    const losses = poseLoss(predictions, batch, {
      foregroundWeight: recipe.foregroundWeight,
      pushWeight: recipe.pushWeight,
      pullWeight: batch.pullWeight,
    });
    const scaled = scale === 1 ? losses.loss : losses.loss.mul(scale);
    adam.update(grad(scaled, adam.parameters), { learningRate: batch.learningRate });
    return losses;
  };
  return { adam, describe };
}

/** Losses are read every so many steps: a readback costs 10 ms in Deno. */
const READ_EVERY = 20;

/**
 * Train a model on batches until a limit. With a limit in steps alone the weights do not depend on the
 * clock: the same seeds give the same ones to the last bit on one adapter.
 *
 * @param batches What to learn from; must not end before the limit.
 * @throws {RangeError} If there is no limit, or a loss is no longer a number.
 */
export async function train(
  model: PoseNet,
  batches: AsyncIterable<Batch>,
  recipe: Recipe,
  limits: TrainingLimits,
  progress: Progress,
  saving?: Saving,
): Promise<TrainingResult> {
  const { steps = Infinity, minutes = Infinity } = limits;
  if (steps === Infinity && minutes === Infinity) {
    throw new RangeError("train: give a number of steps or minutes");
  }
  const { adam, describe } = trainingStep(model, recipe);
  using step = compile(describe, { name: "training step" });

  const curves: Curves = { step: [], loss: [], heatmap: [], pull: [], push: [] };
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  let made = 0;
  let images = 0;
  let saved = start;
  let losses: PoseLoss | undefined;
  let reading: Promise<void> | undefined; // of losses, while the next steps go on
  for await (const batch of batches) {
    const byTime = minutes === Infinity ? 0 : seconds() / (60 * minutes);
    const done = Math.max(steps === Infinity ? 0 : made / steps, byTime);
    if (done >= 1) break;
    losses = await step({
      images: batch.images,
      heatmaps: batch.heatmaps,
      mask: batch.mask,
      index: batch.index,
      visible: batch.visible,
      learningRate: scalar(recipe.learningRate(done, made)),
      pullWeight: scalar(recipe.pullWeight(done)),
    });
    made++;
    images += batch.images.shape[0];
    if (made % READ_EVERY === 0 || made === 1 || made === steps) {
      await reading;
      reading = record(curves, made, losses).then(() => {
        const last = curves.step.length - 1;
        progress.update(curves.step[last], {
          loss: curves.loss[last],
          pull: curves.pull[last],
          push: curves.push[last],
        });
      });
      reading.catch(() => {}); // thrown where it is awaited
    }
    if (made === steps) break;
    if (saving && performance.now() - saved >= 60_000 * saving.everyMinutes) {
      await reading;
      await recordOnce(curves, made, losses); // no weights are saved whose loss is no number
      await saving.save(made);
      saved = performance.now();
    }
  }
  await reading;
  if (losses) await recordOnce(curves, made, losses);
  progress.finish();
  const took = seconds();
  disposeAdam(adam);
  return { steps: made, seconds: took, imagesPerSecond: images / took, curves };
}

function scalar(value: number): HostArray {
  return hostArray([], [value]);
}

async function recordOnce(curves: Curves, step: number, losses: PoseLoss): Promise<void> {
  if (curves.step.at(-1) !== step) await record(curves, step, losses);
}

async function record(curves: Curves, step: number, losses: PoseLoss): Promise<void> {
  const [loss, heatmap, pull, push] = await Promise.all(
    [losses.loss, losses.heatmap, losses.pull, losses.push].map((x) => x.item()),
  );
  if (!Number.isFinite(loss)) {
    throw new RangeError(
      `train: the loss is ${loss} at step ${step}\n  help: a smaller --rate, or look at the pictures`,
    );
  }
  curves.step.push(step);
  curves.loss.push(loss);
  curves.heatmap.push(heatmap);
  curves.pull.push(pull);
  curves.push.push(push);
}

function disposeAdam(adam: Adam): void {
  for (const moments of [adam.firstMoment, adam.secondMoment]) {
    for (const variable of Object.values(moments)) variable.dispose();
  }
  for (const variable of [adam.learningRate, adam.firstCorrection, adam.secondCorrection]) {
    variable.dispose();
  }
}
