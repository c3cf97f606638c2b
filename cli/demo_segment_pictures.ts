/**
 * The pictures of `demo:segment`: the scenes that went worst.
 *
 * @module
 */
import {
  paintInstances,
  type SegmentScene,
  tagHistogram,
  widestDimension,
  writePng,
} from "../mod.ts";
import { enlarged, numberedName } from "./demos.ts";
import type { Segmentation } from "./segmentation.ts";

/** Scenes in each gallery of the report, the worst first. */
const GALLERY = 16;
/** Of these, so many are also written as PNG files, so many times as large. */
const PICTURES = 6;
const ENLARGED = 8;

/** Mean over the true instances of the best overlap that one found has with it: how well a scene went. */
function quality({ sample, instances }: Segmentation): number {
  const best = (sample.instances ?? []).map(({ mask }) =>
    instances.reduce((most, found) => {
      let [both, either] = [0, 0];
      for (let i = 0; i < mask.data.length; i++) {
        both += mask.data[i] & found.mask.data[i];
        either += mask.data[i] | found.mask.data[i];
      }
      return Math.max(most, both / either);
    }, 0)
  );
  return best.reduce((sum, overlap) => sum + overlap, 0) / Math.max(1, best.length);
}

/** The scenes that went worst, to be looked at. */
export function hardest(found: readonly Segmentation[]): Segmentation[] {
  return found.map((one) => ({ one, quality: quality(one) }))
    .sort((a, b) => a.quality - b.quality).slice(0, GALLERY).map(({ one }) => one);
}

/** One of them as the report shows it. */
export function sceneOf({ sample, instances, heatmaps, tags }: Segmentation): SegmentScene {
  const dimension = widestDimension(instances);
  const [, C, h, w] = tags.shape;
  const plane = tags.data.subarray(dimension * C * h * w, (dimension + 1) * C * h * w);
  return {
    name: sample.fileName,
    image: sample.image,
    truth: sample.instances ?? [],
    found: instances,
    heatmaps,
    tags,
    dimension,
    bins: tagHistogram(plane.filter((_, i) => heatmaps.data[i] > 0.5)),
  };
}

/** The first of them as PNG files: what was found, and what is there. */
export async function writePictures(out: string, scenes: readonly Segmentation[]): Promise<void> {
  for (const [i, { sample, instances }] of scenes.slice(0, PICTURES).entries()) {
    const name = `${out}/${numberedName(i, sample.fileName)}`;
    for (const [of, shown] of [["found", instances], ["truth", sample.instances ?? []]] as const) {
      await writePng(`${name}_${of}.png`, enlarged(paintInstances(sample.image, shown), ENLARGED));
    }
  }
}
