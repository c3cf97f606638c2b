import assert from "node:assert/strict";
import { type Affine, applyAffine, cropTransform, invertAffine } from "../../image/affine.ts";
import { rgbImage } from "../../image/rgb_image.ts";
import { warpImage, warpMask, warpToPlanes } from "../../image/warp.ts";
import { Random } from "../../data/random.ts";
import { assertClose } from "../close.ts";

function noise(width: number, height: number, seed: number) {
  const random = new Random(seed);
  return rgbImage(
    width,
    height,
    new Uint8Array(width * height * 3).map(() => random.integer(256)),
  );
}

/** The definition: a weighted mean of all source pixels and a border that goes on for ever. */
function definition(
  source: (x: number, y: number) => number,
  matrix: Affine,
  [width, height]: [number, number],
): number[] {
  const back = invertAffine(matrix);
  const result: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = applyAffine(back, { x, y });
      let sum = 0;
      for (let j = Math.floor(at.y) - 1; j <= Math.floor(at.y) + 2; j++) {
        for (let i = Math.floor(at.x) - 1; i <= Math.floor(at.x) + 2; i++) {
          const weight = Math.max(0, 1 - Math.abs(at.x - i)) * Math.max(0, 1 - Math.abs(at.y - j));
          sum += weight * source(i, j);
        }
      }
      result.push(sum);
    }
  }
  return result;
}

const turned = cropTransform({ centre: { x: 4, y: 3 }, side: 9, rotationDegrees: 25 }, 11);

Deno.test("warpToPlanes() equals its definition in plain loops, border included", () => {
  const image = noise(9, 7, 1);
  const size: [number, number] = [11, 8];
  for (const matrix of [turned, [1, 0, 0.5, 0, 1, -0.25], [2, 0, -3, 0, 2, 1]] as Affine[]) {
    for (const border of [0, 100]) {
      const planes = warpToPlanes(image, matrix, { width: 11, height: 8, border });
      assert.deepEqual(planes.shape, [3, 8, 11]);
      for (let c = 0; c < 3; c++) {
        const pixel = (x: number, y: number) =>
          x >= 0 && x < 9 && y >= 0 && y < 7 ? image.data[(y * 9 + x) * 3 + c] : border;
        const expected = definition(pixel, matrix, size).map((level) => level / 255);
        assertClose(planes.data.subarray(c * 88, (c + 1) * 88), expected, { tolerance: 1e-6 });
      }
    }
  }
});

Deno.test("warpToPlanes() only converts when nothing moves", () => {
  const image = noise(5, 4, 2);
  const direct = warpToPlanes(image, [1, 0, 0, 0, 1, 0], { width: 5, height: 4 });
  const bent = warpToPlanes(image, [1, 0, 0, 0, 1, 1e-12], { width: 5, height: 4 });
  assertClose(direct.data, bent.data, { tolerance: 1e-6 });
});

Deno.test("warpToPlanes() writes into the array it is given", () => {
  const image = noise(4, 4, 3);
  const batch = new Float32Array(2 * 48).fill(7);
  const options = { width: 4, height: 4 };
  const { data } = warpToPlanes(image, turned, options, batch.subarray(48));
  assert.deepEqual(data, warpToPlanes(image, turned, options).data);
  assert.deepEqual(batch.subarray(48), data);
  assert.ok(batch.subarray(0, 48).every((value) => value === 7));
});

Deno.test("warpImage() rounds to the nearest byte", () => {
  const image = noise(9, 7, 4);
  const options = { width: 11, height: 8 };
  const { data } = warpImage(image, turned, options);
  const planes = warpToPlanes(image, turned, options).data;
  data.forEach((level, i) => {
    assert.ok(Math.abs(level - planes[(i % 3) * 88 + Math.floor(i / 3)] * 255) <= 0.5001);
  });
});

Deno.test("warpMask() is 1 where more than half of the mixed value is inside", () => {
  const random = new Random(5);
  const mask = { width: 9, height: 7, data: new Uint8Array(63).map(() => random.integer(2)) };
  const pixel = (x: number, y: number) =>
    x >= 0 && x < 9 && y >= 0 && y < 7 ? mask.data[y * 9 + x] : 0;
  const expected = definition(pixel, turned, [11, 8]).map((value) => value > 0.5 ? 1 : 0);
  assert.deepEqual([...warpMask(mask, turned, { width: 11, height: 8 }).data], expected);
});

Deno.test("warpImage(), warpToPlanes() and warpMask() refuse what they cannot do", () => {
  const image = noise(2, 2, 6);
  const size = { width: 2, height: 2 };
  const identity: Affine = [1, 0, 0, 0, 1, 0];
  assert.throws(() => warpImage(image, identity, { width: 0, height: 2 }), {
    name: "RangeError",
    message: "warpImage: sizes must be whole numbers, 1 or more, not 0",
  });
  assert.throws(() => warpToPlanes(image, identity, { ...size, border: NaN }), RangeError);
  assert.throws(() => warpImage(image, [0, 0, 0, 0, 0, 0], size), RangeError);
  assert.throws(() => warpMask({ ...size, data: new Uint8Array(5) }, identity, size), {
    name: "ShapeError",
    message: /^warpMask: the bytes do not fill the picture\n/,
  });
  assert.throws(() => warpToPlanes(image, identity, size, new Float32Array(11)), {
    name: "ShapeError",
    message: /^warpToPlanes: the array to write into has the wrong length\n/,
  });
});
