/**
 * CrowdPose's annotation files: COCO's form with a `crowdIndex` at every image and no `area` at the people.
 *
 *     { images: [{ id, file_name, width, height, crowdIndex }],
 *       annotations: [{ id, image_id, category_id, keypoints: 14 triples, num_keypoints, bbox, iscrowd }] }
 *
 * The crowd index of an image, 0 to 1, says how much people's boxes are filled with other people's keypoints.
 * Evaluation needs an area where COCO has that of the mask; crowdposetools takes 0.53 of the box's. Li et al.,
 * "CrowdPose" (CVPR 2019), arXiv:1812.00324; crowdposetools, `cocoeval.py`.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import {
  checkCocoTruth,
  type CocoImage,
  type CocoRecordOptions,
  type CocoTruth,
} from "./coco_records.ts";
import { CROWDPOSE } from "./skeletons.ts";

/** The share of a person's box that stands for the area of the person: crowdposetools, `cocoeval.py`. */
const BOX_SHARE = 0.53;

/** A photograph of CrowdPose. */
export interface CrowdPoseImage extends CocoImage {
  /** How crowded it is, 0 to 1. */
  readonly crowdIndex: number;
}

/** A CrowdPose annotation file; people have areas. */
export interface CrowdPoseTruth extends CocoTruth {
  /** Every image, also those without people. */
  readonly images: readonly CrowdPoseImage[];
}

/**
 * Check a parsed CrowdPose annotation file and give people their areas: 0.53 of the area of the box, whatever
 * the file says.
 *
 * @param parsed What `JSON.parse` returned; it is not changed.
 * @param name What to call it in errors: the file's path.
 * @param options.categoryId The category of people, 1 in the published files.
 * @throws {InputError} Where {@linkcode checkCocoTruth} refuses it, or an image has no `crowdIndex` of 0 to 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkCrowdPoseTruth } from "ae";
 *
 * const person = { id: 1, image_id: 7, category_id: 1, keypoints: Array(42).fill(2), bbox: [0, 0, 10, 20] };
 * const images = [{ id: 7, file_name: "7.jpg", width: 50, height: 50, crowdIndex: 0.76 }];
 * const { annotations } = checkCrowdPoseTruth({ images, annotations: [person] }, "crowd.json");
 * assert.equal(annotations[0].area, 0.53 * 200);
 * ```
 */
export function checkCrowdPoseTruth(
  parsed: unknown,
  name: string,
  { categoryId }: Pick<CocoRecordOptions, "categoryId"> = {},
): CrowdPoseTruth {
  const file = parsed as { readonly annotations?: unknown } | null;
  const annotations = Array.isArray(file?.annotations)
    ? file.annotations.map((annotation) => withArea(annotation))
    : file?.annotations;
  const isRecord = typeof file === "object" && file !== null && !Array.isArray(file);
  const truth = checkCocoTruth(isRecord ? { ...file, annotations } : parsed, {
    skeleton: CROWDPOSE,
    categoryId,
    name,
  });
  truth.images.forEach((image, i) => {
    const { crowdIndex } = image as Partial<CrowdPoseImage>;
    if (typeof crowdIndex === "number" && crowdIndex >= 0 && crowdIndex <= 1) return;
    const found = crowdIndex === undefined ? "missing" : JSON.stringify(crowdIndex);
    throw new InputError(
      `${name}: images[${i}].crowdIndex is ${found}, a number from 0 to 1 expected`,
    );
  });
  return truth as CrowdPoseTruth;
}

function withArea(annotation: unknown): unknown {
  const bbox = (annotation as { readonly bbox?: unknown } | null)?.bbox;
  if (!Array.isArray(bbox)) return annotation; // the check will say so
  return { ...annotation as object, area: bbox[2] * bbox[3] * BOX_SHARE };
}
