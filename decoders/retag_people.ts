/**
 * Other tags for people who are already decoded: what one network found, another one says something about.
 *
 * @module
 */
import { shapeError } from "../core/errors.ts";
import type { HostArray } from "../core/host_array.ts";
import type { DecodedPerson } from "../pose/person.ts";

/**
 * The same people with the tags that stand in other maps at their keypoints. A place outside of the maps takes the
 * nearest pixel's.
 *
 * @param people In pixels of the picture that the maps are of.
 * @param tags `[D, K, h, w]`.
 * @param options `stride`: picture pixels of a pixel of the maps.
 * @throws {ShapeError} If the maps have other axes, or people another number of keypoints.
 * @throws {RangeError} If the stride is not above 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { hostArray, retagPeople } from "ae";
 *
 * const people = [{ keypoints: [{ x: 3, y: 0, score: 1, tag: [7] }, null], score: 1 }];
 * const tags = hostArray([1, 2, 1, 2], [5, 6, 0, 0]); // one dimension, two keypoints, maps of 1 × 2
 * const [{ keypoints: [nose] }] = retagPeople(people, tags, { stride: 2 });
 * assert.deepEqual(nose, { x: 3, y: 0, score: 1, tag: [6] });
 * ```
 */
export function retagPeople(
  people: readonly DecodedPerson[],
  tags: HostArray,
  { stride }: { readonly stride: number },
): DecodedPerson[] {
  const [D, K, height, width] = tags.shape;
  if (!(stride > 0 && stride < Infinity)) {
    throw new RangeError(`retagPeople: stride must be above 0, not ${stride}`);
  }
  const pixel = (place: number, size: number) =>
    Math.min(size - 1, Math.max(0, Math.trunc(place / stride)));
  return people.map(({ keypoints, score }) => {
    if (tags.shape.length !== 4 || keypoints.length !== K) {
      throw shapeError("retagPeople", "maps must be [D, K, h, w] with the people's K keypoints", {
        tags: [tags.shape, "D K h w"],
        person: [[keypoints.length], "K"],
      });
    }
    return {
      score,
      keypoints: keypoints.map((keypoint, k) => {
        if (!keypoint) return null;
        const at = pixel(keypoint.y, height) * width + pixel(keypoint.x, width);
        const tag = Array.from(
          { length: D },
          (_, d) => tags.data[(d * K + k) * height * width + at],
        );
        return { ...keypoint, tag };
      }),
    };
  });
}
