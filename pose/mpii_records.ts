/**
 * MPII Human Pose's annotation: one record of images, people, head boxes and keypoints, called `RELEASE` in
 * the MATLAB file; as JSON it is the same record field for field.
 *
 *     annolist       images: { image: { name },
 *                      annorect: people: { x1, y1, x2, y2     the head's box,
 *                        annopoints: { point: [{ id 0 to 15, x, y, is_visible }] },
 *                        objpos: { x, y }, scale              about where, and height / 200 pixels } }
 *     img_train      1 for images whose labels are public
 *
 * Where the MATLAB file has one thing, JSON may have it alone or in a list of one. Everything but the images'
 * names may be missing: test images have no points, some people no head box. Coordinates are image pixels;
 * MATLAB's first pixel is 1, and like everybody who reads this file we leave that as it is.
 *
 * What is made of it where a person needs a box: that of the keypoints; without any, the square of the
 * person's height around `objpos`. The area is the box's: MPII has no masks and does not ask for areas.
 *
 * Source: human-pose.mpi-inf.mpg.de, "Annotation description".
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { type AnnotatedKeypoint, type AnnotatedPerson, boxAround } from "./person.ts";
import { MPII } from "./skeletons.ts";

/** MPII's unit of scale: a person of scale 1 is so many pixels tall. */
export const MPII_BODY = 200;

/** A person of MPII. */
export interface MpiiPerson extends AnnotatedPerson {
  /** Corners of the head's box, the measure of all distances; null where it is not annotated. */
  readonly headBox: readonly [x1: number, y1: number, x2: number, y2: number] | null;
  /** About the middle of the person, image pixels; null where it is not annotated. */
  readonly position: { readonly x: number; readonly y: number } | null;
  /** Height of the person over 200 pixels; null where it is not annotated. */
  readonly scale: number | null;
}

/** An image of MPII. */
export interface MpiiImage {
  /** Its place in `annolist`, from 1 as MATLAB counts. */
  readonly id: number;
  /** Name of the photograph's file. */
  readonly fileName: string;
  /** Whether its labels are public; those of test images are not in the file. */
  readonly train: boolean;
  /** Everybody annotated. */
  readonly people: readonly MpiiPerson[];
}

/** People who are evaluated together: some of those of an image. */
export interface MpiiGroup {
  /** {@linkcode MpiiImage.id}. */
  readonly imageId: number;
  /** Their places in the image's `people`, from 0. */
  readonly people: readonly number[];
}

/**
 * The images of an MPII annotation.
 *
 * @param parsed The record of a parsed JSON file or of a decoded MAT-file; with or without `RELEASE` around it.
 * @param name What to call it in errors: the file's path.
 * @throws {InputError} If there is no `annolist`, an image has no name, a number is none, a keypoint has an
 *   id that is not 0 to 15 or is there twice, or `img_train` is not as long as `annolist`; names the place.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { mpiiImages } from "ae";
 *
 * const person = {
 *   x1: 10, y1: 10, x2: 30, y2: 40, scale: 1, objpos: { x: 20, y: 80 },
 *   annopoints: { point: [{ id: 9, x: 20, y: 12, is_visible: 1 }] },
 * };
 * const file = { annolist: [{ image: { name: "1.jpg" }, annorect: [person] }] };
 * const [image] = mpiiImages(file, "mpii.json");
 * assert.deepEqual(image.people[0].keypoints[9], { x: 20, y: 12, visibility: 2 });
 * assert.deepEqual(image.people[0].headBox, [10, 10, 30, 40]);
 * ```
 */
export function mpiiImages(parsed: unknown, name: string): MpiiImage[] {
  const outer = fieldsOf(parsed);
  const { annolist, img_train } = fieldsOf(outer.RELEASE ?? outer);
  if (annolist === undefined) {
    throw new InputError(
      `${name}: has no annolist\n  help: MPII's annotation is mpii_human_pose_v1_u12_1.mat, or that as JSON`,
    );
  }
  const images = listOf(annolist);
  const train = img_train === undefined ? undefined : listOf(img_train);
  if (train && train.length !== images.length) {
    throw new InputError(
      `${name}: img_train has ${train.length} entries for ${images.length} images of annolist`,
    );
  }
  return images.map((value, i) => {
    const place = `${name}: annolist[${i}]`;
    const image = fieldsOf(value);
    const fileName = only(fieldsOf(only(image.image)).name);
    if (typeof fileName !== "string" || fileName === "") {
      throw new InputError(`${place}.image.name should be the name of a file`);
    }
    const people = listOf(image.annorect).map((rect, r) =>
      mpiiPerson(fieldsOf(rect), `${place}.annorect[${r}]`)
    );
    return {
      id: i + 1,
      fileName,
      train: train === undefined || only(train[i]) === 1,
      people,
    };
  });
}

/**
 * The groups of people that a parsed JSON file lists: `[{ "image": "1.jpg", "people": [1, 3] }, ...]`, people
 * counted from 1 as MATLAB counts.
 *
 * @param parsed What `JSON.parse` returned.
 * @param images The images that it speaks of.
 * @param name What to call it in errors: the file's path.
 * @throws {InputError} If it is no such list, names an image or person that is not there, or a group is empty or
 *   names a person twice.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { mpiiGroups, mpiiImages } from "ae";
 *
 * const file = { annolist: [{ image: { name: "1.jpg" }, annorect: [{ scale: 1 }, { scale: 2 }] }] };
 * const images = mpiiImages(file, "mpii.json");
 * const groups = mpiiGroups([{ image: "1.jpg", people: [1, 2] }], images, "groups.json");
 * assert.deepEqual(groups, [{ imageId: 1, people: [0, 1] }]);
 * ```
 */
export function mpiiGroups(
  parsed: unknown,
  images: readonly MpiiImage[],
  name: string,
): MpiiGroup[] {
  if (!Array.isArray(parsed) || parsed.length === 0) {
    throw new InputError(`${name}: a list of { image, people } expected`);
  }
  const byName = new Map(images.map((image) => [image.fileName, image]));
  return parsed.map((value, i) => {
    const { image: fileName, people } = fieldsOf(value);
    const image = byName.get(fileName as string);
    if (!image) {
      throw new InputError(`${name}: [${i}].image is ${JSON.stringify(fileName)}, not in annolist`);
    }
    if (!Array.isArray(people) || people.length === 0) {
      throw new InputError(`${name}: [${i}].people should be a list of numbers from 1`);
    }
    people.forEach((person, p) => {
      const problem = `${name}: [${i}].people names ${JSON.stringify(person)}`;
      if (!Number.isInteger(person) || image.people[person - 1] === undefined) {
        throw new InputError(
          `${problem}, ${image.fileName} has people 1 to ${image.people.length}`,
        );
      }
      if (people.indexOf(person) < p) throw new InputError(`${problem} for the second time`);
    });
    return { imageId: image.id, people: people.map((person) => person - 1) };
  });
}

function mpiiPerson(rect: Record<string, unknown>, place: string): MpiiPerson {
  const read = (field: string) => number(rect[field], `${place}.${field}`);
  const [x1, y1, x2, y2, scale] = [read("x1"), read("y1"), read("x2"), read("y2"), read("scale")];
  const objpos = fieldsOf(only(rect.objpos));
  const [x, y] = [number(objpos.x, `${place}.objpos.x`), number(objpos.y, `${place}.objpos.y`)];
  const position = x === null || y === null ? null : { x, y };
  const headBox = x1 === null || y1 === null || x2 === null || y2 === null
    ? null
    : [x1, y1, x2, y2] as const;

  const keypoints: AnnotatedKeypoint[] = MPII.keypoints.map(() => ({ x: 0, y: 0, visibility: 0 }));
  listOf(fieldsOf(only(rect.annopoints)).point).forEach((value, p) => {
    const point = fieldsOf(value);
    const at = `${place}.annopoints.point[${p}]`;
    const [id, px, py] = [point.id, point.x, point.y].map((part) => number(part, at));
    if (id === null || keypoints[id] === undefined) {
      throw new InputError(`${at}.id is ${id ?? "missing"}, a keypoint's number is 0 to 15`);
    }
    if (px === null || py === null) throw new InputError(`${at} has no x or no y`);
    if (keypoints[id].visibility > 0) throw new InputError(`${at}.id is ${id} for the second time`);
    const visible = Number(only(point.is_visible) ?? 0) === 1;
    keypoints[id] = { x: px, y: py, visibility: visible ? 2 : 1 };
  });

  const box = boxOf(keypoints.filter(({ visibility }) => visibility > 0), position, scale);
  return { keypoints, box, area: box[2] * box[3], crowd: false, headBox, position, scale };
}

function boxOf(
  points: readonly { readonly x: number; readonly y: number }[],
  position: MpiiPerson["position"],
  scale: number | null,
): AnnotatedPerson["box"] {
  const around = boxAround(points);
  if (around) return around;
  if (!position || scale === null) return [0, 0, 0, 0];
  const side = MPII_BODY * scale;
  return [position.x - side / 2, position.y - side / 2, side, side];
}

/** A value's fields; none where it is no record, as MATLAB writes a missing record as an empty list. */
function fieldsOf(value: unknown): Record<string, unknown> {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? value as Record<string, unknown> : {};
}

/** A list, or the list of one thing. */
function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** The thing in a list of one; undefined for an empty list. */
function only(value: unknown): unknown {
  return Array.isArray(value) && value.length <= 1 ? value[0] : value;
}

/** A finite number, or null where there is none. */
function number(value: unknown, place: string): number | null {
  const one = only(value);
  if (one === undefined || one === null) return null;
  if (typeof one === "number" && Number.isFinite(one)) return one;
  throw new InputError(`${place} is ${JSON.stringify(one)}, not a number`);
}
