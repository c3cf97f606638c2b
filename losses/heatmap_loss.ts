/**
 * The heatmap loss: squared error between predicted and true heatmaps, except where people are that nobody
 * annotated.
 *
 *     loss[n] = 1/(K·H·W) Σ_{k, y, x} mask[n, y, x] · (predicted[n, k, y, x] − target[n, k, y, x])²
 *
 * Masked pixels still count in the divisor, so an image that is mostly masked has a small loss. The loss is small
 * anyway, 1e-3 and below: nearly all pixels are background and easy.
 *
 * Newell, Huang and Deng 2017, arXiv:1611.05424, section 3, and pose-ae-train, `task/loss.py` (`HeatmapLoss`).
 *
 * |                    | pose-ae-train | here                                                               |
 * | ------------------ | ------------- | ------------------------------------------------------------------ |
 * | weight of a pixel  | 1             | 1 + `foregroundWeight` · target, default 0 as theirs               |
 *
 * With the background outnumbering the marks by a hundred to one, a small network's first success is to say "nothing"
 * everywhere, and it may stay there; a foreground weight of 10 keeps it from settling. It also makes the network say
 * more than it believes: where a keypoint is with probability p, the best answer to weight w is h = (1 + w) p / (1 + w p),
 * for w = 10 and p = 0.1 already 0.55. Take peaks above that only, or lower the weight to 0 towards the end of training,
 * with a tensor of shape `[]`.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { sameShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";

/** What {@linkcode heatmapLoss} compares with. */
export interface HeatmapTarget {
  /** True heatmaps, `[N, K, H, W]`, 0 to 1. */
  readonly heatmaps: Tensor;
  /** 1 where pixels count, 0 where not, `[N, H, W]` or `[N, 1, H, W]`. @default {all count} */
  readonly mask?: Tensor;
}

/** Settings of {@linkcode heatmapLoss}. */
export interface HeatmapLossOptions {
  /** How much more the error at a mark's centre counts, over the background's 1. @default {0} */
  readonly foregroundWeight?: number | Tensor;
}

/**
 * Masked mean squared error of heatmaps, one number for each image.
 *
 * @param predicted `[N, K, H, W]`.
 * @returns `[N]`.
 * @throws {ShapeError} If the shapes disagree on N, K, H or W.
 * @throws {RangeError} If the foreground weight is negative.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { heatmapLoss, tensor } from "ae";
 *
 * const predicted = tensor([[[[0, 3, 1, 9]]]]);
 * const heatmaps = tensor([[[[0, 1, 1, 0]]]]);
 * const mask = tensor([[[1, 1, 1, 0]]]);
 * assert.deepEqual(await heatmapLoss(predicted, { heatmaps, mask }).array(), [1]); // (3 - 1)² / 4
 * ```
 */
export function heatmapLoss(
  predicted: Tensor,
  target: HeatmapTarget,
  options: HeatmapLossOptions = {},
): Tensor {
  const { heatmaps, mask } = target;
  const { foregroundWeight = 0 } = options;
  checkShapes(predicted, target);
  if (
    typeof foregroundWeight === "number" && !(foregroundWeight >= 0 && foregroundWeight < Infinity)
  ) {
    throw new RangeError(
      `heatmapLoss: foregroundWeight must be 0 or more, not ${foregroundWeight}`,
    );
  }
  const [N, K, H, W] = predicted.shape;
  let error = predicted.sub(heatmaps).square(); // [N, K, H, W]
  if (foregroundWeight !== 0) error = error.mul(heatmaps.mul(foregroundWeight).add(1));
  if (mask) error = error.mul(mask.reshape([N, 1, H, W]));
  return error.sum([1, 2, 3]).mul(1 / (K * H * W));
}

function checkShapes(predicted: Tensor, { heatmaps, mask }: HeatmapTarget): void {
  const [N, , H, W] = predicted.shape;
  const fits = predicted.shape.length === 4 && sameShape(predicted.shape, heatmaps.shape) &&
    (!mask || sameShape(mask.shape, [N, H, W]) || sameShape(mask.shape, [N, 1, H, W]));
  if (fits) return;
  throw shapeError("heatmapLoss", "predicted, heatmaps and mask must agree on N, K, H and W", {
    predicted: [predicted.shape, "N K H W"],
    heatmaps: [heatmaps.shape, "N K H W"],
    ...(mask ? { mask: [mask.shape, "N H W"] as const } : {}),
  });
}
