import assert from "node:assert/strict";
import { ShapeError } from "../../core/errors.ts";
import { assignMinimumCost } from "../../decoders/mod.ts";
import { randomNumbers } from "./scene.ts";

/** Sum of the chosen costs. */
function total(cost: readonly (readonly number[])[], columns: readonly number[]): number {
  return columns.reduce((sum, c, r) => c < 0 ? sum : sum + cost[r][c], 0);
}

/** The least sum over all ways to give min(rows, columns) rows a column of their own. */
function leastByTrying(cost: readonly (readonly number[])[]): number {
  const columns = cost[0].length;
  const spare = Math.max(0, cost.length - columns);
  const visit = (row: number, taken: Set<number>, left: number): number => {
    if (row === cost.length) return 0;
    let least = left > 0 ? visit(row + 1, taken, left - 1) : Infinity;
    for (let c = 0; c < columns; c++) {
      if (taken.has(c)) continue;
      least = Math.min(least, cost[row][c] + visit(row + 1, new Set(taken).add(c), left));
    }
    return least;
  };
  return visit(0, new Set(), spare);
}

Deno.test("assignMinimumCost() finds the least cost of all assignments, for every shape", () => {
  const random = randomNumbers(2);
  for (let trial = 0; trial < 120; trial++) {
    const rows = 1 + Math.floor(random() * 5), columns = 1 + Math.floor(random() * 5);
    const whole = trial % 2 === 0; // whole numbers tie often
    const cost = Array.from(
      { length: rows },
      () =>
        Array.from({ length: columns }, () => whole ? Math.floor(random() * 4) : random() * 10 - 5),
    );
    const assigned = assignMinimumCost(cost);
    const used = assigned.filter((c) => c >= 0);
    assert.equal(assigned.length, rows);
    assert.equal(used.length, Math.min(rows, columns));
    assert.equal(new Set(used).size, used.length);
    assert.ok(Math.abs(total(cost, assigned) - leastByTrying(cost)) < 1e-9);
  }
});

Deno.test("assignMinimumCost() finds a hidden assignment of 60 rows, in any order of the rows", () => {
  const random = randomNumbers(3);
  const hidden = Array.from({ length: 60 }, (_, r) => (r * 37 + 11) % 60);
  const cost = hidden.map((mine) =>
    Array.from({ length: 60 }, (_, c) => c === mine ? random() : 1 + random() * 100)
  );
  assert.deepEqual(assignMinimumCost(cost), hidden);
  assert.deepEqual(assignMinimumCost(cost.toReversed()), hidden.toReversed());
});

Deno.test("assignMinimumCost() keeps small differences beside huge costs", () => {
  assert.equal(assignMinimumCost([[1e10, 0.501, 1e10], [1e10, 0.5, 1e10]])[1], 1);
  assert.deepEqual(assignMinimumCost([[300 + 1e-6, 300], [300, 300]]), [1, 0]);
});

Deno.test("assignMinimumCost() has an answer for empty matrices", () => {
  assert.deepEqual(assignMinimumCost([]), []);
  assert.deepEqual(assignMinimumCost([[], []]), [-1, -1]);
});

Deno.test("assignMinimumCost() refuses ragged rows and costs that are not finite", () => {
  assert.throws(
    () => assignMinimumCost([[1, 2], [3]]),
    (error: Error) =>
      error instanceof ShapeError &&
      error.message.startsWith("assignMinimumCost: row 1 has 1 costs but row 0 has 2"),
  );
  assert.throws(() => assignMinimumCost([[1, 2], [3, NaN]]), {
    name: "RangeError",
    message: "assignMinimumCost: cost[1][1] is NaN, not a finite number",
  });
  assert.throws(() => assignMinimumCost([[Infinity]]), RangeError);
});
