/** Small made-up videos for the tests of tracking's measures. @module */
import { Random } from "../../data/random.ts";
import type { TrackingFrame } from "../../metrics/mod.ts";

/** A frame in which `pairs` of a truth and a found identity lie on each other; null stands for nobody. */
export function frameOf(
  ...pairs: readonly (readonly [truth: number | null, found: number | null])[]
): TrackingFrame {
  const truth = pairs.flatMap(([one]) => one === null ? [] : [one]);
  const found = pairs.flatMap(([, other]) => other === null ? [] : [other]);
  const similarity = truth.map((one) =>
    found.map((other) => pairs.some(([t, f]) => t === one && f === other) ? 1 : 0)
  );
  return { truth, found, similarity };
}

/** A video at random: up to three annotated and three found identities, any similarity. */
export function randomVideo(seed: number, frames = 6): TrackingFrame[] {
  const random = new Random(seed);
  const some = (identities: readonly number[]) => identities.filter(() => random.next() < 0.75);
  return Array.from({ length: frames }, () => {
    const truth = some([1, 2, 3]), found = some([17, 18, 19]);
    const similarity = truth.map(() => found.map(() => random.next() < 0.2 ? 0 : random.next()));
    return { truth, found, similarity };
  });
}

/** Every way to give each of `rows` rows a column of its own or none (-1). */
export function* allAssignments(rows: number, columns: number): Generator<number[]> {
  if (rows === 0) return yield [];
  for (const others of allAssignments(rows - 1, columns)) {
    yield [...others, -1];
    for (let c = 0; c < columns; c++) if (!others.includes(c)) yield [...others, c];
  }
}

/** The assignment of the greatest worth; the sum of `worth(row, column)` over the pairs. */
export function bestAssignment(
  rows: number,
  columns: number,
  worth: (row: number, column: number) => number,
): number[] {
  let best: number[] = [], most = -Infinity;
  for (const assignment of allAssignments(rows, columns)) {
    const sum = assignment.reduce((total, c, r) => total + (c < 0 ? 0 : worth(r, c)), 0);
    if (sum > most) [best, most] = [assignment, sum];
  }
  return best;
}

/** Whether two numbers are the same but for rounding. */
export function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-12;
}
