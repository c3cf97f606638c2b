/**
 * The figures of people found, by the rules of COCO, CrowdPose or MPII: those to print, and all of them for the files of
 * `evaluate`.
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
  figuresBySize,
  KEYPOINT_ERRORS,
  type KeypointEvaluation,
  type KeypointStatistics,
  type MpiiColumns,
  type MpiiOptions,
  OKS_THRESHOLDS,
  precisionRecallCurve,
} from "../mod.ts";
import type { AnnotationFile } from "./datasets.ts";

/** The figures to print, and what goes into the two files, which takes some time. */
export interface Evaluated {
  readonly figures: EvaluationReport["figures"];
  readonly details: () => {
    readonly json: Readonly<Record<string, unknown>>;
    readonly report: Omit<EvaluationReport, "figures">;
  };
}

/** Measure people by the rules of MPII. */
export function evaluateMpiiFile(
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

/** Measure people by the rules of COCO or CrowdPose. */
export function evaluateCocoFile(
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
