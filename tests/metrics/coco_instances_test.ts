import assert from "node:assert/strict";
import { Random } from "../../data/random.ts";
import { decodeRunLengths, encodeRunLengths } from "../../image/run_length.ts";
import type {
  CocoInstanceAnnotation,
  CocoInstanceResult,
  CocoInstanceTruth,
} from "../../instance/coco_records.ts";
import { COCO_THRESHOLDS } from "../../metrics/coco_evaluation.ts";
import { evaluateInstances } from "../../metrics/mod.ts";
import fixture from "../fixtures/metrics/coco_instances.json" with { type: "json" };

for (const [id, golden] of Object.entries(fixture)) {
  for (const shape of ["masks", "boxes"] as const) {
    Deno.test(`evaluateInstances() equals pycocotools on the ${shape} of "${id}"`, () => {
      const { truth, results } = golden as unknown as {
        truth: CocoInstanceTruth;
        results: CocoInstanceResult[];
      };
      const ours = Object.values(evaluateInstances(truth, results, { shape }).statistics);
      golden[shape].forEach((value, i) => {
        assert.ok(Math.abs(ours[i] - value) <= 1e-12, `figure ${i}: ${ours[i]}, not ${value}`);
      });
    });
  }
}

const SIDE = 24;

/** A mask of a few rectangles. */
function randomRuns(random: Random) {
  const data = new Uint8Array(SIDE * SIDE);
  for (let n = 0; n < 2; n++) {
    const [x, y] = [random.integer(SIDE), random.integer(SIDE)];
    const [w, h] = [4 + random.integer(12), 4 + random.integer(12)];
    for (let i = y; i < Math.min(SIDE, y + h); i++) {
      data.fill(1, i * SIDE + x, i * SIDE + Math.min(SIDE, x + w));
    }
  }
  return encodeRunLengths({ width: SIDE, height: SIDE, data });
}

/** Two classes in five images, crowds and things of made-up areas among them; results that resemble them or not. */
function randomFiles(seed: number): { truth: CocoInstanceTruth; results: CocoInstanceResult[] } {
  const random = new Random(seed);
  const images = [3, 1, 2, 9, 5].map((id) => ({ id, width: SIDE, height: SIDE }));
  const annotations: CocoInstanceAnnotation[] = [];
  const results: CocoInstanceResult[] = [];
  for (const { id: image_id } of images) {
    for (let n = random.integer(5); n > 0; n--) {
      const category_id = random.chance(0.5) ? 4 : 2;
      const segmentation = randomRuns(random);
      const area = [100, 1024, 5000, 9216, 20000][random.integer(5)];
      const iscrowd = random.chance(0.2) ? 1 : 0;
      const rest = { image_id, category_id, segmentation };
      annotations.push({
        id: annotations.length + 1,
        ...rest,
        bbox: [0, 0, 1, 1],
        area,
        iscrowd,
      });
      for (let copies = random.integer(4); copies > 0; copies--) {
        const mask = decodeRunLengths(segmentation);
        mask.data.fill(0, 0, random.integer(SIDE * SIDE / 2)); // loses rows from above
        if (!mask.data.includes(1)) mask.data[5] = 1;
        const score = random.integer(6) / 5; // ties are frequent
        results.push({ ...rest, segmentation: encodeRunLengths(mask), score });
      }
    }
    const segmentation = randomRuns(random);
    results.push({ image_id, category_id: 2, segmentation, score: random.integer(6) / 5 });
  }
  const categories = [{ id: 4, name: "four" }, { id: 2, name: "two" }];
  return { truth: { images, annotations, categories }, results };
}

/** AP and AR of one class, area range and number of detections, by the written definition in plain loops. */
function definition(
  { truth, results }: ReturnType<typeof randomFiles>,
  categoryId: number,
  [least, largest]: readonly [number, number],
  most: number,
) {
  const outside = (area: number) => area < least || area > largest;
  const pixels = (runs: CocoInstanceResult["segmentation"]) => decodeRunLengths(runs!).data;
  const sum = (values: Uint8Array) => values.reduce((a, b) => a + b, 0);
  const [precisions, recalls]: number[][] = [[], []];
  for (const threshold of COCO_THRESHOLDS) {
    const all: { score: number; fate: "right" | "wrong" | "ignored" }[] = [];
    let wanted = 0;
    for (const id of truth.images.map(({ id }) => id).sort((a, b) => a - b)) {
      const own = <T extends { image_id: number; category_id: number }>(records: readonly T[]) =>
        records.filter((record) => record.image_id === id && record.category_id === categoryId);
      const things = own(truth.annotations).map((annotation) => ({
        data: pixels(annotation.segmentation as CocoInstanceResult["segmentation"]),
        crowd: annotation.iscrowd === 1,
        counts: annotation.iscrowd !== 1 && !outside(annotation.area),
        taken: false,
      }));
      wanted += things.filter(({ counts }) => counts).length;
      for (const result of own(results).sort((a, b) => b.score - a.score).slice(0, most)) {
        const data = pixels(result.segmentation);
        let match: (typeof things)[number] | undefined;
        for (const counts of [true, false]) { // an ignored thing only if none that counts is near
          let best = threshold;
          if (match) break;
          for (const thing of things.filter((one) => one.counts === counts)) {
            if (thing.taken && !thing.crowd) continue;
            const both = sum(data.map((inside, i) => inside & thing.data[i]));
            const either = sum(data.map((inside, i) => inside | thing.data[i]));
            const overlap = both / (thing.crowd ? sum(data) : either);
            if (overlap >= best) [best, match] = [overlap, thing];
          }
        }
        if (match) match.taken = true;
        const ignored = match ? !match.counts : outside(sum(data));
        all.push({ score: result.score, fate: ignored ? "ignored" : match ? "right" : "wrong" });
      }
    }
    if (wanted === 0) continue;
    const points: { recall: number; precision: number }[] = [];
    let [right, wrong] = [0, 0];
    for (const { fate } of all.sort((a, b) => b.score - a.score)) {
      if (fate === "right") right++;
      if (fate === "wrong") wrong++;
      points.push({ recall: right / wanted, precision: right / Math.max(1, right + wrong) });
    }
    recalls.push(right / wanted);
    for (let r = 0; r <= 100; r++) {
      const reached = points.filter(({ recall }) => recall >= r / 100 - 1e-12);
      precisions.push(Math.max(0, ...reached.map(({ precision }) => precision)));
    }
  }
  return { precisions, recalls };
}

const mean = (values: readonly number[]) =>
  values.length === 0 ? -1 : values.reduce((a, b) => a + b, 0) / values.length;

Deno.test("evaluateInstances() follows the definition in plain loops, classes, ranges and numbers", () => {
  for (const seed of [1, 2]) {
    const files = randomFiles(seed);
    const { statistics, byClass, images } = evaluateInstances(files.truth, files.results);
    assert.equal(images, 5);
    assert.deepEqual(byClass.map(({ categoryId, name }) => [categoryId, name]), [
      [2, "two"],
      [4, "four"],
    ]);
    const expected = (range: readonly [number, number], most: number) => {
      const classes = [2, 4].map((id) => definition(files, id, range, most));
      return {
        AP: mean(classes.flatMap(({ precisions }) => precisions)),
        AR: mean(classes.flatMap(({ recalls }) => recalls)),
      };
    };
    const [all, small, medium, large] =
      ([[0, 1e10], [0, 1024], [1024, 9216], [9216, 1e10]] as const)
        .map((range) => expected(range, 100));
    const figures: [number, number][] = [
      [statistics.AP, all.AP],
      [statistics.AP_S, small.AP],
      [statistics.AP_M, medium.AP],
      [statistics.AP_L, large.AP],
      [statistics.AR1, expected([0, 1e10], 1).AR],
      [statistics.AR10, expected([0, 1e10], 10).AR],
      [statistics.AR100, all.AR],
      [statistics.AR_S, small.AR],
      [statistics.AR_M, medium.AR],
      [statistics.AR_L, large.AR],
    ];
    figures.forEach(([ours, value], i) => {
      assert.ok(Math.abs(ours - value) < 1e-9, `seed ${seed}, figure ${i}: ${ours}, not ${value}`);
    });
    assert.ok(statistics.AP > 0 && statistics.AP < 1 && statistics.AR1 < statistics.AR100);
    const alone = evaluateInstances(files.truth, files.results, { categoryIds: [4] });
    assert.deepEqual(alone.statistics, byClass[1].statistics);
  }
});

const thing = { image_id: 1, category_id: 1, bbox: [0, 0, 4, 4] };
const truth: CocoInstanceTruth = {
  images: [{ id: 1, width: 8, height: 8 }, { id: 2, width: 8, height: 8 }],
  categories: [{ id: 1, name: "thing" }, { id: 2, name: "other" }],
  annotations: [{
    ...thing,
    id: 1,
    area: 16,
    segmentation: [[0, 0, 4, 0, 4, 4, 0, 4]],
  }],
};
const boxes = { shape: "boxes" } as const;

Deno.test("evaluateInstances() of no results finds nothing, of nothing to find is undefined", () => {
  const none = evaluateInstances(truth, []).statistics;
  assert.deepEqual([none.AP, none.AR100, none.AP_L], [0, 0, -1]);
  const empty = { ...truth, annotations: [] };
  const { statistics, byClass } = evaluateInstances(empty, [{ ...thing, score: 1 }], boxes);
  assert.ok(Object.values(statistics).every((value) => value === -1));
  assert.deepEqual(byClass.map(({ wanted }) => wanted), [0, 0]);
});

Deno.test("evaluateInstances() takes a found mask's box and area for boxes", () => {
  const segmentation = encodeRunLengths({
    width: 8,
    height: 8,
    data: Uint8Array.from({ length: 64 }, (_, i) => i === 0 || i === 27 ? 1 : 0), // two corners
  });
  const found = { image_id: 1, category_id: 1, score: 1, segmentation };
  assert.equal(evaluateInstances(truth, [found], boxes).statistics.AR1, 1);
  assert.equal(evaluateInstances(truth, [found]).statistics.AR1, 0);
});

Deno.test("evaluateInstances() counts only the images asked for", () => {
  const wrong = { ...thing, image_id: 2, score: 0.9 };
  const right = { ...thing, score: 0.5 };
  const { AP } = evaluateInstances(truth, [wrong, right], boxes).statistics;
  assert.ok(Math.abs(AP - 0.5) < 1e-12);
  const first = evaluateInstances(truth, [wrong, right], { ...boxes, imageIds: [1] });
  assert.ok(Math.abs(first.statistics.AP - 1) < 1e-12);
  assert.equal(first.images, 1);
});

Deno.test("evaluateInstances() refuses what would silently not count", () => {
  const result = { ...thing, score: 1 };
  const small = { size: [4, 4] as const, counts: [0, 16] };
  const cases: [() => unknown, string, RegExp][] = [
    [
      () => evaluateInstances(truth, [result, { ...result, image_id: 3 }], boxes),
      "InputError",
      /^results: results\[1\]\.image_id is 3, which is none of the 2 images of ground truth$/,
    ],
    [
      () => evaluateInstances(truth, [{ ...result, category_id: 3 }], boxes),
      "InputError",
      /^results: results\[0\]\.category_id is 3, which is none of the 2 categories of ground truth$/,
    ],
    [
      () => evaluateInstances(truth, [{ ...result, segmentation: small }]),
      "InputError",
      /^results: results\[0\]\.segmentation\.size is \[4, 4\], but image 1 is \[8, 8\] in ground truth$/,
    ],
    [() => evaluateInstances(truth, [result]), "InputError", /results\[0\] has no segmentation/],
    [
      () => evaluateInstances({ ...truth, images: [], annotations: [] }, []),
      "InputError",
      /^ground truth: there are no images$/,
    ],
    [
      () => evaluateInstances({ ...truth, categories: [], annotations: [] }, []),
      "InputError",
      /^ground truth: there are no categories$/,
    ],
    [
      () => evaluateInstances(truth, [], { categoryIds: [3] }),
      "InputError",
      /^ground truth: categoryIds asks for category 3, not in it$/,
    ],
    [
      () => evaluateInstances(truth, [], { imageIds: [3] }),
      "InputError",
      /^ground truth: imageIds asks for image 3, not in it$/,
    ],
    [
      () => evaluateInstances(truth, [], { imageIds: [] }),
      "RangeError",
      /^evaluateInstances: imageIds is an empty list; leave it out for all images$/,
    ],
    [
      () => evaluateInstances(truth, [], { categoryIds: [] }),
      "RangeError",
      /^evaluateInstances: categoryIds is an empty list; leave it out for all categories$/,
    ],
  ];
  for (const [evaluate, name, message] of cases) assert.throws(evaluate, { name, message });
});
