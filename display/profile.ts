/**
 * Profiles as a table of text and as a picture.
 *
 * @module
 */
import { drawBarChart } from "./chart.ts";
import type { Svg } from "./svg.ts";

/** One kernel of a profile: the rows of `profile()` are such. */
export interface ProfiledKernel {
  /** Operation and shapes. */
  readonly title: string;
  /** How often it runs. */
  readonly count: number;
  /** Milliseconds, all runs together. */
  readonly timeMs: number;
  /** 10⁹ floating-point operations a second, where known. */
  readonly gflops: number | null;
  /** 10⁹ bytes a second, read and written. */
  readonly gigabytesPerSecond: number;
}

/** What a device can do at best: `measureCeilings()` measures it. */
export interface DeviceCeilings {
  /** 10⁹ floating-point operations a second of a kernel that only multiplies and adds registers. */
  readonly multiplyAddGflops: number;
  /** 10⁹ bytes a second, read and written, of a kernel that only copies. */
  readonly copyGBs: number;
}

/** How much of a profile is shown, and beside what. */
export interface ProfileTableOptions {
  /** Show at most so many kernels, the slowest first; the others become one row. @default {20} */
  readonly rows?: number;
  /** Adds the column of the ceiling. */
  readonly ceilings?: DeviceCeilings;
}

/**
 * A table of kernels, slowest first: time, share of the whole, runs, GFLOP/s, GB/s and, if `ceilings` are given, the
 * fraction of the device's arithmetic or of its copying, whichever is nearer to its end.
 *
 * @param rows What `profile()` gives.
 * @returns Lines of text without colours.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { profileTable } from "ae";
 *
 * const rows = [{ title: "relu [4]", count: 2, timeMs: 1, gflops: null, gigabytesPerSecond: 2.5 }];
 * const lines = profileTable(rows, { ceilings: { multiplyAddGflops: 100, copyGBs: 10 } }).split("\n");
 * assert.match(lines[1], /1.000 ms +100 % +2x +2.5 GB\/s +25 % +relu \[4\]/);
 * ```
 */
export function profileTable(
  rows: readonly ProfiledKernel[],
  { rows: most = 20, ceilings }: ProfileTableOptions = {},
): string {
  const total = rows.reduce((sum, { timeMs }) => sum + timeMs, 0);
  const others = rows.slice(most);
  const otherMs = others.reduce((sum, { timeMs }) => sum + timeMs, 0);
  const line = (cells: readonly string[], title: string) =>
    `${cells.map((cell, i) => cell.padStart(COLUMNS[i].width)).join("")}  ${title}`;
  const cellsOf = ({ count, timeMs, gflops, gigabytesPerSecond }: ProfiledKernel) => {
    const fraction = ceilings &&
      Math.max((gflops ?? 0) / ceilings.multiplyAddGflops, gigabytesPerSecond / ceilings.copyGBs);
    return [
      `${timeMs.toFixed(3)} ms`,
      `${(100 * timeMs / (total || 1)).toFixed(0)} %`,
      `${count}x`,
      gflops === null ? "" : `${gflops.toFixed(1)} GFLOP/s`,
      `${gigabytesPerSecond.toFixed(1)} GB/s`,
      ...(fraction === undefined ? [] : [`${(100 * fraction).toFixed(0)} %`]),
    ];
  };
  const heads = COLUMNS.slice(0, ceilings ? 6 : 5).map(({ name }) => name);
  return [
    line(heads, "kernel"),
    ...rows.slice(0, most).map((row) => line(cellsOf(row), row.title)),
    ...(others.length > 0
      ? [line([`${otherMs.toFixed(3)} ms`], `${others.length} other kernels`)]
      : []),
    line([`${total.toFixed(3)} ms`], "all"),
  ].join("\n");
}

const COLUMNS = [
  { name: "time", width: 12 },
  { name: "share", width: 7 },
  { name: "runs", width: 6 },
  { name: "arithmetic", width: 15 },
  { name: "memory", width: 12 },
  { name: "of ceiling", width: 12 },
] as const;

/**
 * The slowest kernels of a profile as bars, for notebooks.
 *
 * @param rows What `profile()` gives.
 * @param options.rows Show at most so many kernels. @default {12}
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawProfile } from "ae";
 *
 * const rows = [{ title: "relu [4]", count: 2, timeMs: 1, gflops: null, gigabytesPerSecond: 2.5 }];
 * assert.match(drawProfile(rows).toString(), /relu/);
 * ```
 */
export function drawProfile(
  rows: readonly ProfiledKernel[],
  { rows: most = 12 }: { readonly rows?: number } = {},
): Svg {
  const shown = rows.slice(0, most);
  return drawBarChart(
    shown.map(({ title, count }) => count > 1 ? `${title}, ${count} times` : title),
    [{ name: "ms", values: shown.map(({ timeMs }) => timeMs) }],
    { title: "slowest kernels", xLabel: "milliseconds", width: 720 },
  );
}
