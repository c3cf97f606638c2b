import assert from "node:assert/strict";
import { fillPolygons, isInsidePolygon } from "../../image/polygon.ts";

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

Deno.test("isInsidePolygon() agrees with fillPolygons() in the middle of every pixel", () => {
  for (
    const polygon of [[1, 1, 4, 1, 4, 3, 1, 3], [0, 0, 5, 0, 5, 3, 3, 3, 3, 1, 2, 1, 2, 3, 0, 3]]
  ) {
    const { data, width } = fillPolygons([polygon], 7, 5);
    data.forEach((filled, i) => {
      const middle = { x: i % width + 0.5, y: Math.floor(i / width) + 0.5 };
      assert.equal(isInsidePolygon(polygon, middle), filled === 1, JSON.stringify(middle));
    });
  }
});
