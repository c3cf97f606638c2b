/**
 * What the network should say: a heatmap for each keypoint, and the places where the tag loss reads tags.
 *
 *     heatmap[k, y, x] = max over people of exp(-((x - i)^2 + (y - j)^2) / (2 sigma^2))
 *     (i, j) = keypoint k of the person in heatmap pixels, decimals cut off
 *
 * The Gaussian is drawn on a square of `6 sigma + 3` pixels and is 0 outside; where people overlap the larger
 * value stays, so that every keypoint's own pixel is exactly 1. A keypoint counts when it is annotated
 * (visible or occluded) and its pixel lies inside the map. For the tag loss the same pixel is given as its
 * place in the K maps laid end to end, `(k H + j) W + i`.
 *
 * Newell, Huang and Deng 2017, section 3; pose-ae-train, `utils/keypoints` and `data/coco_pose/dp.py`
 * (`GenerateHeatmap`, `KeypointsRef`).
 *
 * |                    | pose-ae-train           | here                                    |
 * | ------------------ | ----------------------- | --------------------------------------- |
 * | sigma              | size / 64 (2 at 128)    | the same, but at least 1 heatmap pixel  |
 * | annotated places   | moved to the row's front | stay at their keypoint, `visible` says which |
 * | more than 30 people | stops with an error    | heatmaps show all, tags the first 30    |
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { type HostArray, hostArray } from "../core/host_array.ts";
import type { AnnotatedKeypoint } from "../pose/person.ts";

/** A person for whom only the keypoints matter, in heatmap pixels. */
export interface TargetPerson {
  /** K keypoints in the skeleton's order. */
  readonly keypoints: readonly AnnotatedKeypoint[];
}

/** Size of the maps, and how wide a keypoint's mark is. */
export interface HeatmapOptions {
  /** K, the number of keypoints of a person. */
  readonly keypoints: number;
  /** Rows of a heatmap. */
  readonly height: number;
  /** Columns of a heatmap. */
  readonly width: number;
  /** Standard deviation of a mark in heatmap pixels. @default {the larger of 1 and height / 64} */
  readonly sigmaPixels?: number;
}

/** Size of the maps, and room for people. */
export interface TagTargetOptions {
  /** K, the number of keypoints of a person. */
  readonly keypoints: number;
  /** Rows of a tag map. */
  readonly height: number;
  /** Columns of a tag map. */
  readonly width: number;
  /** P, room for so many people. @default {30} */
  readonly slots?: number;
}

/** Where to read tags. */
export interface TagTargets {
  /** `[P, K]`: `(k H + y) W + x`, 0 where nothing is annotated. */
  readonly index: HostArray<Int32Array<ArrayBuffer>>;
  /** `[P, K]`: 1 where `index` holds a place, else 0. */
  readonly visible: HostArray;
  /** People beyond the P that there is room for. */
  readonly dropped: number;
}

function checkMaps(
  op: string,
  people: readonly TargetPerson[],
  { keypoints, height, width }: { keypoints: number; height: number; width: number },
): void {
  for (const [name, size] of Object.entries({ keypoints, height, width })) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`${op}: ${name} must be a whole number, 1 or more, not ${size}`);
    }
  }
  people.forEach((person, p) => {
    if (person.keypoints.length !== keypoints) {
      throw shapeError(op, `person ${p} has another number of keypoints than the maps`, {
        person: [[person.keypoints.length], "K"],
        maps: [[keypoints, height, width], "K H W"],
      });
    }
    const lost = person.keypoints.findIndex((k) =>
      k.visibility > 0 && !(Number.isFinite(k.x) && Number.isFinite(k.y))
    );
    if (lost >= 0) {
      const { x, y } = person.keypoints[lost];
      throw new RangeError(`${op}: keypoint ${lost} of person ${p} is at (${x}, ${y})`);
    }
  });
}

/** `(y * width + x)` of an annotated keypoint inside the map, else -1. */
function pixelOf(keypoint: AnnotatedKeypoint, width: number, height: number): number {
  if (keypoint.visibility === 0) return -1;
  const x = Math.trunc(keypoint.x); // towards 0: -0.5 is still pixel 0, as in the authors' code
  const y = Math.trunc(keypoint.y);
  return x >= 0 && x < width && y >= 0 && y < height ? y * width + x : -1;
}

/**
 * One map for each keypoint, with a Gaussian at every person's.
 *
 * @param people In heatmap pixels. People outside the map and keypoints of visibility 0 leave no trace.
 * @param options Size of the maps.
 * @param into Where to write, `K * height * width` numbers; set to 0 first.
 * @returns `[K, H, W]`, 0 to 1; backed by `into` when given.
 * @throws {RangeError} If a size is not a whole number of 1 or more, sigma is not above 0 or an annotated
 * keypoint is not at a finite place.
 * @throws {ShapeError} If a person has another number of keypoints or `into` another length.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { heatmapTargets } from "ae/data";
 *
 * const nose = { keypoints: [{ x: 1.9, y: 1.2, visibility: 2 as const }] };
 * const { data } = heatmapTargets([nose], { keypoints: 1, height: 3, width: 3 });
 * assert.equal(data[1 * 3 + 1], 1);
 * assert.equal(data[1 * 3 + 2], Math.fround(Math.exp(-1 / 2)));
 * ```
 */
export function heatmapTargets(
  people: readonly TargetPerson[],
  options: HeatmapOptions,
  into?: Float32Array<ArrayBuffer>,
): HostArray {
  const { keypoints: K, height, width, sigmaPixels = usualSigmaPixels(height) } = options;
  checkMaps("heatmapTargets", people, { keypoints: K, height, width });
  if (!(sigmaPixels > 0 && Number.isFinite(sigmaPixels))) {
    throw new RangeError(`heatmapTargets: sigmaPixels must be above 0, not ${sigmaPixels}`);
  }
  if (into && into.length !== K * height * width) {
    throw shapeError("heatmapTargets", "the array to write into has the wrong length", {
      into: [[into.length], "numbers"],
      maps: [[K, height, width], "K H W"],
    });
  }
  const maps = hostArray([K, height, width], into);
  maps.data.fill(0);
  const radius = Math.floor(3 * sigmaPixels + 1);
  const mark = gaussian(radius, sigmaPixels);
  for (const { keypoints } of people) {
    for (let k = 0; k < K; k++) {
      const pixel = pixelOf(keypoints[k], width, height);
      if (pixel >= 0) drawMark(maps.data, k * height * width, pixel, width, height, mark, radius);
    }
  }
  return maps;
}

/**
 * Standard deviation of a mark in maps of this height, pixels: the larger of 1 and height / 64, the authors' 2 of 128.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { usualSigmaPixels } from "ae/data";
 *
 * assert.deepEqual([32, 128].map(usualSigmaPixels), [1, 2]);
 * ```
 */
export function usualSigmaPixels(height: number): number {
  return Math.max(1, height / 64);
}

/** `exp(-(x^2 + y^2) / (2 sigma^2))` for x and y from -radius to radius, row by row. */
function gaussian(radius: number, sigma: number): Float32Array {
  const side = 2 * radius + 1;
  const mark = new Float32Array(side * side);
  for (let i = 0; i < mark.length; i++) {
    const x = i % side - radius;
    const y = Math.floor(i / side) - radius;
    mark[i] = Math.exp(-(x * x + y * y) / (2 * sigma * sigma));
  }
  return mark;
}

/** Raise a map to `mark` around a pixel; what sticks out of the map is cut off. */
function drawMark(
  maps: Float32Array,
  map: number,
  pixel: number,
  width: number,
  height: number,
  mark: Float32Array,
  radius: number,
): void {
  const centreX = pixel % width;
  const centreY = (pixel - centreX) / width;
  const right = Math.min(width - 1, centreX + radius);
  const bottom = Math.min(height - 1, centreY + radius);
  const side = 2 * radius + 1;
  for (let y = Math.max(0, centreY - radius); y <= bottom; y++) {
    const left = Math.max(0, centreX - radius);
    let from = (y - centreY + radius) * side + left - centreX + radius;
    let to = map + y * width + left;
    for (let x = left; x <= right; x++, from++, to++) {
      if (mark[from] > maps[to]) maps[to] = mark[from];
    }
  }
}

/**
 * Where the tag loss reads the tags of each person's keypoints. Person p fills row p; a person with no
 * keypoint inside the map leaves the row empty.
 *
 * @param people In heatmap pixels.
 * @param options Size of the maps and room for people.
 * @throws {RangeError} If a size is not a whole number of 1 or more or an annotated keypoint is not at a
 * finite place.
 * @throws {ShapeError} If a person has another number of keypoints.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { tagTargets } from "ae/data";
 *
 * const person = {
 *   keypoints: [
 *     { x: 1, y: 2, visibility: 2 as const },
 *     { x: 0, y: 0, visibility: 0 as const }, // not annotated
 *     { x: 3.7, y: 0, visibility: 1 as const },
 *   ],
 * };
 * const { index, visible } = tagTargets([person], { keypoints: 3, height: 4, width: 4, slots: 2 });
 * assert.deepEqual([...index.data], [(0 * 4 + 2) * 4 + 1, 0, (2 * 4 + 0) * 4 + 3, 0, 0, 0]);
 * assert.deepEqual([...visible.data], [1, 0, 1, 0, 0, 0]);
 * ```
 */
export function tagTargets(
  people: readonly TargetPerson[],
  options: TagTargetOptions,
): TagTargets {
  const { keypoints: K, height, width, slots = 30 } = options;
  checkMaps("tagTargets", people, { keypoints: K, height, width });
  if (!Number.isInteger(slots) || slots < 1) {
    throw new RangeError(`tagTargets: slots must be a whole number, 1 or more, not ${slots}`);
  }
  const index = new Int32Array(slots * K);
  const visible = new Float32Array(slots * K);
  for (let p = 0; p < Math.min(people.length, slots); p++) {
    for (let k = 0; k < K; k++) {
      const pixel = pixelOf(people[p].keypoints[k], width, height);
      if (pixel < 0) continue;
      index[p * K + k] = k * height * width + pixel;
      visible[p * K + k] = 1;
    }
  }
  return {
    index: { shape: [slots, K], data: index },
    visible: { shape: [slots, K], data: visible },
    dropped: Math.max(0, people.length - slots),
  };
}
