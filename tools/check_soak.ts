/**
 * Does a long run hold what it held at first? An hour of training, then a million predictions of tiny pictures: bytes on
 * the device and open files must not grow at all, main memory outside the heap of JavaScript and what that holds after it
 * was swept by no more than noise.
 *
 *     deno task check:soak [--minutes 60] [--predictions 1000000]
 *
 * @module
 */
import type { Command, Values } from "../cli/options.ts";
import { progressOnStderr } from "../cli/output.ts";
import { growthOf, type Reading, soakPrediction, soakTraining } from "./soak.ts";
import { runTool } from "./tool.ts";

/** What main memory may grow by, and the heap of JavaScript, which is swept when it pleases. */
const NOISE = { resident: 0.05, heap: 0.2 };
/** Readings of each run, at least. */
const READINGS = 100;

const command: Command = {
  summary: "Train and predict for long, and look at what is held.",
  operands: "",
  options: {
    minutes: { type: "number", above: true, default: 60, help: "of training" },
    predictions: { type: "whole", least: 6400, default: 1_000_000, help: "of tiny pictures" },
  },
  run,
};

async function run(values: Values): Promise<void> {
  const minutes = values.number("minutes")!;
  const count = values.number("predictions")!;
  const training = progressOnStderr({ label: "train", limitSeconds: 60 * minutes });
  // Some ten steps a second: a hundred readings even on a slow day.
  const every = Math.max(1, Math.floor(minutes * 60 * 4 / READINGS));
  report("training", "steps", await soakTraining({ minutes }, { every, progress: training }));
  const progress = progressOnStderr({ label: "predict", total: count, unit: "pictures" });
  const each = Math.floor(count / READINGS);
  report("prediction", "pictures", await soakPrediction(count, { every: each, progress }));
}

function report(name: string, unit: string, readings: readonly Reading[]): void {
  const { resident, heap, gpuBytes, handles } = growthOf(readings);
  const [first, last] = [readings[0], readings.at(-1)!];
  const passed = resident <= NOISE.resident && heap <= NOISE.heap && gpuBytes <= 0 &&
    !(handles > 0);
  const percent = (share: number) => `${(100 * share).toFixed(1)} % since it settled`;
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  console.log(
    `${name.padEnd(11)} ${last.done.toLocaleString("en")} ${unit}, ${readings.length} readings: ` +
      `resident ${mebibytes(first.residentBytes)} -> ${mebibytes(last.residentBytes)} (${
        percent(resident)
      }), ` +
      `heap ${percent(heap)}, device ${mebibytes(last.gpuBytes)} (${gpuBytes} bytes more), ` +
      (Number.isNaN(handles)
        ? "open files not counted"
        : `${last.handles} open files (${handles} more)`) +
      `: ${passed ? "passed" : "failed"}`,
  );
  if (!passed) Deno.exitCode = 1;
}

if (import.meta.main) await runTool("check:soak", command);
