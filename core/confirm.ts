/**
 * What was written since the device last confirmed its work, and how to take it back.
 *
 * WebGPU reports a failed submission on the side, after the call that caused it has returned. Until the device has
 * done everything submitted before some moment and reported nothing, what was written is not to be trusted: after a
 * failure, results are computed anew when they are next asked for, and variables say that their value is lost.
 * Without this a second read after a failed one would find a buffer of zeros and give it out.
 *
 *     write      pending.set(what was written, how to take it back)
 *     confirm    the device is done and reported nothing: forget how
 *     failure    take everything back, destroy the buffers that nobody holds, throw
 *
 * @module
 */
import type { Gpu } from "./device.ts";
import { freeUnused } from "./pool.ts";

/** Takes one thing back; `why` ends a sentence. */
export type TakeBack = (why: string) => void;

const pending = new Map<object, { readonly at: number; readonly takeBack: TakeBack }>();
let clock = 0;
let failed: { readonly at: number; readonly error: Error } | undefined;

/** More than this waiting for a confirmation: time to ask for one. */
const MANY = 1000;

/** `what` is being written: if the device fails before it confirms the work, `takeBack` is called. */
export function untilConfirmed(what: object, takeBack: TakeBack): void {
  pending.delete(what); // so that the order stays the order of the last writes
  pending.set(what, { at: ++clock, takeBack });
}

/** The moment up to which the work submitted so far goes: for {@linkcode confirm}. */
export function submittedSoFar(): number {
  return clock;
}

/** True if so much waits that a confirmation should be asked for. */
export function manyUnconfirmed(): boolean {
  return pending.size > MANY;
}

/**
 * The device has done what was submitted up to a moment: trust it, if no failure was reported.
 *
 * @throws {GpuError} The failure.
 */
export function confirm(gpu: Gpu, upTo: number): void {
  throwFailure(gpu);
  for (const [what, { at }] of pending) {
    if (at > upTo) break;
    pending.delete(what);
  }
}

/**
 * Throw a failure that was reported, after taking back what is not confirmed.
 *
 * @throws {GpuError} The failure.
 */
export function throwFailure(gpu: Gpu): void {
  try {
    gpu.check();
  } catch (error) {
    takeBackAll(error as Error);
    throw error;
  }
}

/** Work failed: take back what is not confirmed. */
export function takeBackAll(error: Error): void {
  failed = { at: ++clock, error };
  const why = error.message.split("\n")[0];
  const all = [...pending.values()];
  pending.clear();
  for (const { takeBack } of all.reverse()) takeBack(why); // the last write first: what was overwritten is lost
  freeUnused(); // an invalid buffer among them would spoil whoever takes it next
}

/**
 * Throw if a failure was met since a moment, whoever it was thrown to.
 *
 * @throws {GpuError} The failure.
 */
export function throwIfFailedSince(moment: number): void {
  if (failed && moment < failed.at) throw failed.error;
}
