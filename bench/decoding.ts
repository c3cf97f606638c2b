/**
 * How long decoding takes on the processor: one image of 128x128 with 15 people, 17 keypoints, tags of 2 numbers. Every
 * keypoint has a mark whose height, place and tag differ a little; a tenth of them are too faint for a peak and must be
 * filled in, and the background is noise below the threshold.
 *
 * Run: `deno run bench/decoding.ts`
 *
 * @module
 */
import { Random } from "../data/random.ts";
import { decodePoses } from "../decoders/mod.ts";
import { hostArray } from "../core/host_array.ts";

const SIZE = 128;
const PEOPLE = 15;
const KEYPOINTS = 17;
const DIMENSIONS = 2;
const RUNS = 200;

const random = new Random(1);
const heatmaps = new Float32Array(KEYPOINTS * SIZE * SIZE).map(() => 0.05 * random.next());
const tags = new Float32Array(DIMENSIONS * KEYPOINTS * SIZE * SIZE).map(() => random.normal());
for (let person = 0; person < PEOPLE; person++) {
  const own = [person % 4 * 3, Math.floor(person / 4) * 3];
  const [left, top] = [random.uniform(8, 84), random.uniform(8, 84)];
  for (let k = 0; k < KEYPOINTS; k++) {
    const [x, y] = [left, top].map((from) => Math.round(from + random.uniform(0, 36)));
    const height = random.next() < 0.1 ? 0.06 : random.uniform(0.4, 1);
    for (let dy = -3; dy <= 3; dy++) {
      for (let dx = -3; dx <= 3; dx++) {
        const at = (k * SIZE + y + dy) * SIZE + x + dx;
        const mark = height * Math.exp(-(dx * dx + dy * dy) / 2);
        if (mark < heatmaps[at]) continue;
        heatmaps[at] = mark;
        own.forEach((tag, d) => {
          tags[d * KEYPOINTS * SIZE * SIZE + at] = tag + 0.1 * random.normal();
        });
      }
    }
  }
}

const maps = hostArray([KEYPOINTS, SIZE, SIZE], heatmaps);
const tagMaps = hostArray([DIMENSIONS, KEYPOINTS, SIZE, SIZE], tags);
const decode = () => decodePoses(maps, tagMaps);
const people = decode();
const keypoints = people.reduce((sum, person) => sum + person.keypoints.filter(Boolean).length, 0);
const times = Array.from({ length: RUNS }, () => {
  const start = performance.now();
  decode();
  return performance.now() - start;
}).sort((a, b) => a - b);
console.log(
  `${SIZE}x${SIZE}, ${PEOPLE} people drawn, ${people.length} found with ${keypoints} keypoints: ` +
    `${times[RUNS >> 1].toFixed(2)} ms median, ${times[0].toFixed(2)} least`,
);
