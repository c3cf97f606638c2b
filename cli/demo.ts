/**
 * The main job in one command: train a small network on made-up crowds from nothing, measure it, measure the
 * weights that come with the library on the same scenes, and write a report to look at.
 *
 * @module
 */
import {
  COCO,
  type DemoReport,
  type ReportEvaluation,
  type ReportGallery,
  reportHtml,
  writeFileAtomic,
} from "../mod.ts";
import { type Sample, SYNTHETIC_VERSION } from "../data/mod.ts";
import { hardest, writeOverview, writePictures } from "./demo_pictures.ts";
import {
  begin,
  demoOptions,
  type DemoSetting,
  demoSettingOf,
  judgeShipped,
  trainOnScenes,
} from "./demos.ts";
import { idealMaps, measure, type Measured } from "./evaluation.ts";
import { decode, predict, type Prediction } from "./prediction.ts";
import type { Command, Values } from "./options.ts";
import { alignedRows, collected, figure, writeJson } from "./output.ts";
import {
  EVALUATION_NAME,
  EVALUATION_SCENES,
  EVALUATION_SEED,
  evaluationScenes,
  JUDGED_SIZE,
  MOST_PEOPLE,
  POSES,
  posesOf,
  SETTING,
  syntheticSource,
} from "./sources.ts";
import { recipeOf } from "./recipe.ts";
import { say } from "./say.ts";
import type { TrainingResult } from "./training.ts";
import {
  learnedNumbers,
  type LoadedNetwork,
  makeModel,
  PRESET,
  saveModel,
  sizeOfNetwork,
} from "./weights.ts";

/** `demo`. */
export const demoCommand: Command = {
  summary: "Train a network to find people, measure it, write a report.",
  operands: "",
  options: demoOptions({ minutes: 5.7, out: "out/demo" }, {
    preset: { ...PRESET, default: "demo" },
    poses: POSES,
  }),
  notes: [
    "The network learns from made-up crowds, from nothing. It is measured on scenes it has not " +
    "seen, beside the weights that come with the library and ideal maps, which say what is " +
    "possible.",
  ],
  examples: [
    ["half a minute, to see it work", "--minutes 0.5"],
    ["drawn people in photographed poses", "--poses person_keypoints_val2017.json"],
  ],
  run,
};

async function run(values: Values): Promise<void> {
  const setting = demoSettingOf(values, { seed: EVALUATION_SEED, name: "scenes" });
  const { out, seed } = setting;
  const recipe = recipeOf("small");
  const fresh = makeModel(values.text("preset")!, { seed }, recipe.decoding);
  const source = syntheticSource(seed, fresh.imageSize, await posesOf(values));
  const network = `${fresh.preset}: ${sizeOfNetwork(fresh)}`;
  const adapter = await begin(out, { network, measuredOn: EVALUATION_NAME });

  const slots = MOST_PEOPLE.poses;
  const training = await trainOnScenes(fresh, source, recipe, { ...setting, slots });
  const trained = await judge(fresh);
  const shipped = await judgeShipped("demo", judge);
  const ideal = await judgeIdeal(trained.samples, fresh);
  const done: Done = { ...setting, fresh, adapter, training, trained, shipped, ideal };
  printFigures(evaluationsOf(done));
  await saveModel(`${out}/weights.safetensors`, fresh, { seed: String(seed) });
  await writeJson(`${out}/metrics.json`, metricsOf(done));
  const galleries = [
    { title: "Trained now", scenes: hardest(trained.predictions) },
    ...(shipped ? [{ title: "Shipped weights", scenes: hardest(shipped.predictions) }] : []),
  ];
  await writeFileAtomic(`${out}/report.html`, reportHtml(reportOf(done, galleries)));
  await writePictures(out, galleries.at(-1)!.scenes);
  await writeOverview(out, (shipped ?? trained).predictions);
  say(`\nreport       ${out}/report.html`);
}

/** A run of the demo. */
interface Done extends Pick<DemoSetting, "seed" | "batchSize"> {
  /** The network that was trained. */
  readonly fresh: LoadedNetwork;
  readonly adapter: string;
  readonly training: TrainingResult;
  readonly trained: Judged;
  /** The weights that come with the library; null while there are none. */
  readonly shipped: Judged | null;
  /** Ideal maps of the same scenes. */
  readonly ideal: Measured;
}

function evaluationsOf({ trained, shipped, ideal }: Done): ReportEvaluation[] {
  return [
    asReport("trained now", trained.measured),
    ...(shipped ? [asReport("shipped weights", shipped.measured)] : []),
    asReport("ideal maps", ideal),
  ];
}

/** What metrics.json says. */
function metricsOf({ trained, shipped, ideal, training, adapter, seed, batchSize, fresh }: Done) {
  const figuresOf = ({ measured: { statistics, grouping } }: Judged) => ({
    keypoints: statistics,
    grouping: { accuracyGivenTrueDetections: grouping },
  });
  const { curves: _, ...took } = training;
  return {
    ...figuresOf(trained),
    idealMaps: ideal.statistics,
    shipped: shipped && figuresOf(shipped),
    ...took,
    adapter,
    seed,
    preset: fresh.preset,
    batchSize,
    evaluationScenes: EVALUATION_NAME,
  };
}

function reportOf(done: Done, galleries: readonly ReportGallery[]): DemoReport {
  const { fresh: { model, imageSize, preset }, training, adapter, seed, batchSize } = done;
  const side = imageSize / model.stride;
  const evaluations = evaluationsOf(done);
  return {
    title: "People found by associative embedding",
    adapter,
    seed,
    batchSize,
    ...training,
    model: `${preset}, ${imageSize} x ${imageSize} pixels, maps of ${side} x ${side}, ` +
      `tags of ${model.options.tagDimensions}`,
    parameters: learnedNumbers({ model }),
    evaluationScenes: {
      generator: SYNTHETIC_VERSION,
      seed: EVALUATION_SEED,
      count: EVALUATION_SCENES,
      setting: SETTING,
      judgedSize: JUDGED_SIZE,
    },
    skeleton: COCO,
    trained: evaluations[0],
    shipped: done.shipped ? evaluations[1] : null,
    ideal: evaluations.at(-1)!,
    galleries,
  };
}

interface Judged {
  readonly samples: readonly Sample[];
  readonly predictions: readonly Prediction[];
  readonly measured: Measured;
}

/** Measure a network on the evaluation scenes. */
async function judge(loaded: LoadedNetwork): Promise<Judged> {
  const { imageSize, preset, decoding } = loaded;
  const samples = await evaluationScenes(imageSize);
  const bar = { label: `evaluate ${preset}`, total: samples.length, unit: "scenes" };
  const predictions = await collected(predict(loaded, samples), bar);
  const measured = await measure(predictions, JUDGED_SIZE / imageSize, decoding);
  return { samples, predictions, measured };
}

/** Measure ideal maps of the same scenes: the bound of the resolution. */
function judgeIdeal(
  samples: readonly Sample[],
  { model, imageSize }: LoadedNetwork,
): Promise<Measured> {
  const predictions = samples.map((sample) =>
    decode(sample, idealMaps(sample, imageSize, model.stride), imageSize, model.stride)
  );
  return measure(predictions, JUDGED_SIZE / imageSize);
}

function asReport(label: string, { statistics, grouping, keypointAp }: Measured): ReportEvaluation {
  return { label, keypoints: statistics, groupingAccuracy: grouping, keypointAp };
}

function printFigures(evaluations: readonly ReportEvaluation[]): void {
  const names = Object.keys(evaluations[0].keypoints) as (keyof ReportEvaluation["keypoints"])[];
  const rows = [
    ["", ...evaluations.map(({ label }) => label)],
    ...names.map((name) => [name, ...evaluations.map(({ keypoints }) => figure(keypoints[name]))]),
    ["grouping", ...evaluations.map(({ groupingAccuracy }) => figure(groupingAccuracy))],
  ];
  console.log(`\n${alignedRows(rows)}`);
}
