/**
 * How far a long job is: a bar on a terminal, lines in a log; in a notebook, {@linkcode LiveProgress} of live.ts.
 *
 *     train ███████░░░░░░░  52%  2,340/4,500 steps  48 images/s  loss 0.0123  push 0.11  ETA 0:45
 *
 * The job counts what it has done and calls {@linkcode Progress.update}; how often that is shown, and in which form, is the
 * {@linkcode ProgressSink}'s affair: a terminal is rewritten ten times a second at most, a log gets a line for every 10 % or
 * half minute, a notebook one output that changes in place. A job may end by count (`total`), by time (`limitSeconds`), or
 * by whichever comes first.
 *
 * The rate is that of the last 15 seconds: the first step of a training compiles its kernels and would spoil
 * an average from the start. For the same reason there is no ETA before the second update.
 *
 * @module
 */

/** What a progress report shows at one moment. */
export interface ProgressState {
  /** The job's name. */
  readonly label: string;
  /** How much is done, 0 to 1. */
  readonly fraction: number;
  /** Steps done. */
  readonly done: number;
  /** Steps in all, where that is fixed. */
  readonly total?: number;
  /** What is counted, in the plural. */
  readonly unit: string;
  /** Things per second lately; undefined until there is something to divide. */
  readonly rate?: number;
  /** Which things. */
  readonly rateUnit: string;
  /** Named numbers: loss, pull, push. */
  readonly values: Readonly<Record<string, number>>;
  /** Seconds since the start. */
  readonly elapsedSeconds: number;
  /** Seconds to the end at the present rate; undefined until that can be told. */
  readonly remainingSeconds?: number;
}

/** Where progress is shown. */
export interface ProgressSink {
  /** Called at every update; the sink decides whether the moment is worth showing. `nowMs` is the clock's time. */
  show(state: ProgressState, nowMs: number): void;
  /** Called once at the end, with the last state. */
  finish(state: ProgressState): void;
}

/** How progress is counted. */
export interface ProgressOptions {
  /** The job's name, e.g. "train". */
  readonly label: string;
  /** Steps in all; leave out where only time ends the job. */
  readonly total?: number;
  /** Seconds after which the job ends, even before `total`. */
  readonly limitSeconds?: number;
  /** What is counted, in the plural. @default {"steps"} */
  readonly unit?: string;
  /** What the rate counts, e.g. "images". @default {the unit} */
  readonly rateUnit?: string;
  /** How many of these there are in one step, e.g. the batch size. @default {1} */
  readonly ratePerStep?: number;
  /** Where it is shown. */
  readonly sink: ProgressSink;
  /** A clock in milliseconds. @default {performance.now} */
  readonly now?: () => number;
}

/** The stretch of time over which the rate is measured. */
const RATE_WINDOW_MS = 15_000;

/**
 * Counts a job's steps and reports them.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { lineSink, Progress } from "ae";
 *
 * let log = "";
 * const sink = lineSink((text) => log += text); // with Deno: terminalSink or lineSink on Deno.stderr
 * const progress = new Progress({ label: "train", total: 2, sink, now: () => 0 });
 * progress.update(1, { loss: 0.5 });
 * progress.update(2, { loss: 0.25 });
 * progress.finish();
 * assert.match(log, /train {2}50%.*loss 0\.5\n/);
 * ```
 */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #now: () => number;
  readonly #start: number;
  /** Moments of the last 15 seconds, oldest first. */
  #moments: { ms: number; done: number }[];
  #values: Readonly<Record<string, number>> = {};
  #finished = false;

  /**
   * Start the clock.
   *
   * @param options What is counted, what ends it and where it is shown.
   * @throws {RangeError} If neither `total` nor `limitSeconds` is given, or a number is not above 0.
   */
  constructor(options: ProgressOptions) {
    const { total, limitSeconds, ratePerStep = 1 } = options;
    if (total === undefined && limitSeconds === undefined) {
      throw new RangeError(
        "Progress: give total, limitSeconds or both; without an end there is no progress",
      );
    }
    for (const [name, value] of Object.entries({ total, limitSeconds, ratePerStep })) {
      if (value !== undefined && !(value > 0 && value < Infinity)) {
        throw new RangeError(`Progress: ${name} must be above 0, not ${value}`);
      }
    }
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#start = this.#now();
    this.#moments = [{ ms: this.#start, done: 0 }];
  }

  /**
   * Report that `done` steps are done.
   *
   * @param done Steps done so far, in all; it must not fall.
   * @param values Named numbers to show; those not given this time stay as they were.
   * @throws {RangeError} If `done` is below the last one or not a number, or the job was finished.
   */
  update(done: number, values: Readonly<Record<string, number>> = {}): void {
    const last = this.#moments[this.#moments.length - 1];
    if (this.#finished) {
      throw new RangeError(`Progress: "${this.#options.label}" is finished already`);
    }
    if (!(done >= last.done && done < Infinity)) {
      throw new RangeError(`Progress: done went from ${last.done} to ${done}; it must not fall`);
    }
    const ms = this.#now();
    this.#values = { ...this.#values, ...values };
    this.#moments.push({ ms, done });
    // Keep one moment beyond the window, so that slow steps have a rate, too.
    while (this.#moments.length > 2 && this.#moments[1].ms <= ms - RATE_WINDOW_MS) {
      this.#moments.shift();
    }
    this.#options.sink.show(this.#state(ms), ms);
  }

  /** Show the last state for good. A second call does nothing. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#options.sink.finish(this.#state(this.#now()));
  }

  #state(ms: number): ProgressState {
    const { label, total, limitSeconds, unit = "steps", rateUnit = unit, ratePerStep = 1 } =
      this.#options;
    const [first, last] = [this.#moments[0], this.#moments[this.#moments.length - 1]];
    const elapsedSeconds = (ms - this.#start) / 1000;
    const stepsPerSecond = last.ms > first.ms
      ? (last.done - first.done) / ((last.ms - first.ms) / 1000)
      : undefined;
    const bySteps = total && stepsPerSecond && last.done < total
      ? (total - last.done) / stepsPerSecond
      : total !== undefined && last.done >= total
      ? 0
      : undefined;
    const byTime = limitSeconds === undefined
      ? undefined
      : Math.max(0, limitSeconds - elapsedSeconds);
    const ends = [bySteps, byTime].filter((seconds) => seconds !== undefined);
    const fraction = Math.max(
      total ? last.done / total : 0,
      limitSeconds ? elapsedSeconds / limitSeconds : 0,
    );
    return {
      label,
      fraction: Math.min(fraction, 1),
      done: last.done,
      total,
      unit,
      rate: stepsPerSecond === undefined ? undefined : stepsPerSecond * ratePerStep,
      rateUnit,
      values: this.#values,
      elapsedSeconds,
      remainingSeconds: ends.length ? Math.min(...ends) : undefined,
    };
  }
}

/** 59 s as "0:59", 3,725 s as "1:02:05". */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const pad = (value: number) => `${value}`.padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

/** Three significant digits, as short as may be: 0.0123, 4.5, 1,230, 1.2e-7, NaN. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return `${value}`;
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1);
  return Number(value.toPrecision(Math.abs(value) >= 100 ? 4 : 3)).toLocaleString("en-US", {
    maximumSignificantDigits: 4,
  });
}

/** The words after the bar, most important first. */
function words(state: ProgressState): string[] {
  const { done, total, unit, rate, rateUnit, values, remainingSeconds } = state;
  const count = total === undefined
    ? done.toLocaleString("en-US")
    : `${done.toLocaleString("en-US")}/${total.toLocaleString("en-US")}`;
  return [
    `${Math.floor(state.fraction * 100)}%`.padStart(4),
    `${count} ${unit}`,
    ...(rate === undefined ? [] : [`${short(rate)} ${rateUnit}/s`]),
    ...Object.entries(values).map(([name, value]) => `${name} ${short(value)}`),
    ...(remainingSeconds === undefined ? [] : [`ETA ${duration(remainingSeconds)}`]),
  ];
}

export function summary(state: ProgressState): string {
  const { label, done, unit, elapsedSeconds, rate, rateUnit, values } = state;
  const named = Object.entries(values).map(([name, value]) => `${name} ${short(value)}`);
  const speed = rate === undefined ? [] : [`${short(rate)} ${rateUnit}/s`];
  return [
    `${label}  ${done.toLocaleString("en-US")} ${unit} in ${duration(elapsedSeconds)}`,
    ...speed,
    ...named,
  ].join("  ");
}

/** The line for a terminal of so many columns: the bar gives way first, then the words at the end. */
export function barLine(state: ProgressState, columns: number): string {
  const text = words(state).join("  ");
  const room = columns - 1 - state.label.length - 2 - text.length;
  const width = Math.min(24, room);
  if (width < 6) return `${state.label} ${text}`.slice(0, columns - 1);
  const full = Math.round(state.fraction * width);
  return `${state.label} ${"█".repeat(full)}${"░".repeat(width - full)} ${text}`;
}

/** Go to the start of the line and clear it. */
const CLEAR_LINE = "\r\x1b[K";

/**
 * A bar that is rewritten in place, for a terminal.
 *
 * @param write Writes text as it is: `(text) => Deno.stderr.writeSync(new TextEncoder().encode(text))`.
 * @param options `columns`: the terminal's width, asked for at every line (80); `intervalMs`: least time between two
 * lines (100).
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { Progress, terminalSink } from "ae";
 *
 * let shown = "";
 * const sink = terminalSink((text) => shown += text, { columns: () => 60 });
 * const progress = new Progress({ label: "train", total: 4, sink, now: () => 0 });
 * progress.update(2);
 * assert.equal(shown, "\r\x1b[Ktrain ████████████░░░░░░░░░░░░  50%  2/4 steps");
 * ```
 */
export function terminalSink(
  write: (text: string) => void,
  options: { readonly columns?: () => number; readonly intervalMs?: number } = {},
): ProgressSink {
  const { columns = () => 80, intervalMs = 100 } = options;
  let last = -Infinity;
  return {
    show(state, nowMs) {
      if (nowMs - last < intervalMs && state.fraction < 1) return;
      last = nowMs;
      write(CLEAR_LINE + barLine(state, columns()));
    },
    finish(state) {
      write(`${CLEAR_LINE}${summary(state)}\n`);
    },
  };
}

/**
 * Plain lines, for a log or a pipe: the first update, then one for each further 10 %, and one when 30 seconds have passed
 * without.
 *
 * @param write Writes text as it is; every call is one whole line.
 * @param options `everySeconds`: longest silence between two updates that are shown (30).
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { lineSink, Progress } from "ae";
 *
 * const lines: string[] = [];
 * const progress = new Progress({
 *   label: "evaluate", total: 200, unit: "scenes", sink: lineSink((line) => lines.push(line)), now: () => 0,
 * });
 * for (let scene = 1; scene <= 200; scene++) progress.update(scene);
 * assert.equal(lines.length, 11); // the first scene, then every 10 %
 * ```
 */
export function lineSink(
  write: (text: string) => void,
  options: { readonly everySeconds?: number } = {},
): ProgressSink {
  const { everySeconds = 30 } = options;
  let [tenths, last] = [-1, -Infinity];
  return {
    show(state, nowMs) {
      const reached = Math.floor(state.fraction * 10 + 1e-9);
      if (reached <= tenths && nowMs - last < everySeconds * 1000) return;
      [tenths, last] = [reached, nowMs];
      write(`${state.label} ${words(state).join("  ")}\n`);
    },
    finish(state) {
      write(`${summary(state)}\n`);
    },
  };
}
