import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import { decodePng } from "../../image/png.ts";
import { heatColor } from "../../display/color.ts";
import { drawSurface, type SurfaceOptions } from "../../display/surface.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const bowl = hostArray([2, 2], [0, 1, 2, 3]);
const axes = { x: [-1, 1], y: [-1, 1] } as const;

Deno.test("drawSurface() looks as its snapshot", () => {
  const svg = drawSurface(bowl, {
    ...axes,
    xLabel: "tag of Ann",
    yLabel: "tag of Bob",
    paths: [{ name: "downhill", points: [{ x: 0.5, y: 0.5 }, { x: -0.5, y: -0.5 }] }],
    title: "loss",
    width: 300,
  });
  assertSnapshot("surface.svg", svg.toString());
});

Deno.test("drawSurface() has row 0 at the bottom, black for the least and pale for the largest value", async () => {
  const [, base64] = drawSurface(bowl, axes).toString().match(/base64,([^"]*)"/)!;
  const { data } = await decodePng(Uint8Array.fromBase64(base64));
  const expected = [2, 3, 0, 1].flatMap((value) => [...heatColor(value / 3)]);
  data.forEach((channel, i) =>
    assert.ok(Math.abs(channel - expected[i]) <= 1, `${[...data]} is not ${expected}`)
  );
});

Deno.test("drawSurface() of a constant and of a path with one point has something to show", () => {
  const svg = drawSurface(hostArray([1, 1], [4]), {
    ...axes,
    paths: [{ name: "<here>", points: [{ x: 0, y: 0 }] }],
  });
  assertWellFormed(svg.toString().trim());
});

Deno.test("drawSurface() refuses other axes and what is not finite", () => {
  const fails = (
    name: string,
    message: RegExp,
    values = bowl,
    options: Partial<SurfaceOptions> = {},
  ) => assert.throws(() => drawSurface(values, { ...axes, ...options }), { name, message });
  fails("ShapeError", /^drawSurface: values must be H W and not empty/, hostArray([1, 2, 2]));
  fails("ShapeError", /^drawSurface: values must be H W and not empty/, hostArray([0, 2]));
  fails("RangeError", /^drawSurface: value 1 is NaN$/, hostArray([1, 2], [0, NaN]));
  fails("RangeError", /^drawSurface: x must rise .* not from 1 to 1$/, bowl, { x: [1, 1] });
  fails("RangeError", /^drawSurface: y must rise .* not from 0 to Infinity$/, bowl, {
    y: [0, Infinity],
  });
  fails("RangeError", /^drawSurface: path "a" has no point$/, bowl, {
    paths: [{ name: "a", points: [] }],
  });
  fails("RangeError", /^drawSurface: point 0 of path "a" is at \(NaN, 0\)$/, bowl, {
    paths: [{ name: "a", points: [{ x: NaN, y: 0 }] }],
  });
  fails("RangeError", /^drawSurface: width must be 200 or more, not 10$/, bowl, { width: 10 });
});
