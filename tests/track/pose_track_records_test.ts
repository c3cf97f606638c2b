import assert from "node:assert/strict";
import { POSETRACK } from "../../pose/mod.ts";
import { poseTrackRecord, poseTrackResults, poseTrackTruth } from "../../track/mod.ts";

const NAMES = POSETRACK.keypoints.toSpliced(3, 0, "left_ear", "right_ear"); // as the files of 2018

/** A file of one image and one person, with some fields changed; undefined takes a field away. */
function fileOf(changes: { image?: object; person?: object; file?: object } = {}) {
  const keypoints = NAMES.flatMap((_, k) => k < 15 ? [10 + k, 20 + 2 * k, 1] : [0, 0, 0]);
  const whole = {
    images: [{ id: 8, file_name: "8.jpg", is_labeled: true, vid_id: "1", ...changes.image }],
    annotations: [{ image_id: 8, track_id: 3, keypoints, ...changes.person }],
    categories: [{ keypoints: NAMES }],
    ...changes.file,
  };
  return JSON.parse(JSON.stringify(whole));
}

Deno.test("poseTrackTruth() leaves the ears out and knows what is not annotated", () => {
  const [{ things: [person] }] = poseTrackTruth(fileOf(), "f");
  assert.equal(person.keypoints.length, 15);
  const at = (name: string) => person.keypoints[POSETRACK.keypoints.indexOf(name)];
  assert.deepEqual(at("nose"), { x: 10, y: 20, visibility: 2 });
  assert.deepEqual(at("left_shoulder"), { x: 15, y: 30, visibility: 2 }); // number 5 of the file
  assert.equal(at("left_ankle").visibility, 0);
  assert.deepEqual(person.box, [10, 20, 14, 28]); // of the keypoints that are there
  assert.deepEqual([person.area, person.headBox, person.crowd], [14 * 28, null, false]);
});

Deno.test("poseTrackTruth() takes boxes, frames out of order, and keypoints marked 0 that have a place", () => {
  const keypoints = NAMES.flatMap((_, k) => k === 0 ? [4, 5, 0] : [0, 0, 0]);
  const person = { keypoints, bbox: [1, 2, 30, 40], bbox_head: [1, 2, 3, 4] };
  const file = fileOf({ person });
  file.images.unshift({ id: 9, file_name: "9.jpg", is_labeled: false, vid_id: "1" });
  const frames = poseTrackTruth(file, "f");
  assert.deepEqual(frames.map(({ frame, labelled }) => [frame, labelled]), [[8, true], [9, false]]);
  const [found] = frames[0].things;
  assert.deepEqual(found.keypoints[0], { x: 4, y: 5, visibility: 1 });
  assert.deepEqual([found.box, found.headBox], [[1, 2, 30, 40], [1, 2, 4, 6]]);
});

Deno.test("poseTrackTruth() joins the coordinates of regions to ignore", () => {
  const image = {
    ignore_regions_x: [[0, 9, 9], [1, 2, 3, 4]],
    ignore_regions_y: [[0, 0, 7], [5, 6, 7, 8]],
  };
  const [{ ignored }] = poseTrackTruth(fileOf({ image }), "f");
  assert.deepEqual(ignored, [[0, 0, 9, 0, 9, 7], [1, 5, 2, 6, 3, 7, 4, 8]]);
  assert.deepEqual(poseTrackTruth(fileOf(), "f")[0].ignored, []);
});

Deno.test("poseTrackTruth() and poseTrackResults() name the place of what is wrong", () => {
  for (const read of [poseTrackTruth, poseTrackResults]) {
    const fails = (changes: Parameters<typeof fileOf>[0], message: string) =>
      assert.throws(() => read(fileOf(changes), "f.json"), {
        name: "InputError",
        message: new RegExp(`^f\\.json: ${message}`),
      });
    fails({ file: { images: undefined } }, "images should be a list, it is missing");
    fails({ file: { images: [3] } }, "images\\[0\\] should be an object, it is 3");
    fails({ image: { id: 1.5 } }, "images\\[0\\].id is 1.5, not a whole number");
    fails(
      { file: { images: [{ id: 8, file_name: "a" }, { id: 8, file_name: "b" }] } },
      "images\\[1\\].id is 8, which another image has already",
    );
    fails(
      { file: { images: [{ id: 8, vid_id: "1" }, { id: 9, vid_id: "2" }] } },
      'images\\[1\\].vid_id is "2", other images have "1"\n {2}help: PoseTrack keeps each video',
    );
    fails({ file: { categories: undefined } }, "categories should be a list, it is missing");
    fails({ file: { categories: [] } }, "categories\\[0\\] should be an object, it is missing");
    fails(
      { file: { categories: [{ keypoints: NAMES.slice(1) }] } },
      "categories\\[0\\].keypoints does not name nose\n {2}help: PoseTrack's are nose, head_bottom",
    );
    fails({ file: { annotations: {} } }, "annotations should be a list, it is \\{\\}");
    fails(
      { person: { image_id: 7 } },
      "annotations\\[0\\].image_id is 7, which is not the id of any",
    );
    fails(
      { person: { track_id: undefined } },
      "annotations\\[0\\].track_id is missing, not a whole",
    );
    fails({ person: { track_id: -1 } }, "annotations\\[0\\].track_id is -1, 0 or more expected");
    fails(
      { person: { keypoints: [1] } },
      "annotations\\[0\\].keypoints has 1 numbers, 51 expected",
    );
    fails(
      { person: { keypoints: Array(51).fill(null) } },
      "annotations\\[0\\].keypoints\\[0\\] is null, not a finite number",
    );
    fails({ person: { scores: [1, 2] } }, "annotations\\[0\\].scores has 2 numbers, 17 expected");
    const twice = fileOf();
    twice.annotations.push(twice.annotations[0]);
    fails({ file: twice }, "annotations\\[1\\].track_id is 3, which image 8 has already");
    fails(
      { file: { annolist: [] } },
      "has PoseTrack's form of 2017, an annolist\n {2}help: poseval",
    );
    assert.throws(() => read(null, "f.json"), /f\.json: the file should be an object, it is null/);
  }
});

Deno.test("poseTrackTruth() refuses what only the truth has", () => {
  const fails = (changes: Parameters<typeof fileOf>[0], message: RegExp) =>
    assert.throws(() => poseTrackTruth(fileOf(changes), "f"), { name: "InputError", message });
  fails({ image: { file_name: 8 } }, /images\[0\]\.file_name should be the name of a file/);
  fails({ image: { is_labeled: "no" } }, /images\[0\]\.is_labeled is "no", true or false expected/);
  fails({ image: { is_labeled: false } }, /is_labeled is false, but people in it are annotated/);
  fails({ image: { ignore_regions_x: [[0, 1, 2]] } }, /ignore_regions_y should be a list/);
  const regions = (x: unknown, y: unknown) => ({
    image: { ignore_regions_x: x, ignore_regions_y: y },
  });
  fails(regions([[1, 2, 3]], []), /has 1 ignore_regions_x but 0 _y/);
  fails(regions([[1, 2]], [[1, 2]]), /ignore_regions_x\[0\] has 2 points, 3 or more expected/);
  fails(regions([[1, 2, 3]], [[1, 2]]), /ignore_regions_y\[0\] has 2 numbers, 3 expected/);
  fails({ person: { bbox: [0, 0, -1, 1] } }, /annotations\[0\]\.bbox is -1 wide and 1 high/);
  fails({ person: { bbox_head: [0, 0, 1] } }, /annotations\[0\]\.bbox_head has 3 numbers, 4 exp/);
});

Deno.test("poseTrackResults() gives a person the mean of the scores where the file has none", () => {
  const scores = NAMES.map(() => 0.6);
  const [{ things: [one] }] = poseTrackResults(fileOf({ person: { scores } }), "f");
  const there = one.keypoints.filter(Boolean).length;
  assert.ok(Math.abs(one.score - 0.6 * there / 15) < 1e-12);
  const [{ things: [other] }] = poseTrackResults(fileOf({ person: { scores, score: 0.9 } }), "f");
  assert.equal(other.score, 0.9);
});

Deno.test("poseTrackRecord() writes every image, and zeros for ears and what was not found", () => {
  const keypoints = POSETRACK.keypoints.map((_, k) =>
    k === 1 ? null : { x: k + 1, y: 2, score: 0.5, tag: [0.3] }
  );
  const images = [{ frame: 7, fileName: "7.jpg" }, { frame: 8, fileName: "8.jpg" }];
  const record = poseTrackRecord(images, [{
    frame: 8,
    things: [{ identity: 0, keypoints, score: 1 }],
  }]);
  const [person] = record.annotations as { keypoints: number[]; scores: number[] }[];
  assert.deepEqual(person.keypoints.slice(0, 18), [
    1,
    2,
    1,
    0,
    0,
    0,
    3,
    2,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    4,
    2,
    1,
  ]);
  assert.deepEqual(person.scores.slice(0, 6), [0.5, 0, 0.5, 0, 0, 0.5]);
  assert.deepEqual(poseTrackResults(record, "f").map(({ things }) => things.length), [0, 1]);
});

Deno.test("poseTrackRecord() refuses tracks that do not fit the video", () => {
  const keypoints = POSETRACK.keypoints.map(() => ({ x: 1, y: 2, score: 1, tag: [] }));
  const person = { identity: 3, keypoints, score: 1 };
  const fails = (found: Parameters<typeof poseTrackRecord>[1], message: RegExp) =>
    assert.throws(() => poseTrackRecord([{ frame: 7, fileName: "7.jpg" }], found), {
      name: "RangeError",
      message,
    });
  fails([{ frame: 9, things: [] }], /^poseTrackRecord: frame 9 is not one of the video's/);
  fails([{ frame: 7, things: [] }, { frame: 7, things: [] }], /: frame 7 is there twice/);
  fails([{ frame: 7, things: [person, person] }], /track_id is 3, which image 7 has already/);
  fails([{ frame: 7, things: [{ ...person, score: NaN }] }], /score is NaN, not a finite number/);
  fails(
    [{ frame: 7, things: [{ ...person, keypoints: keypoints.slice(1) }] }],
    /identity 3 in frame 7 has 14 keypoints, PoseTrack's people have 15/,
  );
});
