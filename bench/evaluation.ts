/**
 * How long evaluation takes: 5,000 images, about 3 annotated people and 10 detections in each, all
 * from a seed. (COCO's val2017 has 5,000 images and 11,004 people.)
 *
 * Run: `deno run bench/evaluation.ts`
 *
 * Measured 2026-11-22 on 2 shared, busy cores of a virtual machine, Deno 2.9.6: evaluateKeypoints on a
 * tenth of this (500 images, 5,000 detections), best of 30 runs, 24 ms. The whole has not been timed
 * on a quiet machine yet.
 *
 * @module
 */
import { Random } from "../data/random.ts";
import { evaluateByKeypoint, evaluateKeypoints } from "../metrics/mod.ts";
import type { CocoAnnotation, CocoResult } from "../pose/coco_records.ts";
import { COCO } from "../pose/mod.ts";

const imageCount = 5_000;
const detectionsPerImage = 10;
const random = new Random(1);

const images = Array.from({ length: imageCount }, (_, i) => ({ id: i + 1 }));
const annotations: CocoAnnotation[] = [];
const results: CocoResult[] = [];
for (const { id: image_id } of images) {
  const people = Array.from({ length: Math.floor(random.uniform(1, 6)) }, () => {
    const [x, y] = [random.uniform(0, 500), random.uniform(0, 350)];
    const size = random.uniform(20, 200);
    const keypoints = COCO.keypoints.flatMap(() => [
      x + random.uniform(0, size),
      y + random.uniform(0, size),
      Math.floor(random.uniform(0, 3)),
    ]);
    const box = { bbox: [x, y, size, size], area: 0.6 * size * size };
    const id = annotations.length + 1;
    annotations.push({ id, image_id, category_id: 1, keypoints, ...box, iscrowd: 0 });
    return { keypoints, size };
  });
  for (let d = 0; d < detectionsPerImage; d++) {
    const { keypoints, size } = people[d % people.length];
    const noise = random.uniform(0, 0.2) * size;
    results.push({
      image_id,
      category_id: 1,
      keypoints: keypoints.map((value) => value + random.uniform(-noise, noise)),
      score: random.next(),
    });
  }
}
console.log(`${imageCount} images, ${annotations.length} people, ${results.length} detections`);

for (let run = 1; run <= 3; run++) {
  const start = performance.now();
  const { statistics } = evaluateKeypoints({ images, annotations }, results);
  const seconds = (performance.now() - start) / 1000;
  console.log(`evaluateKeypoints   ${seconds.toFixed(2)} s   AP ${statistics.AP.toFixed(4)}`);
}
const start = performance.now();
const [nose] = evaluateByKeypoint({ images, annotations }, results);
const seconds = (performance.now() - start) / 1000;
console.log(`evaluateByKeypoint  ${seconds.toFixed(2)} s   AP of the nose ${nose.AP.toFixed(4)}`);
