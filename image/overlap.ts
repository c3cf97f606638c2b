/**
 * How much masks and boxes overlap: intersection over union,
 *
 *     IoU(d, g) = |d and g| / |d or g|        0 nothing in common, 1 the same
 *
 * and, where the true one is a crowd (a region of many that nobody took apart), the share of the detection that lies in
 * it, |d and g| / |d|: one of many need not fill the region.
 *
 * Boxes are `[x, y, width, height]` and need not lie on whole pixels. Source: cocoapi, `common/maskApi.c`, `rleIou` and
 * `bbIou`; masks of different sizes, which it answers with -1, are a RangeError here.
 *
 * @module
 */
import {
  checkedRuns,
  checkSameSize,
  forEachRun,
  type RunCounts,
  runLengthArea,
  runLengthBox,
  type RunLengths,
} from "./run_length.ts";

/** `[x, y, width, height]` in pixels. */
export type Box = readonly [x: number, y: number, width: number, height: number];

/**
 * The overlap of every detected mask with every true one.
 *
 * @param detections D masks.
 * @param truths G masks of the same size.
 * @param crowds For each truth whether it is a crowd. @default {none is}
 * @returns `[D, G]` row-major, 0 to 1. Masks without a pixel overlap nothing: 0.
 * @throws {RangeError} If sizes differ or counts do not make a mask, or there are not G crowd flags.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { maskOverlaps } from "ae";
 *
 * const [left, middle] = [[0, 2, 2], [1, 2, 1]].map((counts) => ({ size: [1, 4] as const, counts }));
 * assert.deepEqual([...maskOverlaps([left], [left, middle])], [1, 1 / 3]);
 * assert.deepEqual([...maskOverlaps([left], [middle], [true])], [1 / 2]);
 * ```
 */
export function maskOverlaps(
  detections: readonly RunLengths[],
  truths: readonly RunLengths[],
  crowds: readonly boolean[] = truths.map(() => false),
): Float64Array<ArrayBuffer> {
  const measured = (mask: RunLengths) => {
    const runs = checkedRuns("maskOverlaps", mask);
    return { runs, box: runLengthBox(runs), area: runLengthArea(runs) };
  };
  const trueMasks = truths.map(measured);
  return table("maskOverlaps", detections.map(measured), trueMasks, crowds, (d, g, crowd) => {
    checkSameSize("maskOverlaps", d.runs, g.runs);
    if (boxIntersection(d.box, g.box) === 0) return 0; // most pairs: no need to walk the runs
    const common = intersection(d.runs, g.runs);
    return common === 0 ? 0 : common / (crowd ? d.area : d.area + g.area - common);
  });
}

/**
 * The overlap of every detected box with every true one.
 *
 * @param detections D boxes.
 * @param truths G boxes.
 * @param crowds For each truth whether it is a crowd. @default {none is}
 * @returns `[D, G]` row-major, 0 to 1. Boxes without area overlap nothing: 0.
 * @throws {RangeError} If there are not G crowd flags.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { boxOverlaps } from "ae";
 *
 * assert.deepEqual([...boxOverlaps([[0, 0, 2, 2]], [[1, 0, 2, 2], [5, 5, 2, 2]])], [1 / 3, 0]);
 * ```
 */
export function boxOverlaps(
  detections: readonly Box[],
  truths: readonly Box[],
  crowds: readonly boolean[] = truths.map(() => false),
): Float64Array<ArrayBuffer> {
  return table("boxOverlaps", detections, truths, crowds, (d, g, crowd) => {
    const common = boxIntersection(d, g);
    if (common === 0) return 0;
    const area = d[2] * d[3];
    return common / (crowd ? area : area + g[2] * g[3] - common);
  });
}

/** Row-major `[D, G]`. */
function table<T>(
  op: string,
  detections: readonly T[],
  truths: readonly T[],
  crowds: readonly boolean[],
  overlap: (detection: T, truth: T, crowd: boolean) => number,
): Float64Array<ArrayBuffer> {
  if (crowds.length !== truths.length) {
    throw new RangeError(`${op}: ${truths.length} truths but ${crowds.length} crowd flags`);
  }
  const overlaps = new Float64Array(detections.length * truths.length);
  detections.forEach((detection, d) =>
    truths.forEach((truth, g) => {
      overlaps[d * truths.length + g] = overlap(detection, truth, crowds[g]);
    })
  );
  return overlaps;
}

function intersection(a: RunCounts, b: RunCounts): number {
  let pixels = 0;
  forEachRun(a.counts, b.counts, (length, insideA, insideB) => {
    if (insideA && insideB) pixels += length;
  });
  return pixels;
}

function boxIntersection([ax, ay, aw, ah]: Box, [bx, by, bw, bh]: Box): number {
  const width = Math.min(ax + aw, bx + bw) - Math.max(ax, bx);
  const height = Math.min(ay + ah, by + bh) - Math.max(ay, by);
  return width > 0 && height > 0 ? width * height : 0;
}
