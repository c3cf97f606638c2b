/**
 * Non-maximum suppression: what stays of an image are the pixels that no pixel around them exceeds.
 *
 *     x   0 .1  0  0  0      y   0  0  0  0  0       size 3
 *        .1 .8 .2  0 .3          0 .8  0  0 .3
 *
 * The decoders' first step, on the device: pose-ae-train, `utils/group.py` (nms), multiplies with
 * `maxPool(x) == x`, which is the same with `plateaus: "all"`.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { perElement } from "../core/kernel.ts";
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";

/** Which pixels are maxima. */
export interface SuppressOptions {
  /** Rows and columns of the window around a pixel, odd. @default {3} */
  readonly size?: number;
  /** Of a plateau all pixels stay, or of equal ones in a window only the first in reading order. @default {"all"} */
  readonly plateaus?: "all" | "first";
}

const suppressOp: Op<Required<SuppressOptions>> = {
  name: "suppressNonMaxima",
  shape: ([x]) => {
    if (x.length < 2) {
      throw shapeError("suppressNonMaxima", `x must have 2 axes or more, not ${x.length}`, {
        x: [x, "... H W"],
      });
    }
    return x;
  },
  kernel(request) {
    const { inputs: [{ shape }], attrs: { size, plateaus } } = request;
    const [H, W] = shape.slice(-2);
    const earlier = plateaus === "first" ? " || (other < i && x[other] == value)" : "";
    return perElement("suppressNonMaxima", request, {
      inputs: ["x"],
      constants: { REACH: (size - 1) / 2 },
      sizes: { H, W },
      iterations: size * (1 + size),
      body: `  let column = i % W;
  let row = i / W % H;
  let value = x[i];
  var largest = true;
  for (var r = max(row, REACH) - REACH; r <= min(row + REACH, H - 1u); r++) {
    for (var c = max(column, REACH) - REACH; c <= min(column + REACH, W - 1u); c++) {
      let other = i / (H * W) * (H * W) + r * W + c;
      if (x[other] > value${earlier}) { largest = false; }
    }
  }
  out[i] = select(Out(), value, largest);`,
    });
  },
};

/**
 * Keep the local maxima, set everything else to 0: `y[…, i, j] = x[…, i, j]` where no pixel of the `size x size` window
 * around it is larger, else 0. Outside the image counts as minus infinity. There is no gradient.
 *
 * A NaN stays, since nothing is larger, and is larger than none of its neighbours.
 *
 * @param x Any number of images, `[…, H, W]`.
 * @returns `x`'s shape.
 * @throws {ShapeError} If `x` has fewer than two axes.
 * @throws {RangeError} If `size` is not an odd whole number from 1 to 99.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { suppressNonMaxima, tensor } from "ae";
 *
 * const x = tensor([[1, 5, 2, 0], [3, 4, 1, 2]]);
 * assert.deepEqual(await suppressNonMaxima(x).array(), [[0, 5, 0, 0], [0, 0, 0, 2]]);
 * ```
 */
export function suppressNonMaxima(x: Tensor, options: SuppressOptions = {}): Tensor {
  const { size = 3, plateaus = "all" } = options;
  if (!Number.isInteger(size) || size < 1 || size > 99 || size % 2 === 0) {
    throw new RangeError(
      `suppressNonMaxima: size must be an odd whole number from 1 to 99, not ${size}`,
    );
  }
  return apply(suppressOp, [x], { size, plateaus });
}
