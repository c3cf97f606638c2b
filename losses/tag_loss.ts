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
 * ## Two forms for instances
 *
 * What groups the keypoints of a person groups the pixels of anything: in place of K keypoints, S pixels drawn from each
 * instance (data/instance_targets.ts), t[p, s] the tag at pixel s of instance p, whose class is the map it lies in.
 *
 *     "pixels"        as "authors", with pixels: their mean stands for the instance
 *     "pixel pairs"   pull = 1/P Σ_p mean_{s, s'} ‖t[p, s] − t[p, s']‖² / D
 *                     push = ½ · 1/Q Σ_{p, q of one class, p ≠ q} mean_{s, s'} exp(−‖t[p, s] − t[q, s']‖² / (2 sigma²))
 *
 * Q is the number of such pairs p, q: with one class P(P − 1). Tags of different classes are never compared when
 * instances are decoded, so they need not differ. Since mean_{s, s'} ‖t − t'‖² = 2 mean_s ‖t − m‖², the pull of "pixel
 * pairs" is twice that of "pixels" and costs no pairs; its push makes (P S)² of them, 2.25 million numbers an image for
 * P = 30, S = 50.
 *
 * |                     | arXiv:1611.05424, on instances | "pixel pairs"                                |
 * | ------------------- | ------------------------------ | -------------------------------------------- |
 * | divisors            | none are printed               | those above, so that pose's weights suit it  |
 * | pixels of one p = q | are in the second sum, too     | do not push: pull would fight it             |
 * | D                   | 1                              | any: pull is the mean over D, as "authors"   |
 * | S                   | not said                       | any                                          |
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { hostArray } from "../core/host_array.ts";
import { sameShape } from "../core/shape.ts";
import { type Tensor, tensor } from "../core/tensor.ts";
import { cast, equal, gather, maximum, minimum, notEqual, relu } from "../ops/mod.ts";

/** Where the true keypoints are, or pixels of the true instances: S of them then stand where K is said here. */
export interface TagTarget {
  /** Pixels, `[N, P, K]` i32: `(k · H + y) · W + x`; any pixel (say 0) where nothing is visible. */
  readonly index: Tensor;
  /** Not 0 where the keypoint is annotated, `[N, P, K]` f32. */
  readonly visible: Tensor;
}

/** The formulas of the file's header by name. */
export type TagLossForm = "authors" | "paper" | "hinge" | "pixels" | "pixel pairs";

const FORMS: readonly TagLossForm[] = ["authors", "paper", "hinge", "pixels", "pixel pairs"];

/** Settings of {@linkcode tagLoss}. */
export interface TagLossOptions {
  /** Which formula: see the file's header. @default {"authors"} */
  readonly form?: TagLossForm;
  /** Width of the push of "paper" and "pixel pairs". @default {1} */
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
 * Pull and push of predicted tags at the true keypoints, or at pixels of the true instances.
 *
 * @param tags Predicted tag maps, `[N, D, K, H, W]`; for the two forms for instances K is the number of classes.
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
 *
 * @example Instances
 * ```ts
 * import assert from "node:assert/strict";
 * import { tagLoss, tensor } from "ae";
 *
 * // One class, two instances of which two pixels each were drawn, from maps of 1 × 4 pixels.
 * const tags = tensor([[[[[0, 2, 9, 9]]]]]); // [1, 1, 1, 1, 4]
 * const index = tensor([[[0, 1], [2, 3]]], { dtype: "i32" });
 * const visible = tensor([[[1, 1], [1, 1]]]);
 * const { pull } = tagLoss(tags, { index, visible }, { form: "pixel pairs" });
 * assert.equal(await pull.item(), 1); // (0 + 4 + 4 + 0) / 4 and 0, over 2 instances
 * ```
 */
export function tagLoss(tags: Tensor, target: TagTarget, options: TagLossOptions = {}): TagLoss {
  const { form = "authors", sigma = 1 } = options;
  if (!FORMS.includes(form)) {
    throw new RangeError(
      `tagLoss: form must be ${FORMS.slice(0, -1).join(", ")} or ${FORMS.at(-1)}, not ${form}`,
    );
  }
  if (!(sigma > 0 && sigma < Infinity)) {
    throw new RangeError(`tagLoss: sigma must be above 0, not ${sigma}`);
  }
  const ofInstances = form === "pixels" || form === "pixel pairs";
  checkShapes(tags, target, ofInstances);
  const [N, D, maps, H, W] = tags.shape;
  const [, P, K] = target.index.shape; // K keypoints, or S pixels

  const seen = notEqual(target.visible, 0).reshape([N, 1, P, K]); //  1 where visible
  const count = seen.sum([3], true); //                    [N, 1, P, 1] visible keypoints
  const present = minimum(count, 1); //                    [N, 1, P, 1] 1 where there is a person
  const people = present.sum([2], true); //                [N, 1, 1, 1]
  const perPerson = maximum(count, 1); //                  a divisor that is never 0
  const perImage = maximum(people, 1);

  const t = gather(tags.reshape([N, D, maps * H * W]), target.index).mul(seen); // [N, D, P, K]
  const m = t.sum([3], true).div(perPerson); //                                    [N, D, P, 1]

  const squared = t.sub(m).square().mul(seen).sum([1, 3], true); //                [N, 1, P, 1]
  const spread = form === "paper" ? squared : squared.div(perPerson).mul(1 / D);
  const pull = spread.sum([2], true).div(perImage).mul(form === "pixel pairs" ? 2 : 1);

  const gaussian = (squares: Tensor) => squares.mul(-1 / (2 * sigma * sigma)).exp();
  const distance = () => squaredDistances(m.reshape([N, D, P])); //                [N, 1, P, P] d²
  const near = form === "pixel pairs"
    ? meanOfPairs(gaussian(squaredDistances(t.reshape([N, D, P * K]))), seen.div(perPerson))
    : form === "paper"
    ? gaussian(distance())
    : form === "hinge"
    ? relu(rootOf(distance()).neg().add(1))
    : distance().neg().exp(); //                                                   [N, 1, P, P]
  const both = present.mul(present.reshape([N, 1, 1, P]));
  const others = form === "paper" ? both : both.mul(offDiagonal(P));
  const pairs = ofInstances && maps > 1 ? others.mul(sameClass(target.index, seen, H * W)) : others;
  const divisor = form === "paper" ? perImage.square() : maximum(pairs.sum([2, 3], true), 1).mul(2); // 2 P (P - 1) with one class, never 0
  const push = near.mul(pairs).sum([2, 3], true).div(divisor);
  return { pull: pull.reshape([N]), push: push.reshape([N]) };
}

/** `[N, 1, M, M]`: squared distances between M vectors of D numbers, `[N, D, M]`. */
function squaredDistances(x: Tensor): Tensor {
  const [N, D, M] = x.shape;
  return x.reshape([N, D, M, 1]).sub(x.reshape([N, D, 1, M])).square().sum([1], true);
}

/** `[N, 1, P, P]`: of the values for pairs of pixels, `[N, 1, P S, P S]`, the weighted sum for each pair of instances. */
function meanOfPairs(values: Tensor, weights: Tensor): Tensor {
  const [N, , P, S] = weights.shape;
  return values.reshape([N, P, S, P, S])
    .mul(weights.reshape([N, P, S, 1, 1]))
    .mul(weights.reshape([N, 1, 1, P, S]))
    .sum([2, 4]).reshape([N, 1, P, P]);
}

/** `[N, 1, P, P]`: 1 where two instances' pixels lie in the map of the same class. */
function sameClass(index: Tensor, seen: Tensor, mapSize: number): Tensor {
  const [N, , P, S] = seen.shape;
  // Half a pixel further, so that rounding cannot reach the map before.
  const map = cast(cast(index, "f32").add(0.5).mul(1 / mapSize), "i32").reshape([N, 1, P, S]);
  const own = cast(map, "f32").mul(seen).max([3], true); // [N, 1, P, 1]
  return equal(own, own.reshape([N, 1, 1, P]));
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

function checkShapes(tags: Tensor, { index, visible }: TagTarget, anyCount: boolean): void {
  const [N, , K] = tags.shape;
  const fits = index.shape.length === 3 && index.shape[0] === N &&
    (anyCount || index.shape[2] === K);
  const problem = tags.shape.length !== 5
    ? "tags must have 5 axes"
    : !fits
    ? anyCount
      ? "index must be [N, P, S] with the N of tags"
      : "index must be [N, P, K] with the N and K of tags"
    : sameShape(index.shape, visible.shape)
    ? null
    : `index and visible must both be [N, P, ${anyCount ? "S" : "K"}]`;
  if (!problem) return;
  const letters = anyCount ? "N P S" : "N P K";
  throw shapeError("tagLoss", problem, {
    tags: [tags.shape, "N D K H W"],
    index: [index.shape, letters],
    visible: [visible.shape, letters],
  });
}
