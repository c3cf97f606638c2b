/**
 * Photographs with COCO's instance annotations: every thing of every class with its pixels, as `instances` of each
 * sample. One JSON file (`instances_val2017.json`), one folder of pictures.
 *
 * | annotation                 | becomes                                                              |
 * | -------------------------- | -------------------------------------------------------------------- |
 * | a thing                    | an instance, polygons drawn by pycocotools' rule                     |
 * | a crowd (`iscrowd: 1`)     | an instance with `crowd`: pixels of the class that nobody took apart |
 * | of a class not asked for   | nothing                                                              |
 *
 * Masks are drawn when a photograph is read; what is kept and sent to workers are the file's polygons and run
 * lengths. Format: cocodataset.org, "Data format".
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import {
  checkCocoInstanceTruth,
  type CocoCategory,
  type InstanceRecord,
} from "../instance/coco_records.ts";
import { CocoDataset, type CocoOptions, type PhotoRecord, readAnnotations } from "./coco.ts";
import { pictureName } from "./picture_name.ts";

/** Which photographs and things to take. */
export interface CocoInstancesOptions {
  /**
   * Names of the classes, in the order in which they are to be numbered.
   * @default {all of the file, by ascending id}
   */
  readonly classes?: readonly string[];
  /**
   * Take photographs that show a thing of these classes, crowds aside (for training), or all (for evaluation).
   * @default {"labelled"}
   */
  readonly photos?: CocoOptions["photos"];
  /** Keep decoded pictures in memory up to this many megabytes (MiB). @default {256} */
  readonly cacheMegabytes?: number;
}

/** The photographs of an instance annotation file. */
export interface InstanceRecords {
  /** The classes: `classIndex` is a place in this list. */
  readonly classes: readonly CocoCategory[];
  /** The photographs, in the file's order, without people: the file has no keypoints. */
  readonly records: readonly PhotoRecord[];
}

/**
 * The photographs of a parsed instance annotation file.
 *
 * @param parsed What `JSON.parse` returned.
 * @param name What to call the file in errors: its path.
 * @param options Classes, and which photographs to take.
 * @throws {InputError} At the first thing that is wrong, naming its place; also if a class is not in the file, or no
 * photograph is left.
 * @throws {RangeError} If a class is asked for twice.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { instanceRecords } from "ae/data";
 *
 * const thing = { image_id: 7, bbox: [1, 1, 3, 2], area: 6, segmentation: [[1, 1, 4, 1, 4, 3, 1, 3]] };
 * const file = {
 *   images: [{ id: 7, file_name: "7.jpg", width: 10, height: 10 }],
 *   categories: [{ id: 18, name: "dog" }, { id: 17, name: "cat" }],
 *   annotations: [{ ...thing, id: 1, category_id: 18 }, { ...thing, id: 2, category_id: 17 }],
 * };
 * const { classes, records } = instanceRecords(file, "mine.json");
 * assert.deepEqual(classes.map(({ name }) => name), ["cat", "dog"]);
 * assert.deepEqual(records[0].instances!.map(({ classIndex }) => classIndex), [1, 0]);
 * const dogs = instanceRecords(file, "mine.json", { classes: ["dog"] });
 * assert.equal(dogs.records[0].instances!.length, 1);
 * ```
 */
export function instanceRecords(
  parsed: unknown,
  name: string,
  options: CocoInstancesOptions = {},
): InstanceRecords {
  const truth = checkCocoInstanceTruth(parsed, { name });
  const classes = classesOf(truth.categories, options.classes, name);
  const classIndex = new Map(classes.map(({ id }, index) => [id, index]));
  const things = new Map<number, InstanceRecord[]>(truth.images.map(({ id }) => [id, []]));
  for (const annotation of truth.annotations) {
    const index = classIndex.get(annotation.category_id);
    if (index === undefined) continue;
    const [x, y, width, height] = annotation.bbox;
    things.get(annotation.image_id)!.push({
      classIndex: index,
      segmentation: annotation.segmentation!,
      box: [x, y, width, height],
      area: annotation.area,
      crowd: Boolean(annotation.iscrowd),
    });
  }
  const records = truth.images.map(({ id, file_name, width, height }, i) => {
    const fileName = pictureName(file_name, `${name}: images[${i}].file_name`);
    return { id, fileName, width, height, people: [], ignored: [], instances: things.get(id)! };
  });
  const taken = options.photos === "all"
    ? records
    : records.filter(({ instances }) => instances.some(({ crowd }) => !crowd));
  if (taken.length > 0) return { classes, records: taken };
  throw new InputError(
    `${name}: the data set is empty: none of its ${records.length} images shows a thing of the ` +
      `${classes.length} classes`,
  );
}

/** The classes asked for, as categories of the file. */
function classesOf(
  categories: readonly CocoCategory[],
  wanted: readonly string[] | undefined,
  name: string,
): readonly CocoCategory[] {
  if (!wanted) return categories.toSorted((a, b) => a.id - b.id);
  if (new Set(wanted).size < wanted.length) {
    throw new RangeError(`instanceRecords: a class is asked for twice: ${wanted.join(", ")}`);
  }
  return wanted.map((wantedName) => {
    const found = categories.filter((category) => category.name === wantedName);
    if (found.length === 1) return found[0];
    throw new InputError(
      `${name}: ${found.length || "no"} categories are called "${wantedName}"\n` +
        `  help: it has ${categories.map((category) => category.name).join(", ")}`,
    );
  });
}

/**
 * Open a COCO instance data set: read and check the annotation file, and see that the pictures are there. The batches of
 * poses that `batches` makes of it are empty: its samples have `instances` and nobody in `people`.
 *
 * @param annotations Path of the annotation file, e.g. `instances_val2017.json`.
 * @param folder Path of the folder of pictures.
 * @param options Classes, which photographs to take, how much memory to use.
 * @throws {InputError} As {@linkcode instanceRecords}, or if a file or folder is missing.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadCocoInstances } from "ae/data";
 *
 * await assert.rejects(loadCocoInstances("no/such.json", "photos"), /InputError: no\/such\.json: no such file/);
 * ```
 */
export async function loadCocoInstances(
  annotations: string,
  folder: string,
  options: CocoInstancesOptions = {},
): Promise<{ readonly classes: readonly CocoCategory[]; readonly photographs: CocoDataset }> {
  const parsed = await readAnnotations(annotations);
  const { classes, records } = instanceRecords(parsed, annotations, options);
  const photographs = await CocoDataset.open(folder, records, options.cacheMegabytes);
  return { classes, photographs };
}
