/**
 * Pictures that change while something is computed: a chart that grows, a bar that fills.
 *
 *     const chart = new LiveChart({ title: "pull and push" });
 *     await show(chart);                        one output of the cell
 *     for (…) chart.add({ pull, push });        which changes in place
 *     chart.finish();                           and stays as it is now
 *
 * A live picture knows nothing of notebooks. It says "I have changed" to whoever asked, at most a few times a second;
 * `show` of jupyter/ asks, and redraws.
 *
 * @module
 */
import { drawLineChart, type LineChartOptions } from "./chart.ts";
import { type Displayable, JUPYTER_DISPLAY, type MimeBundle } from "./jupyter.ts";
import { barLine, type ProgressSink, type ProgressState, short, summary } from "./progress.ts";
import { Svg, svgElement } from "./svg.ts";

/** A picture that changes. */
export interface Live extends Displayable {
  /** Have a function called whenever the picture should be shown anew. */
  onChange(listener: () => void): void;
}

/** Least time between two changes that are shown: a notebook's front end draws each. */
const INTERVAL_MS = 250;

/** Tells listeners of changes, but not of every one. */
class Changes {
  readonly #listeners: (() => void)[] = [];
  readonly #now: () => number;
  #last = -Infinity;

  constructor(now: () => number) {
    this.#now = now;
  }

  listen(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Something changed; `always` where nothing will follow. */
  tell(always: boolean): void {
    const ms = this.#now();
    if (!always && ms - this.#last < INTERVAL_MS) return;
    this.#last = ms;
    for (const listener of this.#listeners) listener();
  }
}

/** How a live chart is drawn: as {@linkcode LineChartOptions}, and a clock. */
export interface LiveChartOptions extends LineChartOptions {
  /** A clock in milliseconds. @default {performance.now} */
  readonly now?: () => number;
}

/**
 * A line chart that grows while numbers come in.
 *
 * Its text form is the last numbers, so that a program without a notebook prints a log: `step 40: pull 0.12, push 0.3`.
 *
 * @example Usage
 * ```ts
 * import { LiveChart, show } from "ae";
 *
 * const chart = new LiveChart({ title: "losses", xLabel: "step", log: true });
 * await show(chart);
 * for (let step = 0; step < 100; step++) chart.add({ pull: 1 / (step + 1), push: 0.9 ** step });
 * chart.finish();
 * ```
 */
export class LiveChart implements Live {
  readonly #options: LineChartOptions;
  readonly #changes: Changes;
  readonly #series = new Map<string, { x: number[]; y: number[] }>();
  #next = 0;
  #text: string;

  /**
   * An empty chart.
   *
   * @param options Labels, logarithmic axis, smoothing, size.
   */
  constructor(options: LiveChartOptions = {}) {
    const { now = () => performance.now(), ...chart } = options;
    this.#options = chart;
    this.#changes = new Changes(now);
    this.#text = `${chart.title ?? "chart"}: nothing yet`;
  }

  /**
   * Add a point to each of the named curves; a name not seen before begins a curve.
   *
   * @param values The numbers; NaN and infinite ones interrupt their curve.
   * @param x Where; must not fall. @default {one after the last}
   * @throws {RangeError} If `x` is below the last one.
   */
  add(values: Readonly<Record<string, number>>, x: number = this.#next): void {
    if (!(x >= this.#next - 1)) {
      throw new RangeError(`LiveChart: x went from ${this.#next - 1} to ${x}; it must not fall`);
    }
    for (const [name, value] of Object.entries(values)) {
      const series = this.#series.get(name) ?? { x: [], y: [] };
      this.#series.set(name, series);
      series.x.push(x);
      series.y.push(value);
    }
    this.#next = x + 1;
    const numbers = Object.entries(values).map(([name, value]) => `${name} ${short(value)}`);
    this.#text = `${this.#options.xLabel ?? "step"} ${x}: ${numbers.join(", ")}`;
    this.#changes.tell(false);
  }

  /** Show the last state for good. */
  finish(): void {
    this.#changes.tell(true);
  }

  /** Have a function called whenever the chart should be shown anew. */
  onChange(listener: () => void): void {
    this.#changes.listen(listener);
  }

  /** The chart as it is now. */
  draw(): Svg {
    const series = [...this.#series].map(([name, { x, y }]) => ({ name, x, y }));
    if (series.some(({ y }) => y.some(Number.isFinite))) {
      return drawLineChart(series, this.#options);
    }
    const { width = 560, title = "chart" } = this.#options;
    const wait = svgElement("text", { x: 4, y: 15, "font-size": 13, fill: "currentColor" }, "…");
    return new Svg([wait], { width, height: 24, title: `${title}: nothing yet` });
  }

  /** The chart for a notebook, with the last numbers as text. */
  [JUPYTER_DISPLAY](): MimeBundle {
    return { "text/plain": this.#text, "image/svg+xml": this.draw().toString() };
  }
}

/**
 * A progress bar in a notebook: the sink of a {@linkcode Progress}.
 *
 * @example Usage
 * ```ts
 * import { LiveProgress, Progress, show } from "ae";
 *
 * const bar = new LiveProgress();
 * await show(bar);
 * const progress = new Progress({ label: "train", total: 50, sink: bar });
 * for (let step = 1; step <= 50; step++) progress.update(step, { loss: 1 / step });
 * progress.finish();
 * ```
 */
export class LiveProgress implements ProgressSink, Live {
  readonly #changes: Changes;
  #text = "not started";
  #state: ProgressState | null = null;

  /**
   * A bar that has not started.
   *
   * @param options.now A clock in milliseconds. @default {performance.now}
   */
  constructor(options: { readonly now?: () => number } = {}) {
    this.#changes = new Changes(options.now ?? (() => performance.now()));
  }

  /** Take over a job's state. */
  show(state: ProgressState): void {
    this.#state = state;
    this.#text = barLine(state, 100);
    this.#changes.tell(false);
  }

  /** Take over a job's last state. */
  finish(state: ProgressState): void {
    this.#state = state;
    this.#text = summary(state);
    this.#changes.tell(true);
  }

  /** Have a function called whenever the bar should be shown anew. */
  onChange(listener: () => void): void {
    this.#changes.listen(listener);
  }

  /** The bar for a notebook: a bar and a line of text. */
  [JUPYTER_DISPLAY](): MimeBundle {
    return { "text/plain": this.#text, "image/svg+xml": this.#draw().toString() };
  }

  #draw(): Svg {
    const [width, height] = [560, 34];
    const part = (fraction: number, attributes: Record<string, string | number>) =>
      svgElement("rect", { x: 0, y: 24, width: fraction * width, height: 8, rx: 2, ...attributes });
    // The words only: the drawn bar stands for the bar of characters.
    const words = this.#text.replace(/[█░]+\s*/, " ");
    return new Svg([
      svgElement("text", { x: 0, y: 14, "font-size": 13, fill: "currentColor" }, words),
      part(1, { fill: "currentColor", "fill-opacity": 0.2 }),
      part(this.#state?.fraction ?? 0, { fill: "#2684ce" }),
    ], { width, height, title: this.#text });
  }
}
