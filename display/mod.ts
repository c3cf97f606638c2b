/**
 * Pictures of people, masks, heatmaps, tags, tracks and training runs; reports; progress bars. Everything here is plain
 * TypeScript on numbers in main memory: no GPU, no canvas, no library.
 *
 * A function called `draw…` gives an {@linkcode Svg}, which a notebook shows by itself; a function called `paint…` gives
 * pixels, an `RgbImage`.
 *
 * @module
 */
export * from "./activations.ts";
export * from "./animation.ts";
export {
  type BarChartOptions,
  type BarSeries,
  drawBarChart,
  drawLineChart,
  type LineChartOptions,
  type LineSeries,
} from "./chart.ts";
export * from "./color.ts";
export * from "./comparison_report.ts";
export * from "./evaluation_report.ts";
export * from "./film.ts";
export * from "./graph.ts";
export { drawHeatmaps, type HeatmapPictureOptions, paintHeatmaps } from "./heatmaps.ts";
export * from "./instances.ts";
export * from "./jupyter.ts";
export * from "./live.ts";
export * from "./live_picture.ts";
export * from "./model_table.ts";
export * from "./numbers.ts";
export type { ReportCurves } from "./loss_chart.ts";
export * from "./panels.ts";
export { pngDataUrl } from "./picture.ts";
export * from "./plan.ts";
export * from "./poses.ts";
export {
  lineSink,
  Progress,
  type ProgressOptions,
  type ProgressSink,
  type ProgressState,
  terminalSink,
} from "./progress.ts";
export * from "./report.ts";
export * from "./segment_report.ts";
export * from "./profile.ts";
export { niceTicks } from "./scale.ts";
export * from "./surface.ts";
export * from "./svg.ts";
export * from "./table.ts";
export {
  drawTagHistogram,
  type HistogramBin,
  type HistogramMode,
  type TagHistogramOptions,
} from "./tag_histogram.ts";
export * from "./tags.ts";
export * from "./tracking_report.ts";
export * from "./timeline.ts";
export {
  drawFilmstrip,
  drawTracks,
  type FilmstripOptions,
  identityColors,
  type TrackDrawingOptions,
  type TrackedThing,
  type TrackPicture,
} from "./tracks.ts";
