/**
 * What every decoder checks first: that heatmaps `[K, H, W]` and tags `[D, K, H, W]` belong together and
 * are made of numbers. One place, so that all decoders say it in the same words.
 *
 * @module
 */
import type { HostArray } from "../core/host_array.ts";
import { shapeError } from "../core/errors.ts";

/** The sizes that heatmaps and tags agree on. */
export interface MapSizes {
  readonly keypoints: number;
  readonly height: number;
  readonly width: number;
  /** Tag dimensions; 0 where no tags are concerned. */
  readonly tagDimensions: number;
}

/** The sizes of heatmaps `[K, H, W]`, or a ShapeError that starts with `op`. */
export function heatmapSizes(op: string, heatmaps: HostArray): MapSizes {
  const { shape, data } = heatmaps;
  if (shape.length !== 3 || shape.some((length) => length < 1)) {
    throw shapeError(
      op,
      "heatmaps must be [K, H, W], one map for each keypoint of one image",
      { heatmaps: [shape, "K H W"] },
      shape.length === 4 ? "decodeBatch takes a batch [N, K, H, W]" : undefined,
    );
  }
  const [keypoints, height, width] = shape;
  if (data.length !== keypoints * height * width) {
    throw shapeError(op, `heatmaps hold ${data.length} numbers, not as many as their shape`, {
      heatmaps: [shape, "K H W"],
    });
  }
  return { keypoints, height, width, tagDimensions: 0 };
}

/** The sizes of heatmaps `[K, H, W]` and tags `[D, K, H, W]`, or a ShapeError that starts with `op`. */
export function mapSizes(op: string, heatmaps: HostArray, tags: HostArray): MapSizes {
  const sizes = heatmapSizes(op, heatmaps);
  const tagDimensions = tagSizes(op, tags).tagDimensions;
  if (heatmaps.shape.some((length, axis) => tags.shape[axis + 1] !== length)) {
    throw shapeError(op, "heatmaps and tags must agree on K, H and W", {
      heatmaps: [heatmaps.shape, "K H W"],
      tags: [tags.shape, "D K H W"],
    });
  }
  return { ...sizes, tagDimensions };
}

/** The sizes of tags `[D, K, H, W]`, or a ShapeError that starts with `op`. */
export function tagSizes(op: string, tags: HostArray): MapSizes {
  const { shape, data } = tags;
  if (shape.length !== 4 || shape.some((length) => length < 1)) {
    throw shapeError(op, "tags must be [D, K, H, W], D numbers for each keypoint and pixel", {
      tags: [shape, "D K H W"],
    });
  }
  const [tagDimensions, keypoints, height, width] = shape;
  if (data.length !== tagDimensions * keypoints * height * width) {
    throw shapeError(op, `tags hold ${data.length} numbers, not as many as their shape`, {
      tags: [shape, "D K H W"],
    });
  }
  return { keypoints, height, width, tagDimensions };
}

/** A RangeError that names the first number of `maps` that is NaN or infinite, if there is one. */
export function requireFinite(op: string, name: string, maps: HostArray): void {
  const { data, shape } = maps;
  const bad = firstNonFinite(data);
  if (bad < 0) return;
  const place: number[] = [];
  let rest = bad;
  for (const length of shape.toReversed()) {
    place.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  throw new RangeError(
    `${op}: ${name}[${place.join(", ")}] is ${data[bad]}, not a finite number\n` +
      "  help: a network whose training has diverged gives such maps",
  );
}

/** Position of the first NaN or infinite number, -1 if there is none. */
export function firstNonFinite(data: Float32Array): number {
  // v - v is 0 for every finite v and NaN otherwise; this loop runs over every tag of every image.
  for (let i = 0; i < data.length; i++) if (data[i] - data[i] !== 0) return i;
  return -1;
}

/** The D tag values of keypoint k at one pixel, given as `y * W + x`. */
export function tagAt(
  tags: HostArray,
  { keypoints, height, width, tagDimensions }: MapSizes,
  keypoint: number,
  pixel: number,
): number[] {
  const plane = height * width;
  const tag = new Array<number>(tagDimensions);
  for (let d = 0; d < tagDimensions; d++) {
    tag[d] = tags.data[(d * keypoints + keypoint) * plane + pixel];
  }
  return tag;
}
