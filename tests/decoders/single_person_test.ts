import assert from "node:assert/strict";
import { cropTransform, hostArray, invertAffine, personCrop, readPerson, refinePerson } from "ae";

const at = (x: number, y: number, score: number) => ({ x, y, score, tag: [] });

Deno.test("personCrop() is the square of side 1.3 times the box, which is at least 60 pixels", () => {
  const crop = (keypoints: Parameters<typeof personCrop>[0]["keypoints"]) =>
    personCrop({ keypoints, score: 0.5 });
  assert.deepEqual(crop([at(0, 0, 1), at(30, 100, 1)]), { centre: { x: 15, y: 50 }, side: 130 });
  assert.deepEqual(crop([at(10, 10, 1), null]), { centre: { x: 10, y: 10 }, side: 78 });
  // A keypoint of score 0 was not found; nobody without one that was.
  assert.deepEqual(crop([at(10, 10, 1), at(500, 500, 0)]), { centre: { x: 10, y: 10 }, side: 78 });
  assert.equal(crop([null, at(5, 5, 0)]), undefined);
});

Deno.test("readPerson() finds the keypoints of a crop in the photograph", () => {
  const [size, stride, side] = [64, 2, 160]; // a crop of 160 photograph pixels in 64 input pixels
  const crop = { centre: { x: 300, y: 200 }, side };
  const [a, b, c, d, e, f] = invertAffine(cropTransform(crop, size));
  const maps = hostArray([3, 32, 32]);
  maps.data[0 * 1024 + 10 * 32 + 20] = 0.8;
  maps.data[0 * 1024 + 10 * 32 + 21] = 0.4; // leans to the right
  maps.data[1 * 1024] = 0.3; // in the corner
  const found = readPerson(maps, { stride, inverse: [[a, b, c], [d, e, f]] });
  const [first, corner, none] = found.keypoints;
  const perPixel = side / 32;
  assert.ok(Math.abs(first!.x - (300 - side / 2 + 20.75 * perPixel)) < 1e-9);
  assert.ok(Math.abs(first!.y - (200 - side / 2 + 10.25 * perPixel)) < 1e-9);
  assert.equal(first!.score, Math.fround(0.8));
  assert.ok(Math.abs(corner!.x - (300 - side / 2 + 0.25 * perPixel)) < 1e-9);
  assert.equal(none, null);
  assert.ok(Math.abs(found.score - (0.8 + 0.3) / 3) < 1e-6);
});

Deno.test("refinePerson() takes what the second look is surer of, and what was missing", () => {
  const person = { keypoints: [at(0, 0, 0.9), at(50, 0, 0.2), null, null], score: 0.275 };
  const second = { keypoints: [at(3, 4, 0.16), at(52, 0, 0.15), at(9, 9, 0.01), null], score: 1 };
  assert.deepEqual(refinePerson(person, second), {
    keypoints: [second.keypoints[0], person.keypoints[1], second.keypoints[2], null],
    score: 0.275,
  });
});

Deno.test("refinePerson() asks both looks: halfway where they agree, else the surer one", () => {
  const person = {
    keypoints: [at(0, 0, 0.9), at(50, 0, 0.9), at(90, 0, 0.3), at(10, 0, 0.2), null],
    score: 0.5,
  };
  const second = {
    keypoints: [at(6, 8, 0.8), at(53, 4, 0.8), at(99, 90, 0.4), at(12, 0, 0.01), at(7, 7, 0.01)],
    score: 1,
  };
  const rules = { take: "both", threshold: 0.5, firstThreshold: 0.5 } as const;
  assert.deepEqual(refinePerson(person, second, rules), {
    keypoints: [
      at(0, 0, 0.9), // 10 pixels away, and less sure
      at(51.5, 2, 0.8), // 5 pixels away
      at(99, 90, 0.4), // far away, but surer
      at(11, 0, 0.01), // 2 pixels away
      at(7, 7, 0.01), // it was missing
    ],
    score: 0.25, // they agree on two of four
  });
});

Deno.test("refinePerson() measures each look's scores in its own threshold", () => {
  const one = { keypoints: [at(0, 0, 0.4)], score: 0.5 };
  const other = { keypoints: [at(40, 0, 0.8)], score: 0.5 };
  const taken = (options: { threshold?: number; firstThreshold?: number }) => {
    const rules = { take: "both", leastAgreement: 0, ...options } as const;
    return refinePerson(one, other, rules).keypoints[0];
  };
  // Twice as high: surer if its threshold is less than twice the first look's.
  assert.equal(taken({ threshold: 0.59, firstThreshold: 0.3 }), other.keypoints[0]);
  assert.equal(taken({ threshold: 0.61, firstThreshold: 0.3 }), one.keypoints[0]);
  // Equally sure looks that disagree: nothing speaks for a change.
  assert.equal(taken({ threshold: 0.5, firstThreshold: 0.25 }), one.keypoints[0]);
  // A threshold of 0 is reached by any score above 0, one of 0 for both by none.
  assert.equal(taken({ threshold: 0, firstThreshold: 0.3 }), other.keypoints[0]);
  assert.equal(taken({ threshold: 0.6, firstThreshold: 0 }), one.keypoints[0]);
  // The authors' are 0.15 and 0.1.
  assert.equal(taken({}), other.keypoints[0]);
  assert.equal(refinePerson(one, other, { leastAgreement: 0 }).keypoints[0], other.keypoints[0]);
});

Deno.test("refinePerson() leaves a person alone whom the second look does not recognise", () => {
  const five = [0, 1, 2, 3, 4].map((i) => at(100 * i, 0, 0.5));
  const person = { keypoints: five, score: 0.5 };
  // 10 pixels away is no agreement: less than a fifth agrees.
  const far = { keypoints: five.map(({ x, y }) => at(x + 10, y, 0.9)), score: 0.9 };
  assert.deepEqual(refinePerson(person, far), person);
  assert.deepEqual(refinePerson(person, far, { take: "both" }), { ...person, score: 0 });
  // One of five is a fifth.
  const one = { ...far, keypoints: far.keypoints.with(2, at(209, 0, 0.9)) };
  assert.deepEqual(refinePerson(person, one).keypoints, one.keypoints);
  assert.deepEqual(refinePerson(person, one, { leastAgreement: 0.3 }), person);
  assert.deepEqual(refinePerson(person, far, { agreementPixels: 11 }).keypoints, far.keypoints);
  assert.throws(() => refinePerson(person, { keypoints: [null], score: 0 }), /ShapeError: refineP/);
});
