import assert from "node:assert/strict";
import { checkCrowdPoseTruth } from "../../pose/mod.ts";

const person = {
  id: 5,
  image_id: 7,
  category_id: 1,
  iscrowd: 0,
  num_keypoints: 14,
  keypoints: Array(14).fill([3, 4, 1]).flat(),
  bbox: [10, 20, 30, 40],
};
const file = { images: [{ id: 7, crowdIndex: 0.3 }], annotations: [person] };

Deno.test("checkCrowdPoseTruth() gives people the area of 0.53 boxes and changes nothing else", () => {
  const before = structuredClone(file);
  const { images, annotations } = checkCrowdPoseTruth(file, "crowd.json");
  assert.deepEqual(images, file.images);
  assert.deepEqual(annotations, [{ ...person, area: 0.53 * 1200 }]);
  assert.deepEqual(file, before);
  const withArea = { ...file, annotations: [{ ...person, area: 9 }] };
  assert.equal(checkCrowdPoseTruth(withArea, "crowd.json").annotations[0].area, 0.53 * 1200);
});

Deno.test("checkCrowdPoseTruth() says what is wrong and where", () => {
  const cases: [unknown, RegExp][] = [
    [[], /^InputError: crowd\.json: expected an object with images and annotations/],
    [{ images: [] }, /annotations should be a list, it is missing/],
    [{ ...file, annotations: [null] }, /annotations\[0\] should be an object/],
    [{ ...file, annotations: [{ ...person, bbox: 3 }] }, /annotations\[0\]\.bbox should be a list/],
    [
      { ...file, annotations: [{ ...person, keypoints: Array(51).fill(0) }] },
      /has 51 numbers, 42 expected\n {2}help: skeleton "crowdpose" has 14 keypoints/,
    ],
    [{ ...file, images: [{ id: 7 }] }, /images\[0\]\.crowdIndex is missing, a number from 0 to 1/],
    [{ ...file, images: [{ id: 7, crowdIndex: 2 }] }, /images\[0\]\.crowdIndex is 2, a number/],
  ];
  for (const [parsed, message] of cases) {
    assert.throws(() => checkCrowdPoseTruth(parsed, "crowd.json"), message);
  }
});
