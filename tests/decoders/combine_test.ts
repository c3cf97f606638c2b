import assert from "node:assert/strict";
import { type HostArray, hostArray } from "../../core/host_array.ts";
import { ShapeError } from "../../core/errors.ts";
import {
  averageHeatmaps,
  combineFlipped,
  combineScales,
  concatTags,
  mirrorMaps,
  type PoseMaps,
  resizeMaps,
} from "../../decoders/mod.ts";
import recorded from "../fixtures/decoders/resize.json" with { type: "json" };
import { randomArray, randomNumbers } from "./scene.ts";

const FLIP = [0, 2, 1];

function randomMaps(seed: number, H: number, W: number, D = 1): PoseMaps {
  const random = randomNumbers(seed);
  return {
    heatmaps: randomArray([3, H, W], random),
    tags: randomArray([D, 3, H, W], random, (u) => 8 * u - 4),
  };
}

function assertClose(actual: HostArray, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.data.length, expected.length);
  actual.data.forEach((value, i) => {
    const off = Math.abs(value - expected[i]);
    assert.ok(off <= tolerance, `[${i}] is ${value}, expected ${expected[i]}`);
  });
}

function hasMessage(kind: typeof ShapeError | typeof RangeError, message: RegExp) {
  return (error: Error) => error instanceof kind && message.test(error.message);
}

Deno.test("mirrorMaps() equals its definition in plain loops", () => {
  const { heatmaps, tags } = randomMaps(7, 4, 5, 2);
  const mirrored = mirrorMaps({ heatmaps, tags }, FLIP);
  for (let d = 0; d < 2; d++) {
    for (let k = 0; k < 3; k++) {
      for (let y = 0; y < 4; y++) {
        for (let x = 0; x < 5; x++) {
          const to = (k * 4 + y) * 5 + x, from = (FLIP[k] * 4 + y) * 5 + 4 - x;
          assert.equal(mirrored.heatmaps.data[to], heatmaps.data[from]);
          assert.equal(mirrored.tags.data[d * 60 + to], tags.data[d * 60 + from]);
        }
      }
    }
  }
});

Deno.test("mirrorMaps() twice gives the maps back", () => {
  const maps = randomMaps(8, 3, 6, 2);
  assert.deepEqual(mirrorMaps(mirrorMaps(maps, FLIP), FLIP), maps);
});

Deno.test("mirrorMaps() refuses a flip that does not name each keypoint once", () => {
  const maps = randomMaps(8, 3, 6);
  for (const flip of [[0, 1], [0, 1, 1], [1, 2, 3], [0, 0.5, 2], [0, 1, 2, 3]]) {
    assert.throws(
      () => mirrorMaps(maps, flip),
      hasMessage(RangeError, /^mirrorMaps: flip must name each of the 3 keypoints once, not \[/),
    );
  }
  assert.throws(() => mirrorMaps({ ...maps, tags: maps.heatmaps }, FLIP), ShapeError);
});

Deno.test("combineFlipped() averages heatmaps up to 1 and puts tags one after the other", () => {
  const plain = randomMaps(9, 3, 4), mirrored = randomMaps(10, 3, 4);
  plain.heatmaps.data[5] = 3;
  const back = mirrorMaps(mirrored, FLIP);
  const { heatmaps, tags } = combineFlipped(plain, mirrored, FLIP);
  const mean = Array.from(
    plain.heatmaps.data,
    (v, i) => Math.min(1, (v + back.heatmaps.data[i]) / 2),
  );
  assertClose(heatmaps, mean, 1e-7);
  assert.equal(heatmaps.data[5], 1);
  assert.deepEqual(tags.shape, [2, 3, 3, 4]);
  assert.deepEqual([...tags.data], [...plain.tags.data, ...back.tags.data]);
});

Deno.test("combineFlipped() of maps and their own mirror image gives the maps back", () => {
  const plain = randomMaps(11, 5, 4);
  const { heatmaps, tags } = combineFlipped(plain, mirrorMaps(plain, FLIP), FLIP);
  assert.deepEqual(heatmaps, plain.heatmaps);
  assert.deepEqual([...tags.data], [...plain.tags.data, ...plain.tags.data]);
});

Deno.test("averageHeatmaps() refuses none, and heatmaps that differ in shape", () => {
  assert.throws(
    () => averageHeatmaps([]),
    hasMessage(RangeError, /^averageHeatmaps: there are no heatmaps/),
  );
  assert.throws(
    () => averageHeatmaps([hostArray([1, 2, 3]), hostArray([1, 3, 2])]),
    hasMessage(ShapeError, /^averageHeatmaps: the heatmaps differ in shape/),
  );
});

Deno.test("concatTags() refuses none, and tags that differ in K, H or W", () => {
  assert.throws(() => concatTags([]), hasMessage(RangeError, /^concatTags: there are no tags/));
  assert.throws(
    () => concatTags([hostArray([1, 1, 2, 3]), hostArray([2, 1, 3, 2])]),
    hasMessage(ShapeError, /^concatTags: the tags must agree on K, H and W/),
  );
  assert.throws(() => concatTags([hostArray([2, 3])]), ShapeError);
});

Deno.test("resizeMaps() gives OpenCV's recorded maps", () => {
  for (const { shape, x, out: [height, width], y } of recorded) {
    assertClose(resizeMaps(hostArray(shape, x), height, width), y, 3e-6);
  }
});

Deno.test("resizeMaps() equals a sum over all source pixels weighted by triangles", () => {
  const random = randomNumbers(12);
  for (const [h, w, H, W] of [[3, 4, 7, 5], [6, 5, 4, 9], [1, 2, 3, 3], [4, 4, 1, 1]]) {
    const maps = randomArray([2, h, w], random);
    const weights = (from: number, to: number, i: number) => {
      const place = Math.min(from - 1, Math.max(0, (i + 0.5) * from / to - 0.5));
      return Array.from({ length: from }, (_, j) => Math.max(0, 1 - Math.abs(place - j)));
    };
    const expected: number[] = [];
    for (let c = 0; c < 2; c++) {
      for (let y = 0; y < H; y++) {
        for (let x = 0; x < W; x++) {
          let sum = 0;
          weights(h, H, y).forEach((b, v) =>
            weights(w, W, x).forEach((a, u) => sum += a * b * maps.data[(c * h + v) * w + u])
          );
          expected.push(sum);
        }
      }
    }
    const resized = resizeMaps(maps, H, W);
    assert.deepEqual(resized.shape, [2, H, W]);
    assertClose(resized, expected, 1e-6);
  }
});

Deno.test("resizeMaps() refuses maps without rows and columns and sizes that are none", () => {
  const maps = hostArray([1, 2, 2]);
  assert.throws(
    () => resizeMaps(hostArray([3]), 2, 2),
    hasMessage(ShapeError, /^resizeMaps: maps need/),
  );
  assert.throws(() => resizeMaps(hostArray([1, 0, 3]), 2, 2), ShapeError);
  for (const [height, width] of [[0, 2], [2, 1.5], [2, NaN]]) {
    assert.throws(
      () => resizeMaps(maps, height, width),
      hasMessage(RangeError, /^resizeMaps: height and width must be whole numbers, 1 or more/),
    );
  }
});

Deno.test("combineScales() averages at the first scale's size and takes tags from scale 1", () => {
  const [two, one, half] = [randomMaps(13, 8, 8), randomMaps(14, 4, 4), randomMaps(15, 2, 2)];
  const combined = combineScales([
    { scale: 2, plain: two },
    { scale: 1, plain: one },
    { scale: 0.5, plain: half },
  ]);
  const resized = [one, half].map(({ heatmaps }) => resizeMaps(heatmaps, 8, 8).data);
  const mean = Array.from(two.heatmaps.data, (v, i) => (v + resized[0][i] + resized[1][i]) / 3);
  assert.ok(combined);
  assertClose(combined.heatmaps, mean, 1e-6);
  assert.deepEqual(combined.tags, resizeMaps(one.tags, 8, 8));
  assert.deepEqual(combined.used, [0, 1, 2]);
});

Deno.test("combineScales() can take the tags of all scales", () => {
  const scales = [{ scale: 2, plain: randomMaps(13, 8, 8) }, {
    scale: 1,
    plain: randomMaps(14, 4, 4),
  }];
  const combined = combineScales(scales, { tagsWithin: Infinity });
  assert.deepEqual(combined?.tags.shape, [2, 3, 8, 8]);
});

Deno.test("combineScales() of one scale with its mirror image is combineFlipped()", () => {
  const plain = randomMaps(16, 4, 4), mirrored = randomMaps(17, 4, 4);
  const combined = combineScales([{ scale: 1, plain, mirrored }], { flip: FLIP });
  assert.deepEqual(combined, { ...combineFlipped(plain, mirrored, FLIP), used: [0] });
});

Deno.test("combineScales() leaves out a scale that diverged and divides by the others or by all", () => {
  const constant = (value: number, tag = 0): PoseMaps => ({
    heatmaps: hostArray([1, 2, 2], [value, value, value, value]),
    tags: hostArray([1, 1, 2, 2], [tag, tag, tag, tag]),
  });
  for (const bad of [constant(5.1), constant(NaN), constant(0.2, NaN), constant(-Infinity)]) {
    const scales = [{ scale: 2, plain: bad }, { scale: 1, plain: constant(0.5) }];
    const combined = combineScales(scales);
    assert.deepEqual(combined?.used, [1]);
    assert.equal(combined?.heatmaps.data[0], 0.5);
    assert.equal(combineScales(scales, { divideBy: "all" })?.heatmaps.data[0], 0.25);
  }
  // The authors test the sum with the mirrored map against 10: 5.1 + 4.8 has not diverged.
  const pair = { scale: 1, plain: constant(5.1), mirrored: constant(4.8) };
  assert.deepEqual(combineScales([pair], { flip: [0] })?.used, [0]);
  assert.equal(combineScales([pair], { flip: [0], divergedAbove: 4 }), null);
});

Deno.test("combineScales() gives null when no scale is left, or none with tags", () => {
  const fine = randomMaps(18, 2, 2), bad = randomMaps(18, 2, 2);
  bad.heatmaps.data[0] = NaN;
  assert.equal(combineScales([{ scale: 1, plain: bad }]), null);
  assert.equal(combineScales([{ scale: 2, plain: fine }, { scale: 1, plain: bad }]), null);
});

Deno.test("combineScales() says what does not fit", () => {
  const plain = randomMaps(19, 2, 2);
  assert.throws(
    () => combineScales([{ scale: 2, plain }, { scale: 0.5, plain }]),
    hasMessage(RangeError, /^combineScales: none of the scales \[2, 0.5\] is within 0.5 of 1/),
  );
  assert.throws(() => combineScales([]), RangeError);
  assert.throws(
    () => combineScales([{ scale: 1, plain, mirrored: plain }]),
    hasMessage(RangeError, /^combineScales: mirrored maps need the option flip\n {2}help: /),
  );
  assert.throws(
    () => combineScales([{ scale: 1, plain, mirrored: randomMaps(1, 2, 3) }], { flip: FLIP }),
    hasMessage(ShapeError, /^combineScales: plain and mirrored maps of one scale differ in shape/),
  );
  const other = { heatmaps: hostArray([2, 2, 2]), tags: hostArray([1, 2, 2, 2]) };
  assert.throws(
    () => combineScales([{ scale: 1, plain }, { scale: 0.5, plain: other }]),
    hasMessage(ShapeError, /^averageHeatmaps: the heatmaps differ in shape/),
  );
});
