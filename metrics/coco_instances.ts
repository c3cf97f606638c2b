/**
 * COCO's evaluation of masks and of boxes: the twelve figures by which instance segmentation and detection are
 * compared.
 *
 *     AP, AP50, AP75      mean over ten overlaps .50 .55 ... .95, at .50, at .75
 *     AP_S, AP_M, AP_L    of things below 32^2, of 32^2 to 96^2, above 96^2 square pixels
 *     AR1, AR10, AR100    recall reached with the best 1, 10, 100 detections of a class in an image
 *     AR_S, AR_M, AR_L    of small, medium and large things, with 100
 *
 * Everything is done class by class, and the figures are means over the classes of which there is something to find.
 * Likeness is intersection over union of masks or boxes ({@linkcode maskOverlaps}, {@linkcode boxOverlaps}), for a
 * crowd the share of the detection that lies in it. The numbers equal pycocotools' `COCOeval(..., "segm")` and
 * `"bbox"` (tested to 1e-12), and so do these rules:
 *
 * - Crowds are ignored: need not be found, may be found many times, and excuse who finds them.
 * - A true thing's area is what the annotation says, a detection's is that of its `bbox` if the *first* result
 *   has one, else that of its mask, also where boxes are compared.
 * - Where boxes are compared and results have none, theirs are those around their masks.
 * - -1 means undefined: there is nothing to find in this range.
 *
 * | case                                      | pycocotools          | here              |
 * | ----------------------------------------- | -------------------- | ----------------- |
 * | annotation with id 0                      | silently never found | InputError        |
 * | a result of a category that is not listed | silently left out    | InputError        |
 * | an empty list of results                  | crash                | nothing was found |
 * | an `ignore` field in the file             | overwritten          | not read          |
 *
 * Source: pycocotools `cocoeval.py` and `coco.py`; cocodataset.org, "Detection evaluation".
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { type Box, boxOverlaps, maskOverlaps } from "../image/overlap.ts";
import { checkedRuns, type RunCounts, runLengthArea, runLengthBox } from "../image/run_length.ts";
import {
  checkCocoInstanceResults,
  checkCocoInstanceTruth,
  type CocoInstanceAnnotation,
  type CocoInstanceResult,
  type CocoInstanceTruth,
  type InstanceShape,
  segmentationRunLengths,
} from "../instance/coco_records.ts";
import type { PrecisionRecall } from "./average_precision.ts";
import {
  checkImageIds,
  curvesOf,
  type Detection,
  imagesAsked,
  matchScenes,
  meanPrecision,
  meanRecall,
  type Names,
  ranking,
  type Scene,
  scenesOf,
  type Truth,
} from "./coco_evaluation.ts";

/** COCO's area ranges for things: all, small, medium, large. */
const AREAS = [
  { least: 0, most: 1e10 },
  { least: 0, most: 32 ** 2 },
  { least: 32 ** 2, most: 96 ** 2 },
  { least: 96 ** 2, most: 1e10 },
];

/** How many detections of a class count in an image: for AR1, for AR10, and for everything else. */
const MOST = [1, 10, 100];

/** The twelve figures, 0 to 1; -1 where there is nothing to find. In COCO's order. */
export interface InstanceStatistics {
  /** Average precision, mean over the ten thresholds. */
  readonly AP: number;
  /** Average precision at overlap 0.50. */
  readonly AP50: number;
  /** Average precision at overlap 0.75. */
  readonly AP75: number;
  /** AP over things of up to 32^2 square pixels. */
  readonly AP_S: number;
  /** AP over things of 32^2 to 96^2 square pixels. */
  readonly AP_M: number;
  /** AP over things of 96^2 square pixels and more. */
  readonly AP_L: number;
  /** Average recall with the best detection of each class in an image. */
  readonly AR1: number;
  /** Average recall with the best 10. */
  readonly AR10: number;
  /** Average recall with the best 100. */
  readonly AR100: number;
  /** AR over small things. */
  readonly AR_S: number;
  /** AR over medium things. */
  readonly AR_M: number;
  /** AR over large things. */
  readonly AR_L: number;
}

/** The figures of one class alone. */
export interface ClassFigures {
  /** The class's `category_id`. */
  readonly categoryId: number;
  /** What its things are called. */
  readonly name: string;
  /** How many there are to find. */
  readonly wanted: number;
  /** Its twelve figures. */
  readonly statistics: InstanceStatistics;
}

/** All that evaluation finds out. */
export interface InstanceEvaluation {
  /** The twelve figures. */
  readonly statistics: InstanceStatistics;
  /** One entry per class, by ascending id. */
  readonly byClass: readonly ClassFigures[];
  /** How many images were evaluated. */
  readonly images: number;
}

/** What to evaluate. */
export interface InstanceEvaluationOptions {
  /** Compare masks or boxes. @default {"masks"} */
  readonly shape?: InstanceShape;
  /** Only these images; an image without detections counts like any other. @default every image */
  readonly imageIds?: readonly number[];
  /** Only these classes; those of others are not looked at. @default every category of the file */
  readonly categoryIds?: readonly number[];
  /** What error messages call the two lists: the files' paths. */
  readonly names?: { readonly truth?: string; readonly results?: string };
}

/**
 * Evaluate found things against annotated ones by COCO's rules (listed at the top of the file).
 *
 * @param truth Annotations, in the form of a COCO instance file.
 * @param results Found things, in the form of a COCO results file, in any order.
 * @throws {InputError} If a record is malformed (see {@linkcode checkCocoInstanceTruth} and
 *   {@linkcode checkCocoInstanceResults}), there are no images or categories, or a result, `imageIds` or `categoryIds`
 *   names an image or a category that the truth does not list, or a result's mask has another size than its image.
 * @throws {RangeError} If `imageIds` or `categoryIds` is empty.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluateInstances } from "ae";
 *
 * const box = (id: number, x: number) => ({
 *   id, image_id: 1, category_id: 1, bbox: [x, 0, 10, 10], area: 100,
 *   segmentation: [[x, 0, x + 10, 0, x + 10, 10, x, 10]],
 * });
 * const truth = {
 *   images: [{ id: 1, width: 64, height: 64 }],
 *   categories: [{ id: 1, name: "box" }],
 *   annotations: [box(1, 5), box(2, 40)],
 * };
 * const found = { image_id: 1, category_id: 1, score: 0.9, bbox: [5, 0, 10, 9] }; // overlap 0.9
 * const { statistics } = evaluateInstances(truth, [found], { shape: "boxes" });
 * assert.equal(statistics.AR1, 0.45); // one of two, at nine of ten thresholds
 * assert.ok(Math.abs(statistics.AP50 - 51 / 101) < 1e-12);
 * assert.equal(statistics.AP_L, -1); // nothing is large
 * ```
 */
export function evaluateInstances(
  truth: CocoInstanceTruth,
  results: readonly CocoInstanceResult[],
  options: InstanceEvaluationOptions = {},
): InstanceEvaluation {
  const { shape = "masks" } = options;
  const names = { truth: "ground truth", results: "results", ...options.names };
  checkCocoInstanceTruth(truth, { shape, name: names.truth });
  checkCocoInstanceResults(results, { shape, name: names.results });
  checkImageIds(truth.images, results, names);
  const imageIds = imagesAsked("evaluateInstances", truth.images, options.imageIds, names.truth);
  checkCategories(truth, results, names);

  const things = thingsOf(truth, results, names, shape);
  const classes = categoriesAsked(truth, options.categoryIds, names.truth).map((category) => {
    const scenes = scenesOf(
      imageIds,
      things.detections.get(category.id) ?? [],
      things.truths.get(category.id) ?? [],
      Math.max(...MOST),
    );
    return { category, ...curvesOfClass(scenes, shape) };
  });
  return {
    statistics: statistics(classes.map(({ curves }) => curves)),
    byClass: classes.map(({ category: { id, name }, wanted, curves }) => {
      return { categoryId: id, name, wanted, statistics: statistics([curves]) };
    }),
    images: new Set(imageIds).size,
  };
}

/** A detected thing: what of it is compared is a box or run lengths. */
interface FoundThing extends Detection {
  readonly outline: Box | RunCounts;
}

/** A true thing. */
interface TrueThing extends Truth {
  readonly outline: Box | RunCounts;
}

/** By `category_id`: things with their images' ids. */
type ByCategory<T> = Map<number, (readonly [imageId: number, thing: T])[]>;

function thingsOf(
  truth: CocoInstanceTruth,
  results: readonly CocoInstanceResult[],
  names: Names,
  shape: InstanceShape,
): { detections: ByCategory<FoundThing>; truths: ByCategory<TrueThing> } {
  const sizes = new Map(truth.images.map(({ id, width, height }) => [id, { width, height }]));
  const outlineOf = (annotation: CocoInstanceAnnotation) => {
    if (shape === "boxes") return annotation.bbox as unknown as Box;
    const { width, height } = sizes.get(annotation.image_id)!; // the check has seen to them
    return segmentationRunLengths(annotation.segmentation!, width!, height!);
  };
  const truths: ByCategory<TrueThing> = Map.groupBy(
    truth.annotations.map((annotation, index) => {
      const { image_id, area } = annotation;
      const crowd = Boolean(annotation.iscrowd);
      const thing = { index, area, crowd, ignored: crowd, outline: outlineOf(annotation) };
      return [image_id, thing] as const;
    }),
    ([, { index }]) => truth.annotations[index].category_id,
  );
  const detections: ByCategory<FoundThing> = Map.groupBy(
    results.map((result, index) => {
      const { image_id, score, segmentation, bbox } = result;
      const runs = segmentation && checkedRuns("evaluateInstances", segmentation);
      const size = sizes.get(image_id)!;
      const fits = !runs || shape === "boxes" ||
        (runs.size[0] === size.height && runs.size[1] === size.width);
      if (!fits) {
        throw new InputError(
          `${names.results}: results[${index}].segmentation.size is [${runs.size.join(", ")}], ` +
            `but image ${image_id} is [${size.height}, ${size.width}] in ${names.truth}`,
        );
      }
      const own = bbox?.length ? bbox as unknown as Box : undefined;
      const area = own ? own[2] * own[3] : runLengthArea(runs!);
      const outline = shape === "masks" ? runs! : own ?? runLengthBox(runs!);
      return [image_id, { index, score, area, outline }] as const;
    }),
    ([, { index }]) => results[index].category_id,
  );
  return { detections, truths };
}

/** Refuse results of categories that the truth does not list: they would silently not count. */
function checkCategories(
  { categories }: CocoInstanceTruth,
  results: readonly CocoInstanceResult[],
  names: Names,
): void {
  const known = new Set(categories.map(({ id }) => id));
  const wrong = results.findIndex(({ category_id }) => !known.has(category_id));
  if (wrong < 0) return;
  throw new InputError(
    `${names.results}: results[${wrong}].category_id is ${results[wrong].category_id}, ` +
      `which is none of the ${known.size} categories of ${names.truth}`,
  );
}

/** The categories to evaluate, by ascending id. */
function categoriesAsked(
  { categories }: CocoInstanceTruth,
  asked: readonly number[] | undefined,
  name: string,
): CocoInstanceTruth["categories"] {
  if (categories.length === 0) throw new InputError(`${name}: there are no categories`);
  if (asked?.length === 0) {
    throw new RangeError(
      "evaluateInstances: categoryIds is an empty list; leave it out for all categories",
    );
  }
  const missing = asked?.find((wanted) => categories.every(({ id }) => id !== wanted));
  if (missing !== undefined) {
    throw new InputError(`${name}: categoryIds asks for category ${missing}, not in it`);
  }
  return categories.filter(({ id }) => asked?.includes(id) ?? true).sort((a, b) => a.id - b.id);
}

/** The curves that the figures are made of, `[T]` each. */
interface ClassCurves {
  /** All areas, small, medium, large, with 100 detections. */
  readonly byArea: readonly (readonly PrecisionRecall[])[];
  /** All areas, with 1, 10, 100 detections. */
  readonly byMost: readonly (readonly PrecisionRecall[])[];
}

/** One class, matched and added up over all images. */
function curvesOfClass(
  scenes: readonly Scene<FoundThing, TrueThing>[],
  shape: InstanceShape,
): { readonly wanted: number; readonly curves: ClassCurves } {
  const compared = scenes.filter(({ detections, truths }) => detections.length + truths.length > 0)
    .map((scene) => ({ ...scene, similarity: overlapsOf(scene, shape) }));
  const orders = MOST.map((most) => ranking(compared, most));
  const matched = AREAS.map((area) => matchScenes(compared, area));
  const [all] = matched;
  const curves = {
    byArea: matched.map((ofArea) => curvesOf(ofArea, orders[MOST.length - 1])),
    byMost: orders.map((order) => curvesOf(all, order)),
  };
  return { wanted: all.wanted, curves };
}

function overlapsOf(
  { detections, truths }: Scene<FoundThing, TrueThing>,
  shape: InstanceShape,
): Float64Array<ArrayBuffer> {
  const crowds = truths.map(({ crowd }) => crowd);
  const [found, wanted] = [detections, truths].map((things) =>
    things.map(({ outline }) => outline)
  );
  return shape === "masks"
    ? maskOverlaps(found as RunCounts[], wanted as RunCounts[], crowds)
    : boxOverlaps(found as Box[], wanted as Box[], crowds);
}

/** The twelve figures of some classes together. */
function statistics(classes: readonly ClassCurves[]): InstanceStatistics {
  const [ALL, SMALL, MEDIUM, LARGE] = [0, 1, 2, 3]; // places in AREAS
  const [T50, T75] = [0, 5]; //                        places in COCO_THRESHOLDS
  const precisionOf = (area: number, t?: number) =>
    meanPrecision(
      classes.flatMap(({ byArea }) => t === undefined ? byArea[area] : byArea[area][t]),
    );
  const recallOf = (most: number) => meanRecall(classes.flatMap(({ byMost }) => byMost[most]));
  const recallIn = (area: number) => meanRecall(classes.flatMap(({ byArea }) => byArea[area]));
  return {
    AP: precisionOf(ALL),
    AP50: precisionOf(ALL, T50),
    AP75: precisionOf(ALL, T75),
    AP_S: precisionOf(SMALL),
    AP_M: precisionOf(MEDIUM),
    AP_L: precisionOf(LARGE),
    AR1: recallOf(0),
    AR10: recallOf(1),
    AR100: recallOf(2),
    AR_S: recallIn(SMALL),
    AR_M: recallIn(MEDIUM),
    AR_L: recallIn(LARGE),
  };
}
