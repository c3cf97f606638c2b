/**
 * How well do the tags alone do? Take the true keypoints instead of peaks, all with score 1, read the
 * predicted tags there and group as usual. Whatever is wrong then is the tags' fault.
 *
 * The paper's ablation: with true detections AP rises from 59.2 to 94.0, so detection is what limits it
 * (Newell, Huang and Deng 2017, "Associative Embedding", analysis on 500 training images).
 *
 * The truth must not leak into the answer. If all tags are equal, every assignment costs the same and a
 * solver that sees each keypoint's people in the same order puts everyone together by accident. So the
 * candidates of each keypoint are shuffled, by a fixed seed.
 *
 * @module
 */
import type { HostArray } from "../core/host_array.ts";
import { shapeError } from "../core/errors.ts";
import { groupByTag, type GroupOptions } from "./group_by_tag.ts";
import { requireFinite, tagAt, tagSizes } from "./maps.ts";
import type { Peak } from "./peaks.ts";

/** Options of {@linkcode groupKnownKeypoints}. */
export interface KnownKeypointOptions extends GroupOptions {
  /** Whole number; another one is another order of candidates. @default {0} */
  readonly seed?: number;
}

/**
 * Group the true keypoints of one image by the predicted tags.
 *
 * The tag is read at `(trunc(x), trunc(y))`, the pixel at which the tag loss reads it. Keypoints outside the map
 * are left out, like those that are null. Two keypoints at one pixel are two candidates. By default
 * there is no limit to the number of groups.
 *
 * @param truth P people, each with K true positions in heatmap pixels, null where there is none.
 * @param tags Predicted, `[D, K, H, W]`.
 * @returns P lists of K numbers: into which group a keypoint fell (0, 1, ... in the order of founding), -1 for
 * keypoints that were left out.
 * @throws {ShapeError} If `tags` is not `[D, K, H, W]` or a person does not have K keypoints.
 * @throws {RangeError} If a position or tag is not a finite number or an option is out of range.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { groupKnownKeypoints, hostArray } from "ae";
 *
 * // Two keypoints on a map of 1 x 4; the tags say that the pixels 0 and 1 belong together, and 2 and 3.
 * const tags = hostArray([1, 2, 1, 4], [0, 0, 5, 5, 0, 0, 5, 5]);
 * const at = (x: number) => ({ x, y: 0 });
 * const groups = groupKnownKeypoints([[at(0), at(1)], [at(3), at(2)], [null, at(9)]], tags);
 * assert.equal(groups[0][0], groups[0][1]);
 * assert.equal(groups[1][0], groups[1][1]);
 * assert.notEqual(groups[0][0], groups[1][0]);
 * assert.deepEqual(groups[2], [-1, -1]);
 * ```
 */
export function groupKnownKeypoints(
  truth: readonly (readonly ({ readonly x: number; readonly y: number } | null)[])[],
  tags: HostArray,
  options: KnownKeypointOptions = {},
): number[][] {
  const sizes = tagSizes("groupKnownKeypoints", tags);
  requireFinite("groupKnownKeypoints", "tags", tags);
  const { keypoints, height, width } = sizes;

  const peaks: Peak[][] = Array.from({ length: keypoints }, () => []);
  const origin = new Map<Peak, { person: number; keypoint: number }>();
  truth.forEach((points, person) => {
    if (points.length !== keypoints) {
      throw shapeError(
        "groupKnownKeypoints",
        `person ${person} has ${points.length} keypoints but there are tags for ${keypoints}`,
        { tags: [tags.shape, "D K H W"] },
      );
    }
    points.forEach((point, keypoint) => {
      if (!point) return;
      if (!Number.isFinite(point.x) || !Number.isFinite(point.y)) {
        throw new RangeError(
          `groupKnownKeypoints: keypoint ${keypoint} of person ${person} is at ` +
            `(${point.x}, ${point.y}), not at finite numbers`,
        );
      }
      const x = Math.trunc(point.x), y = Math.trunc(point.y);
      if (x < 0 || x >= width || y < 0 || y >= height) return;
      const peak = { x, y, score: 1, tag: tagAt(tags, sizes, keypoint, y * width + x) };
      peaks[keypoint].push(peak);
      origin.set(peak, { person, keypoint });
    });
  });

  const everyone = Math.max(1, truth.length * keypoints);
  const { seed = 0, maxPeople = everyone, ...rest } = options;
  const random = mulberry32(seed);
  for (const candidates of peaks) shuffle(candidates, random);
  const groups = truth.map(() => new Array<number>(keypoints).fill(-1));
  groupByTag(peaks, { ...rest, maxPeople }).forEach((group, g) => {
    for (const peak of group.keypoints) {
      const from = peak && origin.get(peak);
      if (from) groups[from.person][from.keypoint] = g;
    }
  });
  return groups;
}

/** Fisher and Yates: every order equally likely. */
function shuffle(list: Peak[], random: () => number): void {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [list[last], list[other]] = [list[other], list[last]];
  }
}

/** A small seeded generator of numbers in [0, 1): mulberry32. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
