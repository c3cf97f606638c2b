/**
 * `evaluate --kind masks` and `--kind boxes`: the twelve COCO figures of a results file of masks or boxes, or of the masks
 * that a network finds in photographs, all classes together and class by class; with `--voc` mAP^r on a PASCAL VOC folder.
 *
 * @module
 */
import {
  type CocoInstanceResult,
  type CocoInstanceTruth,
  decodeRunLengths,
  evaluateInstances,
  InputError,
  type InstanceShape,
  readCocoInstanceResults,
  readCocoInstanceTruth,
  RegionMeasure,
} from "../mod.ts";
import { loadVoc, VOC_CLASSES, type VocDataset } from "../data/mod.ts";
import { readIds } from "./datasets.ts";
import { checkResultsOrImages, findInAll } from "./finder.ts";
import { instanceFinder, segmentOptionsOf } from "./instance_finder.ts";
import type { Option, Options, Values } from "./options.ts";
import { checkWritable, printFigures, progressOnStderr, writeJson } from "./output.ts";
import { instanceOptionsOf } from "./segmentation.ts";
import { loadNetwork } from "./weights.ts";

const KINDS = ["keypoints", "masks", "boxes"] as const;

/** The option `--kind`. */
export const KIND: Option = {
  type: "text",
  choices: KINDS,
  help: "what was found",
  otherwise: "keypoints",
};

/** The options of masks and boxes alone. */
export const OF_INSTANCES: Options = {
  classes: {
    type: "text",
    help: "masks and boxes: only these classes, names between commas",
    otherwise: "all of the file; with --images those of the network",
  },
  voc: { type: "folder", help: "masks: PASCAL VOC in place of --annotations, for mAP^r" },
  set: {
    type: "text",
    help: "list in its ImageSets/Segmentation",
    otherwise: "val",
    needs: "voc",
  },
};

/** Options of `evaluate` that boxes of COCO's files know. */
const OF_BOXES = ["kind", "annotations", "results", "ids", "classes", "json"];

/** Those that masks know, which can be predicted as well. */
const OF_MASKS = [
  ...[...OF_BOXES, "images", "weights", "preset"],
  ...["threshold", "tag-distance", "scales", "flip"],
];

/** Those that masks of a VOC folder know. */
const OF_VOC = ["kind", "voc", "set", "results", "json"];

/**
 * What `--kind` asks for: masks, boxes, or undefined for keypoints.
 *
 * @throws {InputError} If an option of masks is given with keypoints.
 */
export function instanceShapeOf(values: Values): InstanceShape | undefined {
  const kind = values.oneOf("kind", KINDS) ?? "keypoints";
  if (kind !== "keypoints") return kind;
  for (const name of Object.keys(OF_INSTANCES)) {
    if (!values.isGiven(name)) continue;
    throw new InputError(`--${name} is for --kind masks${name === "classes" ? " and boxes" : ""}`);
  }
  return undefined;
}

/**
 * Measure a results file, or what a network finds, and print the figures; write all of them to `--json`.
 *
 * @param options All options of `evaluate`, of which most are for keypoints.
 * @throws {InputError} If a file is not what it should be, or an option is given in vain.
 */
export async function evaluateInstanceFiles(
  values: Values,
  shape: InstanceShape,
  options: Options,
): Promise<void> {
  const voc = values.text("voc");
  if (voc !== undefined && shape === "boxes") throw new InputError("--voc is for --kind masks");
  const known = voc !== undefined ? OF_VOC : shape === "masks" ? OF_MASKS : OF_BOXES;
  for (const name of Object.keys(options)) {
    if (!values.isGiven(name) || known.includes(name)) continue;
    const why = !OF_MASKS.includes(name)
      ? "is for --kind keypoints"
      : voc === undefined
      ? "is for --kind keypoints and masks"
      : "does not go with --voc";
    throw new InputError(`--${name} ${why}`);
  }
  const json = values.text("json");
  if (json !== undefined) await checkWritable(json);
  const { figures, details } = voc === undefined
    ? await measuredOnCoco(values, shape)
    : await measuredOnVoc(values, voc);
  printFigures(figures);
  if (json === undefined) return;
  await writeJson(json, { ...details, kind: shape, figures });
}

/** The figures to print, and what else goes into the file. */
interface Measured {
  readonly figures: Readonly<Record<string, number>>;
  readonly details: object;
}

async function measuredOnCoco(values: Values, shape: InstanceShape): Promise<Measured> {
  const path = values.required("annotations");
  const file = shape === "boxes" ? values.required("results") : values.text("results");
  if (shape === "masks") checkResultsOrImages(values);
  const names = { truth: path, results: file ?? "the predictions" };
  const ids = await readIds(values.text("ids"));
  const truth = await readCocoInstanceTruth(path, { shape });
  const asked = classesOf(values.text("classes"), truth, path);
  const { results, categoryIds, setup }: Predicted = file === undefined
    ? await predicted(values)
    : { results: await readCocoInstanceResults(file, { shape }) };
  const options = { shape, imageIds: ids && [...ids], categoryIds: asked ?? categoryIds, names };
  const { statistics, byClass, images } = evaluateInstances(truth, results, options);
  return { figures: { ...statistics }, details: { dataset: "coco", images, byClass, setup } };
}

/** Masks, and if a network found them, of which categories and how. */
interface Predicted {
  readonly results: readonly CocoInstanceResult[];
  readonly categoryIds?: readonly number[];
  readonly setup?: object;
}

/** The masks that a network finds in the photographs. */
async function predicted(values: Values): Promise<Predicted> {
  const loaded = await loadNetwork(values, "segment");
  const { classes } = loaded;
  if (!classes) {
    throw new InputError(
      `${values.text("weights")}: finds keypoints, not masks\n  help: leave out --kind masks`,
    );
  }
  const finder = await instanceFinder(values, { ...loaded, classes });
  const setup = {
    weights: values.text("weights") ?? "those that come with the library",
    ...instanceOptionsOf(loaded),
    ...segmentOptionsOf(values),
    ids: values.text("ids") ?? "all",
  };
  return {
    results: await findInAll(finder.photographs!, finder), // --annotations and --images are given
    categoryIds: finder.categoryIds,
    setup,
  };
}

async function measuredOnVoc(values: Values, folder: string): Promise<Measured> {
  const path = values.required("results");
  const voc = await loadVoc(folder, { set: values.text("set") ?? "val" });
  const results = (await readCocoInstanceResults(path)).map((result, index) => ({ result, index }));
  for (const { result, index } of results) checkIsOfVoc(result, voc, `${path}: results[${index}]`);
  const ofImage = Map.groupBy(results, ({ result }) => result.image_id);
  const measure = new RegionMeasure(VOC_CLASSES.length);
  const progress = progressOnStderr({ label: "measure", total: voc.length, unit: "photographs" });
  for (let i = 0; i < voc.length; i++) {
    const { id, fileName, image: { width, height }, instances = [], ignore } = await voc.sample(i);
    const found = (ofImage.get(id) ?? []).map(({ result, index }) => {
      const { category_id, score, segmentation } = result;
      const { size } = segmentation!; // the check has seen to it
      if (size[0] !== height || size[1] !== width) {
        throw new InputError(
          `${path}: results[${index}].segmentation.size is [${size.join(", ")}], ` +
            `but ${fileName} is [${height}, ${width}]`,
        );
      }
      return { classIndex: category_id - 1, score, mask: decodeRunLengths(segmentation!) };
    });
    measure.add({ annotated: instances, found, ignore });
    progress.update(i + 1);
  }
  progress.finish();
  const all = measure.figures().map(({ overlap, rule, mean, byClass }) => {
    return { name: `mAP^r ${overlap} ${rule}`, mean, byClass };
  });
  return {
    figures: Object.fromEntries(all.map(({ name, mean }) => [name, mean])),
    details: {
      dataset: "voc",
      images: voc.length,
      byClass: VOC_CLASSES.map((name, c) => ({
        name,
        figures: Object.fromEntries(all.map(({ name, byClass }) => [name, byClass[c]])),
      })),
    },
  };
}

/** See that a record is of a photograph and a class of the data set. */
function checkIsOfVoc(
  { image_id, category_id }: CocoInstanceResult,
  voc: VocDataset,
  place: string,
): void {
  const isPlace = (value: number, most: number) => value >= 1 && value <= most;
  if (!isPlace(image_id, voc.length)) {
    throw new InputError(
      `${place}.image_id is ${image_id}, a place in the list of ${voc.length} photographs expected, from 1`,
    );
  }
  if (!isPlace(category_id, VOC_CLASSES.length)) {
    throw new InputError(
      `${place}.category_id is ${category_id}, a class from 1 to ${VOC_CLASSES.length} expected`,
    );
  }
}

/** The ids of the classes asked for. */
function classesOf(
  names: string | undefined,
  { categories }: CocoInstanceTruth,
  path: string,
): number[] | undefined {
  return names?.split(",").map((name) => {
    const category = categories.find((one) => one.name === name);
    if (category) return category.id;
    throw new InputError(
      `--classes: ${path} has no class "${name}"\n` +
        `  help: it has ${categories.map((one) => one.name).join(", ")}`,
    );
  });
}
