import assert from "node:assert/strict";
import {
  clearMot,
  combineTrackingFigures,
  hota,
  identityFigures,
  trackingFigures,
} from "../../metrics/mod.ts";
import { frameOf, isClose, randomVideo } from "./tracks.ts";

Deno.test("trackingFigures() are those of the three families, with the options handed on", () => {
  const frames = randomVideo(3);
  const options = { threshold: 0.8, partner: "last" } as const;
  const figures = trackingFigures(frames, options);
  assert.equal(figures.MOTA, clearMot(frames, options).MOTA);
  assert.equal(figures.IDF1, identityFigures(frames, options).IDF1);
  assert.equal(figures.HOTA, hota(frames).HOTA);
});

Deno.test("combineTrackingFigures() of one video is that video's", () => {
  const figures = trackingFigures(randomVideo(5));
  const same = combineTrackingFigures([figures]);
  for (const name of ["MOTA", "MOTP", "IDF1", "HOTA", "AssA", "LocA"] as const) {
    assert.ok(isClose(same[name], figures[name]), name);
  }
});

Deno.test("combineTrackingFigures() keeps the same number in two videos apart", () => {
  const one = [frameOf([1, 7]), frameOf([1, 7])], other = [frameOf([1, 8]), frameOf([1, 8])];
  const together = trackingFigures([...one, ...other]);
  const apart = combineTrackingFigures([trackingFigures(one), trackingFigures(other)]);
  assert.deepEqual([together.identitySwitches, apart.identitySwitches], [1, 0]);
  assert.deepEqual([together.IDF1, apart.IDF1], [0.5, 1]);
  assert.ok(isClose(together.AssA, 0.5) && isClose(apart.AssA, 1));
});

Deno.test("combineTrackingFigures() of no video has no NaN", () => {
  const { byThreshold: _, ...figures } = combineTrackingFigures([]);
  for (const [name, value] of Object.entries(figures)) assert.ok(Number.isFinite(value), name);
});
