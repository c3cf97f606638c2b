import assert from "node:assert/strict";
import { fillPolygons, polygonRunLengths } from "../../image/polygon.ts";
import {
  decodeRunLengths,
  formatRunLengths,
  runLengthArea,
  runLengthBox,
} from "../../image/run_length.ts";
import fixture from "../fixtures/masks/masks.json" with { type: "json" };

/** Rows of a mask as text. */
function drawn(polygons: number[][], width: number, height: number): string[] {
  const { data } = fillPolygons(polygons, width, height);
  return Array.from(
    { length: height },
    (_, y) => [...data.subarray(y * width, (y + 1) * width)].map((v) => v ? "#" : ".").join(""),
  );
}

Deno.test("fillPolygons() fills the pixels whose middle is inside", () => {
  assert.deepEqual(drawn([[1, 1, 4, 1, 4, 3, 1, 3]], 5, 4), [".....", ".###.", ".###.", "....."]);
  assert.deepEqual(drawn([[0, 0, 4, 0, 0, 4]], 4, 4), ["###.", "##..", "#...", "...."]);
});

Deno.test("fillPolygons() leaves holes where an outline is crossed twice, and unites polygons", () => {
  const bite = [0, 0, 5, 0, 5, 3, 3, 3, 3, 1, 2, 1, 2, 3, 0, 3];
  assert.deepEqual(drawn([bite], 5, 3), ["#####", "##.##", "##.##"]);
  assert.deepEqual(drawn([[0, 0, 2, 0, 2, 1, 0, 1], [1, 0, 3, 0, 3, 1, 1, 1]], 4, 1), ["###."]);
});

Deno.test("fillPolygons() cuts off what lies outside the mask", () => {
  assert.deepEqual(drawn([[-5, -5, 9, -5, 9, 9, -5, 9]], 3, 2), ["###", "###"]);
  assert.deepEqual(drawn([[7, 7, 9, 7, 9, 9]], 3, 2), ["...", "..."]);
});

Deno.test("fillPolygons() refuses what is no polygon and no mask", () => {
  for (const polygon of [[0, 0, 1, 1], [0, 0, 1, 1, 2], [0, 0, 1, NaN, 2, 2]]) {
    assert.throws(() => fillPolygons([polygon], 4, 4), {
      name: "RangeError",
      message: /^fillPolygons: a polygon is 3 or more pairs of finite numbers, not \[/,
    });
  }
  assert.throws(() => fillPolygons([], 0, 4), RangeError);
});

for (const { id, polygons, height, width, string, area, bbox } of fixture.polygons) {
  Deno.test(`polygonRunLengths() of "${id}" are pycocotools'`, () => {
    const runs = polygonRunLengths(polygons, width, height);
    assert.equal(formatRunLengths(runs.counts), string);
    assert.equal(runLengthArea(runs), area);
    assert.deepEqual(runLengthBox(runs), bbox);
  });
}

Deno.test("polygonRunLengths() equals fillPolygons() but at the border", () => {
  const outline = [3.2, 2.1, 27.9, 6.4, 22.3, 18.8, 12.6, 11.7, 5.5, 17.1];
  const exact = fillPolygons([outline], 30, 20).data;
  const traced = decodeRunLengths(polygonRunLengths([outline], 30, 20)).data;
  const different = exact.filter((value, i) => value !== traced[i]).length;
  assert.ok(traced.includes(1) && different < 20, `${different} pixels differ`);
});

Deno.test("polygonRunLengths() passes over corners that are named twice", () => {
  const [once, twice] = [[1, 1, 8, 2, 4, 9], [1, 1, 1, 1, 8, 2, 8, 2, 4, 9, 4, 9]];
  assert.deepEqual(polygonRunLengths([twice], 10, 10), polygonRunLengths([once], 10, 10));
});

Deno.test("polygonRunLengths() gives no pixel to what lies outside, and all to what surrounds", () => {
  assert.deepEqual(polygonRunLengths([[7, 7, 9, 7, 9, 9]], 3, 2).counts, [6]);
  assert.deepEqual(polygonRunLengths([[-50, -50, 90, -50, 90, 90, -50, 90]], 3, 2).counts, [0, 6]);
});

Deno.test("polygonRunLengths() refuses what is no polygon, and none", () => {
  const cases: [number[][], string][] = [
    [[], "there is no polygon"],
    [[[0, 0, 1, 1]], "a polygon is 3 or more pairs of finite numbers, not [0, 0, 1, 1]"],
    [
      [[0, 0, 1, 1, 2e5, 0]],
      "a coordinate is 200000, farther out than 100000 pixels",
    ],
  ];
  for (const [polygons, message] of cases) {
    assert.throws(() => polygonRunLengths(polygons, 4, 4), {
      name: "RangeError",
      message: `polygonRunLengths: ${message}`,
    });
  }
});
