/**
 * Refine people with a single-person network: look at each one again in a crop of its own, where its keypoints are
 * larger and nobody has to be told apart.
 *
 *     person found  ──►  square around its keypoints  ──►  network  ──►  the highest place of each heatmap
 *                        {@linkcode personCrop}                          {@linkcode readPerson}
 *                        ──►  keypoints that it is sure of               {@linkcode refinePerson}
 *
 * If the second look disagrees with the first about most keypoints, it saw somebody else: then the person stays as it
 * was.
 *
 * The authors' TensorFlow demo of pose-ae; it gained 6.2 AP at one scale (Newell, Huang and Deng 2017, table 2).
 *
 * |                              | TensorFlow demo                     | here                                      |
 * | ---------------------------- | ----------------------------------- | ----------------------------------------- |
 * | sizes of a crop              | 512, 400 and 300, each mirrored too | the caller's: average heatmaps beforehand |
 * | agreement                    | within 10 pixels of the photograph  | the same by default, an option            |
 * | keypoints that it is sure of | replaced                            | the same by default; `take: "both"` not   |
 * | a person's score             | the first look's                    | the same by default; `take: "both"` not   |
 *
 * @module
 */
import type { HostArray } from "../core/host_array.ts";
import { shapeError } from "../core/errors.ts";
import { cropAround, type CropAroundOptions, type SquareCrop } from "../image/affine.ts";
import type { DecodedKeypoint, DecodedPerson } from "../pose/person.ts";
import { adjustPerson } from "./refine.ts";
import { type HeatmapFrame, toImagePixels } from "./image_frame.ts";
import { heatmapSizes } from "./maps.ts";

/**
 * The square in which a person is looked at again; undefined for a person without a keypoint of positive score.
 *
 * @param person In image pixels.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { personCrop } from "ae";
 *
 * const at = (x: number, y: number) => ({ x, y, score: 0.5, tag: [0] });
 * const crop = personCrop({ keypoints: [at(100, 100), at(100, 300), null], score: 0.3 });
 * assert.deepEqual(crop, { centre: { x: 100, y: 200 }, side: 260 });
 * ```
 */
export function personCrop(
  person: DecodedPerson,
  options: CropAroundOptions = {},
): SquareCrop | undefined {
  const found = person.keypoints.filter((keypoint) => keypoint !== null && keypoint.score > 0);
  return found.length === 0 ? undefined : cropAround(found as DecodedKeypoint[], options);
}

/**
 * What a single-person network says: the highest pixel of every heatmap, moved by a quarter of a pixel and brought back
 * to the image.
 *
 * @param heatmaps `[K, H, W]`.
 * @param frame How they lie in the image.
 * @returns A person whose keypoints have the heatmaps' values as scores and no tags, null where a heatmap is nowhere
 * above 0; its score is the mean over all K.
 * @throws {ShapeError} If `heatmaps` is not `[K, H, W]`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray, readPerson } from "ae";
 *
 * const { keypoints: [nose] } = readPerson(hostArray([1, 1, 4], [0.1, 0.3, 0.9, 0.5]), { stride: 2 });
 * assert.deepEqual([nose?.x, nose?.y], [2 * 2.75, 2 * 0.25]);
 * ```
 */
export function readPerson(heatmaps: HostArray, frame: HeatmapFrame): DecodedPerson {
  const { keypoints: K, height, width } = heatmapSizes("readPerson", heatmaps);
  const keypoints = Array.from({ length: K }, (_, k): DecodedKeypoint | null => {
    const map = heatmaps.data.subarray(k * height * width, (k + 1) * height * width);
    let best = 0;
    for (let pixel = 1; pixel < map.length; pixel++) if (map[pixel] > map[best]) best = pixel;
    if (!(map[best] > 0)) return null;
    return { x: best % width, y: Math.floor(best / width), score: map[best], tag: [] };
  });
  const score = keypoints.reduce((sum, keypoint) => sum + (keypoint?.score ?? 0), 0) / K;
  return toImagePixels(adjustPerson({ keypoints, score }, heatmaps), frame);
}

/** When a second look counts. */
export interface RefinePersonOptions {
  /**
   * A second look's score above which it counts: by `take: "second"` it then replaces a keypoint that was there; by
   * `"both"` its scores are measured in this unit. Heatmaps that were learnt with a foreground weight are higher and want
   * more, see {@linkcode heatmapLoss}.
   * @default {0.15}
   */
  readonly threshold?: number;
  /**
   * The unit of the first look's scores, needed by `take: "both"` alone: the height that its peaks had to exceed. Averaged
   * heatmaps are lower, and so is this.
   * @default {0.1}
   */
  readonly firstThreshold?: number;
  /**
   * Whose word counts about a keypoint that was there.
   *
   * - `"second"`: the second look's where its score is above `threshold`, as the authors have it.
   * - `"both"`: where the looks agree, the place in the middle; else that of the surer one, each look's score being over
   *   its own threshold. The person's score is multiplied by the share of keypoints on which they agree, so that people
   *   whom the second look does not see come last. Scores are compared, so decode with `filledScore: "heatmap"`.
   *
   * @default {"second"}
   */
  readonly take?: "second" | "both";
  /** The looks agree on a keypoint if it is not so far away, image pixels. @default {10} */
  readonly agreementPixels?: number;
  /** Agreeing share of the keypoints that were there, below which the person stays as it was. @default {0.2} */
  readonly leastAgreement?: number;
}

/**
 * A person after a second look. A keypoint that was missing is filled in; one that was there is replaced if the second
 * look's score is above `threshold`, and the person's own score stays; `take: "both"` asks both looks. The keypoints of a
 * person whom the second look does not recognise stay as they were.
 *
 * @param person As decoded, in image pixels.
 * @param second What {@linkcode readPerson} gives, in image pixels.
 * @throws {ShapeError} If the two have different numbers of keypoints.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { refinePerson } from "ae";
 *
 * const at = (x: number, score: number) => ({ x, y: 0, score, tag: [] });
 * const first = { keypoints: [at(10, 0.9), at(50, 0.4), null], score: 0.43 };
 * const second = { keypoints: [at(12, 0.8), at(53, 0.1), at(80, 0.6)], score: 0.5 };
 * const { keypoints, score } = refinePerson(first, second);
 * assert.deepEqual(keypoints, [at(12, 0.8), at(50, 0.4), at(80, 0.6)]); // the second is not sure about the second one
 * assert.equal(score, 0.43);
 * ```
 */
export function refinePerson(
  person: DecodedPerson,
  second: DecodedPerson,
  options: RefinePersonOptions = {},
): DecodedPerson {
  const { threshold = 0.15, firstThreshold = 0.1, take = "second" } = options;
  const { agreementPixels = 10, leastAgreement = 0.2 } = options;
  const K = person.keypoints.length;
  if (second.keypoints.length !== K) {
    throw shapeError("refinePerson", "the two looks have different numbers of keypoints", {
      person: [[K], "K"],
      second: [[second.keypoints.length], "K"],
    });
  }
  const agree = (first: DecodedKeypoint, again: DecodedKeypoint | null) =>
    again !== null && Math.hypot(first.x - again.x, first.y - again.y) < agreementPixels;
  const agreements = person.keypoints.flatMap((first, k) =>
    first ? [agree(first, second.keypoints[k])] : []
  );
  const there = agreements.length;
  const agreement = there === 0 ? 1 : agreements.filter(Boolean).length / there;
  const score = take === "both" ? person.score * agreement : person.score;
  if (agreement < leastAgreement) return { ...person, score };
  const keypoints = person.keypoints.map((first, k) => {
    const again = second.keypoints[k];
    if (!first || !again) return again ?? first;
    if (take === "second") return again.score > threshold ? again : first;
    if (agree(first, again)) return halfway(first, again);
    // Not divided: a threshold may be 0.
    return again.score * firstThreshold > first.score * threshold ? again : first;
  });
  return { ...person, keypoints, score };
}

/** The place in the middle, as sure as the second look is. */
function halfway(first: DecodedKeypoint, again: DecodedKeypoint): DecodedKeypoint {
  return { ...again, x: (first.x + again.x) / 2, y: (first.y + again.y) / 2 };
}
