/**
 * What COCO's evaluations of keypoints, masks and boxes have in common: everything after "how alike are a detection and
 * a true thing?".
 *
 *     per image    detections by score, the best of them ── similarity [D, G]
 *                                                             │  matchScenes: 10 thresholds, one area range
 *                                                             ▼
 *                                           right / wrong / ignored, per detection
 *                                                             │  all images together, by score
 *                                                             ▼  curvesOf
 *                                           a precision-recall curve per threshold
 *
 * A true thing is ignored (need not be found, excuses who finds it) if its area is outside the range or if it is
 * ignored in any range. A detection that found nothing is ignored if its own area is outside the range. Equal
 * scores keep their order: within an image that of the list, among images that of their ids.
 *
 * Source: pycocotools `cocoeval.py`, `evaluateImg` and `accumulate`.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import {
  meanOfDefined,
  OUTCOME,
  type PrecisionRecall,
  precisionRecall,
} from "./average_precision.ts";
import { Matcher } from "./matching.ts";

/** The ten thresholds 0.5, 0.55, ..., 0.95 of OKS and of overlap. */
export const COCO_THRESHOLDS: readonly number[] = Array.from(
  { length: 10 },
  (_, i) => i === 9 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / 9), // as numpy.linspace rounds
);

/** A range of areas in square pixels, both ends included. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/** A detection ready for matching. */
export interface Detection {
  /** Position in the list of results. */
  readonly index: number;
  /** Confidence. */
  readonly score: number;
  /** Square pixels; decides whether it counts outside its area range. */
  readonly area: number;
}

/** A true thing ready for matching. */
export interface Truth {
  /** Position in the list of annotations. */
  readonly index: number;
  /** Square pixels. */
  readonly area: number;
  readonly crowd: boolean;
  /** Whether it is ignored in every area range. */
  readonly ignored: boolean;
}

/** One image: the best detections in order, and the truths in file order. */
export interface Scene<D extends Detection = Detection, G extends Truth = Truth> {
  readonly imageId: number;
  readonly detections: readonly D[];
  readonly truths: readonly G[];
}

/** An image with the similarity of each of its detections to each of its truths, `[D, G]` row-major. */
export interface ComparedScene extends Scene {
  readonly similarity: Float64Array<ArrayBuffer>;
}

/** What error messages call the two lists. */
export interface Names {
  readonly truth: string;
  readonly results: string;
}

/**
 * Refuse results of images that the truth does not list.
 *
 * @throws {InputError} At the first.
 */
export function checkImageIds(
  images: readonly { readonly id: number }[],
  results: readonly { readonly image_id: number }[],
  names: Names,
): void {
  const known = new Set(images.map(({ id }) => id));
  const wrong = results.findIndex(({ image_id }) => !known.has(image_id));
  if (wrong < 0) return;
  throw new InputError(
    `${names.results}: results[${wrong}].image_id is ${
      results[wrong].image_id
    }, which is none of the ` +
      `${images.length} images of ${names.truth}`,
  );
}

/**
 * Sort detections and truths by image: ascending ids, the best detections by descending score.
 *
 * @param imageIds The images asked for.
 * @param most How many detections count per image.
 */
export function scenesOf<D extends Detection, G extends Truth>(
  imageIds: Iterable<number>,
  detections: readonly (readonly [imageId: number, detection: D])[],
  truths: readonly (readonly [imageId: number, truth: G])[],
  most: number,
): Scene<D, G>[] {
  const ids = [...new Set(imageIds)].sort((a, b) => a - b);
  const scenes = new Map(ids.map((id) => [id, { detections: [] as D[], truths: [] as G[] }]));
  for (const [id, detection] of detections) scenes.get(id)?.detections.push(detection);
  for (const [id, truth] of truths) scenes.get(id)?.truths.push(truth);
  return ids.map((imageId) => {
    const { detections, truths } = scenes.get(imageId)!;
    const best = detections.sort((a, b) => b.score - a.score).slice(0, most);
    return { imageId, detections: best, truths };
  });
}

/**
 * The images to evaluate.
 *
 * @param asked Ids; all images if missing.
 * @throws {InputError} If there are no images, or one that is asked for is not there.
 * @throws {RangeError} If none is asked for; `op` names the caller in the message.
 */
export function imagesAsked(
  op: string,
  images: readonly { readonly id: number }[],
  asked: readonly number[] | undefined,
  name: string,
): readonly number[] {
  if (images.length === 0) throw new InputError(`${name}: there are no images`);
  const known = new Set(images.map(({ id }) => id));
  if (asked?.length === 0) {
    throw new RangeError(`${op}: imageIds is an empty list; leave it out for all images`);
  }
  const missing = asked?.find((id) => !known.has(id));
  if (missing !== undefined) {
    throw new InputError(`${name}: imageIds asks for image ${missing}, not in it`);
  }
  return asked ?? [...known];
}

/** All images matched for one area range. */
export interface Matched {
  /** How many things there are to find. */
  readonly wanted: number;
  /** `[T]`, then an outcome for every detection, image by image. */
  readonly outcomes: readonly Uint8Array[];
  /** For every image `[T, D]` row-major: which of the G truths each detection found, -1 for none. */
  readonly matches: readonly Int32Array<ArrayBuffer>[];
}

/** Match every image at every threshold, with the truths and detections outside `range` ignored. */
export function matchScenes(scenes: readonly ComparedScene[], range: Range): Matched {
  const total = scenes.reduce((sum, { detections }) => sum + detections.length, 0);
  const outcomes = COCO_THRESHOLDS.map(() => new Uint8Array(total));
  let wanted = 0;
  let first = 0; // where this image's detections start in outcomes
  const matches = scenes.map(({ detections, truths, similarity }) => {
    const D = detections.length;
    const rivals = truths.map(({ area, crowd, ignored }) => ({
      crowd,
      ignored: ignored || outsideOf(range, area),
    }));
    const strays = detections.map(({ area }) => outsideOf(range, area));
    const matcher = new Matcher(similarity, D, rivals);
    const found = new Int32Array(COCO_THRESHOLDS.length * D);
    COCO_THRESHOLDS.forEach((threshold, t) => {
      matcher.match(threshold, found, t * D);
      for (let d = 0; d < D; d++) {
        const g = found[t * D + d];
        const excused = g >= 0 ? rivals[g].ignored : strays[d];
        const counted = g >= 0 ? OUTCOME.RIGHT : OUTCOME.WRONG;
        outcomes[t][first + d] = excused ? OUTCOME.IGNORED : counted;
      }
    });
    wanted += rivals.filter(({ ignored }) => !ignored).length;
    first += D;
    return found;
  });
  return { wanted, outcomes, matches };
}

function outsideOf({ least, most }: Range, area: number): boolean {
  return area < least || area > most;
}

/**
 * Detections of all images, as their places in {@linkcode Matched.outcomes} by descending score; ties keep their order.
 *
 * @param most Only so many of each image, the best.
 */
export function ranking(scenes: readonly Scene[], most: number = Infinity): Uint32Array {
  const scores = scenes.flatMap(({ detections }) => detections.map(({ score }) => score));
  let first = 0;
  const places = scenes.flatMap(({ detections: { length } }) => {
    const own = Array.from({ length: Math.min(length, most) }, (_, d) => first + d);
    first += length;
    return own;
  });
  return Uint32Array.from(places).sort((a, b) => scores[b] - scores[a] || a - b);
}

/** A precision-recall curve per threshold, of the detections in the order of a {@linkcode ranking}. */
export function curvesOf({ wanted, outcomes }: Matched, order: Uint32Array): PrecisionRecall[] {
  const ordered = new Uint8Array(order.length);
  return outcomes.map((unordered) => {
    order.forEach((d, place) => ordered[place] = unordered[d]);
    return precisionRecall(ordered, wanted);
  });
}

/** AP: mean precision of some curves, -1 where none is defined. */
export function meanPrecision(curves: readonly PrecisionRecall[]): number {
  return meanOfDefined(curves.flatMap(({ precision }) => [...precision]));
}

/** AR: mean of the recall reached, -1 where none is defined. */
export function meanRecall(curves: readonly PrecisionRecall[]): number {
  return meanOfDefined(curves.map(({ recall }) => recall));
}
