/**
 * From detection maps and tags to instances, pixel by pixel. For each class:
 *
 *     map pixels of the picture above the threshold ─► modes of their tags
 *     every map pixel goes to the mode that is nearest to its tag, and its detection with it ─► a map for each mode
 *     the modes' maps ─► the picture's size (bilinear) ─► pixels whose sum is above the threshold go to the largest
 *
 * A mode whose pixels are too few is dropped and they go to the others; the last one stays. An instance's score is the
 * mean of the detection map over its pixels. Map pixel i stands for the input pixels [s i, s i + s), s the stride, as in
 * the targets (data/instance_targets.ts): its middle lies at s i + (s - 1) / 2. Tags themselves are never interpolated:
 * half way between two people lie tags that may be a third one's.
 *
 * Newell, Huang and Deng 2017, arXiv:1611.05424, the part on instance segmentation, which the NIPS version
 * leaves out; neither its numbers nor code for it are public.
 *
 * |                     | paper                    | here                                                      |
 * | ------------------- | ------------------------ | --------------------------------------------------------- |
 * | threshold           | not said                 | 0.5                                                       |
 * | least pixels        | not said                 | a hundredth of the class's pixels, and 20 of them         |
 * | score               | not said                 | mean detection; `scoreBy: "agreement"` looks at tags, too |
 * | scales              | 0.5, 1, 1.5; overlapping proposals are removed | {@linkcode mergeInstances}, IoU 0.5 |
 * | separate parts      | stay                     | stay; `leastPart` removes small ones                      |
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { type HostArray, hostArray } from "../core/host_array.ts";
import { applyAffine, invertAffine } from "../image/affine.ts";
import type { Mask } from "../image/mask.ts";
import type { DecodedInstance } from "../instance/instance.ts";
import type { HeatmapFrame } from "./image_frame.ts";
import { mapSizes, requireFinite } from "./maps.ts";
import {
  checkTagModeOptions,
  kernelWidth,
  SEPARATION,
  type TagModeOptions,
  tagModes,
} from "./tag_modes.ts";

/** How instances are decoded. */
export interface InstanceOptions extends TagModeOptions {
  /** A pixel belongs to an instance if its detection is above this, 0 or more. @default {0.5} */
  readonly threshold?: number;
  /** A mode counts if it has at least this share of its class's pixels... @default {0.01} */
  readonly leastShare?: number;
  /** ...and at least so many pixels of the picture. @default {20} */
  readonly leastPixels?: number;
  /**
   * What an instance's score is the mean of, over its pixels: detection, or detection times exp(−d² / (2 b²)), where d is
   * how far a pixel's tag is from the mode and b a third of the separation. An instance whose pixels do not agree is a
   * bad guess even where it is certain that somebody is there. @default {"detection"}
   */
  readonly scoreBy?: "detection" | "agreement";
  /** Parts of an instance, eight neighbours being connected, go if they have fewer pixels. @default {0} */
  readonly leastPart?: number;
}

/** The picture that the maps are of. */
export interface InstanceFrame {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** How map pixels lie in it. */
  readonly frame: HeatmapFrame;
}

/**
 * The instances of one picture, the best score first; of equal scores the lower class, then the one with the denser mode.
 * A class without a pixel above the threshold has none; pixels of one tag are one instance.
 *
 * @param heatmaps Detection maps of C classes, `[C, h, w]`.
 * @param tags `[D, C, h, w]`, D of 1 or more.
 * @param options Of the picture, and how to decode.
 * @throws {ShapeError} If heatmaps and tags disagree on C, h or w, or there are no tags.
 * @throws {RangeError} If a number of the maps is not finite, a size of the picture is not a whole number of 1 or more, an
 * option is out of range or the frame cannot be inverted.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeInstances, hostArray } from "ae";
 *
 * const heatmaps = hostArray([1, 1, 4], [1, 0.8, 0.9, 0]);
 * const tags = hostArray([1, 1, 1, 4], [0, 0, 3, 3]);
 * const instances = decodeInstances(heatmaps, tags, {
 *   width: 4,
 *   height: 1,
 *   frame: { stride: 1 },
 *   leastPixels: 1,
 * });
 * assert.deepEqual(instances.map(({ mask }) => [...mask.data]), [[1, 1, 0, 0], [0, 0, 1, 0]]);
 * assert.deepEqual(instances.map(({ score }) => score.toFixed(2)), ["0.90", "0.90"]);
 * ```
 */
export function decodeInstances(
  heatmaps: HostArray,
  tags: HostArray,
  options: InstanceOptions & InstanceFrame,
): DecodedInstance[] {
  const { keypoints: C, tagDimensions: D } = mapSizes("decodeInstances", heatmaps, tags);
  requireFinite("decodeInstances", "heatmaps", heatmaps);
  requireFinite("decodeInstances", "tags", tags);
  checkOptions(options);
  const [, h, w] = heatmaps.shape;
  const places = placesOf(h, w, options);
  const instances = Array.from({ length: C }, (_, c) => {
    const planes = Array.from({ length: D }, (_, d) => planeOf(tags, d * C + c));
    return instancesOf(c, { detection: planeOf(heatmaps, c), planes }, places, options);
  });
  return instances.flat().sort((a, b) => b.score - a.score);
}

/** Map k of several, `[h w]`. */
function planeOf({ shape, data }: HostArray, k: number): Float32Array {
  const [h, w] = shape.slice(-2);
  return data.subarray(k * h * w, (k + 1) * h * w);
}

/** The maps of one class: detection, and D planes of tags. */
interface ClassMaps {
  readonly detection: Float32Array;
  readonly planes: readonly Float32Array[];
}

function instancesOf(
  classIndex: number,
  { detection, planes }: ClassMaps,
  places: Places,
  options: InstanceOptions & InstanceFrame,
): DecodedInstance[] {
  const { width, height, threshold = 0.5, leastPart = 0, scoreBy = "detection" } = options;
  const pixels = [...detection.keys()].filter((i) => places.inside[i] && detection[i] > threshold);
  if (pixels.length === 0) return [];
  const modes = heavyModes(pixels, planes, options);
  const whole = atPlaces(detection, places);
  const owner = new Int32Array(whole.length).fill(-1);
  const most = new Float32Array(whole.length);
  const nearest = nearestOf([...detection.keys()], planes, modes);
  modes.forEach((_, m) => {
    // A pixel that is no instance's has a tag by chance: what little it detects is all that it gives.
    const part = detection.map((value, i) => nearest[i] === m ? Math.max(0, value) : 0);
    atPlaces(part, places).forEach((value, i) => {
      if (whole[i] > threshold && value > most[i]) [owner[i], most[i]] = [m, value];
    });
  });
  const scores = scoreBy === "detection"
    ? whole
    : atPlaces(agreement({ detection, planes }, nearest.map((m) => modes[m]), options), places);
  return modes.flatMap((tag, m) => {
    const data = Uint8Array.from(owner, (own) => own === m ? 1 : 0);
    const mask = withoutSmallParts({ width, height, data }, leastPart);
    let [sum, count] = [0, 0];
    mask.data.forEach((inside, i) => {
      // Beside a pixel whose tag does not agree, one below 0 may weigh more.
      if (inside) [sum, count] = [sum + Math.max(0, scores[i]), count + 1];
    });
    return count === 0 ? [] : [{ classIndex, mask, score: sum / count, tag }];
  });
}

/** Detection, and less of it the farther a pixel's tag is from its mode. */
function agreement(
  { detection, planes }: ClassMaps,
  modes: readonly (readonly number[])[],
  { separation = SEPARATION }: TagModeOptions,
): Float32Array {
  const perSquare = -1 / (2 * kernelWidth(separation) ** 2);
  return detection.map((value, i) => {
    const squared = modes[i].reduce((sum, x, d) => sum + (planes[d][i] - x) ** 2, 0);
    return value * Math.exp(squared * perSquare);
  });
}

/** The modes of the tags at some pixels that have pixels enough. */
function heavyModes(
  pixels: readonly number[],
  planes: readonly Float32Array[],
  options: InstanceOptions & InstanceFrame,
): (readonly number[])[] {
  const { leastShare = 0.01, leastPixels = 20 } = options;
  const least = Math.max(leastPixels / areaOfMapPixel(options), leastShare * pixels.length);
  const tags = hostArray([planes.length, pixels.length]);
  planes.forEach((plane, d) =>
    pixels.forEach((i, p) => tags.data[d * pixels.length + p] = plane[i])
  );
  const modes = tagModes(tags, options).map(({ tag }) => tag);
  const owned = modes.map((): number[] => []);
  const give = (some: readonly number[]) =>
    nearestOf(some, planes, modes).forEach((m, i) => owned[m].push(some[i]));
  give(pixels);
  while (modes.length > 1) { // the lightest first: its pixels may be what another one lacks
    let lightest = 0;
    owned.forEach(({ length }, m) => {
      if (length <= owned[lightest].length) lightest = m;
    });
    if (owned[lightest].length >= least) break;
    modes.splice(lightest, 1);
    give(owned.splice(lightest, 1)[0]); // all others stay where they are
  }
  return modes;
}

/** For each pixel which of some tags is nearest to its own; of equally near ones the first. */
function nearestOf(
  pixels: readonly number[],
  planes: readonly Float32Array[],
  modes: readonly (readonly number[])[],
): number[] {
  return pixels.map((i) => {
    let [best, least] = [0, Infinity];
    modes.forEach((tag, m) => {
      let squared = 0;
      for (let d = 0; d < tag.length; d++) squared += (planes[d][i] - tag[d]) ** 2;
      if (squared < least) [best, least] = [m, squared];
    });
    return best;
  });
}

/** Rows of the matrix from input pixels to the picture's. */
const SAME = [[1, 0, 0], [0, 1, 0]] as const;

/** Pixels of the picture that a map pixel covers. */
function areaOfMapPixel(
  { frame: { stride = 4, inverse: [[a, b], [c, d]] = SAME } }: InstanceFrame,
) {
  return stride * stride * Math.abs(a * d - b * c);
}

/** How map and picture lie to each other. */
interface Places {
  /** For each map pixel whether its middle lies in the picture: what a network says elsewhere means nothing. */
  readonly inside: readonly boolean[];
  /** For each pixel of the picture four map pixels around it, and their weights. */
  readonly index: Int32Array;
  readonly weight: Float32Array;
}

function placesOf(
  h: number,
  w: number,
  { width, height, frame: { stride = 4, inverse: [rowX, rowY] = SAME } }: InstanceFrame,
): Places {
  const [a, b, c, d, e, f] = invertAffine([...rowX, ...rowY]);
  const index = new Int32Array(4 * width * height);
  const weight = new Float32Array(4 * width * height);
  const toMap = (input: number, side: number) =>
    Math.min(side - 1, Math.max(0, (input - (stride - 1) / 2) / stride));
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      const u = toMap(a * x + b * y + c, w), v = toMap(d * x + e * y + f, h);
      const left = Math.floor(u), top = Math.floor(v);
      const right = Math.min(left + 1, w - 1), bottom = Math.min(top + 1, h - 1);
      index.set([top * w + left, top * w + right, bottom * w + left, bottom * w + right], i);
      const s = u - left, t = v - top;
      weight.set([(1 - s) * (1 - t), s * (1 - t), (1 - s) * t, s * t], i);
    }
  }
  const inside = Array.from({ length: h * w }, (_, i) => {
    const middle = (at: number) => stride * at + (stride - 1) / 2;
    const { x, y } = applyAffine([...rowX, ...rowY], {
      x: middle(i % w),
      y: middle(Math.floor(i / w)),
    });
    return x >= -0.5 && y >= -0.5 && x <= width - 0.5 && y <= height - 0.5;
  });
  return { inside, index, weight };
}

/** A map at every pixel of the picture, bilinear. */
function atPlaces(map: Float32Array, { index, weight }: Places): Float32Array {
  const values = new Float32Array(index.length / 4);
  for (let i = 0; i < index.length; i++) values[i >> 2] += weight[i] * map[index[i]];
  return values;
}

/** A mask without its connected parts of fewer than `least` pixels; eight neighbours are connected. */
function withoutSmallParts(mask: Mask, least: number): Mask {
  if (least <= 1) return mask;
  const { width, height } = mask;
  const data = new Uint8Array(mask.data);
  const seen = new Uint8Array(data.length);
  for (let start = 0; start < data.length; start++) {
    if (!data[start] || seen[start]) continue;
    const part = [start];
    seen[start] = 1;
    for (let i = 0; i < part.length; i++) { // grows while it is walked
      const x = part[i] % width, y = (part[i] - x) / width;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const pixel = v * width + u;
          if (!data[pixel] || seen[pixel]) continue;
          seen[pixel] = 1;
          part.push(pixel);
        }
      }
    }
    if (part.length < least) { for (const pixel of part) data[pixel] = 0; }
  }
  return { width, height, data };
}

/**
 * One list of instances of several: those of the same picture seen at several sizes, say. Where two of a class overlap by
 * more than `iou`, the one with the better score stays; of equal scores the one that comes first.
 *
 * @param lists Each in any order; masks of one size.
 * @param options `iou`: intersection over union above which two are the same thing. Default 0.5.
 * @returns The best score first.
 * @throws {RangeError} If `iou` is not from 0 to 1.
 * @throws {ShapeError} If two masks have different sizes.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { mergeInstances } from "ae";
 *
 * const seen = (data: number[], score: number) => {
 *   return { classIndex: 0, mask: { width: 3, height: 1, data: new Uint8Array(data) }, score, tag: [0] };
 * };
 * const small = [seen([1, 1, 0], 0.7), seen([0, 0, 1], 0.6)];
 * const large = [seen([1, 1, 1], 0.9)];
 * assert.deepEqual(mergeInstances([small, large]).map(({ score }) => score), [0.9, 0.6]); // IoU 2/3 and 1/3
 * ```
 */
export function mergeInstances(
  lists: readonly (readonly DecodedInstance[])[],
  { iou = 0.5 }: { readonly iou?: number } = {},
): DecodedInstance[] {
  if (!(iou >= 0 && iou <= 1)) {
    throw new RangeError(`mergeInstances: iou must be from 0 to 1, not ${iou}`);
  }
  const kept: DecodedInstance[] = [];
  for (const instance of lists.flat().sort((a, b) => b.score - a.score)) {
    const isNew = kept.every(({ classIndex, mask }) =>
      overlap(mask, instance.mask) <= iou || classIndex !== instance.classIndex
    );
    if (isNew) kept.push(instance);
  }
  return kept;
}

/** Intersection over union of two masks. */
function overlap(a: Mask, b: Mask): number {
  if (a.width !== b.width || a.height !== b.height) {
    throw shapeError("mergeInstances", "masks of one picture must have one size", {
      one: [[a.height, a.width], "H W"],
      other: [[b.height, b.width], "H W"],
    });
  }
  let [both, either] = [0, 0];
  for (let i = 0; i < a.data.length; i++) {
    both += a.data[i] & b.data[i];
    either += a.data[i] | b.data[i];
  }
  return either === 0 ? 0 : both / either;
}

function checkOptions(options: InstanceOptions & InstanceFrame): void {
  checkTagModeOptions("decodeInstances", options);
  const { scoreBy = "detection" } = options;
  if (scoreBy !== "detection" && scoreBy !== "agreement") {
    throw new RangeError(
      `decodeInstances: scoreBy can be "detection" or "agreement", not ${scoreBy}`,
    );
  }
  const { width, height, threshold = 0.5, leastShare = 0, leastPixels = 0, leastPart = 0 } =
    options;
  for (const [name, size] of Object.entries({ width, height })) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(
        `decodeInstances: ${name} must be a whole number, 1 or more, not ${size}`,
      );
    }
  }
  const { frame: { stride = 4 } } = options;
  if (!(stride > 0 && stride < Infinity)) {
    throw new RangeError(`decodeInstances: stride must be above 0, not ${stride}`);
  }
  for (const [name, value] of Object.entries({ threshold, leastShare, leastPixels, leastPart })) {
    if (!(value >= 0 && value < Infinity)) {
      throw new RangeError(`decodeInstances: ${name} must be 0 or more, not ${value}`);
    }
  }
}
