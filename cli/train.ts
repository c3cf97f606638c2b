/**
 * `train`: a network on made-up scenes, or on photographs of COCO, CrowdPose, MPII or a data set in COCO's form.
 *
 * @module
 */
import { adapterInfo, COCO, InputError, writeFileAtomic } from "../mod.ts";
import {
  batchesAhead,
  OFFICIAL_AUGMENTATION,
  type SampleSource,
  SCENE_CLASSES,
  singlePersonSource,
} from "../data/mod.ts";
import { checkSameKeypoints, DATASET_OPTIONS, readIds, sameKeypoints } from "./datasets.ts";
import type { Command, Values } from "./options.ts";
import { prepareFolder, removeHalfWritten, trainingProgress } from "./output.ts";
import {
  EVALUATION_SEED,
  instanceSource,
  JUDGED_SIZE,
  MOST_PEOPLE,
  openInstancePhotographs,
  openPhotographs,
  POSES,
  posesOf,
  samplesOf,
  syntheticSource,
  VALIDATION_SEED,
  validationScenes,
} from "./sources.ts";
import { measure } from "./evaluation.ts";
import { type Judgement, MetricsLog } from "./metrics_log.ts";
import { predict } from "./prediction.ts";
import { recipeOf } from "./recipe.ts";
import { everyMinutes, everySteps, type Interlude, type Pause, train } from "./training.ts";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "./training_state.ts";
import {
  forInstances,
  learnedNumbers,
  type LoadedModel,
  loadModel,
  makeInstanceModel,
  makeModel,
  saveModel,
  withoutTags,
} from "./weights.ts";

/** Weights are written so often while a run goes on. */
const SAVE_EVERY_MINUTES = 2;
/** Scenes from which single people are cut are so many times as large as the crops. */
const LARGER = 2;
/** Nothing of chance about where a picture lies. */
const AS_THEY_ARE = { scale: 0, shift: 0, rotationDegrees: 0 } as const;
/** Pixels: a person that is smaller is looked at as if so large; see cropAround(). */
const LEAST_SIDE = 60;

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
    "single-person": {
      type: "flag",
      help:
        "learn to look at one person at a time, for --refine: without tags, from --weights or nothing",
    },
    instances: {
      type: "flag",
      help:
        "learn masks, of overlapping people on synthetic scenes or of a COCO instance file; from --weights or nothing",
    },
    classes: {
      type: "text",
      help: "for --instances of photographs: classes to learn, separated by commas (default: all)",
    },
    recipe: {
      type: "text",
      help: "loss weights and learning rate: small, authors, paper; instances for --instances",
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
    accumulate: {
      type: "whole",
      least: 1,
      default: 1,
      help: "batches whose gradients are added up for one step: a large batch on a small card",
    },
    average: {
      type: "number",
      help: "keep a moving average of the network and write that; how much stays, 0.999 say",
    },
    "validate-every": {
      type: "whole",
      least: 1,
      help: "judge the network every so many steps; the best is kept as best.safetensors",
    },
    "validation-annotations": { type: "text", help: "annotation file to judge on" },
    "validation-images": { type: "text", help: "folder of its photographs" },
    patience: {
      type: "whole",
      least: 1,
      help: "stop when the network was not the best so many times in a row",
    },
    "save-every": {
      type: "whole",
      least: 1,
      help: "write weights and checkpoint every so many steps (default: every 2 minutes)",
    },
    resume: {
      type: "flag",
      help: "go on from the checkpoint in the folder --out, if there is one",
    },
    half: { type: "flag", help: "write the weights as 16-bit floats: half the file's size" },
    "no-augment": { type: "flag", help: "show photographs as they are" },
    out: {
      type: "text",
      default: "out/train",
      help: "folder for weights.safetensors, checkpoint.safetensors, metrics.jsonl and log.json",
    },
  },
  notes:
    "Give --steps, --minutes or both. With --steps alone a run can be repeated to the last bit, also if it was\n" +
    "killed on the way and went on with --resume.",
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
  const ofInstances = values.flag("instances");
  if (ofInstances) checkSuitsInstances(values);
  else if (values.text("classes")) throw new InputError("--classes needs --instances");
  const recipe = recipeOf(recipeName(values), {
    rate: values.number("rate"),
    tagWeight: values.number("tag-weight"),
    learnt: start !== undefined,
  });
  const average = values.number("average");
  if (average !== undefined && average >= 1) {
    throw new InputError(`--average must be below 1, not ${average}`);
  }
  for (const name of values.flag("single-person") ? ["threshold", "tag-distance"] : []) {
    if (values.number(name) !== undefined) {
      throw new InputError(`--${name} is for networks with tags, not for --single-person`);
    }
  }
  const recompute = values.flag("recompute");
  const precision = await precisionOf(values);
  if ((recompute || precision !== "f32") && start !== undefined) {
    throw new InputError(
      "--recompute and --precision are decided when a network is made; leave them out with --weights",
    );
  }
  const crowdsOnly = values.flag("crowds-only");
  const masks = ofInstances ? await openInstancePhotographs(values) : undefined;
  const classes = masks?.classes ?? SCENE_CLASSES;
  const opened = ofInstances
    ? undefined
    : await openPhotographs(values, "labelled", { maskUnlabelled: !crowdsOnly });
  if (crowdsOnly && !opened) throw new InputError("--crowds-only is for photographs");
  const isSingle = values.flag("single-person");
  const made = { seed, recompute, precision, ...(isSingle ? { tagDimensions: 0 } : {}) };
  const given = start !== undefined
    ? await loadModel(start, values.text("preset"))
    : ofInstances
    ? makeInstanceModel(values.text("preset") ?? "segment", classes, made)
    : makeModel(values.text("preset") ?? "demo", made, recipe.decoding, opened?.file.skeleton);
  if (!isSingle && given.model.options.tagDimensions === 0) {
    throw new InputError(`--weights ${start}: are for --single-person: they have no tags`);
  }
  if (given.classes && !ofInstances) {
    throw new InputError(`--weights ${start}: are for --instances: they find no keypoints`);
  }
  const loaded = isSingle
    ? await withoutTags(given)
    : ofInstances
    ? await forInstances(given, classes, { seed })
    : given;
  const { skeleton } = loaded;
  if (opened) checkSameKeypoints(skeleton, opened.file);
  else if (!ofInstances && !sameKeypoints(skeleton, COCO)) {
    throw new InputError(`scenes show COCO's keypoints, the weights are for "${skeleton.name}"`);
  }
  const imageSize = values.number("size") ?? loaded.imageSize;
  const { model } = loaded;
  if (imageSize % model.sizeMultiple !== 0) {
    throw new InputError(
      `--size ${imageSize} does not suit the network: it needs a multiple of ${model.sizeMultiple}`,
    );
  }
  if (annotations === undefined && [EVALUATION_SEED, VALIDATION_SEED].includes(seed)) {
    throw new InputError(`--seed ${seed} is the seed of scenes to judge on; take another`);
  }
  if (annotations === undefined && values.flag("no-augment")) {
    throw new InputError("--no-augment is for photographs; scenes are never augmented");
  }
  if (annotations !== undefined && values.text("poses") !== undefined) {
    throw new InputError("--poses is for synthetic scenes; photographs have their own");
  }
  const leftOut = await readIds(values.text("without"));
  const all = (masks ?? opened)?.photographs;
  if (leftOut && !all) throw new InputError("--without is for photographs");
  const photographs = leftOut ? all?.where(({ id }) => !leftOut.has(id)) : all;
  if (photographs?.length === 0) {
    throw new InputError("--without leaves no photograph to learn from");
  }
  const sceneSize = isSingle ? LARGER * imageSize : imageSize;
  const scenes = ofInstances ? instanceSource : syntheticSource;
  const people = photographs ?? scenes(seed, sceneSize, await posesOf(values));
  const source = isSingle
    ? singlePersonSource(people, {
      seed,
      size: imageSize,
      ...(photographs ? {} : { leastSide: LEAST_SIDE * sceneSize / JUDGED_SIZE }),
      ...(values.flag("no-augment") ? AS_THEY_ARE : {}),
    })
    : people;
  const validate = await validationOf(values, loaded);
  await prepareFolder(out);
  if (values.flag("resume")) await removeHalfWritten(out);
  const { name: adapter } = await adapterInfo();
  console.log(`adapter  ${adapter}`);
  console.log(
    `network  ${loaded.preset}: ${learnedNumbers(loaded).toLocaleString("en")} parameters`,
  );
  console.log(
    `data     ${annotations ?? "synthetic scenes"}${
      isSingle ? ", one person at a time" : ofInstances ? ", masks" : ""
    }`,
  );

  const accumulate = values.number("accumulate")!;
  const files = { checkpoint: `${out}/checkpoint.safetensors`, metrics: `${out}/metrics.jsonl` };
  const settings = settingsOf(values, source);
  const checkpoint = await checkpointToGoOnFrom(files.checkpoint, settings, values.flag("resume"));
  if (checkpoint?.reached.finished) {
    console.log("resume   the run is finished: there is nothing to do");
    return;
  }
  if (!checkpoint) {
    // What an earlier run left must not be taken for this one's, should this one be killed soon.
    for (const name of [files.checkpoint, `${out}/best.safetensors`]) await removeIfThere(name);
  }
  const metrics = await MetricsLog.open(files.metrics, checkpoint?.reached.steps ?? 0);
  const augment = annotations !== undefined && !values.flag("no-augment");
  const stream = batchesAhead(source, {
    workers: values.number("workers"),
    batchSize,
    inputSize: imageSize,
    stride: model.stride,
    seed,
    slots: annotations !== undefined ? 30 : MOST_PEOPLE[ofInstances ? "instances" : "poses"],
    skeleton,
    ...(ofInstances ? { instances: { classes, pixels: recipe.pixels } } : {}),
    // A crop of one person has been moved, scaled and turned already.
    ...(augment ? { augment: { ...OFFICIAL_AUGMENTATION, ...(isSingle ? AS_THEY_ARE : {}) } } : {}),
    ...(checkpoint ? { start: checkpoint.reached.position } : {}),
  });
  const decoding = {
    threshold: values.number("threshold") ?? recipe.decoding.threshold,
    maxTagDistance: values.number("tag-distance") ?? recipe.decoding.maxTagDistance,
  };
  const saveWeights = (name: string, { state, steps }: Pause) =>
    saveModel(`${out}/${name}.safetensors`, {
      ...loaded,
      model: state.best,
      imageSize,
      decoding,
    }, {
      seed: String(seed),
      steps: String(steps),
      command: `train ${Deno.args.slice(1).join(" ")}`,
    }, { half: values.flag("half") });
  const saveAll = async (pause: Pause, finished: boolean) => {
    const { state, steps, seconds } = pause;
    const reached = { steps, seconds, position: stream.position, finished };
    await writeCheckpoint(files.checkpoint, state, reached, settings); // refuses what is no number
    await saveWeights("weights", pause);
  };
  const patience = values.number("patience");
  const isHopeless = () => patience !== undefined && metrics.sinceBest() >= patience;
  const saveEvery = values.number("save-every");
  const saving: Interlude = {
    isDue: saveEvery === undefined ? everyMinutes(SAVE_EVERY_MINUTES) : everySteps(saveEvery),
    run: (pause) => saveAll(pause, false),
  };
  const judging: Interlude | undefined = validate && {
    isDue: everySteps(validate.every),
    async run(pause) {
      const { steps, state } = pause;
      const found = await validate.judge({ ...loaded, model: state.best, imageSize, decoding });
      const isBest = found.AP > metrics.best();
      await metrics.add({ step: steps, ...found });
      console.log(
        `judged   step ${steps.toLocaleString("en")}: AP ${found.AP.toFixed(3)}, ` +
          `grouping ${found.grouping.toFixed(3)}${isBest ? ", the best so far" : ""}`,
      );
      if (isBest) await saveWeights("best", pause);
      if (isHopeless()) {
        console.log(`stopped  no better for ${patience} times`);
        return "stop";
      }
    },
  };
  // Killed between its last judgement and its end, a run without hope has nothing left but to end.
  const stopsAt = checkpoint && isHopeless() ? checkpoint.reached.steps : steps;
  const result = await train(model, stream, recipe, {
    ...(stopsAt === undefined ? {} : { steps: stopsAt }),
    ...(minutes === undefined ? {} : { minutes }),
    accumulate,
    progress: trainingProgress(batchSize * accumulate, { steps, minutes }),
    average,
    onLosses: (losses) => metrics.add({ ...losses }),
    interludes: judging ? [judging, saving] : [saving],
    checkpoint,
  }, async (pause) => {
    if (judging && metrics.lastJudged() !== pause.steps) await judging.run(pause);
    await saveAll(pause, true);
  });
  if (stream.broken.length > 0) {
    console.error(`${stream.broken.length} photographs could not be read and were left out`);
  }
  if (stream.droppedPeople > 0) {
    console.error(
      `${stream.droppedPeople} people had no slot and taught no tags: over 30 in a picture`,
    );
  }
  const { curves: _, ...figures } = result;
  await writeFileAtomic(
    `${out}/log.json`,
    JSON.stringify({ adapter, seed, batchSize, ...figures, curves: metrics.curves() }, null, 1) +
      "\n",
  );
  console.log(`weights  ${out}/weights.safetensors`);
}

/** Options for keypoints alone. */
const OF_KEYPOINTS = [
  ...Object.keys(DATASET_OPTIONS),
  "crowds-only",
  "single-person",
  "validate-every",
];

/** What is for keypoints alone must not be asked for with `--instances`. */
function checkSuitsInstances(values: Values): void {
  for (const name of OF_KEYPOINTS) {
    const given: unknown = values.text(name); // whatever its type; a flag is false if it is not given
    if (given !== undefined && given !== false) {
      throw new InputError(`--instances is for masks, --${name} for keypoints: choose one`);
    }
  }
}

/** The recipe that is asked for, or the usual one. */
function recipeName(values: Values): string {
  const ofInstances = values.flag("instances");
  const name = values.text("recipe") ?? (ofInstances ? "instances" : "small");
  if (ofInstances && name !== "instances") {
    throw new InputError(`--recipe ${name} is for keypoints; --instances has its own`);
  }
  if (!ofInstances && name === "instances") {
    throw new InputError("--recipe instances is for masks: give --instances too");
  }
  return name;
}

/**
 * What must be the same for a run to go on from a checkpoint: every option that changes a number, and how many
 * photographs there are.
 */
function settingsOf(values: Values, { length }: SampleSource): Record<string, string> {
  // How to decode changes nothing but what is judged.
  const decoding = values.number("validate-every") === undefined
    ? ["threshold", "tag-distance"]
    : [];
  const free = new Set(["out", "resume", "workers", "save-every", "half", ...decoding]);
  const given = Object.entries(trainCommand.options).flatMap(([name, { type }]) => {
    if (free.has(name)) return [];
    const value = type === "flag"
      ? values.flag(name) || undefined
      : type === "text"
      ? values.text(name)
      : values.number(name);
    return value === undefined ? [] : [[`--${name}`, String(value)]];
  });
  return {
    ...Object.fromEntries(given),
    "--recipe": recipeName(values),
    samples: String(length),
  };
}

async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** The checkpoint of an earlier sitting, if the run is to go on; a new run does not write over an unfinished one. */
async function checkpointToGoOnFrom(
  path: string,
  settings: Readonly<Record<string, string>>,
  resume: boolean,
): Promise<Checkpoint | undefined> {
  const exists = await Deno.stat(path).then(() => true, () => false);
  if (!exists) {
    if (resume) console.log(`resume   there is no ${path}: from the start`);
    return undefined;
  }
  if (resume) {
    const checkpoint = await readCheckpoint(path, settings);
    console.log(`resume   after ${checkpoint.reached.steps.toLocaleString("en")} steps`);
    return checkpoint;
  }
  const { reached } = await readCheckpoint(path);
  if (reached.finished) return undefined;
  throw new InputError(
    `${path}: is the checkpoint of a run that stopped after ${reached.steps} steps` +
      "\n  help: --resume goes on with it; for a new run choose another --out, or delete it",
  );
}

/** How a network is judged while it learns. */
interface Validation {
  /** So many steps lie between. */
  readonly every: number;
  readonly judge: (loaded: LoadedModel) => Promise<Judgement>;
}

/** What `--validate-every` asks for. */
async function validationOf(
  values: Values,
  { model, skeleton }: LoadedModel,
): Promise<Validation | undefined> {
  const every = values.number("validate-every");
  if (every !== undefined && model.options.tagDimensions === 0) {
    throw new InputError("--validate-every is for networks with tags: one person alone has no AP");
  }
  const opened = await openPhotographs(values, "all", { prefix: "validation-" });
  if (opened) checkSameKeypoints(skeleton, opened.file);
  if (every === undefined) {
    const idle = ["validation-annotations", "patience"].find((name) =>
      values.text(name) !== undefined || values.number(name) !== undefined
    );
    if (idle) throw new InputError(`--${idle} needs --validate-every`);
    return undefined;
  }
  if (values.text("annotations") !== undefined && !opened) {
    throw new InputError("--validate-every needs --validation-annotations and --validation-images");
  }
  const broken = new Set<string>(); // left out of every judgement, and said once
  return {
    every,
    async judge(loaded) {
      const known = broken.size;
      const { imageSize, decoding } = loaded;
      const samples = opened
        ? samplesOf(opened.photographs, (reason) => broken.add(reason))
        : await validationScenes(imageSize);
      const predictions = await Array.fromAsync(predict(loaded, samples));
      for (const reason of [...broken].slice(known)) console.error(`not judged: ${reason}`);
      const scale = opened ? 1 : JUDGED_SIZE / imageSize;
      const { statistics: { AP, AP50 }, grouping } = measure(predictions, scale, {
        ...decoding,
        skeleton,
      });
      return { AP, AP50, grouping };
    },
  };
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
