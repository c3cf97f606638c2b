/**
 * `evaluate --kind masks` and `--kind boxes`: the twelve COCO figures of a results file of masks or boxes, all classes
 * together and class by class.
 *
 * @module
 */
import {
  type CocoInstanceTruth,
  evaluateInstances,
  InputError,
  type InstanceShape,
  type InstanceStatistics,
  readCocoInstanceResults,
  readCocoInstanceTruth,
  writeFileAtomic,
} from "../mod.ts";
import { readIds } from "./datasets.ts";
import type { Option, Values } from "./options.ts";
import { checkWritable } from "./output.ts";

/** The options that say what is measured. */
export const KIND: Readonly<Record<string, Option>> = {
  kind: { type: "text", help: "what is measured: keypoints, masks or boxes (default keypoints)" },
  classes: {
    type: "text",
    help: "masks and boxes: only these classes, names between commas (default: all of the file)",
  },
};

/** Options of `evaluate` that masks and boxes know, too. */
const KNOWN = ["annotations", "results", "ids", "json", ...Object.keys(KIND)];

/**
 * What `--kind` asks for: masks, boxes, or undefined for keypoints.
 *
 * @throws {InputError} If it is none of the three, or `--classes` is given with keypoints.
 */
export function instanceShapeOf(values: Values): InstanceShape | undefined {
  const kind = values.text("kind") ?? "keypoints";
  if (kind === "masks" || kind === "boxes") return kind;
  if (kind !== "keypoints") {
    throw new InputError(`--kind can be keypoints, masks or boxes, not ${kind}`);
  }
  if (values.text("classes") !== undefined) {
    throw new InputError("--classes is for --kind masks and boxes");
  }
  return undefined;
}

/**
 * Measure a results file and print the figures; write all of them to `--json`.
 *
 * @param options All options of `evaluate`, of which most are for keypoints.
 * @throws {InputError} If a file is not what it should be, or an option is given that is for keypoints.
 */
export async function evaluateInstanceFiles(
  values: Values,
  shape: InstanceShape,
  options: Readonly<Record<string, Option>>,
): Promise<void> {
  for (const [name, { type }] of Object.entries(options)) {
    const isGiven = type === "flag" ? values.flag(name) : values.text(name) !== undefined;
    if (isGiven && !KNOWN.includes(name)) {
      throw new InputError(`--${name} is for --kind keypoints`);
    }
  }
  const names = { truth: values.required("annotations"), results: values.required("results") };
  const ids = await readIds(values.text("ids"));
  const json = values.text("json");
  if (json !== undefined) await checkWritable(json);
  const truth = await readCocoInstanceTruth(names.truth, { shape });
  const categoryIds = classesOf(values.text("classes"), truth, names.truth);
  const results = await readCocoInstanceResults(names.results, { shape });
  const imageIds = ids && [...ids];
  const { statistics, byClass, images } = evaluateInstances(truth, results, {
    shape,
    imageIds,
    categoryIds,
    names,
  });
  printFigures(statistics);
  if (json === undefined) return;
  const details = { dataset: "coco", kind: shape, images, figures: statistics, byClass };
  await writeFileAtomic(json, JSON.stringify(details, null, 2) + "\n");
}

function printFigures(statistics: InstanceStatistics): void {
  for (const [name, value] of Object.entries(statistics)) {
    console.log(`${name.padEnd(9)} ${value < 0 ? "undefined (-1)" : value.toFixed(3)}`);
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
