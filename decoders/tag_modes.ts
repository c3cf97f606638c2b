/**
 * The values around which tags gather: what the network calls each instance. Nobody says how many there are.
 *
 *     one dimension    a histogram of the tags, smoothed with [1, 2, 1] / 4, and its peaks
 *                           ▂█▃       ▁▅▂     ▆▂
 *     more             mean shift: from the fullest cells of a grid uphill to where tags are densest,
 *                      t ← Σ w t_i / Σ w_i,   w_i = exp(−‖t − t_i‖² / (2 b²)),   b = a third of the separation
 *
 * The highest comes first; a lower one counts if it is at least the separation away from all that count.
 *
 * Newell, Huang and Deng 2017, arXiv:1611.05424, the part on instance segmentation: a histogram of the tags and
 * non-maximum suppression on it; neither numbers nor code are public. Mean shift: Comaniciu and Meer, PAMI 24 (2002).
 *
 * |                   | paper      | here                                                                       |
 * | ----------------- | ---------- | -------------------------------------------------------------------------- |
 * | bins, smoothing   | not said   | 0.1 wide, [1, 2, 1] / 4                                                    |
 * | separation        | not said   | 0.5                                                                        |
 * | range             | not said   | any: only bins that hold something are kept, so outliers cost nothing      |
 * | D above 1         | no         | mean shift                                                                 |
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import type { HostArray } from "../core/host_array.ts";

/** How modes are looked for. */
export interface TagModeOptions {
  /** Width of a histogram's bin, for tags of one number. @default {0.1} */
  readonly binWidth?: number;
  /** Least Euclidean distance between two modes. @default {0.5} */
  readonly separation?: number;
}

/** Width of a bin when nothing else is asked for. */
const BIN_WIDTH = 0.1;

/** Distance between modes when nothing else is asked for. */
export const SEPARATION = 0.5;

/**
 * Width b of mean shift's kernel: two modes that are the separation apart are still two if one is twice as high as the
 * other.
 */
export function kernelWidth(separation: number): number {
  return separation / 3;
}

/** A value that tags gather around. */
export interface TagMode {
  /** D numbers. */
  readonly tag: readonly number[];
  /** How densely they lie there: tags in the smoothed bin, or the sum of the weights w. */
  readonly density: number;
}

/** One bin of a {@linkcode tagHistogram}. */
export interface TagBin {
  /** Tag at its middle. */
  readonly tag: number;
  /** Tags that it holds. */
  readonly count: number;
  /** (left + 2 own + right) / 4 of the counts. */
  readonly smoothed: number;
}

/** More modes than any picture has instances: tags that are noise would take minutes else. */
const MOST_MODES = 1000;
/** Mean shift looks at so many tags at most, evenly chosen: more change a mode by less than tags differ. */
const MOST_TAGS = 2000;
/** It starts from so many of the fullest cells: far more than there are instances. */
const MOST_STARTS = 100;
/** It has arrived when a step is so much shorter than the kernel's width, or after so many steps. */
const ARRIVED = 1e-2;
const MOST_STEPS = 50;

/**
 * Count tags of one number in bins `[i w, (i + 1) w)`, w the bin's width.
 *
 * @param values The tags.
 * @returns The bins that hold something or stand beside one that does, in the order of their tags.
 * @throws {RangeError} If the bin's width is not above 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { tagHistogram } from "ae";
 *
 * const bins = tagHistogram([0.1, 0.2, 0.7], { binWidth: 0.5 });
 * assert.deepEqual(bins.map(({ tag }) => tag), [-0.25, 0.25, 0.75, 1.25]);
 * assert.deepEqual(bins.map(({ smoothed }) => smoothed), [0.5, 1.25, 1, 0.25]);
 * ```
 */
export function tagHistogram(
  values: Iterable<number>,
  { binWidth = BIN_WIDTH }: Pick<TagModeOptions, "binWidth"> = {},
): TagBin[] {
  checkTagModeOptions("tagHistogram", { binWidth });
  const counts = new Map<number, number>();
  const add = (bin: number, by: number) => counts.set(bin, (counts.get(bin) ?? 0) + by);
  for (const value of values) {
    const bin = Math.floor(value / binWidth);
    add(bin, 1);
    for (const beside of [bin - 1, bin + 1]) add(beside, 0);
  }
  const at = (bin: number) => counts.get(bin) ?? 0;
  return [...counts.keys()].sort((a, b) => a - b).map((bin) => ({
    tag: (bin + 0.5) * binWidth,
    count: at(bin),
    smoothed: (at(bin - 1) + 2 * at(bin) + at(bin + 1)) / 4,
  }));
}

/**
 * The modes of tags, the densest first, at most 1000. No tags have none; equal tags have one. The order of the tags
 * changes nothing but which of two equally dense modes comes first.
 *
 * @param tags `[D, n]`: the D numbers of n tags.
 * @throws {ShapeError} If there are not two axes, or D is 0.
 * @throws {RangeError} If an option is not above 0 or a tag is not finite.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray, tagModes } from "ae";
 *
 * const tags = hostArray([1, 6], [0, 0.02, 0.04, 3, 3.02, 3.04]);
 * assert.deepEqual(tagModes(tags).map(({ tag: [t] }) => t.toFixed(2)), ["0.05", "3.05"]); // middles of bins
 * ```
 */
export function tagModes(tags: HostArray, options: TagModeOptions = {}): TagMode[] {
  const { shape: [D, n], data } = tags;
  const { separation = SEPARATION, binWidth = BIN_WIDTH } = options;
  if (tags.shape.length !== 2 || D < 1 || data.length !== D * n) {
    throw shapeError("tagModes", "tags must be [D, n] with D of 1 or more", {
      tags: [tags.shape, "D n"],
    });
  }
  checkTagModeOptions("tagModes", options);
  if (!data.every(Number.isFinite)) {
    throw new RangeError("tagModes: a tag is not finite");
  }
  const found = D === 1
    ? peaksOf(tagHistogram(data, { binWidth }), binWidth)
    : meanShift(tags, separation);
  return apart(found.sort((a, b) => b.density - a.density), separation);
}

/** Refuse options that are not above 0; `op` names the caller. */
export function checkTagModeOptions(
  op: string,
  { binWidth = BIN_WIDTH, separation = SEPARATION }: TagModeOptions,
): void {
  for (const [name, value] of Object.entries({ binWidth, separation })) {
    if (!(value > 0 && value < Infinity)) {
      throw new RangeError(`${op}: ${name} must be above 0, not ${value}`);
    }
  }
}

/** The modes that no denser one is near to, at most {@linkcode MOST_MODES}. */
function apart(modes: readonly TagMode[], separation: number): TagMode[] {
  const kept: TagMode[] = [];
  for (const mode of modes) {
    if (kept.length === MOST_MODES) break;
    // A hair less: bins are whole steps apart, and their middles are rounded.
    const isFar = kept.every(({ tag }) => distance(tag, mode.tag) >= separation - 1e-9);
    if (isFar) kept.push(mode);
  }
  return kept;
}

/** The bins that are no lower than those beside them. Beside one that holds something there are two, up to 2^53 bins. */
function peaksOf(bins: readonly TagBin[], binWidth: number): TagMode[] {
  const beside = (bin: TagBin | undefined, tag: number) =>
    bin && Math.abs(bin.tag - tag) < 1.5 * binWidth ? bin.smoothed : 0;
  return bins.flatMap(({ tag, smoothed, count }, i) => {
    const isPeak = count > 0 && smoothed >= beside(bins[i - 1], tag) &&
      smoothed >= beside(bins[i + 1], tag);
    return isPeak ? [{ tag: [tag], density: smoothed }] : [];
  });
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.sqrt(a.reduce((sum, x, d) => sum + (x - b[d]) ** 2, 0));
}

function meanShift(tags: HostArray, separation: number): TagMode[] {
  const points = evenly(tags);
  const width = kernelWidth(separation);
  const modes: TagMode[] = [];
  for (const start of fullestCells(points, width)) {
    // What starts so near to a mode ends there.
    if (modes.every(({ tag }) => distance(tag, start) > width)) {
      modes.push(climb(points, start, width));
    }
  }
  return modes;
}

/** At most {@linkcode MOST_TAGS} of the tags, each as a list. */
function evenly({ shape: [D, n], data }: HostArray): number[][] {
  const count = Math.min(n, MOST_TAGS);
  return Array.from({ length: count }, (_, i) => {
    const at = Math.floor(i * n / count);
    return Array.from({ length: D }, (_, d) => data[d * n + at]);
  });
}

/** The mean tag of each cell of a grid, the cells with most tags first. */
function fullestCells(points: readonly (readonly number[])[], side: number): number[][] {
  const cells = Map.groupBy(points, (tag) => tag.map((x) => Math.floor(x / side)).join());
  return [...cells.values()].sort((a, b) => b.length - a.length).slice(0, MOST_STARTS)
    .map((own) => own[0].map((_, d) => own.reduce((sum, tag) => sum + tag[d], 0) / own.length));
}

/** Uphill from a tag to the next mode. Plain loops: most of the time of decoding is spent here. */
function climb(
  points: readonly (readonly number[])[],
  start: readonly number[],
  width: number,
): TagMode {
  const D = start.length;
  const perSquare = -1 / (2 * width * width);
  let tag = start;
  let density = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    const next = new Array<number>(D).fill(0);
    density = 0;
    for (const point of points) {
      let squared = 0;
      for (let d = 0; d < D; d++) squared += (point[d] - tag[d]) ** 2;
      const weight = Math.exp(squared * perSquare);
      density += weight;
      for (let d = 0; d < D; d++) next[d] += weight * point[d];
    }
    for (let d = 0; d < D; d++) next[d] /= density;
    const moved = distance(next, tag);
    tag = next;
    if (moved < ARRIVED * width) break;
  }
  return { tag, density };
}
