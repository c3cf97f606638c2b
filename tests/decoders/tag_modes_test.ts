import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { hostArray } from "../../core/host_array.ts";
import { Random } from "../../data/random.ts";
import { tagHistogram, tagModes } from "../../decoders/tag_modes.ts";
import { assertClose } from "../close.ts";

/** `[D, n]` of n tags. */
function columns(tags: readonly (readonly number[])[]) {
  const [D, n] = [tags[0]?.length ?? 1, tags.length];
  return hostArray([D, n], Array.from({ length: D * n }, (_, i) => tags[i % n][Math.floor(i / n)]));
}

/** Tags around some middles, so many of each, in random order. */
function cloud(middles: readonly (readonly number[])[], counts: readonly number[], spread = 0.1) {
  const random = new Random(5);
  const tags = middles.flatMap((middle, m) =>
    Array.from({ length: counts[m] }, () => middle.map((x) => x + spread * random.normal()))
  );
  return random.shuffled(tags);
}

describe("tagHistogram", () => {
  it("counts every value once and keeps the sum when it smooths", () => {
    const random = new Random(3);
    const values = Array.from({ length: 300 }, () => 2 * random.normal());
    const bins = tagHistogram(values, { binWidth: 0.25 });
    for (const { tag, count } of bins) {
      const inside = values.filter((v) => Math.floor(v / 0.25) === Math.round(tag / 0.25 - 0.5));
      assert.equal(count, inside.length);
    }
    assert.equal(bins.reduce((sum, { count }) => sum + count, 0), 300);
    assertClose([bins.reduce((sum, { smoothed }) => sum + smoothed, 0)], [300]);
  });

  it("is empty without values, and keeps no bins between far ones", () => {
    assert.deepEqual(tagHistogram([]), []);
    assert.equal(tagHistogram([0, 1e6]).length, 6);
  });

  it("refuses bins without a width", () => {
    assert.throws(() => tagHistogram([1], { binWidth: 0 }), {
      name: "RangeError",
      message: "tagHistogram: binWidth must be above 0, not 0",
    });
  });
});

describe("tagModes", () => {
  for (const D of [1, 2, 4]) {
    const middles = [0, 3, -2].map((x) => Array.from({ length: D }, (_, d) => d === 0 ? x : 0.5));
    it(`finds where tags of ${D} numbers gather, the densest first`, () => {
      const modes = tagModes(columns(cloud(middles, [100, 300, 200])), { separation: 1 });
      assert.equal(modes.length, 3);
      [1, 2, 0].forEach((m, i) => assertClose(modes[i].tag, middles[m], { tolerance: 0.12 }));
      assert.ok(modes[0].density > modes[1].density && modes[1].density > modes[2].density);
    });

    it(`finds none of ${D} numbers where there are no tags, and one where all are equal`, () => {
      assert.deepEqual(tagModes(hostArray([D, 0])), []);
      const tag = new Array(D).fill(0.25);
      const modes = tagModes(columns(new Array(7).fill(tag)));
      assert.equal(modes.length, 1);
      assertClose(modes[0].tag, tag, { tolerance: 1e-6 });
    });

    it(`tells ${D} numbers apart only from the separation on`, () => {
      const near = columns(cloud([middles[0], middles[0].map((x) => x + 1.2)], [200, 100], 0.02));
      const apart = 1.2 * Math.sqrt(D);
      assert.equal(tagModes(near, { separation: apart - 0.15 }).length, 2);
      assert.equal(tagModes(near, { separation: apart + 0.15 }).length, 1);
    });
  }

  it("finds 60 instances, of one tag each", () => {
    const tags = Array.from({ length: 60 }, (_, i) => [i % 8, Math.floor(i / 8)]);
    assert.equal(tagModes(columns(tags)).length, 60);
    assert.equal(tagModes(columns(tags.map(([x, y]) => [8 * y + x]))).length, 60);
  });

  it("finds the same in more tags than mean shift looks at", () => {
    const tags = cloud([[0, 0], [2, 2]], [4000, 2000]);
    assert.equal(tagModes(columns(tags), { separation: 1 }).length, 2);
  });

  it("finds tags whose next bin is none of its own in float64", () => {
    const modes = tagModes(hostArray([1, 3], [1e18, 1e18, -3e18]), { binWidth: 0.1 });
    assert.deepEqual(modes.map(({ density }) => density), [2, 1]);
    modes.forEach(({ tag: [t] }, m) => assertClose([t / 1e18], [[1, -3][m]], { label: "tag" }));
  });

  it("stops at 1000 modes, the densest", () => {
    const tags = Float32Array.from({ length: 2500 }, (_, i) => i < 2499 ? i : 0);
    const modes = tagModes(hostArray([1, 2500], tags));
    assert.equal(modes.length, 1000);
    assert.equal(modes[0].tag[0], 0.05);
  });

  it("refuses what has no modes", () => {
    assert.throws(() => tagModes(hostArray([2, 2, 2])), {
      name: "ShapeError",
      message: /^tagModes: tags must be \[D, n\] with D of 1 or more\n/,
    });
    assert.throws(() => tagModes(hostArray([1, 1], [NaN])), {
      name: "RangeError",
      message: "tagModes: a tag is not finite",
    });
    assert.throws(() => tagModes(hostArray([1, 1]), { separation: -1 }), {
      name: "RangeError",
      message: "tagModes: separation must be above 0, not -1",
    });
  });
});
