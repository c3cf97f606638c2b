/**
 * Images of any size, bilinearly, as OpenCV's `resize` with `INTER_LINEAR` makes them: numbers sit in the middle of
 * their pixels, output pixel o looks at `(o + ½) · from / to - ½`, kept within the first and last middle, and takes the
 * straight line between its two neighbours. No smoothing when shrinking.
 *
 *     y = R x Cᵀ        R [to, from] for rows, C for columns; two numbers in a row of each, the rest 0
 *
 * Resizing is linear in rows and in columns, so it is two matrix products, and its gradient needs no words. That the
 * matrices are mostly zeros costs little beside the network whose maps are resized: at 128 to 256 pixels a fraction of a
 * per cent. Making images larger by a whole factor: {@linkcode upsample2d}.
 *
 * | here       | elsewhere                                              |
 * | ---------- | ------------------------------------------------------ |
 * | resize2d   | `cv2.resize(x, (W, H))` of float maps                  |
 * | resize2d   | `interpolate(mode="bilinear", align_corners=False)`    |
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { type HostArray, hostArray } from "../core/host_array.ts";
import { type Tensor, tensor } from "../core/tensor.ts";
import { matmul } from "./matmul.ts";
import { reshape } from "./reshape.ts";

/**
 * Images resized bilinearly.
 *
 * @param x `[N, C, H, W]`, f32, finite numbers: a NaN spoils its row and column.
 * @param height Rows of the result.
 * @param width Columns of the result.
 * @returns `[N, C, height, width]`; `x` itself if it has this size.
 * @throws {ShapeError} If `x` does not have four axes or is empty.
 * @throws {RangeError} If a size is not a whole number of 1 or more.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { resize2d, tensor } from "ae";
 *
 * assert.deepEqual(await resize2d(tensor([[[[0, 1]]]]), 1, 4).array(), [[[[0, 0.25, 0.75, 1]]]]);
 * ```
 */
export function resize2d(x: Tensor, height: number, width: number): Tensor {
  const { shape } = x;
  if (shape.length !== 4 || shape.some((length) => length < 1)) {
    throw shapeError("resize2d", "x must have 4 axes, none of them empty", {
      x: [shape, "N C H W"],
    });
  }
  if (![height, width].every((size) => Number.isInteger(size) && size >= 1)) {
    throw new RangeError(
      `resize2d: height and width must be whole numbers, 1 or more, not ${height} and ${width}`,
    );
  }
  const [N, C, H, W] = shape;
  if (H === height && W === width) return reshape(x, shape);
  const across = matmul(reshape(x, [N * C, H, W]), tensor(weights(W, width))); // N C, H, width
  const down = matmul(tensor(weights(H, height)), across, { transposeA: true }); // N C, height, width
  return reshape(down, [N, C, height, width]);
}

/** `[from, to]`: how much each input pixel gives to each output pixel. */
function weights(from: number, to: number): HostArray {
  const matrix = hostArray([from, to]);
  for (let o = 0; o < to; o++) {
    const place = Math.min(Math.max((o + 0.5) * from / to - 0.5, 0), from - 1);
    const low = Math.floor(place);
    const high = Math.min(low + 1, from - 1);
    matrix.data[low * to + o] += 1 - (place - low);
    matrix.data[high * to + o] += place - low;
  }
  return matrix;
}
