/**
 * The associative-embedding loss over time: one identity has the same tag in all frames of a clip, different
 * identities have different ones, in the same frame or not.
 *
 * A clip is T frames of one video, each of which the network sees alone. Its T · K keypoint maps side by side are
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
 * With `each: "frame"` what is pulled together are the frames' means over keypoints, f[p, t] = mean_k t[p, t, k], in
 * the place of keypoints:
 *
 *     m[p] = mean_t f[p, t],   pull = 1/P Σ_p mean_t ‖f[p, t] − m[p]‖² / D,   push as above
 *
 * That is for tags that only follow people, whose keypoints are already known to be theirs: a shoulder may then say
 * one part of how somebody looks and a knee another.
 *
 * With `among: "batch"` the P people are those of all clips, each of them another person: tags that tell only this
 * video's people apart, the larger from the smaller say, do not do.
 *
 * The paper (arXiv:1611.05424) names tracking as one of the things that are detection and grouping, with
 * identities over all frames as groups, and does not try it; the formula is tagLoss's with this reading of
 * "keypoint".
 *
 * |                    | one network for T frames at once  | here                                     |
 * | ------------------ | --------------------------------- | ---------------------------------------- |
 * | input              | T frames stacked                  | each frame alone, so any video can be tracked frame by frame |
 * | tags               | may say who stands where          | must say who looks how                   |
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import { sameShape } from "../core/shape.ts";
import { type Tensor, tensor } from "../core/tensor.ts";
import { gather, maximum, notEqual, permute } from "../ops/mod.ts";
import {
  type TagLoss,
  tagLoss,
  type TagLossForm,
  type TagLossOptions,
  type TagTarget,
} from "./tag_loss.ts";

/** Settings of {@linkcode temporalTagLoss}. */
export interface TemporalTagLossOptions extends TagLossOptions {
  /**
   * Which formula, one of keypoints: those for instances read a class off the map that a pixel lies in.
   * @default {"authors"}
   */
  readonly form?: Exclude<TagLossForm, "pixels" | "pixel pairs">;
  /** What a person's mean is taken over, and pulled to it: see the file's header. @default {"keypoint"} */
  readonly each?: "keypoint" | "frame";
  /**
   * Who is pushed apart: the people of a clip, or those of all clips, which must then be different people. The loss is
   * one number for each clip, or one for the batch. @default {"clip"}
   */
  readonly among?: "clip" | "batch";
}

/**
 * Pull and push over the T frames of each clip, one number for each of the C clips, `[C]` (`[1]` among a batch).
 *
 * T follows from the shapes: `index` has a row of T · K places for each of P identities, and the frames of a clip
 * follow each other in `tags`. Places count through the clip: keypoint k of frame t lies in map t · K + k, so its
 * pixel is `((t · K + k) · H + y) · W + x`. An identity without a visible keypoint is not counted; nobody gives 0.
 *
 * @param tags Predicted tag maps of all frames, `[C · T, D, K, H, W]`.
 * @param target `index` and `visible`, `[C, P, T · K]`.
 * @throws {ShapeError} If the shapes do not make whole clips.
 * @throws {RangeError} If `each`, `among` or the form is unknown or sigma is not above 0.
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
  options: TemporalTagLossOptions = {},
): TagLoss {
  const { each = "keypoint", among = "clip", form = "authors" } = options;
  if (each !== "keypoint" && each !== "frame") {
    throw new RangeError(`temporalTagLoss: each must be keypoint or frame, not ${each}`);
  }
  if (among !== "clip" && among !== "batch") {
    throw new RangeError(`temporalTagLoss: among must be clip or batch, not ${among}`);
  }
  if (!["authors", "paper", "hinge"].includes(form)) {
    throw new RangeError(`temporalTagLoss: form must be authors, paper or hinge, not ${form}`);
  }
  const own = readTags(tags, target, framesPerClip(tags, target));
  const averaged = each === "frame" ? frameMeans(own) : own;
  return tagLoss(...asMaps(among === "batch" ? together(averaged) : averaged), options);
}

/** What is compared: J tags of each of P people, `[C, D, P, J]`, and which of them are there, `[C, P, J]`. */
interface Readings {
  readonly tags: Tensor;
  readonly seen: Tensor;
  /** T, where J = T · (tags of a frame). */
  readonly frames: number;
}

/** The tags at all keypoints: J = T · K. */
function readTags(tags: Tensor, { index, visible }: TagTarget, T: number): Readings {
  const [frames, D, K, H, W] = tags.shape;
  const C = frames / T;
  const clips = permute(tags.reshape([C, T, D, K, H, W]), [0, 2, 1, 3, 4, 5]);
  return {
    tags: gather(clips.reshape([C, D, T * K * H * W]), index),
    seen: notEqual(visible, 0),
    frames: T,
  };
}

/** Each frame's mean over keypoints: J = T. */
function frameMeans({ tags, seen, frames: T }: Readings): Readings {
  const [C, D, P, J] = tags.shape;
  const K = J / T;
  const there = seen.reshape([C, 1, P, T, K]);
  const count = there.sum([4]); // [C, 1, P, T]
  const sum = tags.reshape([C, D, P, T, K]).mul(there).sum([4]);
  return { tags: sum.div(maximum(count, 1)), seen: count.reshape([C, P, T]), frames: T };
}

/** The people of all clips as those of one. */
function together({ tags, seen, frames }: Readings): Readings {
  const [C, D, P, J] = tags.shape;
  return {
    tags: permute(tags, [1, 0, 2, 3]).reshape([1, D, C * P, J]),
    seen: seen.reshape([1, C * P, J]),
    frames,
  };
}

/** Readings as tagLoss takes them: J maps `[P, 1]`, in which person p's tag stands in row p. */
function asMaps({ tags, seen }: Readings): [tags: Tensor, target: TagTarget] {
  const [C, D, P, J] = tags.shape;
  const rows = Int32Array.from({ length: C * P * J }, (_, i) => {
    const j = i % J, p = Math.floor(i / J) % P;
    return j * P + p;
  });
  return [
    permute(tags, [0, 1, 3, 2]).reshape([C, D, J, P, 1]),
    { index: tensor({ shape: [C, P, J], data: rows }), visible: seen },
  ];
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
