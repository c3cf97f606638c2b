/**
 * `predict`: what a network finds in photographs, people or instances, as COCO records and as drawn pictures.
 *
 * @module
 */
import { InputError, readImage, type RgbImage, writeFileAtomic, writePng } from "../mod.ts";
import type { Sample } from "../data/mod.ts";
import { DATASET_OPTIONS, IDS, readIds } from "./datasets.ts";
import type { Finder } from "./finder.ts";
import { instanceFinder } from "./instance_finder.ts";
import { type Command, under, type Values } from "./options.ts";
import { prepareFolder, progressOnStderr } from "./output.ts";
import { peopleFinder } from "./people_finder.ts";
import { picturesNamed } from "./pictures.ts";
import { LOOKING } from "./prediction.ts";
import { REFINING } from "./refinement.ts";
import { say } from "./say.ts";
import { openPhotographs, samplesOf } from "./sources.ts";
import { loadNetwork, NETWORK } from "./weights.ts";

/** `predict`. */
export const predictCommand: Command = {
  summary: "Find people, or masks, in photographs.",
  operands: "PHOTO… | FOLDER… | -",
  options: {
    ...under("Photographs of an annotation file, in place of operands", {
      annotations: { type: "file", help: "annotation file of the photographs" },
      images: { type: "folder", help: "folder of the photographs" },
      ids: IDS,
      ...DATASET_OPTIONS,
    }),
    ...NETWORK,
    ...LOOKING,
    ...REFINING,
    ...under("Output", {
      "no-pictures": { type: "flag", help: "write results.json alone" },
      out: {
        type: "folder",
        default: "out/predict",
        help: "where results.json and a picture of each photograph go",
      },
    }),
  },
  notes: [
    "A FOLDER stands for its JPEG and PNG files by name, without those of its folders, and - for " +
    "the paths that standard input lists, one a line.",
    "A photograph whose name is a number has that number as its image_id, as COCO's have; " +
    "others get the numbers that are left, from 1 on. The weights that come with the library " +
    "know drawn people only.",
    "Weights of classes (train --instances) find masks: results are run lengths, with the " +
    "annotation file's category ids or 1, 2, … in the order of the classes; pictures are " +
    "coloured by tag. For them --threshold is the least detection of a pixel and --tag-distance " +
    "how far apart two instances' tags are; --decoder, --refine, --refine-take, --dataset and " +
    "--skeleton are for keypoints.",
  ],
  examples: [
    ["what a network of your own finds", "photo.jpg --weights out/train/weights.safetensors"],
    ["the pictures of a folder, and one more", "photos photo.jpg"],
    [
      "a validation set, for evaluate",
      "--annotations person_keypoints_val2017.json --images val2017 " +
      "--weights out/train/weights.safetensors",
    ],
    [
      "HigherHRNet, as its authors test it",
      "photo.jpg --weights w32.safetensors --scales higher-hrnet-1 --flip",
    ],
    ["masks", "photo.jpg --weights weights/segment.safetensors --flip"],
  ],
  run,
};

async function run(values: Values): Promise<void> {
  const out = values.text("out")!;
  const finder = await finderOf(values);
  const { photographs } = finder;
  const paths = await picturesNamed(values.operands);
  if ((photographs === undefined) === (paths.length === 0)) {
    throw new InputError(
      photographs
        ? "photographs and --annotations are both given\n  help: give one of them"
        : "no photograph given\n  help: predict photo.jpg --weights FILE",
    );
  }
  const ids = idsOf(paths);
  const decoded = await decodedPhotos(paths);
  await prepareFolder(out);
  const broken: string[] = [];
  const samples = photographs
    ? samplesOf(photographs, (reason) => broken.push(reason))
    : photos(paths, ids, decoded);
  const progress = progressOnStderr({
    label: "predict",
    total: photographs?.length ?? paths.length,
    unit: "photographs",
  });
  const results: unknown[] = [];
  let done = 0;
  for await (const { sample: { id, fileName }, count, records, paint } of finder.find(samples)) {
    results.push(...records);
    const line = `${fileName}: image_id ${id}, ${count}`;
    if (values.flag("no-pictures")) {
      say(line);
    } else {
      const name = `${out}/${pictureFileName(id, fileName)}`;
      await writePng(name, paint());
      say(`${line}, ${name}`);
    }
    progress.update(++done);
  }
  progress.finish();
  await writeFileAtomic(`${out}/results.json`, JSON.stringify(results) + "\n");
  say(`${out}/results.json`);
  if (broken.length > 0) {
    throw new InputError(
      `${broken.length} of ${photographs!.length} photographs could not be read and are not in ` +
        `${out}/results.json:\n  ${broken.join("\n  ")}`,
    );
  }
}

/** What the weights find: people, or where they have classes instances. */
async function finderOf(values: Values): Promise<Finder<unknown>> {
  const loaded = await loadNetwork(values);
  const { classes } = loaded;
  if (classes) return await instanceFinder(values, { ...loaded, classes });
  const ids = await readIds(values.text("ids"));
  return await peopleFinder(values, loaded, await openPhotographs(values, "all", { ids }));
}

/** Bytes of decoded pictures that are kept between looking whether all are whole and predicting. */
const KEPT_BYTES = 256 * 2 ** 20;

/**
 * Decode photographs once, so that a damaged one is noticed before anything is written, and keep those that fit.
 *
 * @throws {InputError} If one cannot be read.
 */
async function decodedPhotos(paths: readonly string[]): Promise<Map<string, RgbImage>> {
  const kept = new Map<string, RgbImage>();
  let bytes = 0;
  for (const path of paths) {
    const image = await readImage(path);
    if (bytes + image.data.length > KEPT_BYTES) continue;
    kept.set(path, image);
    bytes += image.data.length;
  }
  return kept;
}

async function* photos(
  paths: readonly string[],
  ids: readonly number[],
  decoded: Map<string, RgbImage>,
): AsyncGenerator<Sample> {
  for (const [i, path] of paths.entries()) {
    const image = decoded.get(path) ?? await readImage(path);
    decoded.delete(path);
    yield { id: ids[i], fileName: path, image, people: [] };
  }
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1)!.replace(/\.[^.]*$/, "");
}

/** Bytes of UTF-8 that a file's name may have on the usual file systems. */
const MOST_NAME_BYTES = 255;

/**
 * The name of the picture of a photograph: `7_street.png`. A long name is cut; its number still makes it the only one.
 *
 * @param id The photograph's image_id, unlike all others.
 */
export function pictureFileName(id: number, path: string): string {
  const [start, end] = [`${id}_`, ".png"]; // a byte each letter
  const left = new Uint8Array(MOST_NAME_BYTES - start.length - end.length);
  const name = baseName(path);
  return `${start}${name.slice(0, new TextEncoder().encodeInto(name, left).read)}${end}`;
}

/**
 * The image_id of each photograph: COCO names its photographs by their ids, `000000000785.jpg` is 785.
 *
 * @throws {InputError} If two names are the same number.
 */
export function idsOf(paths: readonly string[]): number[] {
  const named = paths.map((path) =>
    /^\d{1,15}$/.test(baseName(path)) ? Number(baseName(path)) : undefined
  );
  const owners = new Map<number, string>();
  named.forEach((id, i) => {
    if (id === undefined) return;
    const other = owners.get(id);
    if (other !== undefined) {
      throw new InputError(
        `${other} and ${paths[i]} would both have image_id ${id}\n  help: rename one of them`,
      );
    }
    owners.set(id, paths[i]);
  });
  let next = 1;
  return named.map((id) => {
    if (id !== undefined) return id;
    while (owners.has(next)) next++;
    return next++;
  });
}
