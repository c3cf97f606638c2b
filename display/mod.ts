/**
 * Pictures of people, masks, heatmaps, tags and training runs; reports; progress bars. Everything here is plain
 * TypeScript on numbers in main memory: no GPU, no canvas, no library.
 *
 * A function called `draw…` gives an {@linkcode Svg}, which a notebook shows by itself; a function called `paint…` gives
 * pixels, an `RgbImage`.
 *
 * @module
 */
export {
  type BarChartOptions,
  type BarSeries,
  drawBarChart,
  drawLineChart,
  type LineChartOptions,
  type LineSeries,
} from "./chart.ts";
export * from "./color.ts";
export * from "./evaluation_report.ts";
export { drawHeatmaps, type HeatmapPictureOptions, paintHeatmaps } from "./heatmaps.ts";
export * from "./instances.ts";
export * from "./jupyter.ts";
export type { ReportCurves } from "./loss_chart.ts";
export * from "./panels.ts";
export { pngDataUrl } from "./picture.ts";
export * from "./poses.ts";
export * from "./progress.ts";
export * from "./report.ts";
export * from "./segment_report.ts";
export * from "./profile.ts";
export { niceTicks } from "./scale.ts";
export * from "./svg.ts";
export {
  drawTagHistogram,
  type HistogramBin,
  type HistogramMode,
  type TagHistogramOptions,
} from "./tag_histogram.ts";
export * from "./tags.ts";
