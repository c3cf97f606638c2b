/**
 * `train`: a network on made-up scenes, or on photographs of COCO, CrowdPose, MPII or a data set in COCO's form.
 *
 * @module
 */
import { adapterInfo, COCO, InputError, writeFileAtomic } from "../mod.ts";
import { batchesAhead, OFFICIAL_AUGMENTATION } from "../data/mod.ts";
import { checkSameKeypoints, DATASET_OPTIONS, readIds, sameKeypoints } from "./datasets.ts";
import type { Command, Values } from "./options.ts";
import { prepareFolder, trainingProgress } from "./output.ts";
import { EVALUATION_SEED, openPhotographs, POSES, posesOf, syntheticSource } from "./sources.ts";
import { recipeOf, train } from "./training.ts";
import { learnedNumbers, loadModel, makeModel, saveModel } from "./weights.ts";

/** Weights are written so often while a run goes on. */
const SAVE_EVERY_MINUTES = 2;

/** `train`. */
export const trainCommand: Command = {
  summary: "Train a network on synthetic scenes, or on photographs with annotated people.",
  operands: "",
  options: {
    annotations: { type: "text", help: "keypoint annotation file; synthetic scenes without" },
    images: { type: "text", help: "folder of the photographs" },
    ...DATASET_OPTIONS,
    without: {
      type: "text",
      help: "file of image ids (JSON list, or one a line) to leave out, e.g. for validation",
    },
    "crowds-only": {
      type: "flag",
      help: "mask crowds alone, as pose-ae-train does: people without keypoints are background",
    },
    poses: POSES,
    preset: {
      type: "text",
      help: "network (default: demo, or what the weight file says)",
    },
    weights: { type: "text", help: "start from these weights instead of from nothing" },
    size: {
      type: "whole",
      least: 16,
      help: "height and width of the input in pixels (default: preset's)",
    },
    recipe: {
      type: "text",
      default: "small",
      help: "loss weights and learning rate: small, authors",
    },
    rate: { type: "number", above: true, help: "highest learning rate (default: the recipe's)" },
    "tag-weight": {
      type: "number",
      above: true,
      default: 1,
      help: "factor on the recipe's weights of push and pull",
    },
    threshold: {
      type: "number",
      help: "least height of a peak, kept with the weights (default: the recipe's)",
    },
    "tag-distance": {
      type: "number",
      above: true,
      help:
        "a keypoint joins a person whose tag is nearer, kept with the weights (default: the recipe's)",
    },
    steps: { type: "whole", least: 1, help: "training steps" },
    minutes: { type: "number", above: true, help: "training time in minutes" },
    batch: { type: "whole", least: 1, default: 8, help: "images in a step" },
    seed: { type: "whole", default: 1, help: "seed of weights, order and augmentation" },
    workers: {
      type: "whole",
      least: 1,
      default: 1,
      help: "threads that make the batches ahead of the device; the batches are the same",
    },
    precision: {
      type: "text",
      default: "f32",
      help: "f32, or f16 for results in half the memory, where the adapter has it",
    },
    recompute: {
      type: "flag",
      help:
        "compute hourglasses twice in place of keeping what is inside: less memory, a third slower",
    },
    half: { type: "flag", help: "write the weights as 16-bit floats: half the file's size" },
    "no-augment": { type: "flag", help: "show photographs as they are" },
    out: {
      type: "text",
      default: "out/train",
      help: "folder for weights.safetensors and log.json",
    },
  },
  notes:
    "Give --steps, --minutes or both. With --steps alone a run can be repeated to the last bit.",
  run,
};

async function run(values: Values): Promise<void> {
  const out = values.text("out")!;
  const seed = values.number("seed")!;
  const batchSize = values.number("batch")!;
  const steps = values.number("steps");
  const minutes = values.number("minutes");
  const annotations = values.text("annotations");
  if (steps === undefined && minutes === undefined) {
    throw new InputError("how long?\n  help: give --steps or --minutes");
  }
  const start = values.text("weights");
  const recipe = recipeOf(values.text("recipe")!, {
    rate: values.number("rate"),
    tagWeight: values.number("tag-weight"),
    learnt: start !== undefined,
  });
  const recompute = values.flag("recompute");
  const precision = await precisionOf(values);
  if ((recompute || precision !== "f32") && start !== undefined) {
    throw new InputError(
      "--recompute and --precision are decided when a network is made; leave them out with --weights",
    );
  }
  const crowdsOnly = values.flag("crowds-only");
  const opened = await openPhotographs(values, "labelled", { maskUnlabelled: !crowdsOnly });
  if (crowdsOnly && !opened) throw new InputError("--crowds-only is for photographs");
  const loaded = start === undefined
    ? makeModel(
      values.text("preset") ?? "demo",
      { seed, recompute, precision },
      recipe.decoding,
      opened?.file.skeleton,
    )
    : await loadModel(start, values.text("preset"));
  const { skeleton } = loaded;
  if (opened) checkSameKeypoints(skeleton, opened.file);
  else if (!sameKeypoints(skeleton, COCO)) {
    throw new InputError(`scenes show COCO's keypoints, the weights are for "${skeleton.name}"`);
  }
  const imageSize = values.number("size") ?? loaded.imageSize;
  const { model } = loaded;
  if (imageSize % model.sizeMultiple !== 0) {
    throw new InputError(
      `--size ${imageSize} does not suit the network: it needs a multiple of ${model.sizeMultiple}`,
    );
  }
  if (annotations === undefined && seed === EVALUATION_SEED) {
    throw new InputError(`--seed ${seed} is the seed of the evaluation scenes; take another`);
  }
  if (annotations === undefined && values.flag("no-augment")) {
    throw new InputError("--no-augment is for photographs; scenes are never augmented");
  }
  if (annotations !== undefined && values.text("poses") !== undefined) {
    throw new InputError("--poses is for synthetic scenes; photographs have their own");
  }
  const leftOut = await readIds(values.text("without"));
  if (leftOut && !opened) throw new InputError("--without is for photographs");
  const photographs = leftOut
    ? opened?.photographs.where(({ id }) => !leftOut.has(id))
    : opened?.photographs;
  if (photographs?.length === 0) {
    throw new InputError("--without leaves no photograph to learn from");
  }
  const source = photographs ??
    syntheticSource(seed, imageSize, await posesOf(values));
  await prepareFolder(out);
  const { name: adapter } = await adapterInfo();
  console.log(`adapter  ${adapter}`);
  console.log(
    `network  ${loaded.preset}: ${learnedNumbers(loaded).toLocaleString("en")} parameters`,
  );
  console.log(`data     ${annotations ?? "synthetic scenes"}`);

  const augment = annotations !== undefined && !values.flag("no-augment");
  const stream = batchesAhead(source, {
    workers: values.number("workers"),
    batchSize,
    inputSize: imageSize,
    stride: model.stride,
    seed,
    slots: annotations === undefined ? 4 : 30,
    skeleton,
    ...(augment ? { augment: OFFICIAL_AUGMENTATION } : {}),
  });
  const progress = trainingProgress(batchSize, { steps, minutes });
  const save = (made: number) =>
    saveModel(`${out}/weights.safetensors`, {
      ...loaded,
      imageSize,
      decoding: {
        threshold: values.number("threshold") ?? recipe.decoding.threshold,
        maxTagDistance: values.number("tag-distance") ?? recipe.decoding.maxTagDistance,
      },
    }, {
      seed: String(seed),
      steps: String(made),
      command: `train ${Deno.args.slice(1).join(" ")}`,
    }, { half: values.flag("half") });
  const saving = { everyMinutes: SAVE_EVERY_MINUTES, save };
  const result = await train(model, stream, recipe, { steps, minutes }, progress, saving);
  if (stream.broken.length > 0) {
    console.error(`${stream.broken.length} photographs could not be read and were left out`);
  }
  if (stream.droppedPeople > 0) {
    console.error(
      `${stream.droppedPeople} people had no slot and taught no tags: over 30 in a picture`,
    );
  }
  await save(result.steps);
  await writeFileAtomic(
    `${out}/log.json`,
    JSON.stringify({ adapter, seed, batchSize, ...result }, null, 1) + "\n",
  );
  console.log(`weights  ${out}/weights.safetensors`);
}

/** The number type that `--precision` names. */
async function precisionOf(values: Values): Promise<"f32" | "f16"> {
  const precision = values.text("precision");
  if (precision !== "f32" && precision !== "f16") {
    throw new InputError(`--precision can be f32 or f16, not ${precision}`);
  }
  if (precision === "f16") {
    const { f16, name } = await adapterInfo();
    if (!f16) throw new InputError(`--precision f16: ${name} has no 16-bit numbers`);
  }
  return precision;
}
