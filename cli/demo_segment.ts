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
  adapterInfo,
  InputError,
  type NamedFigure,
  paintInstances,
  resizeImage,
  type RgbImage,
  type SegmentEvaluation,
  segmentReportHtml,
  type SegmentScene,
  tagHistogram,
  widestDimension,
  writeFileAtomic,
  writePng,
} from "../mod.ts";
import { batchesAhead, SCENE_CLASSES } from "../data/mod.ts";
import type { Command, Values } from "./options.ts";
import { prepareFolder, progressOnStderr, trainingProgress } from "./output.ts";
import { recipeOf } from "./recipe.ts";
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
import { train } from "./training.ts";
import {
  learnedNumbers,
  type LoadedModel,
  loadModel,
  makeInstanceModel,
  saveModel,
  shippedWeights,
} from "./weights.ts";

/** Scenes in each gallery of the report, the worst first. */
const GALLERY = 16;
/** Of these, so many are also written as PNG files, so many times as large. */
const PICTURES = 6;
const ENLARGED = 8;

/** `demo:segment`. */
export const demoSegmentCommand: Command = {
  summary: "Train a network that takes people apart pixel by pixel, measure it, write a report.",
  operands: "",
  options: {
    minutes: { type: "number", above: true, default: 8, help: "training time in minutes" },
    steps: { type: "whole", least: 1, help: "training steps instead of time" },
    batch: { type: "whole", least: 1, default: 4, help: "images in a step" },
    preset: { type: "text", default: "segment", help: "network to train" },
    poses: POSES,
    seed: { type: "whole", default: 1, help: "seed of weights and scenes" },
    out: { type: "text", default: "out/demo-segment", help: "folder for report.html and the rest" },
  },
  run,
};

async function run(values: Values): Promise<void> {
  const out = values.text("out")!;
  const seed = values.number("seed")!;
  const batchSize = values.number("batch")!;
  const steps = values.number("steps");
  const limits = steps === undefined ? { minutes: values.number("minutes")! } : { steps };
  const recipe = recipeOf("instances");
  const fresh = makeInstanceModel(
    values.text("preset")!,
    SCENE_CLASSES,
    { seed },
    recipe.decoding,
  );
  if (seed === EVALUATION_SEED) {
    throw new InputError(`--seed ${seed} is the seed of the evaluation scenes; take another`);
  }
  const { model, imageSize, preset } = fresh;
  const source = instanceSource(seed, imageSize, await posesOf(values));
  await prepareFolder(out);
  const adapter = (await adapterInfo()).name;
  const learned = learnedNumbers(fresh);
  console.log(`adapter      ${adapter}`);
  console.log(`network      ${preset}: ${learned.toLocaleString("en")} parameters`);
  console.log(`measured on  ${INSTANCE_EVALUATION_NAME}`);

  const stream = batchesAhead(source, {
    batchSize,
    inputSize: imageSize,
    stride: model.stride,
    seed,
    slots: MOST_PEOPLE.instances,
    instances: { classes: SCENE_CLASSES, pixels: recipe.pixels },
  });
  const progress = trainingProgress(batchSize, limits);
  const result = await train(model, stream, recipe, { ...limits, progress });

  const trained = await judge(fresh);
  const file = await shippedWeights("segment");
  const shipped = file === undefined ? null : await judge(await loadModel(file));
  const ideal = measureInstances(
    trained.found.map(({ sample }) =>
      decodeMaps(sample, trueMaps(sample, mapsOf(fresh)), { stride: model.stride })
    ),
    SCENE_CLASSES,
  );
  const measured: readonly (readonly [string, MeasuredInstances])[] = [
    ["trained now", trained.measured],
    ["with true detections", trained.grouping],
    ...(shipped
      ? [
        ["shipped weights", shipped.measured],
        ["shipped, true detections", shipped.grouping],
      ] as const
      : []),
    ["ideal maps", ideal],
  ];
  const evaluations = measured.map(([label, it]) => ({ label, figures: figuresOf(it) }));
  printFigures(evaluations);
  if (!shipped) console.log("\nno weights come with this version yet: see weights/README.md");

  await saveModel(`${out}/weights.safetensors`, fresh, { seed: String(seed) });
  const { curves, ...training } = result;
  await writeFileAtomic(
    `${out}/metrics.json`,
    JSON.stringify(
      {
        figures: Object.fromEntries(measured),
        ...training,
        adapter,
        seed,
        preset,
        batchSize,
        evaluationScenes: INSTANCE_EVALUATION_NAME,
      },
      null,
      2,
    ) + "\n",
  );
  const shown = [
    { title: "Trained now, the worst first", scenes: trained.found },
    ...(shipped ? [{ title: "Shipped weights, the worst first", scenes: shipped.found }] : []),
  ].map(({ title, scenes }) => ({ title, scenes: worst(scenes) }));
  await writeFileAtomic(
    `${out}/report.html`,
    segmentReportHtml({
      title: "People taken apart by associative embedding",
      setup: [
        ["adapter", adapter],
        ["network", `${preset}, ${imageSize} x ${imageSize} pixels, ${learned} parameters`],
        [
          "training",
          `${result.steps} steps of ${batchSize} images in ${result.seconds.toFixed(0)} s`,
        ],
        ["seed", String(seed)],
        ["evaluated on", `${INSTANCE_EVALUATION_NAME}, each looked at mirrored, too`],
      ],
      headline: headlineOf(evaluations),
      evaluations,
      curves,
      galleries: shown.map(({ title, scenes }) => ({ title, scenes: scenes.map(sceneOf) })),
    }),
  );
  await writePictures(out, shown[shown.length - 1].scenes);
  console.log(`\nreport       ${out}/report.html`);
}

/** The sizes of a network's maps. */
function mapsOf({ model, imageSize }: LoadedModel) {
  return { classes: SCENE_CLASSES, side: imageSize, stride: model.stride };
}

interface Judged {
  readonly found: readonly Segmentation[];
  readonly measured: MeasuredInstances;
  /** The same with the true detections. */
  readonly grouping: MeasuredInstances;
}

/** Measure a network on the evaluation scenes. */
async function judge(loaded: LoadedModel): Promise<Judged> {
  const { imageSize, preset, model: { stride } } = loaded;
  const samples = await instanceEvaluationScenes(imageSize);
  const total = samples.length;
  const progress = progressOnStderr({ label: `evaluate ${preset}`, total, unit: "scenes" });
  const found: Segmentation[] = [];
  for await (const one of segment(loaded, samples, { flip: true })) {
    found.push(one);
    progress.update(found.length);
  }
  progress.finish();
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
  const width = Math.max(...evaluations.map(({ label }) => label.length)) + 2;
  const row = (name: string, cells: readonly string[]) =>
    console.log(`${name.padEnd(22)} ${cells.map((cell) => cell.padStart(width)).join("")}`);
  console.log();
  row("", evaluations.map(({ label }) => label));
  evaluations[0].figures.forEach(({ name, meaning }, i) => {
    const values = evaluations.map(({ figures }) => figures[i].value);
    const isVoc = name.startsWith("mAP");
    row(isVoc ? `${name}, ${meaning}` : name, values.map((v) => v < 0 ? "–" : v.toFixed(3)));
  });
}

/** Mean over the true instances of the best overlap that one found has with it: how well a scene went. */
function quality({ sample, instances }: Segmentation): number {
  const best = (sample.instances ?? []).map(({ mask }) =>
    instances.reduce((most, found) => {
      let [both, either] = [0, 0];
      for (let i = 0; i < mask.data.length; i++) {
        both += mask.data[i] & found.mask.data[i];
        either += mask.data[i] | found.mask.data[i];
      }
      return Math.max(most, both / either);
    }, 0)
  );
  return best.reduce((sum, overlap) => sum + overlap, 0) / Math.max(1, best.length);
}

function worst(found: readonly Segmentation[]): Segmentation[] {
  return found.map((one) => ({ one, quality: quality(one) }))
    .sort((a, b) => a.quality - b.quality).slice(0, GALLERY).map(({ one }) => one);
}

function sceneOf({ sample, instances, heatmaps, tags }: Segmentation): SegmentScene {
  const dimension = widestDimension(instances);
  const [, C, h, w] = tags.shape;
  const plane = tags.data.subarray(dimension * C * h * w, (dimension + 1) * C * h * w);
  return {
    name: sample.fileName,
    image: sample.image,
    truth: sample.instances ?? [],
    found: instances,
    heatmaps,
    tags,
    dimension,
    bins: tagHistogram(plane.filter((_, i) => heatmaps.data[i] > 0.5)),
  };
}

/** The hardest scenes as pictures. */
async function writePictures(out: string, scenes: readonly Segmentation[]): Promise<void> {
  for (const [i, { sample, instances }] of scenes.slice(0, PICTURES).entries()) {
    const number = String(i + 1).padStart(2, "0");
    const name = `${out}/${number}_${sample.fileName.replaceAll(/\W+/g, "_")}`;
    await writePng(`${name}_found.png`, enlarged(paintInstances(sample.image, instances)));
    await writePng(
      `${name}_truth.png`,
      enlarged(paintInstances(sample.image, sample.instances ?? [])),
    );
  }
}

function enlarged(image: RgbImage): RgbImage {
  return resizeImage(image, ENLARGED * image.width, ENLARGED * image.height);
}
