import assert from "node:assert/strict";
import { Random } from "../../data/random.ts";
import {
  evaluateByKeypoint,
  evaluateKeypoints,
  figuresBySize,
  oks,
  OKS_THRESHOLDS,
  precisionRecallCurve,
  RECALL_GRID,
  summarizeImage,
} from "../../metrics/mod.ts";
import { keypointSimilarity } from "../../pose/mod.ts";
import type { CocoAnnotation, CocoResult, CocoTruth } from "../../pose/coco_records.ts";
import { COCO } from "../../pose/mod.ts";
import fixture from "../fixtures/metrics/coco_keypoints.json" with { type: "json" };

const { data, cases } = fixture;

function golden(id: string): { truth: CocoTruth; results: CocoResult[]; imageIds?: number[] } {
  const found = cases.find((item) => item.id === id)!;
  const results = found.results === "perfect"
    ? data.perfect
    : data[found.data as "clean" | "small"];
  const { truth } = data[found.data as "clean" | "small"];
  return { truth, results: results.results, imageIds: found.imageIds };
}

function assertNear(actual: ArrayLike<number>, expected: readonly number[], what: string): void {
  assert.equal(actual.length, expected.length, what);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(actual[i] - value) <= 1e-12, `${what}[${i}]: ${actual[i]}, not ${value}`);
  });
}

for (const { id, figures, precisionRuns, recall, oks } of cases) {
  Deno.test(`evaluateKeypoints() equals pycocotools on "${id}"`, () => {
    const { truth, results, imageIds } = golden(id);
    const evaluation = evaluateKeypoints(truth, results, { imageIds });
    assertNear(Object.values(evaluation.statistics), figures, "figures");
    if (recall) assertNear(evaluation.recall, recall, "recall");
    precisionRuns?.forEach((areas, t) =>
      areas.forEach((runs, a) => {
        const expected = runs.flatMap(([count, value]) => new Array<number>(count).fill(value));
        const actual = RECALL_GRID.map((_, r) => evaluation.precision[(t * 101 + r) * 3 + a]);
        assertNear(actual, expected, `precision of threshold ${t}, area ${a}`);
      })
    );
    for (const [imageId, rows] of Object.entries(oks ?? {})) {
      const image = evaluation.images.find((image) => image.imageId === Number(imageId))!;
      assertNear(image.oks, rows.flat(), `oks of image ${imageId}`);
    }
  });
}

/** The rules once more, from the written definition, in the plainest loops. */
function definition(truth: CocoTruth, results: readonly CocoResult[], area: [number, number]) {
  const outside = (value: number) => value < area[0] || value > area[1];
  const images = truth.images.map(({ id }) => id).sort((a, b) => a - b);
  const AP: number[] = [];
  const AR: number[] = [];
  for (const threshold of OKS_THRESHOLDS) {
    const all: { score: number; right: boolean }[] = [];
    let people = 0;
    for (const id of images) {
      const found = results.filter((result) => result.image_id === id)
        .sort((a, b) => b.score - a.score).slice(0, 20);
      const everybody = truth.annotations.filter((annotation) => annotation.image_id === id);
      const counts = (annotation: CocoAnnotation) =>
        !annotation.iscrowd && annotation.num_keypoints !== 0 && !outside(annotation.area);
      people += everybody.filter(counts).length;
      const taken = new Set<CocoAnnotation>();
      for (const result of found) {
        // Among who counts, the most similar; only if there is none, among the others.
        let match: CocoAnnotation | undefined;
        for (const wanted of [true, false]) {
          if (match) break;
          let best = threshold;
          for (const annotation of everybody.filter((item) => counts(item) === wanted)) {
            if (taken.has(annotation) && !annotation.iscrowd) continue;
            const similarity = oks(result.keypoints, annotation);
            if (similarity >= best) [best, match] = [similarity, annotation];
          }
        }
        if (match) taken.add(match);
        const xs = result.keypoints.filter((_, i) => i % 3 === 0);
        const ys = result.keypoints.filter((_, i) => i % 3 === 1);
        const size = result.bbox
          ? result.bbox[2] * result.bbox[3]
          : (Math.max(...xs) - Math.min(...xs)) * (Math.max(...ys) - Math.min(...ys));
        if (match ? counts(match) : !outside(size)) {
          all.push({ score: result.score, right: match !== undefined });
        }
      }
    }
    if (people === 0) return { AP: -1, AR: -1 };
    all.sort((a, b) => b.score - a.score);
    let count = 0;
    const right = all.map((item) => item.right ? ++count : count);
    const precision = right.map((found, n) => found / (n + 1));
    const curve = RECALL_GRID.map((wanted) =>
      Math.max(0, ...precision.filter((_, n) => right[n] / people >= wanted))
    );
    AP.push(curve.reduce((sum, value) => sum + value) / 101);
    AR.push((right.at(-1) ?? 0) / people);
  }
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value) / values.length;
  return { AP: mean(AP), AR: mean(AR) };
}

/** Images with crowds, unlabelled people, tied scores, misses, strangers and more than 20 found. */
function randomScenes(seed: number, boxes: boolean): { truth: CocoTruth; results: CocoResult[] } {
  const random = new Random(seed);
  const whole = (least: number, most: number) => Math.floor(random.uniform(least, most + 1));
  const truth = { images: [] as { id: number }[], annotations: [] as CocoAnnotation[] };
  const results: CocoResult[] = [];
  for (const id of [9, 3, 12, 5, 1]) {
    truth.images.push({ id });
    const people = whole(0, 6);
    for (let p = 0; p < people; p++) {
      const [x, y, size] = [
        random.uniform(0, 400),
        random.uniform(0, 400),
        random.uniform(20, 200),
      ];
      const kind = random.next();
      const keypoints = COCO.keypoints.flatMap(() => [
        x + random.uniform(0, size),
        y + random.uniform(0, size),
        kind < 0.3 ? 0 : whole(0, 2),
      ]);
      truth.annotations.push({
        id: truth.annotations.length + 1,
        image_id: id,
        category_id: 1,
        keypoints,
        num_keypoints: keypoints.filter((value, i) => i % 3 === 2 && value > 0).length,
        bbox: [x, y, size, size],
        area: size * size * random.uniform(0.3, 1),
        iscrowd: kind < 0.15 ? 1 : 0,
      });
      for (let d = whole(0, 7); d > 0; d--) {
        const noise = random.uniform(0, 0.15) * size;
        const found = keypoints.map((value, i) =>
          i % 3 === 2 ? 1 : value + random.uniform(-noise, noise)
        );
        results.push({
          image_id: id,
          category_id: 1,
          keypoints: found,
          score: whole(1, 9) / 10, // many ties
          ...(boxes ? { bbox: [x, y, size * random.uniform(0.5, 2), size] } : {}),
        });
      }
    }
  }
  return { truth, results };
}

Deno.test("evaluateKeypoints() equals the written rules in plain loops on random scenes", () => {
  let defined = 0;
  for (let seed = 0; seed < 12; seed++) {
    const { truth, results } = randomScenes(seed, seed % 2 === 0);
    const { statistics } = evaluateKeypoints(truth, results);
    const all = definition(truth, results, [0, 1e10]);
    const medium = definition(truth, results, [1024, 9216]);
    const large = definition(truth, results, [9216, 1e10]);
    const expected = [all.AP, medium.AP, large.AP, all.AR, medium.AR, large.AR];
    const { AP, AP_M, AP_L, AR, AR_M, AR_L } = statistics;
    assertNear([AP, AP_M, AP_L, AR, AR_M, AR_L], expected, `seed ${seed}`);
    defined += expected.filter((value) => value > 0 && value < 1).length;
  }
  assert.ok(defined > 50, `only ${defined} figures tell anything`);
});

const keypoints = COCO.keypoints.flatMap((_, k) => [100 + 3 * k, 100 + 7 * k, 2]);
const bbox = [100, 100, 48, 112];
const moved = (dx: number, dy = 0) => keypoints.map((value, i) => value + [dx, dy, 0][i % 3]);
const annotate = (id: number, image_id: number, more: Partial<CocoAnnotation> = {}) => ({
  ...{ id, image_id, category_id: 1, keypoints, bbox, area: 5376, iscrowd: 0, num_keypoints: 17 },
  ...more,
});
const find = (image_id: number, score: number, more: Partial<CocoResult> = {}) => ({
  ...{ image_id, category_id: 1, keypoints, score },
  ...more,
});
const images = [{ id: 1 }, { id: 2 }];

Deno.test("evaluateKeypoints() gives the ten figures of a case worked out by hand", () => {
  const right = moved(300);
  const truth = {
    images,
    annotations: [
      annotate(1, 1, { area: 1e4 }),
      annotate(2, 1, { area: 1e4, keypoints: right }),
      annotate(3, 2, { area: 4000 }),
    ],
  };
  const results = [
    find(1, 0.9),
    find(1, 0.8, { keypoints: moved(305) }),
    find(2, 0.7, { keypoints: moved(3, 4) }),
    find(2, 0.95, { keypoints: moved(5000) }),
  ];
  const { statistics } = evaluateKeypoints(truth, results);
  const rounded = Object.values(statistics).map((value) => Number(value.toFixed(10)));
  assert.deepEqual(rounded, [
    ...[0.5413366337, 0.75, 0.4422442244, 0.25, 0.900990099],
    ...[0.7666666667, 1, 0.6666666667, 0.5, 0.9],
  ]);
});

Deno.test("evaluateKeypoints() measures detections by the first result's bbox or by all keypoints", () => {
  // A stranger whose points span 48 x 112 = 5376 (medium); a box of 200 x 200 makes it large.
  const truth = { images, annotations: [annotate(1, 1)] };
  const stranger = find(1, 0.9, { keypoints: moved(3000) });
  const medium = (results: CocoResult[]) => evaluateKeypoints(truth, results).statistics.AP_M;
  assert.ok(Math.abs(medium([stranger, find(1, 0.5)]) - 0.5) < 1e-12);
  const boxed = { ...stranger, bbox: [0, 0, 200, 200] };
  assert.ok(Math.abs(medium([boxed, find(1, 0.5, { bbox })]) - 1) < 1e-12);
  // Only the first one's bbox decides.
  assert.ok(Math.abs(medium([find(1, 0.5), boxed]) - 0.5) < 1e-12);
  // An empty bbox is none.
  assert.ok(Math.abs(medium([{ ...stranger, bbox: [] }, find(1, 0.5)]) - 0.5) < 1e-12);
});

Deno.test("evaluateKeypoints() includes both ends of an area range", () => {
  for (
    const [area, medium, large] of [[1024, 1, -1], [9216, 1, 1], [1023, -1, -1], [9217, -1, 1]]
  ) {
    const truth = { images, annotations: [annotate(1, 1, { area })] };
    const { AR_M, AR_L } = evaluateKeypoints(truth, [find(1, 1)]).statistics;
    assert.deepEqual([AR_M, AR_L], [medium, large], `area ${area}`);
  }
});

Deno.test("evaluateKeypoints() counts 20 detections per image, equal scores in their order", () => {
  const truth = { images, annotations: [annotate(1, 1)] };
  const strangers = (count: number) =>
    Array.from({ length: count }, () => find(1, 0.5, { keypoints: moved(3000) }));
  assert.equal(evaluateKeypoints(truth, [...strangers(19), find(1, 0.5)]).statistics.AR, 1);
  assert.equal(evaluateKeypoints(truth, [...strangers(20), find(1, 0.5)]).statistics.AR, 0);
  const few = evaluateKeypoints(truth, [...strangers(2), find(1, 0.5)], { maxDetections: 2 });
  assert.equal(few.statistics.AR, 0);
  assert.deepEqual(few.images[0].detections, [0, 1]);
});

Deno.test("evaluateKeypoints() takes images by ascending id when scores tie", () => {
  // A wrong detection in image 1 and a right one in image 2 with one score: the wrong one comes first.
  const truth = { images: images.toReversed(), annotations: [annotate(1, 2)] };
  const results = [find(2, 0.5), find(1, 0.5)];
  assert.ok(Math.abs(evaluateKeypoints(truth, results).statistics.AP - 0.5) < 1e-12);
});

Deno.test("evaluateKeypoints() ignores crowds, people without keypoints and who finds them", () => {
  const none = keypoints.map((value, i) => i % 3 === 2 ? 0 : value);
  const truth = {
    images,
    annotations: [
      annotate(1, 1),
      annotate(2, 1, { keypoints: none, num_keypoints: 0, bbox: [500, 500, 100, 100] }),
      annotate(3, 1, { keypoints: none, iscrowd: 1, num_keypoints: 0, bbox: [900, 0, 100, 200] }),
    ],
  };
  const inBox = find(1, 0.95, { keypoints: moved(400, 350) });
  const inCrowd = [0.9, 0.8].map((score) => find(1, score, { keypoints: moved(800) }));
  const { statistics, images: [image] } = evaluateKeypoints(truth, [
    inBox,
    ...inCrowd,
    find(1, .1),
  ]);
  assert.ok(Math.abs(statistics.AP - 1) < 1e-12);
  assert.deepEqual(image.ignored, [false, true, true]);
  assert.deepEqual([...image.matches.subarray(0, 4)], [1, 2, 2, 0]);
});

Deno.test("evaluateKeypoints() counts keypoints itself where num_keypoints is missing", () => {
  const none = keypoints.map((value, i) => i % 3 === 2 ? 0 : value);
  const { num_keypoints: _, iscrowd: __, ...bare } = annotate(1, 1);
  const truth = { images, annotations: [bare, { ...bare, id: 2, image_id: 2, keypoints: none }] };
  const { statistics, images: seen } = evaluateKeypoints(truth, [find(1, 1)]);
  assert.equal(statistics.AR, 1);
  assert.deepEqual(seen.map(({ ignored }) => ignored), [[false], [true]]);
});

Deno.test("evaluateKeypoints() without results finds nobody, without people is undefined", () => {
  const truth = { images, annotations: [annotate(1, 1)] };
  const nothing = evaluateKeypoints(truth, []).statistics;
  assert.deepEqual([nothing.AP, nothing.AR, nothing.AP_M, nothing.AP_L], [0, 0, 0, -1]);
  const empty = evaluateKeypoints({ images, annotations: [] }, [find(1, 1)]).statistics;
  assert.deepEqual(Object.values(empty), new Array(10).fill(-1));
});

Deno.test("evaluateKeypoints() counts detections in images without people as wrong", () => {
  const truth = { images, annotations: [annotate(1, 1)] };
  const { AP } = evaluateKeypoints(truth, [find(1, 0.5), find(2, 0.9)]).statistics;
  assert.ok(Math.abs(AP - 0.5) < 1e-12);
  const one = evaluateKeypoints(truth, [find(1, 0.5), find(2, 0.9)], { imageIds: [1, 1] });
  assert.ok(Math.abs(one.statistics.AP - 1) < 1e-12);
  assert.equal(one.images.length, 1);
});

Deno.test("evaluateKeypoints() looks at one category and another skeleton when asked", () => {
  const skeleton = { ...COCO, name: "dog", keypoints: ["nose", "tail"], sigmas: [0.05, 0.1] };
  const dog = { category_id: 18, keypoints: [0, 0, 2, 10, 0, 2] };
  const truth = {
    images,
    annotations: [annotate(1, 1), annotate(2, 1, { ...dog, area: 2000, bbox: [0, 0, 10, 1] })],
  };
  const results = [find(1, 0.9), find(1, 0.8, { ...dog, keypoints: [0, 0, 1, 10, 5, 1] })];
  const { statistics, images: [image] } = evaluateKeypoints(truth, results, {
    categoryId: 18,
    skeleton,
  });
  assert.deepEqual([image.truths, image.detections], [[1], [1]]);
  const similarity = (1 + keypointSimilarity(25, 0.1, 2000)) / 2;
  assertNear(image.oks, [similarity], "oks");
  const passed = OKS_THRESHOLDS.filter((threshold) => similarity >= threshold).length;
  assert.ok(Math.abs(statistics.AR - passed / 10) < 1e-12);
});

Deno.test("evaluateKeypoints() names the file and the place of what does not fit together", () => {
  const truth = { images, annotations: [annotate(1, 1)] };
  const names = { truth: "people.json", results: "found.json" };
  const refuses = (
    message: string,
    results: unknown[],
    options: Parameters<typeof evaluateKeypoints>[2] = {},
    other: unknown = truth,
  ) =>
    assert.throws(
      () => evaluateKeypoints(other as CocoTruth, results as CocoResult[], { names, ...options }),
      (error: Error) => {
        assert.equal(error.name, "InputError");
        assert.equal(error.message.split("\n")[0], message);
        return true;
      },
    );
  refuses(
    "found.json: results[1].image_id is 7, which is none of the 2 images of people.json",
    [find(1, 1), find(7, 1)],
  );
  refuses("found.json: none of the results has category_id 1", [find(1, 1, { category_id: 0 })]);
  refuses("people.json: none of the annotations has category_id 2", [], { categoryId: 2 });
  refuses("people.json: imageIds asks for image 3, not in it", [], { imageIds: [1, 3] });
  refuses("people.json: there are no images", [], {}, { images: [], annotations: [] });
  refuses(
    "found.json: results[0] has a segmentation but no bbox to take the person's area from",
    [{ ...find(1, 1), segmentation: [] }],
  );
  refuses("found.json: results[0].score is NaN, not a finite number", [find(1, NaN)]);
  refuses("people.json: annotations[0].id is 0, annotation ids start at 1", [], {}, {
    images,
    annotations: [annotate(0, 1)],
  });
});

Deno.test("evaluateKeypoints() refuses options out of range", () => {
  const truth = { images, annotations: [annotate(1, 1)] };
  for (const maxDetections of [0, 1.5, NaN]) {
    assert.throws(() => evaluateKeypoints(truth, [], { maxDetections }), {
      name: "RangeError",
      message:
        `evaluateKeypoints: maxDetections must be a whole number, 1 or more, not ${maxDetections}`,
    });
  }
  assert.throws(() => evaluateKeypoints(truth, [], { imageIds: [] }), {
    name: "RangeError",
    message: "evaluateKeypoints: imageIds is an empty list; leave it out for all images",
  });
});

Deno.test("evaluateKeypoints() changes neither list", () => {
  const { truth, results } = golden("small");
  const before = JSON.stringify([truth, results]);
  evaluateKeypoints(truth, results);
  evaluateByKeypoint(truth, results);
  assert.equal(JSON.stringify([truth, results]), before);
});

Deno.test("evaluateByKeypoint() equals the evaluation of records with that keypoint alone", () => {
  const { truth, results } = golden("small");
  const figures = evaluateByKeypoint(truth, results);
  assert.deepEqual(figures.map(({ keypoint }) => keypoint), COCO.keypoints);
  for (const k of [0, 9, 16]) {
    const only = (values: readonly number[]) => values.slice(3 * k, 3 * k + 3);
    const skeleton = { ...COCO, keypoints: ["it"], sigmas: [COCO.sigmas[k]] };
    const reduced = {
      images: truth.images,
      annotations: truth.annotations.map((annotation) => ({
        ...annotation,
        keypoints: only(annotation.keypoints),
        num_keypoints: annotation.num_keypoints && only(annotation.keypoints)[2] > 0 ? 1 : 0,
      })),
    };
    const found = results.map((result) => ({ ...result, keypoints: only(result.keypoints) }));
    const { AP, AP50, AP75, AR } = evaluateKeypoints(reduced, found, { skeleton }).statistics;
    const { AP: ap, AP50: ap50, AP75: ap75, AR: ar } = figures[k];
    assert.deepEqual([ap, ap50, ap75, ar], [AP, AP50, AP75, AR]);
    assert.ok(AP > 0 && AP < 1);
  }
});

Deno.test("evaluateByKeypoint() tells a found wrist from a wrist given to the right person", () => {
  // Two people swap their left wrists (keypoint 9): all wrists are found, none is its owner's.
  const swap = (a: readonly number[], b: readonly number[]) => a.with(27, b[27]).with(28, b[28]);
  const [ann, bob] = [keypoints, moved(300)];
  const truth = { images, annotations: [annotate(1, 1), annotate(2, 1, { keypoints: bob })] };
  const figures = evaluateByKeypoint(truth, [
    find(1, 0.9, { keypoints: swap(ann, bob) }),
    find(1, 0.8, { keypoints: swap(bob, ann) }),
  ]);
  const { AP50, annotated, found, similarity } = figures[9];
  assert.ok(Math.abs(AP50 - 1) < 1e-12);
  assert.deepEqual([annotated, found], [2, 2]);
  assert.ok(similarity < 1e-9);
  assert.equal(figures[10].similarity, 1);
});

Deno.test("evaluateByKeypoint() is undefined for a keypoint that is annotated nowhere", () => {
  const noNose = keypoints.with(2, 0);
  const truth = { images, annotations: [annotate(1, 1, { keypoints: noNose, num_keypoints: 16 })] };
  const [nose, leftEye] = evaluateByKeypoint(truth, []);
  assert.deepEqual([nose.AP, nose.AR, nose.annotated, nose.similarity], [-1, -1, 0, -1]);
  assert.deepEqual([leftEye.AP, leftEye.annotated, leftEye.found, leftEye.similarity], [
    0,
    1,
    0,
    -1,
  ]);
});

Deno.test("precisionRecallCurve() has the AP of its threshold as its mean height", () => {
  const { truth, results } = golden("small");
  const evaluation = evaluateKeypoints(truth, results);
  for (const [threshold, figure] of [[0.5, "AP50"], [0.75, "AP75"]] as const) {
    const { recall, precision } = precisionRecallCurve(evaluation, { threshold })!;
    assert.equal(recall.length, 101);
    const mean = precision.reduce((sum, value) => sum + value) / 101;
    assert.ok(Math.abs(mean - evaluation.statistics[figure]) < 1e-12);
  }
});

Deno.test("precisionRecallCurve() of nobody is null, of unknown settings an error", () => {
  const evaluation = evaluateKeypoints({ images, annotations: [annotate(1, 1)] }, []);
  assert.equal(precisionRecallCurve(evaluation, { area: "large" }), null);
  assert.deepEqual(precisionRecallCurve(evaluation)?.precision, new Array(101).fill(0));
  assert.throws(() => precisionRecallCurve(evaluation, { threshold: 0.52 }), {
    name: "RangeError",
    message: "precisionRecallCurve: 0.52 is none of the thresholds 0.5, 0.55, ..., 0.95",
  });
  assert.throws(() => precisionRecallCurve(evaluation, { area: "small" as "all" }), {
    name: "RangeError",
    message: "precisionRecallCurve: area small is not all, medium or large",
  });
});

Deno.test("summarizeImage() counts found, missed and invented people", () => {
  const none = keypoints.map((value, i) => i % 3 === 2 ? 0 : value);
  const truth = {
    images,
    annotations: [
      annotate(1, 1),
      annotate(2, 1, { keypoints: moved(300) }),
      annotate(3, 1, { keypoints: none, num_keypoints: 0, bbox: [2000, 0, 100, 300] }),
    ],
  };
  const { images: [first, second] } = evaluateKeypoints(truth, [
    find(1, 0.9, { keypoints: moved(2) }),
    find(1, 0.8, { keypoints: moved(2000) }), // excused
    find(1, 0.7, { keypoints: moved(9000) }),
  ]);
  const { people, found, falsePositives, meanOks } = summarizeImage(first);
  assert.deepEqual([people, found, falsePositives], [2, 1, 1]);
  assert.ok(Math.abs(meanOks - oks(moved(2), annotate(1, 1)) / 2) < 1e-12);
  assert.deepEqual(summarizeImage(second), { people: 0, found: 0, falsePositives: 0, meanOks: -1 });
});

Deno.test("figuresBySize() has the ten figures, and those that the ten leave out", () => {
  const { truth, results } = golden("small");
  const evaluation = evaluateKeypoints(truth, results);
  const { statistics } = evaluation;
  const [all, medium, large] = figuresBySize(evaluation);
  const { AP, AP50, AP75, AR, AR50, AR75 } = statistics;
  assert.deepEqual(all, { area: "all", AP, AP50, AP75, AR, AR50, AR75 });
  assert.deepEqual([medium.area, medium.AP, medium.AR], [
    "medium",
    statistics.AP_M,
    statistics.AR_M,
  ]);
  assert.deepEqual([large.area, large.AP, large.AR], ["large", statistics.AP_L, statistics.AR_L]);
  const curve = precisionRecallCurve(evaluation, { threshold: 0.75, area: "medium" })!;
  const mean = curve.precision.reduce((sum, value) => sum + value) / 101;
  assertNear([medium.AP75], [mean], "AP75 of medium people");
  const strictest = OKS_THRESHOLDS.map((_, t) => evaluation.recall[t * 3 + 1]);
  assert.deepEqual([medium.AR50, medium.AR75], [strictest[0], strictest[5]]);
});
