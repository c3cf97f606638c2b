/**
 * Polygons to masks, by two rules. Polygon coordinates are COCO's: the first pixel reaches from 0 to 1, its
 * middle is 0.5. Several polygons of one region are united.
 *
 * {@linkcode fillPolygons} is exact: a pixel is inside when a ray from its middle to the left crosses the outline
 * an odd number of times. That is right for leaving regions out of a loss.
 *
 * {@linkcode polygonRunLengths} is pycocotools' rule, bit for bit, which the figures of masks ask for: the outline is
 * traced on a grid five times as fine,
 *
 *     X = int(5 x + 0.5)      and between corners in steps of 1 along the longer side
 *
 * and where it crosses the middle of a column of pixels (X changes between 5 c + 2 and 5 c + 3) the column changes
 * between outside and inside, from row ceil((Y + 0.5) / 5 - 0.5) down.
 *
 * | case                                | pycocotools                    | here       |
 * | ----------------------------------- | ------------------------------ | ---------- |
 * | polygons of two points              | read as boxes                  | RangeError |
 * | a coordinate beyond 100,000         | overflows, or takes all memory | RangeError |
 * | a corner left of or above the image | rounded towards 0, as by C     | the same   |
 *
 * Source: cocoapi, `common/maskApi.c`, `rleFrPoly`; `_mask.pyx`, `frPyObjects`.
 *
 * @module
 */
import type { Mask } from "./mask.ts";
import { mergeRunLengths, type RunCounts } from "./run_length.ts";

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
  checkPolygons("fillPolygons", polygons, width, height);
  const data = new Uint8Array(width * height);
  for (const polygon of polygons) {
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

/** pycocotools' fine grid. */
const FINER = 5;

/** No photograph is wider; an outline that leaves it farther is a mistake, and tracing it takes minutes. */
const FARTHEST = 100_000;

/**
 * The union of some polygons as pycocotools rasterises it (`frPyObjects`, then `merge`).
 *
 * @param polygons One or more, each `[x0, y0, x1, y1, ...]` in pixels, three points or more; closed by itself.
 * @param width Columns of the mask.
 * @param height Rows of the mask.
 * @throws {RangeError} As {@linkcode fillPolygons}; also without polygons, or with a coordinate beyond 100,000.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { polygonRunLengths } from "ae";
 *
 * const square = polygonRunLengths([[1, 0, 3, 0, 3, 2, 1, 2]], 4, 2);
 * assert.deepEqual(square, { size: [2, 4], counts: [2, 4, 2] });
 * ```
 */
export function polygonRunLengths(
  polygons: readonly (readonly number[])[],
  width: number,
  height: number,
): RunCounts {
  checkTraceable("polygonRunLengths", polygons, width, height);
  const runs = polygons.map((polygon) => {
    const places = columnCrossings(polygon, width, height).sort((a, b) => a - b);
    return { size: [height, width] as const, counts: countsBetween([...places, width * height]) };
  });
  return mergeRunLengths(runs, "union");
}

/** Runs between places at which a mask changes, in ascending order. */
function countsBetween(places: readonly number[]): number[] {
  return places.map((place, i) => place - (i === 0 ? 0 : places[i - 1]));
}

/**
 * Where the traced outline crosses the middles of columns: places in the mask, column by column, at which it
 * changes between outside and inside. The rounding is C's, so that every pixel is pycocotools'.
 */
function columnCrossings(polygon: readonly number[], width: number, height: number): number[] {
  const fine = polygon.map((value) => Math.trunc(FINER * value + 0.5));
  const crossings: number[] = [];
  for (let i = 0; i < fine.length; i += 2) {
    const next = (i + 2) % fine.length;
    let [u, v] = [NaN, NaN]; // the point before; adjacent sides meet in one point, so none is lost
    traceLine(fine[i], fine[i + 1], fine[next], fine[next + 1], (toU, toV) => {
      const column = (Math.min(u, toU) - 2) / FINER;
      if (u !== toU && Number.isInteger(column) && column >= 0 && column < width) {
        const row = Math.ceil((Math.min(v, toV) + 0.5) / FINER - 0.5);
        crossings.push(column * height + Math.min(Math.max(row, 0), height));
      }
      [u, v] = [toU, toV];
    });
  }
  return crossings;
}

/** The whole points of a line, from its beginning to its end, one for each step along the longer side. */
function traceLine(
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  visit: (x: number, y: number) => void,
): void {
  const [dx, dy] = [Math.abs(x1 - x0), Math.abs(y1 - y0)];
  const steps = Math.max(dx, dy);
  if (steps === 0) return;
  const wide = dx >= dy;
  // Always computed from the end with the smaller coordinate, so that both directions give the same points.
  const backwards = wide ? x0 > x1 : y0 > y1;
  const [fromX, fromY, toX, toY] = backwards ? [x1, y1, x0, y0] : [x0, y0, x1, y1];
  const slope = wide ? (toY - fromY) / dx : (toX - fromX) / dy;
  for (let step = 0; step <= steps; step++) {
    const t = backwards ? steps - step : step;
    if (wide) visit(fromX + t, Math.trunc(fromY + slope * t + 0.5));
    else visit(Math.trunc(fromX + slope * t + 0.5), fromY + t);
  }
}

/**
 * Refuse what {@linkcode polygonRunLengths} cannot trace.
 *
 * @throws {RangeError} As that function; `op` names the caller in the message.
 */
export function checkTraceable(
  op: string,
  polygons: readonly (readonly number[])[],
  width: number,
  height: number,
): void {
  checkPolygons(op, polygons, width, height);
  if (polygons.length === 0) throw new RangeError(`${op}: there is no polygon`);
  const far = polygons.flat().find((value) => Math.abs(value) > FARTHEST);
  if (far !== undefined) {
    throw new RangeError(`${op}: a coordinate is ${far}, farther out than ${FARTHEST} pixels`);
  }
}

function checkPolygons(
  op: string,
  polygons: readonly (readonly number[])[],
  width: number,
  height: number,
): void {
  for (const size of [width, height]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`${op}: sizes must be whole numbers, 1 or more, not ${size}`);
    }
  }
  for (const polygon of polygons) {
    if (polygon.length < 6 || polygon.length % 2 !== 0 || !polygon.every(Number.isFinite)) {
      throw new RangeError(
        `${op}: a polygon is 3 or more pairs of finite numbers, not [${polygon.join(", ")}]`,
      );
    }
  }
}
