/**
 * Polygons to masks: a pixel is inside when a ray from its middle to the left crosses the outline an odd
 * number of times. Several polygons of one region are united.
 *
 * Polygon coordinates are COCO's: the first pixel reaches from 0 to 1, its middle is 0.5.
 *
 * |               | pycocotools, `frPyObjects`            | here                |
 * | ------------- | ------------------------------------- | ------------------- |
 * | outline       | traced on a grid five times as fine   | exact               |
 * | pixels on it  | may differ by one at the right border | middle inside or not |
 *
 * That is right for leaving regions out of a loss; for measuring the overlap of masks take pycocotools' own
 * rule.
 *
 * @module
 */
import type { Mask } from "./mask.ts";

/**
 * The union of some polygons as a mask.
 *
 * @param polygons Each one `[x0, y0, x1, y1, ...]` in pixels, three points or more; closed by itself.
 * @param width Columns of the mask.
 * @param height Rows of the mask.
 * @throws {RangeError} If a size is not a whole number of 1 or more, or a polygon has fewer than three
 * points, an odd number of coordinates, or one that is not finite.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { fillPolygons } from "ae";
 *
 * const mask = fillPolygons([[1, 0, 3, 0, 3, 2, 1, 2]], 4, 2); // a square of 2 x 2 pixels
 * assert.deepEqual([...mask.data], [0, 1, 1, 0, 0, 1, 1, 0]);
 * ```
 */
export function fillPolygons(
  polygons: readonly (readonly number[])[],
  width: number,
  height: number,
): Mask {
  for (const size of [width, height]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`fillPolygons: sizes must be whole numbers, 1 or more, not ${size}`);
    }
  }
  const data = new Uint8Array(width * height);
  for (const polygon of polygons) {
    if (polygon.length < 6 || polygon.length % 2 !== 0 || !polygon.every(Number.isFinite)) {
      throw new RangeError(
        `fillPolygons: a polygon is 3 or more pairs of finite numbers, not [${polygon.join(", ")}]`,
      );
    }
    for (let row = 0; row < height; row++) {
      const crossings = crossingsAt(polygon, row + 0.5);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const from = Math.max(0, Math.ceil(crossings[i] - 0.5));
        const to = Math.min(width, Math.ceil(crossings[i + 1] - 0.5));
        if (from < to) data.fill(1, row * width + from, row * width + to);
      }
    }
  }
  return { width, height, data };
}

/**
 * Whether a point lies inside a polygon, by the same rule: a ray to the left crosses the outline an odd number of times.
 * A point exactly on the outline is inside or outside as it happens.
 *
 * @param polygon `[x0, y0, x1, y1, ...]`, three points or more; closed by itself.
 * @param point In the polygon's pixels.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { isInsidePolygon } from "ae";
 *
 * const triangle = [0, 0, 10, 0, 0, 10];
 * assert.equal(isInsidePolygon(triangle, { x: 2, y: 3 }), true);
 * assert.equal(isInsidePolygon(triangle, { x: 8, y: 8 }), false);
 * ```
 */
export function isInsidePolygon(
  polygon: readonly number[],
  { x, y }: { readonly x: number; readonly y: number },
): boolean {
  return crossingsAt(polygon, y).filter((crossing) => crossing < x).length % 2 === 1;
}

/** Where the outline crosses the level `y`, from left to right. */
function crossingsAt(polygon: readonly number[], y: number): number[] {
  const crossings: number[] = [];
  for (let i = 0; i < polygon.length; i += 2) {
    const next = (i + 2) % polygon.length;
    const [x0, y0, x1, y1] = [polygon[i], polygon[i + 1], polygon[next], polygon[next + 1]];
    // A corner exactly on the level counts for one of its two edges only.
    if (y0 <= y !== y1 <= y) crossings.push(x0 + (y - y0) / (y1 - y0) * (x1 - x0));
  }
  return crossings.sort((a, b) => a - b);
}
