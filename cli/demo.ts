/**
 * The main job in one command: train a small network on made-up crowds from nothing, measure it, measure the
 * weights that come with the library on the same scenes, and write a report to look at.
 *
 * @module
 */
import {
  adapterInfo,
  COCO,
  drawPanels,
  drawPoses,
  type HeatmapFrame,
  InputError,
  paintHeatmaps,
  paintPoses,
  paintTags,
  type ReportEvaluation,
  reportHtml,
  type ReportScene,
  resizeImage,
  type RgbImage,
  sceneQuality,
  type Svg,
  toImagePixels,
  writeFileAtomic,
  writePng,
} from "../mod.ts";
import { batchesAhead, type Sample, SYNTHETIC_VERSION } from "../data/mod.ts";
import { idealMaps, matchPeople, measure, type Measured } from "./evaluation.ts";
import { decode, predict, type Prediction } from "./prediction.ts";
import type { Command, Values } from "./options.ts";
import { prepareFolder, progressOnStderr, trainingProgress } from "./output.ts";
import {
  EVALUATION_NAME,
  EVALUATION_SCENES,
  EVALUATION_SEED,
  evaluationScenes,
  JUDGED_SIZE,
  POSES,
  posesOf,
  SETTING,
  syntheticSource,
} from "./sources.ts";
import { recipeOf } from "./recipe.ts";
import { train } from "./training.ts";
import {
  learnedNumbers,
  type LoadedModel,
  loadModel,
  makeModel,
  saveModel,
  shippedWeights,
} from "./weights.ts";

/** Scenes in each gallery of the report, the worst first. */
const GALLERY = 24;
/** Of these, so many are also written as PNG files. */
const PICTURES = 6;
/** Scenes of the overview. */
const OVERVIEW = 3;
/** Pictures are so many times as large as the scenes: those in files, and those in the overview. */
const ENLARGED = 8;
const ENLARGED_IN_OVERVIEW = 3;
/** Where a place of a scene lies in its picture: whole numbers are pixel centres in both. */
const ENLARGED_FRAME: HeatmapFrame = {
  stride: ENLARGED,
  inverse: [[1, 0, (ENLARGED - 1) / 2], [0, 1, (ENLARGED - 1) / 2]],
};

/** `demo`. */
export const demoCommand: Command = {
  summary: "Train a small network from nothing, measure it and the shipped one, write a report.",
  operands: "",
  options: {
    minutes: { type: "number", above: true, default: 8.25, help: "training time in minutes" },
    steps: { type: "whole", least: 1, help: "training steps instead of time" },
    batch: { type: "whole", least: 1, default: 4, help: "images in a step" },
    preset: { type: "text", default: "demo", help: "network to train" },
    poses: POSES,
    seed: { type: "whole", default: 1, help: "seed of weights and scenes" },
    out: { type: "text", default: "out/demo", help: "folder for report.html and the rest" },
  },
  run,
};

async function run(values: Values): Promise<void> {
  const out = values.text("out")!;
  const seed = values.number("seed")!;
  const batchSize = values.number("batch")!;
  const steps = values.number("steps");
  const limits = steps === undefined ? { minutes: values.number("minutes")! } : { steps };
  const recipe = recipeOf("small");
  const fresh = makeModel(values.text("preset")!, { seed }, recipe.decoding);
  if (seed === EVALUATION_SEED) {
    throw new InputError(`--seed ${seed} is the seed of the evaluation scenes; take another`);
  }
  const source = syntheticSource(seed, fresh.imageSize, await posesOf(values));
  await prepareFolder(out);
  const adapter = (await adapterInfo()).name;
  const { model, imageSize, preset } = fresh;
  const learned = learnedNumbers(fresh);
  console.log(`adapter      ${adapter}`);
  console.log(`network      ${preset}: ${learned.toLocaleString("en")} parameters`);
  console.log(`measured on  ${EVALUATION_NAME}`);

  const stream = batchesAhead(source, {
    batchSize,
    inputSize: imageSize,
    stride: model.stride,
    seed,
    slots: 4,
  });
  const progress = trainingProgress(batchSize, limits);
  const result = await train(model, stream, recipe, { ...limits, progress });

  const trained = await judge(fresh);
  const shippedFile = await shippedWeights();
  const shipped = shippedFile === undefined ? null : await judge(await loadModel(shippedFile));
  const ideal = await judgeIdeal(trained.samples, fresh);
  const evaluations = [
    asReport("trained now", trained.measured),
    ...(shipped ? [asReport("shipped weights", shipped.measured)] : []),
    asReport("ideal maps", ideal),
  ];
  printFigures(evaluations);
  if (!shipped) console.log("\nno weights come with this version yet: see weights/README.md");

  await saveModel(`${out}/weights.safetensors`, fresh, { seed: String(seed) });
  await writeFileAtomic(
    `${out}/metrics.json`,
    JSON.stringify(
      {
        keypoints: trained.measured.statistics,
        grouping: { accuracyGivenTrueDetections: trained.measured.grouping },
        idealMaps: ideal.statistics,
        shipped: shipped && {
          keypoints: shipped.measured.statistics,
          grouping: { accuracyGivenTrueDetections: shipped.measured.grouping },
        },
        steps: result.steps,
        seconds: result.seconds,
        imagesPerSecond: result.imagesPerSecond,
        adapter,
        seed,
        preset,
        batchSize,
        evaluationScenes: EVALUATION_NAME,
      },
      null,
      2,
    ) + "\n",
  );
  const galleries = [
    { title: "Trained now", scenes: galleryOf(trained) },
    ...(shipped ? [{ title: "Shipped weights", scenes: galleryOf(shipped) }] : []),
  ];
  await writeFileAtomic(
    `${out}/report.html`,
    reportHtml({
      title: "People found by associative embedding",
      adapter,
      seed,
      steps: result.steps,
      seconds: result.seconds,
      imagesPerSecond: result.imagesPerSecond,
      batchSize,
      model: `${preset}, ${imageSize} x ${imageSize} pixels, maps of ${
        imageSize / model.stride
      } x ${imageSize / model.stride}, tags of ${model.options.tagDimensions}`,
      parameters: learned,
      evaluationScenes: {
        generator: SYNTHETIC_VERSION,
        seed: EVALUATION_SEED,
        count: EVALUATION_SCENES,
        setting: SETTING,
        judgedSize: JUDGED_SIZE,
      },
      skeleton: COCO,
      trained: evaluations[0],
      shipped: shipped ? evaluations[1] : null,
      ideal: evaluations[evaluations.length - 1],
      curves: result.curves,
      galleries,
    }),
  );
  await writePictures(out, shipped ?? trained, galleries[galleries.length - 1].scenes);
  console.log(`\nreport       ${out}/report.html`);
}

interface Judged {
  readonly samples: readonly Sample[];
  readonly predictions: readonly Prediction[];
  readonly measured: Measured;
}

/** Measure a network on the evaluation scenes. */
async function judge(loaded: LoadedModel): Promise<Judged> {
  const { imageSize, preset } = loaded;
  const samples = await evaluationScenes(imageSize);
  const progress = progressOnStderr({
    label: `evaluate ${preset}`,
    total: samples.length,
    unit: "scenes",
  });
  const predictions: Prediction[] = [];
  for await (const prediction of predict(loaded, samples)) {
    predictions.push(prediction);
    progress.update(predictions.length);
  }
  progress.finish();
  const scale = JUDGED_SIZE / imageSize;
  return {
    samples,
    predictions,
    measured: await measure(predictions, scale, loaded.decoding),
  };
}

/** Measure ideal maps of the same scenes: the bound of the resolution. */
function judgeIdeal(
  samples: readonly Sample[],
  { model, imageSize }: LoadedModel,
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
  const width = 16;
  const row = (name: string, cells: readonly string[]) =>
    console.log(`${name.padEnd(12)} ${cells.map((cell) => cell.padStart(width)).join("")}`);
  console.log();
  row("", evaluations.map(({ label }) => label));
  const names = Object.keys(evaluations[0].keypoints) as (keyof ReportEvaluation["keypoints"])[];
  for (const name of names) row(name, evaluations.map(({ keypoints }) => figure(keypoints[name])));
  row("grouping", evaluations.map(({ groupingAccuracy }) => figure(groupingAccuracy)));
}

function figure(value: number): string {
  return value < 0 ? "–" : value.toFixed(3);
}

/** How well a prediction went, 0 to 1. */
function quality(prediction: Prediction): number {
  return sceneQuality(matchPeople(prediction), prediction.people.length);
}

/** The worst scenes of a set of predictions. */
function galleryOf({ predictions }: Judged): ReportScene[] {
  return predictions.toSorted((a, b) => quality(a) - quality(b)).slice(0, GALLERY)
    .map((prediction) => ({
      name: prediction.sample.fileName,
      image: prediction.sample.image,
      truth: prediction.sample.people,
      predicted: prediction.people,
      heatmaps: prediction.heatmaps,
      tags: prediction.tags,
      matches: matchPeople(prediction),
    }));
}

/** The hardest scenes as pictures, and three that went well side by side. */
async function writePictures(
  out: string,
  { predictions }: Judged,
  hardest: readonly ReportScene[],
): Promise<void> {
  for (const [i, scene] of hardest.slice(0, PICTURES).entries()) {
    const name = `${out}/${String(i + 1).padStart(2, "0")}_${scene.name.replaceAll(/\W+/g, "_")}`;
    const image = enlarged(scene.image, ENLARGED);
    const people = scene.predicted.map((person) => toImagePixels(person, ENLARGED_FRAME));
    await writePng(`${name}_people.png`, paintPoses(image, people, COCO));
    await writePng(`${name}_heatmaps.png`, paintHeatmaps(scene.heatmaps, { image }));
    await writePng(`${name}_tags.png`, paintTags(scene.tags, scene.heatmaps, { image }));
  }
  const crowds = predictions.filter(({ sample }) => sample.people.length >= 3);
  const best = crowds.toSorted((a, b) => quality(b) - quality(a)).slice(0, OVERVIEW);
  if (best.length > 0) await writeFileAtomic(`${out}/overview.svg`, `${overview(best)}\n`);
}

/** A row for each scene: the picture, its heatmaps, its tags, its people. */
function overview(predictions: readonly Prediction[]): Svg {
  const panels = predictions.flatMap(({ sample, heatmaps, tags, people }) => {
    const image = enlarged(sample.image, ENLARGED_IN_OVERVIEW);
    return [
      { caption: `${sample.image.width} x ${sample.image.height} pixels`, picture: sample.image },
      { caption: "heatmaps: where", picture: paintHeatmaps(heatmaps, { image }) },
      { caption: "tags: whose", picture: paintTags(tags, heatmaps, { image }) },
      { caption: "people", picture: drawPoses(sample.image, people, COCO) },
    ];
  });
  return drawPanels(panels, { columns: 4, title: "From a picture to its people" });
}

function enlarged(image: RgbImage, factor: number): RgbImage {
  return resizeImage(image, factor * image.width, factor * image.height);
}
