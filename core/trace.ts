/**
 * Whether a step is being traced right now, and what it has assigned so far.
 *
 * @module
 */
import type { Assignment } from "./plan.ts";
import type { Tensor } from "./tensor.ts";

/** One run of a step's function with placeholders. */
export interface Trace {
  /** What `assign` was called with, in order. */
  readonly assignments: Assignment[];
  /** What `commitIf` was called with: what is assigned depends on it. */
  condition?: Tensor;
}

let current: Trace | undefined;

/** The trace in progress, if any. */
export function currentTrace(): Trace | undefined {
  return current;
}

/** Run `body` as a trace; what it assigns is collected in `trace`. */
export function withTrace<T>(trace: Trace, body: () => T): T {
  if (current) throw new TypeError("compile: a compiled step cannot be traced inside another one");
  current = trace;
  try {
    return body();
  } finally {
    current = undefined;
  }
}

let muted = false;

/** Run `body`, in which assignments do nothing: it describes once more what was described before. */
export function withoutAssignments<T>(body: () => T): T {
  const before = muted;
  muted = true;
  try {
    return body();
  } finally {
    muted = before;
  }
}

/** Whether assignments do nothing right now. */
export function assignmentsAreMuted(): boolean {
  return muted;
}
