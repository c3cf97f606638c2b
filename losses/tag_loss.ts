/**
 * The associative-embedding loss: teach a network to give the keypoints of one person the same tag and those of
 * different people different ones, without saying which.
 *
 * The network predicts, beside each heatmap, a map of tags: D numbers at each pixel. Only the tags at the true
 * keypoints are looked at, and only compared with each other:
 *
 *     t[p, k]   tag read at keypoint k of person p (visible keypoints only)
 *     m[p]      mean over k of t[p, k]: the person's reference tag
 *
 *     pull = 1/P Σ_p mean_k ‖t[p, k] − m[p]‖² / D                  one person: close together
 *     push = ½ · 1/(P(P−1)) Σ_{p ≠ q} exp(−‖m[p] − m[q]‖²)         different people: apart
 *
 * P people, K keypoints, D tag dimensions. A person without a visible keypoint is not counted; nobody gives 0, one
 * person has push 0. push is ½ when all tags are equal and almost 0 from a distance of 2 on.
 *
 * ## Three forms
 *
 * |                | `"authors"` (default)     | `"paper"`                        | `"hinge"`                      |
 * | -------------- | ------------------------- | -------------------------------- | ------------------------------ |
 * | pull, over k   | mean                      | sum                              | mean                           |
 * | pull, over D   | mean                      | sum                              | mean                           |
 * | push, a pair   | exp(−d²)                  | exp(−d² / (2 sigma²)), sigma = 1 | max(0, 1 − d)                  |
 * | push, pairs    | p ≠ q                     | all, p = q too                   | p ≠ q                          |
 * | push, divisor  | 2 P (P − 1)               | P²                               | 2 P (P − 1)                    |
 * | source         | pose-ae-train, `extensions/AE/src/my_lib.c` | arXiv:1611.05424, section 3.2 | HigherHRNet, `lib/core/loss.py`, "max" |
 *
 * with d = ‖m[p] − m[q]‖. The p = q pairs of the paper's form add the constant 1/P and no gradient. HigherHRNet's
 * form is written for D = 1; here d is the Euclidean distance for any D. mmpose 1.x keeps the p = q pairs and adds
 * up exp() over D, so its push values cannot be compared with any of these.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { hostArray } from "../core/host_array.ts";
import { sameShape } from "../core/shape.ts";
import { type Tensor, tensor } from "../core/tensor.ts";
import { gather, maximum, minimum, notEqual, relu } from "../ops/mod.ts";

/** Where the true keypoints are. */
export interface TagTarget {
  /** Pixels, `[N, P, K]` i32: `(k · H + y) · W + x`; any pixel (say 0) where nothing is visible. */
  readonly index: Tensor;
  /** Not 0 where the keypoint is annotated, `[N, P, K]` f32. */
  readonly visible: Tensor;
}

/** Settings of {@linkcode tagLoss}. */
export interface TagLossOptions {
  /** Which formula: see the file's header. @default {"authors"} */
  readonly form?: "authors" | "paper" | "hinge";
  /** Width of the paper's push. @default {1} */
  readonly sigma?: number;
}

/** Both parts of the loss, one number for each image, `[N]`. */
export interface TagLoss {
  /** How far tags are from their person's mean. */
  readonly pull: Tensor;
  /** How near people's mean tags are to each other. */
  readonly push: Tensor;
}

/**
 * Pull and push of predicted tags at the true keypoints.
 *
 * @param tags Predicted tag maps, `[N, D, K, H, W]`.
 * @throws {ShapeError} If the shapes disagree on N, P or K.
 * @throws {RangeError} If the form is unknown or sigma is not above 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { tagLoss, tensor } from "ae";
 *
 * // Two keypoints on maps of 1 × 3 pixels; two people, both keypoints of the first visible, one of the second.
 * const tags = tensor([[[[[0, 2, 9]], [[2, 9, 9]]]]]); // [1, 1, 2, 1, 3]
 * const index = tensor([[[0, 3], [1, 0]]], { dtype: "i32" });
 * const visible = tensor([[[1, 1], [1, 0]]]);
 * const { pull, push } = tagLoss(tags, { index, visible });
 * assert.equal(await pull.item(), 0.5); // means 1 and 2; (1 + 1) / 2 and 0, over 2 people
 * assert.ok(Math.abs(await push.item() - Math.exp(-1) / 2) < 1e-6);
 * ```
 */
export function tagLoss(tags: Tensor, target: TagTarget, options: TagLossOptions = {}): TagLoss {
  const { form = "authors", sigma = 1 } = options;
  if (!["authors", "paper", "hinge"].includes(form)) {
    throw new RangeError(`tagLoss: form must be authors, paper or hinge, not ${form}`);
  }
  if (!(sigma > 0 && sigma < Infinity)) {
    throw new RangeError(`tagLoss: sigma must be above 0, not ${sigma}`);
  }
  checkShapes(tags, target);
  const [N, D, K, H, W] = tags.shape;
  const P = target.index.shape[1];

  const seen = notEqual(target.visible, 0).reshape([N, 1, P, K]); //  1 where visible
  const count = seen.sum([3], true); //                    [N, 1, P, 1] visible keypoints
  const present = minimum(count, 1); //                    [N, 1, P, 1] 1 where there is a person
  const people = present.sum([2], true); //                [N, 1, 1, 1]
  const perPerson = maximum(count, 1); //                  a divisor that is never 0
  const perImage = maximum(people, 1);

  const t = gather(tags.reshape([N, D, K * H * W]), target.index).mul(seen); // [N, D, P, K]
  const m = t.sum([3], true).div(perPerson); //                                 [N, D, P, 1]

  const squared = t.sub(m).square().mul(seen).sum([1, 3], true); //             [N, 1, P, 1]
  const spread = form === "paper" ? squared : squared.div(perPerson).mul(1 / D);
  const pull = spread.sum([2], true).div(perImage);

  const distance = m.sub(m.reshape([N, D, 1, P])).square().sum([1], true); //   [N, 1, P, P] d²
  const both = present.mul(present.reshape([N, 1, 1, P]));
  const pairs = form === "paper" ? both : both.mul(offDiagonal(P));
  const near = form === "authors"
    ? distance.neg().exp()
    : form === "paper"
    ? distance.mul(-1 / (2 * sigma * sigma)).exp()
    : relu(rootOf(distance).neg().add(1));
  const divisor = form === "paper"
    ? perImage.square()
    : maximum(people.mul(people.sub(1)), 1).mul(2); // 2 P (P - 1), never 0
  const push = near.mul(pairs).sum([2, 3], true).div(divisor);
  return { pull: pull.reshape([N]), push: push.reshape([N]) };
}

/** √x with slope 0 at 0 instead of an infinite one; off by 1e-6 there. */
function rootOf(x: Tensor): Tensor {
  return maximum(x, 1e-12).sqrt();
}

/** `[P, P]`: 0 where row and column are the same person, else 1. */
function offDiagonal(P: number): Tensor {
  const ones = new Float32Array(P * P).fill(1);
  for (let p = 0; p < P; p++) ones[p * P + p] = 0;
  return tensor(hostArray([P, P], ones));
}

function checkShapes(tags: Tensor, { index, visible }: TagTarget): void {
  const [N, , K] = tags.shape;
  const problem = tags.shape.length !== 5
    ? "tags must have 5 axes"
    : index.shape.length !== 3 || index.shape[0] !== N || index.shape[2] !== K
    ? "index must be [N, P, K] with the N and K of tags"
    : sameShape(index.shape, visible.shape)
    ? null
    : "index and visible must both be [N, P, K]";
  if (!problem) return;
  throw shapeError("tagLoss", problem, {
    tags: [tags.shape, "N D K H W"],
    index: [index.shape, "N P K"],
    visible: [visible.shape, "N P K"],
  });
}
