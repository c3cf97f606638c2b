/**
 * Measuring a model on samples: predict, decode, compare. Three kinds of maps go through the same decoder and
 * the same metrics: a network's, another network's, and ideal maps made from the truth. The last give the bound:
 * what this resolution and this decoder allow at best.
 *
 * @module
 */
import {
  applyAffine,
  assignMinimumCost,
  COCO,
  type CocoResult,
  type CocoResultOptions,
  type CocoTruth,
  cropTransform,
  type DecodedPerson,
  evaluateByKeypoint,
  evaluateKeypoints,
  type Flavour,
  groupingAccuracy,
  groupKnownKeypoints,
  type HostArray,
  hostArray,
  type KeypointEvaluation,
  type KeypointStatistics,
  MPII,
  oks,
  type Skeleton,
  toCocoResults,
} from "../mod.ts";
import { heatmapTargets, labelledPeople, type Sample, wholePicture } from "../data/mod.ts";
import { sameKeypoints } from "./datasets.ts";
import type { FoundPeople, Maps, Prediction } from "./prediction.ts";

/** All figures of one set of predictions. */
export interface Measured {
  readonly statistics: KeypointStatistics;
  readonly evaluation: KeypointEvaluation;
  /** AP of each keypoint alone. */
  readonly keypointAp: readonly number[];
  /** Share of keypoints in their own person's group when the true detections are given; -1 if unknown. */
  readonly grouping: number;
}

/** The true keypoints of a sample's people in heatmap pixels; null where none is annotated. */
function keypointsOnMap(sample: Sample, side: number) {
  const toMap = cropTransform(wholePicture(sample.image).crop, side);
  return labelledPeople(sample.people).map(({ keypoints }) =>
    keypoints.map(({ x, y, visibility }) => visibility > 0 ? applyAffine(toMap, { x, y }) : null)
  );
}

/** How far apart the tags of ideal maps are: so far that the decoder's rounding of distances decides nothing. */
export const IDEAL_TAGS = 10;

/** Ideal maps: the training target, and for every keypoint the number of the person whose is nearest as tag. */
export function idealMaps(sample: Sample, imageSize: number, stride: number): Maps {
  const side = imageSize / stride;
  const people = keypointsOnMap(sample, side);
  const K = COCO.keypoints.length;
  const targets = people.map((points) => ({
    keypoints: points.map((point) => ({
      x: point?.x ?? 0,
      y: point?.y ?? 0,
      visibility: point ? 2 as const : 0 as const,
    })),
  }));
  const heatmaps = heatmapTargets(targets, { keypoints: K, height: side, width: side });
  const tags = hostArray([1, K, side, side]);
  for (let k = 0; k < K; k++) {
    const marks = people.flatMap((points, p) => {
      const point = points[k];
      return point ? [{ x: Math.trunc(point.x), y: Math.trunc(point.y), tag: IDEAL_TAGS * p }] : [];
    });
    for (let pixel = 0; marks.length > 0 && pixel < side * side; pixel++) {
      const x = pixel % side, y = (pixel - x) / side;
      let nearest = Infinity;
      for (const mark of marks) {
        const distance = (mark.x - x) ** 2 + (mark.y - y) ** 2;
        if (distance >= nearest) continue;
        nearest = distance;
        tags.data[k * side * side + pixel] = mark.tag;
      }
    }
  }
  return { heatmaps, tags };
}

/** How predictions are compared. */
export type MeasureOptions = Pick<Flavour, "maxTagDistance"> & { readonly skeleton?: Skeleton };

/**
 * Compare predictions with the truth. `scale` multiplies all lengths first, so that small pictures can be judged
 * as if they were larger: OKS does not change, but COCO's area ranges then tell people apart. `maxTagDistance` is how
 * the tags of true detections are grouped. Pictures fill square inputs (no `higher-hrnet` scales). Of a prediction
 * nothing is kept but people: pictures and maps can be as many as one likes.
 */
export async function measure(
  predictions: Iterable<Prediction> | AsyncIterable<Prediction>,
  scale = 1,
  { maxTagDistance = 1, skeleton = COCO }: MeasureOptions = {},
): Promise<Measured> {
  const found: { sample: JudgedSample; people: FoundPeople["people"] }[] = [];
  const groups: (number | null)[][][] = [];
  for await (const { sample, people, tags } of predictions) {
    found.push({ sample: judgedSample(sample), people });
    groups.push(groupsOf(sample, tags, maxTagDistance));
  }
  const truth = truthOf(found.map(({ sample }) => sample), scale);
  const results = resultsOf(found, scale);
  const evaluation = evaluateKeypoints(truth, results, { skeleton });
  return {
    statistics: evaluation.statistics,
    evaluation,
    keypointAp: evaluateByKeypoint(truth, results, { skeleton }).map(({ AP }) => AP),
    grouping: groupingAccuracy(groups, assignMinimumCost).accuracy,
  };
}

/** For each keypoint of each true person the group that its tag puts it in; null where none is annotated or seen. */
function groupsOf(sample: Sample, tags: HostArray, maxTagDistance: number): (number | null)[][] {
  const [, , height, width] = tags.shape;
  const people = keypointsOnMap(sample, width);
  return groupKnownKeypoints(people, tags, { seed: sample.id, maxTagDistance }).map((own, p) =>
    own.map((group, k) => {
      const point = people[p][k];
      const outside = !point || Math.trunc(point.x) < 0 || Math.trunc(point.y) < 0 ||
        Math.trunc(point.x) >= width || Math.trunc(point.y) >= height;
      return outside ? null : group; // what lies outside the map is no detection
    })
  );
}

/** What of a sample is compared with predictions: all but the picture itself. */
export type JudgedSample = Pick<Sample, "id" | "fileName" | "people"> & {
  readonly image: Pick<Sample["image"], "width" | "height">;
};

/** A sample without its picture. */
export function judgedSample(
  { id, fileName, people, image: { width, height } }: Sample,
): JudgedSample {
  return { id, fileName, people, image: { width, height } };
}

/** Samples as a COCO annotation file has them. */
export function truthOf(samples: readonly JudgedSample[], scale = 1): CocoTruth {
  let id = 0;
  return {
    images: samples.map(({ id, fileName, image: { width, height } }) => ({
      id,
      file_name: fileName,
      width: width * scale,
      height: height * scale,
    })),
    annotations: samples.flatMap((sample) =>
      sample.people.map((person) => ({
        id: ++id,
        image_id: sample.id,
        category_id: 1,
        keypoints: person.keypoints.flatMap(({ x, y, visibility }) => [
          x * scale,
          y * scale,
          visibility,
        ]),
        num_keypoints: person.keypoints.filter(({ visibility }) => visibility > 0).length,
        bbox: person.box.map((length) => length * scale),
        area: person.area * scale * scale,
        iscrowd: person.crowd ? 1 : 0,
      }))
    ),
  };
}

/** Predictions as a COCO results file has them. */
export function resultsOf(
  predictions: readonly { sample: Pick<Sample, "id">; people: FoundPeople["people"] }[],
  scale = 1,
  options: CocoResultOptions = {},
): CocoResult[] {
  return predictions.flatMap(({ sample, people }) =>
    toCocoResults(people, sample.id, options).map((record) => ({
      ...record,
      keypoints: record.keypoints.map((value, i) => i % 3 === 2 ? value : value * scale),
    }))
  );
}

/**
 * Predictions as a results file of the skeleton's data set has them: COCO's records, but for MPII with each
 * keypoint's own score as third number, and zeros for what was not found.
 */
export function recordsOf(
  predictions: readonly FoundPeople[],
  skeleton: Skeleton,
  options: CocoResultOptions = {},
): CocoResult[] {
  if (!sameKeypoints(skeleton, MPII)) return resultsOf(predictions, 1, options);
  return predictions.flatMap(({ sample, people }) =>
    people.map(({ keypoints, score }) => ({
      image_id: sample.id,
      category_id: 1,
      keypoints: keypoints.flatMap((found) => found ? [found.x, found.y, found.score] : [0, 0, 0]),
      score,
    }))
  );
}

/** For each true person the predicted one with the highest OKS of at least 0.1, each used once. */
export function matchPeople(
  { sample, people }: FoundPeople,
): ({ readonly predicted: number; readonly oks: number } | null)[] {
  const pairs = sample.people.flatMap((person, t) =>
    people.map((found, predicted) => ({ t, predicted, oks: similarity(person, found) }))
  ).filter((pair) => pair.oks >= 0.1).sort((a, b) => b.oks - a.oks);
  const matches = new Array<{ predicted: number; oks: number } | null>(sample.people.length)
    .fill(null);
  const used = new Set<number>();
  for (const { t, predicted, oks } of pairs) {
    if (matches[t] || used.has(predicted)) continue;
    matches[t] = { predicted, oks };
    used.add(predicted);
  }
  return matches;
}

function similarity(person: Sample["people"][number], found: DecodedPerson): number {
  const [record] = toCocoResults([found], 0);
  if (!record || person.crowd || person.keypoints.every(({ visibility }) => visibility === 0)) {
    return 0;
  }
  return oks(record.keypoints, {
    keypoints: person.keypoints.flatMap(({ x, y, visibility }) => [x, y, visibility]),
    area: person.area,
    bbox: person.box,
  });
}
