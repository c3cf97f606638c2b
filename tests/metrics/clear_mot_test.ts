import assert from "node:assert/strict";
import {
  clearMot,
  type ClearMotOptions,
  combineClearMot,
  matchTracks,
  type TrackingFrame,
} from "../../metrics/mod.ts";
import { bestAssignment, frameOf, isClose, randomVideo } from "./tracks.ts";

/** CLEAR MOT once more, frame by frame, over all assignments. */
function definition(frames: readonly TrackingFrame[], threshold: number) {
  const count = { matches: 0, misses: 0, falsePositives: 0, switches: 0, fragments: 0, sum: 0 };
  const last = new Map<number, number>();
  let before = new Map<number, number>();
  const runs = new Map<number, number>();
  for (const { truth, found, similarity } of frames) {
    const now = new Map<number, number>();
    const best = bestAssignment(truth.length, found.length, (t, f) => {
      if (similarity[t][f] < threshold) return -1;
      return similarity[t][f] + (before.get(truth[t]) === found[f] ? 1000 : 0);
    });
    best.forEach((f, t) => {
      if (f < 0) return void count.misses++;
      count.matches++;
      count.sum += similarity[t][f];
      if (last.has(truth[t]) && last.get(truth[t]) !== found[f]) count.switches++;
      if (!before.has(truth[t])) runs.set(truth[t], (runs.get(truth[t]) ?? 0) + 1);
      last.set(truth[t], found[f]);
      now.set(truth[t], found[f]);
    });
    count.falsePositives += found.length - now.size;
    before = now;
  }
  for (const n of runs.values()) count.fragments += n - 1;
  return count;
}

Deno.test("clearMot() is the definition over all assignments, on random videos", () => {
  for (let seed = 0; seed < 60; seed++) {
    for (const threshold of [0.3, 0.5, 0.8]) {
      const frames = randomVideo(seed);
      const ours = clearMot(frames, { threshold });
      const expected = definition(frames, threshold);
      assert.deepEqual(
        [ours.matches, ours.misses, ours.falsePositives, ours.identitySwitches],
        [expected.matches, expected.misses, expected.falsePositives, expected.switches],
        `seed ${seed}`,
      );
      assert.equal(ours.fragmentations, expected.fragments);
      assert.ok(isClose(ours.similaritySum, expected.sum));
    }
  }
});

Deno.test("clearMot() of a perfect tracker is 1 with no error", () => {
  const frames = Array.from({ length: 5 }, () => frameOf([1, 7], [2, 8]));
  const { MOTA, MOTP, recall, precision, mostlyTracked, ...counts } = clearMot(frames);
  assert.deepEqual([MOTA, MOTP, recall, precision, mostlyTracked], [1, 1, 1, 1, 2]);
  assert.deepEqual(
    [counts.misses, counts.falsePositives, counts.identitySwitches, counts.fragmentations],
    [0, 0, 0, 0],
  );
});

Deno.test("clearMot() counts a switch for each of two that are confused", () => {
  const frames = [frameOf([1, 7], [2, 8]), frameOf([1, 8], [2, 7]), frameOf([1, 8], [2, 7])];
  const { identitySwitches, fragmentations, MOTA } = clearMot(frames);
  assert.deepEqual([identitySwitches, fragmentations, MOTA], [2, 0, 4 / 6]);
});

Deno.test("clearMot() counts a gap as misses and a fragmentation, and a switch only under a new identity", () => {
  const gap = (after: number) =>
    clearMot([frameOf([1, 7]), frameOf([1, null]), frameOf([1, after])]);
  assert.deepEqual([gap(7).misses, gap(7).fragmentations, gap(7).identitySwitches], [1, 1, 0]);
  assert.deepEqual([gap(9).misses, gap(9).fragmentations, gap(9).identitySwitches], [1, 1, 1]);
});

Deno.test("clearMot() sees one found identity on two people in turn as no switch of either", () => {
  // 1 is lost and its identity 7 goes on with 2, who had none: nobody's partner changed.
  const { identitySwitches, misses } = clearMot([
    frameOf([1, 7], [2, null]),
    frameOf([1, null], [2, 7]),
  ]);
  assert.deepEqual([identitySwitches, misses], [0, 2]);
});

Deno.test("clearMot() stays with a partner that is no longer the nearest, as long as it reaches the threshold", () => {
  const second = (old: number) => [
    frameOf([1, 7]),
    { truth: [1], found: [7, 8], similarity: [[old, 0.9]] },
  ];
  assert.equal(clearMot(second(0.5)).identitySwitches, 0);
  assert.equal(clearMot(second(0.49)).identitySwitches, 1);
});

Deno.test("clearMot() remembers partners over a gap if asked to", () => {
  const frames = [
    frameOf([1, 7]),
    frameOf([1, null]),
    { truth: [1], found: [7, 8], similarity: [[0.6, 0.9]] },
  ];
  const switches = (partner: ClearMotOptions["partner"]) =>
    clearMot(frames, { partner }).identitySwitches;
  assert.deepEqual([switches("previous frame"), switches("last")], [1, 0]);
});

Deno.test("clearMot() calls more than 80 % mostly tracked and less than 20 % mostly lost", () => {
  const tracked = (frames: number) => {
    const video = Array.from({ length: 10 }, (_, f) => frameOf([1, f < frames ? 7 : null]));
    const { mostlyTracked, partlyTracked, mostlyLost } = clearMot(video);
    return [mostlyTracked, partlyTracked, mostlyLost];
  };
  assert.deepEqual(tracked(9), [1, 0, 0]);
  assert.deepEqual(tracked(8), [0, 1, 0]);
  assert.deepEqual(tracked(2), [0, 1, 0]);
  assert.deepEqual(tracked(1), [0, 0, 1]);
});

Deno.test("clearMot() of nothing found, nobody there, and no frame at all is defined", () => {
  const missed = clearMot([frameOf([1, null], [2, null])]);
  assert.deepEqual([missed.MOTA, missed.MOTP, missed.recall, missed.precision], [0, 0, 0, 0]);
  assert.deepEqual([missed.misses, missed.mostlyLost], [2, 2]);
  const invented = clearMot([frameOf([null, 7]), frameOf([null, 7])]);
  assert.deepEqual([invented.MOTA, invented.precision, invented.falsePositives], [-2, 0, 2]);
  for (const frames of [[], [frameOf()]]) {
    const { MOTA, MOTP, recall } = clearMot(frames);
    assert.deepEqual([MOTA, MOTP, recall], [0, 0, 0]);
  }
});

Deno.test("clearMot() takes a similarity that rounding left one step below the threshold", () => {
  const almost = 0.5 - Number.EPSILON / 2;
  assert.equal(clearMot([{ truth: [1], found: [7], similarity: [[almost]] }]).matches, 1);
});

Deno.test("matchTracks() keeps the frames' numbers, or counts from 1", () => {
  const numbers = matchTracks([frameOf([1, 7]), { ...frameOf([1, 7]), frame: 40 }]);
  assert.deepEqual(numbers.map(({ frame }) => frame), [1, 40]);
});

Deno.test("combineClearMot() weighs videos by what is annotated in them", () => {
  const long = clearMot(Array.from({ length: 9 }, () => frameOf([1, 7])));
  const short = clearMot([frameOf([1, null])]);
  const all = combineClearMot([long, short]);
  assert.deepEqual([all.MOTA, all.MOTP, all.frames, all.mostlyLost], [0.9, 1, 10, 1]);
  assert.equal(combineClearMot([]).MOTA, 0);
});

Deno.test("matchTracks() refuses frames that are none", () => {
  const fails = (frame: Partial<TrackingFrame>, message: RegExp, name = "RangeError") =>
    assert.throws(
      () => matchTracks([{ truth: [1], found: [7], similarity: [[1]], ...frame }]),
      { name, message },
    );
  fails({ truth: [1.5] }, /^matchTracks: frames\[0\].truth holds 1.5, not a whole number/);
  fails(
    { found: [7, 7], similarity: [[0, 1]] },
    /^matchTracks: frames\[0\].found holds identity 7 twice/,
  );
  fails({ similarity: [[NaN]] }, /similarity\[0\]\[0\] is NaN, not from 0 to 1/);
  fails({ similarity: [[1.1]] }, /similarity\[0\]\[0\] is 1.1, not from 0 to 1/);
  fails({ similarity: [[1, 1]] }, /does not have a number for every pair/, "ShapeError");
  fails({ similarity: [] }, /similarity {2}\[0, 1\]\n {2}expected {4}\[1, 1\]/, "ShapeError");
  assert.throws(() => matchTracks([], { threshold: 0 }), /threshold is 0, not above 0/);
  assert.throws(() => matchTracks([], { partner: "first" as "last" }), {
    name: "RangeError",
    message: "matchTracks: partner must be previous frame or last, not first",
  });
});
