/**
 * Photographs with COCO's keypoint annotations: one JSON file, one folder of pictures.
 *
 *     { images: [{ id, file_name, width, height }],
 *       annotations: [{ id, image_id, category_id, keypoints: [x, y, v, ...], bbox, area, iscrowd,
 *                       segmentation }],
 *       categories: [{ id, keypoints: [names] }] }
 *
 * The annotation file is checked as a whole before the first picture is read, so that a mistake in it is
 * found at once and with its place. Pictures are read when they are asked for.
 *
 * Which annotations do what:
 *
 * | annotation                            | learnt from          | ignore mask                          |
 * | ------------------------------------- | -------------------- | ------------------------------------ |
 * | person with an annotated keypoint     | heatmaps and tags    |                                      |
 * | person without any                    |                      | yes, `maskUnlabelled: false` for not |
 * | crowd region (`iscrowd: 1`)           |                      | yes                                  |
 * | another category                      |                      |                                      |
 *
 * pose-ae-train, `data/coco_pose/ref.py`, masks crowds only and so punishes a network for finding people whom
 * nobody annotated; `maskUnlabelled: false` is its way. Format: cocodataset.org, "Data format".
 *
 * @module
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { InputError } from "../core/errors.ts";
import type { Mask } from "../image/mask.ts";
import { fillPolygons } from "../image/polygon.ts";
import { readImage } from "../image/read_image.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import { decodeRunLengths, type RunLengths } from "../image/run_length.ts";
import { annotatedInstance, type InstanceRecord } from "../instance/coco_records.ts";
import type { AnnotatedInstance } from "../instance/instance.ts";
import { checkCocoTruth, type CocoTruth } from "../pose/coco_records.ts";
import { checkCrowdPoseTruth } from "../pose/crowdpose_records.ts";
import type { AnnotatedKeypoint, AnnotatedPerson, Visibility } from "../pose/person.ts";
import { COCO, type Skeleton } from "../pose/skeleton.ts";
import { CROWDPOSE } from "../pose/skeletons.ts";
import { pictureName } from "./picture_name.ts";
import {
  type DescribedSource,
  labelledPeople,
  type Sample,
  type SourceDescription,
} from "./sample.ts";
import { isUsablePose } from "./synthetic/fit.ts";

/** A part of a photograph where the heatmap loss does not count. */
export interface IgnoreRegion {
  /** Where in the annotation file it stands, for messages: `annotations[12].segmentation`. */
  readonly place: string;
  /** Run lengths, polygons, or the box when there is no segmentation. */
  readonly shape:
    | RunLengths
    | readonly (readonly number[])[]
    | { readonly box: AnnotatedPerson["box"] };
}

/** One photograph as the annotation file describes it. */
export interface PhotoRecord {
  /** COCO's image id. */
  readonly id: number;
  /** Relative to the folder of pictures, in it or in a folder of it. */
  readonly fileName: string;
  /** Columns, as the annotation file says; MPII's does not. */
  readonly width?: number;
  /** Rows, as the annotation file says; MPII's does not. */
  readonly height?: number;
  /** Everybody annotated, crowd regions and people without keypoints included. */
  readonly people: readonly AnnotatedPerson[];
  /** Crowds, and people without keypoints if asked for. */
  readonly ignored: readonly IgnoreRegion[];
  /** Everything annotated pixel by pixel, where the file is one of instances. */
  readonly instances?: readonly InstanceRecord[];
}

/** How to read annotations. */
export interface CocoOptions {
  /** Whose keypoints are expected. @default {COCO} */
  readonly skeleton?: Skeleton;
  /**
   * Take photographs that show somebody with an annotated keypoint (for training), or all (for evaluation).
   * @default {"labelled"}
   */
  readonly photos?: "labelled" | "all";
  /** Whether people without any annotated keypoint go into the ignore mask. @default {true} */
  readonly maskUnlabelled?: boolean;
  /** Keep decoded pictures in memory up to this many megabytes (MiB), so that a pass decodes no file twice. @default {256} */
  readonly cacheMegabytes?: number;
}

/**
 * The photographs of a parsed annotation file, in the file's order.
 *
 * @param parsed What `JSON.parse` returned.
 * @param name What to call the file in errors: its path.
 * @param options Skeleton and which photographs to take.
 * @throws {InputError} At the first thing that is wrong, naming its place; also when no photograph is left.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { photoRecords } from "ae/data";
 *
 * const keypoints = Array(17).fill([5, 5, 2]).flat();
 * const person = { id: 1, image_id: 7, category_id: 1, keypoints, bbox: [0, 0, 9, 9], area: 81 };
 * const images = [{ id: 7, file_name: "7.jpg", width: 10, height: 10 }];
 * const [photo] = photoRecords({ images, annotations: [person] }, "mine.json");
 * assert.equal(photo.people.length, 1);
 * assert.throws(
 *   () => photoRecords({ images: [{ id: 7 }], annotations: [person] }, "mine.json"),
 *   /^InputError: mine\.json: images\[0\]\.file_name is missing/,
 * );
 * ```
 */
export function photoRecords(
  parsed: unknown,
  name: string,
  options: CocoOptions = {},
): PhotoRecord[] {
  const { skeleton = COCO, photos = "labelled", maskUnlabelled = true } = options;
  const categoryId = personCategory(parsed, name, skeleton);
  const truth = checkCocoTruth(parsed, { skeleton, categoryId, name });
  const records = new Map(
    truth.images.map((image, i) => [image.id, photoRecord(image, `${name}: images[${i}]`)]),
  );
  truth.annotations.forEach((annotation, i) => {
    if (annotation.category_id !== categoryId) return;
    const place = `annotations[${i}]`;
    const person = annotatedPerson(annotation);
    const record = records.get(annotation.image_id)!; // checkCocoTruth has seen to it
    record.people.push(person);
    if (person.crowd || (maskUnlabelled && labelledPeople([person]).length === 0)) {
      const shape = ignoredShape(annotation, person, `${name}: ${place}.segmentation`, record);
      record.ignored.push({ place: `${place}.segmentation`, shape });
    }
  });
  return recordsToTake([...records.values()], photos, name);
}

/**
 * The records that are asked for.
 *
 * @throws {InputError} If none is left.
 */
export function recordsToTake(
  records: readonly PhotoRecord[],
  photos: CocoOptions["photos"],
  name: string,
): PhotoRecord[] {
  const kept = records.filter(({ people }) =>
    photos === "all" || labelledPeople(people).length > 0
  );
  if (kept.length > 0) return kept;
  throw new InputError(
    records.length === 0
      ? `${name}: the data set is empty: it lists no images`
      : `${name}: the data set is empty: none of its ${records.length} images shows a person with ` +
        `an annotated keypoint`,
  );
}

/** A record that is being made of COCO's annotations. */
interface CocoPhotoRecord extends PhotoRecord {
  readonly width: number;
  readonly height: number;
  readonly people: AnnotatedPerson[];
  readonly ignored: IgnoreRegion[];
}

type CocoImageRecord = CocoTruth["images"][number];
type CocoAnnotationRecord = CocoTruth["annotations"][number];

/**
 * The category of people in an annotation file: the first that has keypoints, 1 where none has.
 *
 * @param parsed What `JSON.parse` returned.
 * @param name What to call the file in errors: its path.
 * @param skeleton Whose keypoints are expected.
 * @throws {InputError} If its keypoints are not the skeleton's, or its id is no whole number.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { COCO } from "ae";
 * import { personCategory } from "ae/data";
 *
 * const categories = [{ id: 1, name: "dog" }, { id: 5, name: "person", keypoints: COCO.keypoints }];
 * assert.equal(personCategory({ categories }, "mine.json"), 5);
 * ```
 */
export function personCategory(
  parsed: unknown,
  name: string,
  skeleton: Skeleton = COCO,
): number {
  const categories = (parsed as { categories?: unknown } | null)?.categories;
  if (!Array.isArray(categories)) return 1;
  const at = categories.findIndex((category) => Array.isArray(category?.keypoints));
  if (at < 0) return 1;
  const { id, keypoints } = categories[at];
  const wrong = skeleton.keypoints.findIndex((keypoint, k) => keypoints[k] !== keypoint);
  if (keypoints.length !== skeleton.keypoints.length || wrong >= 0) {
    const found = wrong >= 0
      ? `${JSON.stringify(keypoints[wrong])} as keypoint ${wrong}, "${skeleton.keypoints[wrong]}"`
      : `${keypoints.length} keypoints, ${skeleton.keypoints.length}`;
    throw new InputError(
      `${name}: categories[${at}].keypoints has ${found} expected\n` +
        `  help: load it with a skeleton that has the file's keypoints in the file's order`,
    );
  }
  if (Number.isInteger(id)) return id;
  throw new InputError(`${name}: categories[${at}].id is ${shown(id)}, a whole number expected`);
}

function photoRecord(
  { id, file_name, width, height }: CocoImageRecord,
  place: string,
): CocoPhotoRecord {
  const fileName = pictureName(file_name, `${place}.file_name`);
  for (const [field, size] of Object.entries({ width, height })) {
    if (!Number.isInteger(size) || size! < 1) {
      throw new InputError(
        `${place}.${field} is ${shown(size)}, a whole number of 1 or more expected`,
      );
    }
  }
  return { id, fileName, width: width!, height: height!, people: [], ignored: [] };
}

function annotatedPerson(annotation: CocoAnnotationRecord): AnnotatedPerson {
  const { keypoints: numbers, bbox, area, iscrowd } = annotation;
  const keypoints = Array.from({ length: numbers.length / 3 }, (_, k) => {
    const [x, y, visibility] = numbers.slice(3 * k, 3 * k + 3);
    return { x, y, visibility: visibility as Visibility }; // checkCocoTruth has seen to it
  });
  const [x, y, width, height] = bbox;
  return { keypoints, box: [x, y, width, height], area, crowd: Number(iscrowd ?? 0) === 1 };
}

/** The annotation's segmentation, as far as it can be judged without drawing it. */
function ignoredShape(
  annotation: CocoAnnotationRecord,
  { box }: AnnotatedPerson,
  place: string,
  { width, height }: { readonly width: number; readonly height: number },
): IgnoreRegion["shape"] {
  const { segmentation } = annotation as { segmentation?: unknown };
  if (segmentation === undefined || segmentation === null) return { box };
  if (Array.isArray(segmentation)) {
    return segmentation.length === 0 ? { box } : segmentation as number[][];
  }
  const { size, counts } = segmentation as Partial<RunLengths>;
  if (!Array.isArray(size) || !(Array.isArray(counts) || typeof counts === "string")) {
    throw new InputError(`${place} should be a list of polygons or { size, counts }`);
  }
  if (size[0] !== height || size[1] !== width) {
    throw new InputError(
      `${place}.size is [${size.join(", ")}], but the image is [${height}, ${width}]`,
    );
  }
  return { size: [height, width], counts };
}

function shown(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}

/**
 * Photographs with annotated people, to be read one by one. Made by {@linkcode loadCoco}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { CocoDataset } from "ae/data";
 *
 * const photo = { id: 7, fileName: "7.jpg", width: 9, height: 9, people: [], ignored: [] };
 * const photos = new CocoDataset("no/such/folder", [photo]);
 * assert.equal(photos.where(({ people }) => people.length > 1).length, 0);
 * await assert.rejects(photos.sample(0), /no\/such\/folder\/7\.jpg: no such file/);
 * ```
 */
export class CocoDataset implements DescribedSource {
  /** The folder of pictures. */
  readonly folder: string;
  /** What is known of each photograph without reading it. */
  readonly records: readonly PhotoRecord[];
  readonly #cacheBytes: number;
  readonly #cache = new Map<string, RgbImage>();
  #cached = 0;

  /**
   * A data set of known photographs; nothing is read yet.
   *
   * @param folder The folder of pictures.
   * @param records The photographs, e.g. from {@linkcode photoRecords}.
   * @param cacheMegabytes Keep decoded pictures up to so many megabytes (MiB).
   */
  constructor(folder: string, records: readonly PhotoRecord[], cacheMegabytes = 256) {
    this.folder = folder;
    this.records = records;
    this.#cacheBytes = cacheMegabytes * 2 ** 20;
  }

  /**
   * A data set of known photographs, once it is clear that their files are there.
   *
   * @throws {InputError} If the folder or some of the pictures are missing, or a name leads out of the folder.
   */
  static async open(
    folder: string,
    records: readonly PhotoRecord[],
    cacheMegabytes?: number,
  ): Promise<CocoDataset> {
    const names = await orInputError(folder, "folder", () => readdir(folder, { recursive: true }));
    const present = new Set(names.map((name) => name.replaceAll("\\", "/")));
    const unlisted = records.filter(({ fileName }) => !present.has(fileName));
    const found = await Promise.all(unlisted.map((record) => isPicture(folder, record)));
    const missing = unlisted.filter((_, i) => !found[i]);
    if (missing.length > 0) {
      throw new InputError(
        `${folder}: ${missing.length} of ${records.length} pictures are missing; the first: ` +
          missing.slice(0, 3).map(({ fileName }) => fileName).join(", "),
      );
    }
    return new CocoDataset(folder, records, cacheMegabytes);
  }

  /** How to open it once more. */
  get description(): SourceDescription {
    const { folder, records } = this;
    const cacheMegabytes = this.#cacheBytes / 2 ** 20;
    return { kind: "photographs", settings: { folder, records, cacheMegabytes } };
  }

  /** How many photographs. */
  get length(): number {
    return this.records.length;
  }

  /** The photographs for which `keep` says true, as a data set of their own. */
  where(keep: (record: PhotoRecord) => boolean): CocoDataset {
    return new CocoDataset(
      this.folder,
      this.records.filter(keep),
      this.#cacheBytes / 2 ** 20,
    );
  }

  /**
   * Read photograph number `index`.
   *
   * @throws {RangeError} If there is no such number.
   * @throws {InputError} If the file is missing, damaged, of another size than annotated or outside the folder, or a
   * region of its annotation cannot be drawn.
   */
  async sample(index: number): Promise<Sample> {
    const record = this.records[index];
    if (!record) {
      throw new RangeError(`CocoDataset: there is no photograph ${index}, only ${this.length}`);
    }
    const { id, fileName, people } = record;
    const image = await this.#image(record);
    const instances = instancesOf(record);
    return { id, fileName, image, people, instances, ignore: ignoreMask(record, image) };
  }

  async #image(record: PhotoRecord): Promise<RgbImage> {
    const { fileName, width, height } = record;
    const known = this.#cache.get(fileName);
    if (known) return known;
    const path = picturePath(this.folder, record);
    const image = await readImage(path);
    if (image.width !== (width ?? image.width) || image.height !== (height ?? image.height)) {
      const isTurned = image.width === height && image.height === width;
      throw new InputError(
        `${path}: the picture is ${image.width} x ${image.height}, ` +
          `the annotation file says ${width} x ${height}` +
          (isTurned
            ? "\n  help: pictures are turned as their EXIF orientation says, annotations must be, too"
            : ""),
      );
    }
    // When it is full, what is in it stays: throwing out the oldest would miss every time in a pass.
    if (this.#cached + image.data.length <= this.#cacheBytes) {
      this.#cache.set(fileName, image);
      this.#cached += image.data.length;
    }
    return image;
  }
}

/**
 * Where a photograph is.
 *
 * @throws {InputError} If a record that no annotation file gave leads out of the folder.
 */
function picturePath(folder: string, { id, fileName }: PhotoRecord): string {
  return `${folder}/${pictureName(fileName, `the fileName of photograph ${id}`)}`;
}

/** Whether a photograph is there that a listing of the folder does not show as named: `linked_folder/7.jpg`, `./7.jpg`. */
async function isPicture(folder: string, record: PhotoRecord): Promise<boolean> {
  const path = picturePath(folder, record);
  return /[\\/]/.test(record.fileName) && await stat(path).then((it) => it.isFile(), () => false);
}

/** A photograph's instances, their masks drawn; undefined where the annotation has none. */
function instancesOf(
  { fileName, instances, width, height }: PhotoRecord,
): AnnotatedInstance[] | undefined {
  return instances?.map((instance, i) => {
    try {
      return annotatedInstance(instance, width!, height!); // files of instances say their sizes
    } catch (error) {
      throw new InputError(`${fileName}: instance ${i}: ${(error as Error).message}`);
    }
  });
}

/** The union of a photograph's ignore regions; none, no mask. */
function ignoreMask(
  { fileName, ignored }: PhotoRecord,
  { width, height }: RgbImage,
): Mask | undefined {
  if (ignored.length === 0) return undefined;
  const union = new Uint8Array(width * height);
  for (const { place, shape } of ignored) {
    let mask: Mask;
    try {
      mask = regionMask(shape, width, height);
    } catch (error) {
      throw new InputError(`${fileName}: ${place}: ${(error as Error).message}`);
    }
    for (let i = 0; i < union.length; i++) union[i] |= mask.data[i];
  }
  return { width, height, data: union };
}

function regionMask(shape: IgnoreRegion["shape"], width: number, height: number): Mask {
  if ("counts" in shape) return decodeRunLengths(shape);
  if (!("box" in shape)) return fillPolygons(shape, width, height);
  const [x, y, w, h] = shape.box;
  return fillPolygons([[x, y, x + w, y, x + w, y + h, x, y + h]], width, height);
}

/**
 * Open a COCO keypoint data set: read and check the annotation file, and see that the pictures are there.
 *
 * @param annotations Path of the annotation file, e.g. `person_keypoints_val2017.json`.
 * @param folder Path of the folder of pictures.
 * @param options Skeleton, which photographs to take, how much memory to use.
 * @throws {InputError} If a file or folder is missing, the file is not JSON or not a keypoint annotation file,
 * something in it is wrong (with its place), or pictures are missing.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadCoco } from "ae/data";
 *
 * await assert.rejects(loadCoco("no/such.json", "photos"), /InputError: no\/such\.json: no such file/);
 * ```
 */
export async function loadCoco(
  annotations: string,
  folder: string,
  options: CocoOptions = {},
): Promise<CocoDataset> {
  const records = photoRecords(await readAnnotations(annotations), annotations, options);
  return await CocoDataset.open(folder, records, options.cacheMegabytes);
}

/**
 * The photographs of a parsed CrowdPose annotation file: {@linkcode photoRecords} with CrowdPose's skeleton and
 * areas.
 *
 * @throws {InputError} As `photoRecords`, or if an image has no `crowdIndex`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { crowdPoseRecords } from "ae/data";
 *
 * const keypoints = Array(14).fill([5, 5, 2]).flat();
 * const person = { id: 1, image_id: 7, category_id: 1, keypoints, bbox: [0, 0, 10, 10] };
 * const images = [{ id: 7, file_name: "7.jpg", width: 10, height: 10, crowdIndex: 0.5 }];
 * const [photo] = crowdPoseRecords({ images, annotations: [person] }, "crowd.json");
 * assert.equal(photo.people[0].area, 53);
 * ```
 */
export function crowdPoseRecords(
  parsed: unknown,
  name: string,
  options: Omit<CocoOptions, "skeleton"> = {},
): PhotoRecord[] {
  const categoryId = personCategory(parsed, name, CROWDPOSE);
  const truth = checkCrowdPoseTruth(parsed, name, { categoryId });
  return photoRecords(truth, name, { ...options, skeleton: CROWDPOSE });
}

/**
 * Open a CrowdPose data set: as {@linkcode loadCoco}.
 *
 * @throws {InputError} As `loadCoco`, or if an image has no `crowdIndex`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadCrowdPose } from "ae/data";
 *
 * await assert.rejects(loadCrowdPose("no/such.json", "photos"), /InputError: no\/such\.json: no such file/);
 * ```
 */
export async function loadCrowdPose(
  annotations: string,
  folder: string,
  options: Omit<CocoOptions, "skeleton"> = {},
): Promise<CocoDataset> {
  const records = crowdPoseRecords(await readAnnotations(annotations), annotations, options);
  return await CocoDataset.open(folder, records, options.cacheMegabytes);
}

/**
 * What a JSON file holds, of unknown form.
 *
 * @throws {InputError} If it is missing, cannot be read or is not JSON.
 */
export async function readAnnotations(path: string): Promise<unknown> {
  const text = await orInputError(path, "file", () => readFile(path, "utf8"));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path}: not a JSON file: ${(error as Error).message}`);
  }
}

/**
 * The poses of a COCO annotation file, for the `poses` of {@linkcode sceneSource}: made-up people then stand as people
 * on photographs do. No picture is read.
 *
 * @param annotations Path of the annotation file.
 * @returns The keypoints of everybody who can be drawn, see {@linkcode SceneOptions.poses}; at least one.
 * @throws {InputError} If the file is missing, not JSON, not a keypoint annotation file, wrong somewhere (with the
 * place), or nobody in it can be drawn.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { posesFromCoco } from "ae/data";
 *
 * await assert.rejects(posesFromCoco("no/such.json"), /InputError: no\/such\.json: no such file/);
 * ```
 */
export async function posesFromCoco(annotations: string): Promise<AnnotatedKeypoint[][]> {
  const records = photoRecords(await readAnnotations(annotations), annotations);
  const everybody = records.flatMap(({ people }) => people);
  const poses = everybody.filter(({ crowd, keypoints }) => !crowd && isUsablePose(keypoints))
    .map(({ keypoints }) => [...keypoints]);
  if (poses.length === 0) {
    throw new InputError(
      `${annotations}: none of its ${everybody.length} people has a pose that can be drawn\n` +
        "  help: a pose needs shoulders, hips, knees and ankles, and 12 keypoints in all",
    );
  }
  return poses;
}

/**
 * What `read` gives; what goes wrong with the file system is the file's or folder's fault.
 *
 * @throws {InputError} In place of the system's error.
 */
export async function orInputError<T>(
  path: string,
  kind: "file" | "folder",
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const missing = (error as { code?: string }).code === "ENOENT";
    throw new InputError(
      `${path}: ${missing ? `no such ${kind}` : `cannot be read (${(error as Error).message})`}`,
    );
  }
}
