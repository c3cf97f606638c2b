import assert from "node:assert/strict";
import { Random } from "../../data/random.ts";
import { evaluateCrowdPose } from "../../metrics/mod.ts";
import {
  checkCrowdPoseTruth,
  type CocoResult,
  CROWDPOSE,
  type CrowdPoseTruth,
} from "../../pose/mod.ts";

const K = 14;

/** Images of every difficulty, also 0.2 and 0.8 themselves, with unlabelled people and all kinds of errors. */
function randomScenes(seed: number): { truth: CrowdPoseTruth; results: CocoResult[] } {
  const random = new Random(seed);
  const annotations: object[] = [];
  const results: CocoResult[] = [];
  const images = [0, 0.1, 0.2, 0.5, 0.79, 0.8, 1].map((crowdIndex, i) => ({
    id: 3 * i + 2,
    crowdIndex,
  }));
  for (const { id } of images) {
    for (let p = 0; p < 4; p++) {
      const [x, y, size] = [
        random.uniform(0, 200),
        random.uniform(0, 200),
        random.uniform(40, 150),
      ];
      const labelled = random.uniform(0, 1) < 0.85;
      const keypoints = Array.from(
        { length: K },
        () =>
          labelled && random.uniform(0, 1) < 0.8
            ? [x + random.uniform(0, size), y + random.uniform(0, 2 * size), 2]
            : [0, 0, 0],
      ).flat();
      annotations.push({
        id: annotations.length + 1,
        image_id: id,
        category_id: 1,
        keypoints,
        num_keypoints: keypoints.filter((v, i) => i % 3 === 2 && v > 0).length,
        iscrowd: 0,
        bbox: [x, y, size, 2 * size],
      });
      if (random.uniform(0, 1) < 0.2) continue;
      const spread = random.uniform(0, 0.15) * size;
      results.push({
        image_id: id,
        category_id: 1,
        score: random.uniform(0, 1),
        keypoints: keypoints.map((v, i) => i % 3 === 2 ? 1 : v + random.uniform(-spread, spread)),
      });
    }
  }
  return { truth: checkCrowdPoseTruth({ images, annotations }, "made up"), results };
}

/** AP over some images, from the written definition; nobody is a crowd. */
function definition(truth: CrowdPoseTruth, results: readonly CocoResult[], ids: number[]): number {
  const similarity = (found: CocoResult, g: CrowdPoseTruth["annotations"][number]) => {
    const area = 0.53 * g.bbox[2] * g.bbox[3];
    let [sum, count] = [0, 0];
    for (let k = 0; k < K; k++) {
      if (!(g.keypoints[3 * k + 2] > 0)) continue;
      const dx = found.keypoints[3 * k] - g.keypoints[3 * k];
      const dy = found.keypoints[3 * k + 1] - g.keypoints[3 * k + 1];
      sum += Math.exp(-(dx * dx + dy * dy) / (8 * CROWDPOSE.sigmas[k] ** 2 * area));
      count++;
    }
    return sum / count;
  };
  const APs: number[] = [];
  for (let t = 0; t < 10; t++) {
    const threshold = 0.5 + 0.05 * t;
    const list: { score: number; right: boolean }[] = [];
    let people = 0;
    for (const id of ids) {
      const here = truth.annotations.filter(({ image_id }) => image_id === id);
      const asked = here.filter(({ num_keypoints }) => num_keypoints! > 0);
      const others = here.filter(({ num_keypoints }) => num_keypoints === 0);
      people += asked.length;
      const taken = new Set<unknown>();
      const found = results.filter(({ image_id }) => image_id === id);
      for (const result of found.toSorted((a, b) => b.score - a.score)) {
        let best;
        for (const g of asked) {
          if (taken.has(g) || similarity(result, g) < threshold) continue;
          if (!best || similarity(result, g) > similarity(result, best)) best = g;
        }
        if (best) {
          taken.add(best);
          list.push({ score: result.score, right: true });
          continue;
        }
        // Somebody without keypoints excuses who was found within the doubled box: each one only.
        const excuse = others.filter((g) => !taken.has(g)).map((g) => {
          const [x, y, w, h] = g.bbox;
          const area = 0.53 * w * h;
          let sum = 0;
          for (let k = 0; k < K; k++) {
            const [px, py] = result.keypoints.slice(3 * k, 3 * k + 2);
            const dx = Math.max(0, x - w - px) + Math.max(0, px - x - 2 * w);
            const dy = Math.max(0, y - h - py) + Math.max(0, py - y - 2 * h);
            sum += Math.exp(-(dx * dx + dy * dy) / (8 * CROWDPOSE.sigmas[k] ** 2 * area));
          }
          return { g, value: sum / K };
        }).filter(({ value }) => value >= threshold).sort((a, b) => b.value - a.value);
        if (excuse.length > 0) {
          const ties = excuse.filter(({ value }) => value === excuse[0].value);
          taken.add(ties[ties.length - 1].g);
        } else list.push({ score: result.score, right: false });
      }
    }
    if (people === 0) return -1;
    list.sort((a, b) => b.score - a.score);
    let right = 0;
    const points = list.map((item, n) => {
      if (item.right) right++;
      return { recall: right / people, precision: right / (n + 1) };
    });
    let sum = 0;
    for (let r = 0; r <= 100; r++) {
      const reached = points.filter(({ recall }) => recall >= (r === 100 ? 1 : r * 0.01));
      sum += Math.max(0, ...reached.map(({ precision }) => precision));
    }
    APs.push(sum / 101);
  }
  return APs.reduce((sum, value) => sum + value) / APs.length;
}

Deno.test("evaluateCrowdPose() equals its definition in plain loops, in all and by difficulty", () => {
  for (let seed = 0; seed < 8; seed++) {
    const { truth, results } = randomScenes(seed);
    const { statistics } = evaluateCrowdPose(truth, results);
    const ids = (keep: (crowdIndex: number) => boolean) =>
      truth.images.filter(({ crowdIndex }) => keep(crowdIndex)).map(({ id }) => id);
    const expected = {
      AP: definition(truth, results, ids(() => true)),
      AP_easy: definition(truth, results, ids((c) => c < 0.2)),
      AP_medium: definition(truth, results, ids((c) => c >= 0.2 && c < 0.8)),
      AP_hard: definition(truth, results, ids((c) => c >= 0.8)),
    };
    for (const [name, value] of Object.entries(expected)) {
      const actual = statistics[name as keyof typeof expected];
      assert.ok(value > 0.02 && value < 0.98, `seed ${seed}: ${name} ${value} says little`);
      assert.ok(Math.abs(actual - value) < 1e-12, `seed ${seed}, ${name}: ${actual}, not ${value}`);
    }
  }
});

Deno.test("evaluateCrowdPose() has no figure where there are no images, and looks at those asked for", () => {
  const { truth, results } = randomScenes(1);
  const [easy, , medium] = truth.images;
  const { statistics, evaluation } = evaluateCrowdPose(truth, results, {
    imageIds: [easy.id, medium.id],
  });
  assert.equal(statistics.AP_hard, -1);
  assert.equal(evaluation.images.length, 2);
  assert.ok(Math.abs(statistics.AP_easy - definition(truth, results, [easy.id])) < 1e-12);
});
