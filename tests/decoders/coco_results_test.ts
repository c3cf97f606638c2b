import assert from "node:assert/strict";
import { personScore, toCocoResults } from "../../decoders/mod.ts";
import recorded from "../fixtures/decoders/coco_results.json" with { type: "json" };

Deno.test("toCocoResults() gives the recorded records", () => {
  for (const { people, records } of recorded) {
    const decoded = people.map((rows) => {
      const keypoints = rows.map(([x, y, score]) => score > 0 ? { x, y, score, tag: [] } : null);
      return { keypoints, score: personScore(keypoints) };
    });
    const actual = toCocoResults(decoded, records[0].image_id);
    assert.equal(actual.length, records.length);
    actual.forEach((record, i) => {
      assert.equal(record.category_id, records[i].category_id);
      assert.ok(Math.abs(record.score - records[i].score) < 1e-6);
      record.keypoints.forEach((value, j) =>
        assert.ok(Math.abs(value - records[i].keypoints[j]) < 1e-4)
      );
    });
  }
});

Deno.test("toCocoResults() can leave missing keypoints at 0", () => {
  const people = [{ keypoints: [{ x: 3, y: 5, score: 0.5, tag: [0] }, null], score: 0.25 }];
  const [{ keypoints, category_id }] = toCocoResults(people, 1, { missing: "zero", categoryId: 9 });
  assert.deepEqual(keypoints, [3, 5, 1, 0, 0, 0]);
  assert.equal(category_id, 9);
});

Deno.test("toCocoResults() has no record for a person without keypoints", () => {
  assert.deepEqual(toCocoResults([{ keypoints: [null, null], score: 0 }], 1), []);
  assert.deepEqual(toCocoResults([], 1), []);
});

Deno.test("toCocoResults() refuses an image id that is no whole number", () => {
  assert.throws(() => toCocoResults([], NaN), {
    name: "RangeError",
    message: "toCocoResults: imageId must be a whole number, not NaN",
  });
});
