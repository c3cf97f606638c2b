/**
 * What the three demos have in common: most of their options, how they begin, the training of a new network, the look at
 * the weights that come with the library, and how their pictures are called.
 *
 *     options ─► train a network from nothing ─► measure it, and the shipped one ─► figures, report, pictures
 *
 * @module
 */
import { adapterInfo, InputError, resizeImage, type RgbImage } from "../mod.ts";
import { batchesAhead, type BatchOptions, type DescribedSource } from "../data/mod.ts";
import type { Options, Values } from "./options.ts";
import { announce, prepareFolder, trainingProgress } from "./output.ts";
import type { Recipe } from "./recipe.ts";
import { train, type TrainingLimits, type TrainingResult } from "./training.ts";
import { type LoadedNetwork, loadModel, shippedWeights } from "./weights.ts";

/**
 * The options of a demo.
 *
 * @param defaults How long it trains, where it writes.
 * @param own Options that only this one has, or has in another way.
 */
export function demoOptions(
  { minutes, out }: { readonly minutes: number; readonly out: string },
  own: Options,
): Options {
  return {
    minutes: { type: "number", above: true, default: minutes, help: "training time in minutes" },
    steps: { type: "whole", least: 1, help: "training steps, in place of a time" },
    batch: { type: "whole", least: 1, default: 4, help: "images in a step" },
    seed: { type: "whole", default: 1, help: "seed of the weights and of what they learn from" },
    ...own,
    out: { type: "folder", default: out, help: "where report.html and the rest go" },
  };
}

/** What {@linkcode demoOptions} say. */
export interface DemoSetting {
  /** The folder. */
  readonly out: string;
  readonly seed: number;
  readonly batchSize: number;
  /** Steps if they are given, else minutes. */
  readonly limits: TrainingLimits;
}

/**
 * Read them.
 *
 * @param unseen What the demo measures on, and its seed.
 * @throws {InputError} If the network would learn from what it is measured on.
 */
export function demoSettingOf(
  values: Values,
  unseen: { readonly seed: number; readonly name: "scenes" | "videos" },
): DemoSetting {
  const seed = values.number("seed")!;
  if (seed === unseen.seed) {
    throw new InputError(
      `--seed ${seed} is the seed of the evaluation ${unseen.name}; take another`,
    );
  }
  const steps = values.number("steps");
  return {
    out: values.text("out")!,
    seed,
    batchSize: values.number("batch")!,
    limits: steps === undefined ? { minutes: values.number("minutes")! } : { steps },
  };
}

/**
 * Make the demo's folder ready, and say with what it works.
 *
 * @param about Its network, and what that is measured on.
 * @returns The adapter's name.
 * @throws {InputError} If the folder cannot be made or written to.
 */
export async function begin(
  out: string,
  { network, measuredOn }: { readonly network: string; readonly measuredOn: string },
): Promise<string> {
  await prepareFolder(out);
  const { name: adapter } = await adapterInfo();
  announce({ adapter, network, "measured on": measuredOn });
  return adapter;
}

/** Train a new network on scenes. */
export async function trainOnScenes(
  { model, imageSize }: LoadedNetwork,
  source: DescribedSource,
  recipe: Recipe,
  { seed, batchSize, limits, slots, instances }:
    & Pick<DemoSetting, "seed" | "batchSize" | "limits">
    & Pick<BatchOptions, "slots" | "instances">,
): Promise<TrainingResult> {
  const stream = batchesAhead(source, {
    batchSize,
    inputSize: imageSize,
    ...model.targetStrides,
    seed,
    slots,
    instances,
  });
  const progress = trainingProgress(batchSize, limits);
  return await train(model, stream, recipe, { ...limits, progress });
}

/** Judge the network that comes with the library as the new one; null, and said, while there is none. */
export async function judgeShipped<T>(
  name: "demo" | "segment",
  judge: (loaded: LoadedNetwork) => Promise<T>,
): Promise<T | null> {
  const file = await shippedWeights(name);
  if (file !== undefined) return await judge(await loadModel(file));
  console.log("no weights come with this version yet: see weights/README.md");
  return null;
}

/** A name of anything as part of a file's name. */
export function asFileName(name: string): string {
  return name.replaceAll(/\W+/g, "_");
}

/** How the files of a scene begin, `01_scene_17` say: by its place, the hardest first. */
export function numberedName(place: number, name: string): string {
  return `${String(place + 1).padStart(2, "0")}_${asFileName(name)}`;
}

/** A scene so many times as large. */
export function enlarged(image: RgbImage, factor: number): RgbImage {
  return resizeImage(image, factor * image.width, factor * image.height);
}
