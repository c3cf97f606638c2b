/**
 * MOTChallenge's text files: a line for each box, numbers with commas between.
 *
 *     truth        frame, identity, x, y, width, height, counts, class, visibility      gt.txt
 *     results      frame, identity, x, y, width, height, score, -1, -1, -1              what a tracker writes
 *     detections   frame, -1,       x, y, width, height, score, -1, -1, -1              det.txt, what it starts from
 *
 * Frames and identities are whole numbers, frames from 1; lines may come in any order. Coordinates are image pixels;
 * MOTChallenge's first pixel is 1, and like everybody who reads these files we leave that as it is.
 *
 * `counts` is 0 for a box that nobody has to find. The 2015 files have no classes (-1); later ones do, 1 is a walking
 * person, others are cars, reflections, people behind glass: `metrics/mot_challenge.ts` says what becomes of them.
 *
 * Milan et al., "MOT16: A Benchmark for Multi-Object Tracking" (2016), arXiv:1603.00831, section 4.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import type { TrackedBox, TrackFrame } from "./track.ts";

/** An annotated box. */
export interface MotBox {
  /** Whole number, the same in every frame that shows the same thing. */
  readonly identity: number;
  /** `[x, y, width, height]` in image pixels. */
  readonly box: readonly [x: number, y: number, width: number, height: number];
  /** False for a box that nobody has to find. */
  readonly counts: boolean;
  /** MOTChallenge's number of the class, 1 for a walking person; null in files without classes. */
  readonly category: number | null;
  /** How much of it can be seen, 0 to 1; 1 in files that do not say. */
  readonly visibility: number;
}

/** A detection: a box without an identity. */
export interface MotDetection {
  /** `[x, y, width, height]` in image pixels. */
  readonly box: readonly [x: number, y: number, width: number, height: number];
  /** How sure the detector is; any scale. */
  readonly score: number;
}

/** One frame of detections. */
export interface MotDetectionFrame {
  /** Number of the frame, from 1. */
  readonly frame: number;
  /** Everything detected in it, in the file's order. */
  readonly detections: readonly MotDetection[];
}

/** A number of columns that a kind of file may have. */
interface Columns {
  readonly least: number;
  readonly most: number;
}

/**
 * The frames of a truth file, sorted.
 *
 * @param text The file's text.
 * @param name What to call it in errors: the file's path.
 * @throws {InputError} If a line has not 7 to 10 numbers, a frame is no whole number from 1, an identity is no whole
 *   number from 0 or is in a frame twice, a box has a width or height below 0, or a visibility is not from 0 to 1;
 *   names the line.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { motTruth } from "ae";
 *
 * const [frame] = motTruth("1,4,10,20,30,60,1,1,0.5\n", "gt.txt");
 * assert.deepEqual(frame.things, [
 *   { identity: 4, box: [10, 20, 30, 60], counts: true, category: 1, visibility: 0.5 },
 * ]);
 * ```
 */
export function motTruth(text: string, name: string): TrackFrame<MotBox>[] {
  return tracksOf(text, name, { least: 7, most: 10 }, (values, box, identity, fail) => {
    const [flag, category = -1, visibility = -1] = values.slice(6);
    if (visibility !== -1 && !(visibility >= 0 && visibility <= 1)) {
      throw fail(`visibility is ${visibility}, not from 0 to 1`);
    }
    if (category !== -1 && !(Number.isInteger(category) && category >= 1)) {
      throw fail(`class is ${category}, a whole number from 1 expected, or -1 for none`);
    }
    return {
      identity,
      box,
      counts: flag !== 0,
      category: category === -1 ? null : category,
      visibility: visibility === -1 ? 1 : visibility,
    };
  });
}

/**
 * The frames of a tracker's results, sorted.
 *
 * @param text The file's text.
 * @param name What to call it in errors: the file's path.
 * @throws {InputError} If a line has not 7 to 10 numbers, a frame is no whole number from 1, an identity is no whole
 *   number from 0 or is in a frame twice, or a box has a width or height below 0; names the line.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { motResults } from "ae";
 *
 * const frames = motResults("2,4,10,20,30,60,0.9,-1,-1,-1\n1,4,9,20,30,60,0.8,-1,-1,-1\n", "found.txt");
 * assert.deepEqual(frames.map(({ frame }) => frame), [1, 2]);
 * assert.deepEqual(frames[1].things, [{ identity: 4, box: [10, 20, 30, 60], score: 0.9 }]);
 * ```
 */
export function motResults(text: string, name: string): TrackFrame<TrackedBox>[] {
  return tracksOf(
    text,
    name,
    { least: 7, most: 10 },
    (values, box, identity) => ({ identity, box, score: values[6] }),
  );
}

/**
 * The frames of a file of detections, sorted. The second number, -1 in such files, is not read.
 *
 * @param text The file's text.
 * @param name What to call it in errors: the file's path.
 * @throws {InputError} If a line has not 7 to 10 numbers, a frame is no whole number from 1, or a box has a width or
 *   height below 0; names the line.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { motDetections } from "ae";
 *
 * const [{ detections }] = motDetections("1,-1,10,20,30,60,0.9,-1,-1,-1\n", "det.txt");
 * assert.deepEqual(detections, [{ box: [10, 20, 30, 60], score: 0.9 }]);
 * ```
 */
export function motDetections(text: string, name: string): MotDetectionFrame[] {
  const frames = new Map<number, MotDetection[]>();
  for (const { values, fail } of linesOf(text, name, { least: 7, most: 10 })) {
    const detections = frames.getOrInsertComputed(frameOf(values, fail), () => []);
    detections.push({ box: boxOf(values, fail), score: values[6] });
  }
  return sorted(frames).map(([frame, detections]) => ({ frame, detections }));
}

/**
 * Tracks as the text of a results file, ten numbers a line.
 *
 * @param frames The frames, in the order in which they are to stand.
 * @throws {RangeError} If a number is not finite, a frame is no whole number from 1, or an identity is no whole number
 *   from 0 or is in a frame twice.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { motText } from "ae";
 *
 * const text = motText([{ frame: 1, things: [{ identity: 4, box: [10, 20, 30, 60], score: 0.9 }] }]);
 * assert.equal(text, "1,4,10,20,30,60,0.9,-1,-1,-1\n");
 * ```
 */
export function motText(frames: readonly TrackFrame<TrackedBox>[]): string {
  const text = frames.flatMap(({ frame, things }) =>
    things.map(({ identity, box, score }) =>
      `${[frame, identity, ...box, score, -1, -1, -1].join(",")}\n`
    )
  ).join("");
  try {
    motResults(text, "motText");
  } catch (error) {
    if (error instanceof InputError) throw new RangeError(error.message, { cause: error });
    throw error;
  }
  return text;
}

type Failure = (problem: string) => InputError;

/** Lines with identities, as frames. */
function tracksOf<Thing extends { readonly identity: number }>(
  text: string,
  name: string,
  columns: Columns,
  thingOf: (
    values: readonly number[],
    box: MotDetection["box"],
    identity: number,
    fail: Failure,
  ) => Thing,
): TrackFrame<Thing>[] {
  const frames = new Map<number, Map<number, { thing: Thing; line: number }>>();
  for (const { values, line, fail } of linesOf(text, name, columns)) {
    const frame = frameOf(values, fail), identity = values[1];
    if (!Number.isSafeInteger(identity) || identity < 0) {
      throw fail(
        `identity is ${identity}, a whole number from 0 expected` +
          (identity === -1 ? "\n  help: -1 stands in files of detections, before tracking" : ""),
      );
    }
    const things = frames.getOrInsertComputed(frame, () => new Map());
    const first = things.get(identity);
    if (first) {
      throw fail(`frame ${frame} has identity ${identity} already, in line ${first.line}`);
    }
    things.set(identity, { thing: thingOf(values, boxOf(values, fail), identity, fail), line });
  }
  return sorted(frames).map(([frame, things]) => ({
    frame,
    things: [...things.values()].map(({ thing }) => thing),
  }));
}

function sorted<Value>(frames: ReadonlyMap<number, Value>): [number, Value][] {
  return [...frames].sort(([a], [b]) => a - b);
}

/** The numbers of every line. */
function* linesOf(text: string, name: string, { least, most }: Columns) {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop(); // what follows the last line's end
  for (const [i, content] of lines.entries()) {
    const fail: Failure = (problem) => new InputError(`${name}:${i + 1}: ${problem}`);
    const words = content.split(",").map((word) => word.trim());
    if (words.length < least || words.length > most) {
      throw fail(
        `${content.trim() === "" ? "no" : words.length} numbers, ${least} to ${most} expected` +
          "\n  help: frame, identity, x, y, width, height, score, with commas between",
      );
    }
    const values = words.map((word, w) => {
      const value = Number(word);
      if (word !== "" && Number.isFinite(value)) return value;
      throw fail(`number ${w + 1} is "${word.slice(0, 20)}"`);
    });
    yield { values, line: i + 1, fail };
  }
}

function frameOf([frame]: readonly number[], fail: Failure): number {
  if (Number.isSafeInteger(frame) && frame >= 1) return frame;
  throw fail(`frame is ${frame}, a whole number from 1 expected`);
}

function boxOf(values: readonly number[], fail: Failure): MotDetection["box"] {
  const [x, y, width, height] = values.slice(2);
  if (width >= 0 && height >= 0) return [x, y, width, height];
  throw fail(`the box is ${width} wide and ${height} high`);
}
