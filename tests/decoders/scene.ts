/** Ideal heatmaps and tags of made-up people, and reproducible random numbers, for the decoders' tests. */
import { type HostArray, hostArray } from "../../core/host_array.ts";
import type { DecodedPerson } from "../../pose/person.ts";

/** A made-up person: where its keypoints are, how bright, and its tag. */
export interface ScenePerson {
  readonly points: readonly ({ readonly x: number; readonly y: number } | null)[];
  readonly tag: readonly number[];
  readonly brightness?: number;
}

/**
 * Heatmaps with a Gaussian of 2 pixels at each keypoint, the brighter one where two overlap, and tags that are
 * the person's around each of its keypoints.
 */
export function drawScene(
  people: readonly ScenePerson[],
  { keypoints, height, width, tagDimensions = 1 }: {
    keypoints: number;
    height: number;
    width: number;
    tagDimensions?: number;
  },
): { heatmaps: HostArray; tags: HostArray } {
  const heatmaps = hostArray([keypoints, height, width]);
  const tags = hostArray([tagDimensions, keypoints, height, width]);
  const size = heatmaps.data.length;
  for (const { points, tag, brightness = 0.9 } of people) {
    points.forEach((point, k) => {
      if (!point) return;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const distance2 = (x - Math.trunc(point.x)) ** 2 + (y - Math.trunc(point.y)) ** 2;
          const value = Math.fround(brightness * Math.exp(-distance2 / 8));
          const at = (k * height + y) * width + x;
          if (value <= heatmaps.data[at] || distance2 > 98) continue;
          heatmaps.data[at] = value;
          tag.forEach((t, d) => tags.data[d * size + at] = t);
        }
      }
    });
  }
  return { heatmaps, tags };
}

/** Numbers in [0, 1) that repeat for a seed: mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An array of random f32 numbers, each made from one random number. */
export function randomArray(
  shape: readonly number[],
  random: () => number,
  make: (u: number) => number = (u) => u,
): HostArray {
  const array = hostArray(shape);
  for (let i = 0; i < array.data.length; i++) array.data[i] = make(random());
  return array;
}

/** People as text, in an order of their own: equal for the same people in any order. */
export function bag(people: readonly DecodedPerson[]): string[] {
  return people.map((person) => JSON.stringify(person)).sort();
}
