/**
 * The options of `train`, and which of them exclude one another.
 *
 * @module
 */
import { InputError } from "../mod.ts";
import { DATASET_OPTIONS } from "./datasets.ts";
import { type Options, under, type Values } from "./options.ts";
import { type RecipeName, RECIPES } from "./recipe.ts";
import { EVALUATION_SEED, POSES, VALIDATION_SEED } from "./sources.ts";
import {
  HIGHEST_HEATMAP,
  HIGHEST_SECOND_LOOK,
  LARGEST_IMAGE,
  PRESET,
  THRESHOLD_BOUNDS,
} from "./weights.ts";

/** Number types of `--precision`. */
export const PRECISIONS = ["f32", "f16"] as const;

/** The options of `train`. */
export const TRAIN_OPTIONS: Options = {
  ...under("What to learn", {
    instances: {
      type: "flag",
      help: "masks in place of keypoints: of people who overlap, or of a COCO instance file",
    },
    classes: {
      type: "text",
      help: "classes of the instance file, separated by commas",
      otherwise: "all",
      needs: "instances",
    },
    "single-person": {
      type: "flag",
      help: "one person at a time, without tags, for predict --refine",
    },
  }),
  ...under("What to learn from", {
    annotations: { type: "file", help: "annotation file", otherwise: "drawn scenes" },
    images: { type: "folder", help: "folder of its photographs" },
    without: {
      type: "file",
      help: "image ids to leave out, a JSON list or one a line",
      needs: "annotations",
    },
    ...DATASET_OPTIONS,
    "crowds-only": {
      type: "flag",
      help: "mask crowds alone, as pose-ae-train does: people without keypoints are background",
      needs: "annotations",
    },
    "no-augment": { type: "flag", help: "show photographs as they are", needs: "annotations" },
    poses: POSES,
  }),
  ...under("Network", {
    weights: { type: "file", help: "start from these weights", otherwise: "from nothing" },
    preset: {
      ...PRESET,
      otherwise: "what the weight file says; of a new one demo, with --instances segment",
    },
    size: {
      type: "whole",
      least: 16,
      most: LARGEST_IMAGE,
      help: "height and width of images in pixels",
      otherwise: "the preset's or the weight file's",
    },
    precision: {
      type: "text",
      choices: PRECISIONS,
      help: "numbers that results are kept in (f16: half the memory, where the adapter has it)",
      otherwise: "the weight file's; of a new one f32",
    },
    recompute: {
      type: "flag",
      help: "compute hourglasses, or a HigherHRNet's branches, twice in place of keeping what is " +
        "inside: less memory, a third slower",
    },
  }),
  ...under("How to learn", {
    steps: { type: "whole", least: 1, help: "training steps", otherwise: "no limit" },
    minutes: {
      type: "number",
      above: true,
      help: "training time in minutes",
      otherwise: "no limit",
    },
    batch: { type: "whole", least: 1, default: 8, help: "images in a step" },
    accumulate: {
      type: "whole",
      least: 1,
      default: 1,
      help: "batches whose gradients are added up for one step: a large batch on a small card",
    },
    recipe: {
      type: "text",
      choices: RECIPES,
      help: "loss weights and learning rate",
      otherwise: "small, with --instances instances",
    },
    rate: {
      type: "number",
      above: true,
      help: "highest learning rate",
      otherwise: "the recipe's",
    },
    "tag-weight": {
      type: "number",
      above: true,
      default: 1,
      help: "factor on the recipe's weights of push and pull",
    },
    average: {
      type: "number",
      help: "keep a moving average of the network and write that: how much stays in each step, " +
        "0.999 say",
      otherwise: "none",
    },
    seed: { type: "whole", default: 1, help: "seed of weights, order and augmentation" },
    workers: {
      type: "whole",
      least: 1,
      default: 1,
      help: "threads that make the batches ahead of the device; the batches are the same",
    },
  }),
  ...under("Judging on the way", {
    "validate-every": {
      type: "whole",
      least: 1,
      help: "judge the network by its AP every so many steps; the best is kept as best.safetensors",
      otherwise: "never",
    },
    "validation-annotations": {
      type: "file",
      help: "annotation file to judge on; with --instances an instance file",
      otherwise: "drawn scenes",
      needs: "validate-every",
    },
    "validation-images": { type: "folder", help: "folder of its photographs" },
    patience: {
      type: "whole",
      least: 1,
      help: "stop when the network was not the best so many times in a row",
      otherwise: "never",
      needs: "validate-every",
    },
  }),
  ...under("Output", {
    threshold: {
      type: "number",
      most: HIGHEST_SECOND_LOOK, // of others below 1: checkTrainOptions
      help: "height that peaks, or scores of a second look, must exceed; kept with the weights",
      otherwise: "the recipe's",
    },
    "tag-distance": {
      type: "number",
      above: true,
      help: "a keypoint joins a person only if their tags are nearer than this, or no two masks' " +
        "tags are; kept with the weights",
      otherwise: "the recipe's",
    },
    half: { type: "flag", help: "write the weights as 16-bit floats: half the file's size" },
    "save-every": {
      type: "whole",
      least: 1,
      help: "write weights and checkpoint every so many steps",
      otherwise: "every 2 minutes",
    },
    resume: {
      type: "flag",
      help: "go on from the checkpoint in the folder --out, if there is one",
    },
    out: {
      type: "folder",
      default: "out/train",
      help: "where weights.safetensors, checkpoint.safetensors, metrics.jsonl and log.json go",
    },
  }),
};

/** Options for keypoints alone. */
const OF_KEYPOINTS = [...Object.keys(DATASET_OPTIONS), "crowds-only", "single-person"];

/**
 * See that no option is given in vain or contradicts another, as far as no file needs to be read for it.
 *
 * @throws {InputError} If one is or does, or nothing says how long to train.
 */
export function checkTrainOptions(values: Values): void {
  const given = (names: readonly string[]) => names.find((name) => values.isGiven(name));
  if (!given(["steps", "minutes"])) {
    throw new InputError("how long?\n  help: give --steps or --minutes");
  }
  const average = values.number("average");
  if (average !== undefined && average >= 1) {
    throw new InputError(`--average must be below 1, not ${average}`);
  }
  const ofKeypoints = values.flag("instances") && given(OF_KEYPOINTS);
  if (ofKeypoints) {
    throw new InputError(`--instances is for masks, --${ofKeypoints} for keypoints: choose one`);
  }
  if (values.flag("single-person") && values.isGiven("tag-distance")) {
    throw new InputError("--tag-distance is for networks with tags, not for --single-person");
  }
  const threshold = values.number("threshold");
  if (threshold !== undefined && threshold >= HIGHEST_HEATMAP && !values.flag("single-person")) {
    throw new InputError(
      `--threshold must be below ${HIGHEST_HEATMAP}, not ${threshold}\n` +
        `  help: ${THRESHOLD_BOUNDS.because}; only those of --single-person may be higher`,
    );
  }
  const arePhotographs = given(["annotations", "images"]) !== undefined;
  if (arePhotographs && values.isGiven("poses")) {
    throw new InputError("--poses is for drawn scenes; photographs have their own");
  }
  const seed = values.number("seed")!;
  if (!arePhotographs && [EVALUATION_SEED, VALIDATION_SEED].includes(seed)) {
    throw new InputError(`--seed ${seed} is the seed of scenes to judge on; take another`);
  }
}

/**
 * The recipe that is asked for, or the usual one.
 *
 * @throws {InputError} If it is for something else than is to be learnt.
 */
export function recipeName(values: Values): RecipeName {
  const ofInstances = values.flag("instances");
  const name = values.oneOf("recipe", RECIPES) ?? (ofInstances ? "instances" : "small");
  if (ofInstances && name !== "instances") {
    throw new InputError(`--recipe ${name} is for keypoints; --instances has its own`);
  }
  if (!ofInstances && name === "instances") {
    throw new InputError("--recipe instances is for masks: give --instances too");
  }
  return name;
}
