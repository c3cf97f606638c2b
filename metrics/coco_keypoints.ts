/**
 * COCO keypoint evaluation: the ten figures by which pose estimation is compared.
 *
 *     truth, results ── per image: sort by score, keep 20 ── OKS table [D, G]
 *                                                              │  matchScenes
 *        10 OKS thresholds  .50 .55 ... .95                    ▼
 *         3 area ranges     all, medium, large         right / wrong / ignored, per detection
 *                                                              │  all images together, by score
 *                                                              ▼  curvesOf
 *     AP, AP50, AP75, AP_M, AP_L  and  AR, AR50, AR75, AR_M, AR_L
 *
 * AP is the mean over the ten thresholds of average precision, AR the mean of the recall reached;
 * AP50 and AP75 are those of one threshold, AP_M and AP_L those of people of medium and large area.
 * The numbers equal pycocotools' `COCOeval(..., "keypoints")` (tested to 1e-12), and so do these rules:
 *
 * - A true person is ignored (need not be found, excuses who finds it) if it is a crowd, if it has no
 *   annotated keypoint, or if its area is outside the range.
 * - A detection that found nobody is ignored if its own area is outside the range. Its area is that of
 *   its `bbox` if the *first* result has one, else of the smallest box around all K points.
 * - Equal scores keep their order: within an image that of the list, among images that of their ids.
 * - -1 means undefined: there is nobody to find in this range.
 *
 * Where this differs from pycocotools:
 *
 * | case                              | pycocotools                        | here                    |
 * | --------------------------------- | ---------------------------------- | ----------------------- |
 * | annotation with id 0              | silently never found               | InputError              |
 * | two annotations with one id       | the last one counts twice          | InputError              |
 * | NaN or infinite numbers           | sorted and compared somehow        | InputError              |
 * | an empty list of results          | crash                              | nobody was found        |
 * | `iscrowd`, `num_keypoints` absent | crash                              | 0; counted              |
 * | an `ignore` field in the file     | overwritten                        | not read                |
 * | several categories                | figures are means over them        | one, by `categoryId`    |
 * | area from `segmentation`          | if results have it and no `bbox`   | InputError              |
 *
 * Source: pycocotools `cocoeval.py` and `coco.py`; cocodataset.org, "Keypoint evaluation".
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import {
  checkCocoResults,
  checkCocoTruth,
  type CocoAnnotation,
  type CocoResult,
  type CocoTruth,
} from "../pose/coco_records.ts";
import { keypointSimilarity } from "../pose/keypoint_similarity.ts";
import { COCO, type Skeleton } from "../pose/skeleton.ts";
import { meanOfDefined, type PrecisionRecall, RECALL_GRID } from "./average_precision.ts";
import {
  checkImageIds,
  COCO_THRESHOLDS,
  curvesOf,
  type Detection,
  imagesAsked,
  matchScenes,
  meanPrecision,
  meanRecall,
  ranking,
  type Scene,
  scenesOf,
  type Truth,
} from "./coco_evaluation.ts";
import { oksOfKeypoints } from "./oks.ts";

/** The ten OKS thresholds 0.5, 0.55, ..., 0.95. */
export const OKS_THRESHOLDS: readonly number[] = COCO_THRESHOLDS;

/** Which people are asked for, by the area of their mask. */
export interface AreaRange {
  /** What the range is called. */
  readonly name: "all" | "medium" | "large";
  /** Least area in square pixels, included. */
  readonly least: number;
  /** Largest area in square pixels, included. */
  readonly most: number;
}

/** COCO's area ranges for people; there is no "small": such people have no annotated keypoints. */
export const AREA_RANGES: readonly AreaRange[] = [
  { name: "all", least: 0, most: 1e10 },
  { name: "medium", least: 32 ** 2, most: 96 ** 2 },
  { name: "large", least: 96 ** 2, most: 1e10 },
];

/** The ten figures, 0 to 1; -1 where there is nobody to find. In COCO's order. */
export interface KeypointStatistics {
  /** Average precision, mean over the ten thresholds. */
  readonly AP: number;
  /** Average precision at OKS 0.50. */
  readonly AP50: number;
  /** Average precision at OKS 0.75. */
  readonly AP75: number;
  /** AP over people of 32^2 to 96^2 square pixels. */
  readonly AP_M: number;
  /** AP over people of 96^2 square pixels and more. */
  readonly AP_L: number;
  /** Average recall: recall after all detections, mean over the ten thresholds. */
  readonly AR: number;
  /** Recall at OKS 0.50. */
  readonly AR50: number;
  /** Recall at OKS 0.75. */
  readonly AR75: number;
  /** AR over people of medium area. */
  readonly AR_M: number;
  /** AR over people of large area. */
  readonly AR_L: number;
}

/** What happened in one image, people of all areas. D detections, G true people. */
export interface ImageEvaluation {
  /** The image's id. */
  readonly imageId: number;
  /** Positions in the list of results: the D best, highest score first. */
  readonly detections: readonly number[];
  /** Positions in the list of annotations: the G people and crowds, in file order. */
  readonly truths: readonly number[];
  /** For each truth whether it is a crowd or has no annotated keypoint. */
  readonly ignored: readonly boolean[];
  /** `[D, G]` row-major. */
  readonly oks: Float64Array<ArrayBuffer>;
  /** `[T, D]` row-major: which of the G truths each detection found, -1 for none. */
  readonly matches: Int32Array<ArrayBuffer>;
}

/** All that evaluation finds out. T thresholds, R = 101 recalls, A = 3 area ranges. */
export interface KeypointEvaluation {
  /** The ten figures. */
  readonly statistics: KeypointStatistics;
  /** Precision `[T, R, A]` row-major, -1 where undefined. */
  readonly precision: Float64Array<ArrayBuffer>;
  /** Recall after all detections `[T, A]` row-major, -1 where undefined. */
  readonly recall: Float64Array<ArrayBuffer>;
  /** One entry per evaluated image, by ascending id. */
  readonly images: readonly ImageEvaluation[];
}

/** What to evaluate. */
export interface EvaluationOptions {
  /** Whose keypoints and sigmas. @default {COCO} */
  readonly skeleton?: Skeleton;
  /** Only these images; an image without detections counts like any other. @default every image */
  readonly imageIds?: readonly number[];
  /** Only people of this category. @default {1} */
  readonly categoryId?: number;
  /** How many detections count per image, the best by score. @default {20} */
  readonly maxDetections?: number;
  /** What error messages call the two lists: the files' paths. */
  readonly names?: { readonly truth?: string; readonly results?: string };
}

/**
 * Evaluate found people against annotated ones by COCO's rules (listed at the top of the file).
 *
 * @param truth Annotations, in the form of a COCO keypoint file.
 * @param results Found people, in the form of a COCO results file, in any order.
 * @throws {InputError} If a record is malformed (see {@linkcode checkCocoTruth} and
 *   {@linkcode checkCocoResults}), there are no images, nobody has the category asked for, or a result
 *   or `imageIds` names an image that the truth does not list.
 * @throws {RangeError} If `maxDetections` is not a whole number of 1 or more, or `imageIds` is empty.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { COCO, evaluateKeypoints } from "ae";
 *
 * const keypoints = COCO.keypoints.flatMap((_, k) => [100 + 3 * k, 100 + 7 * k, 2]);
 * const person = { id: 1, category_id: 1, keypoints, bbox: [100, 100, 48, 112], area: 5376 };
 * const truth = {
 *   images: [{ id: 1 }, { id: 2 }],
 *   annotations: [{ ...person, image_id: 1 }, { ...person, id: 2, image_id: 2 }],
 * };
 *
 * const found = { image_id: 1, category_id: 1, keypoints, score: 0.9 }; // and nobody in image 2
 * const { statistics } = evaluateKeypoints(truth, [found]);
 * assert.equal(statistics.AR, 1 / 2);
 * assert.ok(Math.abs(statistics.AP - 51 / 101) < 1e-12); // precision 1 at recalls 0 to 0.5
 * assert.equal(statistics.AP_L, -1); //                     nobody is large
 * ```
 */
export function evaluateKeypoints(
  truth: CocoTruth,
  results: readonly CocoResult[],
  options: EvaluationOptions = {},
): KeypointEvaluation {
  const scenes = prepare(truth, results, options);
  const { sigmas } = options.skeleton ?? COCO;
  return evaluate(scenes, sigmas, sigmas.map((_, k) => k), AREA_RANGES);
}

/** Figures of one keypoint. */
export interface KeypointFigures {
  /** The keypoint's name. */
  readonly keypoint: string;
  /** AP as if people consisted of this keypoint alone; -1 if it is annotated nowhere. */
  readonly AP: number;
  /** The same at OKS 0.50. */
  readonly AP50: number;
  /** The same at OKS 0.75. */
  readonly AP75: number;
  /** The recall that goes with `AP`. */
  readonly AR: number;
  /** How many people to be found have this keypoint annotated. */
  readonly annotated: number;
  /** How many of those were found, as whole people, at OKS 0.50. */
  readonly found: number;
  /** Mean {@linkcode keypointSimilarity} over the people found; -1 if none was. */
  readonly similarity: number;
}

/**
 * The breakdown by keypoint, two views of each:
 *
 * - `AP`, `AP50`, `AP75`, `AR`: the whole evaluation again, area range "all", with a skeleton of only
 *   this keypoint. People on whom it is not annotated are ignored, by the usual rules (a detection whose
 *   keypoint lies in their grown box is excused). Scores are still those of whole people. This asks:
 *   are all wrists found, whoever they were given to?
 * - `similarity`: among people found as a whole (OKS 0.50), how near is this keypoint to its truth? This
 *   asks: do found people have their own wrists? It is low when grouping gives away keypoints.
 *
 * COCO itself defines no figures by keypoint; these are this library's.
 *
 * @param truth As for {@linkcode evaluateKeypoints}, as are the other parameters and errors.
 * @returns One entry per keypoint of the skeleton, in its order.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { COCO, evaluateByKeypoint } from "ae";
 *
 * const keypoints = COCO.keypoints.flatMap((_, k) => [100 + 3 * k, 100 + 7 * k, 2]);
 * const person = { id: 1, image_id: 1, category_id: 1, bbox: [100, 100, 48, 112], area: 5376 };
 * const truth = { images: [{ id: 1 }], annotations: [{ ...person, keypoints }] };
 *
 * const noseOff = keypoints.with(0, 300);
 * const [nose, leftEye] = evaluateByKeypoint(truth, [
 *   { image_id: 1, category_id: 1, keypoints: noseOff, score: 1 },
 * ]);
 * assert.equal(nose.AP, 0);
 * assert.ok(Math.abs(leftEye.AP - 1) < 1e-12);
 * assert.ok(nose.found === 1 && nose.similarity < 1e-9 && leftEye.similarity === 1);
 * ```
 */
export function evaluateByKeypoint(
  truth: CocoTruth,
  results: readonly CocoResult[],
  options: EvaluationOptions = {},
): KeypointFigures[] {
  const { keypoints, sigmas } = options.skeleton ?? COCO;
  const scenes = prepare(truth, results, options);
  const all = AREA_RANGES.slice(0, 1);
  const whole = evaluate(scenes, sigmas, sigmas.map((_, k) => k), all);
  return keypoints.map((keypoint, k) => {
    const { statistics: { AP, AP50, AP75, AR } } = evaluate(
      scenes.map((scene) => withKeypoint(scene, k)),
      sigmas,
      [k],
      all,
    );
    const { annotated, found, similarity } = similarityOnFound(whole, scenes, sigmas[k], k);
    return { keypoint, AP, AP50, AP75, AR, annotated, found, similarity };
  });
}

/** The scene in which everybody on whom keypoint k is not annotated is ignored. */
function withKeypoint(scene: PersonScene, k: number): PersonScene {
  const truths = scene.truths.map((truth) => ({
    ...truth,
    ignored: truth.ignored || !(truth.annotation.keypoints[3 * k + 2] > 0),
  }));
  return { ...scene, truths };
}

/** How near keypoint k is on people that were found at the first threshold. */
function similarityOnFound(
  { images }: KeypointEvaluation,
  scenes: readonly PersonScene[],
  sigma: number,
  k: number,
): { annotated: number; found: number; similarity: number } {
  let annotated = 0;
  let found = 0;
  let sum = 0;
  images.forEach((image, i) => {
    const { detections, truths } = scenes[i];
    const matches = matchesAt50(image);
    truths.forEach((truth, g) => {
      const { keypoints: target, area } = truth.annotation;
      if (image.ignored[g] || !(target[3 * k + 2] > 0)) return;
      annotated++;
      const d = matches.indexOf(g);
      if (d < 0) return;
      found++;
      const { keypoints } = detections[d].result;
      const dx = keypoints[3 * k] - target[3 * k];
      const dy = keypoints[3 * k + 1] - target[3 * k + 1];
      sum += keypointSimilarity(dx * dx + dy * dy, sigma, area);
    });
  });
  return { annotated, found, similarity: found > 0 ? sum / found : -1 };
}

/** A curve to draw: recall to the right, precision upwards. */
export interface PrecisionRecallCurve {
  /** The 101 recalls 0, 0.01, ..., 1. */
  readonly recall: readonly number[];
  /** Precision at each. */
  readonly precision: readonly number[];
}

/**
 * One of the thirty precision-recall curves of an evaluation. Its mean height is the AP at this
 * threshold.
 *
 * @param evaluation From {@linkcode evaluateKeypoints}.
 * @param options.threshold One of {@linkcode OKS_THRESHOLDS}, to within 1e-6. @default {0.5}
 * @param options.area Name of the area range. @default {"all"}
 * @returns The curve, or null where it is undefined (nobody to find).
 * @throws {RangeError} If the threshold is none of the ten, or the area none of the three.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluateKeypoints, precisionRecallCurve } from "ae";
 *
 * const keypoints = Array.from({ length: 51 }, () => 2);
 * const record = { image_id: 1, category_id: 1, keypoints };
 * const evaluation = evaluateKeypoints(
 *   { images: [{ id: 1 }], annotations: [{ ...record, id: 1, bbox: [0, 0, 4, 4], area: 16 }] },
 *   [{ ...record, score: 1 }],
 * );
 * const curve = precisionRecallCurve(evaluation, { threshold: 0.75 });
 * assert.equal(curve?.recall[100], 1);
 * assert.ok(Math.abs(curve.precision[100] - 1) < 1e-12);
 * assert.equal(precisionRecallCurve(evaluation, { area: "large" }), null);
 * ```
 */
export function precisionRecallCurve(
  evaluation: KeypointEvaluation,
  { threshold = 0.5, area = "all" }: { threshold?: number; area?: AreaRange["name"] } = {},
): PrecisionRecallCurve | null {
  const t = OKS_THRESHOLDS.findIndex((value) => Math.abs(value - threshold) < 1e-6);
  if (t < 0) {
    throw new RangeError(
      `precisionRecallCurve: ${threshold} is none of the thresholds 0.5, 0.55, ..., 0.95`,
    );
  }
  const a = AREA_RANGES.findIndex(({ name }) => name === area);
  if (a < 0) throw new RangeError(`precisionRecallCurve: area ${area} is not all, medium or large`);
  const precision = RECALL_GRID.map((_, r) =>
    evaluation.precision[(t * RECALL_GRID.length + r) * AREA_RANGES.length + a]
  );
  return precision[0] === -1 ? null : { recall: RECALL_GRID, precision };
}

/** Figures of people of one area range, 0 to 1; -1 where there is nobody. */
export interface SizeFigures {
  /** Name of the area range. */
  readonly area: AreaRange["name"];
  /** Average precision, mean over the ten thresholds. */
  readonly AP: number;
  /** Average precision at OKS 0.50. */
  readonly AP50: number;
  /** Average precision at OKS 0.75. */
  readonly AP75: number;
  /** Average recall, mean over the ten thresholds. */
  readonly AR: number;
  /** Recall at OKS 0.50. */
  readonly AR50: number;
  /** Recall at OKS 0.75. */
  readonly AR75: number;
}

/**
 * The breakdown by size: AP and AR of the three area ranges, also at one threshold, which the ten figures have for
 * people of all areas only.
 *
 * @param evaluation From {@linkcode evaluateKeypoints}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluateKeypoints, figuresBySize } from "ae";
 *
 * const keypoints = Array.from({ length: 51 }, () => 2);
 * const record = { image_id: 1, category_id: 1, keypoints };
 * const evaluation = evaluateKeypoints(
 *   { images: [{ id: 1 }], annotations: [{ ...record, id: 1, bbox: [0, 0, 4, 4], area: 2000 }] },
 *   [{ ...record, score: 1 }],
 * );
 * const [all, medium, large] = figuresBySize(evaluation);
 * assert.equal(medium.AR75, 1);
 * assert.deepEqual([all.area, large.AP50], ["all", -1]); // nobody is large
 * ```
 */
export function figuresBySize({ precision, recall }: KeypointEvaluation): SizeFigures[] {
  const [T, R, A] = [OKS_THRESHOLDS.length, RECALL_GRID.length, AREA_RANGES.length];
  const every = OKS_THRESHOLDS.map((_, t) => t);
  return AREA_RANGES.map(({ name }, a) => {
    const AP = (thresholds: readonly number[]) =>
      meanOfDefined(
        thresholds.flatMap((t) => RECALL_GRID.map((_, r) => precision[(t * R + r) * A + a])),
      );
    const AR = (thresholds: readonly number[]) =>
      meanOfDefined(thresholds.map((t) => recall[t * A + a]));
    const [t50, t75] = [[0], [T / 2]]; // places of 0.50 and 0.75
    return {
      area: name,
      AP: AP(every),
      AP50: AP(t50),
      AP75: AP(t75),
      AR: AR(every),
      AR50: AR(t50),
      AR75: AR(t75),
    };
  });
}

/** How one image went, in four numbers: for galleries that show failures first. */
export interface ImageSummary {
  /** People to be found: neither crowds nor without keypoints. */
  readonly people: number;
  /** Those of them that were found at OKS 0.50. */
  readonly found: number;
  /** Detections that found nobody at OKS 0.50. */
  readonly falsePositives: number;
  /** Mean over `people` of the OKS with which each was found, 0 for who was not; -1 without people. */
  readonly meanOks: number;
}

/**
 * Sum up one image at OKS 0.50, people of all areas.
 *
 * @param image One of {@linkcode KeypointEvaluation.images}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluateKeypoints, summarizeImage } from "ae";
 *
 * const keypoints = Array.from({ length: 51 }, () => 2);
 * const record = { image_id: 1, category_id: 1, keypoints };
 * const { images } = evaluateKeypoints(
 *   { images: [{ id: 1 }], annotations: [{ ...record, id: 1, bbox: [0, 0, 4, 4], area: 16 }] },
 *   [{ ...record, score: 1 }, { ...record, keypoints: keypoints.map((v) => v + 99), score: 0.5 }],
 * );
 * assert.deepEqual(summarizeImage(images[0]), {
 *   people: 1,
 *   found: 1,
 *   falsePositives: 1,
 *   meanOks: 1,
 * });
 * ```
 */
export function summarizeImage(image: ImageEvaluation): ImageSummary {
  const { ignored, oks } = image;
  const G = ignored.length;
  let found = 0;
  let falsePositives = 0;
  let sum = 0;
  matchesAt50(image).forEach((g, d) => {
    if (g < 0) falsePositives++;
    else if (!ignored[g]) {
      found++;
      sum += oks[d * G + g];
    }
  });
  const people = ignored.filter((flag) => !flag).length;
  return { people, found, falsePositives, meanOks: people > 0 ? sum / people : -1 };
}

/** The first row of the matches: threshold 0.50. */
function matchesAt50({ matches, detections }: ImageEvaluation): Int32Array {
  return matches.subarray(0, detections.length);
}

/** A detection with its record. */
interface FoundPerson extends Detection {
  readonly result: CocoResult;
}

/** A true person with its record; ignored if it is a crowd, or nothing is annotated. */
interface TruePerson extends Truth {
  readonly annotation: CocoAnnotation;
}

type PersonScene = Scene<FoundPerson, TruePerson>;

/** Check everything and sort it by image: ascending ids, detections by descending score. */
function prepare(
  truth: CocoTruth,
  results: readonly CocoResult[],
  options: EvaluationOptions,
): PersonScene[] {
  const { skeleton = COCO, categoryId = 1, maxDetections = 20 } = options;
  const { truth: truthName = "ground truth", results: resultsName = "results" } = options.names ??
    {};
  if (!Number.isInteger(maxDetections) || maxDetections < 1) {
    throw new RangeError(
      `evaluateKeypoints: maxDetections must be a whole number, 1 or more, not ${maxDetections}`,
    );
  }
  checkCocoTruth(truth, { skeleton, categoryId, name: truthName });
  checkCocoResults(results, { skeleton, categoryId, name: resultsName });
  const imageIds = imagesAsked("evaluateKeypoints", truth.images, options.imageIds, truthName);
  checkCategory(truth.annotations, categoryId, `${truthName}: none of the annotations`);
  checkCategory(results, categoryId, `${resultsName}: none of the results`);
  checkImageIds(truth.images, results, { truth: truthName, results: resultsName });

  const truths = truth.annotations.flatMap((annotation, index) => {
    if (annotation.category_id !== categoryId) return [];
    const crowd = Boolean(annotation.iscrowd);
    const ignored = crowd || annotatedKeypoints(annotation) === 0;
    const { image_id, area } = annotation;
    return [[image_id, { annotation, index, area, crowd, ignored }] as const];
  });
  const areaOf = detectionArea(results, resultsName);
  const detections = results.flatMap((result, index) => {
    if (result.category_id !== categoryId) return [];
    const { image_id, score } = result;
    return [[image_id, { result, index, score, area: areaOf(result) }] as const];
  });
  return scenesOf(imageIds, detections, truths, maxDetections);
}

/** Refuse records that are all of other categories: every figure would silently be 0 or -1. */
function checkCategory(
  records: readonly { readonly category_id: number }[],
  categoryId: number,
  start: string,
): void {
  if (records.length === 0 || records.some((record) => record.category_id === categoryId)) return;
  throw new InputError(
    `${start} has category_id ${categoryId}\n  help: the first has ${records[0].category_id}; ` +
      "give its number as categoryId",
  );
}

function annotatedKeypoints({ num_keypoints, keypoints }: CocoAnnotation): number {
  return num_keypoints ?? keypoints.filter((value, i) => i % 3 === 2 && value > 0).length;
}

/** How to measure a detection's area; pycocotools decides by the first one. */
function detectionArea(
  results: readonly CocoResult[],
  name: string,
): (result: CocoResult) => number {
  const first = results[0];
  if (first?.bbox?.length) return ({ bbox }) => bbox![2] * bbox![3];
  if (first && "segmentation" in first) {
    throw new InputError(
      `${name}: results[0] has a segmentation but no bbox to take the person's area from\n` +
        "  help: remove segmentation from keypoint results, or add bbox",
    );
  }
  return ({ keypoints }) => {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < keypoints.length; i += 3) {
      left = Math.min(left, keypoints[i]);
      right = Math.max(right, keypoints[i]);
      top = Math.min(top, keypoints[i + 1]);
      bottom = Math.max(bottom, keypoints[i + 1]);
    }
    return (right - left) * (bottom - top);
  };
}

/** The evaluation itself, with the keypoints in `which` only: match per image, then add up. */
function evaluate(
  scenes: readonly PersonScene[],
  sigmas: readonly number[],
  which: readonly number[],
  areas: readonly AreaRange[],
): KeypointEvaluation {
  const compared = scenes.map((scene) => {
    return { ...scene, similarity: oksTable(scene, sigmas, which) };
  });
  const order = ranking(scenes);
  const matched = areas.map((area) => matchScenes(compared, area));
  const curves = matched.map((ofArea) => curvesOf(ofArea, order));

  const [T, R, A] = [OKS_THRESHOLDS.length, RECALL_GRID.length, areas.length];
  const precision = new Float64Array(T * R * A);
  const recall = new Float64Array(T * A);
  curves.forEach((ofArea, a) =>
    ofArea.forEach((curve, t) => {
      curve.precision.forEach((value, r) => precision[(t * R + r) * A + a] = value);
      recall[t * A + a] = curve.recall;
    })
  );
  const images = compared.map(({ imageId, detections, truths, similarity }, i) => ({
    imageId,
    detections: detections.map(({ index }) => index),
    truths: truths.map(({ index }) => index),
    ignored: truths.map(({ ignored }) => ignored),
    oks: similarity,
    matches: matched[0].matches[i],
  }));
  return { statistics: statistics(curves), precision, recall, images };
}

/** Row-major `[D, G]`. */
function oksTable(
  { detections, truths }: PersonScene,
  sigmas: readonly number[],
  which: readonly number[],
): Float64Array<ArrayBuffer> {
  const G = truths.length;
  const table = new Float64Array(detections.length * G);
  detections.forEach(({ result }, d) => {
    truths.forEach(({ annotation }, g) => {
      table[d * G + g] = oksOfKeypoints(result.keypoints, annotation, sigmas, which);
    });
  });
  return table;
}

/** The ten figures from the curves `[A][T]`; -1 for area ranges that were left out. */
function statistics(curves: readonly (readonly PrecisionRecall[])[]): KeypointStatistics {
  const [ALL, MEDIUM, LARGE] = [0, 1, 2]; // places in AREA_RANGES
  const [T50, T75] = [0, 5]; //              places in OKS_THRESHOLDS
  const AP = (a: number, t?: number) => meanPrecision(select(curves, a, t));
  const AR = (a: number, t?: number) => meanRecall(select(curves, a, t));
  return {
    AP: AP(ALL),
    AP50: AP(ALL, T50),
    AP75: AP(ALL, T75),
    AP_M: AP(MEDIUM),
    AP_L: AP(LARGE),
    AR: AR(ALL),
    AR50: AR(ALL, T50),
    AR75: AR(ALL, T75),
    AR_M: AR(MEDIUM),
    AR_L: AR(LARGE),
  };
}

/** The curves of one area range, at one threshold or at all. */
function select(
  curves: readonly (readonly PrecisionRecall[])[],
  a: number,
  t?: number,
): readonly PrecisionRecall[] {
  const ofArea = curves[a] ?? [];
  return t === undefined ? ofArea : ofArea.slice(t, t + 1);
}
