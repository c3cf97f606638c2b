import assert from "node:assert/strict";
import { combineHota, hota, HOTA_THRESHOLDS, type TrackingFrame } from "../../metrics/mod.ts";
import { bestAssignment, frameOf, isClose, randomVideo } from "./tracks.ts";

/** HOTA once more, from the formulas at the top of `hota.ts`, over all assignments. */
function definition(frames: readonly TrackingFrame[]) {
  const truths = [1, 2, 3], founds = [17, 18, 19];
  const has = (list: "truth" | "found", identity: number) =>
    frames.filter((frame) => frame[list].includes(identity)).length;
  const s = ({ truth, found, similarity }: TrackingFrame, one: number, other: number) =>
    similarity[truth.indexOf(one)]?.[found.indexOf(other)] ?? 0;
  const alignment = (one: number, other: number) => {
    let p = 0;
    for (const frame of frames) {
      const row = founds.reduce((sum, f) => sum + s(frame, one, f), 0);
      const column = truths.reduce((sum, t) => sum + s(frame, t, other), 0);
      const union = row + column - s(frame, one, other);
      if (union > 0) p += s(frame, one, other) / union;
    }
    return p / (has("truth", one) + has("found", other) - p);
  };
  const pairs = frames.flatMap((frame) => {
    const { truth, found } = frame;
    const best = bestAssignment(
      truth.length,
      found.length,
      (t, f) => alignment(truth[t], found[f]) * s(frame, truth[t], found[f]),
    );
    return best.flatMap((f, t) =>
      f < 0 ? [] : [{ one: truth[t], other: found[f], alike: s(frame, truth[t], found[f]) }]
    );
  });
  const annotated = frames.reduce((sum, { truth }) => sum + truth.length, 0);
  const found = frames.reduce((sum, frame) => sum + frame.found.length, 0);
  const mean = { HOTA: 0, DetA: 0, AssA: 0, LocA: 0, AssRe: 0, AssPr: 0 };
  for (const threshold of HOTA_THRESHOLDS) {
    const TP = pairs.filter(({ alike }) => alike >= threshold);
    const over = (value: (one: number, other: number, TPA: number) => number) =>
      TP.reduce((sum, { one, other }) => {
        const TPA = TP.filter((pair) => pair.one === one && pair.other === other).length;
        return sum + value(one, other, TPA) / TP.length;
      }, 0);
    const DetA = TP.length / Math.max(1, annotated + found - TP.length);
    const AssA = over((a, b, TPA) => TPA / (has("truth", a) + has("found", b) - TPA));
    mean.DetA += DetA / 19;
    mean.AssA += AssA / 19;
    mean.HOTA += Math.sqrt(DetA * AssA) / 19;
    mean.AssRe += over((a, _, TPA) => TPA / has("truth", a)) / 19;
    mean.AssPr += over((_, b, TPA) => TPA / has("found", b)) / 19;
    mean.LocA += (TP.length === 0 ? 1 : TP.reduce((sum, { alike }) => sum + alike, 0) / TP.length) /
      19;
  }
  return mean;
}

Deno.test("hota() is the definition over all assignments, on random videos", () => {
  for (let seed = 0; seed < 40; seed++) {
    const frames = randomVideo(seed);
    const ours = hota(frames);
    for (const [figure, expected] of Object.entries(definition(frames))) {
      const value = ours[figure as keyof ReturnType<typeof definition>];
      assert.ok(isClose(value, expected), `seed ${seed}: ${figure} is ${value}, not ${expected}`);
    }
  }
});

Deno.test("hota() of a perfect tracker is 1 in every part", () => {
  const { byThreshold: _, ...figures } = hota([frameOf([1, 7], [2, 8]), frameOf([1, 7], [2, 8])]);
  for (const value of Object.values(figures)) assert.ok(isClose(value, 1));
});

Deno.test("hota() halves association where two are confused in the middle of the video", () => {
  const frames = [
    frameOf([1, 7], [2, 8]),
    frameOf([1, 7], [2, 8]),
    frameOf([1, 8], [2, 7]),
    frameOf([1, 8], [2, 7]),
  ];
  const { DetA, AssA } = hota(frames); // TPA 2, FNA 2, FPA 2
  assert.ok(isClose(DetA, 1) && isClose(AssA, 2 / 6));
});

Deno.test("hota() lowers detection, not association, for what lies on nobody", () => {
  const { DetA, AssA, DetPr, DetRe } = hota([frameOf([1, 7], [null, 8], [null, 9])]);
  assert.ok(isClose(DetA, 1 / 3) && isClose(AssA, 1) && isClose(DetPr, 1 / 3) && isClose(DetRe, 1));
});

Deno.test("hota() loses a pair at the thresholds above its similarity", () => {
  const { byThreshold, LocA } = hota([{ truth: [1], found: [7], similarity: [[0.5]] }]);
  assert.deepEqual(byThreshold.map(({ counts }) => counts.matches), [
    ...Array(10).fill(1),
    ...Array(9).fill(0),
  ]);
  assert.ok(isClose(LocA, (10 * 0.5 + 9 * 1) / 19)); // no pair: 1
});

Deno.test("hota() of nothing is 0, with LocA 1", () => {
  for (const frames of [[], [frameOf()], [frameOf([1, null])], [frameOf([null, 7])]]) {
    const { HOTA, DetA, AssA, LocA } = hota(frames);
    assert.deepEqual([HOTA, DetA, AssA], [0, 0, 0]);
    assert.ok(isClose(LocA, 1));
  }
});

Deno.test("combineHota() adds counts up and leaves identities apart", () => {
  const one = [frameOf([1, 7]), frameOf([1, 7])], other = [frameOf([1, 9]), frameOf([1, null])];
  const all = combineHota([hota(one), hota(other)]);
  // Detection: 3 pairs of 4. Association: twice 2 / 2, once 1 / 2.
  assert.ok(isClose(all.DetA, 3 / 4) && isClose(all.AssA, 2.5 / 3));
});

Deno.test("hota() refuses frames that are none", () => {
  assert.throws(
    () => hota([{ truth: [1], found: [2], similarity: [] }]),
    /^ShapeError: hota: frames\[0\].similarity does not have a number for every pair/,
  );
  assert.throws(
    () => hota([{ truth: [1, 1], found: [], similarity: [[], []] }]),
    /^RangeError: hota: frames\[0\].truth holds identity 1 twice/,
  );
});
