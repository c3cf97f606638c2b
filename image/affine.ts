/**
 * Affine maps of the plane: where a pixel of one picture lands in another. A crop of a photograph that is
 * scaled, turned and put into a square is one such map; its inverse brings decoded people back.
 *
 *     x' = a x + b y + c
 *     y' = d x + e y + f
 *
 * Points are pixels, x to the right, y down, a whole number is a pixel's centre. The crop follows
 * pose-ae-train, `utils/img.py` (`get_transform`, `kpt_affine`), which measures sides in units of 200
 * pixels; here they are plain pixels.
 *
 * @module
 */

/** The six numbers `[a, b, c, d, e, f]` of `x' = a x + b y + c`, `y' = d x + e y + f`. */
export type Affine = readonly [
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
];

/** A square of a picture, possibly turned. */
export interface SquareCrop {
  /** The middle, in image pixels. */
  readonly centre: { readonly x: number; readonly y: number };
  /** Length of a side in image pixels. */
  readonly side: number;
  /**
   * How far the picture turns about the middle, in degrees; positive turns what is below to the right
   * (counter-clockwise as seen). @default {0}
   */
  readonly rotationDegrees?: number;
}

/**
 * The smallest upright square around a whole picture: its middle, its longer side.
 *
 * @param width Columns of the picture.
 * @param height Rows of the picture.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { wholeImage } from "ae";
 *
 * assert.deepEqual(wholeImage(640, 480), { centre: { x: 320, y: 240 }, side: 640 });
 * ```
 */
export function wholeImage(width: number, height: number): SquareCrop {
  return { centre: { x: width / 2, y: height / 2 }, side: Math.max(width, height) };
}

/** How much around points a crop shows. */
export interface CropAroundOptions {
  /** A box of points that is smaller is taken to be so wide and high, image pixels. @default {60} */
  readonly leastSide?: number;
  /** Side of the crop over that of the box. @default {1.3} */
  readonly margin?: number;
}

/**
 * The square around points: centred on their box, its side the longer one of the box (or `leastSide`) times `margin`.
 * The authors' single-person refinement looks at people in this way (TensorFlow demo of pose-ae).
 *
 * @param points At least one, in image pixels.
 * @throws {RangeError} If there is no point, one is not finite, or an option is not above 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { cropAround } from "ae";
 *
 * const { centre, side } = cropAround([{ x: 10, y: 20 }, { x: 110, y: 60 }]);
 * assert.deepEqual([centre, side], [{ x: 60, y: 40 }, 130]);
 * ```
 */
export function cropAround(
  points: readonly { readonly x: number; readonly y: number }[],
  { leastSide = 60, margin = 1.3 }: CropAroundOptions = {},
): SquareCrop {
  if (points.length === 0) throw new RangeError("cropAround: there are no points");
  for (const [name, size] of Object.entries({ leastSide, margin })) {
    if (!(size > 0 && Number.isFinite(size))) {
      throw new RangeError(`cropAround: ${name} must be above 0, not ${size}`);
    }
  }
  const span = (axis: "x" | "y") => {
    const places = points.map((point) => point[axis]);
    const [least, most] = [Math.min(...places), Math.max(...places)];
    if (!Number.isFinite(least + most)) {
      throw new RangeError(`cropAround: a point's ${axis} is not a finite number`);
    }
    return { middle: (least + most) / 2, length: most - least };
  };
  const [x, y] = [span("x"), span("y")];
  return {
    centre: { x: x.middle, y: y.middle },
    side: margin * Math.max(x.length, y.length, leastSide),
  };
}

/**
 * The map from image pixels to a picture of `width x height` that the crop fills:
 *
 *     u  = width  / side * (x - centre.x)          cos = cos(-rotation)
 *     v  = height / side * (y - centre.y)          sin = sin(-rotation)
 *     x' = cos u - sin v + width / 2
 *     y' = sin u + cos v + height / 2
 *
 * pose-ae-train, `utils/img.py`, `get_transform`.
 *
 * @param crop The square to cut out.
 * @param width Columns of the result in pixels.
 * @param height Rows of the result in pixels; as wide when not given.
 * @throws {RangeError} If the side or a size is not a positive finite number, or the centre or rotation
 * is not finite.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { applyAffine, cropTransform, wholeImage } from "ae";
 *
 * const matrix = cropTransform(wholeImage(640, 480), 512); // a photograph into 512 x 512
 * assert.deepEqual(applyAffine(matrix, { x: 0, y: 0 }), { x: 0, y: 64 });
 * ```
 */
export function cropTransform(crop: SquareCrop, width: number, height: number = width): Affine {
  const { centre, side, rotationDegrees = 0 } = crop;
  for (const [name, size] of Object.entries({ side, width, height })) {
    if (!(size > 0 && Number.isFinite(size))) {
      throw new RangeError(`cropTransform: the ${name} must be above 0, not ${size}`);
    }
  }
  if (![centre.x, centre.y, rotationDegrees].every(Number.isFinite)) {
    throw new RangeError(
      `cropTransform: centre (${centre.x}, ${centre.y}) and rotation ${rotationDegrees} must be finite`,
    );
  }
  const angle = -rotationDegrees * Math.PI / 180;
  // Exact numbers for the upright crop: sin(-0) would leave a -0 in the matrix.
  const cos = rotationDegrees === 0 ? 1 : Math.cos(angle);
  const sin = rotationDegrees === 0 ? 0 : Math.sin(angle);
  const across = width / side;
  const down = height / side;
  const a = cos * across;
  const b = rotationDegrees === 0 ? 0 : -sin * down;
  const d = sin * across;
  const e = cos * down;
  return [
    a,
    b,
    width / 2 - a * centre.x - b * centre.y,
    d,
    e,
    height / 2 - d * centre.x - e * centre.y,
  ];
}

/**
 * Where a point lands: `(a x + b y + c, d x + e y + f)`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { applyAffine } from "ae";
 *
 * assert.deepEqual(applyAffine([2, 0, 1, 0, 2, -1], { x: 3, y: 4 }), { x: 7, y: 7 });
 * ```
 */
export function applyAffine(
  [a, b, c, d, e, f]: Affine,
  { x, y }: { readonly x: number; readonly y: number },
): { x: number; y: number } {
  return { x: a * x + b * y + c, y: d * x + e * y + f };
}

/**
 * The map that undoes another.
 *
 * @throws {RangeError} If the map squeezes the plane to a line or a point (`a e - b d = 0`) or is not finite.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { applyAffine, invertAffine } from "ae";
 *
 * const there = [0, -2, 5, 2, 0, 1] as const;
 * const back = invertAffine(there);
 * assert.deepEqual(applyAffine(back, applyAffine(there, { x: 3, y: 4 })), { x: 3, y: 4 });
 * ```
 */
export function invertAffine([a, b, c, d, e, f]: Affine): Affine {
  const determinant = a * e - b * d;
  if (!Number.isFinite(determinant * c * f) || determinant === 0) {
    throw new RangeError(
      `invertAffine: [${[a, b, c, d, e, f].join(", ")}] has determinant ${determinant}: no inverse`,
    );
  }
  return [
    e / determinant,
    -b / determinant,
    (b * f - c * e) / determinant,
    -d / determinant,
    a / determinant,
    (c * d - a * f) / determinant,
  ];
}
