/**
 * COCO's run-length masks: how many pixels are outside, then how many inside, and so on, going down the
 * columns from the left.
 *
 *     0 1 1
 *     0 1 0     columns one after the other: 0 0 | 1 1 | 1 0, so the counts are [2, 3, 1]
 *
 * Counts come as a list or as text. The text holds, for each count, the count itself (the first three) or
 * its difference to the count two before, as groups of five bits, lowest first, each written as the
 * character of code 48 + group (+ 32 when more groups follow). Source: cocoapi, `common/maskApi.c`,
 * `rleDecode` and `rleFrString`.
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
export function decodeRunLengths({ size: [height, width], counts }: RunLengths): Mask {
  for (const size of [height, width]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(
        `decodeRunLengths: sizes must be whole numbers, 1 or more, not ${height} x ${width}`,
      );
    }
  }
  const list = typeof counts === "string" ? parseRunLengths(counts) : counts;
  const wrong = list.find((count) => !Number.isInteger(count) || count < 0);
  if (wrong !== undefined) {
    throw new RangeError(
      `decodeRunLengths: counts must be whole numbers, 0 or more, not ${wrong}`,
    );
  }
  const total = list.reduce((sum, count) => sum + count, 0);
  if (total !== height * width) {
    throw new RangeError(
      `decodeRunLengths: the counts add up to ${total} but ${height} x ${width} are ${
        height * width
      } pixels`,
    );
  }
  const data = new Uint8Array(height * width);
  let place = 0; // column-major
  list.forEach((count, run) => {
    const end = place + count;
    if (run % 2 === 0) place = end;
    for (; place < end; place++) data[(place % height) * width + Math.floor(place / height)] = 1;
  });
  return { width, height, data };
}
