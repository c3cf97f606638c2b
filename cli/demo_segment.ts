/**
 * Instance segmentation by associative embedding in one command: train a small network on made-up scenes of people who
 * overlap from nothing, measure its masks and those of the weights that come with the library, and write a report.
 *
 * Each network is measured twice: as it is, and with the true detections in place of its own, which leaves it nothing to
 * do but to say whose a pixel is. It looks at every picture and its mirror image, as the authors' test.py always does.
 *
 * @module
 */
import {
  type NamedFigure,
  type SegmentEvaluation,
  type SegmentReport,
  segmentReportHtml,
  writeFileAtomic,
} from "../mod.ts";
import { SCENE_CLASSES } from "../data/mod.ts";
import { hardest, sceneOf, writePictures } from "./demo_segment_pictures.ts";
import {
  begin,
  demoOptions,
  type DemoSetting,
  demoSettingOf,
  judgeShipped,
  trainOnScenes,
} from "./demos.ts";
import type { Command, Values } from "./options.ts";
import { alignedRows, collected, figure, writeJson } from "./output.ts";
import { recipeOf } from "./recipe.ts";
import { say } from "./say.ts";
import {
  decodeMaps,
  instanceOptionsOf,
  type MeasuredInstances,
  measureInstances,
  segment,
  type Segmentation,
  trueMaps,
} from "./segmentation.ts";
import {
  EVALUATION_SEED,
  INSTANCE_EVALUATION_NAME,
  instanceEvaluationScenes,
  instanceSource,
  MOST_PEOPLE,
  POSES,
  posesOf,
} from "./sources.ts";
import type { TrainingResult } from "./training.ts";
import {
  learnedNumbers,
  type LoadedNetwork,
  makeInstanceModel,
  PRESET,
  saveModel,
  sizeOfNetwork,
} from "./weights.ts";

/** `demo:segment`. */
export const demoSegmentCommand: Command = {
  summary: "Train a network to find masks, measure it, write a report.",
  operands: "",
  options: demoOptions({ minutes: 8, out: "out/demo-segment" }, {
    preset: { ...PRESET, default: "segment" },
    poses: POSES,
  }),
  notes: [
    "The network learns from made-up scenes of people who overlap, from nothing. It is measured on " +
    "scenes it has not seen, beside the weights that come with the library and ideal maps, which " +
    "say what is possible; with the true detections nothing is left to it but the grouping.",
  ],
  examples: [["half a minute, to see it work", "--minutes 0.5"]],
  run,
};

async function run(values: Values): Promise<void> {
  const setting = demoSettingOf(values, { seed: EVALUATION_SEED, name: "scenes" });
  const { out, seed } = setting;
  const recipe = recipeOf("instances");
  const preset = values.text("preset")!;
  const fresh = makeInstanceModel(preset, SCENE_CLASSES, { seed }, recipe.decoding);
  const source = instanceSource(seed, fresh.imageSize, await posesOf(values));
  const network = `${preset}: ${sizeOfNetwork(fresh)}`;
  const adapter = await begin(out, { network, measuredOn: INSTANCE_EVALUATION_NAME });

  const training = await trainOnScenes(fresh, source, recipe, {
    ...setting,
    slots: MOST_PEOPLE.instances,
    instances: { classes: SCENE_CLASSES, pixels: recipe.pixels },
  });
  const trained = await judge(fresh);
  const shipped = await judgeShipped("segment", judge);
  const measured = measuredOf(trained, shipped, idealOf(trained.found, fresh));
  const evaluations = Object.entries(measured).map(([label, it]) => {
    return { label, figures: figuresOf(it) };
  });
  printFigures(evaluations);
  await saveModel(`${out}/weights.safetensors`, fresh, { seed: String(seed) });
  const { curves, ...took } = training;
  const { batchSize } = setting;
  await writeJson(`${out}/metrics.json`, {
    figures: measured,
    ...took,
    adapter,
    seed,
    preset,
    batchSize,
    evaluationScenes: INSTANCE_EVALUATION_NAME,
  });
  const galleries = [
    { title: "Trained now, the worst first", scenes: hardest(trained.found) },
    ...(shipped
      ? [{ title: "Shipped weights, the worst first", scenes: hardest(shipped.found) }]
      : []),
  ];
  const report: SegmentReport = {
    title: "People taken apart by associative embedding",
    setup: setupOf(fresh, { ...setting, adapter, training }),
    headline: headlineOf(evaluations),
    evaluations,
    curves,
    galleries: galleries.map(({ title, scenes }) => ({ title, scenes: scenes.map(sceneOf) })),
  };
  await writeFileAtomic(`${out}/report.html`, segmentReportHtml(report));
  await writePictures(out, galleries.at(-1)!.scenes);
  say(`\nreport       ${out}/report.html`);
}

/** What is measured, by its label. */
function measuredOf(
  trained: Judged,
  shipped: Judged | null,
  ideal: MeasuredInstances,
): Readonly<Record<string, MeasuredInstances>> {
  return {
    "trained now": trained.measured,
    "with true detections": trained.grouping,
    ...(shipped && {
      "shipped weights": shipped.measured,
      "shipped, true detections": shipped.grouping,
    }),
    "ideal maps": ideal,
  };
}

/** How the run came about, for the report. */
function setupOf(
  fresh: LoadedNetwork,
  { adapter, seed, batchSize, training: { steps, seconds } }:
    & Pick<DemoSetting, "seed" | "batchSize">
    & {
      readonly adapter: string;
      readonly training: TrainingResult;
    },
): SegmentReport["setup"] {
  const { preset, imageSize } = fresh;
  const parameters = learnedNumbers(fresh);
  return [
    ["adapter", adapter],
    ["network", `${preset}, ${imageSize} x ${imageSize} pixels, ${parameters} parameters`],
    ["training", `${steps} steps of ${batchSize} images in ${seconds.toFixed(0)} s`],
    ["seed", String(seed)],
    ["evaluated on", `${INSTANCE_EVALUATION_NAME}, each looked at mirrored, too`],
  ];
}

/** How good ideal maps of the same scenes are. */
function idealOf(found: readonly Segmentation[], fresh: LoadedNetwork): MeasuredInstances {
  const { stride } = fresh.model;
  const ideal = found.map(({ sample }) =>
    decodeMaps(sample, trueMaps(sample, mapsOf(fresh)), { stride })
  );
  return measureInstances(ideal, SCENE_CLASSES);
}

/** The sizes of a network's maps. */
function mapsOf({ model, imageSize }: LoadedNetwork) {
  return { classes: SCENE_CLASSES, side: imageSize, stride: model.stride };
}

interface Judged {
  readonly found: readonly Segmentation[];
  readonly measured: MeasuredInstances;
  /** The same with the true detections. */
  readonly grouping: MeasuredInstances;
}

/** Measure a network on the evaluation scenes. */
async function judge(loaded: LoadedNetwork): Promise<Judged> {
  const { imageSize, preset, model: { stride } } = loaded;
  const samples = await instanceEvaluationScenes(imageSize);
  const bar = { label: `evaluate ${preset}`, total: samples.length, unit: "scenes" };
  const found = await collected(segment(loaded, samples, { flip: true }), bar);
  const grouped = found.map(({ sample, tags }) => {
    const { heatmaps } = trueMaps(sample, mapsOf(loaded));
    return decodeMaps(sample, { heatmaps, tags }, { stride, ...instanceOptionsOf(loaded) });
  });
  return {
    found,
    measured: measureInstances(found, SCENE_CLASSES),
    grouping: measureInstances(grouped, SCENE_CLASSES),
  };
}

/** The names of COCO's figures of masks, and what they mean. */
const MEANINGS: readonly (readonly [keyof MeasuredInstances["masks"], string])[] = [
  ["AP", "overlap 0.50 to 0.95"],
  ["AP50", "overlap 0.50"],
  ["AP75", "overlap 0.75"],
  ["AP_S", "below 32² px"],
  ["AP_M", "32² to 96² px"],
  ["AP_L", "above 96² px"],
  ["AR1", "1 in a picture"],
  ["AR10", "10 in a picture"],
  ["AR100", "100 in a picture"],
  ["AR_S", "below 32² px"],
  ["AR_M", "32² to 96² px"],
  ["AR_L", "above 96² px"],
];

function figuresOf({ masks, regions }: MeasuredInstances): NamedFigure[] {
  return [
    ...MEANINGS.map(([name, meaning]) => ({ name, meaning, value: masks[name] })),
    ...regions.map(({ overlap, rule, mean }) => ({
      name: `mAP^r ${overlap}`,
      meaning: rule,
      value: mean,
    })),
  ];
}

/** AP50 of each set of predictions. */
function headlineOf(evaluations: readonly SegmentEvaluation[]): NamedFigure[] {
  return evaluations.map(({ label, figures }) => {
    const { name, value } = figures.find(({ name }) => name === "AP50")!;
    return { name, meaning: `${name}, ${label}`, value };
  });
}

function printFigures(evaluations: readonly SegmentEvaluation[]): void {
  const rows = evaluations[0].figures.map(({ name, meaning }, i) => [
    name.startsWith("mAP") ? `${name}, ${meaning}` : name, // a rule that the name does not say
    ...evaluations.map(({ figures }) => figure(figures[i].value)),
  ]);
  console.log(`\n${alignedRows([["", ...evaluations.map(({ label }) => label)], ...rows])}`);
}
