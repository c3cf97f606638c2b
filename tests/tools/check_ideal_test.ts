import assert from "node:assert/strict";
import { DECODERS } from "../../decoders/mod.ts";
import { decode } from "../../cli/prediction.ts";
import { AREA_SHARE, fatesOf, idealLooks, labelledSamples } from "../../tools/check_ideal.ts";

const AUTHORS = DECODERS["pose-ae-train"];

/** A label line with people, each given as places of its first keypoints. */
function line(...people: [x: number, y: number][][]): string {
  const persons = people.map((places) => ({
    bbox: [0, 0, 100, 200],
    kp: Array.from({ length: 17 }, (_, k) => places[k] ? [...places[k], 2] : [0, 0, 0]).flat(),
  }));
  return JSON.stringify({ id: 5, w: 512, h: 512, persons });
}

function fates(...people: [x: number, y: number][][]): string[] {
  const [sample] = labelledSamples([line(...people), ""], "labels");
  const maps = idealLooks(sample, [1], AUTHORS);
  const { people: found } = decode(sample, maps, 512, 4, { ...AUTHORS, fill: false });
  return fatesOf({ sample, people: found }, 128, AUTHORS);
}

Deno.test("fatesOf() says what becomes of each labelled keypoint", () => {
  assert.deepEqual(fates([[100, 100], [120, 90]], [[300, 300], [310, 290], [320, 290]]), [
    "found",
    "found",
    "found",
    "found",
    "found",
  ]);
  // Both noses in pixel (25, 25): it has the first person's tag.
  assert.deepEqual(fates([[100, 100], [50, 50]], [[102, 103], [200, 200]]), [
    "found",
    "found",
    "same pixel as another person's",
    "found",
  ]);
  assert.deepEqual(fates([[100, 100], [511, 513]]), ["found", "outside the map"]);
});

Deno.test("fatesOf() notices keypoints beyond the peaks that are kept", () => {
  const noses = Array.from({ length: 32 }, (_, p): [number, number][] => [[16 * p + 2, 40]]);
  const lost = fates(...noses).filter((fate) => fate !== "found");
  assert.deepEqual(lost, ["beyond the peaks that are kept", "beyond the peaks that are kept"]);
});

Deno.test("labelledSamples() reads label lines and names the one that is none", () => {
  const [sample] = labelledSamples([line([[3, 4]])], "labels");
  assert.deepEqual(sample.people[0].keypoints[0], { x: 3, y: 4, visibility: 2 });
  assert.equal(sample.people[0].area, AREA_SHARE * 100 * 200);
  for (const broken of ["{", "{}", '{"persons":[{}]}']) {
    assert.throws(
      () => labelledSamples([line(), broken], "labels"),
      /^InputError: labels: line 2 is no label: /,
    );
  }
});

Deno.test("idealLooks() combines scales at the size of the first", () => {
  const [sample] = labelledSamples([line([[100, 100]])], "labels");
  const { heatmaps, tags } = idealLooks(sample, [2, 1, 0.5], AUTHORS);
  assert.deepEqual(heatmaps.shape, [17, 256, 256]);
  assert.deepEqual(tags.shape, [1, 17, 256, 256]); // of scale 1 alone
});
