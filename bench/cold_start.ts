/**
 * From the start of a process to its first result: a script of a few lines for each contestant multiplies two matrices
 * and prints a number. This cannot share the process of the other works, so each sample is a `deno run` of its own, in
 * turn; a first run of each fills the caches and is not counted.
 *
 * @module
 */
import { InputError } from "../mod.ts";
import { TOLERANCE } from "./checks.ts";
import { A, B, SIZE } from "./cold_start/matrices.ts";
import type { ContestantName } from "./contestant.ts";
import { rotated, type Timing, timingOf } from "./sampling.ts";

/** Times of the contestants that were right; the others with what went wrong. */
export interface ColdStarts {
  readonly timings: ReadonlyMap<ContestantName, Timing>;
  readonly failures: ReadonlyMap<ContestantName, string>;
}

/** Start every contestant so many times. */
export async function coldStarts(
  names: readonly ContestantName[],
  samples: number,
): Promise<ColdStarts> {
  const times = new Map(names.map((name) => [name, [] as number[]]));
  const failures = new Map<ContestantName, string>();
  for (let round = 0; round <= samples; round++) {
    for (const name of rotated(names, round)) {
      if (failures.has(name)) continue;
      try {
        const ms = await startMs(name);
        if (round > 0) times.get(name)!.push(ms);
      } catch (error) {
        failures.set(name, (error as Error).message);
      }
    }
  }
  const right = names.filter((name) => !failures.has(name));
  return { timings: new Map(right.map((name) => [name, timingOf(times.get(name)!)])), failures };
}

/** Milliseconds until the script has printed its number. */
async function startMs(name: ContestantName): Promise<number> {
  const script = `${import.meta.dirname}/cold_start/${name}.ts`;
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--no-prompt", "-R", "-E", script],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  const ms = performance.now() - start;
  while (!(await reader.read()).done); // to its end
  const errors = await new Response(child.stderr).text();
  await child.status;
  const number = Number(value.trim() || NaN);
  if (!(Math.abs(number / firstNumber() - 1) < TOLERANCE)) {
    throw new InputError(`printed "${value.trim()}" instead of ${firstNumber()}\n${errors}`);
  }
  return ms;
}

function firstNumber(): number {
  let sum = 0;
  for (let k = 0; k < SIZE; k++) sum += A[k] * B[k * SIZE];
  return sum;
}
