/** A picture in main memory. @module */

/** Rows of red, green, blue bytes (0 to 255), top row first: `data[(y * width + x) * 3 + channel]`. */
export interface RgbImage {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array<ArrayBuffer>;
}
