/**
 * The skeletons of the other public data sets, and all of them by name.
 *
 * @module
 */
import { unknownName } from "../core/errors.ts";
import { COCO, type Skeleton } from "./skeleton.ts";

/**
 * MPII Human Pose's 16 keypoints, in the order of the numbers that its annotation gives them (0 is the right
 * ankle). MPII is judged by distance over head size, not by OKS; its `sigmas` are those that mmpose gives it,
 * adapted from COCO's, and serve the error analysis only.
 *
 * Source: human-pose.mpi-inf.mpg.de, "Annotation description"; sigmas: mmpose, `configs/_base_/datasets/mpii.py`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { MPII } from "ae";
 *
 * const leftHip = MPII.keypoints.indexOf("left_hip");
 * assert.equal(MPII.keypoints[MPII.flip[leftHip]], "right_hip");
 * ```
 */
export const MPII: Skeleton = {
  name: "mpii",
  keypoints: [
    "right_ankle",
    "right_knee",
    "right_hip",
    "left_hip",
    "left_knee",
    "left_ankle",
    "pelvis",
    "thorax",
    "upper_neck",
    "head_top",
    "right_wrist",
    "right_elbow",
    "right_shoulder",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
  ],
  flip: [5, 4, 3, 2, 1, 0, 6, 7, 8, 9, 15, 14, 13, 12, 11, 10],
  // deno-fmt-ignore
  limbs: [
    [0, 1], [1, 2], [2, 6], [6, 3], [3, 4], [4, 5], //           legs
    [6, 7], [7, 8], [8, 9], //                                   trunk and head
    [8, 12], [12, 11], [11, 10], [8, 13], [13, 14], [14, 15], // arms
  ],
  // deno-fmt-ignore
  sigmas: [
    .089, .083, .107, .107, .083, .089, .026, .026, .026, .026, .062, .072, .179, .179, .072, .062,
  ],
  groupingOrder: [9, 8, 7, 12, 13, 6, 2, 3, 11, 14, 10, 15, 1, 4, 0, 5],
};

/**
 * CrowdPose's 14 keypoints, as its annotation files name and order them; sigmas: crowdposetools, `cocoeval.py`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { CROWDPOSE } from "ae";
 *
 * const head = CROWDPOSE.keypoints.indexOf("head");
 * assert.equal(CROWDPOSE.flip[head], head); // in the middle of the body
 * ```
 */
export const CROWDPOSE: Skeleton = {
  name: "crowdpose",
  keypoints: [
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
    "head",
    "neck",
  ],
  flip: [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 12, 13],
  // deno-fmt-ignore
  limbs: [
    [12, 13], [13, 0], [13, 1], [0, 2], [2, 4], [1, 3], [3, 5], // head and arms
    [0, 1], [0, 6], [1, 7], [6, 7], //                             trunk
    [6, 8], [8, 10], [7, 9], [9, 11], //                           legs
  ],
  sigmas: [.079, .079, .072, .072, .062, .062, .107, .107, .087, .087, .089, .089, .079, .079],
  groupingOrder: [12, 13, 0, 1, 6, 7, 2, 3, 4, 5, 8, 9, 10, 11],
};

/**
 * PoseTrack's 15 keypoints, as its files name them; the two ears that the files of 2018 have between, never annotated,
 * are left out. PoseTrack is judged by distance over head size; its `sigmas` serve OKS: COCO's, and for the ends of the
 * head those of openpifpaf_posetrack (`posetrack2018.py`).
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { POSETRACK } from "ae";
 *
 * const leftKnee = POSETRACK.keypoints.indexOf("left_knee");
 * assert.equal(POSETRACK.keypoints[POSETRACK.flip[leftKnee]], "right_knee");
 * ```
 */
export const POSETRACK: Skeleton = {
  name: "posetrack",
  keypoints: [
    "nose",
    "head_bottom",
    "head_top",
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
  flip: [0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13],
  // deno-fmt-ignore
  limbs: [
    [2, 0], [0, 1], [1, 3], [1, 4], //                             head
    [3, 4], [3, 5], [5, 7], [4, 6], [6, 8], //                     arms
    [3, 9], [4, 10], [9, 10], //                                   trunk
    [9, 11], [11, 13], [10, 12], [12, 14], //                      legs
  ],
  // deno-fmt-ignore
  sigmas: [
    .026, .08, .06, .079, .079, .072, .072, .062, .062, .107, .107, .087, .087, .089, .089,
  ],
  groupingOrder: [0, 1, 2, 3, 4, 9, 10, 5, 6, 7, 8, 11, 12, 13, 14],
};

const SKELETONS: Readonly<Record<string, Skeleton>> = {
  coco: COCO,
  mpii: MPII,
  crowdpose: CROWDPOSE,
  posetrack: POSETRACK,
};

/**
 * A skeleton of a public data set by its name: coco, mpii, crowdpose or posetrack.
 *
 * @throws {InputError} If there is none of this name; names the nearest.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { skeletonNamed } from "ae";
 *
 * assert.equal(skeletonNamed("crowdpose").keypoints.length, 14);
 * assert.throws(() => skeletonNamed("cocoo"), /unknown skeleton "cocoo"[^]*did you mean "coco"/);
 * ```
 */
export function skeletonNamed(name: string): Skeleton {
  if (Object.hasOwn(SKELETONS, name)) return SKELETONS[name];
  throw unknownName("skeleton", name, Object.keys(SKELETONS));
}
