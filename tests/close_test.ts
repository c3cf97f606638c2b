import assert from "node:assert/strict";
import { assertClose } from "./close.ts";

Deno.test("assertClose() accepts numbers within the tolerance, relative above 1", () => {
  assertClose(0.100001, 0.1);
  assertClose([1_000_001, -2], [1_000_000, -2]);
  assertClose(Float32Array.of(NaN, Infinity), [NaN, Infinity]);
});

Deno.test("assertClose() names the worst number", () => {
  assert.throws(
    () => assertClose([1, 2.5, 3.1], [1, 2, 3], { label: "scores" }),
    /scores: 2 of 3 differ; number 1 is 2.5, expected 2 \(off by 2.5e-1, tolerance 0.00001\)/,
  );
});

Deno.test("assertClose() refuses NaN for a number, another length, and infinities of other sign", () => {
  assert.throws(() => assertClose(NaN, 1), /number 0 is NaN, expected 1/);
  assert.throws(() => assertClose([1, 2], [1]), /how many there are/);
  assert.throws(() => assertClose(-Infinity, Infinity), /number 0 is -Infinity/);
  assert.throws(() => assertClose(1, Infinity), /expected Infinity/);
});
