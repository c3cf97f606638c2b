/**
 * Change a picture's colours, so that a network does not learn people by the light they stand in:
 *
 *     hue         turn the colour circle                    H + hueDegrees
 *     saturation  stronger or paler                         S * saturation, kept in [0, 1]
 *     brightness  the same amount onto every number         + brightness
 *     contrast    away from the mean m or towards it        (value - m) * contrast + m
 *
 * in this order, and at the end everything is kept in [0, 1]. H and S are those of the HSV hexagon: with V the
 * largest and v the smallest of red, green and blue, S = (V - v) / V, and H in degrees is 0 for red, 120
 * for green, 240 for blue.
 *
 * pose-ae-train, `data/coco_pose/dp.py`, `preprocess`. Its contrast takes the mean over the three channels
 * of each single pixel, which changes how colourful a picture is, not its contrast: `"pixel"` here.
 * `"image"`, the mean over the whole picture, does what the name says.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import type { HostArray } from "../core/host_array.ts";

/** How to change a picture's colours. */
export interface ColourChange {
  /** Turn of the colour circle in degrees; 0 leaves it. */
  readonly hueDegrees: number;
  /** Factor on the saturation; 1 leaves it. */
  readonly saturation: number;
  /** Added to every number; 0 leaves it. */
  readonly brightness: number;
  /** Factor on the distance to the mean; 1 leaves it. */
  readonly contrast: number;
  /** The mean of the whole picture, or that of each pixel (the authors' code). */
  readonly contrastAround: "image" | "pixel";
}

/**
 * Change a picture's colours in place.
 *
 * @param planes `[3, H, W]`: red, green, blue in [0, 1]. Overwritten.
 * @param change What to do.
 * @returns `planes`.
 * @throws {ShapeError} If there are not three planes.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray } from "ae";
 * import { changeColours } from "ae/data";
 *
 * const red = hostArray([3, 1, 1], [0.5, 0, 0]);
 * changeColours(red, {
 *   hueDegrees: 120,
 *   saturation: 1,
 *   brightness: 0.25,
 *   contrast: 1,
 *   contrastAround: "image",
 * });
 * assert.deepEqual([...red.data], [0.25, 0.75, 0.25]); // green now, and lighter
 * ```
 */
export function changeColours(planes: HostArray, change: ColourChange): HostArray {
  if (planes.shape.length !== 3 || planes.shape[0] !== 3) {
    throw shapeError("changeColours", "the picture needs red, green and blue planes", {
      planes: [planes.shape, "C H W"],
    });
  }
  const { hueDegrees, saturation, brightness, contrast, contrastAround } = change;
  const { data } = planes;
  const plane = data.length / 3;
  let sum = 0;
  for (let i = 0; i < plane; i++) {
    const red = data[i];
    const green = data[plane + i];
    const blue = data[2 * plane + i];
    const value = Math.max(red, green, blue);
    const range = value - Math.min(red, green, blue);
    let r = value, g = value, b = value; // grey has no hue, and stays grey
    if (range > 0) {
      // The hue in sixths of the circle: red 0, green 2, blue 4.
      let hue = value === red
        ? (green - blue) / range
        : value === green
        ? (blue - red) / range + 2
        : (red - green) / range + 4;
      hue += hueDegrees / 60;
      hue -= 6 * Math.floor(hue / 6);
      const strength = Math.min(1, Math.max(0, range / value * saturation));
      const low = value * (1 - strength);
      const sector = Math.floor(hue);
      const falling = value * (1 - strength * (hue - sector));
      const rising = value * (1 - strength * (1 - hue + sector));
      if (sector === 0 || sector === 6) [g, b] = [rising, low]; // 6: rounding of a tiny negative hue
      else if (sector === 1) [r, b] = [falling, low];
      else if (sector === 2) [r, b] = [low, rising];
      else if (sector === 3) [r, g] = [low, falling];
      else if (sector === 4) [r, g] = [rising, low];
      else [g, b] = [low, falling];
    }
    sum += r + g + b;
    data[i] = r + brightness;
    data[plane + i] = g + brightness;
    data[2 * plane + i] = b + brightness;
  }
  const imageMean = sum / (3 * plane) + brightness;
  for (let i = 0; i < plane; i++) {
    const mean = contrastAround === "image"
      ? imageMean
      : (data[i] + data[plane + i] + data[2 * plane + i]) / 3;
    for (let at = i; at < data.length; at += plane) {
      const level = (data[at] - mean) * contrast + mean;
      data[at] = level < 0 ? 0 : level > 1 ? 1 : level;
    }
  }
  return planes;
}
