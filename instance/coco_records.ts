/**
 * The records of COCO's instance files, as they stand in the JSON: annotations (the truth) and results (what a
 * method found). Field names are COCO's own, so a parsed file *is* a value of these types, once
 * {@linkcode checkCocoInstanceTruth} or {@linkcode checkCocoInstanceResults} has looked at it.
 *
 *     truth     { images: [{ id, width, height }], categories: [{ id, name }],
 *                 annotations: [{ id, image_id, category_id, segmentation, bbox, area, iscrowd }] }
 *     results   [{ image_id, category_id, score, segmentation and/or bbox }]
 *
 * A `segmentation` is a list of polygons (`[x0, y0, x1, y1, ...]`, united) or run lengths, `{ size, counts }`,
 * as a list or as text; results have run lengths only. Masks are rasterised by pycocotools' rule, see
 * {@linkcode polygonRunLengths}.
 *
 * | case                                 | pycocotools                        | here       |
 * | ------------------------------------ | ---------------------------------- | ---------- |
 * | `iscrowd` missing                    | crash                              | 0          |
 * | a `category_id` that is not listed   | record is never looked at          | InputError |
 * | masks asked for, results have boxes  | the boxes are taken for masks      | InputError |
 * | run lengths of another size          | the overlap is -1                  | InputError |
 *
 * Format: cocodataset.org, "Data format" and "Results format".
 *
 * @module
 */
import { checkTraceable, polygonRunLengths } from "../image/polygon.ts";
import {
  checkedRuns,
  decodeRunLengths,
  encodeRunLengths,
  formatRunLengths,
  type RunCounts,
  type RunLengths,
} from "../image/run_length.ts";
import type { CocoImage } from "../pose/coco_records.ts";
import {
  checkAnnotationFile,
  checkNumbers,
  checkRegion,
  type Failure,
  failure,
  finiteNumber,
  hasBox,
  isRecord,
  kind as kindOf,
  wholeNumber,
} from "../pose/record_checks.ts";
import type { AnnotatedInstance, DecodedInstance } from "./instance.ts";

/** Polygons, to be united, or run lengths. */
export type Segmentation = RunLengths | readonly (readonly number[])[];

/** One class of things. */
export interface CocoCategory {
  /** Unique whole number. */
  readonly id: number;
  /** What such things are called. */
  readonly name: string;
}

/** One annotated thing, or one region of a crowd of them. */
export interface CocoInstanceAnnotation {
  /** Unique whole number, 1 or more. */
  readonly id: number;
  /** The image it is in. */
  readonly image_id: number;
  /** Its class. */
  readonly category_id: number;
  /** Its pixels; may be missing where only boxes are asked for. */
  readonly segmentation?: Segmentation;
  /** `[x, y, width, height]` in image pixels. */
  readonly bbox: readonly number[];
  /** Area in square pixels: says what is small, medium and large. */
  readonly area: number;
  /** 1 for a region of many of the class that nobody took apart. */
  readonly iscrowd?: number | boolean;
}

/** An instance annotation file. */
export interface CocoInstanceTruth {
  /** Every image, also those with nothing in them. */
  readonly images: readonly CocoImage[];
  /** The things of all images, in any order. */
  readonly annotations: readonly CocoInstanceAnnotation[];
  /** The classes. */
  readonly categories: readonly CocoCategory[];
}

/** One found thing: one entry of a results file. */
export interface CocoInstanceResult {
  /** The image it was found in. */
  readonly image_id: number;
  /** Its class. */
  readonly category_id: number;
  /** Confidence; only its order among all results of the class matters. */
  readonly score: number;
  /** Its pixels. */
  readonly segmentation?: RunLengths;
  /** `[x, y, width, height]`; all results have one or none has. */
  readonly bbox?: readonly number[];
}

/** What of a thing is compared: its pixels or its box. */
export type InstanceShape = "masks" | "boxes";

/** How to check records. */
export interface CocoInstanceOptions {
  /** Whether masks are needed, or boxes will do. @default {"masks"} */
  readonly shape?: InstanceShape;
  /** What error messages call the records: the file's path. */
  readonly name?: string;
}

/**
 * Check that a parsed annotation file has everything that instances need, and give it back with its type.
 *
 * Required of the file: `images` with unique whole ids, `categories` with unique whole ids and names, `annotations`
 * with unique ids of 1 or more, of a listed image and category, with a `bbox` of four numbers and an `area` of 0 or
 * more; for masks also images with `width` and `height`, and a `segmentation` of the image's size.
 *
 * @param parsed What `JSON.parse` returned.
 * @returns The same object.
 * @throws {InputError} At the first thing that is wrong, naming its place.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkCocoInstanceTruth } from "ae";
 *
 * const dog = { id: 1, image_id: 7, category_id: 18, bbox: [0, 0, 9, 9], area: 81 };
 * const file = {
 *   images: [{ id: 7, width: 10, height: 10 }],
 *   categories: [{ id: 18, name: "dog" }],
 *   annotations: [{ ...dog, segmentation: [[0, 0, 9, 9]] }],
 * };
 * assert.throws(
 *   () => checkCocoInstanceTruth(file, { name: "mine.json" }),
 *   /^InputError: mine.json: annotations\[0\].segmentation\[0\] has 4 numbers, 6 or more and an even number/,
 * );
 * ```
 */
export function checkCocoInstanceTruth(
  parsed: unknown,
  { shape = "masks", name = "ground truth" }: CocoInstanceOptions = {},
): CocoInstanceTruth {
  const fail = failure(name);
  const categories = isRecord(parsed) ? checkCategories(parsed.categories, fail) : new Set();
  checkAnnotationFile(parsed, fail, (annotation, place, image) => {
    if (!categories.has(annotation.category_id)) {
      throw fail(
        `${place}.category_id is ${annotation.category_id}, which is not the id of any category`,
      );
    }
    checkRegion(annotation, place, fail);
    if (shape === "boxes") return;
    const { segmentation } = annotation;
    const size = imageSize(image, fail);
    if (Array.isArray(segmentation)) checkOutlines(segmentation, size, place, fail);
    else checkRunLengths(segmentation, size, place, fail);
  });
  const truth = parsed as CocoInstanceTruth;
  // Also those without annotations: what is found there must have their size.
  if (shape === "masks") { for (const image of truth.images) imageSize({ ...image }, fail); }
  return truth;
}

/** The ids of the categories. */
function checkCategories(categories: unknown, fail: Failure): Set<unknown> {
  if (!Array.isArray(categories)) {
    throw fail(`categories should be a list, it is ${kindOf(categories)}`);
  }
  const ids = new Set<unknown>();
  categories.forEach((category: unknown, i) => {
    const place = `categories[${i}]`;
    if (!isRecord(category)) throw fail(`${place} should be an object, it is ${kindOf(category)}`);
    const id = wholeNumber(category.id, `${place}.id`, fail);
    if (ids.has(id)) throw fail(`${place}.id is ${id}, which another category has already`);
    if (typeof category.name !== "string" || category.name === "") {
      throw fail(`${place}.name should be a text, it is ${kindOf(category.name)}`);
    }
    ids.add(id);
  });
  return ids;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function imageSize({ id, width, height }: Record<string, unknown>, fail: Failure): Size {
  for (const [field, side] of Object.entries({ width, height })) {
    if (wholeNumber(side, `${field} of image ${id}`, fail) < 1) {
      throw fail(`${field} of image ${id} is ${side}, 1 or more expected`);
    }
  }
  return { width: width as number, height: height as number };
}

function checkOutlines(polygons: unknown[], size: Size, annotation: string, fail: Failure): void {
  const place = `${annotation}.segmentation`;
  if (polygons.length === 0) throw fail(`${place} is empty, at least one polygon expected`);
  polygons.forEach((polygon, i) => {
    if (!Array.isArray(polygon)) {
      throw fail(`${place}[${i}] should be a list, it is ${kindOf(polygon)}`);
    }
    if (polygon.length < 6 || polygon.length % 2 === 1) {
      throw fail(
        `${place}[${i}] has ${polygon.length} numbers, 6 or more and an even number expected`,
      );
    }
    checkNumbers(polygon, polygon.length, `${place}[${i}]`, fail);
    inPlace(place, fail, () => checkTraceable("polygons", [polygon], size.width, size.height));
  });
}

function checkRunLengths(
  value: unknown,
  size: Size | undefined,
  record: string,
  fail: Failure,
): void {
  const place = `${record}.segmentation`;
  if (!isRecord(value)) {
    throw fail(`${place} should be polygons or { size, counts }, it is ${kindOf(value)}`);
  }
  const { size: own, counts } = value;
  checkNumbers(own, 2, `${place}.size`, fail);
  if (typeof counts !== "string" && !Array.isArray(counts)) {
    throw fail(`${place}.counts should be a list or a text, it is ${kindOf(counts)}`);
  }
  inPlace(place, fail, () => checkedRuns("run lengths", value as unknown as RunLengths));
  const [height, width] = own as number[];
  if (size && (height !== size.height || width !== size.width)) {
    throw fail(
      `${place}.size is [${height}, ${width}], but the image is [${size.height}, ${size.width}]`,
    );
  }
}

/** Say where what a function refuses stands in the file. */
function inPlace(place: string, fail: Failure, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw fail(`${place}: ${(error as Error).message}`);
  }
}

/**
 * Check that a parsed results file has everything that instances need, and give it back with its type: a list of records
 * with whole `image_id` and `category_id`, a finite `score`, for masks a `segmentation` as run lengths, for boxes a
 * `segmentation` or a `bbox`; a `bbox` of four if the first record has one. An empty list is fine: nothing was found.
 * Whether images and categories exist only the evaluation can tell.
 *
 * @param parsed What `JSON.parse` returned.
 * @returns The same list.
 * @throws {InputError} At the first thing that is wrong, naming its place.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkCocoInstanceResults } from "ae";
 *
 * const found = { image_id: 7, category_id: 1, score: 0.5, segmentation: { size: [2, 2], counts: [1, 1] } };
 * assert.throws(
 *   () => checkCocoInstanceResults([found], { name: "found.json" }),
 *   /^InputError: found.json: results\[0\].segmentation: run lengths: the counts add up to 2/,
 * );
 * ```
 */
export function checkCocoInstanceResults(
  parsed: unknown,
  { shape = "masks", name = "results" }: CocoInstanceOptions = {},
): readonly CocoInstanceResult[] {
  const fail = failure(name);
  if (!Array.isArray(parsed)) throw fail(`expected a list of results, found ${kindOf(parsed)}`);
  const boxed = hasBox(parsed[0]);
  parsed.forEach((result: unknown, i) => {
    const place = `results[${i}]`;
    if (!isRecord(result)) throw fail(`${place} should be an object, it is ${kindOf(result)}`);
    wholeNumber(result.image_id, `${place}.image_id`, fail);
    wholeNumber(result.category_id, `${place}.category_id`, fail);
    finiteNumber(result.score, `${place}.score`, fail);
    if (boxed !== hasBox(result)) {
      throw fail(
        `${place} has ${boxed ? "no" : "a"} bbox but results[0] has ${boxed ? "one" : "none"}`,
        "give every result a bbox or none",
      );
    }
    if (boxed) checkNumbers(result.bbox, 4, `${place}.bbox`, fail);
    if (result.segmentation !== undefined) {
      checkRunLengths(result.segmentation, undefined, place, fail);
    } else if (shape === "masks") {
      throw fail(`${place} has no segmentation`, "without masks evaluate boxes");
    } else if (!boxed) throw fail(`${place} has neither bbox nor segmentation`);
  });
  return parsed as readonly CocoInstanceResult[];
}

/**
 * A segmentation as run lengths of a picture's size; polygons by pycocotools' rule.
 *
 * @param width Columns of the picture.
 * @param height Rows of the picture.
 * @throws {RangeError} If polygons or run lengths are wrong, see {@linkcode polygonRunLengths} and
 * {@linkcode decodeRunLengths}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { segmentationRunLengths } from "ae";
 *
 * assert.deepEqual(segmentationRunLengths([[1, 0, 3, 0, 3, 2, 1, 2]], 4, 2).counts, [2, 4, 2]);
 * assert.deepEqual(segmentationRunLengths({ size: [4, 6], counts: "0h0" }, 6, 4).counts, [0, 24]);
 * ```
 */
export function segmentationRunLengths(
  segmentation: Segmentation,
  width: number,
  height: number,
): RunCounts {
  return "counts" in segmentation
    ? checkedRuns("segmentationRunLengths", segmentation)
    : polygonRunLengths(segmentation, width, height);
}

/** An annotated thing of a file, its mask not drawn yet: plain values, which can be sent to a worker. */
export interface InstanceRecord extends Omit<AnnotatedInstance, "mask"> {
  /** Its pixels. */
  readonly segmentation: Segmentation;
}

/**
 * The thing with its mask drawn, by pycocotools' rule.
 *
 * @param width Columns of the picture.
 * @param height Rows of the picture.
 * @throws {RangeError} As {@linkcode segmentationRunLengths}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { annotatedInstance } from "ae";
 *
 * const segmentation = [[1, 0, 3, 0, 3, 2, 1, 2]];
 * const rest = { classIndex: 0, box: [1, 0, 2, 2], area: 4, crowd: false } as const;
 * const { mask } = annotatedInstance({ ...rest, segmentation }, 4, 2);
 * assert.deepEqual([...mask.data], [0, 1, 1, 0, 0, 1, 1, 0]);
 * ```
 */
export function annotatedInstance(
  { segmentation, ...rest }: InstanceRecord,
  width: number,
  height: number,
): AnnotatedInstance {
  return { ...rest, mask: decodeRunLengths(segmentationRunLengths(segmentation, width, height)) };
}

/** A picture and its annotated things. */
export interface AnnotatedPicture {
  /** The picture's number. */
  readonly id: number;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** The things in it. */
  readonly instances: readonly AnnotatedInstance[];
}

/**
 * The COCO result records of one picture's decoded things. A thing without a pixel has no record.
 *
 * @param instances In image pixels.
 * @param imageId The image's id in the annotation file.
 * @param categoryIds The `category_id` of each class. @default {1 for class 0, 2 for class 1, ...}
 * @throws {RangeError} If `imageId` is not a whole number, or a class has no category.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { toCocoInstanceResults } from "ae";
 *
 * const mask = { width: 3, height: 1, data: new Uint8Array([0, 1, 1]) };
 * assert.deepEqual(toCocoInstanceResults([{ classIndex: 0, mask, score: 0.8, tag: [0] }], 7), [
 *   { image_id: 7, category_id: 1, score: 0.8, segmentation: { size: [1, 3], counts: "12" } },
 * ]);
 * ```
 */
export function toCocoInstanceResults(
  instances: readonly DecodedInstance[],
  imageId: number,
  categoryIds?: readonly number[],
): CocoInstanceResult[] {
  if (!Number.isInteger(imageId)) {
    throw new RangeError(`toCocoInstanceResults: imageId must be a whole number, not ${imageId}`);
  }
  return instances.filter(({ mask }) => mask.data.includes(1)).map(
    ({ classIndex, mask, score }) => ({
      image_id: imageId,
      category_id: categoryOf("toCocoInstanceResults", classIndex, categoryIds),
      score,
      segmentation: textRunLengths(encodeRunLengths(mask)),
    }),
  );
}

/**
 * Annotated things as a COCO annotation file has them: to measure by COCO's rules what has no such file, as scenes.
 *
 * @param pictures The pictures with their sizes and things.
 * @param classes Names of the classes; class c becomes category c + 1.
 * @throws {RangeError} If a thing's class is not in the list.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkCocoInstanceTruth, toCocoInstanceTruth } from "ae";
 * import { SCENE_CLASSES, sceneSource } from "ae/data";
 *
 * const { id, image: { width, height }, instances = [] } = await sceneSource({ seed: 1, size: 64 }).sample(0);
 * const truth = toCocoInstanceTruth([{ id, width, height, instances }], SCENE_CLASSES);
 * assert.equal(checkCocoInstanceTruth(truth).annotations.length, instances.length);
 * ```
 */
export function toCocoInstanceTruth(
  pictures: readonly AnnotatedPicture[],
  classes: readonly string[],
): CocoInstanceTruth {
  const categories = classes.map((name, c) => ({ id: c + 1, name }));
  const categoryIds = categories.map(({ id }) => id);
  let id = 0;
  return {
    images: pictures.map(({ id, width, height }) => ({ id, width, height })),
    categories,
    annotations: pictures.flatMap(({ id: imageId, instances }) =>
      instances.map(({ classIndex, mask, box, area, crowd }) => ({
        id: ++id,
        image_id: imageId,
        category_id: categoryOf("toCocoInstanceTruth", classIndex, categoryIds),
        segmentation: textRunLengths(encodeRunLengths(mask)),
        bbox: box,
        area,
        iscrowd: crowd ? 1 : 0,
      }))
    ),
  };
}

function categoryOf(op: string, classIndex: number, categoryIds?: readonly number[]): number {
  const id = categoryIds ? categoryIds[classIndex] : classIndex + 1;
  if (Number.isInteger(id)) return id;
  throw new RangeError(`${op}: class ${classIndex} has no category`);
}

function textRunLengths({ size, counts }: RunCounts): RunLengths {
  return { size, counts: formatRunLengths(counts) };
}
