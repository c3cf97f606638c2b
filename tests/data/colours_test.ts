import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import { changeColours, type ColourChange } from "../../data/colours.ts";
import { Random } from "../../data/random.ts";
import { assertClose } from "../close.ts";

const same: ColourChange = {
  hueDegrees: 0,
  saturation: 1,
  brightness: 0,
  contrast: 1,
  contrastAround: "image",
};

/** One pixel's colour after a change. */
function changed(colour: number[], change: Partial<ColourChange>): Float32Array {
  return changeColours(hostArray([3, 1, 1], colour), { ...same, ...change }).data;
}

/** HSV to RGB in the form f(n) = V - V S max(0, min(k, 4 - k, 1)), k = (n + H / 60) mod 6. */
function rgb([hue, saturation, value]: number[]): number[] {
  return [5, 3, 1].map((n) => {
    const k = (n + hue / 60) % 6;
    return value - value * saturation * Math.max(0, Math.min(k, 4 - k, 1));
  });
}

Deno.test("changeColours() changes nothing when asked for nothing", () => {
  const random = new Random(1);
  const data = new Float32Array(3 * 20).map(() => random.next());
  for (const contrastAround of ["image", "pixel"] as const) {
    const result = changeColours(hostArray([3, 4, 5], data.slice()), { ...same, contrastAround });
    assertClose(result.data, data, { tolerance: 1e-6 });
  }
});

Deno.test("changeColours() turns the hue and scales the saturation in every part of the circle", () => {
  const random = new Random(2);
  for (let trial = 0; trial < 200; trial++) {
    const [hue, s, v] = [random.uniform(0, 360), random.uniform(0.05, 1), random.uniform(0.1, 1)];
    const hueDegrees = random.uniform(-72, 72);
    const saturation = random.uniform(0.5, 1.5);
    const turned = (hue + hueDegrees + 360) % 360;
    const expected = rgb([turned, Math.min(1, s * saturation), v]);
    assertClose(changed(rgb([hue, s, v]), { hueDegrees, saturation }), expected, {
      tolerance: 1e-5,
    });
  }
});

Deno.test("changeColours() leaves grey grey", () => {
  assertClose(changed([0.4, 0.4, 0.4], { hueDegrees: 50, saturation: 1.5 }), [0.4, 0.4, 0.4]);
  assertClose(changed([0, 0, 0], { hueDegrees: -10, saturation: 0.5 }), [0, 0, 0]);
});

Deno.test("changeColours() adds brightness and cuts off only at the end", () => {
  assertClose(changed([0.9, 0.5, 0.1], { brightness: 0.3 }), [1, 0.8, 0.4]);
  // 1.2 is brought back by the contrast before anything is cut off.
  const { data } = changeColours(hostArray([3, 1, 2], [0.9, 0.1, 0.9, 0.1, 0.9, 0.1]), {
    ...same,
    brightness: 0.3,
    contrast: 0.5,
  });
  assertClose(data, [1, 0.6, 1, 0.6, 1, 0.6]);
});

Deno.test("changeColours() moves away from the picture's mean, or from each pixel's", () => {
  const colours = [0.2, 0.6, 0.3, 0.6, 0.1, 0.6]; // (0.2, 0.3, 0.1) and grey 0.6
  const around = (contrastAround: "image" | "pixel") =>
    changeColours(hostArray([3, 1, 2], colours), { ...same, contrast: 1.5, contrastAround }).data;
  assertClose(around("image"), colours.map((value) => Math.max(0, (value - 0.4) * 1.5 + 0.4)));
  assertClose(around("pixel"), [0.2, 0.6, 0.35, 0.6, 0.05, 0.6]);
});

Deno.test("changeColours() refuses what has no three planes", () => {
  assert.throws(() => changeColours(hostArray([1, 2, 2]), same), {
    name: "ShapeError",
    message: /^changeColours: the picture needs red, green and blue planes\n/,
  });
});
