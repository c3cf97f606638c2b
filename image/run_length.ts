/**
 * COCO's run-length masks: how many pixels are outside, then how many inside, and so on, going down the
 * columns from the left.
 *
 *     0 1 1
 *     0 1 0     columns one after the other: 0 0 | 1 1 | 1 0, so the counts are [2, 3, 1]
 *
 * Counts come as a list or as text. The text holds, for each count, the count itself (the first three) or
 * its difference to the count two before, as groups of five bits, lowest first, each written as the
 * character of code 48 + group (+ 32 when more groups follow).
 *
 * Area, box, union and intersection need no pixels: they walk along the runs. What is made here has no run of
 * length 0 but the first, so two masks are equal exactly when their counts are.
 *
 * | case                        | pycocotools                        | here                       |
 * | --------------------------- | ---------------------------------- | -------------------------- |
 * | a run of 0 beyond the first | may widen the box, stays in merges | is as if it were not there |
 * | counts and size disagree    | reads on in memory                 | RangeError                 |
 * | merging unequal sizes       | an empty mask of size 0            | RangeError                 |
 * | merging no masks            | an empty mask of size 0            | RangeError                 |
 *
 * Source: cocoapi, `common/maskApi.c`: `rleEncode`, `rleDecode`, `rleMerge`, `rleArea`, `rleToBbox`,
 * `rleToString`, `rleFrString`.
 *
 * @module
 */
import type { Mask } from "./mask.ts";

/** A mask as COCO's files hold it. */
export interface RunLengths {
  /** Rows, then columns. */
  readonly size: readonly [height: number, width: number];
  /** Lengths of the runs, outside first; a list, or COCO's text form. */
  readonly counts: readonly number[] | string;
}

/** {@linkcode RunLengths} with their counts as a list. */
export interface RunCounts extends RunLengths {
  /** Lengths of the runs, outside first. */
  readonly counts: readonly number[];
}

/**
 * The counts in COCO's text form.
 *
 * @param text The text, e.g. `"S1"`.
 * @throws {RangeError} If a character is not one of the 64 allowed or the text ends within a number.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseRunLengths } from "ae";
 *
 * assert.deepEqual(parseRunLengths("0h0"), [0, 24]);
 * ```
 */
export function parseRunLengths(text: string): number[] {
  const counts: number[] = [];
  let at = 0;
  while (at < text.length) {
    let value = 0;
    let bits = 0;
    let group = 32;
    while (group & 32) {
      group = text.charCodeAt(at) - 48;
      if (!(group >= 0 && group < 64) || bits > 25) {
        const found = at < text.length ? `character ${JSON.stringify(text[at])}` : "the end";
        throw new RangeError(`parseRunLengths: ${found} at place ${at} does not belong there`);
      }
      value |= (group & 31) << bits;
      bits += 5;
      at++;
    }
    if (group & 16) value |= -1 << bits; // the highest bit of the last group is the sign
    counts.push(counts.length > 2 ? value + counts[counts.length - 2] : value);
  }
  return counts;
}

/**
 * The mask that run lengths describe.
 *
 * @param runs Size and counts.
 * @throws {RangeError} If the size is not made of whole numbers of 1 or more, a count is not a whole number
 * of 0 or more, or the counts do not add up to the mask's pixels.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeRunLengths } from "ae";
 *
 * const mask = decodeRunLengths({ size: [2, 3], counts: [2, 3, 1] });
 * assert.deepEqual([...mask.data], [0, 1, 1, 0, 1, 0]);
 * ```
 */
export function decodeRunLengths(runs: RunLengths): Mask {
  const { size: [height, width], counts } = checkedRuns("decodeRunLengths", runs);
  const data = new Uint8Array(height * width);
  let place = 0; // column-major
  counts.forEach((count, run) => {
    const end = place + count;
    if (run % 2 === 0) place = end;
    for (; place < end; place++) data[(place % height) * width + Math.floor(place / height)] = 1;
  });
  return { width, height, data };
}

/**
 * Run lengths with their counts as a list, once it is clear that they make a mask.
 *
 * @throws {RangeError} As {@linkcode decodeRunLengths}; `op` names the caller in the message.
 */
export function checkedRuns(op: string, { size, counts }: RunLengths): RunCounts {
  const [height, width] = size;
  for (const side of size) {
    if (!Number.isInteger(side) || side < 1) {
      throw new RangeError(
        `${op}: sizes must be whole numbers, 1 or more, not ${height} x ${width}`,
      );
    }
  }
  const list = typeof counts === "string" ? parseRunLengths(counts) : counts;
  const wrong = list.find((count) => !Number.isInteger(count) || count < 0);
  if (wrong !== undefined) {
    throw new RangeError(`${op}: counts must be whole numbers, 0 or more, not ${wrong}`);
  }
  const total = list.reduce((sum, count) => sum + count, 0);
  if (total !== height * width) {
    throw new RangeError(
      `${op}: the counts add up to ${total} but ${height} x ${width} are ${height * width} pixels`,
    );
  }
  return { size, counts: list };
}

/**
 * The run lengths of a mask.
 *
 * @param mask Any value but 0 is inside.
 * @throws {RangeError} If the mask has no pixel, or its data are not one byte a pixel.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encodeRunLengths } from "ae";
 *
 * const mask = { width: 3, height: 2, data: new Uint8Array([0, 1, 1, 0, 1, 0]) };
 * assert.deepEqual(encodeRunLengths(mask), { size: [2, 3], counts: [2, 3, 1] });
 * ```
 */
export function encodeRunLengths({ width, height, data }: Mask): RunCounts {
  if (data.length === 0 || data.length !== width * height) {
    throw new RangeError(
      `encodeRunLengths: ${data.length} bytes are no mask of ${height} x ${width} pixels`,
    );
  }
  const counts = [0];
  for (let x = 0; x < width; x++) {
    for (let at = x; at < data.length; at += width) append(counts, 1, data[at] !== 0);
  }
  return { size: [height, width], counts };
}

/** Lengthen the last run, or begin the next. */
function append(counts: number[], length: number, inside: boolean): void {
  if ((counts.length % 2 === 0) === inside) counts[counts.length - 1] += length;
  else counts.push(length);
}

/**
 * Counts in COCO's text form, as files hold them; {@linkcode parseRunLengths} reads it.
 *
 * @param counts Lengths of the runs, outside first.
 * @throws {RangeError} If a count is not a whole number, 0 to 2^31 - 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatRunLengths } from "ae";
 *
 * assert.equal(formatRunLengths([0, 24]), "0h0");
 * ```
 */
export function formatRunLengths(counts: readonly number[]): string {
  let text = "";
  counts.forEach((count, i) => {
    if (!Number.isInteger(count) || count < 0 || count >= 2 ** 31) {
      throw new RangeError(
        `formatRunLengths: counts must be whole numbers, 0 to 2^31 - 1, not ${count}`,
      );
    }
    let value = i > 2 ? count - counts[i - 2] : count;
    for (let more = true; more;) {
      const group = value & 31;
      value >>= 5;
      more = value !== (group & 16 ? -1 : 0); // what is left says no more than the sign does
      text += String.fromCharCode(48 + group + (more ? 32 : 0));
    }
  });
  return text;
}

/**
 * How many pixels are inside.
 *
 * @throws {RangeError} As {@linkcode decodeRunLengths}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { runLengthArea } from "ae";
 *
 * assert.equal(runLengthArea({ size: [2, 3], counts: [2, 3, 1] }), 3);
 * ```
 */
export function runLengthArea(runs: RunLengths): number {
  const { counts } = checkedRuns("runLengthArea", runs);
  return counts.reduce((sum, count, run) => run % 2 === 1 ? sum + count : sum, 0);
}

/**
 * The smallest box of whole pixels around everything inside, in COCO's coordinates: the first pixel reaches from 0 to 1.
 * Without a pixel inside all four numbers are 0.
 *
 * @throws {RangeError} As {@linkcode decodeRunLengths}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { runLengthBox } from "ae";
 *
 * assert.deepEqual(runLengthBox({ size: [2, 3], counts: [2, 3, 1] }), [1, 0, 2, 2]);
 * ```
 */
export function runLengthBox(
  runs: RunLengths,
): [x: number, y: number, width: number, height: number] {
  const { size: [height, width], counts } = checkedRuns("runLengthBox", runs);
  let [left, top, right, bottom] = [width, height, -1, -1];
  let start = 0;
  counts.forEach((count, run) => {
    if (run % 2 === 1 && count > 0) {
      const last = start + count - 1;
      const [from, to] = [Math.floor(start / height), Math.floor(last / height)];
      const turns = from < to; // goes on in the next column: touches the last row and the first
      left = Math.min(left, from);
      right = Math.max(right, to);
      top = Math.min(top, turns ? 0 : start % height);
      bottom = Math.max(bottom, turns ? height - 1 : last % height);
    }
    start += count;
  });
  return right < 0 ? [0, 0, 0, 0] : [left, top, right - left + 1, bottom - top + 1];
}

/**
 * The union or the intersection of masks of one size.
 *
 * @param masks One or more.
 * @param how `"union"`: inside any of them, `"intersection"`: inside all.
 * @throws {RangeError} If there is no mask, their sizes differ, or as {@linkcode decodeRunLengths}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { mergeRunLengths } from "ae";
 *
 * const [left, middle] = [[0, 2, 2], [1, 2, 1]].map((counts) => ({ size: [1, 4] as const, counts }));
 * assert.deepEqual(mergeRunLengths([left, middle], "union").counts, [0, 3, 1]);
 * assert.deepEqual(mergeRunLengths([left, middle], "intersection").counts, [1, 1, 2]);
 * ```
 */
export function mergeRunLengths(
  masks: readonly RunLengths[],
  how: "union" | "intersection",
): RunCounts {
  const op = "mergeRunLengths";
  if (masks.length === 0) throw new RangeError(`${op}: there is no mask to merge`);
  const [first, ...others] = masks.map((mask) => checkedRuns(op, mask));
  // Once with itself, so that a single mask loses its empty runs, too.
  return [first, ...others].reduce((merged, mask) => {
    checkSameSize(op, merged, mask);
    const counts = [0];
    forEachRun(merged.counts, mask.counts, (length, a, b) => {
      append(counts, length, how === "union" ? a || b : a && b);
    });
    return { size: merged.size, counts };
  }, first);
}

/**
 * Refuse masks of different pictures.
 *
 * @throws {RangeError} If the sizes differ.
 */
export function checkSameSize(op: string, { size: a }: RunLengths, { size: b }: RunLengths): void {
  if (a[0] === b[0] && a[1] === b[1]) return;
  throw new RangeError(`${op}: a mask of ${a[0]} x ${a[1]} pixels and one of ${b[0]} x ${b[1]}`);
}

/**
 * Walk along two masks of one size at once: `visit` hears of each stretch on which neither changes, in order.
 */
export function forEachRun(
  a: readonly number[],
  b: readonly number[],
  visit: (length: number, insideA: boolean, insideB: boolean) => void,
): void {
  let [i, j] = [0, 0];
  let [leftA, leftB] = [a[0], b[0]];
  while (true) {
    while (leftA === 0 && i + 1 < a.length) leftA = a[++i];
    while (leftB === 0 && j + 1 < b.length) leftB = b[++j];
    const length = Math.min(leftA, leftB);
    if (length === 0) return; // equal sums: both end here
    visit(length, i % 2 === 1, j % 2 === 1);
    leftA -= length;
    leftB -= length;
  }
}
