/** Which pixels of a picture belong to something. @module */

/** One byte a pixel, top row first: `data[y * width + x]` is 1 inside and 0 outside. */
export interface Mask {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `width * height` bytes, each 0 or 1. */
  readonly data: Uint8Array<ArrayBuffer>;
}
