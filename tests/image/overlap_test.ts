import assert from "node:assert/strict";
import { Random } from "../../data/random.ts";
import { type Box, boxOverlaps, maskOverlaps } from "../../image/overlap.ts";
import { encodeRunLengths } from "../../image/run_length.ts";
import fixture from "../fixtures/masks/masks.json" with { type: "json" };

function assertNear(actual: Float64Array, expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(actual[i] - value) <= 1e-12, `[${i}]: ${actual[i]}, not ${value}`);
  });
}

for (const { id, size: [height, width], dt, gt, iscrowd, ...expected } of fixture.merges) {
  Deno.test(`overlaps of "${id}" are pycocotools'`, () => {
    const crowds = iscrowd.map((flag) => flag === 1);
    const masks = (lists: number[][]) =>
      lists.map((counts) => ({ size: [height, width] as const, counts }));
    assertNear(maskOverlaps(masks(dt), masks(gt), crowds), expected.iou.flat());
    const boxes = [expected.boxes_dt, expected.boxes_gt] as unknown as [Box[], Box[]];
    assertNear(boxOverlaps(...boxes, crowds), expected.box_iou.flat());
  });
}

Deno.test("maskOverlaps() counts pixels", () => {
  const random = new Random(1);
  const masks = [0, 0.1, 0.5, 1].map((share) => ({
    width: 11,
    height: 6,
    data: new Uint8Array(66).map(() => random.chance(share) ? 1 : 0),
  }));
  const runs = masks.map(encodeRunLengths);
  for (const crowd of [false, true]) {
    const expected = masks.flatMap((d) =>
      masks.map((g) => {
        let [both, either, own] = [0, 0, 0];
        d.data.forEach((inside, i) => {
          both += inside & g.data[i];
          either += inside | g.data[i];
          own += inside;
        });
        return both === 0 ? 0 : both / (crowd ? own : either);
      })
    );
    assertNear(maskOverlaps(runs, runs, masks.map(() => crowd)), expected);
  }
});

Deno.test("boxOverlaps() are 0 where boxes only touch, or have no area", () => {
  const box: Box = [0, 0, 2, 2];
  assert.deepEqual([...boxOverlaps([box], [[2, 0, 2, 2], [0, 2, 2, 2], [1, 1, 0, 5]])], [0, 0, 0]);
  assert.equal(boxOverlaps([], [box]).length, 0);
});

Deno.test("maskOverlaps() refuses masks of different sizes, both refuse a missing crowd flag", () => {
  const [a, b] = [[1, 4], [4, 1]].map(([h, w]) => ({ size: [h, w] as const, counts: [0, 4] }));
  assert.throws(() => maskOverlaps([a], [b]), {
    name: "RangeError",
    message: "maskOverlaps: a mask of 1 x 4 pixels and one of 4 x 1",
  });
  assert.throws(() => maskOverlaps([a], [a], []), {
    name: "RangeError",
    message: "maskOverlaps: 1 truths but 0 crowd flags",
  });
  assert.throws(() => boxOverlaps([], [[0, 0, 1, 1]], []), {
    name: "RangeError",
    message: "boxOverlaps: 1 truths but 0 crowd flags",
  });
});
