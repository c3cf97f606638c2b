import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import { heatColor } from "../../display/color.ts";
import { drawHeatmaps, interpolate, paintHeatmaps } from "../../display/heatmaps.ts";
import { grey } from "./people.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const pixel = ({ width, data }: { width: number; data: Uint8Array }, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];
const near = (actual: readonly number[], expected: readonly number[]) =>
  actual.forEach((value, i) =>
    assert.ok(Math.abs(value - expected[i]) <= 1, `${actual} is not ${expected}`)
  );

Deno.test("paintHeatmaps() shows the largest value over the keypoints", () => {
  const picture = paintHeatmaps(hostArray([2, 1, 3], [0, 0.25, 1, 0.5, 0, 0.75]));
  assert.deepEqual([picture.width, picture.height], [3, 1]);
  near(pixel(picture, 0, 0), heatColor(0.5));
  near(pixel(picture, 1, 0), heatColor(0.25));
  near(pixel(picture, 2, 0), heatColor(1));
});

Deno.test("paintHeatmaps() shows the chosen keypoints only", () => {
  const heatmaps = hostArray([2, 1, 1], [0.25, 1]);
  near(pixel(paintHeatmaps(heatmaps, { keypoints: [0] }), 0, 0), heatColor(0.25));
});

Deno.test("paintHeatmaps() scales by max and stays at the ends beyond", () => {
  near(pixel(paintHeatmaps(hostArray([1, 1, 1], [2]), { max: 4 }), 0, 0), heatColor(0.5));
  near(pixel(paintHeatmaps(hostArray([1, 1, 1], [9])), 0, 0), heatColor(1));
  near(pixel(paintHeatmaps(hostArray([1, 1, 1], [-3])), 0, 0), heatColor(0));
});

Deno.test("paintHeatmaps() glows over the photo: at 0 the photo, dim and grey, from 1/2 on the colour", () => {
  const picture = paintHeatmaps(hostArray([1, 1, 2], [0, 1]), { image: grey(4, 2, 200) });
  assert.deepEqual([picture.width, picture.height], [4, 2]);
  assert.deepEqual(pixel(picture, 0, 0), [110, 110, 110]); // 55 % of 200
  near(pixel(picture, 2, 0), heatColor(1)); // image x 2 reads map x 1
  near(pixel(picture, 1, 1), heatColor(0.5)); // image x 1 reads map x 1/2
});

Deno.test("interpolate() is the value at whole numbers, straight between, and constant beyond", () => {
  const plane = { width: 2, height: 2, values: Float32Array.of(0, 1, 10, 31) };
  const cases = [[0, 0, 0], [1, 0, 1], [0, 1, 10], [1, 1, 31], [0.5, 0, 0.5], [0.5, 0.5, 10.5], [
    -3,
    -1,
    0,
  ], [9, 9, 31]];
  for (const [x, y, value] of cases) assert.equal(interpolate(plane, x, y), value, `at ${x}, ${y}`);
});

Deno.test("paintHeatmaps() and drawHeatmaps() say where a heatmap is no number", () => {
  const data = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NaN, 0];
  for (
    const [name, show] of Object.entries({
      paintHeatmaps,
      drawHeatmaps: (h: Parameters<typeof paintHeatmaps>[0]) => drawHeatmaps(h, ["a", "b"]),
    })
  ) {
    assert.throws(() => show(hostArray([2, 2, 3], data)), {
      name: "RangeError",
      message: `${name}: heatmaps holds NaN at K 1, H 1, W 1`,
    });
    assert.throws(() => show(hostArray([1, 1, 1], [Infinity])), {
      name: "RangeError",
      message: `${name}: heatmaps holds Infinity at K 0, H 0, W 0`,
    });
  }
});

Deno.test("paintHeatmaps() refuses what are no heatmaps", () => {
  const fails = (
    name: string,
    message: string | RegExp,
    ...args: Parameters<typeof paintHeatmaps>
  ) => assert.throws(() => paintHeatmaps(...args), { name, message });
  const one = hostArray([1, 1, 1]);
  fails(
    "ShapeError",
    /^paintHeatmaps: heatmaps must be K H W with no empty axis\n {2}heatmaps {2}\[2, 3\]/,
    hostArray([2, 3]),
  );
  fails("ShapeError", /no empty axis/, hostArray([17, 0, 4]));
  fails("RangeError", "paintHeatmaps: heatmaps of shape [1,1,2] must hold 2 numbers, not 1", {
    ...one,
    shape: [1, 1, 2],
  });
  fails("RangeError", "paintHeatmaps: max must be above 0, not 0", one, { max: 0 });
  fails("RangeError", "paintHeatmaps: no keypoint was chosen", one, { keypoints: [] });
  fails("RangeError", "paintHeatmaps: there is no keypoint 1; heatmaps has 1, from 0 to 0", one, {
    keypoints: [1],
  });
  fails("RangeError", /a picture of 2 x 1 pixels/, one, { image: { ...grey(1, 1), width: 2 } });
});

Deno.test("drawHeatmaps() looks as its snapshot", () => {
  const heatmaps = hostArray([3, 1, 2], [0, 1, 0.25, 0, -1, -2]);
  assertSnapshot(
    "heatmaps.svg",
    drawHeatmaps(heatmaps, ["head", "left_hand", "right_hand"], { columns: 2 }).toString(),
  );
});

Deno.test("drawHeatmaps() shows the chosen keypoints in the given order", () => {
  const svg = drawHeatmaps(hostArray([3, 1, 1]), ["a", "b", "c"], { keypoints: [2, 0] }).toString();
  assert.deepEqual([...svg.matchAll(/>([abc]) 0\.00</g)].map(([, name]) => name), ["c", "a"]);
});

Deno.test("drawHeatmaps() escapes names and wants one for each keypoint", () => {
  assertWellFormed(drawHeatmaps(hostArray([1, 1, 1]), ["<script>"]).toString().trim());
  assert.throws(() => drawHeatmaps(hostArray([2, 1, 1]), ["a"]), {
    name: "RangeError",
    message: "drawHeatmaps: 2 heatmaps but 1 names",
  });
  assert.throws(() => drawHeatmaps(hostArray([1, 1]), ["a"]), {
    name: "ShapeError",
    message: /^drawHeatmaps: heatmaps must be K H W/,
  });
  assert.throws(() => drawHeatmaps(hostArray([1, 1, 1]), ["a"], { columns: 0 }), {
    name: "RangeError",
    message: "drawPanels: columns must be a whole number above 0, not 0",
  });
});
