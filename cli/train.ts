/**
 * `train`: a network on made-up scenes, or on photographs of COCO, CrowdPose, MPII or a data set in COCO's form.
 *
 *     train_options.ts    what may be asked for       train_files.ts   weights and checkpoints
 *     train_subject.ts    what to learn, from what    validation.ts    how it is judged on the way
 *     train_network.ts    what learns it              training.ts      the loop
 *
 * @module
 */
import { adapterInfo, type Progress, writeFileAtomic } from "../mod.ts";
import { INTERRUPTED, listenForInterruption } from "./interruption.ts";
import { MetricsLog } from "./metrics_log.ts";
import type { Command, Values } from "./options.ts";
import {
  announce,
  claimFolder,
  prepareFolder,
  removeHalfWritten,
  trainingProgress,
} from "./output.ts";
import { recipeOf } from "./recipe.ts";
import { say } from "./say.ts";
import { checkpointToGoOnFrom, savingNowAndThen, savingOf, settingsOf } from "./train_files.ts";
import { networkOf } from "./train_network.ts";
import { checkTrainOptions, recipeName, TRAIN_OPTIONS } from "./train_options.ts";
import { sayWhatWasLeftOut, sourceOf, streamOf, subjectOf } from "./train_subject.ts";
import { train, type TrainingLimits } from "./training.ts";
import type { Checkpoint } from "./training_state.ts";
import { isHopeless, judgingOf, validationOf } from "./validation.ts";
import { sizeOfNetwork } from "./weights.ts";

/** `train`. */
export const trainCommand: Command = {
  summary: "Train a network on drawn scenes or annotated photographs.",
  operands: "",
  options: TRAIN_OPTIONS,
  notes: [
    "Give --steps, --minutes or both. With --steps alone a run can be repeated to the last bit, " +
    "also if it was killed on the way and went on with --resume. Ctrl-C ends it after the step, " +
    "with a checkpoint.",
  ],
  examples: [
    ["drawn scenes, ten minutes", "--minutes 10"],
    [
      "photographs of COCO, a night",
      "--annotations person_keypoints_train2017.json --images train2017 --preset medium-256 " +
      "--minutes 600",
    ],
    [
      "masks, from what a network for poses knows",
      "--instances --weights weights/demo.safetensors --minutes 25",
    ],
  ],
  run,
};

async function run(values: Values): Promise<void> {
  checkTrainOptions(values);
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
  announce({
    adapter,
    network: `${network.preset}: ${sizeOfNetwork(network)}`,
    data: dataOf(values),
  });

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
  sayWhatWasLeftOut(stream, subject);
  if (result.skipped) {
    console.log(`skipped  ${result.skipped} steps, whose gradients overflowed in 16 bits`);
  }
  if (interruption.requested) {
    console.log(`stopped  after ${result.steps.toLocaleString("en")} steps; --resume goes on`);
    Deno.exitCode = INTERRUPTED;
    return;
  }
  const { curves: _, ...figures } = result;
  const [seed, batchSize] = [values.number("seed"), values.number("batch")];
  const log = { adapter, seed, batchSize, ...figures, curves: metrics.curves() };
  await writeFileAtomic(`${out}/log.json`, JSON.stringify(log, null, 1) + "\n");
  say(`weights  ${out}/weights.safetensors`);
}

function dataOf(values: Values): string {
  const data = values.text("annotations") ?? "synthetic scenes";
  if (values.flag("single-person")) return `${data}, one person at a time`;
  return values.flag("instances") ? `${data}, masks` : data;
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
