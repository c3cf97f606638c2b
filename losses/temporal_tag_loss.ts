/**
 * The associative-embedding loss over time: one identity has the same tag in all frames of a clip, different
 * identities have different ones, in the same frame or not.
 *
 * A clip is T frames of one film, each of which the network sees alone. Its T · K keypoint maps side by side are
 * the maps of one picture whose people have T · K keypoints, and {@linkcode tagLoss} says the rest:
 *
 *     m[p]   mean over frames and keypoints of t[p, t, k]: the identity's tag in this clip
 *
 *     pull = 1/P Σ_p mean_{t,k} ‖t[p, t, k] − m[p]‖² / D
 *     push = ½ · 1/(P(P−1)) Σ_{p ≠ q} exp(−‖m[p] − m[q]‖²)
 *
 * P identities of the clip; one that shows in some frames only counts with the keypoints of these; T = 1 is
 * tagLoss itself. A network that sees frames one by one can obey only with tags that follow from how a person
 * looks, which is what makes tags of two passes comparable.
 *
 * The paper (arXiv:1611.05424) names tracking as one of the things that are detection and grouping, with
 * identities over all frames as groups, and does not try it; the formula is tagLoss's with this reading of
 * "keypoint".
 *
 * |                    | one network for T frames at once  | here                                     |
 * | ------------------ | --------------------------------- | ---------------------------------------- |
 * | input              | T frames stacked                  | each frame alone, so any film can be tracked frame by frame |
 * | tags               | may say who stands where          | must say who looks how                   |
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { sameShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { permute } from "../ops/mod.ts";
import { type TagLoss, tagLoss, type TagLossOptions, type TagTarget } from "./tag_loss.ts";

/**
 * Pull and push over the T frames of each clip, one number for each of the C clips, `[C]`.
 *
 * T follows from the shapes: `index` has a row of T · K places for each of P identities, and the frames of a clip
 * follow each other in `tags`. Places count through the clip: keypoint k of frame t lies in map t · K + k, so its
 * pixel is `((t · K + k) · H + y) · W + x`. An identity without a visible keypoint is not counted; nobody gives 0.
 *
 * @param tags Predicted tag maps of all frames, `[C · T, D, K, H, W]`.
 * @param target `index` and `visible`, `[C, P, T · K]`.
 * @throws {ShapeError} If the shapes do not make whole clips.
 * @throws {RangeError} If the form is unknown or sigma is not above 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { temporalTagLoss, tensor } from "ae";
 *
 * // A clip of two frames, one keypoint, maps of 1 × 2 pixels: two people who change places.
 * const tags = tensor([[[[[0, 3]]]], [[[[3, 1]]]]]); // [2, 1, 1, 1, 2]
 * const index = tensor([[[0, 2 + 1], [1, 2 + 0]]], { dtype: "i32" });
 * const visible = tensor([[[1, 1], [1, 1]]]);
 * const { pull, push } = temporalTagLoss(tags, { index, visible });
 * assert.equal(await pull.item(), 0.125); // 0 and 1 have mean 0.5, 3 and 3 their own; (0.25 + 0) / 2
 * assert.ok(Math.abs(await push.item() - Math.exp(-(2.5 ** 2)) / 2) < 1e-6);
 * ```
 */
export function temporalTagLoss(
  tags: Tensor,
  target: TagTarget,
  options: TagLossOptions = {},
): TagLoss {
  const T = framesPerClip(tags, target);
  if (T === 1) return tagLoss(tags, target, options);
  const [frames, D, K, H, W] = tags.shape;
  const C = frames / T;
  const clips = permute(tags.reshape([C, T, D, K, H, W]), [0, 2, 1, 3, 4, 5]);
  return tagLoss(clips.reshape([C, D, T * K, H, W]), target, options);
}

/** T, or an error if there is none. */
function framesPerClip({ shape }: Tensor, { index, visible }: TagTarget): number {
  const [frames, , K] = shape;
  const T = frames / index.shape[0];
  const problem = shape.length !== 5
    ? "tags must have 5 axes"
    : index.shape.length !== 3 || !Number.isInteger(T) || index.shape[2] !== T * K
    ? "index must be [C, P, T · K] for the C · T frames and K keypoints of tags"
    : sameShape(index.shape, visible.shape)
    ? null
    : "index and visible must both be [C, P, T · K]";
  if (!problem) return T;
  throw shapeError("temporalTagLoss", problem, {
    tags: [shape, "C·T D K H W"],
    index: [index.shape, "C P T·K"],
    visible: [visible.shape, "C P T·K"],
  });
}
