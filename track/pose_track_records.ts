/**
 * PoseTrack's files, those of 2018 and later: COCO's form, one file a video, with a `track_id` at every person.
 *
 *     { images: [{ id, file_name, is_labeled, ignore_regions_x, ignore_regions_y, vid_id }],
 *       annotations: [{ image_id, track_id, keypoints: triples, bbox, bbox_head }],
 *       categories: [{ keypoints: names }] }
 *
 * Results are the same, with `scores` (one for each keypoint) in place of the boxes. The names say which triple is which
 * keypoint; the 15 of `POSETRACK` are kept, two ears that nobody annotated are not. A triple of three zeros is no
 * keypoint. Boxes are `[x, y, width, height]`; regions to ignore are polygons, their x and y in two lists.
 *
 * What is made of it where OKS needs an area: that of the box; without one, the box of the keypoints.
 *
 * | case                            | poseval, `convert.py`               | here                                |
 * | ------------------------------- | ----------------------------------- | ----------------------------------- |
 * | files of 2017                   | turned into those of 2018, and back | InputError                          |
 * | keypoints found without scores  | score -9999                         | score 1: tracking does not read it  |
 * | several videos in a file        | told apart by the folder of a file  | InputError                          |
 * | an identity twice in an image   | one of them, or an error later on   | InputError                          |
 *
 * Andriluka et al., "PoseTrack: A Benchmark for Human Pose Estimation and Tracking" (2018), arXiv:1710.10000; poseval,
 * `py/convert.py`.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { type AnnotatedKeypoint, boxAround, type DecodedKeypoint } from "../pose/person.ts";
import { POSETRACK } from "../pose/skeletons.ts";
import type { AnnotatedTrackPerson, TrackedPerson, TrackFrame } from "./track.ts";

/** The names that PoseTrack's own files list, in their order. */
const FILE_KEYPOINTS: readonly string[] = POSETRACK.keypoints.toSpliced(
  3,
  0,
  "left_ear",
  "right_ear",
);

/** A person of PoseTrack. */
export interface PoseTrackPerson extends AnnotatedTrackPerson {
  /** Corners of the head's box, the measure of all distances; null where it is not annotated. */
  readonly headBox: readonly [x1: number, y1: number, x2: number, y2: number] | null;
}

/** A frame of a PoseTrack video; its number is the image's id. */
export interface PoseTrackFrame extends TrackFrame<PoseTrackPerson> {
  /** Name of the picture's file. */
  readonly fileName: string;
  /** Whether people in it are annotated. */
  readonly labelled: boolean;
  /** Regions of people who are not annotated one by one, as polygons `[x0, y0, x1, y1, …]` in image pixels. */
  readonly ignored: readonly (readonly number[])[];
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The frames of an annotated video, sorted.
 *
 * @param parsed What `JSON.parse` returned.
 * @param name What to call it in errors: the file's path.
 * @throws {InputError} If a list is missing, an id is no whole number or is there twice, `track_id` is missing, names or
 *   numbers of keypoints do not fit, a number is none, a polygon has fewer than three points, or the file has several
 *   videos; names the place.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { POSETRACK, poseTrackTruth } from "ae";
 *
 * const person = { image_id: 7, track_id: 3, keypoints: Array(45).fill(1), bbox_head: [0, 0, 3, 4] };
 * const [frame] = poseTrackTruth({
 *   images: [{ id: 7, file_name: "7.jpg", is_labeled: true }],
 *   annotations: [person],
 *   categories: [{ keypoints: POSETRACK.keypoints }],
 * }, "video.json");
 * assert.deepEqual([frame.frame, frame.things[0].identity], [7, 3]);
 * assert.deepEqual(frame.things[0].headBox, [0, 0, 3, 4]);
 * ```
 */
export function poseTrackTruth(parsed: unknown, name: string): PoseTrackFrame[] {
  const { images, frames } = readVideo(parsed, name, annotatedPerson);
  return images.map(({ id, fields, place }) => {
    const { file_name, is_labeled } = fields;
    const things = frames.get(id)!;
    if (typeof file_name !== "string" || file_name === "") {
      throw new InputError(`${place}.file_name should be the name of a file`);
    }
    if (is_labeled !== undefined && typeof is_labeled !== "boolean") {
      throw new InputError(`${place}.is_labeled is ${show(is_labeled)}, true or false expected`);
    }
    if (is_labeled === false && things.length > 0) {
      throw new InputError(`${place}.is_labeled is false, but people in it are annotated`);
    }
    const ignored = polygonsOf(fields, place);
    return { frame: id, things, fileName: file_name, labelled: is_labeled ?? true, ignored };
  });
}

/**
 * The frames of a results file, sorted.
 *
 * @param parsed What `JSON.parse` returned.
 * @param name What to call it in errors: the file's path.
 * @throws {InputError} As {@linkcode poseTrackTruth}, or if `scores` is not one number for each keypoint.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { POSETRACK, poseTrackResults } from "ae";
 *
 * const keypoints = POSETRACK.keypoints.flatMap((_, k) => k === 0 ? [0, 0, 0] : [k, 2 * k, 1]);
 * const [frame] = poseTrackResults({
 *   images: [{ id: 7 }],
 *   annotations: [{ image_id: 7, track_id: 3, keypoints, scores: Array(15).fill(0.5) }],
 *   categories: [{ keypoints: POSETRACK.keypoints }],
 * }, "found.json");
 * const [nose, neck] = frame.things[0].keypoints;
 * assert.deepEqual([nose, neck], [null, { x: 1, y: 2, score: 0.5, tag: [] }]);
 * ```
 */
export function poseTrackResults(parsed: unknown, name: string): TrackFrame<TrackedPerson>[] {
  const { images, frames } = readVideo(parsed, name, foundPerson);
  return images.map(({ id }) => ({ frame: id, things: frames.get(id)! }));
}

/**
 * Tracks as the record of a results file: every image of the video, 17 keypoints a person, zeros for what was not found.
 *
 * @param images The video's frames, e.g. of {@linkcode poseTrackTruth}.
 * @param found Who was found in them; frames where nobody was may be missing.
 * @throws {RangeError} If a frame is not one of the video's, is there twice, an identity is no whole number from 0 or is
 *   in a frame twice, a person has not 15 keypoints, or a number is not finite.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { POSETRACK, poseTrackRecord, poseTrackResults } from "ae";
 *
 * const keypoints = POSETRACK.keypoints.map((_, k) => ({ x: k, y: 2, score: 0.5, tag: [] }));
 * const found = [{ frame: 7, things: [{ identity: 3, keypoints, score: 0.5 }] }];
 * const record = poseTrackRecord([{ frame: 7, fileName: "7.jpg" }], found);
 * assert.deepEqual(poseTrackResults(record, "found.json"), found);
 * ```
 */
export function poseTrackRecord(
  images: readonly Pick<PoseTrackFrame, "frame" | "fileName">[],
  found: readonly TrackFrame<TrackedPerson>[],
): Readonly<Record<string, unknown>> {
  const numbers = new Set(images.map(({ frame }) => frame));
  const annotations = found.flatMap(({ frame, things }, i) => {
    if (!numbers.has(frame)) {
      throw new RangeError(`poseTrackRecord: frame ${frame} is not one of the video's`);
    }
    if (found.findIndex((other) => other.frame === frame) < i) {
      throw new RangeError(`poseTrackRecord: frame ${frame} is there twice`);
    }
    return things.map((person) => personRecord(frame, person));
  });
  const record = {
    images: images.map(({ frame, fileName }) => ({ id: frame, file_name: fileName })),
    annotations,
    categories: [{ id: 1, name: "person", supercategory: "person", keypoints: FILE_KEYPOINTS }],
  };
  try {
    poseTrackResults(record, "poseTrackRecord");
  } catch (error) {
    if (error instanceof InputError) throw new RangeError(error.message, { cause: error });
    throw error;
  }
  return record;
}

function personRecord(frame: number, { identity, keypoints, score }: TrackedPerson) {
  if (keypoints.length !== POSETRACK.keypoints.length) {
    throw new RangeError(
      `poseTrackRecord: identity ${identity} in frame ${frame} has ${keypoints.length} keypoints, ` +
        `PoseTrack's people have ${POSETRACK.keypoints.length}`,
    );
  }
  const places = FILE_KEYPOINTS.map((name) => keypoints[POSETRACK.keypoints.indexOf(name)] ?? null);
  return {
    image_id: frame,
    track_id: identity,
    category_id: 1,
    keypoints: places.flatMap((place) => place ? [place.x, place.y, 1] : [0, 0, 0]),
    scores: places.map((place) => place?.score ?? 0),
    score,
  };
}

/** A triple of a file, with its own score where the file has scores. */
interface Triple {
  readonly x: number;
  readonly y: number;
  readonly mark: number;
  readonly score: number;
}

function annotatedPerson(
  identity: number,
  triples: readonly (Triple | null)[],
  fields: Fields,
  place: string,
): PoseTrackPerson {
  const keypoints = triples.map((triple): AnnotatedKeypoint => {
    if (!triple) return { x: 0, y: 0, visibility: 0 };
    return { x: triple.x, y: triple.y, visibility: triple.mark > 0 ? 2 : 1 };
  });
  const head = boxOf(fields.bbox_head, `${place}.bbox_head`);
  const box = boxOf(fields.bbox, `${place}.bbox`) ??
    boxAround(keypoints.filter(({ visibility }) => visibility > 0)) ?? [0, 0, 0, 0] as const;
  const headBox = head && [head[0], head[1], head[0] + head[2], head[1] + head[3]] as const;
  return { identity, keypoints, box, area: box[2] * box[3], crowd: false, headBox };
}

function foundPerson(
  identity: number,
  triples: readonly (Triple | null)[],
  fields: Fields,
  place: string,
): TrackedPerson {
  const keypoints = triples.map((triple): DecodedKeypoint | null =>
    triple && { x: triple.x, y: triple.y, score: triple.score, tag: [] }
  );
  const scores = keypoints.flatMap((keypoint) => keypoint ? [keypoint.score] : []);
  const score = fields.score === undefined
    ? scores.reduce((sum, value) => sum + value, 0) / keypoints.length
    : number(fields.score, `${place}.score`);
  return { identity, keypoints, score };
}

/** Images by their ids, rising, and the people of each. */
function readVideo<Person extends { readonly identity: number }>(
  parsed: unknown,
  name: string,
  personOf: (
    identity: number,
    triples: readonly (Triple | null)[],
    fields: Fields,
    place: string,
  ) => Person,
) {
  const file = fieldsOf(parsed, `${name}: the file`);
  if (file.annolist !== undefined) {
    throw new InputError(
      `${name}: has PoseTrack's form of 2017, an annolist\n` +
        "  help: poseval's convert.py turns it into that of 2018",
    );
  }
  const names = keypointNames(file, name);
  const frames = new Map<number, Person[]>();
  const images = listOf(file.images, `${name}: images`).map((value, i) => {
    const place = `${name}: images[${i}]`;
    const fields = fieldsOf(value, place);
    const id = whole(fields.id, `${place}.id`);
    if (frames.has(id)) {
      throw new InputError(`${place}.id is ${id}, which another image has already`);
    }
    frames.set(id, []);
    return { id, fields, place };
  }).sort((a, b) => a.id - b.id);
  const other = images.find(({ fields }) => fields.vid_id !== images[0].fields.vid_id);
  if (other) {
    throw new InputError(
      `${other.place}.vid_id is ${show(other.fields.vid_id)}, other images have ` +
        `${show(images[0].fields.vid_id)}\n  help: PoseTrack keeps each video in a file of its own`,
    );
  }
  listOf(file.annotations, `${name}: annotations`).forEach((value, i) => {
    const place = `${name}: annotations[${i}]`;
    const fields = fieldsOf(value, place);
    const id = whole(fields.image_id, `${place}.image_id`);
    const people = frames.get(id);
    if (!people) {
      throw new InputError(`${place}.image_id is ${id}, which is not the id of any image`);
    }
    const identity = whole(fields.track_id, `${place}.track_id`);
    if (identity < 0) throw new InputError(`${place}.track_id is ${identity}, 0 or more expected`);
    if (people.some((person) => person.identity === identity)) {
      throw new InputError(`${place}.track_id is ${identity}, which image ${id} has already`);
    }
    people.push(personOf(identity, triplesOf(fields, names, place), fields, place));
  });
  return { images, frames };
}

/** The names of the file's triples. */
function keypointNames(file: Fields, name: string): readonly string[] {
  const [category] = listOf(file.categories, `${name}: categories`);
  const place = `${name}: categories[0].keypoints`;
  const names = listOf(fieldsOf(category, `${name}: categories[0]`).keypoints, place);
  const missing = POSETRACK.keypoints.find((keypoint) => !names.includes(keypoint));
  if (missing) {
    throw new InputError(
      `${place} does not name ${missing}\n  help: PoseTrack's are ${
        POSETRACK.keypoints.join(", ")
      }`,
    );
  }
  return names as readonly string[];
}

/** The 15 keypoints, null for those that are not there. */
function triplesOf(fields: Fields, names: readonly string[], place: string): (Triple | null)[] {
  const values = numbers(fields.keypoints, 3 * names.length, `${place}.keypoints`);
  const scores = fields.scores === undefined
    ? names.map(() => 1)
    : numbers(fields.scores, names.length, `${place}.scores`);
  return POSETRACK.keypoints.map((keypoint) => {
    const k = names.indexOf(keypoint);
    const [x, y, mark] = values.slice(3 * k, 3 * k + 3);
    return x === 0 && y === 0 && mark === 0 ? null : { x, y, mark, score: scores[k] };
  });
}

function polygonsOf({ ignore_regions_x, ignore_regions_y }: Fields, place: string): number[][] {
  if (ignore_regions_x === undefined && ignore_regions_y === undefined) return [];
  const xs = listOf(ignore_regions_x, `${place}.ignore_regions_x`);
  const ys = listOf(ignore_regions_y, `${place}.ignore_regions_y`);
  if (xs.length !== ys.length) {
    throw new InputError(`${place} has ${xs.length} ignore_regions_x but ${ys.length} _y`);
  }
  return xs.map((value, i) => {
    const at = (axis: string) => `${place}.ignore_regions_${axis}[${i}]`;
    const x = listOf(value, at("x"));
    if (x.length < 3) throw new InputError(`${at("x")} has ${x.length} points, 3 or more expected`);
    const y = numbers(ys[i], x.length, at("y"));
    return numbers(x, x.length, at("x")).flatMap((one, p) => [one, y[p]]);
  });
}

function boxOf(value: unknown, place: string): AnnotatedTrackPerson["box"] | null {
  if (value === undefined || value === null) return null;
  const [x, y, width, height] = numbers(value, 4, place);
  if (width >= 0 && height >= 0) return [x, y, width, height];
  throw new InputError(`${place} is ${width} wide and ${height} high`);
}

function fieldsOf(value: unknown, place: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new InputError(`${place} should be an object, it is ${show(value)}`);
}

function listOf(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new InputError(`${place} should be a list, it is ${show(value)}`);
}

function numbers(value: unknown, count: number, place: string): readonly number[] {
  const list = listOf(value, place);
  if (list.length !== count) {
    throw new InputError(`${place} has ${list.length} numbers, ${count} expected`);
  }
  return list.map((one, i) => number(one, `${place}[${i}]`));
}

function number(value: unknown, place: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new InputError(`${place} is ${show(value)}, not a finite number`);
}

function whole(value: unknown, place: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new InputError(`${place} is ${show(value)}, not a whole number`);
}

/** A value as printed in a message. */
function show(value: unknown): string {
  if (value === undefined) return "missing";
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
