/**
 * `evaluate`: the figures of a results file, or of what a network finds in photographs, by the rules of COCO,
 * CrowdPose or MPII; all of them as JSON, and as a report to look at. Masks and boxes: `evaluate_instances.ts`.
 *
 * @module
 */
import {
  analyzeErrors,
  type CocoResult,
  type CrowdPoseStatistics,
  type ErrorAnalysis,
  evaluateByKeypoint,
  evaluateCrowdPose,
  evaluateKeypoints,
  evaluateMpii,
  type EvaluationOptions,
  type EvaluationReport,
  evaluationReportHtml,
  figuresBySize,
  InputError,
  KEYPOINT_ERRORS,
  type KeypointEvaluation,
  type KeypointStatistics,
  type MpiiColumns,
  type MpiiGroup,
  mpiiGroups,
  type MpiiOptions,
  OKS_THRESHOLDS,
  precisionRecallCurve,
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
import { evaluateInstanceFiles, instanceShapeOf, KIND } from "./evaluate_instances.ts";
import { checkResultsOrImages, findInAll } from "./finder.ts";
import type { Command, Values } from "./options.ts";
import { checkWritable } from "./output.ts";
import { peopleFinder } from "./people_finder.ts";
import { decoderOf, LOOKING, lookingOf, REFINING } from "./prediction.ts";
import { refineTakeOf } from "./refinement.ts";
import { loadGivenOrShipped } from "./weights.ts";

/** `evaluate`. */
export const evaluateCommand: Command = {
  summary:
    "The figures of COCO, CrowdPose or MPII for a results file, or for what a network finds in photographs.",
  operands: "",
  options: {
    ...KIND,
    annotations: { type: "text", help: "annotation file" },
    ...DATASET_OPTIONS,
    groups: {
      type: "text",
      help: "MPII: JSON file of the groups of people that count (default: everybody)",
    },
    ids: IDS,
    results: { type: "text", help: "results file, as predict writes it" },
    images: { type: "text", help: "without --results: folder of the photographs to predict" },
    weights: {
      type: "text",
      help: "with --images: weight file (default: the ones that come with the library)",
    },
    preset: { type: "text", help: "network (default: what the weight file says)" },
    ...LOOKING,
    ...REFINING,
    json: { type: "text", help: "also write all figures to this file" },
    report: {
      type: "text",
      help: "also write a report with curves and an error analysis: FILE.html",
    },
  },
  notes:
    "--kind masks predicts as well: --weights of classes (train --instances), measured on these classes;\n" +
    "--flip, --scales, --threshold and --tag-distance as in predict.\n" +
    "With the file of pose-ae-train's 500 validation images as --ids the figures are those of its test.py,\n" +
    "but for images without people, which count here.",
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
  for (const { name, value } of evaluated.figures) {
    console.log(`${name.padEnd(9)} ${value < 0 ? "undefined (-1)" : value.toFixed(3)}`);
  }
  if (json === undefined && report === undefined) return;
  const details = evaluated.details();
  if (json !== undefined) {
    await writeFileAtomic(json, JSON.stringify({ ...details.json, setup }, null, 2) + "\n");
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
  const looking = lookingOf(values);
  const loaded = await loadGivenOrShipped(values);
  const all = { photos: "all", cacheMegabytes: 0 } as const;
  const { file: measured } = withLabels(file); // the others are counted by the evaluation
  const photographs = await photographsOf(measured, values.text("images")!, all);
  const finder = await peopleFinder(values, loaded, { file, photographs });
  const found = await findInAll(photographs, finder);
  const { threshold, maxTagDistance } = decoderOf(loaded, looking);
  const setup = {
    weights: values.text("weights") ?? "those that come with the library",
    decoder: values.text("decoder") ?? "default",
    scales: looking.scales.name,
    flip: looking.flip,
    threshold,
    maxTagDistance,
    refine: values.text("refine") ?? "no",
    ...(values.isGiven("refine") ? { refineTake: refineTakeOf(values) } : {}),
    ids: values.text("ids") ?? "all",
  };
  return { found, setup };
}

/** The figures to print, and what goes into the two files, which takes some time. */
interface Evaluated {
  readonly figures: EvaluationReport["figures"];
  readonly details: () => {
    readonly json: Readonly<Record<string, unknown>>;
    readonly report: Omit<EvaluationReport, "figures">;
  };
}

function evaluateMpiiFile(
  { path, images }: AnnotationFile & { readonly kind: "mpii" },
  results: readonly CocoResult[],
  { names, groups }: MpiiOptions,
): Evaluated {
  const scores = results.flatMap(({ keypoints }) => keypoints.filter((_, i) => i % 3 === 2));
  if (results.length > 1 && scores.every((score) => score === 0 || score === 1)) {
    console.error(
      "every keypoint found has the score 1, but MPII ranks keypoints by scores of their own",
    );
  }
  const evaluation = evaluateMpii(images, results, { names, groups });
  const { columns, keypoints, leftOut } = evaluation;
  if (leftOut > 0) console.error(`${leftOut} images whose labels are not public were left out`);
  const details = () => ({
    json: {
      dataset: "mpii",
      images: evaluation.images,
      leftOut,
      figures: columns,
      byKeypoint: keypoints,
    },
    report: {
      title: "MPII multi-person evaluation",
      setup: [
        ["truth", path],
        ["results", names!.results!],
        [groups ? "groups" : "images", `${evaluation.images}`],
      ] as const,
      keypoints: keypoints.map(({ keypoint }) => keypoint),
      byKeypoint: [{ name: "AP of each keypoint", values: keypoints.map(({ AP }) => AP) }],
    },
  });
  return { figures: mpiiFigures(columns), details };
}

function evaluateCocoFile(
  file: AnnotationFile & { readonly kind: "coco" | "crowdpose" },
  results: readonly CocoResult[],
  names: EvaluationOptions["names"],
): Evaluated {
  const { path, kind, skeleton, categoryId, truth } = file;
  const options = { skeleton, categoryId, names };
  const { statistics, evaluation } = file.kind === "crowdpose"
    ? evaluateCrowdPose(file.truth, results, options)
    : withStatistics(evaluateKeypoints(truth, results, options));
  const figures = Object.entries(statistics).map(([name, value]) => ({
    name,
    meaning: MEANINGS[name as keyof typeof MEANINGS],
    value,
  }));
  const details = () => {
    const byKeypoint = evaluateByKeypoint(truth, results, options);
    const errors = analyzeErrors(truth, results, options);
    const curves = OKS_THRESHOLDS.flatMap((threshold) => {
      const curve = precisionRecallCurve(evaluation, { threshold });
      return curve ? [{ name: `OKS ${threshold.toFixed(2)}`, ...curve }] : [];
    });
    const bySize = figuresBySize(evaluation);
    return {
      json: {
        dataset: kind,
        images: evaluation.images.length,
        figures: statistics,
        keypoints: statistics, // the name that other programs look for
        bySize,
        byKeypoint,
        errors,
        curves,
      },
      report: {
        title: `${kind === "crowdpose" ? "CrowdPose" : "COCO"} keypoint evaluation`,
        setup: [
          ["truth", path],
          ["results", names!.results!],
          ["images", `${evaluation.images.length}`],
          ["found", `${results.length} people`],
        ] as const,
        curves: curves.filter((_, t) => t % 3 === 0), // more than four cannot be told apart
        keypoints: skeleton.keypoints,
        byKeypoint: [
          {
            name: "AP as if people were this keypoint alone",
            values: byKeypoint.map(({ AP }) => AP),
          },
          {
            name: "Mean similarity on people found",
            values: byKeypoint.map(({ similarity }) => similarity),
          },
        ],
        errors: errorsReported(errors),
      },
    };
  };
  return { figures, details };
}

function withStatistics(evaluation: KeypointEvaluation) {
  return { statistics: evaluation.statistics, evaluation };
}

function errorsReported({ keypoints, AP }: ErrorAnalysis): EvaluationReport["errors"] {
  const { asFound, ...mended } = AP;
  return {
    fates: (["good", ...KEYPOINT_ERRORS] as const).map((name) => ({
      name,
      values: keypoints.map((counts) => counts[name]),
    })),
    asFound,
    mended: Object.entries(mended).map(([name, value]) => ({
      name,
      meaning: WITHOUT[name as keyof typeof mended],
      value,
    })),
  };
}

const MEANINGS: Readonly<Record<keyof KeypointStatistics | keyof CrowdPoseStatistics, string>> = {
  AP: "OKS 0.50 to 0.95",
  AP50: "OKS 0.50",
  AP75: "OKS 0.75",
  AP_M: "32² to 96² px",
  AP_L: "above 96² px",
  AR: "OKS 0.50 to 0.95",
  AR50: "OKS 0.50",
  AR75: "OKS 0.75",
  AR_M: "32² to 96² px",
  AR_L: "above 96² px",
  AP_easy: "crowd index below 0.2",
  AP_medium: "crowd index 0.2 to 0.8",
  AP_hard: "crowd index from 0.8",
};

const WITHOUT: Readonly<Record<Exclude<keyof ErrorAnalysis["AP"], "asFound">, string>> = {
  jitter: "nothing beside its place",
  inversion: "left and right never exchanged",
  swap: "nothing on somebody else",
  miss: "nothing nowhere",
  strangers: "without people who match nobody",
  unfound: "if people nobody matched were not asked for",
};

/** The row of a published table, the total first. */
function mpiiFigures({ total, ...columns }: MpiiColumns): EvaluationReport["figures"] {
  return Object.entries({ total, ...columns }).map(([name, value]) => ({
    name,
    meaning: name === "total" ? "mean of 14 keypoints, PCKh 0.5" : "AP, mean of two keypoints",
    value,
  }));
}
