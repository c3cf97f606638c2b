/**
 * The results of the benchmark: a line for each work, as a table for people and as a record for programs.
 *
 * @module
 */
import type { Ceilings } from "./ceilings.ts";
import type { ContestantName } from "./contestant.ts";
import type { Timing } from "./sampling.ts";
import type { Cost } from "./works.ts";

/** What was found for one contestant: its times, and whether its numbers were right. */
export interface Finding {
  /** Absent where it could not do the work. */
  readonly timing?: Timing;
  readonly wrong?: boolean;
}

/** What was found for one work. */
export interface Line {
  readonly work: string;
  readonly cost: Cost;
  readonly findings: ReadonlyMap<ContestantName, Finding>;
  /** Runs in a sample. */
  readonly repetitions: number;
  /** Dispatches of one of our runs. */
  readonly dispatches: number;
  /** What bounds us where no measured cost explains half of the time. */
  readonly rest: string;
  /** Steps of a run that are worth a figure of their own. */
  readonly steps?: number;
}

/** The columns of times. */
export const COLUMNS: readonly (readonly [ContestantName, string])[] = [
  ["ae", "ae"],
  ["jaxjs", "jax-js"],
  ["tfjs", "tfjs"],
];

/** The median of a contestant that was right, else null. */
function medianMs({ findings }: Line, name: ContestantName): number | null {
  const { timing, wrong } = findings.get(name) ?? {};
  return timing && !wrong ? timing.median : null;
}

/** The fastest right peer's time divided by ours: above 1 we are faster. */
function ratioToBestPeer(line: Line): number | null {
  const ours = medianMs(line, "ae");
  const peers = (["jaxjs", "tfjs"] as const).map((name) => medianMs(line, name))
    .filter((ms) => ms !== null);
  return ours === null || peers.length === 0 ? null : Math.min(...peers) / ours;
}

/** Our rate as a part of what the adapter can do: null for works without arithmetic and memory to speak of. */
function fractionOfCeiling(line: Line, { multiplyAddGflops, copyGBs }: Ceilings): number | null {
  const ms = medianMs(line, "ae");
  const { flops, bytes } = line.cost;
  if (ms === null) return null;
  if (flops !== undefined) return flops / ms / 1e6 / multiplyAddGflops;
  return bytes === undefined ? null : bytes / ms / 1e6 / copyGBs;
}

/** What bounds our time: the measured cost with the largest share, if that is half of it or more. */
function boundBy(line: Line, ceilings: Ceilings): string {
  const ms = medianMs(line, "ae");
  if (ms === null) return "";
  const shares: [name: string, share: number][] = [
    ["readback", ceilings.readbackMs / line.repetitions / ms],
    ["dispatches", ceilings.dispatchMs * line.dispatches / ms],
    [
      line.cost.flops === undefined ? "memory" : "arithmetic",
      fractionOfCeiling(line, ceilings) ?? 0,
    ],
  ];
  const [name, share] = shares.reduce((a, b) => b[1] > a[1] ? b : a);
  return share >= 0.5 ? name : line.rest;
}

/** Columns side by side; the first flush left, the others flush right. */
export function tableText(lines: readonly Line[], ceilings: Ceilings): string {
  const number = (value: number | null, digits = 2) => value === null ? "–" : value.toFixed(digits);
  const rows = lines.map((line) => [
    line.work,
    ...COLUMNS.map(([name]) => timeText(line.findings.get(name))),
    number(ratioToBestPeer(line)),
    number(fractionOfCeiling(line, ceilings)),
    boundBy(line, ceilings),
  ]);
  const head = [
    "median (least), ms",
    ...COLUMNS.map(([, title]) => title),
    "ratio",
    "of ceiling",
    "bound by",
  ];
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  return [head, widths.map((width) => "-".repeat(width)), ...rows].map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join("  ")
  ).join("\n");
}

function timeText({ timing, wrong }: Finding = {}): string {
  if (!timing) return wrong ? "wrong" : "–";
  const { median, least } = timing;
  const digits = median < 10 ? 2 : median < 100 ? 1 : 0;
  return `${median.toFixed(digits)} (${least.toFixed(digits)})${wrong ? " wrong" : ""}`;
}

/** Microseconds of the steps of a work, e.g. of each of 2,000 adds; empty where it has none. */
export function stepsText(line: Line): string {
  if (line.steps === undefined) return "";
  const parts = COLUMNS.flatMap(([name, title]) => {
    const ms = medianMs(line, name);
    return ms === null ? [] : [`${title} ${(1000 * ms / line.steps!).toFixed(1)}`];
  });
  return `${line.work}: ${parts.join(", ")} us each`;
}

/** The record for `--json`. */
export function record(adapter: string, ceilings: Ceilings, lines: readonly Line[]) {
  const { multiplyAddGflops, copyGBs } = ceilings;
  return {
    adapter,
    ceilings: { multiplyAddGflops, copyGBs },
    lines: lines.map((line) => ({
      work: line.work,
      ms: Object.fromEntries(COLUMNS.map(([name]) => [name, medianMs(line, name)])),
      ratioToBestPeer: ratioToBestPeer(line),
      fractionOfCeiling: fractionOfCeiling(line, ceilings),
    })),
  };
}
