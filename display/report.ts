/**
 * The demo's report: one HTML file that shows a whole run, with nothing beside it. Styles, drawings and pictures are
 * inside; it needs no script, follows the reader's light or dark theme and can be printed.
 *
 *     headline figures      what was reached, and what the same decoder makes of ideal maps (the bound)
 *     training              losses over steps
 *     keypoints             AP of each
 *     scenes                the worst first: photograph, truth, prediction, heatmaps, tag map, tags per person
 *
 * {@linkcode DemoReport} is plain data, so a report can be made from a training run, from files, or by hand in a notebook.
 *
 * @module
 */
import type { HostArray } from "../core/host_array.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import type { AnnotatedPerson, DecodedPerson } from "../pose/person.ts";
import type { Skeleton } from "../pose/skeleton.ts";
import { drawBarChart } from "./chart.ts";
import { cssColor, personColor } from "./color.ts";
import { paintHeatmaps } from "./heatmaps.ts";
import { lossChart, type ReportCurves } from "./loss_chart.ts";
import { figureCards, markup, page, setupList } from "./page.ts";
import { pngDataUrl } from "./picture.ts";
import { drawPoses } from "./poses.ts";
import { type Markup, Svg } from "./svg.ts";
import { drawTags, drawTagScatter, tagRange, tagsAtKeypoints } from "./tags.ts";

/** The ten COCO keypoint figures, 0 to 1, or -1 where nobody of that size was annotated. */
export interface ReportFigures {
  /** Mean of the average precision over the OKS thresholds 0.50, 0.55, … 0.95. */
  readonly AP: number;
  /** Average precision at OKS 0.50. */
  readonly AP50: number;
  /** Average precision at OKS 0.75. */
  readonly AP75: number;
  /** AP of people with an area of 32² to 96² square pixels. */
  readonly AP_M: number;
  /** AP of people with a larger area. */
  readonly AP_L: number;
  /** Mean of the recall over the same thresholds. */
  readonly AR: number;
  /** Recall at OKS 0.50. */
  readonly AR50: number;
  /** Recall at OKS 0.75. */
  readonly AR75: number;
  /** AR of people with an area of 32² to 96² square pixels. */
  readonly AR_M: number;
  /** AR of people with a larger area. */
  readonly AR_L: number;
}

/** One set of predictions, measured. */
export interface ReportEvaluation {
  /** Whose predictions: "trained now", "shipped weights", "ideal maps". */
  readonly label: string;
  /** The ten COCO figures. */
  readonly keypoints: ReportFigures;
  /** Share of keypoints that get their own person when the true detections are given, 0 to 1; -1 if not measured. */
  readonly groupingAccuracy: number;
  /** Each of the K keypoints' own AP, 0 to 1; -1 where it is never annotated. */
  readonly keypointAp: readonly number[];
}

/** One scene of the gallery. All coordinates are pixels of `image`, which the maps cover from edge to edge. */
export interface ReportScene {
  /** What the scene is called: its number, or the photograph's file name. */
  readonly name: string;
  /** The picture that was looked at. */
  readonly image: RgbImage;
  /** The people in it. */
  readonly truth: readonly AnnotatedPerson[];
  /** The people found. */
  readonly predicted: readonly DecodedPerson[];
  /** The predicted heatmaps, `[K, h, w]`. */
  readonly heatmaps: HostArray;
  /** The predicted tag maps, `[D, K, h, w]`. */
  readonly tags: HostArray;
  /** For each of `truth`: the number of the matched person of `predicted` and their OKS; null if missed (or a crowd). */
  readonly matches: readonly ({ readonly predicted: number; readonly oks: number } | null)[];
}

/** Scenes under one heading. */
export interface ReportGallery {
  /** Whose predictions these are: "The shipped weights", say. */
  readonly title: string;
  /** The scenes, in any order. */
  readonly scenes: readonly ReportScene[];
}

/** Everything that a report shows. */
export interface DemoReport {
  /** The page's heading. */
  readonly title: string;
  /** Name of the WebGPU adapter. */
  readonly adapter: string;
  /** Seed of weights and training scenes. */
  readonly seed: number;
  /** Training steps made. */
  readonly steps: number;
  /** Seconds they took. */
  readonly seconds: number;
  /** Training images per second, over all steps. */
  readonly imagesPerSecond: number;
  /** Images per step. */
  readonly batchSize: number;
  /** The network, in a few words: preset, input and map size, tag dimensions. */
  readonly model: string;
  /** How many numbers the network learns. */
  readonly parameters: number;
  /** Which scenes were evaluated. */
  readonly evaluationScenes: {
    /** Version of the scene generator. */
    readonly generator: string;
    /** Seed of the scenes. */
    readonly seed: number;
    /** How many. */
    readonly count: number;
    /** Where the people are, e.g. `stage`. */
    readonly setting: string;
    /** Side in pixels at which they are judged: COCO's area ranges are for lengths at this size. */
    readonly judgedSize: number;
  };
  /** The kind of body. */
  readonly skeleton: Skeleton;
  /** The network that was trained in this run. */
  readonly trained: ReportEvaluation;
  /** The weights that ship with the library, on the same scenes; null if they were not evaluated. */
  readonly shipped: ReportEvaluation | null;
  /** Ideal maps of the same scenes through the same decoder: the most that this resolution allows. */
  readonly ideal: ReportEvaluation;
  /** Losses while training. */
  readonly curves: ReportCurves;
  /** Scenes to look at. */
  readonly galleries: readonly ReportGallery[];
}

const FIGURES: readonly (readonly [name: keyof ReportFigures, label: string, meaning: string])[] = [
  ["AP", "AP", "OKS 0.50 to 0.95"],
  ["AP50", "AP50", "OKS 0.50"],
  ["AP75", "AP75", "OKS 0.75"],
  ["AP_M", "AP medium", "32² to 96² px"],
  ["AP_L", "AP large", "above 96² px"],
  ["AR", "AR", "OKS 0.50 to 0.95"],
  ["AR50", "AR50", "OKS 0.50"],
  ["AR75", "AR75", "OKS 0.75"],
  ["AR_M", "AR medium", "32² to 96² px"],
  ["AR_L", "AR large", "above 96² px"],
];

/**
 * How well a scene went: the OKS of the people found, summed, over the number of people or of predictions, whichever
 * is larger. 1 where everybody was found exactly; missed people and predictions of nobody lower it alike. An empty
 * scene has 1 if nobody was predicted in it, else 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { sceneQuality } from "ae";
 *
 * const matches = [{ predicted: 0, oks: 0.9 }, null]; // of two people one was found
 * assert.equal(sceneQuality(matches, 1), 0.45);
 * assert.equal(sceneQuality(matches, 3), 0.3); // and two predictions are of nobody
 * ```
 */
export function sceneQuality(matches: ReportScene["matches"], predicted: number): number {
  const most = Math.max(matches.length, predicted);
  return most === 0 ? 1 : sumOks(matches) / most;
}

function sumOks(matches: ReportScene["matches"]): number {
  return matches.reduce((sum, match) => sum + (match?.oks ?? 0), 0);
}

/** A figure between 0 and 1; COCO's -1 means that there was nothing to measure. */
function figure(value: number): string {
  return value < 0 ? "–" : value.toFixed(3);
}

function share(value: number, bound: number): string {
  return value < 0 || bound <= 0 ? "–" : `${Math.round((100 * value) / bound)} %`;
}

function seconds(value: number): string {
  const whole = Math.round(value);
  return whole < 60 ? `${value.toFixed(1)} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function count(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
}

function setup(report: DemoReport): Markup {
  const { evaluationScenes: scenes } = report;
  const rows: readonly (readonly [string, string])[] = [
    ["adapter", report.adapter],
    ["network", `${report.model}, ${report.parameters.toLocaleString("en-US")} parameters`],
    [
      "training",
      `${report.steps.toLocaleString("en-US")} steps of ${report.batchSize} images in ${
        seconds(report.seconds)
      }, ` +
      `${count(report.imagesPerSecond)} images/s`,
    ],
    ["seed", `${report.seed}`],
    [
      "evaluated on",
      `${scenes.count} unseen scenes, generator version ${scenes.generator}, setting ${scenes.setting}, ` +
      `seed ${scenes.seed}; areas as if they were ${scenes.judgedSize} pixels wide`,
    ],
  ];
  return setupList(rows);
}

function cards({ trained, ideal, imagesPerSecond }: DemoReport): Markup {
  const { AP, AP50 } = trained.keypoints;
  const bound = ideal.keypoints;
  const cards: readonly (readonly [string, string])[] = [
    [figure(AP50), `AP50, ${trained.label} (bound ${figure(bound.AP50)})`],
    [figure(AP), `AP, ${share(AP, bound.AP)} of the bound ${figure(bound.AP)}`],
    [figure(trained.groupingAccuracy), "grouping accuracy, given true detections"],
    [count(imagesPerSecond), "training images per second"],
  ];
  return figureCards(cards);
}

function figuresTable(evaluations: readonly ReportEvaluation[], ideal: ReportEvaluation): Markup {
  const row = (name: string, meaning: string, cell: (evaluation: ReportEvaluation) => string) =>
    markup`<tr><th scope="row">${name}<small>${meaning}</small></th>${
      evaluations.map((evaluation) => markup`<td>${cell(evaluation)}</td>`)
    }</tr>\n`;
  const heads = evaluations.map(({ label }) => markup`<th scope="col">${label}</th>`);
  const figures = FIGURES.map(([key, name, meaning]) =>
    row(name, meaning, ({ keypoints }) => figure(keypoints[key]))
  );
  return markup`<table>
<thead><tr><th scope="col">figure</th>${heads}</tr></thead>
<tbody>
${figures}${
    row("AP / bound", "share of ideal maps", ({ keypoints }) =>
      share(keypoints.AP, ideal.keypoints.AP))
  }${
    row("grouping", "of true detections", ({ groupingAccuracy }) => figure(groupingAccuracy))
  }</tbody></table>`;
}

function keypointChart(evaluations: readonly ReportEvaluation[], skeleton: Skeleton): Svg {
  return drawBarChart(
    skeleton.keypoints.map((name) => name.replaceAll("_", " ")),
    evaluations.map(({ label, keypointAp }) => ({
      name: label,
      values: keypointAp.map((ap) => (ap < 0 ? null : ap)),
    })),
    { title: "AP of each keypoint", max: 1, width: 520 },
  );
}

function picture(caption: string, content: Svg | RgbImage): Markup {
  const shown = content instanceof Svg
    ? content
    : markup`<img alt="${caption}" src="${pngDataUrl(content)}">`;
  return markup`<figure><figcaption>${caption}</figcaption>${shown}</figure>\n`;
}

/** What became of each true person, in its colour. */
function peopleList({ truth, matches }: ReportScene): Markup {
  return markup`<ul class="people">${
    truth.map(({ crowd }, i) => {
      const match = matches[i];
      const fate = crowd ? "crowd" : match ? `OKS ${match.oks.toFixed(2)}` : "missed";
      return markup`<li><i style="background:${cssColor(personColor(i))}"></i>person ${
        i + 1
      }: ${fate}</li>`;
    })
  }</ul>`;
}

function checkScene({ name, truth, predicted, matches }: ReportScene): void {
  if (matches.length !== truth.length) {
    throw new RangeError(
      `reportHtml: scene "${name}" has ${truth.length} people but ${matches.length} matches`,
    );
  }
  for (const match of matches) {
    if (match && !predicted[match.predicted]) {
      throw new RangeError(
        `reportHtml: scene "${name}" matches predicted person ${match.predicted} of ${predicted.length}`,
      );
    }
  }
}

function sceneMarkup(scene: ReportScene, skeleton: Skeleton): Markup {
  const { name, image, truth, predicted, heatmaps, tags, matches } = scene;
  const owners = predicted.map((_, j) => {
    const owner = matches.findIndex((match) => match?.predicted === j);
    return owner < 0 ? null : owner;
  });
  const strangers = owners.filter((owner) => owner === null).length;
  const readings = tagsAtKeypoints(tags, truth, image);
  const [D] = tags.shape;
  // Map and scatter of one dimension share their colours, so a person's lane can be found in the picture.
  const ranges = Array.from({ length: D }, (_, d) => {
    const read = readings.flatMap((list) => list.map(({ tag }) => tag[d]));
    const [low, high] = tagRange(tags, heatmaps, d);
    return [Math.min(low, ...read), Math.max(high, ...read)] as const;
  });
  const pictures = [
    picture("input", image),
    picture(
      `truth: ${truth.length}`,
      drawPoses(image, truth, skeleton, { title: `truth of ${name}` }),
    ),
    picture(
      `predicted: ${predicted.length}`,
      drawPoses(image, predicted, skeleton, { colors: owners, title: `prediction of ${name}` }),
    ),
    picture("heatmaps, strongest keypoint", paintHeatmaps(heatmaps, { image })),
    ...ranges.map((range, dimension) =>
      picture(
        D === 1 ? "tag map" : `tag map, dimension ${dimension + 1}`,
        drawTags(tags, heatmaps, { image, dimension, range, width: 340 }),
      )
    ),
    picture(
      "tags at the true keypoints",
      drawTagScatter(readings, {
        names: skeleton.keypoints,
        range: D === 1 ? ranges[0] : undefined,
        width: 340,
      }),
    ),
  ];
  const note = strangers > 0 &&
    markup`<span class="soft small">${strangers} predicted without a match (grey)</span>`;
  return markup`<article class="scene"><header><h3>${name}</h3><span>mean OKS ${
    truth.length === 0 ? "–" : (sumOks(matches) / truth.length).toFixed(3)
  }</span>${peopleList(scene)}${note || null}</header>
<div class="pictures">
${pictures}</div></article>
`;
}

/** The worst scenes first: see {@linkcode sceneQuality}. */
function failuresFirst(scenes: readonly ReportScene[]): ReportScene[] {
  const quality = ({ matches, predicted }: ReportScene) => sceneQuality(matches, predicted.length);
  return scenes.toSorted((a, b) => quality(a) - quality(b));
}

function gallery({ title, scenes }: ReportGallery, skeleton: Skeleton): Markup {
  scenes.forEach(checkScene);
  return markup`<section><h2>${title}</h2>
<p class="soft">${scenes.length} scenes, failures first. A predicted person has the colour of the true person it was matched to.
Left arms and legs are lighter, right ones darker; hollow dots are occluded.</p>
${failuresFirst(scenes).map((scene) => sceneMarkup(scene, skeleton))}</section>`;
}

/**
 * The report as one HTML file.
 *
 * @param report The run; scenes are shown by rising {@linkcode sceneQuality}.
 * @throws {ShapeError} If a scene's maps do not fit together.
 * @throws {RangeError} If lists that belong together differ in length, a map holds NaN, or a picture is not whole.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { COCO, type DemoReport, reportHtml } from "ae";
 *
 * const figures = {
 *   AP: 0.4, AP50: 0.7, AP75: 0.4, AP_M: 0.3, AP_L: 0.5, AR: 0.5, AR50: 0.8, AR75: 0.5, AR_M: 0.4, AR_L: 0.6,
 * };
 * const evaluation = {
 *   label: "trained now", keypoints: figures, groupingAccuracy: 0.9, keypointAp: COCO.keypoints.map(() => 0.5),
 * };
 * const report: DemoReport = {
 *   title: "Two people in a park", adapter: "llvmpipe", seed: 1, steps: 2, seconds: 1, imagesPerSecond: 16,
 *   batchSize: 8, model: "tiny", parameters: 1000,
 *   evaluationScenes: { generator: "1", seed: 2, count: 200, setting: "stage", judgedSize: 512 },
 *   skeleton: COCO, trained: evaluation, shipped: null, ideal: { ...evaluation, label: "ideal maps" },
 *   curves: { step: [1, 2], loss: [2, 1], heatmap: [1, 0.5], pull: [0, 0.1], push: [0.5, 0.4] },
 *   galleries: [],
 * };
 * assert.match(reportHtml(report), /^<!DOCTYPE html>[^]*Two people in a park/);
 * ```
 */
export function reportHtml(report: DemoReport): string {
  const { trained, shipped, ideal, skeleton, curves, galleries } = report;
  const evaluations = [trained, ...(shipped ? [shipped] : []), ideal];
  return page(
    report.title,
    markup`${setup(report)}
${cards(report)}
<section><h2>Figures</h2>
<p class="soft">Average precision and recall as COCO defines them. The bound is what the same decoder makes of ideal
maps of the same scenes: maps of this resolution cannot place a keypoint more precisely. Grouping is the share
of keypoints that get their own person when the detections are the true ones.</p>
<div class="charts"><div class="wide">${figuresTable(evaluations, ideal)}</div>
<div>${keypointChart(evaluations, skeleton)}</div></div></section>
<section><h2>Training</h2>
<div class="charts">${lossChart(curves, ["loss", "heatmap"])}${
      lossChart(curves, ["pull", "push"])
    }</div></section>
${galleries.map((part) => gallery(part, skeleton))}`,
  );
}
