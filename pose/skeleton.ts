/**
 * A skeleton as data: which keypoints a person has, which are mirror images, which are joined by limbs,
 * how precisely each can be annotated, and in which order the decoder visits them.
 *
 * @module
 */

/** Everything about a kind of body that is not learnt. */
export interface Skeleton {
  /** Short name, as printed in reports. */
  readonly name: string;
  /** Names of the K keypoints, in annotation order. */
  readonly keypoints: readonly string[];
  /** `flip[k]` is the keypoint that k becomes in a mirrored image. */
  readonly flip: readonly number[];
  /** Pairs of keypoints joined when drawing. */
  readonly limbs: readonly (readonly [number, number])[];
  /** Annotation spread of each keypoint relative to the person's size: OKS's sigma. */
  readonly sigmas: readonly number[];
  /** Order in which grouping visits the keypoints: head first, then torso, then limbs. */
  readonly groupingOrder: readonly number[];
}

/**
 * COCO's 17 keypoints. Names, order and limbs: COCO's `person_keypoints` category; `sigmas`: pycocotools,
 * `cocoeval.py`; `flip`: pose-ae-train, `data/coco_pose/ref.py`; `groupingOrder`: pose-ae-train,
 * `utils/group.py`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { COCO } from "ae";
 *
 * const leftEye = COCO.keypoints.indexOf("left_eye");
 * assert.equal(COCO.keypoints[COCO.flip[leftEye]], "right_eye");
 * ```
 */
export const COCO: Skeleton = {
  name: "coco",
  keypoints: [
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
  ],
  flip: [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15],
  // deno-fmt-ignore
  limbs: [
    [0, 1], [0, 2], [1, 2], [1, 3], [2, 4], [3, 5], [4, 6], // head
    [5, 6], [5, 7], [7, 9], [6, 8], [8, 10], //                arms
    [5, 11], [6, 12], [11, 12], //                             torso
    [11, 13], [13, 15], [12, 14], [14, 16], //                 legs
  ],
  // deno-fmt-ignore
  sigmas: [
    .026, .025, .025, .035, .035, .079, .079, .072, .072, .062, .062, .107, .107, .087, .087, .089, .089,
  ],
  groupingOrder: [0, 1, 2, 3, 4, 5, 6, 11, 12, 7, 8, 9, 10, 13, 14, 15, 16],
};
