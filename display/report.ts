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
import { drawBarChart, drawLineChart, type LineSeries } from "./chart.ts";
import { cssColor, personColor } from "./color.ts";
import { paintHeatmaps } from "./heatmaps.ts";
import { pngDataUrl } from "./picture.ts";
import { drawPoses } from "./poses.ts";
import { escapeMarkup, Markup, Svg } from "./svg.ts";
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

/** The losses of a training run: equally long lists, one entry per recorded step. */
export interface ReportCurves {
  /** Step numbers, rising. */
  readonly step: readonly number[];
  /** The total loss. */
  readonly loss: readonly number[];
  /** Its heatmap part, before weighting. */
  readonly heatmap: readonly number[];
  /** Its pull part, before weighting. */
  readonly pull: readonly number[];
  /** Its push part, before weighting. */
  readonly push: readonly number[];
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
  /** AP of this scene alone, 0 to 1, or -1 if nobody is in it: the scenes are shown in its rising order. */
  readonly averagePrecision: number;
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

type HtmlPart = string | number | Markup | Svg | null | readonly HtmlPart[];

function htmlText(part: HtmlPart): string {
  if (part === null) return "";
  if (part instanceof Markup) return part.source;
  if (part instanceof Svg) return part.toString();
  if (typeof part === "string" || typeof part === "number") return escapeMarkup(`${part}`);
  return part.map(htmlText).join("");
}

/** HTML with holes: what fills a hole is escaped, unless it is markup already. */
function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Markup {
  return new Markup(
    strings.map((text, i) => text + (i < parts.length ? htmlText(parts[i]) : "")).join(""),
  );
}

/** Styles of the page. Two themes from one set of names; figures and scenes are kept whole in print. */
const STYLE = new Markup(`
:root { color-scheme: light dark; --paper: #fdfdfc; --card: #ffffff; --ink: #1d2329; --soft: #5c6670; --line: #dfe3e6; --accent: #0a66b0; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171a; --card: #1c2024; --ink: #e4e7ea; --soft: #9aa4ae; --line: #30363c; --accent: #6cb4f0; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; text-wrap: balance; }
h2 { font-size: 1.3rem; margin: 3rem 0 .3rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: .3rem 0 1rem; max-width: 46rem; }
.small { font-size: .85rem; }
.soft, figcaption { color: var(--soft); }
svg { color: inherit; display: block; max-width: 100%; height: auto; }
img { display: block; width: 100%; height: auto; }
.setup { display: flex; flex-wrap: wrap; gap: .2rem 1.6rem; margin: 0 0 1.6rem; padding: 0; font-size: .9rem; }
.setup div { display: flex; gap: .4rem; }
.setup dt { color: var(--soft); }
.setup dd { margin: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem; margin: 1.2rem 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem; }
.card b { display: block; font-size: 1.9rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.card span { font-size: .85rem; color: var(--soft); }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .32rem 0 .32rem .8rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: bottom; }
thead th { white-space: normal; line-height: 1.25; }
th { font-weight: 600; }
th:first-child { text-align: left; padding-left: 0; }
th small { font-weight: 400; color: var(--soft); margin-left: .5rem; }
tr.rule > * { border-top: 2px solid var(--line); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 1.2rem; align-items: start; }
.charts > div, .scene { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; }
.scene { margin: 1rem 0; }
.scene header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem 1.2rem; margin-bottom: .7rem; }
.people { display: flex; flex-wrap: wrap; gap: .1rem .9rem; margin: 0; padding: 0; list-style: none; font-size: .85rem; font-variant-numeric: tabular-nums; }
.people i { display: inline-block; width: .7em; height: .7em; border-radius: .2em; margin-right: .35em; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); gap: 1rem; align-items: start; }
figure { margin: 0; }
figcaption { font-size: .8rem; margin-bottom: .25rem; }
.pictures svg { width: 100%; }
@media (max-width: 34rem) { th small { display: none; } .cards { grid-template-columns: 1fr 1fr; } }
@media print {
  body { font-size: 11px; background: none; }
  main { max-width: none; padding: 0; }
  .card, .charts > div, .scene, tr { break-inside: avoid; }
  h2, h3, section > p { break-after: avoid; }
  th small { display: none; }
  .cards { grid-template-columns: repeat(4, 1fr); }
  .pictures { grid-template-columns: repeat(3, 1fr); }
  .charts { grid-template-columns: 1fr 1fr; }
}
`);

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
      `${scenes.count} unseen scenes, generator version ${scenes.generator}, seed ${scenes.seed}`,
    ],
  ];
  return html`<dl class="setup">${
    rows.map(([name, value]) =>
      html`
        <div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>
      `
    )
  }</dl>`;
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
  return html`<div class="cards">${
    cards.map(([value, name]) => html`<div class="card"><b>${value}</b><span>${name}</span></div>`)
  }</div>`;
}

function figuresTable(evaluations: readonly ReportEvaluation[], ideal: ReportEvaluation): Markup {
  const row = (name: string, meaning: string, cells: readonly string[], className = "") =>
    html`<tr class="${className}"><th scope="row">${name}<small>${meaning}</small></th>${
      cells.map((cell) => html`<td>${cell}</td>`)
    }</tr>\n`;
  return html`
    <div class="wide">
      <table>
        <thead>
          <tr><th scope="col">figure</th>${evaluations.map(({ label }) =>
            html`<th scope="col">${label}</th>`
          )}</tr>
        </thead>
        <tbody>
    ${FIGURES.map(([key, name, meaning]) =>
      row(
        name,
        meaning,
        evaluations.map(({ keypoints }) => figure(keypoints[key])),
        key === "AR" ? "rule" : "",
      )
    )}${row(
      "AP / bound",
      "share of ideal maps",
      evaluations.map(({ keypoints }) => share(keypoints.AP, ideal.keypoints.AP)),
      "rule",
    )}${row(
      "grouping",
      "of true detections",
      evaluations.map(({ groupingAccuracy }) => figure(groupingAccuracy)),
    )}</tbody>
      </table>
    </div>
  `;
}

/** Curves above 0 on a logarithmic axis; a sentence where there is nothing to draw. */
function lossChart(
  curves: ReportCurves,
  names: readonly ("loss" | "heatmap" | "pull" | "push")[],
): Markup {
  const series: LineSeries[] = names.map((name) => ({ name, x: curves.step, y: curves[name] }));
  if (!series.some(({ y }) => y.some((value) => value > 0 && value < Infinity))) {
    return html`
      <div>
        <p class="soft">No ${names.join(" or ")} was recorded.</p>
      </div>
    `;
  }
  // A noisy curve of n values is smoothed over about a fiftieth of them.
  const smooth = curves.step.length < 50 ? 0 : 1 - 50 / curves.step.length;
  const chart = drawLineChart(series, {
    title: `${names.join(" and ")}, logarithmic`,
    xLabel: "step",
    log: true,
    smooth: Math.min(smooth, 0.98),
  });
  return html`<div>${chart}</div>`;
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
    : html`<img alt="${caption}" src="${pngDataUrl(content)}">`;
  return html`<figure><figcaption>${caption}</figcaption>${shown}</figure>`;
}

/** What became of each true person, in its colour. */
function peopleList({ truth, matches }: ReportScene): Markup {
  return html`<ul class="people">${
    truth.map(({ crowd }, i) => {
      const match = matches[i];
      const fate = crowd ? "crowd" : match ? `OKS ${match.oks.toFixed(2)}` : "missed";
      return html`<li><i style="background:${cssColor(personColor(i))}"></i>person ${
        i + 1
      }: ${fate}</li>`;
    })
  }</ul>`;
}

function checkScene({ name, truth, predicted, matches, averagePrecision }: ReportScene): void {
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
  if (Number.isNaN(averagePrecision)) {
    throw new RangeError(`reportHtml: the average precision of scene "${name}" is NaN`);
  }
}

function sceneMarkup(scene: ReportScene, skeleton: Skeleton): Markup {
  const { name, image, truth, predicted, heatmaps, tags, matches, averagePrecision } = scene;
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
  return html`
    <article class="scene">
      <header><h3>${name}</h3><span>AP ${figure(averagePrecision)}</span>${peopleList(
        scene,
      )}${strangers
        ? html`<span class="soft small">${strangers} predicted without a match (grey)</span>`
        : null}</header>
      <div class="pictures">
    ${picture("input", image)}
    ${picture(
      `truth: ${truth.length}`,
      drawPoses(image, truth, skeleton, { title: `truth of ${name}` }),
    )}
    ${picture(
      `predicted: ${predicted.length}`,
      drawPoses(image, predicted, skeleton, { colors: owners, title: `prediction of ${name}` }),
    )}
    ${picture("heatmaps, strongest keypoint", paintHeatmaps(heatmaps, { image }))}
    ${ranges.map((range, dimension) =>
      picture(
        D === 1 ? "tag map" : `tag map, dimension ${dimension + 1}`,
        drawTags(tags, heatmaps, { image, dimension, range, width: 340 }),
      )
    )}
    ${picture(
      "tags at the true keypoints",
      drawTagScatter(readings, {
        names: skeleton.keypoints,
        range: D === 1 ? ranges[0] : undefined,
        width: 340,
      }),
    )}
      </div>
    </article>
  `;
}

/** The scene's AP, then the mean OKS of its people: the worst first. */
function failuresFirst(scenes: readonly ReportScene[]): ReportScene[] {
  const meanOks = ({ matches }: ReportScene) =>
    matches.reduce((sum, match) => sum + (match?.oks ?? 0), 0) / Math.max(matches.length, 1);
  return scenes.toSorted((a, b) =>
    a.averagePrecision - b.averagePrecision || meanOks(a) - meanOks(b)
  );
}

function gallery({ title, scenes }: ReportGallery, skeleton: Skeleton): Markup {
  scenes.forEach(checkScene);
  return html`<section><h2>${title}</h2>
<p class="soft">${scenes.length} scenes, failures first. A predicted person has the colour of the true person it was matched to.
Left arms and legs are lighter, right ones darker; hollow dots are occluded.</p>
${failuresFirst(scenes).map((scene) => sceneMarkup(scene, skeleton))}</section>`;
}

/**
 * The report as one HTML file.
 *
 * @param report The run; scenes are shown by rising AP, then by rising mean OKS.
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
 *   batchSize: 8, model: "tiny", parameters: 1000, evaluationScenes: { generator: "1", seed: 2, count: 200 },
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
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${report.title}</title>
        <style>${STYLE}</style>
      </head>
      <body>
        <main>
        <h1>${report.title}</h1>
        ${setup(report)}
        ${cards(report)}
        <section><h2>Figures</h2>
    <p class="soft">Average precision and recall as COCO defines them. The bound is what the same decoder makes of ideal
    maps of the same scenes: maps of this resolution cannot place a keypoint more precisely. Grouping is the share
    of keypoints that get their own person when the detections are the true ones.</p>
    <div class="charts"><div class="wide">${figuresTable(evaluations, ideal)}</div>
    <div>${keypointChart(evaluations, skeleton)}</div></div></section>
    <section><h2>Training</h2>
    <div class="charts">${lossChart(curves, ["loss", "heatmap"])}${lossChart(curves, [
      "pull",
      "push",
    ])}</div></section>
    ${galleries.map((part) => gallery(part, skeleton))}
            </main>
      </body>
    </html>
  `.source;
}
