import assert from "node:assert/strict";
import { Random } from "../../data/random.ts";
import type { Mask } from "../../image/mask.ts";
import {
  decodeRunLengths,
  encodeRunLengths,
  formatRunLengths,
  mergeRunLengths,
  parseRunLengths,
  runLengthArea,
  runLengthBox,
} from "../../image/run_length.ts";
import fixture from "../fixtures/masks/masks.json" with { type: "json" };

/** Masks of all kinds of sizes, from empty to full. */
function randomMasks(): Mask[] {
  const random = new Random(3);
  return [[1, 1], [1, 7], [9, 1], [13, 8], [40, 37]].flatMap(([width, height]) =>
    [0, 0.02, 0.4, 0.95, 1].map((share) => {
      const data = new Uint8Array(width * height).map(() => random.chance(share) ? 1 : 0);
      return { width, height, data };
    })
  );
}

for (const { id, height, width, counts, string, area, bbox } of fixture.run_lengths) {
  Deno.test(`run lengths of "${id}" are pycocotools'`, () => {
    const mask = decodeRunLengths({ size: [height, width], counts });
    const runs = encodeRunLengths(mask);
    assert.deepEqual(runs.counts, counts);
    assert.equal(formatRunLengths(counts), string);
    assert.deepEqual(parseRunLengths(string), counts);
    assert.equal(runLengthArea({ size: [height, width], counts: string }), area);
    assert.deepEqual(runLengthBox(runs), bbox);
  });
}

Deno.test("parseRunLengths() reads pycocotools' text", () => {
  assert.deepEqual(parseRunLengths("S1"), [35]);
  assert.deepEqual(parseRunLengths("0h0"), [0, 24]);
  assert.deepEqual(parseRunLengths(""), []);
});

Deno.test("parseRunLengths() undoes formatRunLengths(), large and falling counts included", () => {
  const lists = [[1, 2, 3, 4, 5], [0, 100000, 3, 1, 70000, 16, 15, 17], [31, 32, 33, 1, 1]];
  for (const counts of lists) assert.deepEqual(parseRunLengths(formatRunLengths(counts)), counts);
});

Deno.test("parseRunLengths() says which character does not belong", () => {
  assert.throws(() => parseRunLengths("0!"), {
    name: "RangeError",
    message: 'parseRunLengths: character "!" at place 1 does not belong there',
  });
  assert.throws(() => parseRunLengths("0h"), {
    name: "RangeError",
    message: "parseRunLengths: the end at place 2 does not belong there",
  });
});

Deno.test("formatRunLengths() refuses what is no count", () => {
  for (const count of [-1, 0.5, NaN, 2 ** 31]) {
    assert.throws(() => formatRunLengths([1, count]), {
      name: "RangeError",
      message: `formatRunLengths: counts must be whole numbers, 0 to 2^31 - 1, not ${count}`,
    });
  }
});

Deno.test("decodeRunLengths() goes down the columns, outside first", () => {
  const mask = decodeRunLengths({ size: [3, 2], counts: [1, 3, 2] });
  assert.deepEqual(mask, { width: 2, height: 3, data: new Uint8Array([0, 1, 1, 0, 1, 0]) });
  assert.deepEqual(
    decodeRunLengths({ size: [4, 6], counts: "0h0" }).data,
    new Uint8Array(24).fill(1),
  );
});

Deno.test("decodeRunLengths() refuses runs that do not make the mask", () => {
  assert.throws(() => decodeRunLengths({ size: [3, 2], counts: [1, 3] }), {
    name: "RangeError",
    message: "decodeRunLengths: the counts add up to 4 but 3 x 2 are 6 pixels",
  });
  assert.throws(() => decodeRunLengths({ size: [3, 2], counts: [-1, 7] }), {
    name: "RangeError",
    message: "decodeRunLengths: counts must be whole numbers, 0 or more, not -1",
  });
  assert.throws(() => decodeRunLengths({ size: [0, 2], counts: [] }), RangeError);
});

Deno.test("encodeRunLengths() is what decodeRunLengths() undoes, with no run of 0 but the first", () => {
  for (const mask of randomMasks()) {
    const runs = encodeRunLengths(mask);
    assert.ok(runs.counts.every((count, i) => count > 0 || i === 0));
    assert.deepEqual(decodeRunLengths(runs), mask);
  }
});

Deno.test("encodeRunLengths() refuses what is no mask", () => {
  assert.throws(() => encodeRunLengths({ width: 2, height: 2, data: new Uint8Array(3) }), {
    name: "RangeError",
    message: "encodeRunLengths: 3 bytes are no mask of 2 x 2 pixels",
  });
  assert.throws(() => encodeRunLengths({ width: 0, height: 0, data: new Uint8Array(0) }), {
    name: "RangeError",
  });
});

Deno.test("runLengthArea() and runLengthBox() equal those of the pixels", () => {
  for (const mask of randomMasks()) {
    const inside = [...mask.data.keys()].filter((i) => mask.data[i] === 1);
    const xs = inside.map((i) => i % mask.width),
      ys = inside.map((i) => Math.floor(i / mask.width));
    const [left, top] = [Math.min(...xs), Math.min(...ys)];
    const box = inside.length === 0
      ? [0, 0, 0, 0]
      : [left, top, Math.max(...xs) - left + 1, Math.max(...ys) - top + 1];
    const runs = encodeRunLengths(mask);
    assert.equal(runLengthArea(runs), inside.length);
    assert.deepEqual(runLengthBox(runs), box);
  }
});

Deno.test("runLengthBox() and mergeRunLengths() take runs of 0 as not there", () => {
  const runs = { size: [2, 4] as const, counts: [2, 0, 1, 2, 0, 1, 2] }; // one run of 3 from place 3
  assert.deepEqual(runLengthBox(runs), [1, 0, 2, 2]);
  for (const how of ["union", "intersection"] as const) {
    assert.deepEqual(mergeRunLengths([runs], how).counts, [3, 3, 2]);
  }
});

Deno.test("mergeRunLengths() equals or and and of the pixels", () => {
  const masks = randomMasks().slice(-4, -1); // of one size
  const merged = (join: (values: boolean[]) => boolean) =>
    masks[0].data.map((_, i) => join(masks.map(({ data }) => data[i] === 1)) ? 1 : 0);
  const runs = masks.map(encodeRunLengths);
  const [union, intersection] = (["union", "intersection"] as const).map((how) =>
    mergeRunLengths(runs, how)
  );
  assert.deepEqual(decodeRunLengths(union).data, merged((values) => values.some(Boolean)));
  assert.deepEqual(decodeRunLengths(intersection).data, merged((values) => values.every(Boolean)));
});

for (const { id, size: [height, width], dt, union, intersection } of fixture.merges) {
  Deno.test(`mergeRunLengths() of "${id}" is pycocotools'`, () => {
    const masks = dt.map((counts) => ({ size: [height, width] as const, counts }));
    assert.equal(formatRunLengths(mergeRunLengths(masks, "union").counts), union);
    assert.equal(formatRunLengths(mergeRunLengths(masks, "intersection").counts), intersection);
  });
}

Deno.test("mergeRunLengths() refuses no mask, and masks of different sizes", () => {
  assert.throws(() => mergeRunLengths([], "union"), {
    name: "RangeError",
    message: "mergeRunLengths: there is no mask to merge",
  });
  const masks = [[1, 4], [4, 1]].map(([h, w]) => ({ size: [h, w] as const, counts: [4] }));
  assert.throws(() => mergeRunLengths(masks, "union"), {
    name: "RangeError",
    message: "mergeRunLengths: a mask of 1 x 4 pixels and one of 4 x 1",
  });
});
