/**
 * Random people and detections for COCO's measure.
 *
 * @module
 */
import {
  checkCocoResults,
  checkCocoTruth,
  COCO,
  evaluateKeypoints,
  type KeypointStatistics,
} from "../../mod.ts";
import { Random } from "../../data/mod.ts";
import type { Fuzzer } from "./fuzzer.ts";

type Keypoints = number[];

interface Found {
  image_id: number;
  category_id: 1;
  keypoints: Keypoints;
  score: number;
}

const K = COCO.keypoints.length;

function somebody(random: Random): { keypoints: Keypoints; area: number } {
  const [x, y] = [random.uniform(0, 500), random.uniform(0, 500)];
  const side = random.uniform(5, 250);
  const keypoints = Array.from({ length: K }, () => {
    const visibility = random.integer(3);
    return visibility === 0
      ? [0, 0, 0]
      : [x + random.uniform(0, side), y + random.uniform(0, side), visibility];
  }).flat();
  return { keypoints, area: side * side };
}

/** A few images with people, crowds and people without keypoints. */
function drawTruth(random: Random) {
  const images = Array.from({ length: 1 + random.integer(4) }, (_, i) => ({
    id: i + 1,
    width: 640,
    height: 640,
    file_name: `${i}.jpg`,
  }));
  const annotations = images.flatMap(({ id }) =>
    Array.from({ length: random.integer(5) }, () => {
      const { keypoints, area } = somebody(random);
      const bare = random.chance(0.15);
      return {
        image_id: id,
        category_id: 1,
        iscrowd: random.chance(0.1) ? 1 : 0,
        area,
        bbox: [0, 0, 10, 10],
        keypoints: bare ? keypoints.map(() => 0) : keypoints,
        num_keypoints: bare ? 0 : keypoints.filter((v, i) => i % 3 === 2 && v > 0).length,
      };
    })
  ).map((annotation, i) => ({ id: i + 1, ...annotation }));
  return { images, annotations, categories: [{ id: 1, name: "person" }] };
}

function drawFound(random: Random, truth: ReturnType<typeof drawTruth>): Found[] {
  const near = truth.annotations.filter(() => random.chance(0.7)).map((
    { image_id, keypoints },
  ) => ({
    image_id,
    category_id: 1 as const,
    keypoints: keypoints.map((v, i) => i % 3 === 2 ? 1 : v + random.normal() * 8),
    score: random.uniform(0, 1),
  }));
  const strangers = Array.from({ length: random.integer(6) }, () => ({
    image_id: random.pick(truth.images).id,
    category_id: 1 as const,
    keypoints: somebody(random).keypoints,
    score: random.uniform(0, 1),
  }));
  return [...near, ...strangers];
}

const NAMES = ["AP", "AP50", "AP75", "AP_M", "AP_L", "AR", "AR50", "AR75", "AR_M", "AR_L"] as const;

/** COCO's ten figures for any people. */
export const figuresFuzzer: Fuzzer = {
  name: "figures",
  promise:
    "COCO's figures lie in 0 to 1 or are -1, do not depend on order, are 1 for the truth itself, and a worse-scored stranger never raises AP",
  count: 20_000,
  run(seed, index) {
    const random = new Random(seed).fork("figures").fork(index);
    const drawn = drawTruth(random);
    const found = drawFound(random, drawn);
    const truth = checkCocoTruth(drawn);
    const figures = (list: readonly Found[]) =>
      evaluateKeypoints(truth, checkCocoResults(list)).statistics;
    const same = (a: KeypointStatistics, b: KeypointStatistics) =>
      NAMES.find((name) => a[name] !== b[name]);

    const own = figures(found);
    for (const name of NAMES) {
      const value = own[name];
      if (value !== -1 && !(value >= 0 && value <= 1)) return `${name} is ${value}`;
    }
    const other = same(figures(random.shuffled(found)), own); // scores are all different
    if (other) return `${other} depends on the order of detections`;
    const least = Math.min(1, ...found.map(({ score }) => score));
    const stranger = { ...somebody(random), image_id: 1, category_id: 1 as const };
    const more = figures([...found, {
      image_id: 1,
      category_id: 1,
      keypoints: stranger.keypoints.map((v, i) => i % 3 === 2 ? 1 : v + 1e5),
      score: least / 2,
    }]);
    if (more.AP > own.AP) return `a stranger raised AP from ${own.AP} to ${more.AP}`;
    const perfect = figures(
      drawn.annotations.filter(({ num_keypoints, iscrowd }) => num_keypoints > 0 && !iscrowd)
        .map(({ image_id, keypoints }, i) => ({
          image_id,
          category_id: 1,
          keypoints,
          score: 1 / (i + 1),
        })),
    );
    if (perfect.AP !== -1 && Math.abs(perfect.AP - 1) > 1e-12) {
      return `the truth itself has the AP ${perfect.AP}`;
    }
    return null;
  },
};
