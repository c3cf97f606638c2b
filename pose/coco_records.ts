/**
 * The records of COCO's keypoint files, as they stand in the JSON: annotations (the truth) and results
 * (what a method found). Field names are COCO's own, so a parsed file *is* a value of these types, once
 * {@linkcode checkCocoTruth} or {@linkcode checkCocoResults} has looked at it.
 *
 *     truth     { images: [{ id }], annotations: [{ id, image_id, category_id, keypoints, bbox, area, ... }] }
 *     results   [{ image_id, category_id, keypoints, score, bbox? }]
 *
 * `keypoints` is a flat list of K triples: x, y, visibility in the truth; x, y and anything (COCO's
 * own examples write 1, some write a score) in results. Coordinates are image pixels.
 *
 * Format: cocodataset.org, "Data format" and "Results format". Two fields that pycocotools insists on
 * may be missing here, because their value is evident:
 *
 * | field           | when it is missing                          |
 * | --------------- | ------------------------------------------- |
 * | `iscrowd`       | 0                                           |
 * | `num_keypoints` | the number of keypoints with visibility > 0 |
 *
 * @module
 */
import {
  checkAnnotationFile,
  checkNumbers,
  checkRegion,
  type Failure,
  failure,
  finiteNumber,
  hasBox,
  isRecord,
  kind,
  wholeNumber,
} from "./record_checks.ts";
import { COCO, type Skeleton } from "./skeleton.ts";

/** One photograph. Only `id` is needed for evaluation. */
export interface CocoImage {
  /** Unique whole number. */
  readonly id: number;
  /** File name inside the image folder. */
  readonly file_name?: string;
  /** Columns, in pixels. */
  readonly width?: number;
  /** Rows, in pixels. */
  readonly height?: number;
}

/** One annotated person, or one region of a crowd. */
export interface CocoAnnotation {
  /** Unique whole number, 1 or more. */
  readonly id: number;
  /** The image it is in. */
  readonly image_id: number;
  /** 1 is a person. */
  readonly category_id: number;
  /** K triples x, y, visibility (0 not annotated, 1 occluded, 2 visible). */
  readonly keypoints: readonly number[];
  /** How many keypoints have visibility > 0; people with 0 are not looked for. */
  readonly num_keypoints?: number;
  /** `[x, y, width, height]` in image pixels. */
  readonly bbox: readonly number[];
  /** Area of the person's mask in square pixels: the scale of OKS. */
  readonly area: number;
  /** 1 for a region of many people, which are not looked for one by one. */
  readonly iscrowd?: number | boolean;
}

/** A keypoint annotation file. */
export interface CocoTruth {
  /** Every image, also those without people. */
  readonly images: readonly CocoImage[];
  /** The people of all images, in any order. */
  readonly annotations: readonly CocoAnnotation[];
}

/** One found person: one entry of a results file. */
export interface CocoResult {
  /** The image it was found in. */
  readonly image_id: number;
  /** 1 is a person. */
  readonly category_id: number;
  /** K triples x, y, and a third number that evaluation does not read. */
  readonly keypoints: readonly number[];
  /** Confidence; only its order among all results matters. */
  readonly score: number;
  /** `[x, y, width, height]`; all results have one or none has. */
  readonly bbox?: readonly number[];
}

/** How to check records. */
export interface CocoRecordOptions {
  /** Whose keypoints are expected. @default {COCO} */
  readonly skeleton?: Skeleton;
  /** Records of this category are checked, others are not looked at. @default {1} */
  readonly categoryId?: number;
  /** What error messages call the records: the file's path. */
  readonly name?: string;
}

/**
 * Check that a parsed annotation file has everything that keypoint evaluation needs, and give it back
 * with its type.
 *
 * Required of the file: `images` with unique whole ids, `annotations` with unique ids of 1 or more (the
 * official tool reads id 0 as "not matched" and silently counts such a person as missed) and with the
 * `image_id` of a listed image. Required of every person: 3K finite keypoint numbers, every third a
 * visibility of 0, 1 or 2, a `bbox` of four, an `area` of 0 or more.
 *
 * @param parsed What `JSON.parse` returned.
 * @returns The same object.
 * @throws {InputError} At the first thing that is wrong, naming its place, e.g.
 *   `annotations[3].keypoints has 48 numbers, 51 expected`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkCocoTruth } from "ae";
 *
 * const person = { id: 1, image_id: 7, category_id: 1, bbox: [0, 0, 9, 9], area: 81 };
 * const file = { images: [{ id: 7 }], annotations: [{ ...person, keypoints: Array(48).fill(0) }] };
 * assert.throws(
 *   () => checkCocoTruth(file, { name: "mine.json" }),
 *   /^InputError: mine.json: annotations\[0\].keypoints has 48 numbers, 51 expected/,
 * );
 * ```
 */
export function checkCocoTruth(parsed: unknown, options: CocoRecordOptions = {}): CocoTruth {
  const { skeleton = COCO, categoryId = 1, name = "ground truth" } = options;
  const fail = failure(name);
  checkAnnotationFile(parsed, fail, (annotation, place) => {
    if (annotation.category_id === categoryId) checkPerson(annotation, place, skeleton, fail);
  });
  return parsed as unknown as CocoTruth;
}

/** The part of {@linkcode checkCocoTruth} that looks inside one person. */
function checkPerson(
  annotation: Record<string, unknown>,
  place: string,
  skeleton: Skeleton,
  fail: Failure,
): void {
  if (annotation.keypoints === undefined) {
    throw fail(
      `${place} has no keypoints`,
      "COCO keeps them in the person_keypoints files, not in the instances files",
    );
  }
  const keypoints = checkKeypoints(annotation.keypoints, `${place}.keypoints`, skeleton, fail);
  const wrong = keypoints.findIndex((value, i) => i % 3 === 2 && ![0, 1, 2].includes(value));
  if (wrong >= 0) {
    throw fail(
      `${place}.keypoints[${wrong}] is ${keypoints[wrong]}, a visibility of 0, 1 or 2 expected`,
    );
  }
  checkRegion(annotation, place, fail);
  const { num_keypoints: count } = annotation;
  if (count !== undefined && wholeNumber(count, `${place}.num_keypoints`, fail) < 0) {
    throw fail(`${place}.num_keypoints is ${count}, a number of keypoints is 0 or more`);
  }
}

/**
 * Check that a parsed results file has everything that keypoint evaluation needs, and give it back with
 * its type: a list of records with whole `image_id` and `category_id`, a finite `score`, 3K finite
 * keypoint numbers, and a `bbox` of four if the first record has one. An empty list is fine: nothing was
 * found. Whether the image ids exist only the evaluation can tell.
 *
 * @param parsed What `JSON.parse` returned.
 * @returns The same list.
 * @throws {InputError} At the first thing that is wrong, naming its place, e.g.
 *   `results[7].score is null, not a finite number`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkCocoResults } from "ae";
 *
 * const found = { image_id: 7, category_id: 1, keypoints: Array(51).fill(0), score: NaN };
 * assert.throws(
 *   () => checkCocoResults([found], { name: "found.json" }),
 *   /^InputError: found.json: results\[0\].score is NaN, not a finite number/,
 * );
 * ```
 */
export function checkCocoResults(
  parsed: unknown,
  options: CocoRecordOptions = {},
): readonly CocoResult[] {
  const { skeleton = COCO, categoryId = 1, name = "results" } = options;
  const fail = failure(name);
  if (!Array.isArray(parsed)) throw fail(`expected a list of results, found ${kind(parsed)}`);
  const boxed = hasBox(parsed[0]);
  parsed.forEach((result: unknown, i) => {
    const place = `results[${i}]`;
    if (!isRecord(result)) throw fail(`${place} should be an object, it is ${kind(result)}`);
    wholeNumber(result.image_id, `${place}.image_id`, fail);
    if (wholeNumber(result.category_id, `${place}.category_id`, fail) !== categoryId) return;
    finiteNumber(result.score, `${place}.score`, fail);
    if (result.keypoints === undefined) throw fail(`${place} has no keypoints`);
    checkKeypoints(result.keypoints, `${place}.keypoints`, skeleton, fail);
    if (!boxed) return;
    if (!hasBox(result)) {
      throw fail(`${place} has no bbox but results[0] has one`, "give every result a bbox or none");
    }
    checkNumbers(result.bbox, 4, `${place}.bbox`, fail);
  });
  return parsed as readonly CocoResult[];
}

function checkKeypoints(
  value: unknown,
  place: string,
  skeleton: Skeleton,
  fail: Failure,
): readonly number[] {
  const count = skeleton.keypoints.length;
  return checkNumbers(
    value,
    3 * count,
    place,
    fail,
    `skeleton "${skeleton.name}" has ${count} keypoints of three numbers each`,
  );
}
