import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { type HostArray, hostArray } from "../../core/host_array.ts";
import { Random } from "../../data/random.ts";
import { decodeInstances, mergeInstances } from "../../decoders/instances.ts";
import type { DecodedInstance } from "../../instance/instance.ts";
import { assertClose } from "../close.ts";

/** Owners of pixels, "." nobody; letters in the order of their tags. */
const PICTURE = [
  "aaaa....",
  "aaaabbbb",
  "aaaabbbb",
  "....bbbb",
  "cc......",
  "cc..dddd",
  "cc..dddd",
  "cc......",
];
const HEIGHT = PICTURE.length, WIDTH = PICTURE[0].length;
const SAME = { width: WIDTH, height: HEIGHT, frame: { stride: 1 }, leastPixels: 1 };

/** Maps of one class that say the picture, tags at random around each letter's own. */
function maps(tagOf: (letter: string) => readonly number[], spread = 0.02) {
  const random = new Random(9);
  const letters = PICTURE.join("");
  const D = tagOf("a").length;
  const tags = hostArray([D, 1, HEIGHT, WIDTH]);
  [...letters].forEach((letter, i) => {
    const tag = letter === "." ? new Array(D).fill(random.uniform(-9, 9)) : tagOf(letter);
    tag.forEach((x, d) => tags.data[d * letters.length + i] = x + spread * random.normal());
  });
  const heatmaps = hostArray([1, HEIGHT, WIDTH], [...letters].map((l) => l === "." ? 0.1 : 0.9));
  return { heatmaps, tags };
}

function letterMask(letter: string): number[] {
  return [...PICTURE.join("")].map((l) => l === letter ? 1 : 0);
}

const masksOf = (instances: readonly DecodedInstance[]) =>
  instances.map(({ mask }) => mask.data.join("")).sort();
const expected = ["a", "b", "c", "d"].map((l) => letterMask(l).join("")).sort();

const decode = ({ heatmaps, tags }: { heatmaps: HostArray; tags: HostArray }, options = {}) =>
  decodeInstances(heatmaps, tags, { ...SAME, ...options });

describe("decodeInstances", () => {
  const one = (l: string) => [2 * "abcd".indexOf(l)];
  const three = (l: string) => [[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2]]["abcd".indexOf(l)];

  it("gives every detected pixel to the instance whose tag is nearest", () => {
    for (const tagOf of [one, three]) {
      const instances = decode(maps(tagOf));
      assert.deepEqual(masksOf(instances), expected);
      for (const { score, classIndex, tag } of instances) {
        assertClose([score, classIndex], [0.9, 0]);
        assert.equal(tag.length, tagOf("a").length);
      }
    }
  });

  it("finds the same whatever the instances are called", () => {
    for (const names of ["abcd", "dcba", "bdac"]) {
      for (const tagOf of [one, three]) {
        assert.deepEqual(masksOf(decode(maps((l) => tagOf(names["abcd".indexOf(l)])))), expected);
      }
    }
  });

  it("finds nothing where nothing is above the threshold, one thing where all tags are equal", () => {
    const { heatmaps, tags } = maps(one);
    assert.deepEqual(decode({ heatmaps, tags }, { threshold: 0.95 }), []);
    const alike = hostArray(tags.shape, new Float32Array(tags.data.length).fill(3));
    const [all, ...rest] = decode({ heatmaps, tags: alike });
    assert.deepEqual(rest, []);
    assert.deepEqual([...all.mask.data], [...PICTURE.join("")].map((l) => l === "." ? 0 : 1));
  });

  it("finds things of one pixel, and 60 of them", () => {
    const heatmaps = hostArray([1, 6, 10], new Float32Array(60).fill(0.8));
    const tags = hostArray([1, 1, 6, 10], Float32Array.from({ length: 60 }, (_, i) => 3 * i));
    const frame = { width: 10, height: 6, frame: { stride: 1 }, leastPixels: 1 };
    const instances = decodeInstances(heatmaps, tags, frame);
    assert.deepEqual(
      instances.map(({ mask }) => mask.data.indexOf(1)).sort((a, b) => a - b),
      Array.from({ length: 60 }, (_, i) => i),
    );
  });

  it("leaves pixels of modes that are too light to the others, but never all of them", () => {
    // Lighter than nine pixels are c and d. The one that goes is d; with its pixels c has enough.
    const found = decode(maps(one), { leastPixels: 9 });
    const joined = letterMask("c").map((inside, i) => inside | letterMask("d")[i]);
    assert.deepEqual(
      masksOf(found),
      [...["a", "b"].map(letterMask), joined].map((m) => m.join("")).sort(),
    );
    assert.equal(decode(maps(one), { leastPixels: 1000 }).length, 1);
    assert.equal(decode(maps(one), { leastShare: 0.25 }).length, 3); // 12 of 40 are more, 8 less
  });

  it("takes modes away one by one, each time the lightest, also where there are thousands", () => {
    // A tag of its own at each of 64 x 64 pixels: one pass over all of them for every mode would take minutes.
    const side = 64, count = side * side;
    const tags = hostArray([1, 1, side, side], Float32Array.from({ length: count }, (_, i) => i));
    const heatmaps = hostArray([1, side, side], new Float32Array(count).fill(1));
    const size = { width: side, height: side, frame: { stride: 1 } };
    const areas = decodeInstances(heatmaps, tags, { ...size, leastShare: 0.01, leastPixels: 0 })
      .map(({ mask }) => mask.data.reduce((sum, inside) => sum + inside, 0));
    assert.equal(areas.reduce((sum, area) => sum + area, 0), count);
    assert.ok(areas.length > 1 && Math.min(...areas) >= 0.01 * count, `${areas}`);
  });

  it("takes off small parts if asked to, and what is then left of nothing", () => {
    const { heatmaps, tags } = maps(one);
    [heatmaps.data[7], tags.data[7]] = [0.9, 0]; // a pixel of a's, far from it
    const whole = decode({ heatmaps, tags });
    assert.equal(whole.find(({ mask }) => mask.data[0])!.mask.data[7], 1);
    const cleaned = decode({ heatmaps, tags }, { leastPart: 2 });
    assert.deepEqual(masksOf(cleaned), expected);
    assert.equal(decode({ heatmaps, tags }, { leastPart: 9 }).length, 2);
  });

  it("connects pixels that touch at a corner", () => {
    const heatmaps = hostArray([1, 2, 2], [1, 0, 0, 1]);
    const tags = hostArray([1, 1, 2, 2]);
    const frame = { width: 2, height: 2, frame: { stride: 1 }, leastPixels: 1, leastPart: 2 };
    assert.deepEqual([...decodeInstances(heatmaps, tags, frame)[0].mask.data], [1, 0, 0, 1]);
  });

  it("believes less, if asked, in an instance whose tags do not agree", () => {
    const { heatmaps, tags } = maps(one, 0);
    for (let i = 0; i < 2; i++) tags.data[i] += 0.5; // two of a's twelve pixels
    const options = { separation: 0.9, scoreBy: "agreement" } as const; // b = 0.3
    const scores = decode({ heatmaps, tags }, options).map((
      { mask, score },
    ) => [mask.data[0], score]);
    const [mode] = decode({ heatmaps, tags }, options).filter(({ mask }) => mask.data[0]);
    const b = (x: number) => Math.exp(-((x - mode.tag[0]) ** 2) / (2 * 0.3 ** 2));
    const rest = scores.filter(([isA]) => !isA).map(([, score]) => score);
    assertClose(scores.find(([isA]) => isA)![1], 0.9 * (2 * b(0.5) + 10 * b(0)) / 12);
    for (const score of rest) assert.ok(score > 0.88); // modes are middles of bins
    assert.throws(() => decode({ heatmaps, tags }, { scoreBy: "area" }), {
      name: "RangeError",
      message: 'decodeInstances: scoreBy can be "detection" or "agreement", not area',
    });
  });

  it("gives no pixel a score below 0, where one below 0 lies beside one whose tag does not agree", () => {
    const heatmaps = hostArray([1, 1, 3], [0.1, 1, -1]);
    const tags = hostArray([1, 1, 1, 3], [0, 9, 0]);
    const [{ tag, score, mask }, ...others] = decodeInstances(heatmaps, tags, {
      width: 12,
      height: 4,
      frame: { stride: 4 },
      threshold: 0,
      leastShare: 0.6,
      leastPixels: 0,
      scoreBy: "agreement",
    });
    assert.deepEqual([tag, others], [[0.05], []]);
    assert.deepEqual([...mask.data.subarray(0, 12)].join(""), "111111110000");
    // Of each row 0.1 twice, then a share of it until the middle of the second map pixel.
    const b = 0.5 / 3, sum = 0.1 * (2 + 0.875 + 0.625 + 0.375 + 0.125);
    assertClose([score], [sum * Math.exp(-(0.05 ** 2) / (2 * b ** 2)) / 8], { label: "score" });
  });

  it("keeps classes apart, and puts the best score first", () => {
    const { heatmaps, tags } = maps(one);
    const both = (a: HostArray, b: Float32Array, shape: number[]) =>
      hostArray(shape, [...a.data, ...b]);
    const instances = decode({
      heatmaps: both(heatmaps, heatmaps.data.map((v) => v - 0.1), [2, HEIGHT, WIDTH]),
      tags: both(tags, tags.data, [1, 2, HEIGHT, WIDTH]),
    });
    assert.deepEqual(instances.map(({ classIndex }) => classIndex), [0, 0, 0, 0, 1, 1, 1, 1]);
    assert.deepEqual(masksOf(instances.slice(4)), expected);
  });

  it("brings detection to the picture's size bilinearly, about pixels' middles", () => {
    // Two map pixels of stride 4: their middles lie at 1.5 and 5.5 of the picture's columns.
    const heatmaps = hostArray([1, 1, 2], [1, 0]);
    const tags = hostArray([1, 1, 1, 2]);
    const frame = { stride: 4 };
    const options = { width: 8, height: 4, frame, leastPixels: 1 };
    const [{ mask, score }] = decodeInstances(heatmaps, tags, options);
    // 1, 1, 0.875, 0.625 | 0.375 ...
    assert.deepEqual([...mask.data.slice(0, 8)], [1, 1, 1, 1, 0, 0, 0, 0]);
    assertClose(score, (1 + 1 + 0.875 + 0.625) / 4);
  });

  it("follows the frame into the picture", () => {
    // The input is the picture twice as large and 4 columns to the right.
    const heatmaps = hostArray([1, 4, 8], new Float32Array(32));
    for (const i of [2, 3, 10, 11]) heatmaps.data[i] = 1; // input columns 4 to 8, rows 0 to 4
    const tags = hostArray([1, 1, 4, 8]);
    const frame = { stride: 2, inverse: [[0.5, 0, -2], [0, 0.5, 0]] } as const;
    const [{ mask }] = decodeInstances(heatmaps, tags, {
      width: 6,
      height: 4,
      frame,
      leastPixels: 1,
    });
    assert.deepEqual([...mask.data], [
      1,
      1,
      0,
      0,
      0,
      0,
      1,
      1,
      0,
      0,
      0,
      0,
      ...new Array(12).fill(0),
    ]);
  });

  it("does not let a tag half way between two people become a third one's", () => {
    const row = (values: number[]) => hostArray([1, 1, 6], values);
    const tags = hostArray([1, 1, 1, 6], [0, 0, 8, 8, 4, 4]);
    const options = { width: 24, height: 4, frame: { stride: 4 }, leastPixels: 1 };
    const instances = decodeInstances(row([1, 1, 1, 1, 0, 1]), tags, options);
    const columns = instances.map(({ mask }) => [...mask.data.slice(0, 24)].join(""));
    assert.deepEqual(columns.sort(), [
      "000000000000000000001111",
      "000000001111111100000000",
      "111111110000000000000000",
    ]);
  });

  it("refuses maps and options that make no sense", () => {
    const { heatmaps, tags } = maps(one);
    assert.throws(() => decodeInstances(heatmaps, hostArray([1, 2, HEIGHT, WIDTH]), SAME), {
      name: "ShapeError",
      message: /^decodeInstances: heatmaps and tags must agree/,
    });
    const broken = hostArray(tags.shape, tags.data.with(3, NaN));
    assert.throws(() => decodeInstances(heatmaps, broken, SAME), {
      name: "RangeError",
      message: /^decodeInstances: tags\[0, 0, 0, 3\] is NaN/,
    });
    const wrong = [
      [{ width: 0 }, "width must be a whole number, 1 or more, not 0"],
      [{ threshold: NaN }, "threshold must be 0 or more, not NaN"],
      [{ leastPart: -1 }, "leastPart must be 0 or more, not -1"],
      [{ frame: { stride: 0 } }, "stride must be above 0, not 0"],
      [{ separation: 0 }, "separation must be above 0, not 0"],
      [{ binWidth: NaN }, "binWidth must be above 0, not NaN"],
    ] as const;
    for (const [option, message] of wrong) {
      assert.throws(() => decode({ heatmaps, tags }, option), {
        name: "RangeError",
        message: `decodeInstances: ${message}`,
      });
      // Also where nothing is detected.
      assert.throws(() => decode({ heatmaps: hostArray(heatmaps.shape), tags }, option), {
        name: "RangeError",
        message: `decodeInstances: ${message}`,
      });
    }
  });
});

describe("mergeInstances", () => {
  const seen = (data: number[], score: number, classIndex = 0) => {
    const mask = { width: data.length, height: 1, data: new Uint8Array(data) };
    return { classIndex, mask, score, tag: [0] };
  };

  it("keeps the best of things that overlap by more than the limit", () => {
    const [a, b, c] = [seen([1, 1, 1, 0], 0.6), seen([1, 1, 0, 0], 0.9), seen([0, 0, 1, 1], 0.7)];
    assert.deepEqual(mergeInstances([[a], [b, c]]), [b, c]); // IoU of a with b is 2/3, with c 1/4
    assert.deepEqual(mergeInstances([[a], [b, c]], { iou: 2 / 3 }), [b, c, a]);
    assert.deepEqual(mergeInstances([]), []);
  });

  it("keeps things of different classes, and the first of equal scores", () => {
    const [a, b, c] = [seen([1, 1], 0.5), seen([1, 1], 0.5, 1), seen([1, 1], 0.5)];
    assert.deepEqual(mergeInstances([[a, b], [c]]), [a, b]);
    assert.equal(mergeInstances([[a, b], [c]])[0], a);
  });

  it("refuses masks of several sizes, and limits that are none", () => {
    assert.throws(() => mergeInstances([[seen([1], 1)], [seen([1, 1], 1)]]), {
      name: "ShapeError",
      message: /^mergeInstances: masks of one picture must have one size\n/,
    });
    assert.throws(() => mergeInstances([], { iou: 2 }), {
      name: "RangeError",
      message: "mergeInstances: iou must be from 0 to 1, not 2",
    });
  });
});
