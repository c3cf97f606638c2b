/**
 * An instance before and after: one thing of one class as annotated in a data set, and as decoded from a detection map
 * and tags. What tells it from others of its class is its pixels.
 *
 * @module
 */
import type { Mask } from "../image/mask.ts";

/** One annotated thing (or a crowd of them), in image pixels. */
export interface AnnotatedInstance {
  /** Place of its class in the data set's list of classes, from 0. */
  readonly classIndex: number;
  /** The pixels that show it, of the picture's size. */
  readonly mask: Mask;
  /** `[x, y, width, height]` in image pixels. */
  readonly box: readonly [x: number, y: number, width: number, height: number];
  /** Area in square pixels as the data set gives it: what measures call small, medium and large. */
  readonly area: number;
  /** True for a region of many of the class that nobody took apart. */
  readonly crowd: boolean;
}

/** One decoded thing, in image pixels. */
export interface DecodedInstance {
  /** Place of its class in the list of classes. */
  readonly classIndex: number;
  /** The pixels that show it, of the picture's size. */
  readonly mask: Mask;
  /** How sure the network is of it: the mean value of the detection map over its pixels, or less where tags disagree. */
  readonly score: number;
  /** The D values of the tag that its pixels gathered around. */
  readonly tag: readonly number[];
}
