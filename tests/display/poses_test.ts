import assert from "node:assert/strict";
import { mixColors, personColor } from "../../display/color.ts";
import { drawPoses, paintPoses } from "../../display/poses.ts";
import { COCO } from "../../pose/skeleton.ts";
import { annotated, decoded, grey, STICK } from "./people.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const frame = { width: 16, height: 16 };
const count = (text: string, tag: string) => text.match(new RegExp(`<${tag} `, "g"))?.length ?? 0;
const pixel = ({ width, data }: { width: number; data: Uint8Array }, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

Deno.test("drawPoses() looks as its snapshot: photo, annotated and decoded people", () => {
  const people = [
    annotated([8, 2, 2], [12, 6, 1], [4, 6, 2]),
    decoded([8, 8], [12, 14], [4, 14]),
    decoded([2, 2], null, [1, 5]),
  ];
  const svg = drawPoses(grey(16, 16), people, STICK, { width: 160, title: "three people" });
  assertSnapshot("poses.svg", svg.toString());
});

Deno.test("drawPoses() draws all of COCO's limbs and keypoints", () => {
  const person = decoded(...COCO.keypoints.map((_, k) => [k, k % 5] as const));
  const text = drawPoses(null, [person], COCO, { frame }).toString();
  assert.equal(count(text, "circle"), 17);
  assert.equal(count(text, "line"), 2 * 19); // each limb and its casing
  assertWellFormed(text.trim());
});

Deno.test("drawPoses() leaves out what is missing, with its limbs", () => {
  const two = drawPoses(null, [decoded([1, 1], null, [9, 9])], STICK, { frame }).toString();
  assert.deepEqual([count(two, "circle"), count(two, "line")], [2, 2]);
  // Where nothing is annotated, x and y mean nothing, not even NaN.
  const one = drawPoses(null, [annotated([NaN, NaN, 0], [5, 5, 2], [0, 0, 0])], STICK, { frame })
    .toString();
  assert.deepEqual([count(one, "circle"), count(one, "line")], [1, 0]);
});

Deno.test("drawPoses() draws occluded keypoints hollow", () => {
  const text = drawPoses(null, [annotated([5, 5, 1], [0, 0, 0], [0, 0, 0])], STICK, { frame })
    .toString();
  assert.match(text, /fill="none"[^>]*><title>head \(occluded\)/);
});

Deno.test("drawPoses() of nobody is the photo alone", () => {
  const text = drawPoses(grey(4, 2), [], STICK, { width: 40 }).toString();
  assert.match(text, /width="40" height="20" viewBox="-0\.5 -0\.5 4 2"/);
  assert.match(text, /<title>0 people<\/title>/);
  assert.equal(count(text, "line") + count(text, "circle"), 0);
});

Deno.test("drawPoses() gives each person the wanted colour, or grey", () => {
  const people = [decoded([1, 1], null, null), decoded([5, 5], null, null)];
  const text = drawPoses(null, people, STICK, { frame, colors: [null, 1] }).toString();
  assert.match(text, /cx="1" cy="1" [^>]*fill="#bebebe"/);
  assert.match(text, /cx="5" cy="5" [^>]*fill="#0072b2"/);
});

Deno.test("drawPoses() draws sides apart: left lighter, right darker", () => {
  const text = drawPoses(null, [decoded([8, 2], [12, 9], [4, 9])], STICK, { frame, colors: [1] })
    .toString();
  const stroke = (end: string) =>
    text.match(new RegExp(`${end} stroke="#([0-9a-f]{6})" stroke-width="0\\.16"`))?.[1] ?? "";
  const brightness = (hex: string) =>
    [0, 2, 4].reduce((sum, i) => sum + parseInt(hex.slice(i, i + 2), 16), 0);
  const [left, right, across] = [
    stroke('x1="8" y1="2" x2="12" y2="9"'),
    stroke('x1="8" y1="2" x2="4" y2="9"'),
    stroke('x1="12" y1="9" x2="4" y2="9"'),
  ].map(brightness);
  assert.ok(left > across && across > right, `${left} ${across} ${right}`);
});

Deno.test("drawPoses() draws small people with thinner lines", () => {
  const width = (size: number) => {
    const person = decoded([0, 0], [0, size], null);
    const text = drawPoses(null, [person], STICK, { frame: { width: 700, height: 700 } })
      .toString();
    return Number(text.match(/<line [^>]*stroke="#[^"]*" stroke-width="([^"]*)"/)?.[1]);
  };
  assert.ok(width(10) < width(600));
});

Deno.test("drawPoses() escapes names of keypoints and the title", () => {
  const hostile = { ...STICK, keypoints: ["<b>", "left_\"x'", "&"] };
  const text = drawPoses(null, [decoded([1, 1], [2, 2], [3, 3])], hostile, {
    frame,
    title: "</svg>",
  });
  assertWellFormed(text.toString().trim());
});

Deno.test("drawPoses() and paintPoses() refuse what is no person of this skeleton", () => {
  const image = grey(16, 16);
  for (const [name, draw] of Object.entries({ drawPoses, paintPoses })) {
    const fails = (message: string, people: Parameters<typeof drawPoses>[1], options = {}) =>
      assert.throws(() => draw(image, people, STICK, options), {
        name: "RangeError",
        message: `${name}: ${message}`,
      });
    fails('person 1 has 2 keypoints, the skeleton "stick" has 3', [
      decoded(null, null, null),
      decoded(null, null),
    ]);
    fails("left_hand of person 0 is at (1, NaN), which is no place", [
      decoded(null, [1, NaN], null),
    ]);
    fails("1 people but 2 colours", [decoded(null, null, null)], { colors: [0, 1] });
    fails("lineWidth must be above 0, not 0", [], { lineWidth: 0 });
  }
});

Deno.test("drawPoses() and paintPoses() refuse a picture that is not whole", () => {
  for (const [name, draw] of Object.entries({ drawPoses, paintPoses })) {
    assert.throws(() => draw({ ...grey(2, 2), width: 3 }, [], STICK), {
      name: "RangeError",
      message: `${name}: a picture of 3 x 2 pixels holds 18 bytes, not 12`,
    });
  }
});

Deno.test("drawPoses() asks for the frame where there is no image", () => {
  assert.throws(() => drawPoses(null, [], STICK), {
    name: "RangeError",
    message:
      /^drawPoses: without an image the frame's size is unknown\n {2}help: give options\.frame/,
  });
});

Deno.test("paintPoses() paints a new picture and leaves the photo alone", () => {
  const image = grey(16, 16);
  const painted = paintPoses(image, [decoded([8, 8], [8, 12], [4, 12])], STICK);
  assert.deepEqual(image, grey(16, 16));
  assert.notDeepEqual(painted, image);
});

Deno.test("paintPoses() of nobody is the photo", () => {
  assert.deepEqual(paintPoses(grey(5, 4), [], STICK), grey(5, 4));
});

Deno.test("paintPoses() covers a line's pixels by how much of each lies under it", () => {
  // A level limb at y = 8, 4 wide, its casing 6.8 wide; the person is large enough for the full width.
  const person = decoded(null, [-70, 8], [80, 8]);
  const painted = paintPoses(grey(16, 16, 100), [person], STICK, { lineWidth: 4, colors: [0] });
  const limb = personColor(0); // between left and right: the plain colour
  assert.deepEqual(pixel(painted, 8, 8), limb.map(Math.round));
  assert.deepEqual(pixel(painted, 8, 9), limb.map(Math.round));
  assert.deepEqual(pixel(painted, 8, 12), [100, 100, 100]);
  // The limb reaches 2 from its middle: half of pixel 10 is limb over casing.
  const casing = mixColors([100, 100, 100], [20, 20, 20], 0.6);
  assert.deepEqual(pixel(painted, 8, 10), mixColors(casing, limb, 0.5).map(Math.round));
});

Deno.test("paintPoses() cuts off what lies outside of the picture", () => {
  const painted = paintPoses(grey(4, 4), [decoded([-1e6, -5], [1e6, 5], [50, 50])], STICK);
  assert.equal(painted.data.length, 48);
});

Deno.test("paintPoses() paints occluded keypoints otherwise than visible ones", () => {
  const dot = (visibility: 1 | 2) =>
    paintPoses(grey(9, 9), [annotated([4, 4, visibility], [0, 0, 0], [0, 0, 0])], STICK, {
      lineWidth: 3,
    });
  assert.notDeepEqual(dot(1), dot(2));
});
