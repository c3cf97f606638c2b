/**
 * What COCO's files of people and of instances have in common, checked: the form of the file, ids, numbers. Each check
 * says in which file and where in it something is wrong.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";

/** Makes the error for something wrong in one file. */
export type Failure = (problem: string, help?: string) => InputError;

/** Errors that begin with the name of the file. */
export function failure(name: string): Failure {
  return (problem, help) => new InputError(`${name}: ${problem}${help ? `\n  help: ${help}` : ""}`);
}

/**
 * The list, if it is one of so many finite numbers.
 *
 * @throws {InputError} If it is none.
 */
export function checkNumbers(
  value: unknown,
  count: number,
  place: string,
  fail: Failure,
  help?: string,
): readonly number[] {
  if (!Array.isArray(value)) throw fail(`${place} should be a list, it is ${kind(value)}`);
  if (value.length !== count) {
    throw fail(`${place} has ${value.length} numbers, ${count} expected`, help);
  }
  for (let i = 0; i < count; i++) {
    if (!Number.isFinite(value[i])) {
      throw fail(`${place}[${i}] is ${show(value[i])}, not a finite number`);
    }
  }
  return value;
}

/**
 * The value, if it is a finite number.
 *
 * @throws {InputError} If it is not.
 */
export function finiteNumber(value: unknown, place: string, fail: Failure): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw fail(`${place} is ${show(value)}, not a finite number`);
}

/**
 * The value, if it is a whole number.
 *
 * @throws {InputError} If it is not.
 */
export function wholeNumber(value: unknown, place: string, fail: Failure): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw fail(`${place} is ${show(value)}, not a whole number`);
}

/** Whether a value is an object with fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a value is, in words: for values too large to print. */
export function kind(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `the ${typeof value} ${show(value)}`;
}

/** A value as printed in a message, cut off when long. */
export function show(value: unknown): string {
  if (value === undefined) return "missing";
  const text = typeof value === "number" ? String(value) : JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

/**
 * Check an annotation file as far as its form goes: `images` with unique whole ids, `annotations` with unique ids of 1 or
 * more, each of a listed image and with a whole `category_id`; `check` looks at the rest of each annotation.
 *
 * @throws {InputError} At the first thing that is wrong.
 */
export function checkAnnotationFile(
  parsed: unknown,
  fail: Failure,
  check: (
    annotation: Record<string, unknown>,
    place: string,
    image: Record<string, unknown>,
  ) => void,
): void {
  if (!isRecord(parsed)) {
    throw fail(`expected an object with images and annotations, found ${kind(parsed)}`);
  }
  const { images, annotations } = parsed;
  if (!Array.isArray(images)) throw fail(`images should be a list, it is ${kind(images)}`);
  if (!Array.isArray(annotations)) {
    throw fail(`annotations should be a list, it is ${kind(annotations)}`);
  }

  const imageOf = new Map<number, Record<string, unknown>>();
  images.forEach((image: unknown, i) => {
    if (!isRecord(image)) throw fail(`images[${i}] should be an object, it is ${kind(image)}`);
    const id = wholeNumber(image.id, `images[${i}].id`, fail);
    if (imageOf.has(id)) throw fail(`images[${i}].id is ${id}, which another image has already`);
    imageOf.set(id, image);
  });

  const ids = new Set<number>();
  annotations.forEach((annotation: unknown, i) => {
    const place = `annotations[${i}]`;
    if (!isRecord(annotation)) {
      throw fail(`${place} should be an object, it is ${kind(annotation)}`);
    }
    const id = wholeNumber(annotation.id, `${place}.id`, fail);
    if (id < 1) throw fail(`${place}.id is ${id}, annotation ids start at 1`);
    if (ids.has(id)) throw fail(`${place}.id is ${id}, which another annotation has already`);
    ids.add(id);
    const imageId = wholeNumber(annotation.image_id, `${place}.image_id`, fail);
    const image = imageOf.get(imageId);
    if (!image) throw fail(`${place}.image_id is ${imageId}, which is not the id of any image`);
    wholeNumber(annotation.category_id, `${place}.category_id`, fail);
    check(annotation, place, image);
  });
}

/**
 * Check where an annotation is and how large: `bbox`, `area`, `iscrowd`.
 *
 * @throws {InputError} At the first thing that is wrong.
 */
export function checkRegion(
  { bbox, area, iscrowd }: Record<string, unknown>,
  place: string,
  fail: Failure,
): void {
  const [, , width, height] = checkNumbers(bbox, 4, `${place}.bbox`, fail);
  if (width < 0 || height < 0) {
    throw fail(
      `${place}.bbox is ${show(bbox)}, a width and a height are 0 or more`,
      "boxes are [x, y, width, height], not two corners",
    );
  }
  if (finiteNumber(area, `${place}.area`, fail) < 0) {
    throw fail(`${place}.area is ${area}, an area is 0 or more`);
  }
  if (iscrowd !== undefined && Number(iscrowd) !== 0 && Number(iscrowd) !== 1) {
    throw fail(`${place}.iscrowd is ${show(iscrowd)}, 0 or 1 expected`);
  }
}

/** Whether a result brings its own box; pycocotools reads an empty list as none. */
export function hasBox(result: unknown): boolean {
  if (!isRecord(result) || result.bbox === undefined || result.bbox === null) return false;
  return !(Array.isArray(result.bbox) && result.bbox.length === 0);
}
