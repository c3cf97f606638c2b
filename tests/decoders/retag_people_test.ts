import assert from "node:assert/strict";
import { hostArray, retagPeople } from "ae";

const at = (x: number, y: number) => ({ x, y, score: 0.5, tag: [9, 9] });
// Two dimensions, two keypoints, maps of 2 x 3: the value says dimension, keypoint, row and column.
const tags = hostArray(
  [2, 2, 2, 3],
  Array.from({ length: 24 }, (_, i) => {
    const [x, y, k, d] = [i % 3, Math.floor(i / 3) % 2, Math.floor(i / 6) % 2, Math.floor(i / 12)];
    return 1000 * d + 100 * k + 10 * y + x;
  }),
);

Deno.test("retagPeople reads each keypoint's own maps at its pixel, the rest of a person stays", () => {
  const people = [
    { keypoints: [at(0, 0), at(11.9, 7.9)], score: 0.7 },
    { keypoints: [null, at(4, 3.99)], score: 0.2 },
  ];
  assert.deepEqual(retagPeople(people, tags, { stride: 4 }), [
    {
      keypoints: [{ ...at(0, 0), tag: [0, 1000] }, { ...at(11.9, 7.9), tag: [112, 1112] }],
      score: 0.7,
    },
    { keypoints: [null, { ...at(4, 3.99), tag: [101, 1101] }], score: 0.2 },
  ]);
  assert.deepEqual(retagPeople([], tags, { stride: 4 }), []);
});

Deno.test("retagPeople takes the nearest pixel outside of the maps", () => {
  const [{ keypoints }] = retagPeople([{ keypoints: [at(-3, 90), at(50, -1)], score: 1 }], tags, {
    stride: 4,
  });
  assert.deepEqual(keypoints.map((keypoint) => keypoint?.tag[0]), [10, 102]);
});

Deno.test("retagPeople refuses maps of other axes or keypoints, and strides that are none", () => {
  const person = { keypoints: [at(0, 0)], score: 1 };
  for (const maps of [tags, hostArray([1, 2, 3])]) {
    assert.throws(() => retagPeople([person], maps, { stride: 4 }), {
      name: "ShapeError",
      message: /^retagPeople: maps must be \[D, K, h, w\] with the people's K keypoints\n/,
    });
  }
  for (const stride of [0, NaN, Infinity]) {
    assert.throws(() => retagPeople([], tags, { stride }), {
      name: "RangeError",
      message: `retagPeople: stride must be above 0, not ${stride}`,
    });
  }
});
