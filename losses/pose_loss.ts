/**
 * What a pose network is trained on: heatmap loss, pull and push of every stack.
 *
 *     loss = mean over stacks and images of   1 · (heatmap + fine heatmap) + 1e-3 · pull + 1e-3 · push
 *
 * A loss on every stack (intermediate supervision) gives the early hourglasses a goal of their own; stacks are
 * averaged, not summed. Newell, Huang and Deng 2017, arXiv:1611.05424; weights of pose-ae-train, `task/pose.py`.
 *
 * A network that gives heatmaps of two sizes, such as HigherHRNet, has a loss on both, which are added up, and tags with
 * the coarser ones alone (Cheng et al. 2020, arXiv:1908.10357, section 3.3; its authors' `lib/core/loss.py`,
 * `MultiLossFactory`, and `WITH_AE_LOSS: [True, False]` of their experiments).
 *
 * Weights may be tensors, such as inputs of a compiled step, so that they can change during training: a network
 * whose tags start alike is pushed first and pulled later.
 *
 * @module
 */
import { type Tensor, zeros } from "../core/tensor.ts";
import { heatmapLoss, type HeatmapLossOptions, type HeatmapTarget } from "./heatmap_loss.ts";
import { type TagLoss, tagLoss, type TagLossOptions, type TagTarget } from "./tag_loss.ts";

/** What one stack says: `TagNetwork.stacksOf` gives a list of these. */
export interface StackPrediction {
  /** `[N, K, H, W]`. */
  readonly heatmaps: Tensor;
  /** `[N, D, K, H, W]`; with D = 0 there is nothing to pull or push. */
  readonly tags: Tensor;
  /** Heatmaps of another, finer size, `[N, K, fH, fW]`, of a network that gives both. */
  readonly fineHeatmaps?: Tensor;
}

/** Everything that {@linkcode poseLoss} compares with. */
export interface PoseTarget extends HeatmapTarget, TagTarget {
  /** True heatmaps of the finer size, `[N, K, fH, fW]`: for predictions that have them, and for no others. */
  readonly fineHeatmaps?: Tensor;
  /** Where the finer heatmaps count, `[N, fH, fW]` or `[N, 1, fH, fW]`. @default {all count} */
  readonly fineMask?: Tensor;
}

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
  /** Mean heatmap loss, of both sizes where there are two. */
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
 * @throws {RangeError} If there are no predictions, a setting is out of range, or only one of prediction and target has
 * finer heatmaps.
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
 *
 * @example Heatmaps of two sizes
 * ```ts
 * import assert from "node:assert/strict";
 * import { HigherHrNet, ones, poseLoss, tensor, zeros } from "ae";
 *
 * const model = new HigherHrNet({ width: 4, modules: [1, 1, 1], keypoints: 1 });
 * const { heatmap } = poseLoss(model.stacksOf(ones([1, 3, 32, 32])), {
 *   heatmaps: zeros([1, 1, 8, 8]), // at a quarter of the image's size
 *   index: tensor([[[0]]], { dtype: "i32" }),
 *   visible: ones([1, 1, 1]),
 *   fineHeatmaps: zeros([1, 1, 16, 16]), // at half of it
 * });
 * assert.deepEqual(heatmap.shape, []);
 * ```
 */
export function poseLoss(
  predictions: readonly StackPrediction[],
  target: PoseTarget,
  options: PoseLossOptions = {},
): PoseLoss {
  if (predictions.length === 0) throw new RangeError("poseLoss: there are no predictions");
  const { heatmapWeight = 1, pullWeight = 1e-3, pushWeight = 1e-3 } = options;
  const stacks = predictions.map((stack) => ({
    heatmap: allHeatmaps(stack, target, options),
    ...(stack.tags.shape[1] > 0 ? tagLoss(stack.tags, target, options) : noTags(stack.tags)),
  }));
  const mean = (parts: readonly Tensor[]) =>
    parts.map((part) => part.mean()).reduce((a, b) => a.add(b)).mul(1 / parts.length);
  const heatmap = mean(stacks.map((stack) => stack.heatmap));
  const pull = mean(stacks.map((stack) => stack.pull));
  const push = mean(stacks.map((stack) => stack.push));
  const loss = heatmap.mul(heatmapWeight).add(pull.mul(pullWeight)).add(push.mul(pushWeight));
  return { loss, heatmap, pull, push };
}

/** The heatmap loss, `[N]`: of both sizes, added up, where there are two. */
function allHeatmaps(
  { heatmaps, fineHeatmaps }: StackPrediction,
  target: PoseTarget,
  options: HeatmapLossOptions,
): Tensor {
  const loss = heatmapLoss(heatmaps, target, options);
  if (!fineHeatmaps && !target.fineHeatmaps) return loss;
  if (fineHeatmaps && target.fineHeatmaps) {
    const fine = {
      heatmaps: target.fineHeatmaps,
      ...(target.fineMask ? { mask: target.fineMask } : {}),
    };
    return loss.add(heatmapLoss(fineHeatmaps, fine, options));
  }
  throw new RangeError(
    `poseLoss: only the ${fineHeatmaps ? "prediction" : "target"} has finer heatmaps\n` +
      "  help: make batches with the network's targetStrides",
  );
}

/** Pull and push of a network without tags: 0 for each image. */
function noTags({ shape: [N] }: Tensor): TagLoss {
  return { pull: zeros([N]), push: zeros([N]) };
}
