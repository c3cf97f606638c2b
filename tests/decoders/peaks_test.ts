import assert from "node:assert/strict";
import { hostArray } from "../../core/host_array.ts";
import { ShapeError } from "../../core/errors.ts";
import { findPeaks, localMaxima } from "../../decoders/mod.ts";
import { randomArray, randomNumbers } from "./scene.ts";

/** The definition: no pixel of the window is greater, and the value is above the threshold. */
function maximaInPlainLoops(
  { shape: [K, H, W], data }: { shape: readonly number[]; data: Float32Array },
  kernel: number,
  threshold: number,
): number[][] {
  const reach = (kernel - 1) / 2;
  return Array.from({ length: K }, (_, k) => {
    const found: number[] = [];
    for (let y = 0; y < H; y++) {
      for (let x = 0; x < W; x++) {
        const value = data[(k * H + y) * W + x];
        let isPeak = value > threshold;
        for (let v = y - reach; v <= y + reach; v++) {
          for (let u = x - reach; u <= x + reach; u++) {
            if (v < 0 || v >= H || u < 0 || u >= W) continue;
            if (data[(k * H + v) * W + u] > value) isPeak = false;
          }
        }
        if (isPeak) found.push(y * W + x);
      }
    }
    return found;
  });
}

Deno.test("localMaxima() equals its definition in plain loops, with plateaus and at borders", () => {
  const random = randomNumbers(1);
  for (const [H, W, kernel, levels] of [[7, 9, 3, 1e6], [9, 7, 3, 4], [8, 8, 5, 6], [1, 6, 3, 3]]) {
    // Few levels make many equal neighbours.
    const maps = randomArray([3, H, W], random, (u) => Math.floor(u * levels) / levels);
    for (const threshold of [0, 0.5]) {
      const expected = maximaInPlainLoops(maps, kernel, threshold);
      assert.deepEqual(localMaxima(maps, { kernel, threshold }), expected);
    }
  }
});

Deno.test("localMaxima() with a kernel of 1 keeps every pixel above the threshold", () => {
  const maps = hostArray([1, 1, 4], [0.2, 0.1, 0.3, 0.3]);
  assert.deepEqual(localMaxima(maps, { kernel: 1, threshold: 0.15 }), [[0, 2, 3]]);
});

Deno.test("localMaxima() keeps all pixels of a plateau, or only the first", () => {
  const maps = hostArray([1, 2, 4], [1, 1, 0, 0, 1, 1, 0, 0]);
  assert.deepEqual(localMaxima(maps), [[0, 1, 4, 5]]);
  assert.deepEqual(localMaxima(maps, { plateaus: "first" }), [[0]]);
});

Deno.test("localMaxima() leaves out a value that equals the threshold", () => {
  const maps = hostArray([2, 1, 1], [0.5, 0.5000001]);
  assert.deepEqual(localMaxima(maps, { threshold: 0.5 }), [[], [0]]);
});

Deno.test("findPeaks() keeps the highest peaks, best first, equal ones in reading order", () => {
  const heatmaps = hostArray([1, 3, 5], [
    0.3,
    0.0,
    0.9,
    0.0,
    0.3, //
    0.0,
    0.0,
    0.0,
    0.0,
    0.0, //
    0.5,
    0.0,
    0.3,
    0.0,
    0.7, //
  ]);
  const tags = hostArray([2, 1, 3, 5], Array.from({ length: 30 }, (_, i) => i));
  const [peaks] = findPeaks(heatmaps, tags);
  assert.deepEqual(peaks.map(({ x, y }) => [x, y]), [[2, 0], [4, 2], [0, 2], [0, 0], [4, 0], [
    2,
    2,
  ]]);
  assert.deepEqual(peaks[1], { x: 4, y: 2, score: Math.fround(0.7), tag: [14, 29] });
  const [three] = findPeaks(heatmaps, tags, { maxPeaks: 3 });
  assert.deepEqual(three, peaks.slice(0, 3));
});

Deno.test("findPeaks() reads the tag of its own keypoint", () => {
  const heatmaps = hostArray([2, 1, 3], [0, 0.9, 0, 0, 0, 0.8]);
  const tags = hostArray([2, 2, 1, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert.deepEqual(findPeaks(heatmaps, tags).map(([{ tag }]) => tag), [[1, 7], [5, 11]]);
});

Deno.test("findPeaks() finds 40 peaks of which 30 stay", () => {
  const heatmaps = hostArray(
    [1, 1, 80],
    Array.from({ length: 80 }, (_, x) => x % 2 ? 0 : 1 - x / 100),
  );
  const [peaks] = findPeaks(heatmaps, hostArray([1, 1, 1, 80]));
  assert.deepEqual(peaks.map(({ x }) => x), Array.from({ length: 30 }, (_, i) => 2 * i));
});

Deno.test("findPeaks() finds nothing in empty maps", () => {
  assert.deepEqual(findPeaks(hostArray([2, 4, 4]), hostArray([1, 2, 4, 4])), [[], []]);
});

Deno.test("findPeaks() says where a map holds NaN or an infinite number", () => {
  const heatmaps = hostArray([2, 2, 3]), tags = hostArray([1, 2, 2, 3]);
  heatmaps.data[10] = NaN;
  assert.throws(() => findPeaks(heatmaps, tags), {
    name: "RangeError",
    message: /^localMaxima: heatmaps\[1, 1, 1\] is NaN, not a finite number\n/,
  });
  heatmaps.data[10] = 0;
  tags.data[5] = -Infinity;
  assert.throws(() => findPeaks(heatmaps, tags), {
    name: "RangeError",
    message: /^findPeaks: tags\[0, 0, 1, 2\] is -Infinity/,
  });
});

Deno.test("findPeaks() says which shapes do not fit", () => {
  const fits = hostArray([2, 3, 4]);
  const cases: [() => unknown, RegExp][] = [
    [() => localMaxima(hostArray([3, 4])), /^localMaxima: heatmaps must be \[K, H, W\]/],
    [
      () => findPeaks(hostArray([1, 2, 3, 4]), fits),
      /\n {2}help: decodeBatch takes a batch/,
    ],
    [() => findPeaks(fits, hostArray([2, 3, 4])), /^findPeaks: tags must be \[D, K, H, W\]/],
    [
      () => findPeaks(fits, hostArray([1, 2, 4, 3])),
      /^findPeaks: heatmaps and tags must agree on K, H and W\n {2}heatmaps {2}\[2, 3, 4\]/,
    ],
    [() => localMaxima(hostArray([0, 3, 4])), /^localMaxima: heatmaps must be/],
    [
      () => localMaxima({ shape: [1, 2, 2], data: new Float32Array(3) }),
      /^localMaxima: heatmaps hold 3 numbers/,
    ],
    [
      () => findPeaks(fits, { shape: [1, 2, 3, 4], data: new Float32Array(3) }),
      /^findPeaks: tags hold 3 numbers/,
    ],
  ];
  for (const [call, message] of cases) {
    assert.throws(
      call,
      (error: Error) => error instanceof ShapeError && message.test(error.message),
    );
  }
});

Deno.test("findPeaks() refuses options out of range", () => {
  const heatmaps = hostArray([1, 2, 2]), tags = hostArray([1, 1, 2, 2]);
  const refuse = (options: Parameters<typeof findPeaks>[2], message: RegExp) =>
    assert.throws(() => findPeaks(heatmaps, tags, options), { name: "RangeError", message });
  refuse({ threshold: NaN }, /threshold must be a number, 0 or more, not NaN/);
  refuse({ threshold: -0.1 }, /threshold must be a number, 0 or more, not -0.1/);
  refuse({ kernel: 4 }, /kernel must be an odd whole number, not 4/);
  refuse({ kernel: 0 }, /kernel must be an odd whole number, not 0/);
  refuse({ maxPeaks: 0 }, /maxPeaks must be a whole number, 1 or more, not 0/);
});
