import assert from "node:assert/strict";
import { Random } from "../../data/random.ts";
import { evaluateRegions, type RegionImage } from "../../metrics/regions.ts";

const SIDE = 12;

function rectangle(x: number, y: number, w: number, h: number, side = SIDE) {
  const data = new Uint8Array(side * side);
  for (let row = y; row < Math.min(side, y + h); row++) {
    data.fill(1, row * side + x, row * side + Math.min(side, x + w));
  }
  return { width: side, height: side, data };
}

const thing = (classIndex: number, mask = rectangle(0, 0, 4, 4)) => {
  return { classIndex, mask, box: [0, 0, 4, 4], area: 16, crowd: false } as const;
};
const claim = (classIndex: number, score: number, mask = rectangle(0, 0, 4, 4)) => {
  return { classIndex, mask, score };
};

/** The definition in plain loops: AP^r of one class. */
function definition(
  images: readonly RegionImage[],
  classIndex: number,
  overlap: number,
  rule: "11-point" | "all-points",
): number {
  const all = images.flatMap(({ annotated, found, ignore }, i) =>
    found.filter((one) => one.classIndex === classIndex).map((one) => {
      const pairs = annotated.filter((truth) => truth.classIndex === classIndex).map((truth) => {
        let [both, either] = [0, 0];
        for (let p = 0; p < SIDE * SIDE; p++) {
          if (ignore?.data[p]) continue;
          both += one.mask.data[p] & truth.mask.data[p];
          either += one.mask.data[p] | truth.mask.data[p];
        }
        return { truth, iou: both / either };
      });
      const best = pairs.reduce(
        (best, pair) => pair.iou > best.iou ? pair : best,
        { truth: undefined as object | undefined, iou: 0 },
      );
      return { i, score: one.score, ...best };
    })
  ).sort((a, b) => b.score - a.score);
  const wanted =
    images.flatMap(({ annotated }) => annotated.filter((truth) => truth.classIndex === classIndex))
      .length;
  if (wanted === 0) return -1;
  const taken = new Set<object>();
  const points: { recall: number; precision: number }[] = [];
  let right = 0;
  all.forEach(({ truth, iou }, n) => {
    if (truth && iou >= overlap && !taken.has(truth)) {
      taken.add(truth);
      right++;
    }
    points.push({ recall: right / wanted, precision: right / (n + 1) });
  });
  const best = (recall: number) =>
    Math.max(0, ...points.filter((p) => p.recall >= recall - 1e-12).map((p) => p.precision));
  const levels = rule === "11-point"
    ? Array.from({ length: 11 }, (_, i) => i / 10)
    : Array.from({ length: wanted }, (_, i) => (i + 1) / wanted);
  return levels.reduce((sum, level) => sum + best(level), 0) / levels.length;
}

Deno.test("evaluateRegions() follows the definition in plain loops", () => {
  const random = new Random(4);
  const draw = () =>
    rectangle(random.integer(7), random.integer(7), 2 + random.integer(5), 2 + random.integer(5));
  const images = Array.from({ length: 12 }, (_, i): RegionImage => {
    const annotated = Array.from(
      { length: random.integer(4) },
      () => thing(random.integer(2), draw()),
    );
    const found = annotated.flatMap(({ classIndex, mask }) =>
      Array.from({ length: random.integer(3) }, () => {
        const data = mask.data.slice();
        data.fill(0, 0, random.integer(60)); // loses rows from above
        if (!data.includes(1)) data[143] = 1;
        return { classIndex, mask: { ...mask, data }, score: random.integer(8) / 7 };
      })
    );
    found.push({ classIndex: random.integer(2), mask: draw(), score: random.integer(8) / 7 });
    return { annotated, found, ignore: i % 2 ? rectangle(0, 11, 3, 1) : undefined };
  });
  const figures = evaluateRegions(images, 3, { overlaps: [0.3, 0.5, 0.7] });
  assert.equal(figures.length, 6);
  for (const { overlap, rule, mean, byClass } of figures) {
    const expected = [0, 1, 2].map((c) => definition(images, c, overlap, rule));
    expected.forEach((value, c) => {
      assert.ok(Math.abs(byClass[c] - value) < 1e-12, `${overlap} ${rule} class ${c}`);
    });
    assert.equal(byClass[2], -1); // nothing of it: not in the mean
    assert.ok(Math.abs(mean - (expected[0] + expected[1]) / 2) < 1e-12);
    assert.ok(mean > 0 && mean < 1);
  }
});

const means = (images: readonly RegionImage[], classes = 1) =>
  evaluateRegions(images, classes).map(({ mean }) => mean);

Deno.test("evaluateRegions() counts a second claim of the same thing as wrong, a near one as well", () => {
  const [near, far] = [rectangle(0, 0, 4, 4), rectangle(1, 0, 4, 4)];
  const image = {
    annotated: [thing(0, near), thing(0, rectangle(6, 6, 4, 4))],
    found: [claim(0, 0.9, near), claim(0, 0.8, far), claim(0, 0.7, rectangle(6, 6, 4, 4))],
  };
  // right, wrong, right of two: precision 1 to recall 0.5, then 2 / 3
  const [eleven, all] = means([image]);
  assert.ok(Math.abs(all - (1 + 2 / 3) / 2) < 1e-12);
  assert.ok(Math.abs(eleven - (6 + 5 * 2 / 3) / 11) < 1e-12);
});

Deno.test("evaluateRegions() leaves out void pixels, and found masks of nothing else", () => {
  const annotated = [thing(0, rectangle(0, 0, 4, 4))];
  const wide = claim(0, 0.9, rectangle(0, 0, 12, 4)); // overlap 1 / 3
  assert.deepEqual(means([{ annotated, found: [wide] }]), [0, 0, 0, 0]);
  const ignore = rectangle(4, 0, 8, 12);
  assert.deepEqual(means([{ annotated, found: [wide], ignore }]), [1, 1, 1, 1]);
  const inVoid = claim(0, 0.95, rectangle(6, 6, 3, 3));
  assert.deepEqual(means([{ annotated, found: [inVoid, wide], ignore }]), [1, 1, 1, 1]);
});

Deno.test("evaluateRegions() is undefined without anything to find, 0 where nothing was found", () => {
  assert.deepEqual(means([]), [-1, -1, -1, -1]);
  assert.deepEqual(means([{ annotated: [], found: [claim(0, 1)] }]), [-1, -1, -1, -1]);
  assert.deepEqual(means([{ annotated: [thing(0)], found: [] }]), [0, 0, 0, 0]);
  const elsewhere = [{ annotated: [thing(0)], found: [] }, { annotated: [], found: [claim(0, 1)] }];
  assert.deepEqual(means(elsewhere), [0, 0, 0, 0]);
});

Deno.test("evaluateRegions() refuses what it cannot measure", () => {
  const cases: [() => unknown, RegExp][] = [
    [
      () => evaluateRegions([], 1, { overlaps: [0] }),
      /^evaluateRegions: overlaps must be above 0 to 1, not 0$/,
    ],
    [
      () => means([{ annotated: [{ ...thing(0), crowd: true }], found: [] }]),
      /^evaluateRegions: picture 0 has a crowd, which this measure does not know\n {2}help: /,
    ],
    [
      () => means([{ annotated: [], found: [claim(1, 1)] }]),
      /^evaluateRegions: picture 0 has class 1, 0 to 0 expected$/,
    ],
    [
      () => means([{ annotated: [thing(0)], found: [claim(0, NaN)] }]),
      /^evaluateRegions: picture 0 has a score of NaN$/,
    ],
    [
      () => means([{ annotated: [thing(0)], found: [claim(0, 1, rectangle(0, 0, 1, 1, 5))] }]),
      /^evaluateRegions: picture 0 has masks of 5 x 5 and of 12 x 12$/,
    ],
  ];
  for (const [evaluate, message] of cases) assert.throws(evaluate, { name: "RangeError", message });
});
