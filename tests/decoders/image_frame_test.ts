import assert from "node:assert/strict";
import { toImagePixels } from "../../decoders/mod.ts";

const nose = { x: 10.25, y: 20.75, score: 0.9, tag: [3] };

Deno.test("toImagePixels() multiplies by the stride and maps through the matrix", () => {
  const frame = { stride: 2, inverse: [[0.5, -1, 7], [2, 0.25, -3]] as const };
  const person = toImagePixels({ keypoints: [nose, null], score: 0.45 }, frame);
  assert.deepEqual(person, {
    keypoints: [{ x: 0.5 * 20.5 - 41.5 + 7, y: 41 + 0.25 * 41.5 - 3, score: 0.9, tag: [3] }, null],
    score: 0.45,
  });
});

Deno.test("toImagePixels() has stride 4 and the network's input as image by default", () => {
  const person = toImagePixels({ keypoints: [nose], score: 0.9 }, {});
  assert.deepEqual(person.keypoints, [{ ...nose, x: 41, y: 83 }]);
});

Deno.test("toImagePixels() refuses a stride or a matrix that is none", () => {
  const person = { keypoints: [nose], score: 0.9 };
  for (const stride of [0, -4, NaN, Infinity]) {
    assert.throws(() => toImagePixels(person, { stride }), {
      name: "RangeError",
      message: `toImagePixels: stride must be above 0, not ${stride}`,
    });
  }
  const bad = [[[1, 0, 0]], [[1, 0], [0, 1]], [[1, 0, NaN], [0, 1, 0]], [[1, 0, 0], [0, 1, 0], [
    0,
    0,
    1,
  ]]];
  for (const inverse of bad) {
    // deno-lint-ignore no-explicit-any -- what a caller without types could pass
    assert.throws(() => toImagePixels(person, { inverse: inverse as any }), {
      name: "RangeError",
      message: /^toImagePixels: inverse must be two rows of three finite numbers, not \[\[1/,
    });
  }
});
