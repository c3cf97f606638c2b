/**
 * The segmentation part of PASCAL VOC 2012 (or of a folder of the same form) as a source of samples:
 *
 *     ImageSets/Segmentation/train.txt    names of photographs, one a line
 *     JPEGImages/NAME.jpg                 the photograph
 *     SegmentationObject/NAME.png         at each pixel the number of the object, from 1
 *     SegmentationClass/NAME.png          at each pixel the number of the class, 1 to 20 ({@linkcode VOC_CLASSES})
 *
 * In both PNG files 0 is background and 255 void: a border around objects, and what is too hard to tell. The numbers
 * are places in the files' palettes; the colours mean nothing.
 *
 * | here                  | what                                                                                |
 * | --------------------- | ----------------------------------------------------------------------------------- |
 * | an object's class     | that of most of its pixels, the first of several; void ones have no say (our choice) |
 * | its `area`, its `box` | its pixels; the smallest box of whole pixels around them                            |
 * | `ignore`              | the void pixels                                                                     |
 * | `people`              | empty: VOC has no keypoints here                                                    |
 *
 * Source: Everingham et al., "The PASCAL Visual Object Classes Challenge 2012 Development Kit", sections 3.4 and 4.
 *
 * @module
 */
import { readdir, readFile } from "node:fs/promises";
import { InputError } from "../core/errors.ts";
import type { Mask } from "../image/mask.ts";
import type { IndexImage } from "../image/png.ts";
import { readImage, readIndexImage } from "../image/read_image.ts";
import { encodeRunLengths, runLengthBox } from "../image/run_length.ts";
import type { AnnotatedInstance } from "../instance/instance.ts";
import { orInputError } from "./coco.ts";
import { pictureName } from "./picture_name.ts";
import type { DescribedSource, Sample, SourceDescription } from "./sample.ts";

/** VOC's twenty classes; class c of a PNG file is the name at place c - 1. */
export const VOC_CLASSES: readonly string[] = [
  "aeroplane",
  "bicycle",
  "bird",
  "boat",
  "bottle",
  "bus",
  "car",
  "cat",
  "chair",
  "cow",
  "diningtable",
  "dog",
  "horse",
  "motorbike",
  "person",
  "pottedplant",
  "sheep",
  "sofa",
  "train",
  "tvmonitor",
];

const VOID = 255;

/** The three files of each photograph. */
const FILES = [["JPEGImages", "jpg"], ["SegmentationObject", "png"], ["SegmentationClass", "png"]];

/**
 * The photographs of a VOC folder with their objects, to be read one by one. Made by {@linkcode loadVoc}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { VocDataset } from "ae/data";
 *
 * const voc = new VocDataset("no/such/VOC2012", ["2007_000032"]);
 * assert.equal(voc.length, 1);
 * await assert.rejects(voc.sample(0), /no\/such\/VOC2012\/JPEGImages\/2007_000032\.jpg: no such file/);
 * ```
 */
export class VocDataset implements DescribedSource {
  /** The folder that holds `JPEGImages` and the others. */
  readonly folder: string;
  /** Names of the photographs, without folder and ending. */
  readonly names: readonly string[];

  /** A data set of known photographs; nothing is read yet. */
  constructor(folder: string, names: readonly string[]) {
    this.folder = folder;
    this.names = names;
  }

  /** How to open it once more. */
  get description(): SourceDescription {
    return { kind: "voc", settings: { folder: this.folder, names: this.names } };
  }

  /** How many photographs. */
  get length(): number {
    return this.names.length;
  }

  /**
   * Read photograph number `index`; its `id` is its place in the list, from 1.
   *
   * @throws {RangeError} If there is no such number.
   * @throws {InputError} If one of its files is missing, damaged or outside the folder, the sizes differ, a class has no
   * name, or an object has no class.
   */
  async sample(index: number): Promise<Sample> {
    const name = this.names[index];
    if (name === undefined) {
      throw new RangeError(`VocDataset: there is no photograph ${index}, only ${this.length}`);
    }
    const inFolder = pictureName(name, `the name of photograph ${index + 1}`);
    const [photo, object, klass] = FILES.map(([folder, ending]) =>
      `${this.folder}/${folder}/${inFolder}.${ending}`
    );
    const image = await readImage(photo);
    const [objects, classes] = [await readIndexImage(object), await readIndexImage(klass)];
    for (const [path, { width, height }] of [[object, objects], [klass, classes]] as const) {
      if (width === image.width && height === image.height) continue;
      throw new InputError(
        `${path}: is ${width} x ${height}, the photograph is ${image.width} x ${image.height}`,
      );
    }
    return {
      id: index + 1,
      fileName: `${name}.jpg`,
      image,
      people: [],
      instances: instancesOf(objects, classes, { object, klass }),
      ignore: voidMask(objects),
    };
  }
}

/** The objects of a picture, in the order of their numbers. */
function instancesOf(
  objects: IndexImage,
  classes: IndexImage,
  paths: { readonly object: string; readonly klass: string },
): AnnotatedInstance[] {
  const { width, height } = objects;
  /** By the object's number: its mask, its area, and how many of its pixels are of each class. */
  const found = new Map<number, { data: Uint8Array<ArrayBuffer>; area: number; votes: number[] }>();
  objects.data.forEach((number, i) => {
    if (number === 0 || number === VOID) return;
    const klass = classes.data[i];
    if (klass > VOC_CLASSES.length && klass !== VOID) {
      const [x, y] = [i % width, Math.floor(i / width)];
      throw new InputError(
        `${paths.klass}: pixel (${x}, ${y}) has class ${klass}, 0 to ${VOC_CLASSES.length} or ${VOID} expected`,
      );
    }
    const object = found.get(number) ??
      {
        data: new Uint8Array(width * height),
        area: 0,
        votes: VOC_CLASSES.map(() => 0),
      };
    found.set(number, object);
    object.data[i] = 1;
    object.area++;
    if (klass !== 0 && klass !== VOID) object.votes[klass - 1]++;
  });
  return [...found.keys()].sort((a, b) => a - b).map((number) => {
    const { data, area, votes } = found.get(number)!;
    const most = Math.max(...votes);
    if (most === 0) {
      throw new InputError(
        `${paths.object}: object ${number} has no class: its pixels are background in ${paths.klass}`,
      );
    }
    const mask: Mask = { width, height, data };
    const box = runLengthBox(encodeRunLengths(mask));
    return { classIndex: votes.indexOf(most), mask, box, area, crowd: false };
  });
}

/** Where nobody says what there is; undefined if that is nowhere. */
function voidMask({ width, height, data }: IndexImage): Mask | undefined {
  if (!data.includes(VOID)) return undefined;
  return { width, height, data: data.map((number) => number === VOID ? 1 : 0) };
}

/** Which photographs of a VOC folder. */
export interface VocOptions {
  /** A list in `ImageSets/Segmentation`: `train`, `val`, `trainval`, or one of your own. @default {"train"} */
  readonly set?: string;
}

/**
 * Open a VOC segmentation folder: read the list of photographs, and see that all of their files are there.
 *
 * @param folder The folder that holds `ImageSets`, `JPEGImages`, `SegmentationObject` and `SegmentationClass`, in VOC's
 * archive `VOCdevkit/VOC2012`.
 * @throws {InputError} If the list, a folder or a file is missing, or the list is empty, names a photograph twice or
 * one outside the folder.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { loadVoc } from "ae/data";
 *
 * await assert.rejects(
 *   loadVoc("no/such", { set: "val" }),
 *   /no\/such\/ImageSets\/Segmentation\/val\.txt: no such file/,
 * );
 * ```
 */
export async function loadVoc(
  folder: string,
  { set = "train" }: VocOptions = {},
): Promise<VocDataset> {
  const list = `${folder}/ImageSets/Segmentation/${set}.txt`;
  const text = await orInputError(list, "file", () => readFile(list, "utf8"));
  const names = text.split(/\s+/).filter((name) => name !== "");
  if (names.length === 0) throw new InputError(`${list}: names no photograph`);
  names.forEach((name, i) => pictureName(name, `${list}: name ${i + 1}`));
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new InputError(`${list}: names ${twice} twice`);
  for (const [part, ending] of FILES) {
    const path = `${folder}/${part}`;
    const present = new Set(await orInputError(path, "folder", () => readdir(path)));
    const missing = names.filter((name) => !present.has(`${name}.${ending}`));
    if (missing.length > 0) {
      throw new InputError(
        `${path}: ${missing.length} of ${names.length} pictures are missing; the first: ` +
          missing.slice(0, 3).map((name) => `${name}.${ending}`).join(", "),
      );
    }
  }
  return new VocDataset(folder, names);
}
