/**
 * Heatmaps as pictures: where the network sees a keypoint.
 *
 * The photograph goes grey and dim, and the heatmap glows over it: at a value of 0 the photograph shows, at 1 there
 * is only the palette's brightest colour. Between map pixels values are interpolated. Image pixel `X` of a picture
 * `W` wide reads a map `w` wide at `x = X w / W`: the convention of the authors' crop, in which
 * whole numbers correspond to whole numbers, without half a pixel's shift.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import type { HostArray } from "../core/host_array.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import { heatColor, type Rgb } from "./color.ts";
import { drawPanels } from "./panels.ts";
import { checkImage } from "./picture.ts";
import type { Svg } from "./svg.ts";

/** How heatmaps are shown. */
export interface HeatmapPictureOptions {
  /** The photograph that the maps cover from edge to edge. @default {black, at the maps' size} */
  readonly image?: RgbImage;
  /** The value that is shown brightest. @default {1, the height of a target's peak} */
  readonly max?: number;
  /** Numbers of the keypoints to show. @default {all} */
  readonly keypoints?: readonly number[];
}

/** H rows of W values. */
export interface Plane {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Row-major values. */
  readonly values: Float32Array;
}

/**
 * Refuse maps that are not `[..., H, W]` of the wanted rank, are empty, or hold anything but finite numbers.
 *
 * @param axes The axis letters, one per axis, e.g. `"K H W"`.
 * @throws {ShapeError} If the rank differs or an axis is empty.
 * @throws {RangeError} If a value is NaN or infinite, or `data` is not as long as the shape says.
 */
export function checkMaps(op: string, name: string, maps: HostArray, axes: string): void {
  const letters = axes.split(" ");
  const { shape, data } = maps;
  if (shape.length !== letters.length || shape.some((length) => length < 1)) {
    throw shapeError(op, `${name} must be ${axes} with no empty axis`, { [name]: [shape, axes] });
  }
  const size = shape.reduce((product, length) => product * length, 1);
  if (data.length !== size) {
    throw new RangeError(
      `${op}: ${name} of shape [${shape}] must hold ${size} numbers, not ${data.length}`,
    );
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  let rest = bad;
  const place = shape.toReversed().map((length) => {
    const index = rest % length;
    rest = Math.floor(rest / length);
    return index;
  }).toReversed();
  throw new RangeError(
    `${op}: ${name} holds ${data[bad]} at ${
      letters.map((letter, i) => `${letter} ${place[i]}`).join(", ")
    }`,
  );
}

/** The largest value over the chosen keypoints at every map pixel, and which keypoint has it. */
export function strongest(
  heatmaps: HostArray,
  keypoints?: readonly number[],
): Plane & { readonly keypoint: Uint16Array } {
  const [K, H, W] = heatmaps.shape;
  const values = new Float32Array(H * W).fill(-Infinity);
  const keypoint = new Uint16Array(H * W);
  for (const k of keypoints ?? Array.from({ length: K }, (_, k) => k)) {
    for (let i = 0; i < H * W; i++) {
      const value = heatmaps.data[k * H * W + i];
      if (value > values[i]) {
        values[i] = value;
        keypoint[i] = k;
      }
    }
  }
  return { width: W, height: H, values, keypoint };
}

/** The plane at a place between its pixels, bilinear; beyond the edge it goes on as at the edge. */
export function interpolate({ width, height, values }: Plane, x: number, y: number): number {
  const inside = (v: number, length: number) => Math.min(Math.max(v, 0), length - 1);
  const [cx, cy] = [inside(x, width), inside(y, height)];
  const [x0, y0] = [Math.floor(cx), Math.floor(cy)];
  const [x1, y1] = [Math.min(x0 + 1, width - 1), Math.min(y0 + 1, height - 1)];
  const [fx, fy] = [cx - x0, cy - y0];
  const upper = values[y0 * width + x0] * (1 - fx) + values[y0 * width + x1] * fx;
  const lower = values[y1 * width + x0] * (1 - fx) + values[y1 * width + x1] * fx;
  return upper * (1 - fy) + lower * fy;
}

/** A glow over a picture, at places in map pixels. */
export interface Glow {
  /** The colour of 0 to 1. */
  readonly palette: (t: number) => Rgb;
  /** Where in the palette the colour of this place lies. */
  readonly value: (x: number, y: number) => number;
  /** How much of the colour shows there, 0 to 1. */
  readonly strength: (x: number, y: number) => number;
}

/** So many shades that their steps cannot be seen. */
const SHADES = 512;

/**
 * Paint a glow over a grey, dimmed photograph. Without a photograph the ground is black and the picture as large
 * as the map.
 */
export function paintOver(
  image: RgbImage | undefined,
  map: { readonly width: number; readonly height: number },
  { palette, value, strength }: Glow,
): RgbImage {
  const { width, height } = image ?? map;
  const data = new Uint8Array(width * height * 3);
  // Looked up, since a colour computed for every pixel is an array for every pixel.
  const shades = Array.from({ length: SHADES }, (_, i) => palette(i / (SHADES - 1)));
  const clamp = (t: number) => Math.min(Math.max(t, 0), 1);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 3) {
      const [mapX, mapY] = [(x * map.width) / width, (y * map.height) / height];
      const color = shades[Math.round(clamp(value(mapX, mapY)) * (SHADES - 1))];
      const part = clamp(strength(mapX, mapY));
      const ground = image ? dimmed(image.data, i) : 0;
      for (let c = 0; c < 3; c++) data[i + c] = Math.round(ground + (color[c] - ground) * part);
    }
  }
  return { width, height, data };
}

/** The pixel's lightness (weights of ITU-R BT.601) at 55 %: still readable, and darker than what glows over it. */
function dimmed(data: Uint8Array, i: number): number {
  return (0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2]) * 0.55;
}

/**
 * All heatmaps in one picture: at every pixel the largest value over the keypoints, glowing over the photograph.
 *
 * Values at or below 0 show nothing, values above `max` look like `max`.
 *
 * @param heatmaps One image's heatmaps, `[K, H, W]`.
 * @param options The photograph, the brightest value, and which keypoints.
 * @returns A picture as large as the photograph, or as the maps.
 * @throws {ShapeError} If the maps are not `[K, H, W]` or empty.
 * @throws {RangeError} If a value is NaN or infinite (it says where), or an option is out of its range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray, paintHeatmaps } from "ae";
 *
 * const picture = paintHeatmaps(hostArray([1, 1, 2], [0, 1]));
 * assert.deepEqual([...picture.data], [0, 0, 4, 252, 255, 164]);
 * ```
 */
export function paintHeatmaps(heatmaps: HostArray, options: HeatmapPictureOptions = {}): RgbImage {
  checkHeatmapOptions("paintHeatmaps", heatmaps, options);
  const { image, max = 1, keypoints } = options;
  const peaks = strongest(heatmaps, keypoints);
  const value = (x: number, y: number) => interpolate(peaks, x, y) / max;
  return paintOver(image, peaks, {
    palette: heatColor,
    value,
    // Twice the value, so that the glow is opaque from half height on and its colour can be read there.
    strength: image ? (x, y) => 2 * value(x, y) : () => 1,
  });
}

function checkHeatmapOptions(
  op: string,
  heatmaps: HostArray,
  options: HeatmapPictureOptions,
): void {
  const { image, max = 1, keypoints } = options;
  checkMaps(op, "heatmaps", heatmaps, "K H W");
  if (image) checkImage(op, image);
  if (!(max > 0 && max < Infinity)) throw new RangeError(`${op}: max must be above 0, not ${max}`);
  if (keypoints?.length === 0) throw new RangeError(`${op}: no keypoint was chosen`);
  const [K] = heatmaps.shape;
  const wrong = keypoints?.find((k) => !(Number.isInteger(k) && k >= 0 && k < K));
  if (wrong !== undefined) {
    throw new RangeError(
      `${op}: there is no keypoint ${wrong}; heatmaps has ${K}, from 0 to ${K - 1}`,
    );
  }
}

/**
 * Every keypoint's heatmap as a small picture of its own, side by side, with its name and its largest value.
 *
 * @param heatmaps One image's heatmaps, `[K, H, W]`.
 * @param names The K keypoints' names: `COCO.keypoints`, say.
 * @param options As for {@linkcode paintHeatmaps}; `columns`: pictures in a row (6).
 * @throws {ShapeError} If the maps are not `[K, H, W]` or empty.
 * @throws {RangeError} If there are not K names, a value is NaN or infinite, or an option is out of its range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawHeatmaps, hostArray } from "ae";
 *
 * const svg = drawHeatmaps(hostArray([2, 1, 2], [0, 1, 0.25, 0]), ["nose", "left_eye"]);
 * assert.match(svg.toString(), /nose 1\.00/);
 * assert.match(svg.toString(), /left eye 0\.25/);
 * ```
 */
export function drawHeatmaps(
  heatmaps: HostArray,
  names: readonly string[],
  options: HeatmapPictureOptions & { readonly columns?: number } = {},
): Svg {
  checkHeatmapOptions("drawHeatmaps", heatmaps, options);
  const [K, H, W] = heatmaps.shape;
  if (names.length !== K) {
    throw new RangeError(`drawHeatmaps: ${K} heatmaps but ${names.length} names`);
  }
  const keypoints = options.keypoints ?? names.map((_, k) => k);
  const panels = keypoints.map((k) => {
    const largest = heatmaps.data.subarray(k * H * W, (k + 1) * H * W).reduce((a, b) =>
      Math.max(a, b)
    );
    return {
      caption: `${names[k].replaceAll("_", " ")} ${largest.toFixed(2)}`,
      picture: paintHeatmaps(heatmaps, { ...options, keypoints: [k] }),
    };
  });
  return drawPanels(panels, {
    columns: options.columns ?? 6,
    panelWidth: 130,
    title: `heatmaps of ${keypoints.length} keypoints`,
  });
}
