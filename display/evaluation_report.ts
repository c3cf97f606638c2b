/**
 * The report of an evaluation: one HTML file with nothing beside it, as display/report.ts is for the demo.
 *
 *     headline figures
 *     figures          a table
 *     curves           precision over recall
 *     keypoints        a figure of each
 *     errors           what became of the keypoints found, and AP if one kind of error were mended
 *
 * {@linkcode EvaluationReport} is plain data; parts that do not exist for a data set are left out.
 *
 * @module
 */
import { drawBarChart, drawLineChart } from "./chart.ts";
import { markup, page } from "./page.ts";
import type { Markup } from "./svg.ts";

/** A figure with its name. */
export interface NamedFigure {
  /** What it is called. */
  readonly name: string;
  /** What it means, in a few words. */
  readonly meaning: string;
  /** The figure, 0 to 1; -1 where it is undefined. */
  readonly value: number;
}

/** One value for each keypoint. */
export interface KeypointSeries {
  /** What is measured. */
  readonly name: string;
  /** K values; -1 where undefined. */
  readonly values: readonly number[];
}

/** What an evaluation found out. */
export interface EvaluationReport {
  /** The page's heading. */
  readonly title: string;
  /** What was evaluated: names and what they stand for. */
  readonly setup: readonly (readonly [name: string, value: string])[];
  /** All figures; the first four are the headline. At least one. */
  readonly figures: readonly NamedFigure[];
  /** Precision over recall, equally long lists each. */
  readonly curves?: readonly {
    readonly name: string;
    readonly recall: readonly number[];
    readonly precision: readonly number[];
  }[];
  /** Names of the K keypoints. */
  readonly keypoints: readonly string[];
  /** Figures of each keypoint. */
  readonly byKeypoint: readonly KeypointSeries[];
  /** What went wrong. */
  readonly errors?: {
    /** Per fate (good, jitter, ...) how many of each keypoint had it. */
    readonly fates: readonly KeypointSeries[];
    /** AP as it is. */
    readonly asFound: number;
    /** AP without one kind of error. */
    readonly mended: readonly NamedFigure[];
  };
}

function figure(value: number): string {
  return value < 0 ? "–" : value.toFixed(3);
}

/** A figure's place on an axis: none where it is undefined. */
function bar(value: number): number | null {
  return value < 0 ? null : value;
}

function cards(figures: readonly NamedFigure[]): Markup {
  return markup`<div class="cards">${
    figures.slice(0, 4).map(({ name, meaning, value }) =>
      markup`<div class="card"><b>${figure(value)}</b><span>${name}: ${meaning}</span></div>`
    )
  }</div>`;
}

function table(figures: readonly NamedFigure[]): Markup {
  return markup`<table><thead><tr><th scope="col">figure</th><th scope="col">value</th></tr></thead>
<tbody>${
    figures.map(({ name, meaning, value }) =>
      markup`<tr><th scope="row">${name}<small>${meaning}</small></th><td>${
        figure(value)
      }</td></tr>\n`
    )
  }</tbody></table>`;
}

function labels(keypoints: readonly string[]): string[] {
  return keypoints.map((name) => name.replaceAll("_", " "));
}

function keypointChart(
  title: string,
  keypoints: readonly string[],
  series: readonly KeypointSeries[],
): Markup {
  const bars = series.map(({ name, values }) => ({ name, values: values.map(bar) }));
  return markup`<div>${drawBarChart(labels(keypoints), bars, { title, max: 1, width: 520 })}</div>`;
}

/** How often each keypoint had each fate, as shares of all that were judged. */
function fateTable(keypoints: readonly string[], fates: readonly KeypointSeries[]): Markup {
  const judged = (k: number) => fates.reduce((sum, { values }) => sum + values[k], 0);
  const share = (part: number, of: number) => of === 0 ? "–" : `${(100 * part / of).toFixed(1)} %`;
  const all = keypoints.reduce((sum, _, k) => sum + judged(k), 0);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const row = (name: string, count: number, cells: readonly string[]) =>
    markup`<tr><th scope="row">${name}</th><td>${count}</td>${
      cells.map((cell) => markup`<td>${cell}</td>`)
    }</tr>\n`;
  return markup`<table><thead><tr><th scope="col">keypoint</th><th scope="col">judged</th>${
    fates.map(({ name }) => markup`<th scope="col">${name}</th>`)
  }</tr></thead>
<tbody>${
    labels(keypoints).map((name, k) =>
      row(name, judged(k), fates.map(({ values }) => share(values[k], judged(k))))
    )
  }${row("all", all, fates.map(({ values }) => share(sum(values), all)))}</tbody></table>`;
}

function errorSection({ keypoints, errors }: EvaluationReport): Markup | null {
  if (!errors) return null;
  const { fates, asFound, mended } = errors;
  return markup`<section><h2>Errors</h2>
<p class="soft">Every keypoint of every person about found (OKS 0.1) is good, near its place (jitter), on the other side of the
same body (inversion), on somebody else (swap) or nowhere (miss). Beside it, what AP would be if one kind of error were
mended. After Ronchi and Perona, ICCV 2017.</p>
<div class="charts"><div class="wide">${fateTable(keypoints, fates)}</div>
<div>${
    drawBarChart(
      ["as found", ...mended.map(({ name }) => `no ${name}`)],
      [{ name: "AP", values: [asFound, ...mended.map(({ value }) => value)].map(bar) }],
      { title: "AP without errors of one kind", max: 1, width: 520 },
    )
  }${table(mended)}</div></div></section>`;
}

/**
 * The report as one HTML file.
 *
 * @throws {RangeError} If there are no figures, or lists that belong together differ in length.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluationReportHtml } from "ae";
 *
 * const html = evaluationReportHtml({
 *   title: "An evaluation",
 *   setup: [["results", "found.json"]],
 *   figures: [{ name: "AP", meaning: "OKS 0.50 to 0.95", value: 0.59 }],
 *   keypoints: ["nose", "left_eye"],
 *   byKeypoint: [{ name: "AP", values: [0.7, -1] }],
 * });
 * assert.match(html, /^<!DOCTYPE html>[^]*0\.590[^]*left eye/);
 * ```
 */
export function evaluationReportHtml(report: EvaluationReport): string {
  const { title, setup, figures, curves = [], keypoints, byKeypoint, errors } = report;
  if (figures.length === 0) throw new RangeError("evaluationReportHtml: there are no figures");
  for (const { name, values } of [...byKeypoint, ...errors?.fates ?? []]) {
    if (values.length === keypoints.length) continue;
    throw new RangeError(
      `evaluationReportHtml: "${name}" has ${values.length} values for ${keypoints.length} keypoints`,
    );
  }
  const drawn = curves.map(({ name, recall, precision }) => ({ name, x: recall, y: precision }));
  return page(
    title,
    markup`<dl class="setup">${
      setup.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)
    }</dl>
${cards(figures)}
<section><h2>Figures</h2>
<div class="charts"><div class="wide">${table(figures)}</div>${
      drawn.length === 0 ? null : markup`<div>${
        drawLineChart(drawn, {
          title: "Precision over recall",
          xLabel: "recall",
          yLabel: "precision",
        })
      }</div>`
    }</div></section>
<section><h2>Keypoints</h2>
<div class="charts">${
      byKeypoint.map((series) => keypointChart(series.name, keypoints, [series]))
    }</div></section>
${errorSection(report)}`,
  );
}
