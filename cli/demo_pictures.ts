/**
 * The pictures of the demo: the scenes that went worst, and some crowds that went well.
 *
 * @module
 */
import {
  COCO,
  drawPanels,
  drawPoses,
  type HeatmapFrame,
  paintHeatmaps,
  paintPoses,
  paintTags,
  type ReportScene,
  sceneQuality,
  type Svg,
  toImagePixels,
  writeFileAtomic,
  writePng,
} from "../mod.ts";
import { enlarged, numberedName } from "./demos.ts";
import { matchPeople } from "./evaluation.ts";
import type { Prediction } from "./prediction.ts";

/** Scenes in each gallery of the report, the worst first. */
const GALLERY = 24;
/** Of these, so many are also written as PNG files. */
const PICTURES = 6;
/** Scenes of the overview. */
const OVERVIEW = 3;
/** Pictures are so many times as large as the scenes: those in files, and those in the overview. */
const ENLARGED = 8;
const ENLARGED_IN_OVERVIEW = 3;
/** Where a place of a scene lies in its picture: whole numbers are pixel centres in both. */
const ENLARGED_FRAME: HeatmapFrame = {
  stride: ENLARGED,
  inverse: [[1, 0, (ENLARGED - 1) / 2], [0, 1, (ENLARGED - 1) / 2]],
};

/** How well a prediction went, 0 to 1. */
function quality(prediction: Prediction): number {
  return sceneQuality(matchPeople(prediction), prediction.people.length);
}

/** The scenes that went worst, to be looked at. */
export function hardest(predictions: readonly Prediction[]): ReportScene[] {
  return predictions.toSorted((a, b) => quality(a) - quality(b)).slice(0, GALLERY)
    .map((prediction) => ({
      name: prediction.sample.fileName,
      image: prediction.sample.image,
      truth: prediction.sample.people,
      predicted: prediction.people,
      heatmaps: prediction.heatmaps,
      tags: prediction.tags,
      matches: matchPeople(prediction),
    }));
}

/** The first of these scenes as PNG files: people, heatmaps, tags. */
export async function writePictures(out: string, scenes: readonly ReportScene[]): Promise<void> {
  for (const [i, scene] of scenes.slice(0, PICTURES).entries()) {
    const name = `${out}/${numberedName(i, scene.name)}`;
    const image = enlarged(scene.image, ENLARGED);
    const people = scene.predicted.map((person) => toImagePixels(person, ENLARGED_FRAME));
    await writePng(`${name}_people.png`, paintPoses(image, people, COCO));
    await writePng(`${name}_heatmaps.png`, paintHeatmaps(scene.heatmaps, { image }));
    await writePng(`${name}_tags.png`, paintTags(scene.tags, scene.heatmaps, { image }));
  }
}

/** Some crowds that went well side by side; nothing if there are no crowds. */
export async function writeOverview(
  out: string,
  predictions: readonly Prediction[],
): Promise<void> {
  const crowds = predictions.filter(({ sample }) => sample.people.length >= 3);
  const best = crowds.toSorted((a, b) => quality(b) - quality(a)).slice(0, OVERVIEW);
  if (best.length > 0) await writeFileAtomic(`${out}/overview.svg`, `${overview(best)}\n`);
}

/** A row for each scene: the picture, its heatmaps, its tags, its people. */
function overview(predictions: readonly Prediction[]): Svg {
  const panels = predictions.flatMap(({ sample, heatmaps, tags, people }) => {
    const image = enlarged(sample.image, ENLARGED_IN_OVERVIEW);
    return [
      { caption: `${sample.image.width} x ${sample.image.height} pixels`, picture: sample.image },
      { caption: "heatmaps: where", picture: paintHeatmaps(heatmaps, { image }) },
      { caption: "tags: whose", picture: paintTags(tags, heatmaps, { image }) },
      { caption: "people", picture: drawPoses(sample.image, people, COCO) },
    ];
  });
  return drawPanels(panels, { columns: 4, title: "From a picture to its people" });
}
