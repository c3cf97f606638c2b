import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import { drawNumbers } from "../../display/numbers.ts";
import { assertSnapshot, assertWellFormed } from "./snapshot.ts";

function wave(shape: readonly number[]) {
  const size = shape.reduce((product, length) => product * length, 1);
  return hostArray(shape, Array.from({ length: size }, (_, i) => Math.sin(i)));
}

Deno.test("drawNumbers() of a table looks as its snapshot", () => {
  const svg = drawNumbers(hostArray([2, 3], [1, -2, 0, 0.123456, 1e6, NaN]), { max: 2 }).toString();
  assertWellFormed(svg);
  assertSnapshot("numbers.svg", svg);
});

Deno.test("drawNumbers() of maps looks as its snapshot", () => {
  assertSnapshot("numbers_maps.svg", drawNumbers(wave([2, 16, 20])).toString());
});

Deno.test("drawNumbers() draws every shape, also empty ones and a single number", () => {
  for (const shape of [[], [0], [1], [0, 3], [3, 0], [5], [2, 1, 1], [2, 2, 3, 3], [1, 40]]) {
    const svg = drawNumbers(wave(shape));
    assertWellFormed(svg.toString());
    assert.ok(svg.title.startsWith(`[${shape.join(", ")}]`));
  }
});

Deno.test("drawNumbers() says how many panels it left out", () => {
  assert.match(drawNumbers(wave([5, 2, 2]), { panels: 3 }).title, /; 2 more are not drawn$/);
});

Deno.test("drawNumbers() tells the range of what is finite", () => {
  assert.equal(drawNumbers(hostArray([2], [3, 3])).title, "[2], all 3");
  assert.equal(drawNumbers(hostArray([3], [NaN, -1, Infinity])).title, "[3], all -1");
  assert.equal(drawNumbers(hostArray([1], [NaN])).title, "[1], no finite number");
});

Deno.test("drawNumbers() paints brightness from black to white", () => {
  const svg = drawNumbers(hostArray([4], [-1, 0, 1, 9]), { palette: "grey", max: 2 }).toString();
  const fills = [...svg.matchAll(/<rect[^>]* fill="(#[^"]*)"/g)].map(([, fill]) => fill);
  assert.deepEqual(fills, ["#000000", "#000000", "#808080", "#ffffff"]);
});

Deno.test("drawNumbers() refuses numbers that do not fill the shape and a scale of 0", () => {
  const array = { shape: [2], data: new Float32Array(3) };
  assert.throws(() => drawNumbers(array), /^RangeError: drawNumbers: shape \[2\] holds 2 numbers/);
  assert.throws(() => drawNumbers(wave([2]), { max: 0 }), /^RangeError: drawNumbers: max must be/);
});
