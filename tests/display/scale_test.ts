import assert from "node:assert/strict";
import { linearScale, logScale, niceTicks } from "../../display/scale.ts";

const labels = ({ ticks }: { ticks: readonly { label: string }[] }) =>
  ticks.map(({ label }) => label);

Deno.test("niceTicks() are multiples of 1, 2 or 5 without rounding dust", () => {
  assert.deepEqual(niceTicks(0, 0.3, 3), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(niceTicks(-1, 1, 4), [-1, -0.5, 0, 0.5, 1]);
  assert.deepEqual(niceTicks(1, 4500, 5), [1000, 2000, 3000, 4000]);
  assert.deepEqual(niceTicks(1e-8, 5e-8, 4), [1e-8, 2e-8, 3e-8, 4e-8, 5e-8]);
});

Deno.test("niceTicks() are about as many as wanted, whatever the span", () => {
  for (let span = 0.0013; span < 1e7; span *= 1.37) {
    for (const count of [2, 5, 10]) {
      const { length } = niceTicks(0, span, count);
      assert.ok(
        length >= count / 2 && length <= 2 * count + 1,
        `${length} for ${count} in 0 to ${span}`,
      );
    }
  }
});

Deno.test("niceTicks() refuses a span that is none", () => {
  for (
    const [min, max, count] of [[1, 1, 5], [2, 1, 5], [0, Infinity, 5], [NaN, 1, 5], [0, 1, 0]]
  ) {
    assert.throws(() => niceTicks(min, max, count), {
      name: "RangeError",
      message: `niceTicks: no ticks between ${min} and ${max}, ${count} of them`,
    });
  }
});

Deno.test("linearScale() puts the ends at the ends and writes what is needed", () => {
  const scale = linearScale([0, 1], [100, 300]);
  assert.equal(scale.place(0), 100);
  assert.equal(scale.place(0.25), 150);
  assert.deepEqual(labels(scale), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
  assert.deepEqual(labels(linearScale([-2000, 2000], [0, 1], { count: 4 })), [
    "−2,000",
    "−1,000",
    "0",
    "1,000",
    "2,000",
  ]);
  assert.deepEqual(labels(linearScale([0, 2e-6], [0, 1], { count: 2 })), ["0", "1e−6", "2e−6"]);
});

Deno.test("linearScale() has room for a single value", () => {
  assert.equal(linearScale([4, 4], [0, 10]).place(4), 5);
  assert.equal(linearScale([0, 0], [0, 10]).place(0), 5);
});

Deno.test("linearScale() can widen its domain to whole steps", () => {
  const scale = linearScale([0.3, 9.4], [0, 100], { round: true });
  assert.deepEqual([scale.place(0), scale.place(10)], [0, 100]);
});

Deno.test("logScale() puts equal factors at equal distances", () => {
  const { place } = logScale([0.01, 100], [0, 1]);
  assert.ok(Math.abs((place(1) - place(0.1)) - (place(10) - place(1))) < 1e-12);
  assert.ok(place(0.01) > 0 && place(100) < 1);
});

Deno.test("logScale() has ticks over one decade and over twenty", () => {
  assert.deepEqual(labels(logScale([0.1, 1], [0, 1])), ["0.1", "0.2", "0.5", "1"]);
  assert.deepEqual(labels(logScale([1e-5, 1], [0, 1])), [
    "10⁻⁵",
    "10⁻⁴",
    "0.001",
    "0.01",
    "0.1",
    "1",
  ]);
  const many = labels(logScale([1e-12, 1e8], [0, 1]));
  assert.ok(many.length >= 5 && many.length <= 9, many.join(" "));
});

Deno.test("logScale() has room for a single value", () => {
  const scale = logScale([3, 3], [0, 10]);
  assert.ok(Math.abs(scale.place(3) - 5) < 1e-12);
  assert.ok(scale.ticks.length > 0);
});
