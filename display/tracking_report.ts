/**
 * The report of a tracking run as one HTML file with nothing beside it: figures of several ways to track the same
 * people, how the losses went, and videos as strip, time line and animation, coloured by identity.
 *
 * @module
 */
import { lossChart, type ReportCurves } from "./loss_chart.ts";
import { figureCards, markup, page, setupList } from "./page.ts";
import type { Markup, Svg } from "./svg.ts";

/** The figures of tracking that the report shows, of many. */
export interface TrackingReportFigures {
  /** Share of people and found people that are under the identity they have most, 0 to 1. */
  readonly IDF1: number;
  /** 1 less misses, false positives and switches over the number of people; at most 1. */
  readonly MOTA: number;
  /** Detection and association in balance, 0 to 1. */
  readonly HOTA: number;
  /** How often somebody is found under another identity than before. */
  readonly identitySwitches: number;
  /** People who are not found, summed over frames. */
  readonly misses: number;
  /** Found people who are nobody, summed over frames. */
  readonly falsePositives: number;
}

/** One way to track, measured. */
export interface TrackingReportEvaluation {
  /** Whose people, followed by what: "shipped weights, by tags". */
  readonly label: string;
  /** Its figures over all videos. */
  readonly figures: TrackingReportFigures;
}

/** A video to look at. */
export interface TrackingReportVideo {
  /** What it is called. */
  readonly name: string;
  /** What to look out for, in words. */
  readonly caption: string;
  /** Drawings of it, each with what it shows. */
  readonly drawings: readonly { readonly caption: string; readonly drawing: Svg }[];
}

/** Everything that a report of tracking shows. */
export interface TrackingReport {
  /** The page's heading. */
  readonly title: string;
  /** What was done with what, as pairs of a name and a text. */
  readonly setup: readonly (readonly [name: string, text: string])[];
  /** The ways to track, on the same videos; the first is the headline. */
  readonly evaluations: readonly TrackingReportEvaluation[];
  /** Pull and push while tags were trained: equally long lists, one entry per recorded step. */
  readonly curves: Pick<ReportCurves, "step" | "pull" | "push">;
  /** Videos to look at. */
  readonly videos: readonly TrackingReportVideo[];
}

const FIGURES: readonly (readonly [
  name: keyof TrackingReportFigures,
  label: string,
  meaning: string,
])[] = [
  ["IDF1", "IDF1", "under one identity"],
  ["HOTA", "HOTA", "detection and association"],
  ["MOTA", "MOTA", "errors of all kinds"],
  ["identitySwitches", "identity switches", "number"],
  ["misses", "misses", "number"],
  ["falsePositives", "false positives", "number"],
];

/** A share with three digits, a number as it is. */
function figure(name: keyof TrackingReportFigures, figures: TrackingReportFigures): string {
  const value = figures[name];
  return ["IDF1", "HOTA", "MOTA"].includes(name) ? value.toFixed(3) : `${value}`;
}

function figuresTable(evaluations: readonly TrackingReportEvaluation[]): Markup {
  const heads = evaluations.map(({ label }) => markup`<th scope="col">${label}</th>`);
  const rows = FIGURES.map(([name, label, meaning]) =>
    markup`<tr><th scope="row">${label}<small>${meaning}</small></th>${
      evaluations.map(({ figures }) => markup`<td>${figure(name, figures)}</td>`)
    }</tr>\n`
  );
  return markup`<table>
<thead><tr><th scope="col">figure</th>${heads}</tr></thead>
<tbody>
${rows}</tbody></table>`;
}

function videoMarkup({ name, caption, drawings }: TrackingReportVideo): Markup {
  return markup`<article class="scene"><header><h3>${name}</h3><span>${caption}</span></header>
${
    drawings.map(({ caption, drawing }) =>
      markup`<figure><figcaption>${caption}</figcaption>${drawing}</figure>\n`
    )
  }</article>
`;
}

/**
 * The report as one HTML file: no script, no other file, light or dark as the reader has it.
 *
 * @param report The run.
 * @throws {RangeError} If nothing was evaluated.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { type TrackingReport, trackingReportHtml } from "ae";
 *
 * const figures = {
 *   IDF1: 0.9, MOTA: 0.8, HOTA: 0.7, identitySwitches: 3, misses: 20, falsePositives: 10,
 * };
 * const report: TrackingReport = {
 *   title: "Two people cross",
 *   setup: [["adapter", "llvmpipe"]],
 *   evaluations: [{ label: "by tags", figures }, { label: "by place", figures }],
 *   curves: { step: [1, 2], pull: [0.2, 0.1], push: [0.5, 0.4] },
 *   videos: [],
 * };
 * assert.match(trackingReportHtml(report), /^<!DOCTYPE html>[^]*Two people cross[^]*0\.900/);
 * ```
 */
export function trackingReportHtml(report: TrackingReport): string {
  const { title, setup, evaluations, curves, videos } = report;
  if (evaluations.length === 0) throw new RangeError("trackingReportHtml: nothing was evaluated");
  const [{ label, figures }] = evaluations;
  const cards = FIGURES.slice(0, 4).map(([name, text]) =>
    [figure(name, figures), `${text}, ${label}`] as const
  );
  return page(
    title,
    markup`${setupList(setup)}
${figureCards(cards)}
<section><h2>Figures</h2>
<p class="soft">All ways to track follow the same rules for birth, gaps and death; they differ in what says who is
who. IDF1 asks how long people keep one identity, MOTA counts errors, HOTA weighs detection and association alike.</p>
<div class="wide">${figuresTable(evaluations)}</div></section>
<section><h2>Training</h2>
<div class="charts">${lossChart(curves, ["pull", "push"])}</div></section>
<section><h2>Videos</h2>
<p class="soft">A colour, and the number, is an identity: the same in all frames of a video.</p>
${videos.map(videoMarkup)}</section>`,
  );
}
