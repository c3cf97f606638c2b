import assert from "node:assert/strict";
import { labelledPeople } from "../../data/sample.ts";
import { nobody, person } from "./people.ts";

Deno.test("labelledPeople() keeps those with an annotated keypoint and drops crowds", () => {
  const one = person((k) => [3, 4, k === 16 ? 1 : 0]);
  const crowd = person(() => [3, 4, 2], true);
  assert.deepEqual(labelledPeople([nobody, one, crowd]), [one]);
  assert.deepEqual(labelledPeople([]), []);
});
