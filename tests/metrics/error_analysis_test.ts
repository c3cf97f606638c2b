import assert from "node:assert/strict";
import { Random } from "../../data/random.ts";
import { analyzeErrors, evaluateKeypoints, type FateCounts, oks } from "../../metrics/mod.ts";
import { COCO, type CocoAnnotation, type CocoResult, type CocoTruth } from "../../pose/mod.ts";

const K = 17;
const AREA = 10_000;

/** A tall person: keypoints 40 pixels apart at least, area 100 x 100. */
function person(id: number, x: number, image_id = 1): CocoAnnotation {
  const keypoints = Array.from({ length: K }, (_, k) => [x + 100 * (k % 2), 40 * k, 2]).flat();
  return { id, image_id, category_id: 1, keypoints, bbox: [x, 0, 100, 640], area: AREA };
}

function truthOf(...annotations: CocoAnnotation[]): CocoTruth {
  return { images: [{ id: 1 }, { id: 2 }], annotations };
}

/** The distance at which keypoint k has a similarity, from the formula of OKS. */
function distance(k: number, similarity: number): number {
  return Math.sqrt(-Math.log(similarity) * 2 * (2 * COCO.sigmas[k]) ** 2 * AREA);
}

/** The person as found, with some keypoints somewhere else. */
function found(
  { keypoints, image_id }: CocoAnnotation,
  moved: Record<number, [number, number]> = {},
): CocoResult {
  const changed = keypoints.slice();
  for (const [k, at] of Object.entries(moved)) changed.splice(3 * Number(k), 2, ...at);
  return { image_id, category_id: 1, keypoints: changed, score: 0.9 };
}

function at({ keypoints }: CocoAnnotation, k: number): [number, number] {
  return [keypoints[3 * k], keypoints[3 * k + 1]];
}

Deno.test("analyzeErrors() tells good, jitter, inversion, swap and miss apart", () => {
  const [ann, bob] = [person(1, 0), person(2, 1000)];
  const [x, y] = at(ann, 5);
  const cases: [string, Record<number, [number, number]>, Partial<FateCounts>][] = [
    ["nothing", {}, { good: 17 }],
    ["good", { 5: [x + distance(5, 0.851), y] }, { good: 17 }],
    ["jitter", { 5: [x, y - distance(5, 0.849)] }, { good: 16, jitter: 1 }],
    ["far jitter", { 5: [x - distance(5, 0.501), y] }, { good: 16, jitter: 1 }],
    ["miss", { 5: [x - distance(5, 0.499), y] }, { good: 16, miss: 1 }],
    ["inversion", { 5: at(ann, 6) }, { good: 16, inversion: 1 }],
    ["swap", { 5: at(bob, 5) }, { good: 16, swap: 1 }],
    ["swap with the mirror image", { 5: at(bob, 6) }, { good: 16, swap: 1 }],
    ["nose on an eye", { 0: at(ann, 1) }, { good: 16, miss: 1 }], // another kind is no inversion
    ["all", { 0: [-500, 0], 5: at(ann, 6), 7: at(bob, 7) }, {
      good: 14,
      miss: 1,
      inversion: 1,
      swap: 1,
    }],
  ];
  for (const [name, moved, counts] of cases) {
    const { total, keypoints, strangers, unfound } = analyzeErrors(truthOf(ann, bob), [
      found(ann, moved),
      found(bob),
    ]);
    const rest = { ...total, good: total.good - 17 }; // Bob's
    assert.deepEqual(rest, { good: 0, jitter: 0, inversion: 0, swap: 0, miss: 0, ...counts }, name);
    assert.deepEqual([strangers, unfound], [0, 0]);
    assert.equal(keypoints[16].good, 2);
  }
});

Deno.test("analyzeErrors() judges only what is annotated", () => {
  const ann = person(1, 0);
  const keypoints = ann.keypoints.map((value, i) => i === 3 * 5 + 2 ? 0 : value);
  const { total } = analyzeErrors(truthOf({ ...ann, keypoints }), [found(ann, { 5: [-900, 0] })]);
  assert.deepEqual(total, { good: 16, jitter: 0, inversion: 0, swap: 0, miss: 0 });
});

Deno.test("analyzeErrors() mends each kind of error to the similarity that it stands for", () => {
  const [ann, bob] = [person(1, 0), person(2, 1000)];
  const truth = truthOf(ann, bob);
  // All keypoints of Ann have the same error, so her OKS after mending is that of one keypoint.
  const everywhere = (place: (k: number) => [number, number]) =>
    Object.fromEntries(COCO.keypoints.map((_, k) => [k, place(k)]));
  const passed = (similarity: number) =>
    Array.from({ length: 10 }, (_, t) => 0.5 + 0.05 * t).filter((t) => t <= similarity + 1e-9)
      .length;
  const jitter = everywhere((k) => [at(ann, k)[0] + distance(k, 0.62), at(ann, k)[1]]);
  const { AP } = analyzeErrors(truth, [found(ann, jitter)]);
  const half = (thresholds: number) => thresholds / 10 * 51 / 101; // one of two people found
  assert.ok(Math.abs(AP.asFound - half(passed(0.62))) < 1e-9, `${AP.asFound}`);
  assert.ok(Math.abs(AP.jitter - half(passed(0.85))) < 1e-9, `${AP.jitter}`);
  assert.equal(AP.miss, AP.asFound);

  const missed = everywhere((k) => [at(ann, k)[0] + distance(k, 0.2), at(ann, k)[1]]);
  const { AP: without } = analyzeErrors(truth, [found(ann, missed)]);
  assert.equal(without.asFound, 0);
  assert.ok(Math.abs(without.miss - half(passed(0.5))) < 1e-9, `${without.miss}`);
  assert.ok(Math.abs(without.unfound) < 1e-9); // Bob is not asked for, but Ann stays at 0.2
});

Deno.test("analyzeErrors() counts strangers and the unfound, and what AP were without", () => {
  const [ann, bob] = [person(1, 0), person(2, 1000, 2)];
  const stranger = { ...found(person(9, 5000)), score: 0.99 };
  const inEmpty = { ...found(person(9, 5000)), image_id: 2, score: 0.95 };
  const { strangers, unfound, AP } = analyzeErrors(
    truthOf(ann, bob),
    [stranger, inEmpty, found(ann)],
  );
  assert.deepEqual([strangers, unfound], [2, 1]);
  assert.ok(Math.abs(AP.asFound - 51 / 101 / 3) < 1e-9);
  assert.ok(Math.abs(AP.strangers - 51 / 101) < 1e-9);
  assert.ok(Math.abs(AP.unfound - 1 / 3) < 1e-9);
  const nobody = analyzeErrors({ images: [{ id: 1 }], annotations: [] }, [found(ann)]);
  assert.deepEqual([nobody.strangers, nobody.unfound, nobody.AP.asFound], [1, 0, -1]);
});

/** The fates once more, from the written definition. */
function definition(truth: CocoTruth, results: readonly CocoResult[]): FateCounts {
  const counts = { good: 0, jitter: 0, inversion: 0, swap: 0, miss: 0 };
  for (const { id } of truth.images) {
    const people = truth.annotations.filter(({ image_id }) => image_id === id);
    const taken = new Set<CocoAnnotation>();
    const here = results.filter(({ image_id }) => image_id === id);
    for (const result of here.toSorted((a, b) => b.score - a.score)) {
      let own: CocoAnnotation | undefined;
      for (const g of people) {
        if (taken.has(g) || oks(result.keypoints, g) < 0.1) continue;
        if (!own || oks(result.keypoints, g) >= oks(result.keypoints, own)) own = g;
      }
      if (!own) continue;
      taken.add(own);
      for (let k = 0; k < K; k++) {
        if (own.keypoints[3 * k + 2] === 0) continue;
        let [best, fate] = [-1, "miss" as keyof FateCounts];
        for (const g of [own, ...people.filter((other) => other !== own)]) {
          for (const j of [k, COCO.flip[k]]) {
            if (g.keypoints[3 * j + 2] === 0) continue;
            const dx = result.keypoints[3 * k] - g.keypoints[3 * j];
            const dy = result.keypoints[3 * k + 1] - g.keypoints[3 * j + 1];
            const ks = Math.exp(-(dx * dx + dy * dy) / (8 * COCO.sigmas[k] ** 2 * g.area));
            if (ks <= best) continue;
            best = ks;
            if (ks < 0.5) fate = "miss";
            else if (g !== own) fate = "swap";
            else if (j !== k) fate = "inversion";
            else fate = ks >= 0.85 ? "good" : "jitter";
          }
        }
        counts[fate]++;
      }
    }
  }
  return counts;
}

Deno.test("analyzeErrors() equals its definition in plain loops, and mending helps", () => {
  const random = new Random(5);
  const sums = { good: 0, jitter: 0, inversion: 0, swap: 0, miss: 0 };
  for (let scene = 0; scene < 15; scene++) {
    const annotations: CocoAnnotation[] = [];
    const results: CocoResult[] = [];
    for (let p = 0; p < 6; p++) {
      const base = person(p + 1, random.uniform(0, 120), 1 + p % 2);
      const keypoints = base.keypoints.map((value, i) =>
        i % 3 === 2 ? (random.uniform(0, 1) < 0.2 ? 0 : 2) : value + random.uniform(-9, 9)
      );
      annotations.push({ ...base, keypoints, area: random.uniform(3000, 12_000) });
    }
    for (const { keypoints, image_id } of annotations) {
      const spread = random.uniform(1, 60);
      const turned = COCO.flip.flatMap((j) => keypoints.slice(3 * j, 3 * j + 3));
      const source = random.uniform(0, 1) < 0.3 ? turned : keypoints;
      results.push({
        image_id,
        category_id: 1,
        score: random.uniform(0, 1),
        keypoints: COCO.keypoints.flatMap((_, k) => {
          const [x, y] = (random.uniform(0, 1) < 0.5 ? keypoints : source).slice(3 * k);
          return [x + random.uniform(-spread, spread), y + random.uniform(-spread, spread), 1];
        }),
      });
    }
    const truth = truthOf(...annotations);
    const { total, AP } = analyzeErrors(truth, results);
    assert.deepEqual(total, definition(truth, results));
    for (const fate of Object.keys(sums) as (keyof FateCounts)[]) sums[fate] += total[fate];
    assert.equal(AP.asFound, evaluateKeypoints(truth, results).statistics.AP);
    for (const kind of ["jitter", "miss", "strangers"] as const) {
      assert.ok(AP[kind] >= AP.asFound - 1e-9, `${kind}: ${AP[kind]} after ${AP.asFound}`);
    }
  }
  for (const [fate, count] of Object.entries(sums)) assert.ok(count > 10, `${fate}: ${count}`);
});
