/**
 * `train`: a network on made-up scenes, or on photographs of COCO, CrowdPose, MPII or a data set in COCO's form.
 *
 * @module
 */
import { adapterInfo, COCO, InputError, type Progress, writeFileAtomic } from "../mod.ts";
import {
  type BatchesAhead,
  batchesAhead,
  type CocoDataset,
  type DescribedSource,
  OFFICIAL_AUGMENTATION,
  type SampleSource,
  SCENE_CLASSES,
  singlePersonSource,
  type StreamPosition,
} from "../data/mod.ts";
import {
  type AnnotationFile,
  checkSameKeypoints,
  DATASET_OPTIONS,
  readIds,
  sameKeypoints,
} from "./datasets.ts";
import type { Command, Values } from "./options.ts";
import { INTERRUPTED, listenForInterruption } from "./interruption.ts";
import { claimFolder, prepareFolder, removeHalfWritten, trainingProgress } from "./output.ts";
import {
  EVALUATION_SEED,
  instanceSource,
  JUDGED_SIZE,
  MOST_PEOPLE,
  openInstancePhotographs,
  openPhotographs,
  POSES,
  posesOf,
  syntheticSource,
  VALIDATION_SEED,
} from "./sources.ts";
import { type Judgement, MetricsLog } from "./metrics_log.ts";
import { type Recipe, recipeOf } from "./recipe.ts";
import {
  everyMinutes,
  everySteps,
  type Interlude,
  type Pause,
  train,
  type TrainingLimits,
} from "./training.ts";
import { bestOf, type Checkpoint, readCheckpoint, writeCheckpoint } from "./training_state.ts";
import { type Validation, validationOf } from "./validation.ts";
import {
  type Decoding,
  forInstances,
  HIGHEST_THRESHOLD,
  LARGEST_IMAGE,
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
/** Images of a batch that take more bytes fit no device beside what a network makes of them. */
const MOST_BATCH_BYTES = 2 ** 32;
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
      most: LARGEST_IMAGE,
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
      most: HIGHEST_THRESHOLD,
      help: "least height of a peak, kept with the weights (default: the recipe's)",
    },
    "tag-distance": {
      type: "number",
      above: true,
      help:
        "a keypoint joins a person whose tag is nearer, or no two masks' tags are, kept with the weights (default: the recipe's)",
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
      help:
        "judge the network every so many steps, masks by their AP; the best is kept as best.safetensors",
    },
    "validation-annotations": {
      type: "text",
      help: "annotation file to judge on; with --instances an instance file (default: scenes)",
    },
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
    "killed on the way and went on with --resume. Ctrl-C ends it after the step, with a checkpoint.",
  run,
};

async function run(values: Values): Promise<void> {
  checkOptions(values);
  const recipe = recipeOf(recipeName(values), {
    rate: values.number("rate"),
    tagWeight: values.number("tag-weight"),
    learnt: values.text("weights") !== undefined,
  });
  const subject = await subjectOf(values);
  const network = await networkOf(values, recipe, subject);
  const source = await sourceOf(values, network, subject);
  const validation = await validationOf(values, network);
  const out = values.text("out")!;
  await prepareFolder(out);
  using _claim = await claimFolder(out);
  if (values.flag("resume")) await removeHalfWritten(out);
  const { name: adapter } = await adapterInfo();
  announce(values, network, adapter);

  const settings = settingsOf(values, source);
  const checkpoint = await checkpointToGoOnFrom(values, settings);
  if (checkpoint?.reached.finished) {
    console.log("resume   the run is finished: there is nothing to do");
    return;
  }
  const metrics = await MetricsLog.open(`${out}/metrics.jsonl`, checkpoint?.reached.steps ?? 0);
  const stream = streamOf(values, source, { network, subject, recipe }, checkpoint);
  const save = savingOf(values, { network, settings, position: () => stream.position });
  const judging = validation && judgingOf(values, { network, validation, metrics, save });
  using interruption = listenForInterruption(() =>
    console.error("stopping after this step; once more: at once, and back to the last checkpoint")
  );
  const result = await train(network.model, stream, recipe, {
    ...limitsOf(values, checkpoint, metrics),
    accumulate: values.number("accumulate")!,
    average: values.number("average"),
    progress: progressOf(values),
    onLosses: (losses) => metrics.add({ ...losses }),
    interludes: [...(judging ? [judging] : []), savingNowAndThen(values, save)],
    isInterrupted: () => interruption.requested,
    checkpoint,
  }, async (pause) => {
    if (interruption.requested) return await save.all(pause);
    if (judging && metrics.lastJudged() !== pause.steps) await judging.run(pause);
    await save.all(pause, { finished: true });
  });
  sayWhatWasLeftOut(stream);
  if (interruption.requested) {
    console.log(`stopped  after ${result.steps.toLocaleString("en")} steps; --resume goes on`);
    Deno.exitCode = INTERRUPTED;
    return;
  }
  const { curves: _, ...figures } = result;
  const [seed, batchSize] = [values.number("seed"), values.number("batch")];
  const log = { adapter, seed, batchSize, ...figures, curves: metrics.curves() };
  await writeFileAtomic(`${out}/log.json`, JSON.stringify(log, null, 1) + "\n");
  console.log(`weights  ${out}/weights.safetensors`);
}

/** See that no option is given in vain or contradicts another, as far as no file needs to be read for it. */
function checkOptions(values: Values): void {
  const isGiven = (name: string) =>
    values.text(name) !== undefined || values.number(name) !== undefined;
  if (!isGiven("steps") && !isGiven("minutes")) {
    throw new InputError("how long?\n  help: give --steps or --minutes");
  }
  if (values.flag("instances")) checkSuitsInstances(values);
  else if (isGiven("classes")) throw new InputError("--classes needs --instances");
  const average = values.number("average");
  if (average !== undefined && average >= 1) {
    throw new InputError(`--average must be below 1, not ${average}`);
  }
  for (const name of values.flag("single-person") ? ["threshold", "tag-distance"] : []) {
    if (isGiven(name)) {
      throw new InputError(`--${name} is for networks with tags, not for --single-person`);
    }
  }
  if ((values.flag("recompute") || values.text("precision") !== "f32") && isGiven("weights")) {
    throw new InputError(
      "--recompute and --precision are decided when a network is made; leave them out with --weights",
    );
  }
  const idle = ["validation-annotations", "patience"].find(isGiven);
  if (idle && !isGiven("validate-every")) throw new InputError(`--${idle} needs --validate-every`);
  if (isGiven("annotations") || isGiven("images")) {
    if (isGiven("poses")) {
      throw new InputError("--poses is for synthetic scenes; photographs have their own");
    }
    return;
  }
  const seed = values.number("seed")!;
  if ([EVALUATION_SEED, VALIDATION_SEED].includes(seed)) {
    throw new InputError(`--seed ${seed} is the seed of scenes to judge on; take another`);
  }
  if (values.flag("no-augment")) {
    throw new InputError("--no-augment is for photographs; scenes are never augmented");
  }
  if (values.flag("crowds-only")) throw new InputError("--crowds-only is for photographs");
  if (isGiven("without")) throw new InputError("--without is for photographs");
}

/** Options for keypoints alone. */
const OF_KEYPOINTS = [...Object.keys(DATASET_OPTIONS), "crowds-only", "single-person"];

/** What is for keypoints alone must not be asked for with `--instances`. */
function checkSuitsInstances(values: Values): void {
  for (const name of OF_KEYPOINTS) {
    if (values.isGiven(name)) {
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

/** What is to be learnt. */
interface Subject {
  /** What shows it; scenes do where there are none. */
  readonly photographs: CocoDataset | undefined;
  /** The annotations of keypoints. */
  readonly file?: AnnotationFile;
  /** Names of the classes whose instances are learnt, where it is not keypoints. */
  readonly classes?: readonly string[];
}

/**
 * What the options ask to learn: keypoints, or with `--instances` masks.
 *
 * @throws {InputError} If photographs are named that cannot be read.
 */
async function subjectOf(values: Values): Promise<Subject> {
  if (values.flag("instances")) {
    const wanted = values.text("classes")?.split(",").map((name) => name.trim());
    const opened = await openInstancePhotographs(values, { classes: wanted });
    if (opened) return { ...opened, classes: opened.classes.map(({ name }) => name) };
    if (wanted) throw new InputError("--classes is for photographs; scenes show people only");
    return { photographs: undefined, classes: SCENE_CLASSES };
  }
  return await openPhotographs(values, "labelled", {
    maskUnlabelled: !values.flag("crowds-only"),
  }) ?? { photographs: undefined };
}

/** A model, the size of its images and how to decode what it learns, as the options say. */
interface Network extends LoadedModel {
  readonly decoding: Decoding;
}

/**
 * The network of `--weights`, or a new one of `--preset`.
 *
 * @throws {InputError} If its keypoints are not those that it is to learn, or the options do not suit it.
 */
async function networkOf(
  values: Values,
  { decoding }: Recipe,
  { file, classes }: Subject,
): Promise<Network> {
  const isSingle = values.flag("single-person");
  const start = values.text("weights");
  const as = values.text("preset");
  const seed = values.number("seed")!;
  const made = {
    seed,
    recompute: values.flag("recompute"),
    precision: await precisionOf(values),
    ...(isSingle ? { tagDimensions: 0 } : {}),
  };
  const given = start !== undefined
    ? await loadModel(start, as)
    : classes
    ? makeInstanceModel(as ?? "segment", classes, made)
    : makeModel(as ?? "demo", made, {}, file?.skeleton);
  if (given.classes && !classes) {
    throw new InputError(`--weights ${start}: are for --instances: they find no keypoints`);
  }
  if (!isSingle && given.model.options.tagDimensions === 0) {
    throw new InputError(`--weights ${start}: are for --single-person: they have no tags`);
  }
  const loaded = isSingle
    ? await withoutTags(given)
    : classes
    ? await forInstances(given, classes, { seed })
    : given;
  const { model, skeleton } = loaded;
  if (file) checkSameKeypoints(skeleton, file);
  else if (!classes && !sameKeypoints(skeleton, COCO)) {
    throw new InputError(`scenes show COCO's keypoints, the weights are for "${skeleton.name}"`);
  }
  const imageSize = values.number("size") ?? loaded.imageSize;
  if (imageSize % model.sizeMultiple !== 0) {
    throw new InputError(
      `--size ${imageSize} does not suit the network: it needs a multiple of ${model.sizeMultiple}`,
    );
  }
  checkBatch(values.number("batch")!, imageSize);
  return {
    ...loaded,
    imageSize,
    decoding: {
      threshold: values.number("threshold") ?? decoding.threshold,
      maxTagDistance: values.number("tag-distance") ?? decoding.maxTagDistance,
    },
  };
}

/**
 * See that the images of a batch fit into some device's memory, before the first is made in main memory.
 *
 * @throws {InputError} If they do not.
 */
function checkBatch(batch: number, imageSize: number): void {
  const bytes = batch * 3 * imageSize ** 2 * 4;
  if (bytes <= MOST_BATCH_BYTES) return;
  throw new InputError(
    `--batch ${batch}: its images alone take ${(bytes / 2 ** 30).toFixed(1)} GiB\n` +
      "  help: --accumulate makes a large step of small batches",
  );
}

/** What to learn from: the photographs without those of `--without`, or scenes; perhaps one person at a time. */
async function sourceOf(
  values: Values,
  { imageSize }: Network,
  { photographs: all, classes }: Subject,
): Promise<DescribedSource> {
  const isSingle = values.flag("single-person");
  const seed = values.number("seed")!;
  const leftOut = await readIds(values.text("without"));
  const photographs = leftOut ? all?.where(({ id }) => !leftOut.has(id)) : all;
  if (photographs?.length === 0) {
    throw new InputError("--without leaves no photograph to learn from");
  }
  const sceneSize = isSingle ? LARGER * imageSize : imageSize;
  const scenes = classes ? instanceSource : syntheticSource;
  const people = photographs ?? scenes(seed, sceneSize, await posesOf(values));
  if (!isSingle) return people;
  return singlePersonSource(people, {
    seed,
    size: imageSize,
    ...(photographs ? {} : { leastSide: LEAST_SIDE * sceneSize / JUDGED_SIZE }),
    ...(values.flag("no-augment") ? AS_THEY_ARE : {}),
  });
}

/** The batches, from a place on. */
function streamOf(
  values: Values,
  source: DescribedSource,
  { network: { model, imageSize, skeleton }, subject: { photographs, classes }, recipe }: {
    readonly network: Network;
    readonly subject: Subject;
    readonly recipe: Recipe;
  },
  checkpoint: Checkpoint | undefined,
): BatchesAhead {
  // A crop of one person has been moved, scaled and turned already.
  const augment = {
    ...OFFICIAL_AUGMENTATION,
    ...(values.flag("single-person") ? AS_THEY_ARE : {}),
  };
  return batchesAhead(source, {
    workers: values.number("workers"),
    batchSize: values.number("batch")!,
    inputSize: imageSize,
    stride: model.stride,
    seed: values.number("seed"),
    slots: photographs ? 30 : MOST_PEOPLE[classes ? "instances" : "poses"],
    skeleton,
    ...(classes ? { instances: { classes, pixels: recipe.pixels } } : {}),
    ...(photographs && !values.flag("no-augment") ? { augment } : {}),
    ...(checkpoint ? { start: checkpoint.reached.position } : {}),
  });
}

function announce(values: Values, network: Network, adapter: string): void {
  const parameters = learnedNumbers(network).toLocaleString("en");
  const data = values.text("annotations") ?? "synthetic scenes";
  console.log(`adapter  ${adapter}`);
  console.log(`network  ${network.preset}: ${parameters} parameters`);
  const what = values.flag("single-person")
    ? ", one person at a time"
    : values.flag("instances")
    ? ", masks"
    : "";
  console.log(`data     ${data}${what}`);
}

function progressOf(values: Values): Progress {
  return trainingProgress(values.number("batch")! * values.number("accumulate")!, {
    steps: values.number("steps"),
    minutes: values.number("minutes"),
  });
}

/** When the run ends. Killed between its last judgement and its end, one without hope has only to end. */
function limitsOf(
  values: Values,
  checkpoint: Checkpoint | undefined,
  metrics: MetricsLog,
): TrainingLimits {
  const [steps, minutes] = [values.number("steps"), values.number("minutes")];
  const stopsAt = checkpoint && isHopeless(values, metrics) ? checkpoint.reached.steps : steps;
  return {
    ...(stopsAt === undefined ? {} : { steps: stopsAt }),
    ...(minutes === undefined ? {} : { minutes }),
  };
}

/** Whether the network was not the best for as many times as `--patience` says. */
function isHopeless(values: Values, metrics: MetricsLog): boolean {
  const patience = values.number("patience");
  return patience !== undefined && metrics.sinceBest() >= patience;
}

/** Writes the files of a run. */
interface Saving {
  /** Weights by the name of their file. */
  readonly weights: (name: string, pause: Pause) => Promise<void>;
  /** Checkpoint and weights. */
  readonly all: (pause: Pause, options?: { readonly finished?: boolean }) => Promise<void>;
}

function savingOf(
  values: Values,
  { network, settings, position }: {
    readonly network: Network;
    readonly settings: Readonly<Record<string, string>>;
    readonly position: () => StreamPosition;
  },
): Saving {
  const out = values.text("out")!;
  const weights = async (name: string, pause: Pause) => {
    const notes = {
      seed: String(values.number("seed")),
      steps: String(pause.steps),
      command: `train ${Deno.args.slice(1).join(" ")}`,
    };
    await saveModel(`${out}/${name}.safetensors`, { ...network, model: pause.state.best }, notes, {
      half: values.flag("half"),
      values: bestOf(await pause.values()),
    });
  };
  return {
    weights,
    async all(pause, { finished = false } = {}) {
      const { steps, seconds } = pause;
      const reached = { steps, seconds, position: position(), finished };
      const path = checkpointPath(values);
      await writeCheckpoint(path, await pause.values(), reached, settings); // refuses what is no number
      await weights("weights", pause);
    },
  };
}

function savingNowAndThen(values: Values, save: Saving): Interlude {
  const steps = values.number("save-every");
  return {
    isDue: steps === undefined ? everyMinutes(SAVE_EVERY_MINUTES) : everySteps(steps),
    run: (pause) => save.all(pause),
  };
}

/** Judge the network now and then, keep the best, and stop where there is no hope. */
function judgingOf(
  values: Values,
  { network, validation, metrics, save }: {
    readonly network: Network;
    readonly validation: Validation;
    readonly metrics: MetricsLog;
    readonly save: Saving;
  },
): Interlude {
  return {
    isDue: everySteps(validation.every),
    async run(pause) {
      const { steps, state } = pause;
      const found = await validation.judge({ ...network, model: state.best });
      const isBest = found.AP > metrics.best();
      await metrics.add({ step: steps, ...found });
      console.log(
        `judged   step ${steps.toLocaleString("en")}: ${figuresIn(found)}` +
          (isBest ? ", the best so far" : ""),
      );
      if (isBest) await save.weights("best", pause);
      if (isHopeless(values, metrics)) {
        console.log(`stopped  no better for ${values.number("patience")} times`);
        return "stop";
      }
    },
  };
}

function figuresIn({ AP, AP50, grouping }: Judgement): string {
  const [name, second] = grouping === undefined ? ["AP50", AP50] : ["grouping", grouping];
  return `AP ${AP.toFixed(3)}, ${name} ${second.toFixed(3)}`;
}

function sayWhatWasLeftOut({ broken, droppedPeople }: BatchesAhead): void {
  if (broken.length > 0) {
    console.error(`${broken.length} photographs could not be read and were left out`);
  }
  if (droppedPeople > 0) {
    console.error(`${droppedPeople} people had no slot and taught no tags: over 30 in a picture`);
  }
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

function checkpointPath(values: Values): string {
  return `${values.text("out")}/checkpoint.safetensors`;
}

/**
 * The checkpoint of an earlier sitting, if the run is to go on. A new run does not write over an unfinished one, and
 * what a finished one left is gone: it must not be taken for the new one's, should that be killed soon.
 */
async function checkpointToGoOnFrom(
  values: Values,
  settings: Readonly<Record<string, string>>,
): Promise<Checkpoint | undefined> {
  const path = checkpointPath(values);
  const resume = values.flag("resume");
  const exists = await Deno.stat(path).then(() => true, () => false);
  if (exists && resume) {
    const checkpoint = await readCheckpoint(path, settings);
    console.log(`resume   after ${checkpoint.reached.steps.toLocaleString("en")} steps`);
    return checkpoint;
  }
  if (exists) {
    const { reached } = await readCheckpoint(path);
    if (!reached.finished) {
      throw new InputError(
        `${path}: is the checkpoint of a run that stopped after ${reached.steps} steps` +
          "\n  help: --resume goes on with it; for a new run choose another --out, or delete it",
      );
    }
  } else if (resume) {
    console.log(`resume   there is no ${path}: from the start`);
  }
  for (const old of [path, `${values.text("out")}/best.safetensors`]) await removeIfThere(old);
  return undefined;
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
