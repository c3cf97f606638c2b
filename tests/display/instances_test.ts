import assert from "node:assert/strict";
import { cssColor, divergingColor, mixColors, personColor } from "../../display/color.ts";
import { drawInstances, paintInstances } from "../../display/instances.ts";
import { Random } from "../../data/random.ts";
import type { AnnotatedInstance, DecodedInstance } from "../../instance/instance.ts";
import type { Mask } from "../../image/mask.ts";
import { fillPolygons } from "../../image/polygon.ts";
import { grey } from "./people.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

const [W, H] = [16, 12];

/** A mask from rows of text, `#` inside. */
function drawn(...rows: string[]): Mask {
  const data = Uint8Array.from(rows.join(""), (sign) => sign === "#" ? 1 : 0);
  return { width: rows[0].length, height: rows.length, data };
}

const found = (mask: Mask, tag: number): DecodedInstance => ({
  classIndex: 0,
  mask,
  score: 0.75,
  tag: [tag],
});
const annotated = (mask: Mask, crowd = false): AnnotatedInstance => {
  return { classIndex: 0, mask, box: [0, 0, 1, 1], area: 1, crowd };
};
const circle = (x: number, y: number, radius: number) => {
  const corners = Array.from({ length: 24 }, (_, i) => i * Math.PI / 12);
  return fillPolygons(
    [corners.flatMap((turn) => [x + radius * Math.cos(turn), y + radius * Math.sin(turn)])],
    W,
    H,
  );
};

/** Paths of a drawing, in order. */
const paths = (svg: { toString(): string }) =>
  [...svg.toString().matchAll(/<path d="([^"]*)"/g)].map(([, d]) => d);

Deno.test("drawInstances() looks as its snapshot: annotated, a crowd, decoded, over a photo", () => {
  const instances = [
    annotated(circle(5, 6, 4)),
    annotated(circle(13, 3, 3), true),
    found(circle(10, 7, 4), 1),
  ];
  const svg = drawInstances(grey(W, H), instances, { width: 160, classes: ["person"] });
  assertSnapshot("instances.svg", svg.toString());
  assertWellFormed(svg.toString().trim());
});

Deno.test("drawInstances() looks as its snapshot in colours of tags", () => {
  const instances = [
    found(circle(4, 6, 4), -2),
    found(circle(8, 6, 4), 3),
    found(circle(12, 6, 4), -1.9),
  ];
  const svg = drawInstances(null, instances, { frame: { width: W, height: H }, colorBy: "tag" });
  assertSnapshot("instances_by_tag.svg", svg.toString());
});

/** The pixels inside closed paths of H and V by the even-odd rule, row by row. */
function filled(path: string, { width, height }: Mask): Uint8Array {
  const data = new Uint8Array(width * height);
  for (const loop of path.split("Z").filter((part) => part !== "")) {
    const [, startX, startY] = loop.match(/^M(\S+) ([^HV]+)/)!;
    let [x, y] = [Number(startX), Number(startY)];
    const uprights: [number, number, number][] = [];
    const upTo = (toY: number) => {
      uprights.push([x, Math.min(y, toY), Math.max(y, toY)]);
      y = toY;
    };
    for (const [, sign, value] of loop.matchAll(/([HV])([^HV]+)/g)) {
      if (sign === "H") x = Number(value);
      else upTo(Number(value));
    }
    if (x === Number(startX)) upTo(Number(startY));
    else assert.equal(y, Number(startY), "the path closes along an edge");
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const crossed = uprights.filter(([at, from, to]) => at < column && from < row && row < to);
        data[row * width + column] ^= crossed.length % 2;
      }
    }
  }
  return data;
}

Deno.test("drawInstances() outlines encloses exactly the mask: holes, corners, borders, noise", () => {
  const random = new Random(2);
  const masks = [
    drawn("###", "#.#", "###"),
    drawn("#.#", ".#.", "#.#"),
    drawn("##", "##"),
    drawn("#"),
    drawn("....", "...."),
    ...[0.2, 0.5, 0.8].map((share) => ({
      width: 13,
      height: 9,
      data: new Uint8Array(117).map(() => random.chance(share) ? 1 : 0),
    })),
  ];
  for (const mask of masks) {
    const [path] = paths(drawInstances(null, [found(mask, 0)], { frame: mask }));
    assert.deepEqual(filled(path, mask), mask.data);
  }
  const [square] = paths(drawInstances(null, [found(masks[2], 0)], { frame: masks[2] }));
  assert.equal(square, "M-0.5 -0.5H1.5V1.5H-0.5Z");
});

Deno.test("drawInstances() gives each instance the wanted colour, crowds and null grey", () => {
  const masks = [drawn("#.."), drawn(".#."), drawn("..#")];
  const frame = masks[0];
  const fills = (svg: { toString(): string }) =>
    [...svg.toString().matchAll(/fill="(#[^"]*)"/g)].map(([, fill]) => fill);
  const instances = masks.map((mask, i) => annotated(mask, i === 1));
  const usual = [personColor(0), [190, 190, 190] as const, personColor(2)].map(cssColor);
  assert.deepEqual(fills(drawInstances(null, instances, { frame })), usual);
  const colors = [null, 4, 4];
  const wanted = [[190, 190, 190] as const, personColor(4), personColor(4)].map(cssColor);
  assert.deepEqual(fills(drawInstances(null, instances, { frame, colors })), wanted);
  const tagged = masks.map((mask, i) => found(mask, i));
  const options = { frame, colorBy: "tag", range: [0, 4] } as const;
  const byTag = [0, 0.25, 0.5].map((t) => cssColor(divergingColor(t)));
  assert.deepEqual(fills(drawInstances(null, tagged, options)), byTag);
});

Deno.test("drawInstances() of nothing is the photo alone", () => {
  const text = drawInstances(grey(4, 2), [], { width: 40 }).toString();
  assert.match(text, /width="40" height="20" viewBox="-0\.5 -0\.5 4 2"/);
  assert.match(text, /<title>0 instances<\/title>/);
  assert.doesNotMatch(text, /<path/);
});

Deno.test("paintInstances() covers half, and all beside the outline", () => {
  const mask = drawn(".....", ".###.", ".###.", ".###.", ".....");
  const image = grey(5, 5, 100);
  const painted = paintInstances(image, [found(mask, 0)]);
  const pixel = (
    x: number,
    y: number,
  ) => [...painted.data.subarray(3 * (5 * y + x), 3 * (5 * y + x) + 3)];
  assert.deepEqual(pixel(2, 2), mixColors([100, 100, 100], personColor(0), 0.5).map(Math.round));
  assert.deepEqual(pixel(1, 1), [...personColor(0)]);
  assert.deepEqual(pixel(0, 0), [100, 100, 100]);
  assert.ok(image.data.every((value) => value === 100), "the photograph is not changed");
  // At the picture's border the mask goes on: no outline.
  const whole = paintInstances(grey(2, 2, 100), [found(drawn("##", "##"), 0)]);
  assert.deepEqual([...whole.data.subarray(0, 3)], pixel(2, 2));
});

Deno.test("drawInstances() and paintInstances() refuse what they cannot show", () => {
  const mask = drawn("##");
  const image = grey(2, 1);
  const cases: [() => unknown, string][] = [
    [
      () => drawInstances(null, []),
      "drawInstances: without an image the frame's size is unknown\n" +
      "  help: give options.frame: { width, height } in image pixels",
    ],
    [
      () => paintInstances(grey(3, 1), [found(mask, 0)]),
      "paintInstances: the mask of instance 0 is 2 x 1, the picture 3 x 1",
    ],
    [
      () => paintInstances(image, [annotated(mask)], { colorBy: "tag" }),
      "paintInstances: instance 0 has no tag to be coloured by",
    ],
    [
      () => paintInstances(image, [found(mask, NaN)], { colorBy: "tag" }),
      "paintInstances: instance 0 has no tag to be coloured by",
    ],
    [
      () => paintInstances(image, [found(mask, 0)], { colorBy: "tag", range: [1, 1] }),
      "paintInstances: range must go from a lower to a higher tag, not from 1 to 1",
    ],
    [
      () => paintInstances(image, [found(mask, 0)], { range: [0, 1] }),
      'paintInstances: range is for colorBy: "tag"',
    ],
    [
      () => paintInstances(image, [found(mask, 0)], { colorBy: "tag", colors: [0] }),
      'paintInstances: colors are for colorBy: "instance"',
    ],
    [
      () => paintInstances(image, [found(mask, 0)], { colors: [] }),
      "paintInstances: 1 instances but 0 colours",
    ],
  ];
  for (const [show, message] of cases) assert.throws(show, { name: "RangeError", message });
});
