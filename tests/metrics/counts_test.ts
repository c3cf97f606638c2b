import assert from "node:assert/strict";
import { share, sumOfCounts } from "../../metrics/counts.ts";

Deno.test("sumOfCounts() adds the fields of zero and no others", () => {
  const zero = { right: 0, wrong: 0 };
  const parts = [{ right: 1, wrong: 2, mean: 0.3 }, { right: 10, wrong: 20, mean: 0.3 }];
  assert.deepEqual(sumOfCounts(zero, parts), { right: 11, wrong: 22 });
  assert.deepEqual(sumOfCounts(zero, []), { right: 0, wrong: 0 });
  assert.deepEqual(zero, { right: 0, wrong: 0 });
});

Deno.test("share() of nothing is 0", () => {
  assert.deepEqual([share(1, 4), share(0, 0), share(3, 0)], [0.25, 0, 0]);
});
