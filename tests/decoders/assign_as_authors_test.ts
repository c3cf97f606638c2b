import assert from "node:assert/strict";
import { ShapeError } from "../../core/errors.ts";
import { assignAsAuthors, assignMinimumCost } from "../../decoders/mod.ts";
import { randomNumbers } from "./scene.ts";
import recorded from "../fixtures/decoders/assignment.json" with { type: "json" };

Deno.test("assignAsAuthors() gives the recorded pairs, ties included", () => {
  assert.ok(recorded.some(({ unique }) => !unique));
  for (const { id, cost, columns } of recorded) {
    assert.deepEqual(assignAsAuthors(cost), columns, id);
  }
});

Deno.test("assignMinimumCost() gives the recorded pairs where only one answer is best", () => {
  for (const { id, cost, columns, unique, realColumns } of recorded) {
    if (!unique) continue;
    const bare = cost.map((row) => row.slice(0, realColumns));
    assert.deepEqual(assignMinimumCost(bare), columns.map((c) => c < realColumns ? c : -1), id);
  }
});

Deno.test("assignAsAuthors() costs as little as assignMinimumCost()", () => {
  const random = randomNumbers(4);
  for (let trial = 0; trial < 60; trial++) {
    const n = 1 + Math.floor(random() * 12);
    // As grouping makes them: round(d) * 100 - score, many equal.
    const cost = Array.from({ length: n }, () => {
      const score = random();
      return Array.from({ length: n }, () => Math.floor(random() * 3) * 100 - score);
    });
    const sum = (columns: number[]) => columns.reduce((total, c, r) => total + cost[r][c], 0);
    assert.ok(Math.abs(sum(assignAsAuthors(cost)) - sum(assignMinimumCost(cost))) < 1e-9);
  }
});

Deno.test("assignAsAuthors() leaves the dearest rows over when there are more rows than columns", () => {
  assert.deepEqual(assignAsAuthors([[5], [3], [4]]), [-1, 0, -1]);
  assert.deepEqual(assignAsAuthors([[5, 3, 4]]), [1]);
  assert.deepEqual(assignAsAuthors([]), []);
});

Deno.test("assignAsAuthors() refuses ragged rows and costs that are not finite", () => {
  assert.throws(
    () => assignAsAuthors([[1], [2, 3]]),
    (error: Error) =>
      error instanceof ShapeError &&
      error.message.startsWith("assignAsAuthors: row 1 has 2 costs but row 0 has 1"),
  );
  assert.throws(() => assignAsAuthors([[NaN]]), {
    name: "RangeError",
    message: "assignAsAuthors: cost[0][0] is NaN, not a finite number",
  });
});
