import assert from "node:assert/strict";
import {
  cssColor,
  divergingColor,
  heatColor,
  mixColors,
  personColor,
  type Rgb,
} from "../../display/color.ts";

/** sRGB channel 0..255 to linear light 0..1 (IEC 61966-2-1). */
function linear(channel: number): number {
  const c = channel / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}

/** CIELAB (D65) of linear light. */
function lab([r, g, b]: readonly number[]): number[] {
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : (t * 24389 / 27 + 16) / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** How linear light is seen: Machado, Oliveira and Fernandes 2009, severity 1. */
const VISION: Readonly<Record<string, readonly (readonly number[])[]>> = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [
    -0.003882,
    -0.048116,
    1.051998,
  ]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [
    -0.01182,
    0.04294,
    0.968881,
  ]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [
    0.004733,
    0.691367,
    0.3039,
  ]],
};

function seen(color: Rgb, vision: readonly (readonly number[])[]): number[] {
  const light = color.map(linear);
  return lab(vision.map((row) => row.reduce((sum, weight, i) => sum + weight * light[i], 0)));
}

/** Difference of two colours as seen, in CIELAB; 2.3 is just noticeable. */
function difference(a: Rgb, b: Rgb, vision: readonly (readonly number[])[]): number {
  const [p, q] = [seen(a, vision), seen(b, vision)];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

const lightness = (color: Rgb) => seen(color, VISION.usual)[0];

for (const [name, vision] of Object.entries(VISION)) {
  Deno.test(`personColor() of the first seven people can be told apart, ${name}`, () => {
    for (let i = 0; i < 7; i++) {
      for (let j = 0; j < i; j++) {
        const apart = difference(personColor(i), personColor(j), vision);
        assert.ok(apart > 12, `people ${j} and ${i} are only ${apart.toFixed(1)} apart`);
      }
    }
  });

  Deno.test(`divergingColor() has two ends that can be told apart, ${name}`, () => {
    assert.ok(difference(divergingColor(0.1), divergingColor(0.9), vision) > 40);
  });
}

Deno.test("personColor() differs for 21 people and then starts again", () => {
  const colors = Array.from({ length: 21 }, (_, i) => cssColor(personColor(i)));
  assert.equal(new Set(colors).size, 21);
  assert.deepEqual(personColor(21), personColor(0));
});

Deno.test("personColor() refuses what is no number of a person", () => {
  for (const index of [-1, 0.5, NaN]) {
    assert.throws(() => personColor(index), {
      name: "RangeError",
      message: `personColor: a person's number must be a whole number, 0 or more, not ${index}`,
    });
  }
});

Deno.test("heatColor() becomes lighter all the way", () => {
  for (let i = 1; i <= 100; i++) {
    assert.ok(lightness(heatColor(i / 100)) > lightness(heatColor((i - 1) / 100)), `at ${i / 100}`);
  }
});

Deno.test("heatColor() stays at its ends beyond them", () => {
  assert.deepEqual(heatColor(-1), heatColor(0));
  assert.deepEqual(heatColor(Infinity), heatColor(1));
});

Deno.test("divergingColor() is lightest in the middle and falls to both sides", () => {
  for (let i = 1; i <= 50; i++) {
    for (const side of [-1, 1]) {
      const [inner, outer] = [
        divergingColor(0.5 + side * (i - 1) / 100),
        divergingColor(0.5 + side * i / 100),
      ];
      assert.ok(lightness(outer) < lightness(inner), `at ${0.5 + side * i / 100}`);
    }
  }
});

Deno.test("heatColor() and divergingColor() refuse NaN", () => {
  assert.throws(() => heatColor(NaN), {
    name: "RangeError",
    message: "heatColor: there is no colour for NaN",
  });
  assert.throws(() => divergingColor(NaN), {
    name: "RangeError",
    message: "divergingColor: there is no colour for NaN",
  });
});

Deno.test("mixColors() goes straight from one colour to the other", () => {
  assert.deepEqual(mixColors([0, 100, 200], [200, 100, 0], 0.25), [50, 100, 150]);
});

Deno.test("cssColor() writes two digits per channel", () => {
  assert.equal(cssColor([0, 15.6, 255]), "#0010ff");
});
