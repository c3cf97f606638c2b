import assert from "node:assert/strict";
import {
  averagePrecision,
  OUTCOME,
  precisionRecall,
  RECALL_GRID,
  vocAveragePrecision,
} from "../../metrics/mod.ts";
import { Random } from "../../data/random.ts";

const { RIGHT, WRONG, IGNORED } = OUTCOME;

/** Precision at recall r: the best precision of any prefix that reaches r. */
function definition(outcomes: readonly number[], people: number): number[] {
  const counted = outcomes.filter((outcome) => outcome !== IGNORED);
  return RECALL_GRID.map((r) => {
    let best = 0;
    for (let n = 1; n <= counted.length; n++) {
      const right = counted.slice(0, n).filter((outcome) => outcome === RIGHT).length;
      if (right / people >= r) best = Math.max(best, right / (n + Number.EPSILON));
    }
    return best;
  });
}

Deno.test("precisionRecall() equals its definition by prefixes", () => {
  const random = new Random(4);
  for (let trial = 0; trial < 30; trial++) {
    const outcomes = Array.from({ length: trial }, () => Math.floor(random.uniform(0, 3)));
    const right = outcomes.filter((outcome) => outcome === RIGHT).length;
    const people = right + Math.floor(random.uniform(0, 9)) + (right === 0 ? 1 : 0);
    const { precision, recall } = precisionRecall(outcomes, people);
    assert.deepEqual([...precision], definition(outcomes, people));
    assert.equal(recall, right / people);
  }
});

Deno.test("precisionRecall() reaches each of 100 recalls exactly at its detection", () => {
  // 100 people found one by one, each but the first after a wrong one: precision n / (2n - 1) at n / 100.
  const outcomes = Array.from({ length: 199 }, (_, i) => i % 2 === 0 ? RIGHT : WRONG);
  const { precision } = precisionRecall(outcomes, 100);
  // The grid is i * 0.01 in floating point; where that is above i / 100 the next person is needed.
  RECALL_GRID.forEach((wanted, r) => {
    const n = Math.max(1, r / 100 >= wanted ? r : r + 1);
    assert.ok(Math.abs(precision[r] - n / (2 * n - 1)) < 1e-12, `recall ${wanted}`);
  });
});

Deno.test("precisionRecall() without detections is 0, without people undefined", () => {
  assert.deepEqual(precisionRecall([], 3), { precision: new Float64Array(101), recall: 0 });
  const undefinedCurve = { precision: new Float64Array(101).fill(-1), recall: -1 };
  assert.deepEqual(precisionRecall([WRONG], 0), undefinedCurve);
});

Deno.test("precisionRecall() keeps the divisor's 2.2e-16", () => {
  assert.equal(precisionRecall([RIGHT], 1).precision[0], 1 / (1 + Number.EPSILON));
});

Deno.test("averagePrecision() is the mean of the curve, and ignored detections change nothing", () => {
  assert.ok(Math.abs(averagePrecision([WRONG, RIGHT], 1) - 1 / 2) < 1e-12);
  assert.equal(
    averagePrecision([IGNORED, RIGHT, IGNORED, WRONG, RIGHT], 3),
    averagePrecision([RIGHT, WRONG, RIGHT], 3),
  );
  assert.equal(averagePrecision([], 0), -1);
});

Deno.test("precisionRecall() refuses counts and outcomes that cannot be", () => {
  for (const people of [-1, 1.5, NaN]) {
    assert.throws(() => precisionRecall([], people), {
      name: "RangeError",
      message: `precisionRecall: people must be a whole number, 0 or more, not ${people}`,
    });
  }
  assert.throws(() => precisionRecall([RIGHT, 3], 1), {
    name: "RangeError",
    message: "precisionRecall: outcome 1 is 3, not 0, 1 or 2",
  });
  assert.throws(() => precisionRecall([RIGHT, RIGHT], 1), {
    name: "RangeError",
    message: "precisionRecall: 2 found, but there are only 1",
  });
});

Deno.test("vocAveragePrecision() equals its definition by prefixes, by both rules", () => {
  const random = new Random(5);
  for (let trial = 0; trial < 30; trial++) {
    const outcomes = Array.from({ length: trial }, () => Math.floor(random.uniform(0, 3)));
    const counted = outcomes.filter((outcome) => outcome !== IGNORED);
    const right = counted.filter((outcome) => outcome === RIGHT).length;
    const things = right + Math.floor(random.uniform(0, 9)) + (right === 0 ? 1 : 0);
    const best = (finds: number) => { // the best precision of any prefix with so many finds
      const prefixes = counted.map((_, n) => counted.slice(0, n + 1));
      const reached = prefixes.map((prefix) => {
        const rights = prefix.filter((outcome) => outcome === RIGHT).length;
        return rights >= finds ? rights / prefix.length : 0;
      });
      return Math.max(0, ...reached);
    };
    const tenths = Array.from({ length: 11 }, (_, i) => best(i * things / 10));
    const each = Array.from({ length: things }, (_, i) => best(i + 1));
    for (const [rule, values] of [["11-point", tenths], ["all-points", each]] as const) {
      const expected = values.reduce((a, b) => a + b, 0) / values.length;
      const ours = vocAveragePrecision(outcomes, things, rule);
      assert.ok(Math.abs(ours - expected) < 1e-12, `${rule} of ${outcomes} of ${things}`);
    }
  }
});

Deno.test("vocAveragePrecision() reaches a recall of exactly 0.3", () => {
  assert.equal(vocAveragePrecision([RIGHT, RIGHT, RIGHT], 10, "11-point"), 4 / 11);
});

Deno.test("vocAveragePrecision() is -1 without things, and refuses more finds than things", () => {
  assert.equal(vocAveragePrecision([WRONG], 0, "all-points"), -1);
  assert.throws(() => vocAveragePrecision([RIGHT, RIGHT], 1, "all-points"), {
    name: "RangeError",
    message: "vocAveragePrecision: 2 found, but there are only 1",
  });
  assert.throws(() => vocAveragePrecision([], 0.5, "11-point"), {
    name: "RangeError",
    message: "vocAveragePrecision: things must be a whole number, 0 or more, not 0.5",
  });
  assert.throws(() => vocAveragePrecision([7], 1, "11-point"), {
    name: "RangeError",
    message: "vocAveragePrecision: outcome 0 is 7, not 0, 1 or 2",
  });
});
