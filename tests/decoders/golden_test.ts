/** People that the authors' program found in recorded heatmaps and tags; see the fixtures' README. */
import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import type { DecodedPerson } from "../../pose/person.ts";
import { AUTHORS_GROUPING, decodePoses } from "../../decoders/mod.ts";
import recorded from "../fixtures/decoders/groups.json" with { type: "json" };

type Row = number | number[];
interface Recorded {
  id: string;
  H: number;
  W: number;
  T: number;
  index: number[];
  det: number[];
  tag: number[];
  adjusted: Row[][];
  refined?: Row[][];
  refined_fixed_bounds?: Row[][];
  scores: number[];
}

function mapsOf({ H, W, T, index, det, tag }: Recorded) {
  const heatmaps = hostArray([17, H, W]), tags = hostArray([T, 17, H, W]);
  let at = 0;
  index.forEach((step, i) => {
    at += step;
    heatmaps.data[at] = det[i];
    for (let t = 0; t < T; t++) tags.data[t * heatmaps.data.length + at] = tag[i * T + t];
  });
  return [heatmaps, tags] as const;
}

/** Rows as recorded: [x, y, score, tag...]; 0 for a missing keypoint, tags 0 for a filled-in one. */
function rowsOf(people: readonly DecodedPerson[], before: readonly DecodedPerson[]): Row[][] {
  return people.map(({ keypoints }, p) =>
    keypoints.map((at, k) => {
      if (!at) return 0;
      const filled = before[p].keypoints[k] === null;
      return [at.x, at.y, at.score, ...at.tag.map((t) => filled ? 0 : t)];
    })
  );
}

/** The numbers of the fixture are f32, written as short as they can be read back. */
function asFloats(rows: Row[][]): Row[][] {
  return rows.map((person) =>
    person.map((row) => row === 0 ? 0 : (row as number[]).map(Math.fround))
  );
}

for (const example of recorded as Recorded[]) {
  Deno.test(`decodePoses() finds the authors' people in ${example.id}`, () => {
    const maps = mapsOf(example);
    const adjusted = decodePoses(...maps, { ...AUTHORS_GROUPING, fill: false });
    assert.deepEqual(rowsOf(adjusted, adjusted), asFloats(example.adjusted));
    adjusted.forEach(({ score }, p) => assert.ok(Math.abs(score - example.scores[p]) < 1e-6));
    for (const bounds of ["authors", "map"] as const) {
      const expected = bounds === "map" ? example.refined_fixed_bounds : example.refined;
      if (!expected) continue;
      const filled = decodePoses(...maps, { ...AUTHORS_GROUPING, bounds });
      assert.deepEqual(rowsOf(filled, adjusted), asFloats(expected));
    }
  });
}

Deno.test("decodePoses() finds the authors' people by its own rules, too, where nothing ties", () => {
  const plain = ["only_ankles_17", "near_tags_12", "grows_over_30_22"];
  for (const example of recorded as Recorded[]) {
    if (!plain.includes(example.id)) continue;
    const people = decodePoses(...mapsOf(example), { crowds: "stop", fill: false });
    assert.deepEqual(rowsOf(people, people), asFloats(example.adjusted), example.id);
  }
});
