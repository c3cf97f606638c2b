/**
 * `evaluate`: the figures of a results file, or of what a network finds in photographs, by the rules of COCO,
 * CrowdPose or MPII; all of them as JSON, and as a report to look at. Masks and boxes: `evaluate_instances.ts`.
 *
 * @module
 */
import {
  type CocoResult,
  evaluateKeypoints,
  evaluateMpii,
  evaluationReportHtml,
  InputError,
  type MpiiGroup,
  mpiiGroups,
  type MpiiOptions,
  readCocoResults,
  readJson,
  writeFileAtomic,
} from "../mod.ts";
import {
  type AnnotationFile,
  DATASET_OPTIONS,
  IDS,
  photographsOf,
  readAnnotationFile,
  readIds,
  withIds,
  withLabels,
} from "./datasets.ts";
import {
  evaluateInstanceFiles,
  instanceShapeOf,
  KIND,
  OF_INSTANCES,
} from "./evaluate_instances.ts";
import { evaluateCocoFile, evaluateMpiiFile } from "./evaluate_keypoints.ts";
import { checkResultsOrImages, findInAll } from "./finder.ts";
import { type Command, under, type Values } from "./options.ts";
import { checkWritable, printFigures, writeJson } from "./output.ts";
import { peopleFinder } from "./people_finder.ts";
import { decoderOf, LOOKING, lookingOf } from "./prediction.ts";
import { REFINING } from "./refinement.ts";
import { loadGivenOrShipped, NETWORK } from "./weights.ts";

/** `evaluate`. */
export const evaluateCommand: Command = {
  summary: "Measure results or a network: COCO, CrowdPose, MPII, VOC.",
  operands: "",
  options: {
    ...under("What is measured", {
      kind: KIND,
      results: { type: "file", help: "results file, as predict writes it" },
      images: { type: "folder", help: "without --results: photographs, predicted first" },
    }),
    ...under("By what", {
      annotations: { type: "file", help: "annotation file" },
      ids: IDS,
      ...DATASET_OPTIONS,
      groups: {
        type: "file",
        help: "MPII: JSON file of the groups of people that count",
        otherwise: "everybody",
        needs: "annotations",
      },
      ...OF_INSTANCES,
    }),
    ...NETWORK,
    ...LOOKING,
    ...REFINING,
    ...under("Output", {
      json: { type: "file", help: "also write all figures to this file" },
      report: { type: "file", help: "also write curves and an error analysis: FILE.html" },
    }),
  },
  notes: [
    "What is under Network and How to look is for --images. --kind masks predicts with --weights " +
    "of classes (train --instances) and measures these classes; --threshold, --tag-distance, " +
    "--scales and --flip are then as in predict.",
    "With the file of pose-ae-train's 500 validation images as --ids the figures are those of its " +
    "test.py, but for images without people, which count here.",
  ],
  examples: [
    [
      "what predict has written",
      "--annotations person_keypoints_val2017.json --results out/predict/results.json",
    ],
    [
      "a network, with a report to look at",
      "--annotations person_keypoints_val2017.json --images val2017 " +
      "--weights out/train/weights.safetensors --report report.html",
    ],
    [
      "its masks",
      "--kind masks --annotations instances_val2017.json --images val2017 " +
      "--weights out/train/best.safetensors",
    ],
  ],
  run,
};

async function run(values: Values): Promise<void> {
  const shape = instanceShapeOf(values);
  if (shape) return await evaluateInstanceFiles(values, shape, evaluateCommand.options);
  const annotations = values.required("annotations");
  const resultsPath = values.text("results");
  checkResultsOrImages(values);
  const ids = await readIds(values.text("ids"));
  const whole = await readAnnotationFile(values, annotations);
  const file = withIds(whole, ids);
  const groups = await groupsOf(values, whole, ids);
  const [json, report] = [values.text("json"), values.text("report")];
  for (const path of [json, report]) if (path !== undefined) await checkWritable(path);
  const names = { truth: annotations, results: resultsPath ?? "the predictions" };
  checkTruth(file, { names, groups });
  const { found, setup } = resultsPath === undefined
    ? await predicted(values, file)
    : { found: await resultsOfFile(resultsPath, file), setup: undefined };
  const results = ids ? found.filter(({ image_id }) => ids.has(image_id)) : found;
  const evaluated = file.kind === "mpii"
    ? evaluateMpiiFile(file, results, { names, groups })
    : evaluateCocoFile(file, results, names);
  printFigures(Object.fromEntries(evaluated.figures.map(({ name, value }) => [name, value])));
  if (json === undefined && report === undefined) return;
  const details = evaluated.details();
  if (json !== undefined) {
    await writeJson(json, { ...details.json, setup });
  }
  if (report !== undefined) {
    const { figures } = evaluated;
    const rows = Object.entries(setup ?? {}).map(([name, value]) => [name, `${value}`] as const);
    const shown = { figures, ...details.report, setup: [...details.report.setup, ...rows] };
    await writeFileAtomic(report, evaluationReportHtml(shown));
  }
}

/** The groups of `--groups`, of the images asked for. */
async function groupsOf(
  values: Values,
  file: AnnotationFile,
  ids: ReadonlySet<number> | undefined,
): Promise<readonly MpiiGroup[] | undefined> {
  const path = values.text("groups");
  if (path === undefined) return undefined;
  if (file.kind !== "mpii") throw new InputError("--groups is for MPII");
  const all = mpiiGroups(await readJson(path), file.images, path);
  const groups = ids ? all.filter(({ imageId }) => ids.has(imageId)) : all;
  if (groups.length > 0) return groups;
  throw new InputError(`${path}: none of its groups is in an image of --ids`);
}

/**
 * See that results can be measured by an annotation file, by measuring none: what is missing is said before anything is
 * predicted.
 *
 * @throws {InputError} If nobody is of the category that the file calls people, or as the evaluations.
 */
function checkTruth(file: AnnotationFile, options: MpiiOptions): void {
  if (file.kind === "mpii") {
    evaluateMpii(file.images, [], options);
    return;
  }
  const { path, skeleton, categoryId, truth } = file;
  const { annotations } = truth;
  if (
    annotations.length > 0 && annotations.every(({ category_id }) => category_id !== categoryId)
  ) {
    throw new InputError(
      `${path}: none of the annotations has category_id ${categoryId}, ` +
        `the first has ${annotations[0].category_id}\n` +
        '  help: the file\'s "categories" say which is people: [{ "id": 1, "keypoints": [...] }]',
    );
  }
  evaluateKeypoints(truth, [], { skeleton, categoryId, names: options.names });
}

/** The records of a results file. */
async function resultsOfFile(
  path: string,
  { path: annotations, skeleton, categoryId }: AnnotationFile,
): Promise<readonly CocoResult[]> {
  const results = await readCocoResults(path, { skeleton, categoryId });
  if (results.length === 0 || results.some((one) => one.category_id === categoryId)) return results;
  throw new InputError(
    `${path}: none of the results has category_id ${categoryId}, as people have in ${annotations}; ` +
      `the first has ${results[0].category_id}`,
  );
}

/** How photographs were predicted. */
type Setup = Readonly<Record<string, string | number | boolean>>;

async function predicted(
  values: Values,
  file: AnnotationFile,
): Promise<{ found: CocoResult[]; setup: Setup }> {
  const loaded = await loadGivenOrShipped(values);
  const looking = lookingOf(values, loaded);
  const all = { photos: "all", cacheMegabytes: 0 } as const;
  const { file: measured } = withLabels(file); // the others are counted by the evaluation
  const photographs = await photographsOf(measured, values.text("images")!, all);
  const finder = await peopleFinder(values, loaded, { file, photographs });
  const found = await findInAll(photographs, finder);
  const { threshold, maxTagDistance } = decoderOf(loaded, looking);
  const setup = {
    weights: values.text("weights") ?? "those that come with the library",
    decoder: values.text("decoder") ?? loaded.decoder ?? "default",
    scales: looking.scales.name,
    flip: looking.flip,
    threshold,
    maxTagDistance,
    refine: values.text("refine") ?? "no",
    ...finder.refining,
    ids: values.text("ids") ?? "all",
  };
  return { found, setup };
}
