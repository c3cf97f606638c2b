/**
 * From heatmap pixels to image pixels: times the network's stride, then back through the affine map that
 * made the network's square input out of the photograph.
 *
 *     image ──affine──► network input ──network──► heatmaps, 1/stride of the input's size
 *           ◄─inverse──               ◄─× stride──
 *
 * pose-ae-train, `test.py` (multiperson).
 *
 * @module
 */
import type { DecodedPerson } from "../pose/person.ts";

/** How heatmap pixels lie in the image. */
export interface HeatmapFrame {
  /** Network input pixels per heatmap pixel, the authors' 4 by default. @default {4} */
  readonly stride?: number;
  /**
   * Rows of the 2 x 3 matrix from network input pixels to image pixels: `x' = a x + b y + c`. A plain
   * resize by 1/s with an offset is `[[s, 0, left], [0, s, top]]`. Default: the input is the image.
   */
  readonly inverse?: readonly [
    readonly [number, number, number],
    readonly [number, number, number],
  ];
}

/**
 * A person in image pixels: `[x', y'] = inverse · [stride·x, stride·y, 1]` for each keypoint. Scores and tags
 * stay; missing keypoints stay missing.
 *
 * @param person In heatmap pixels.
 * @throws {RangeError} If the stride is not above 0 or the matrix is not 2 x 3 finite numbers.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { toImagePixels } from "ae";
 *
 * const nose = { x: 10.25, y: 20.75, score: 0.9, tag: [0] };
 * const person = toImagePixels({ keypoints: [nose], score: 0.9 }, {
 *   stride: 4,
 *   inverse: [[0.5, 0, -3], [0, 0.5, 0]], // the input is the image, twice as large, 3 pixels to the right
 * });
 * assert.deepEqual(person.keypoints[0], { ...nose, x: 17.5, y: 41.5 });
 * ```
 */
export function toImagePixels(person: DecodedPerson, frame: HeatmapFrame): DecodedPerson {
  const { stride = 4, inverse = [[1, 0, 0], [0, 1, 0]] } = frame;
  if (!(stride > 0 && stride < Infinity)) {
    throw new RangeError(`toImagePixels: stride must be above 0, not ${stride}`);
  }
  const [rowX, rowY] = inverse;
  if (
    inverse.length !== 2 || !inverse.every((row) => row.length === 3 && row.every(Number.isFinite))
  ) {
    throw new RangeError(
      `toImagePixels: inverse must be two rows of three finite numbers, not ${
        JSON.stringify(inverse)
      }`,
    );
  }
  const keypoints = person.keypoints.map((keypoint) => {
    if (!keypoint) return null;
    const x = stride * keypoint.x, y = stride * keypoint.y;
    return {
      ...keypoint,
      x: rowX[0] * x + rowX[1] * y + rowX[2],
      y: rowY[0] * x + rowY[1] * y + rowY[2],
    };
  });
  return { ...person, keypoints };
}
