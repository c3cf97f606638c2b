/**
 * People as records of a COCO results file, which pycocotools, the COCO server and this library's own
 * evaluation read: `[{ image_id, category_id, keypoints: [x1, y1, v1, x2, ...], score }, ...]`.
 *
 * COCO has no way to say "not found" that would help: OKS compares every labelled keypoint. So the authors
 * put a missing keypoint at the mean of those that are there, which is now and then near enough.
 *
 * pose-ae-train, `test.py` (genDtByPred).
 *
 * @module
 */
import type { CocoResult } from "../pose/coco_records.ts";
import type { DecodedPerson } from "../pose/person.ts";

/** How people become records. */
export interface CocoResultOptions {
  /**
   * The record's `category_id`; 1 is COCO's "person".
   * @default {1}
   */
  readonly categoryId?: number;
  /**
   * A missing keypoint: at the `"mean"` of the person's others with flag 1, as the authors have it, or
   * `"zero"`: 0, 0, 0.
   * @default {"mean"}
   */
  readonly missing?: "mean" | "zero";
}

/**
 * The COCO result records of one image's people. A person without any keypoint has no record.
 *
 * @param people In image pixels.
 * @param imageId The image's id in the annotation file.
 * @throws {RangeError} If `imageId` is not a whole number.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { toCocoResults } from "ae";
 *
 * const at = (x: number, y: number) => ({ x, y, score: 0.6, tag: [0] });
 * const people = [{ keypoints: [at(10, 20), null, at(30, 60)], score: 0.4 }];
 * assert.deepEqual(toCocoResults(people, 7), [
 *   { image_id: 7, category_id: 1, keypoints: [10, 20, 1, 20, 40, 1, 30, 60, 1], score: 0.4 },
 * ]);
 * ```
 */
export function toCocoResults(
  people: readonly DecodedPerson[],
  imageId: number,
  options: CocoResultOptions = {},
): CocoResult[] {
  const { categoryId = 1, missing = "mean" } = options;
  if (!Number.isInteger(imageId)) {
    throw new RangeError(`toCocoResults: imageId must be a whole number, not ${imageId}`);
  }
  const records: CocoResult[] = [];
  for (const { keypoints, score } of people) {
    const present = keypoints.filter((keypoint) => keypoint !== null);
    if (present.length === 0) continue;
    const meanX = present.reduce((sum, { x }) => sum + x, 0) / present.length;
    const meanY = present.reduce((sum, { y }) => sum + y, 0) / present.length;
    const substitute = missing === "mean" ? [meanX, meanY, 1] : [0, 0, 0];
    records.push({
      image_id: imageId,
      category_id: categoryId,
      keypoints: keypoints.flatMap((keypoint) =>
        keypoint ? [keypoint.x, keypoint.y, 1] : substitute
      ),
      score,
    });
  }
  return records;
}
