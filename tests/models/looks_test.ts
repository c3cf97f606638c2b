/** Looks combined on the device, beside the plain functions of the decoders. */
import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { hostArray, read, tensor, zeros } from "../../core/mod.ts";
import { Random } from "../../data/random.ts";
import { combineScales, findPeaks, type PoseMaps } from "../../decoders/mod.ts";
import { combineLooks, mirrorImages, peaksOf, placesForTags } from "../../models/mod.ts";
import { assertClose } from "../close.ts";

const random = new Random(9);
const FLIP = [0, 2, 1];
const [K, D] = [3, 2];

function randomMaps(height: number, width: number): PoseMaps {
  const draw = (shape: number[]) =>
    hostArray(
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.uniform(-0.5, 1.5)),
    );
  return { heatmaps: draw([K, height, width]), tags: draw([D, K, height, width]) };
}

/** A batch of one image, or of several alike. */
const toDevice = ({ heatmaps, tags }: PoseMaps, N = 1) => {
  const repeat = ({ shape, data }: typeof heatmaps) => {
    const all = new Float32Array(N * data.length);
    for (let n = 0; n < N; n++) all.set(data, n * data.length);
    return tensor(hostArray([N, ...shape], all));
  };
  return { heatmaps: repeat(heatmaps), tags: repeat(tags) };
};

describe("combineLooks", () => {
  it("equals combineScales(), at one size and several, plain and mirrored", async () => {
    for (const scales of [[1], [2, 1, 0.5], [1.25, 1]]) {
      for (const flip of [false, true]) {
        const entries = scales.map((scale) => ({
          scale,
          plain: randomMaps(8 * scale, 12 * scale),
          ...(flip ? { mirrored: randomMaps(8 * scale, 12 * scale) } : {}),
        }));
        for (const cutOffAt of [1, Infinity]) {
          const options = { flip: FLIP, cutOffAt };
          const expected = combineScales(entries, options)!;
          const { heatmaps, tags } = combineLooks(
            entries.map(({ scale, plain, mirrored }) => ({
              scale,
              plain: toDevice(plain, 2),
              ...(mirrored ? { mirrored: toDevice(mirrored, 2) } : {}),
            })),
            options,
          );
          assert.deepEqual(heatmaps.shape, [2, ...expected.heatmaps.shape]);
          assert.deepEqual(tags.shape, [2, ...expected.tags.shape]);
          const found = await read({ heatmaps, tags });
          const second = (data: Float32Array) => data.subarray(data.length / 2);
          assertClose(second(found.heatmaps.data), expected.heatmaps.data, { tolerance: 2e-6 });
          assertClose(second(found.tags.data), expected.tags.data, { tolerance: 2e-6 });
        }
      }
    }
  });

  it("tells which scale of which image has diverged", async () => {
    const [fine, large, broken] = [randomMaps(4, 4), randomMaps(4, 4), randomMaps(4, 4)];
    large.heatmaps.data[5] = 7;
    broken.tags.data[3] = NaN;
    const scales = [fine, large, broken].map((maps, i) => ({
      scale: 1 + i / 10,
      plain: toDevice(maps),
    }));
    const { largest, finite } = await read({ ...combineLooks(scales) });
    assert.deepEqual([...finite.data], [1, 1, 0]);
    assert.ok(largest.data[0] < 2);
    assert.equal(largest.data[1], 7);
  });

  it("refuses what does not fit together", () => {
    const plain = toDevice(randomMaps(4, 4));
    assert.throws(
      () => combineLooks([{ scale: 2, plain }]),
      /^RangeError: combineLooks: none of the scales \[2\] is within 0.5 of 1/,
    );
    assert.throws(
      () => combineLooks([{ scale: 1, plain, mirrored: plain }]),
      /^RangeError: combineLooks: mirrored maps need the option flip/,
    );
    assert.throws(
      () => combineLooks([{ scale: 1, plain: { ...plain, tags: zeros([1, D, K, 4, 5]) } }]),
      /^ShapeError: combineLooks: heatmaps and tags must agree/,
    );
  });
});

describe("mirrorImages", () => {
  it("moves position x to W - x, or to W - 1 - x", async () => {
    const W = 8;
    const image = hostArray([1, 1, 2, W], Float32Array.from({ length: 2 * W }, (_, i) => i));
    for (const [at, zero] of [["heatmap pixels", W], ["image pixels", W - 1]] as const) {
      const { mirrored } = await read({ mirrored: mirrorImages(tensor(image), at) });
      for (let x = 0; x < W; x++) {
        if (zero - x >= W) continue; // falls out of the picture
        assert.equal(mirrored.data[zero - x], x);
        assert.equal(mirrored.data[W + zero - x], W + x);
      }
      if (at === "heatmap pixels") assert.equal(mirrored.data[0], W - 1); // repeated
    }
  });

  it("refuses other axes", () => {
    assert.throws(() => mirrorImages(zeros([2, 3]), "image pixels"), /^ShapeError: mirrorImages/);
  });
});

describe("peaksOf", () => {
  it("finds what findPeaks() finds, best first", async () => {
    for (const kernel of [3, 5]) {
      const maps = randomMaps(9, 13);
      const { places, values, tags } = await read({
        ...peaksOf(toDevice(maps), { kernel, maxPeaks: 6 }),
      });
      const expected = findPeaks(maps.heatmaps, maps.tags, { kernel, maxPeaks: 6, threshold: 0 });
      expected.forEach((peaks, k) =>
        peaks.forEach(({ x, y, score, tag }, i) => {
          const at = k * 6 + i;
          assert.equal(places.data[at], y * 13 + x);
          assert.equal(values.data[at], score);
          assert.deepEqual(tag, [tags.data[at], tags.data[K * 6 + at]]);
        })
      );
    }
  });
});

describe("placesForTags", () => {
  it("gives values of suppressed maps where only peaks count", async () => {
    const maps = { heatmaps: tensor([[[[0.2, 0.9, 0.3]]]]), tags: tensor([[[[[5, 0, 5]]]]]) };
    const wanted = tensor([[[5]]]);
    const all = await read({ ...placesForTags(maps, wanted) });
    assert.deepEqual([all.places.data[0], all.values.data[0]], [2, Math.fround(0.3)]);
    const peaks = await read({ ...placesForTags(maps, wanted, { fillFrom: "peaks" }) });
    assert.deepEqual([peaks.places.data[0], peaks.values.data[0]], [0, 0]);
  });
});
