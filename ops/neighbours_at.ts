/**
 * What is beside a few pixels of large maps: all that the decoders' quarter pixel asks for.
 *
 *            above                 [left, right, above, below]
 *     left  the pixel  right
 *            below                 at a border the pixel itself stands in for its missing neighbour
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { perElement } from "../core/kernel.ts";
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";

/** Where maps end. */
export interface MapEnds {
  /** Last row that a neighbour may be in; the map's own if that comes before. @default {H - 1} */
  readonly row?: number;
  /** Last column that a neighbour may be in; the map's own if that comes before. @default {W - 1} */
  readonly column?: number;
}

const neighboursOp: Op<Required<MapEnds>> = {
  name: "neighboursAt",
  shape: ([x, places]) => {
    if (x.length !== 4 || places.length !== 3 || x[0] !== places[0] || x[1] !== places[1]) {
      throw shapeError("neighboursAt", "x must have 4 axes, places 3, and the same N and K", {
        x: [x, "N K H W"],
        places: [places, "N K P"],
      });
    }
    return [...places, 4];
  },
  kernel(request) {
    const { inputs: [{ shape: [, , H, W] }, { shape: [, , P] }], attrs: { row, column } } = request;
    return perElement("neighboursAt", request, {
      inputs: ["x", "places"],
      sizes: { H, W, P, LAST_ROW: row, LAST_COLUMN: column },
      body: `  let place = u32(places[i / 4u]);
  let y = place / W;
  let x0 = place % W;
  var at = vec2u(x0, y);
  switch (i % 4u) {
    case 0u: { at.x = max(x0, 1u) - 1u; }
    case 1u: { at.x = min(x0 + 1u, LAST_COLUMN); }
    case 2u: { at.y = max(y, 1u) - 1u; }
    default: { at.y = min(y + 1u, LAST_ROW); }
  }
  let map = i / (4u * P) * H * W;
  out[i] = select(Out(), x[map + min(at.y, H - 1u) * W + at.x], place < H * W);`,
    });
  },
};

/**
 * Read the four neighbours of pixels: `y[n,k,p] = [left, right, above, below]` of pixel `places[n,k,p]` of map
 * `x[n,k]`. At a border the pixel's own value stands in. A place outside gives 0. There is no gradient.
 *
 * @param x `[N, K, H, W]`.
 * @param places `[N, K, P]`, i32 or u32: `row · W + column`.
 * @param ends Where the map ends for its neighbours, if not at its border.
 * @returns `[N, K, P, 4]`.
 * @throws {ShapeError} If the axes are not these.
 * @throws {TypeError} If `places` holds no integers.
 * @throws {RangeError} If an end is not a whole number from 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { neighboursAt, tensor } from "ae";
 *
 * const x = tensor([[[[1, 2, 3], [4, 5, 6]]]]);
 * const places = tensor([[[1]]], { dtype: "i32" }); // row 0, column 1
 * assert.deepEqual(await neighboursAt(x, places).array(), [[[[1, 3, 2, 5]]]]);
 * ```
 */
export function neighboursAt(x: Tensor, places: Tensor, ends: MapEnds = {}): Tensor {
  const [, , height = 1, width = 1] = x.shape;
  const { row = height - 1, column = width - 1 } = ends;
  for (const [name, end] of Object.entries({ row, column })) {
    if (!Number.isInteger(end) || end < 0) {
      throw new RangeError(`neighboursAt: ${name} must be a whole number, 0 or more, not ${end}`);
    }
  }
  if (places.dtype !== "i32" && places.dtype !== "u32") {
    throw new TypeError(`neighboursAt: places must be i32 or u32, not ${places.dtype}`);
  }
  return apply(neighboursOp, [x, places], {
    row: Math.min(row, height - 1),
    column: Math.min(column, width - 1),
  });
}
