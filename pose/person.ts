/**
 * A person before and after: as annotated in a data set and as decoded from heatmaps and tags.
 * A point is `{ x, y }` in pixels, x to the right, y down; a whole number is a pixel's centre.
 *
 * @module
 */

/** COCO's visibility: 0 not annotated, 1 annotated but occluded, 2 visible. */
export type Visibility = 0 | 1 | 2;

/** One annotated body point, in image pixels. */
export interface AnnotatedKeypoint {
  /** To the right. */
  readonly x: number;
  /** Down. */
  readonly y: number;
  /** 0 not annotated (x and y mean nothing then), 1 occluded, 2 visible. */
  readonly visibility: Visibility;
}

/** One annotated human (or one crowd region), in image pixels. */
export interface AnnotatedPerson {
  /** K keypoints in the skeleton's order. */
  readonly keypoints: readonly AnnotatedKeypoint[];
  /** `[x, y, width, height]` in image pixels. */
  readonly box: readonly [x: number, y: number, width: number, height: number];
  /** Area of the person's mask in square pixels: the scale in OKS. */
  readonly area: number;
  /** True for a region of many people without keypoints of their own. */
  readonly crowd: boolean;
}

/** One decoded body point. */
export interface DecodedKeypoint {
  /** To the right. */
  readonly x: number;
  /** Down. */
  readonly y: number;
  /** Heatmap value at its peak; by the authors' rule 1 for a keypoint filled in afterwards. */
  readonly score: number;
  /** The D tag values read at the keypoint. */
  readonly tag: readonly number[];
}

/** One decoded human: a keypoint or null for each of the K, and a score. */
export interface DecodedPerson {
  /** K entries in the skeleton's order; null where nothing was found. */
  readonly keypoints: readonly (DecodedKeypoint | null)[];
  /** Mean heatmap value over all K keypoints, missing ones counting 0, before any filling in. */
  readonly score: number;
}

/**
 * The smallest box around some points, `[x, y, width, height]`; null for no points.
 *
 * @param points In whatever pixels.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { boxAround } from "ae";
 *
 * assert.deepEqual(boxAround([{ x: 1, y: 9 }, { x: 4, y: 7 }]), [1, 7, 3, 2]);
 * assert.equal(boxAround([]), null);
 * ```
 */
export function boxAround(
  points: readonly { readonly x: number; readonly y: number }[],
): AnnotatedPerson["box"] | null {
  if (points.length === 0) return null;
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return [left, top, Math.max(...xs) - left, Math.max(...ys) - top];
}
