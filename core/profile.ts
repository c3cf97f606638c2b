/**
 * Where a compiled step spends its time: every dispatch timed on the device itself. `profileTable` and `drawProfile` of
 * display/profile.ts show the rows.
 *
 * @module
 */
import { type Step, type StepInputs, timeVersions } from "./compile.ts";

/** One row of a {@linkcode profile}: all dispatches of one title. */
export interface ProfileRow {
  /** Operation and shapes. */
  readonly title: string;
  /** How often it runs in a step. */
  readonly count: number;
  /** Milliseconds on the device, all runs together. */
  readonly timeMs: number;
  /** Floating-point operations per second in units of 10⁹, where the operation says how many it does. */
  readonly gflops: number | null;
  /** Bytes per second in units of 10⁹: every tensor read or written counts once, however often it is loaded. */
  readonly gigabytesPerSecond: number;
}

/**
 * Run a compiled step once with a clock at every dispatch and list its kernels, slowest first. The step does its
 * usual work (variables change).
 *
 * @param step A step of {@linkcode compile}.
 * @param inputs What to call it with.
 * @returns Rows by kernel title.
 * @throws {GpuError} If the adapter cannot tell times.
 *
 * @example Usage
 * ```ts
 * import { compile, hostArray, profile, profileTable, type Tensor } from "ae";
 *
 * using step = compile(({ x }: { x: Tensor }) => x.square().sum());
 * console.log(profileTable(await profile(step, { x: hostArray([4]) })));
 * ```
 */
export async function profile<T extends object, O>(
  step: Step<T, O>,
  inputs: StepInputs<T>,
): Promise<ProfileRow[]> {
  const rows = new Map<string, { count: number; timeMs: number; flops: number; bytes: number }>();
  for (const { title, timeMs, flops, bytes } of await timeVersions(step, inputs)) {
    const row = rows.get(title) ?? { count: 0, timeMs: 0, flops: 0, bytes: 0 };
    rows.set(title, {
      count: row.count + 1,
      timeMs: row.timeMs + timeMs,
      flops: row.flops + flops,
      bytes: row.bytes + bytes,
    });
  }
  return [...rows].map(([title, { count, timeMs, flops, bytes }]) => ({
    title,
    count,
    timeMs,
    gflops: flops > 0 && timeMs > 0 ? flops / timeMs / 1e6 : null,
    gigabytesPerSecond: timeMs > 0 ? bytes / timeMs / 1e6 : 0,
  })).sort((a, b) => b.timeMs - a.timeMs);
}
