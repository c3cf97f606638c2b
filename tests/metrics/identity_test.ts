import assert from "node:assert/strict";
import { combineIdentityFigures, identityFigures } from "../../metrics/mod.ts";
import { bestAssignment, frameOf, isClose, randomVideo } from "./tracks.ts";

Deno.test("identityFigures() is the best of all ways to give identities, on random videos", () => {
  const truths = [1, 2, 3], founds = [17, 18, 19];
  for (let seed = 0; seed < 60; seed++) {
    const frames = randomVideo(seed);
    const together = truths.map((one) =>
      founds.map((other) =>
        frames.filter(({ truth, found, similarity }) => {
          const t = truth.indexOf(one), f = found.indexOf(other);
          return t >= 0 && f >= 0 && similarity[t][f] >= 0.5;
        }).length
      )
    );
    const best = bestAssignment(3, 3, (t, f) => together[t][f]);
    const agreed = best.reduce((sum, f, t) => sum + (f < 0 ? 0 : together[t][f]), 0);
    const annotated = frames.reduce((sum, { truth }) => sum + truth.length, 0);
    const found = frames.reduce((sum, frame) => sum + frame.found.length, 0);
    const { IDTP, IDFN, IDFP, IDF1 } = identityFigures(frames);
    assert.deepEqual([IDTP, IDFN, IDFP], [agreed, annotated - agreed, found - agreed]);
    assert.ok(isClose(IDF1, 2 * agreed / (annotated + found)), `seed ${seed}`);
  }
});

Deno.test("identityFigures() of a perfect tracker is 1", () => {
  const { IDF1, IDP, IDR } = identityFigures([frameOf([1, 7], [2, 8]), frameOf([1, 7], [2, 8])]);
  assert.deepEqual([IDF1, IDP, IDR], [1, 1, 1]);
});

Deno.test("identityFigures() gives an identity that was merged to whom it served longer", () => {
  const frames = [frameOf([1, 7]), frameOf([1, 7]), frameOf([1, 7]), frameOf([2, 7])];
  const { IDTP, IDFP, IDFN } = identityFigures(frames);
  assert.deepEqual([IDTP, IDFP, IDFN], [3, 1, 1]);
});

Deno.test("identityFigures() counts what lies on nobody and what is found by nobody", () => {
  const { IDTP, IDFP, IDFN } = identityFigures([frameOf([1, null], [null, 7], [null, 8])]);
  assert.deepEqual([IDTP, IDFP, IDFN], [0, 2, 1]);
});

Deno.test("identityFigures() of nothing is 0", () => {
  for (const frames of [[], [frameOf()], [frameOf([1, null])], [frameOf([null, 7])]]) {
    const { IDF1, IDP, IDR } = identityFigures(frames);
    assert.deepEqual([IDF1, IDP, IDR], [0, 0, 0]);
  }
});

Deno.test("combineIdentityFigures() adds counts up", () => {
  const parts = [identityFigures([frameOf([1, 7])]), identityFigures([frameOf([1, null])])];
  assert.equal(combineIdentityFigures(parts).IDF1, 2 / 3);
});

Deno.test("identityFigures() refuses frames that are none", () => {
  assert.throws(
    () => identityFigures([{ truth: [1], found: [2], similarity: [] }]),
    /^ShapeError: identityFigures: frames\[0\].similarity does not have a number for every pair/,
  );
  assert.throws(() => identityFigures([], { threshold: 2 }), /^RangeError: identityFigures: thres/);
});
