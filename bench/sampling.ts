/**
 * Taking times: all contestants in turn, in an order that rotates from round to round, so that a machine that slows
 * down slows everybody down. A sample is a number of runs, the same for everybody, and one readback at its end.
 *
 * @module
 */
import type { Program } from "./contestant.ts";

/** Milliseconds for one run. */
export interface Timing {
  readonly median: number;
  readonly least: number;
}

const LEAST_SAMPLE_MS = 400; // a readback, ten in Deno, is then a fortieth of it
const MOST_REPETITIONS = 4096;
const PATIENCE_MS = 12_000;
const FEWEST_SAMPLES = 3;

/** Milliseconds of a sample. */
export async function sampleMs(program: Program, repetitions: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < repetitions; i++) await program.run();
  await program.finish();
  return performance.now() - start;
}

/** How many runs fill a sample. */
export async function repetitionsFor(program: Program): Promise<number> {
  await sampleMs(program, 1); // shaders of the readback
  for (let repetitions = 1;;) {
    const ms = await sampleMs(program, repetitions);
    if (ms >= LEAST_SAMPLE_MS || repetitions === MOST_REPETITIONS) return repetitions;
    const wanted = Math.ceil(1.1 * repetitions * LEAST_SAMPLE_MS / ms);
    repetitions = Math.min(MOST_REPETITIONS, wanted);
  }
}

/**
 * Times of all programs.
 *
 * @param samples Of each; a program that takes long gets fewer, but three.
 */
export async function timeInTurn<K>(
  programs: ReadonlyMap<K, Program>,
  { samples, repetitions }: { readonly samples: number; readonly repetitions: number },
): Promise<Map<K, Timing>> {
  const times = new Map([...programs.keys()].map((key) => [key, [] as number[]]));
  for (let round = 0; round < samples; round++) {
    for (const key of rotated([...programs.keys()], round)) {
      const taken = times.get(key)!;
      const spent = taken.reduce((a, b) => a + b, 0) * repetitions;
      if (taken.length >= FEWEST_SAMPLES && spent > PATIENCE_MS) continue;
      taken.push(await sampleMs(programs.get(key)!, repetitions) / repetitions);
    }
  }
  return new Map([...times].map(([key, taken]) => [key, timingOf(taken)]));
}

/** Median and least of some times. */
export function timingOf(times: readonly number[]): Timing {
  const sorted = times.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, least: sorted[0] };
}

/** The list begun at another place. */
export function rotated<T>(list: readonly T[], by: number): T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
