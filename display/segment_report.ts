/**
 * The report of instances found pixel by pixel: one HTML file with nothing beside it, as display/report.ts is for poses.
 *
 *     headline figures
 *     figures          a column for each set of predictions
 *     training         losses over steps
 *     scenes           picture, truth, prediction, detection, tags, histogram of tags with its modes
 *
 * Instances have the colours of their tags in one dimension, the one in which modes differ most, so that mask, tag map
 * and histogram show the same thing.
 *
 * @module
 */
import type { HostArray } from "../core/host_array.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import type { AnnotatedInstance, DecodedInstance } from "../instance/instance.ts";
import { divergingColor } from "./color.ts";
import type { NamedFigure } from "./evaluation_report.ts";
import { paintHeatmaps } from "./heatmaps.ts";
import { drawInstances } from "./instances.ts";
import { lossChart, type ReportCurves } from "./loss_chart.ts";
import { markup, page } from "./page.ts";
import { pngDataUrl } from "./picture.ts";
import { type Markup, Svg } from "./svg.ts";
import { drawTagHistogram, type HistogramBin } from "./tag_histogram.ts";
import { paintTags, tagRange } from "./tags.ts";

/** One set of predictions, measured. */
export interface SegmentEvaluation {
  /** Whose predictions. */
  readonly label: string;
  /** The same figures in the same order for every set. */
  readonly figures: readonly NamedFigure[];
}

/** One picture of the gallery. */
export interface SegmentScene {
  /** What it is called. */
  readonly name: string;
  /** The picture. */
  readonly image: RgbImage;
  /** What is in it. */
  readonly truth: readonly AnnotatedInstance[];
  /** What was found. */
  readonly found: readonly DecodedInstance[];
  /** Detection maps, `[C, h, w]`. */
  readonly heatmaps: HostArray;
  /** Tag maps, `[D, C, h, w]`. */
  readonly tags: HostArray;
  /** The dimension of the tags that is shown, see {@linkcode widestDimension}. */
  readonly dimension: number;
  /** Histogram of this dimension's tags at detected pixels. */
  readonly bins: readonly HistogramBin[];
}

/** Everything that a report shows. */
export interface SegmentReport {
  /** The page's heading. */
  readonly title: string;
  /** How it came about: names and what they stand for. */
  readonly setup: readonly (readonly [name: string, value: string])[];
  /** Values and what they mean. */
  readonly headline: readonly NamedFigure[];
  /** A column each. */
  readonly evaluations: readonly SegmentEvaluation[];
  /** Losses while training. */
  readonly curves: ReportCurves;
  /** Scenes under a heading each. */
  readonly galleries: readonly {
    readonly title: string;
    readonly scenes: readonly SegmentScene[];
  }[];
}

/**
 * The dimension in which the tags of instances reach farthest; 0 for fewer than two instances.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { widestDimension } from "ae";
 *
 * assert.equal(widestDimension([{ tag: [1, 0] }, { tag: [1.5, -3] }]), 1);
 * assert.equal(widestDimension([]), 0);
 * ```
 */
export function widestDimension(instances: readonly Pick<DecodedInstance, "tag">[]): number {
  const reach = (instances[0]?.tag ?? []).map((_, d) => {
    const values = instances.map(({ tag }) => tag[d]);
    return Math.max(...values) - Math.min(...values);
  });
  return Math.max(0, reach.indexOf(Math.max(...reach)));
}

function figure(value: number): string {
  return value < 0 ? "–" : value.toFixed(3);
}

function figuresTable(evaluations: readonly SegmentEvaluation[]): Markup {
  const heads = evaluations.map(({ label }) => markup`<th scope="col">${label}</th>`);
  const rows = (evaluations[0]?.figures ?? []).map(({ name, meaning }, i) =>
    markup`<tr><th scope="row">${name}<small>${meaning}</small></th>${
      evaluations.map(({ figures }) => markup`<td>${figure(figures[i].value)}</td>`)
    }</tr>\n`
  );
  return markup`<table>
<thead><tr><th scope="col">figure</th>${heads}</tr></thead>
<tbody>
${rows}</tbody></table>`;
}

function picture(caption: string, content: Svg | RgbImage): Markup {
  const shown = content instanceof Svg
    ? content
    : markup`<img alt="${caption}" src="${pngDataUrl(content)}">`;
  return markup`<figure><figcaption>${caption}</figcaption>${shown}</figure>\n`;
}

function sceneMarkup(scene: SegmentScene): Markup {
  const { name, image, truth, found, heatmaps, tags, dimension, bins } = scene;
  const own = found.map(({ tag }) => tag[dimension]);
  const [low, high] = tagRange(tags, heatmaps, dimension);
  const range = [Math.min(low, ...own), Math.max(high, ...own)] as const;
  const shown = found.map((instance, i) => ({ ...instance, tag: [own[i]] }));
  const modes = own.map((tag) => {
    return { tag, color: divergingColor((tag - range[0]) / (range[1] - range[0])) };
  });
  const [D] = tags.shape;
  const which = D === 1 ? "" : `, dimension ${dimension + 1} of ${D}`;
  const pictures = [
    picture("input", image),
    picture(`truth: ${truth.length}`, drawInstances(image, truth, { title: `truth of ${name}` })),
    picture(
      `found: ${found.length}, coloured by tag`,
      drawInstances(image, shown, { colorBy: "tag", range, title: `found in ${name}` }),
    ),
    picture("detection", paintHeatmaps(heatmaps, { image })),
    picture(`tags${which}`, paintTags(tags, heatmaps, { image, dimension, range })),
    picture(
      "tags of detected pixels, and modes",
      drawTagHistogram(bins, modes, { width: 340, xLabel: `tag${which}` }),
    ),
  ];
  return markup`<article class="scene"><header><h3>${name}</h3></header>
<div class="pictures">
${pictures}</div></article>
`;
}

/**
 * The report as one HTML file.
 *
 * @throws {ShapeError} If a scene's maps do not fit together.
 * @throws {RangeError} If evaluations have different figures, or a scene's mask is not of its picture's size, a dimension
 * not one of its tags', or a map holds NaN.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { segmentReportHtml } from "ae";
 *
 * const figures = [{ name: "AP50", meaning: "overlap 0.50", value: 0.7 }];
 * const html = segmentReportHtml({
 *   title: "People apart", setup: [["seed", "1"]], headline: figures,
 *   evaluations: [{ label: "trained now", figures }],
 *   curves: { step: [1, 2], loss: [2, 1], heatmap: [1, 0.5], pull: [0, 0.1], push: [0.5, 0.4] },
 *   galleries: [],
 * });
 * assert.match(html, /^<!DOCTYPE html>[^]*People apart[^]*0\.700/);
 * ```
 */
export function segmentReportHtml(report: SegmentReport): string {
  const { title, setup, headline, evaluations, curves, galleries } = report;
  for (const { label, figures } of evaluations) {
    const names = (list: readonly NamedFigure[]) => list.map(({ name }) => name).join();
    if (names(figures) !== names(evaluations[0].figures)) {
      throw new RangeError(`segmentReportHtml: "${label}" has other figures than the first`);
    }
  }
  return page(
    title,
    markup`<dl class="setup">${
      setup.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)
    }</dl>
<div class="cards">${
      headline.map(({ value, meaning }) =>
        markup`<div class="card"><b>${figure(value)}</b><span>${meaning}</span></div>`
      )
    }</div>
<section><h2>Figures</h2>
<p class="soft">Average precision and recall of masks as COCO defines them, and VOC's mAP^r. With the true detections only
grouping is left to the network: every pixel of a person is known, but not whose it is. Ideal maps are the bound that the
maps' resolution sets.</p>
<div class="wide">${figuresTable(evaluations)}</div></section>
<section><h2>Training</h2>
<div class="charts">${lossChart(curves, ["loss", "heatmap"])}${
      lossChart(curves, ["pull", "push"])
    }</div></section>
${
      galleries.map(({ title, scenes }) =>
        markup`<section><h2>${title}</h2>
<p class="soft">${scenes.length} scenes. An instance has the colour of its tag, from low (blue) to high (orange).</p>
${scenes.map(sceneMarkup)}</section>`
      )
    }`,
  );
}
