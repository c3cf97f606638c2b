/** A small body and made-up people for the drawings' tests. @module */
import type { RgbImage } from "../../image/rgb_image.ts";
import type { AnnotatedPerson, DecodedPerson, Visibility } from "../../pose/person.ts";
import type { Skeleton } from "../../pose/skeleton.ts";

/** A head and two hands. */
export const STICK: Skeleton = {
  name: "stick",
  keypoints: ["head", "left_hand", "right_hand"],
  flip: [0, 2, 1],
  limbs: [[0, 1], [0, 2], [1, 2]],
  sigmas: [0.05, 0.05, 0.05],
  groupingOrder: [0, 1, 2],
};

/** A person as annotated: `[x, y, visibility]` for each keypoint. */
export function annotated(
  ...keypoints: readonly (readonly [x: number, y: number, visibility: Visibility])[]
): AnnotatedPerson {
  return {
    keypoints: keypoints.map(([x, y, visibility]) => ({ x, y, visibility })),
    box: [0, 0, 16, 16],
    area: 256,
    crowd: false,
  };
}

/** A person as decoded: `[x, y]` for each keypoint, null where nothing was found. */
export function decoded(
  ...keypoints: readonly (readonly [x: number, y: number] | null)[]
): DecodedPerson {
  return {
    keypoints: keypoints.map((at) => at && { x: at[0], y: at[1], score: 1, tag: [0] }),
    score: 1,
  };
}

/** A picture of one grey. */
export function grey(width: number, height: number, value = 128): RgbImage {
  return { width, height, data: new Uint8Array(width * height * 3).fill(value) };
}
