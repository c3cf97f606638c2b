/**
 * What a pose network is trained on: heatmap loss, pull and push of every stack.
 *
 *     loss = mean over stacks and images of   1 · heatmap + 1e-3 · pull + 1e-3 · push
 *
 * A loss on every stack (intermediate supervision) gives the early hourglasses a goal of their own; stacks are
 * averaged, not summed. Newell, Huang and Deng 2017, arXiv:1611.05424; weights of pose-ae-train, `task/pose.py`.
 *
 * Weights may be tensors, such as inputs of a compiled step, so that they can change during training: a network
 * whose tags start alike is pushed first and pulled later.
 *
 * @module
 */
import { type Tensor, zeros } from "../core/tensor.ts";
import { heatmapLoss, type HeatmapLossOptions, type HeatmapTarget } from "./heatmap_loss.ts";
import { type TagLoss, tagLoss, type TagLossOptions, type TagTarget } from "./tag_loss.ts";

/** What one stack says: `PoseNet.forward` gives a list of these. */
export interface StackPrediction {
  /** `[N, K, H, W]`. */
  readonly heatmaps: Tensor;
  /** `[N, D, K, H, W]`; with D = 0 there is nothing to pull or push. */
  readonly tags: Tensor;
}

/** Everything that {@linkcode poseLoss} compares with. */
export interface PoseTarget extends HeatmapTarget, TagTarget {}

/** Settings of {@linkcode poseLoss}. */
export interface PoseLossOptions extends HeatmapLossOptions, TagLossOptions {
  /** Weight of the heatmap loss. @default {1} */
  readonly heatmapWeight?: number | Tensor;
  /** Weight of pull. @default {1e-3} */
  readonly pullWeight?: number | Tensor;
  /** Weight of push. @default {1e-3} */
  readonly pushWeight?: number | Tensor;
}

/** The loss and its unweighted parts, averaged over stacks and images: numbers of shape `[]`. */
export interface PoseLoss {
  /** The weighted sum, to be differentiated. */
  readonly loss: Tensor;
  /** Mean heatmap loss. */
  readonly heatmap: Tensor;
  /** Mean pull. */
  readonly pull: Tensor;
  /** Mean push. */
  readonly push: Tensor;
}

/**
 * The loss of all stacks' predictions.
 *
 * @param predictions One for each stack.
 * @throws {RangeError} If there are no predictions, or a setting is out of range.
 * @throws {ShapeError} If predictions and targets disagree on a size.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { ones, poseLoss, tensor, zeros } from "ae";
 *
 * const predictions = [{ heatmaps: ones([1, 2, 4, 4]), tags: ones([1, 1, 2, 4, 4]) }];
 * const { loss, push } = poseLoss(predictions, {
 *   heatmaps: zeros([1, 2, 4, 4]),
 *   index: tensor([[[0, 16], [5, 21]]], { dtype: "i32" }), // two people
 *   visible: ones([1, 2, 2]),
 * });
 * assert.equal(await push.item(), 0.5); // all tags are equal
 * assert.ok(Math.abs(await loss.item() - 1.0005) < 1e-6);
 * ```
 */
export function poseLoss(
  predictions: readonly StackPrediction[],
  target: PoseTarget,
  options: PoseLossOptions = {},
): PoseLoss {
  if (predictions.length === 0) throw new RangeError("poseLoss: there are no predictions");
  const { heatmapWeight = 1, pullWeight = 1e-3, pushWeight = 1e-3 } = options;
  const stacks = predictions.map(({ heatmaps, tags }) => ({
    heatmap: heatmapLoss(heatmaps, target, options),
    ...(tags.shape[1] > 0 ? tagLoss(tags, target, options) : noTags(tags)),
  }));
  const mean = (parts: readonly Tensor[]) =>
    parts.map((part) => part.mean()).reduce((a, b) => a.add(b)).mul(1 / parts.length);
  const heatmap = mean(stacks.map((stack) => stack.heatmap));
  const pull = mean(stacks.map((stack) => stack.pull));
  const push = mean(stacks.map((stack) => stack.push));
  const loss = heatmap.mul(heatmapWeight).add(pull.mul(pullWeight)).add(push.mul(pushWeight));
  return { loss, heatmap, pull, push };
}

/** Pull and push of a network without tags: 0 for each image. */
function noTags({ shape: [N] }: Tensor): TagLoss {
  return { pull: zeros([N]), push: zeros([N]) };
}
