/**
 * Tags that last over time: weight files of appearance networks, how these are trained, and how the people that a pose
 * network finds get such tags.
 *
 * @module
 */
import {
  Adam,
  type Affine,
  AppearanceNet,
  type AppearanceNetOptions,
  applyAffine,
  compile,
  type DecodedPerson,
  disposeModel,
  floatWeights,
  grad,
  hostArray,
  InputError,
  loadState,
  parameters,
  type Progress,
  read,
  readSafetensors,
  retagPeople,
  type RgbImage,
  stateOf,
  temporalTagLoss,
  type Tensor,
  warpToPlanes,
  writeSafetensors,
} from "../mod.ts";
import type { Batch } from "../data/mod.ts";
import { fitting, SINGLE_SCALE } from "./scales.ts";
import type { Curves, TrainingLimits, TrainingResult } from "./training.ts";
import { checkNumbers, halved } from "./weights.ts";

/** What the metadata's `format` says. */
const FORMAT = "ae-appearance-1";

/**
 * Write an appearance network with its settings, completely or not at all, as 16-bit floats.
 *
 * @throws {RangeError} If a weight is no number.
 */
export async function saveAppearance(
  path: string,
  net: AppearanceNet,
  notes: Readonly<Record<string, string>> = {},
): Promise<void> {
  const state = await stateOf(net);
  checkNumbers(path, state);
  await writeSafetensors(path, halved(state), {
    format: FORMAT,
    options: JSON.stringify(net.options),
    ...notes,
  });
}

/**
 * The appearance network that a weight file holds.
 *
 * @throws {InputError} If the file is no such weight file, or damaged.
 */
export async function loadAppearance(path: string): Promise<AppearanceNet> {
  const file = await readSafetensors(path);
  const { format, options } = file.metadata;
  if (format !== FORMAT) {
    throw new InputError(
      `${path}: is no file of an appearance network: its format is ${
        format === undefined ? "not said" : `"${format}"`
      }, not "${FORMAT}"`,
    );
  }
  let net: AppearanceNet;
  try {
    net = new AppearanceNet(JSON.parse(options ?? "") as AppearanceNetOptions);
  } catch (error) {
    throw new InputError(`${path}: its network settings are damaged: ${(error as Error).message}`);
  }
  await loadState(net, floatWeights(file, path), { source: path });
  return net;
}

/** How an appearance network is trained. */
export interface AppearanceTrainingOptions extends TrainingLimits {
  readonly progress: Progress;
  /** Highest learning rate; it warms up and falls along a cosine. */
  readonly rate: number;
}

/** Pull and push as they were while training. */
export type AppearanceCurves = Pick<Curves, "step" | "pull" | "push">;

/** What a training run did. */
export interface AppearanceTraining extends Omit<TrainingResult, "curves"> {
  readonly curves: AppearanceCurves;
}

/** Steps until the learning rate is at its height. */
const WARMUP_STEPS = 50;
/** Losses are read every so many steps. */
const READ_EVERY = 20;

/**
 * Train an appearance network on clips until a limit: pull and push over the frames' means, with equal weights.
 *
 * @param batches Clips with the true keypoints; must not end before the limit.
 * @throws {RangeError} If there is no limit, or the loss is no longer a number.
 */
export async function trainAppearance(
  net: AppearanceNet,
  batches: AsyncIterable<Batch>,
  { steps = Infinity, minutes = Infinity, rate, progress }: AppearanceTrainingOptions,
): Promise<AppearanceTraining> {
  if (steps === Infinity && minutes === Infinity) {
    throw new RangeError("trainAppearance: give a number of steps or minutes");
  }
  const adam = new Adam(parameters(net));
  using stack = new DisposableStack();
  stack.defer(() => disposeModel({ adam }));
  const step = stack.use(compile((clips: ClipTensors) => trainingStep(net, adam, clips), {
    name: "appearance step",
  }));
  const curves: AppearanceCurves = { step: [], pull: [], push: [] };
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  let made = 0, images = 0;
  let losses: Losses | undefined;
  const look = async () => {
    if (losses && curves.step.at(-1) !== made) await record(curves, made, losses, progress);
  };
  for await (const { images: pictures, index, visible } of batches) {
    const done = Math.max(made / steps, seconds() / (60 * minutes));
    if (done >= 1) break;
    const learningRate = rate * Math.min(1, (made + 1) / WARMUP_STEPS) *
      (0.01 + 0.99 * (1 + Math.cos(Math.PI * done)) / 2);
    losses = await step({
      images: pictures,
      index,
      visible,
      learningRate: hostArray([], [learningRate]),
    });
    made++;
    images += pictures.shape[0];
    if (made % READ_EVERY === 0 || made === 1) await look();
    if (made === steps) break;
  }
  await look(); // where the clock ended it, too
  progress.finish();
  return { steps: made, seconds: seconds(), imagesPerSecond: images / seconds(), curves };
}

/** Pull and push of a step, to be read. */
type Losses = Readonly<Record<"pull" | "push", Tensor>>;

async function record(
  curves: AppearanceCurves,
  step: number,
  losses: Losses,
  progress: Progress,
): Promise<void> {
  const { pull: { data: [pull] }, push: { data: [push] } } = await read({ ...losses });
  if (!Number.isFinite(pull + push)) {
    throw new RangeError(
      `trainAppearance: the loss is ${pull + push} at step ${step}\n  help: a smaller --rate`,
    );
  }
  curves.step.push(step);
  curves.pull.push(pull);
  curves.push.push(push);
  progress.update(step, { pull, push });
}

/** The tensors of a step. */
interface ClipTensors {
  readonly images: Tensor;
  readonly index: Tensor;
  readonly visible: Tensor;
  readonly learningRate: Tensor;
}

function trainingStep(net: AppearanceNet, adam: Adam, clips: ClipTensors): Losses {
  const tags = net.forward(clips.images, { training: true });
  const parts = temporalTagLoss(tags, clips, { each: "frame", among: "batch" });
  const pull = parts.pull.mean(), push = parts.push.mean();
  const gradients = grad(pull.add(push), adam.parameters);
  adam.update(gradients, { learningRate: clips.learningRate });
  return { pull, push };
}

const AS_IT_IS: Affine = [1, 0, 0, 0, 1, 0];

/** How a {@linkcode Retagger} looks at pictures. */
export interface RetaggerOptions {
  /**
   * Side of the square in whose middle a picture is shown whole, as pose networks see it: people are then as large as
   * those that tags were learnt from. @default {as it is}
   */
  readonly side?: number;
}

/** A point of a picture, in its pixels. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** The same person in other pixels. */
export function placedBy<Person extends DecodedPerson>(
  person: Person,
  place: (at: Point) => Point,
): Person {
  return {
    ...person,
    keypoints: person.keypoints.map((at) => at && { ...at, ...place({ x: at.x, y: at.y }) }),
  };
}

/** People with the tags that an appearance network gives to their keypoints, picture by picture. */
export class Retagger implements Disposable {
  readonly #net: AppearanceNet;
  readonly #side: number | undefined;
  readonly #step;

  constructor(net: AppearanceNet, { side }: RetaggerOptions = {}) {
    this.#net = net;
    this.#side = side;
    this.#step = compile(({ images }: { images: Tensor }) => ({ tags: net.forward(images) }), {
      name: "appearance",
    });
  }

  /** The same people with other tags; `image` is the picture in whose pixels they are. */
  async retag(image: RgbImage, people: readonly DecodedPerson[]): Promise<DecodedPerson[]> {
    if (people.length === 0) return [];
    const side = this.#side;
    const { width, height } = side === undefined ? image : { width: side, height: side };
    const toInput = side === undefined ? AS_IT_IS : fitting(SINGLE_SCALE, image, { width, height });
    const images = hostArray([1, 3, height, width]);
    warpToPlanes(image, toInput, { width, height }, images.data);
    const { tags } = await read({ ...await this.#step({ images }) });
    const { shape: [, ...shape], data } = tags;
    const seen = people.map((person) => placedBy(person, (at) => applyAffine(toInput, at)));
    const tagged = retagPeople(seen, hostArray(shape, data), { stride: this.#net.stride });
    return people.map(({ keypoints, score }, p) => ({
      score,
      keypoints: keypoints.map((at, k) => at && { ...at, tag: tagged[p].keypoints[k]!.tag }),
    }));
  }

  [Symbol.dispose](): void {
    this.#step[Symbol.dispose]();
  }
}
