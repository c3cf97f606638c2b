/**
 * Ten figures for a lecture, 16 to 9, one SVG file each, computed anew from the library and its weights:
 *
 *     deno task figures [FOLDER]       default out/figures; half a minute on two processor cores
 *
 *     01 network            the hourglass, its sizes            06 grouping           people, keypoint by keypoint
 *     02 activations        what is inside it for a picture     07 decoded crowd      picture, heatmaps, tags, people
 *     03 pull and push      tags before and after               08 learning curve     of the library's weights
 *     04 loss surface       the ridge of push                   09 precision-recall   at three OKS thresholds
 *     05 tags               as a map and scattered              10 error kinds        how often, and what they cost
 *
 * They have no background, so they stand on light and on dark slides.
 *
 * @module
 */
import {
  analyzeErrors,
  assign,
  COCO,
  compile,
  drawActivations,
  drawBarChart,
  drawLineChart,
  drawPanels,
  drawPoses,
  drawSurface,
  drawTags,
  drawTagScatter,
  findPeaks,
  grad,
  groupByTag,
  type HostArray,
  hostArray,
  Hourglass,
  InputError,
  KEYPOINT_ERRORS,
  maxPool2d,
  OKS_THRESHOLDS,
  ones,
  paintHeatmaps,
  PoseNet,
  read,
  readJson,
  RECALL_GRID,
  resizeImage,
  type Svg,
  tagLoss,
  tagsAtKeypoints,
  type Tensor,
  tensor,
  toImagePixels,
  upsample2d,
  variable,
  writeFileAtomic,
} from "../mod.ts";
import { makeBatch, type Sample, sceneSource } from "../data/mod.ts";
import { measure, resultsOf, truthOf } from "../cli/evaluation.ts";
import { prepareFolder } from "../cli/output.ts";
import { predict, type Prediction } from "../cli/prediction.ts";
import { EVALUATION_SEED, JUDGED_SIZE, SETTING } from "../cli/sources.ts";
import { type LoadedNetwork, loadModel, shippedWeights } from "../cli/weights.ts";
import { drawHourglass } from "./hourglass_figure.ts";
import { slide } from "./slide.ts";

/** Evaluation scenes behind the figures of precision and errors. */
const SCENES = 60;
/** The crowd of the pictures: five people close together, chosen for being legible. */
const CROWD = { seed: 6, index: 15, people: [4, 5], setting: "stage" } as const;

/** All that the figures are made of. */
interface Material {
  readonly loaded: LoadedNetwork & { readonly model: PoseNet };
  /** The crowd and what the network says of it. */
  readonly crowd: Prediction;
  /** The evaluation scenes. */
  readonly predictions: readonly Prediction[];
}

/** The figures by file name. */
const FIGURES: Readonly<Record<string, (material: Material) => Svg | Promise<Svg>>> = {
  "01_network": ({ loaded: { model: { options, stride }, imageSize } }) =>
    slide({
      heading: "The hourglass: see everything, answer every pixel",
      words: "channels × rows × columns; down: context, across: detail, up: both",
    }, [drawHourglass({ ...options, side: imageSize / stride })]),
  "02_activations": activationsFigure,
  "03_pull_and_push": pullAndPushFigure,
  "04_loss_surface": lossSurfaceFigure,
  "05_tags": ({ crowd: { sample, tags, heatmaps } }) =>
    slide({
      heading: "Tags: one heap of numbers for each person",
      words:
        "left: the tag of the strongest keypoint at each pixel; right: tags at the true keypoints",
    }, [
      drawTags(tags, heatmaps, { image: sample.image, width: 360 }),
      drawTagScatter(tagsAtKeypoints(tags, sample.people, sample.image), {
        names: COCO.keypoints,
        width: 480,
      }),
    ]),
  "06_grouping": groupingFigure,
  "07_decoded_crowd": ({ crowd: { sample, tags, heatmaps, people } }) => {
    const image = resizeImage(sample.image, 256, 256);
    return slide({
      heading: "From a picture to its people",
      words: "a scene of 64 × 64 pixels that the network has never seen",
    }, [drawPanels([
      { caption: "picture", picture: sample.image },
      { caption: "heatmaps: where", picture: paintHeatmaps(heatmaps, { image }) },
      { caption: "tags: whose", picture: drawTags(tags, heatmaps, { image, width: 140 }) },
      { caption: "people", picture: drawPoses(sample.image, people, COCO) },
    ], { panelWidth: 140 })]);
  },
  "08_learning_curve": learningCurveFigure,
  "09_precision_recall": precisionRecallFigure,
  "10_error_kinds": errorKindsFigure,
};

/** What the hourglass says of the crowd, level by level. */
async function activationsFigure({ loaded: { model, imageSize }, crowd }: Material): Promise<Svg> {
  const { images } = makeBatch([crowd.sample], { inputSize: imageSize, stride: model.stride });
  const stem = model.stemOf(tensor(images));
  const [hourglass] = model.features[0];
  if (!(hourglass instanceof Hourglass)) throw new TypeError("figures: not an hourglass of 2017");
  const { up1, low1, low3 } = hourglass;
  const narrow = low1.forward(maxPool2d(stem));
  const context = upsample2d(low3.forward(hourglass.low2.forward(narrow)));
  const detail = up1.forward(stem);
  const shown: Record<string, Tensor> = {
    "stem: edges and colours": stem,
    "half resolution: low1": narrow,
    "context, brought back up": context,
    "detail: up1": detail,
    "their sum": context.add(detail),
  };
  const maps = await read(shown) as Record<string, HostArray>;
  const panels = Object.entries(maps).map(([caption, { shape, data }]) => ({
    caption,
    picture: drawActivations({ shape, data }, {
      columns: 12,
      max: data.toSorted()[Math.floor(0.99 * data.length)] || 1, // a hundredth may saturate
    }),
  }));
  const heatmaps = drawActivations(crowd.heatmaps, { columns: 6, max: 1 });
  return slide({
    heading: "Every channel of the outermost level",
    words:
      "context is blocky and knows what is where; detail is sharp and knows only its surroundings",
  }, [
    drawPanels([...panels, { caption: "17 heatmaps", picture: heatmaps }], {
      columns: 3,
      panelWidth: 180,
    }),
  ]);
}

/** Tags of three people with five keypoints each, before and after following the gradient. */
async function pullAndPushFigure(): Promise<Svg> {
  const [P, K] = [3, 5];
  const start = hostArray(
    [1, 1, K, 1, P],
    Array.from({ length: P * K }, (_, i) => Math.sin(7 * i + 1)),
  );
  const end = await followGradient(start, 60);
  const drawn = ({ data }: HostArray) =>
    drawTagScatter(
      Array.from({ length: P }, (_, p) =>
        Array.from({ length: K }, (_, k) => ({ keypoint: k, tag: [data[k * P + p]] }))),
      { range: [-2.5, 2.5], width: 320 },
    );
  return slide({
    heading: "Pull gathers a person's tags, push parts people",
    words: "fifteen random tags, and the same after 60 steps against the gradient",
  }, [drawn(start), drawn(end)]);
}

/** Steps against the gradient of pull and push; each person is a column of the maps. */
async function followGradient(start: HostArray, steps: number): Promise<HostArray> {
  const [, , K, , P] = start.shape;
  const tags = variable(tensor(start), "tags");
  const target = columnsAsPeople(1, K, P);
  using step = compile(() => {
    const { pull, push } = tagLoss(tags, target);
    assign(tags, tags.sub(grad(pull.add(push).sum(), [tags])[0].mul(2)));
    return {};
  });
  for (let i = 0; i < steps; i++) await step({});
  return hostArray(start.shape, (await tags.read()).data);
}

/** Keypoint k of person p is at pixel p of map k, in every one of N pictures of one row. */
function columnsAsPeople(N: number, K: number, P: number) {
  const places = Int32Array.from({ length: N * P * K }, (_, i) => {
    const [k, p] = [i % K, Math.floor(i / K) % P];
    return k * P + p;
  });
  return { index: tensor(places).reshape([N, P, K]), visible: ones([N, P, K]) };
}

/** Push as ground over the tags of two people, each with one keypoint. */
async function lossSurfaceFigure(): Promise<Svg> {
  const side = 81;
  const at = (i: number) => -2 + 4 * i / (side - 1);
  const pairs = Array.from(
    { length: side * side },
    (_, i) => [at(i % side), at(Math.floor(i / side))],
  );
  const tags = tensor(hostArray([side * side, 1, 1, 1, 2], pairs.flat()));
  const { push } = tagLoss(tags, columnsAsPeople(side * side, 1, 2));
  const ground = hostArray([side, side], (await push.read()).data);
  const paths = [[-0.9, -0.6], [0.1, -0.1], [0.5, 0.9], [0.3, 0.3]].map(([ann, bob]) => ({
    name: `from ${ann}, ${bob}`,
    points: downhill(ann, bob, 40),
  }));
  return slide({
    heading: "Push is a ridge: who stands on top of it stays",
    words: "equal tags have no direction to part in; a hair beside it is enough",
  }, [
    drawSurface(ground, {
      x: [-2, 2],
      y: [-2, 2],
      xLabel: "Ann's tag",
      yLabel: "Bob's tag",
      paths,
      title: "push of two people",
      width: 400,
    }),
  ]);
}

/** Ann's and Bob's tags on their way down: push = ½ exp(-d²), d = a - b, has the slope -d exp(-d²) along a. */
function downhill(ann: number, bob: number, steps: number): { x: number; y: number }[] {
  const points = [{ x: ann, y: bob }];
  for (let i = 0; i < steps; i++) {
    const { x, y } = points[i];
    const move = 0.3 * (x - y) * Math.exp(-((x - y) ** 2));
    points.push({ x: x + move, y: y - move });
  }
  return points;
}

/** The people after some of the keypoints. */
function groupingFigure({ loaded: { decoding, model, skeleton }, crowd }: Material): Svg {
  const { heatmaps, tags, sample } = crowd;
  const order = skeleton.groupingOrder;
  const peaks = findPeaks(heatmaps, tags, decoding);
  const panels = [5, 7, 13, order.length].map((count) => {
    const some = peaks.map((list, k) => order.indexOf(k) < count ? list : []);
    const people = groupByTag(some, { ...decoding, groupingOrder: order })
      .map((person) => toImagePixels(person, { stride: model.stride }));
    const last = skeleton.keypoints[order[count - 1]].replaceAll("_", " ");
    return { caption: `${count}: ${last}`, picture: drawPoses(sample.image, people, skeleton) };
  });
  return slide({
    heading: "Grouping: the head first, then limb by limb",
    words: "peaks go to the people with the nearest tags; a peak without any founds a person",
  }, [drawPanels(panels, { panelWidth: 140 })]);
}

/** The part of weights/demo.log.json that is drawn. */
interface TrainingLog {
  readonly curves: Readonly<Record<"step" | "heatmap" | "pull" | "push", readonly number[]>>;
}

async function learningCurveFigure(): Promise<Svg> {
  const path = new URL("../weights/demo.log.json", import.meta.url).pathname;
  const { curves } = await readJson(decodeURIComponent(path)) as TrainingLog;
  const names = ["heatmap", "pull", "push"] as const;
  return slide({
    heading: "Eight minutes of learning",
    words: "the weights of the library: 84,420 steps of 64 scenes on one graphics card",
  }, [
    drawLineChart(names.map((name) => ({ name, x: curves.step, y: curves[name] })), {
      title: "losses, logarithmic",
      xLabel: "step",
      log: true,
      smooth: 0.9,
    }),
  ]);
}

async function precisionRecallFigure(
  { predictions, loaded: { imageSize, decoding } }: Material,
): Promise<Svg> {
  const { evaluation: { precision }, statistics } = await measure(
    predictions,
    JUDGED_SIZE / imageSize,
    decoding,
  );
  const areas = precision.length / OKS_THRESHOLDS.length / RECALL_GRID.length; // "all" is the first
  const series = [0, 5, 8].map((t) => ({
    name: `OKS ${OKS_THRESHOLDS[t].toFixed(2)}`,
    x: RECALL_GRID,
    y: RECALL_GRID.map((_, r) => precision[(t * RECALL_GRID.length + r) * areas]),
  }));
  return slide({
    heading: `Precision and recall: AP ${statistics.AP.toFixed(2)} is the mean height`,
    words: `${predictions.length} evaluation scenes; AP is the mean over ten OKS thresholds`,
  }, [
    drawLineChart(series, {
      title: "precision over recall",
      xLabel: "recall",
      yLabel: "precision",
    }),
  ]);
}

function errorKindsFigure({ predictions, loaded: { imageSize } }: Material): Svg {
  const scale = JUDGED_SIZE / imageSize;
  const samples = predictions.map(({ sample }) => sample);
  const { total, AP } = analyzeErrors(truthOf(samples, scale), resultsOf(predictions, scale));
  const judged = Object.values(total).reduce((a, b) => a + b, 0);
  const kinds = [...KEYPOINT_ERRORS];
  return slide({
    heading: "Where the errors come from",
    words: "left: shares of the keypoints of people found; right: AP with one kind mended",
  }, [
    drawBarChart(kinds, [{ name: "share", values: kinds.map((kind) => total[kind] / judged) }], {
      title: "how often",
      width: 320,
      max: 0.2,
    }),
    drawBarChart(
      ["as found", ...kinds.map((kind) => `no ${kind}`)],
      [{ name: "AP", values: [AP.asFound, ...kinds.map((kind) => AP[kind])] }],
      { title: "what it costs", width: 340, max: 1 },
    ),
  ]);
}

/** Look at the crowd and at the evaluation scenes. */
async function gather(): Promise<Material> {
  const path = await shippedWeights();
  if (path === undefined) throw new InputError("figures: no weights come with this version yet");
  const { model, ...rest } = await loadModel(path);
  if (!(model instanceof PoseNet)) throw new TypeError("figures: not a network of hourglasses");
  const loaded = { ...rest, model };
  const size = loaded.imageSize;
  const { index, ...crowdScenes } = CROWD;
  const evaluation = sceneSource({ seed: EVALUATION_SEED, size, people: [1, 4], setting: SETTING });
  const samples: Sample[] = [await sceneSource({ ...crowdScenes, size }).sample(index)];
  for (let i = 0; i < SCENES; i++) samples.push(await evaluation.sample(i));
  const [crowd, ...predictions] = await Array.fromAsync(predict(loaded, samples));
  return { loaded, crowd, predictions };
}

/** Write all figures into a folder. */
async function writeFigures(folder: string): Promise<void> {
  await prepareFolder(folder);
  const material = await gather();
  for (const [name, figure] of Object.entries(FIGURES)) {
    await writeFileAtomic(`${folder}/${name}.svg`, (await figure(material)).toString());
    console.log(`${folder}/${name}.svg`);
  }
}

if (import.meta.main) {
  const [folder = "out/figures", ...rest] = Deno.args;
  try {
    if (rest.length > 0 || folder.startsWith("-")) {
      throw new InputError("figures: name a folder, or nothing: deno task figures [FOLDER]");
    }
    await writeFigures(folder);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(error.message);
    Deno.exitCode = 2;
  }
}
