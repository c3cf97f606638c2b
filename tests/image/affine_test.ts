import assert from "node:assert/strict";
import {
  type Affine,
  applyAffine,
  cropAround,
  cropTransform,
  invertAffine,
  wholeImage,
} from "../../image/affine.ts";
import { assertClose } from "../close.ts";

/** The authors' way: scale and move, then turn about the middle of the result, one step after the other. */
function stepByStep(
  { x, y }: { x: number; y: number },
  centre: { x: number; y: number },
  side: number,
  degrees: number,
  [width, height]: [number, number],
): number[] {
  const u = (x - centre.x) * width / side;
  const v = (y - centre.y) * height / side;
  const angle = -degrees * Math.PI / 180;
  return [
    u * Math.cos(angle) - v * Math.sin(angle) + width / 2,
    u * Math.sin(angle) + v * Math.cos(angle) + height / 2,
  ];
}

Deno.test("cropTransform() maps points as scaling, moving and turning one after the other", () => {
  const centre = { x: 31, y: -7 };
  for (const degrees of [0, 30, -90, 200]) {
    const matrix = cropTransform({ centre, side: 80, rotationDegrees: degrees }, 20, 40);
    for (const point of [{ x: 0, y: 0 }, { x: 13, y: 57 }, centre]) {
      const { x, y } = applyAffine(matrix, point);
      assertClose([x, y], stepByStep(point, centre, 80, degrees, [20, 40]), { tolerance: 1e-12 });
    }
  }
});

Deno.test("cropTransform() has the published matrices", () => {
  const centre = { x: 320, y: 240 };
  const upright = cropTransform({ centre, side: 640 }, 512);
  assert.deepEqual(upright, [0.8, 0, 0, 0, 0.8, 64]);
  const turned = cropTransform({ centre, side: 800, rotationDegrees: 30 }, 128);
  const expected = [0.13856406, 0.08, 0.45949933, -0.08, 0.13856406, 56.34462449];
  assertClose(turned, expected, { tolerance: 1e-8 });
});

Deno.test("cropTransform() leaves a square picture of the result's size where it is", () => {
  assert.deepEqual(cropTransform(wholeImage(64, 64), 64), [1, 0, 0, 0, 1, 0]);
});

Deno.test("cropTransform() refuses sizes that are not above 0 and places that are not finite", () => {
  const centre = { x: 0, y: 0 };
  const message = {
    name: "RangeError",
    message: /^cropTransform: the side must be above 0, not 0$/,
  };
  assert.throws(() => cropTransform({ centre, side: 0 }, 8), message);
  assert.throws(() => cropTransform({ centre, side: NaN }, 8), RangeError);
  assert.throws(() => cropTransform({ centre, side: 8 }, -1), RangeError);
  assert.throws(() => cropTransform({ centre, side: 8 }, 8, Infinity), RangeError);
  assert.throws(() => cropTransform({ centre: { x: NaN, y: 0 }, side: 8 }, 8), RangeError);
  assert.throws(() => cropTransform({ centre, side: 8, rotationDegrees: NaN }, 8), RangeError);
});

Deno.test("invertAffine() undoes a map", () => {
  const matrix: Affine = [1.5, -0.25, 30, 0.75, 2, -8];
  const back = invertAffine(matrix);
  for (const point of [{ x: 0, y: 0 }, { x: 100, y: 3 }, { x: -4.5, y: 17 }]) {
    const { x, y } = applyAffine(back, applyAffine(matrix, point));
    assertClose([x, y], [point.x, point.y], { tolerance: 1e-12 });
  }
});

Deno.test("invertAffine() refuses a map onto a line and one with NaN", () => {
  assert.throws(() => invertAffine([1, 2, 0, 2, 4, 0]), {
    name: "RangeError",
    message: "invertAffine: [1, 2, 0, 2, 4, 0] has determinant 0: no inverse",
  });
  assert.throws(() => invertAffine([1, 0, NaN, 0, 1, 0]), RangeError);
});

Deno.test("cropAround() is centred on the points' box and larger than it by the margin", () => {
  const points = [{ x: 10, y: 0 }, { x: 50, y: 20 }, { x: 30, y: 200 }];
  assert.deepEqual(cropAround(points), { centre: { x: 30, y: 100 }, side: 1.3 * 200 });
  assert.deepEqual(cropAround(points, { margin: 2, leastSide: 300 }).side, 600);
  assert.deepEqual(cropAround([{ x: 5, y: 7 }]), { centre: { x: 5, y: 7 }, side: 1.3 * 60 });
  assert.throws(() => cropAround([]), /there are no points/);
  assert.throws(() => cropAround([{ x: NaN, y: 0 }]), /a point's x is not a finite number/);
  assert.throws(() => cropAround(points, { margin: 0 }), /margin must be above 0, not 0/);
});
