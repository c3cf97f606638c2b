/**
 * How losses fell while training, as reports show it.
 *
 * @module
 */
import { drawLineChart, type LineSeries } from "./chart.ts";
import { markup } from "./page.ts";
import type { Markup } from "./svg.ts";

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

/** Curves above 0 on a logarithmic axis; a sentence where there is nothing to draw. */
export function lossChart<Name extends "loss" | "heatmap" | "pull" | "push">(
  curves: Readonly<Record<Name | "step", readonly number[]>>,
  names: readonly Name[],
): Markup {
  const series: LineSeries[] = names.map((name) => ({ name, x: curves.step, y: curves[name] }));
  if (!series.some(({ y }) => y.some((value) => value > 0 && value < Infinity))) {
    return markup`<div><p class="soft">No ${names.join(" or ")} was recorded.</p></div>`;
  }
  // A noisy curve of n values is smoothed over about a fiftieth of them.
  const smooth = curves.step.length < 50 ? 0 : 1 - 50 / curves.step.length;
  const chart = drawLineChart(series, {
    title: `${names.join(" and ")}, logarithmic`,
    xLabel: "step",
    log: true,
    smooth: Math.min(smooth, 0.98),
  });
  return markup`<div>${chart}</div>`;
}
