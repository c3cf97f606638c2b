/**
 * Golden cases of evaluation: the ten COCO keypoint figures, precision and recall, and the OKS of every
 * pair, and the twelve figures of masks and of boxes, as pycocotools gives them for the annotation and result
 * files that the case names.
 *
 * @module
 */
import {
  readCocoInstanceResults,
  readCocoInstanceTruth,
  readCocoResults,
  readCocoTruth,
} from "../../io/mod.ts";
import { evaluateInstances, evaluateKeypoints } from "../../metrics/mod.ts";
import type { Comparison, FamilyRunner, GoldenCase } from "./golden.ts";

/** Runners of the evaluation's families, by name. */
export const families: Record<string, FamilyRunner> = {
  coco_keypoints: cocoKeypoints,
  coco_segm: cocoInstances,
};

/** The family stores float64; pycocotools adds up in another order, hence not 0. */
const tolerance = { atol: 1e-12, rtol: 0 };

async function cocoKeypoints(
  testCase: GoldenCase,
  compare: Comparison,
  { folder }: { readonly folder: string },
): Promise<void> {
  const { params, values } = testCase;
  const truth = await readCocoTruth(`${folder}/${params.gt_file}`);
  const results = await readCocoResults(`${folder}/${params.dt_file}`);
  const imageIds = params.img_ids as number[] | undefined;
  const evaluation = evaluateKeypoints(truth, results, { imageIds });

  compare.close(
    "figures",
    Object.values(evaluation.statistics),
    values.stats as number[],
    tolerance,
  );
  for (const name of ["precision", "recall"] as const) {
    if (!testCase.expectedNames.includes(name)) continue;
    compare.close(name, evaluation[name], testCase.expected(name).data, tolerance);
  }
  for (const [id, rows] of Object.entries((values.oks ?? {}) as Record<string, number[][]>)) {
    const image = evaluation.images.find(({ imageId }) => imageId === Number(id));
    compare.close(`oks of image ${id}`, image?.oks ?? [], rows.flat(), tolerance);
  }
}

async function cocoInstances(
  { params, values }: GoldenCase,
  compare: Comparison,
  { folder }: { readonly folder: string },
): Promise<void> {
  const truth = await readCocoInstanceTruth(`${folder}/${params.gt_file}`);
  const results = await readCocoInstanceResults(`${folder}/${params.dt_file}`);
  for (const [shape, name] of [["masks", "stats"], ["boxes", "bbox_stats"]] as const) {
    const { statistics } = evaluateInstances(truth, results, { shape });
    compare.close(shape, Object.values(statistics), values[name] as number[], tolerance);
  }
}
