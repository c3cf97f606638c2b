import assert from "node:assert/strict";
import { applyAffine, cropTransform, wholeImage } from "ae";
import { fitting, inputSizes, SCALE_RULES, scaleRule, SINGLE_SCALE } from "../../cli/scales.ts";

const photo = { width: 640, height: 427 };
const AUTHORS = { usual: 512, multiple: 64 };
const sides = (sizes: readonly { width: number; height: number }[]) =>
  sizes.map(({ width, height }) => [width, height]);

Deno.test("inputSizes() has the authors' sizes, whatever the photograph", () => {
  for (const picture of [photo, { width: 100, height: 3000 }]) {
    assert.deepEqual(sides(inputSizes(SCALE_RULES.official, picture, AUTHORS)), [
      [1024, 1024],
      [512, 512],
      [256, 256],
    ]);
    assert.deepEqual(sides(inputSizes(SINGLE_SCALE, picture, AUTHORS)), [[512, 512]]);
  }
});

Deno.test("inputSizes() has the demo's sizes: multiples of the larger of 512 and the photograph", () => {
  const sizes = inputSizes(SCALE_RULES.demo9, photo, { usual: 512, multiple: 4 });
  // int((i * 640 + 3) // 4 * 4) for its nine scales
  assert.deepEqual(sizes.map(({ width }) => width), [
    1280,
    1152,
    960,
    832,
    768,
    640,
    448,
    320,
    160,
  ]);
});

Deno.test("inputSizes() has HigherHRNet's sizes: the shorter side, rounded at the smallest scale", () => {
  // short: 0.5 * 512 = 256; long: ceil64(256 * 640 / 427 = 383.7) = 384; then times 4, 2 and 1.
  assert.deepEqual(sides(inputSizes(SCALE_RULES["higher-hrnet"], photo, AUTHORS)), [
    [1536, 1024],
    [768, 512],
    [384, 256],
  ]);
  // Alone: ceil64(512 * 640 / 427 = 767.4) = 768.
  assert.deepEqual(sides(inputSizes(SCALE_RULES["higher-hrnet-1"], photo, AUTHORS)), [[768, 512]]);
  const upright = { width: 427, height: 640 };
  assert.deepEqual(sides(inputSizes(SCALE_RULES["higher-hrnet"], upright, AUTHORS))[1], [512, 768]);
});

Deno.test("fitting() is the crop of the whole picture where the longer side fills the input", () => {
  const input = { width: 512, height: 512 };
  const expected = cropTransform(wholeImage(640, 427), 512);
  fitting(SINGLE_SCALE, photo, input).forEach((value, i) =>
    assert.ok(Math.abs(value - expected[i]) < 1e-9)
  );
});

Deno.test("fitting() puts the middle in the middle where the shorter side fills the input", () => {
  const input = { width: 768, height: 512 };
  const matrix = fitting(SCALE_RULES["higher-hrnet"], photo, input);
  assert.deepEqual(applyAffine(matrix, { x: 320, y: 213.5 }), { x: 384, y: 256 });
  assert.ok(Math.abs(applyAffine(matrix, { x: 0, y: 0 }).y) < 1e-9);
  assert.ok(applyAffine(matrix, { x: 0, y: 0 }).x > 0); // a margin
});

Deno.test("scaleRule() reads names and lists, largest first, and refuses everything else", () => {
  assert.equal(scaleRule(undefined), SINGLE_SCALE);
  assert.equal(scaleRule("demo9"), SCALE_RULES.demo9);
  assert.deepEqual(scaleRule("0.5,1,2").scales, [2, 1, 0.5]);
  for (const text of ["offical", "", "1,,2", "0,1", "1,1", "9,1", "1;2"]) {
    assert.throws(
      () => scaleRule(text),
      /^InputError: --scales must be official, demo9, higher-hr/,
    );
  }
  assert.throws(() => scaleRule("2,0.5"), /^InputError: --scales 2,0.5: none is within 0.5 of 1/);
});
