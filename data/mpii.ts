/**
 * Photographs with MPII's annotations.
 *
 * | person                            | learnt from          | ignore mask                                 |
 * | --------------------------------- | -------------------- | ------------------------------------------- |
 * | with an annotated keypoint        | heatmaps and tags    |                                             |
 * | with a place and a scale alone    |                      | the square around it, unless `maskUnlabelled: false` |
 * | with a head box alone             |                      |                                             |
 *
 * Test images, whose labels are secret, show nobody to learn from and are not among the labelled ones.
 *
 * @module
 */
import type { MpiiImage } from "../pose/mpii_records.ts";
import { CocoDataset, type CocoOptions, type PhotoRecord, recordsToTake } from "./coco.ts";
import { pictureName } from "./picture_name.ts";
import { labelledPeople } from "./sample.ts";

/** Which photographs to take, and what of them. */
export type MpiiDataOptions = Omit<CocoOptions, "skeleton"> & {
  /** What to call the annotation in errors: the file's path. */
  readonly name?: string;
};

/**
 * The photographs of an MPII annotation, in its order.
 *
 * @param images The annotation, e.g. from `readMpii`.
 * @throws {InputError} If a name leads out of the folder of pictures, or no photograph is left.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { mpiiImages } from "ae";
 * import { mpiiRecords } from "ae/data";
 *
 * const seen = { annopoints: { point: [{ id: 0, x: 5, y: 5, is_visible: 1 }] } };
 * const unseen = { objpos: { x: 50, y: 50 }, scale: 0.5 };
 * const file = { annolist: [{ image: { name: "1.jpg" }, annorect: [seen, unseen] }] };
 * const [photo] = mpiiRecords(mpiiImages(file, "mpii.json"));
 * assert.deepEqual(photo.ignored.map(({ shape }) => shape), [{ box: [0, 0, 100, 100] }]);
 * ```
 */
export function mpiiRecords(
  images: readonly MpiiImage[],
  options: MpiiDataOptions = {},
): PhotoRecord[] {
  const { photos = "labelled", maskUnlabelled = true, name = "the annotation" } = options;
  const records = images.map(({ id, fileName, people }) => ({
    id,
    fileName: pictureName(fileName, `${name}: annolist[${id - 1}].image.name`),
    people,
    ignored: people.flatMap((person, p) => {
      const hasPlace = person.box[2] > 0 && person.box[3] > 0;
      if (!maskUnlabelled || !hasPlace || labelledPeople([person]).length > 0) return [];
      return [{ place: `annolist[${id - 1}].annorect[${p}]`, shape: { box: person.box } }];
    }),
  }));
  return recordsToTake(records, photos, name);
}

/**
 * Open an MPII data set: see that the pictures are there. Their sizes are not annotated and not checked.
 *
 * @param images The annotation, e.g. from `readMpii`.
 * @param folder Path of the folder of pictures.
 * @throws {InputError} As {@linkcode mpiiRecords}, or if pictures are missing.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { mpiiImages } from "ae";
 * import { loadMpii } from "ae/data";
 *
 * const images = mpiiImages({ annolist: [{ image: { name: "1.jpg" } }] }, "mpii.json");
 * await assert.rejects(loadMpii(images, "no/such", { photos: "all" }), /no\/such: no such folder/);
 * ```
 */
export async function loadMpii(
  images: readonly MpiiImage[],
  folder: string,
  options: MpiiDataOptions = {},
): Promise<CocoDataset> {
  return await CocoDataset.open(folder, mpiiRecords(images, options), options.cacheMegabytes);
}
