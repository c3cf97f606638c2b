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
