import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { boxSimilarity, type Trackable, Tracker, type TrackerOptions } from "ae";
import { Random } from "../../data/random.ts";

/** A thing 10 wide and 20 high, its left edge at x. */
function thing(x: number, tag: number | number[], score = 1): Trackable {
  return { tag: [tag].flat(), score, box: [x, 0, 10, 20] };
}

const trackerOf = (options: Partial<TrackerOptions> = {}) =>
  new Tracker({ overlap: boxSimilarity, ...options });

/** Identities of every frame. */
function followed(frames: readonly Trackable[][], options: Partial<TrackerOptions> = {}) {
  const tracker = trackerOf(options);
  return frames.map((found) => tracker.next(found));
}

describe("Tracker", () => {
  it("gives birth to identities in the order of scores, and never uses a number again", () => {
    const frames = [[thing(0, 0, 0.5), thing(40, 3, 0.9)], [], [thing(80, 6)]];
    assert.deepEqual(followed(frames, { maxGap: 0 }), [[1, 0], [], [2]]);
  });

  it("lets only things of enough score be born, which any thing may join", () => {
    const frames = [[thing(0, 0, 0.4), thing(40, 3, 0.5)], [thing(40, 3, 0.1), thing(0, 0, 0.5)]];
    assert.deepEqual(followed(frames, { birthScore: 0.5 }), [[null, 0], [0, 1]]);
  });

  it("takes no notice of things of too low a score, which then hide nobody", () => {
    const frames = [[thing(0, 0, 0.5)], [thing(0, 0, 0.2), thing(30, 0, 0.6)], [thing(0, 0, 0.3)]];
    assert.deepEqual(followed(frames, { leastScore: 0.3 }), [[0], [null, 0], [0]]);
  });

  it("knows an identity again by its tag after a gap, wherever it is, up to maxGap frames", () => {
    const hidden = (frames: number) => [
      [thing(0, 0), thing(40, 3)],
      ...Array.from({ length: frames }, () => [thing(41, 3)]),
      [thing(90, 0.2), thing(42, 3)],
    ];
    assert.deepEqual(followed(hidden(4), { maxGap: 4 }).at(-1), [0, 1]);
    assert.deepEqual(followed(hidden(5), { maxGap: 4 }).at(-1), [2, 1]);
    const tracker = trackerOf({ maxGap: 1 });
    const alive = hidden(2).slice(0, 3).map((found) => {
      tracker.next(found);
      return tracker.alive;
    });
    assert.deepEqual(alive, [[0, 1], [0, 1], [1]]);
  });

  it("keeps people apart who cross where places alone would swap them", () => {
    const frames = [[thing(0, 0), thing(8, 3)], [thing(7, 0), thing(1, 3)]];
    assert.deepEqual(followed(frames), [[0, 1], [0, 1]]);
    assert.deepEqual(followed(frames, { by: "place" }), [[0, 1], [1, 0]]);
  });

  it("lets the nearer in the picture win where tags count as equal, unless they are not rounded", () => {
    const frames = [[thing(0, 0), thing(30, 0.3)], [thing(28, 0.1), thing(2, 0.2)]];
    assert.deepEqual(followed(frames), [[0, 1], [1, 0]]);
    assert.deepEqual(followed(frames, { rounding: "none" }), [[0, 1], [0, 1]]);
  });

  it("weighs places against tags that are not rounded as placeWeight says", () => {
    // Tags say that the two have changed places, by 0.3 each; places that they have stayed.
    const frames = [[thing(0, 0), thing(30, 0.3)], [thing(0, 0.3), thing(30, 0)]];
    const last = (placeWeight: number) =>
      followed(frames, { rounding: "none", placeWeight }).at(-1);
    assert.deepEqual(last(29), [1, 0]); // 2 · 100 · 0.3 against 2 · 29
    assert.deepEqual(last(31), [0, 1]);
  });

  it("lets the nearer tag win where neither rounded tags nor places decide", () => {
    const frames = [[thing(0, 0), thing(50, 0.4)], [thing(100, 0.3), thing(200, 0.05)]];
    assert.deepEqual(followed(frames), [[0, 1], [1, 0]]);
  });

  it("leaves a stranger alone rather than pushing somebody to a tag that fits worse", () => {
    // 0.9 from identity 0 and nearer in the picture; the one who is 0 would have to become 1, who is hidden.
    const frames = [[thing(0, 0), thing(50, 0.95)], [thing(0, -0.9), thing(20, 0)]];
    assert.deepEqual(followed(frames, { rounding: "none" }).at(-1), [2, 0]);
  });

  it("lets a tag that is near enough join whoever else is alive", () => {
    // Half to one away: rounded, as dear as the farthest that may join.
    for (const others of [[], [thing(40, 10)], [thing(40, 10), thing(80, 20)]]) {
      for (const maxTagDistance of [0.8, 1, 1.4]) {
        const tracker = trackerOf({ maxTagDistance });
        tracker.next([thing(0, 0, 2), ...others]);
        assert.deepEqual(tracker.next([thing(300, 0.7)]), [0]);
      }
    }
  });

  it("takes no thing whose tag is as far as maxTagDistance", () => {
    const frames = (tag: number) => [[thing(0, 0)], [thing(0, tag)]];
    assert.deepEqual(followed(frames(0.5), { maxTagDistance: 0.5 }), [[0], [1]]);
    assert.deepEqual(followed(frames(0.499), { maxTagDistance: 0.5 }), [[0], [0]]);
  });

  it("measures tags by the root of the mean square, as grouping does", () => {
    const frames = [[thing(0, [0, 0, 0, 0])], [thing(0, [1.9, 0, 0, 0])]];
    assert.deepEqual(followed(frames), [[0], [0]]); // sqrt(1.9² / 4) = 0.95
    assert.deepEqual(followed([frames[0], [thing(0, [2, 0, 0, 0])]]), [[0], [1]]);
  });

  it("lets nobody move farther than reach for each frame since the last look", () => {
    const at = (
      x: number,
      gap: number,
    ) => [[thing(0, 0)], ...new Array(gap).fill([]), [thing(x, 0)]];
    const last = (x: number, gap: number) => followed(at(x, gap), { reach: 0.5 }).at(-1);
    assert.deepEqual(last(10, 0), [0]); // half of 20, the longer side
    assert.deepEqual(last(10.1, 0), [1]);
    assert.deepEqual(last(20, 1), [0]);
    assert.deepEqual(last(20.1, 1), [1]);
  });

  it("remembers the mean of the first tags and then follows slowly", () => {
    const tags = [0, 0.8, 0.8];
    const frames = [...tags.map((tag) => [thing(0, tag)]), [thing(0, 1.5)]];
    // Means 0, 0.4, 0.533; with a memory of one frame the last tag, 0.8.
    assert.deepEqual(followed(frames, { maxTagDistance: 0.9 }).at(-1), [1]);
    assert.deepEqual(followed(frames, { maxTagDistance: 0.9, memory: 1 }).at(-1), [0]);
  });

  it("by place joins what overlaps most in sum, only above minOverlap", () => {
    const frames = [[thing(0, 0), thing(6, 0)], [thing(6, 0), thing(12, 0)]];
    // Greedily the second thing would be left alone; together 0 -> 6 and 6 -> 12 overlap by 1/4 each, 6 -> 6 by 1.
    assert.deepEqual(followed(frames, { by: "place", minOverlap: 0 }), [[0, 1], [1, 2]]);
    assert.deepEqual(followed([[thing(0, 0)], [thing(5, 0)]], { by: "place", minOverlap: 0.33 }), [
      [0],
      [0],
    ]);
    assert.deepEqual(followed([[thing(0, 0)], [thing(5, 0)]], { by: "place", minOverlap: 0.34 }), [
      [0],
      [1],
    ]);
  });

  it("follows anything with a tag, a score and a box, masks by their own overlap say", () => {
    const instance = (tag: number, ...pixels: number[]) => ({
      ...thing(0, tag), // the same box for all
      pixels: new Set(pixels),
    });
    type Instance = ReturnType<typeof instance>;
    const overlap = (a: Instance, b: Instance) =>
      a.pixels.intersection(b.pixels).size / a.pixels.union(b.pixels).size;
    const identities = (by: "tag" | "place") => {
      const tracker = new Tracker<Instance>({ overlap, by });
      tracker.next([instance(0, 1, 2, 3), instance(0.1, 7, 8, 9)]);
      return tracker.next([instance(0, 7, 8), instance(0.1, 2, 3)]);
    };
    assert.deepEqual(identities("tag"), [1, 0]); // tags count as equal
    assert.deepEqual(identities("place"), [1, 0]);
  });

  it("does not care in which order the things of a frame come", () => {
    const random = new Random(5);
    const frames = Array.from({ length: 30 }, () =>
      Array.from({ length: random.integer(7) }, () =>
        // Coarse numbers, so that ties are common.
        thing(10 * random.integer(8), random.integer(4) / 2, random.integer(3) / 2)));
    for (const options of [{}, { rounding: "none" }, { by: "place" }] as const) {
      const expected = followed(frames, options);
      const mixed = frames.map((found) => random.shuffled(found.map((_, i) => i)));
      const got = followed(frames.map((found, f) => mixed[f].map((i) => found[i])), options);
      frames.forEach((found, f) => {
        const described = (identities: readonly (number | null)[], order: readonly number[]) =>
          order.map((i, at) => JSON.stringify([identities[at], found[i]])).sort();
        assert.deepEqual(
          described(got[f], mixed[f]),
          described(expected[f], found.map((_, i) => i)),
        );
      });
    }
  });

  it("stays with nothing in empty frames", () => {
    assert.deepEqual(followed([[], [], [thing(0, 0)], [], [thing(0, 0)]]), [[], [], [0], [], [0]]);
  });

  it("refuses what is no number, or tags of another length, and goes on as if it had not been given", () => {
    const tracker = trackerOf();
    tracker.next([thing(0, 0)]);
    const cases: [Trackable, RegExp][] = [
      [thing(0, NaN), /^Tracker\.next: thing 1 of frame 1 has tag \[NaN\], score 1 and box/],
      [thing(Infinity, 0), /^Tracker\.next: thing 1 of frame 1 has tag \[0\].*not finite numbers$/],
      [thing(0, 0, NaN), /^Tracker\.next: thing 1 of frame 1 .* score NaN/],
      [
        thing(0, [0, 1]),
        /^Tracker\.next: thing 1 of frame 1 has a tag of 2 numbers; all need the same length, 1 or more, here 1$/,
      ],
    ];
    for (const [bad, message] of cases) {
      assert.throws(() => tracker.next([thing(5, 0), bad]), { name: "RangeError", message });
    }
    assert.deepEqual(tracker.alive, [0]);
    assert.deepEqual(tracker.next([thing(2, 0)]), [0]);
    assert.throws(() => trackerOf().next([thing(0, [])]), {
      message:
        "Tracker.next: thing 0 of frame 0 has a tag of 0 numbers; all need the same length, 1 or more",
    });
  });

  it("refuses options out of range", () => {
    const cases: [object, string][] = [
      [{ by: "colour" }, "Tracker: by must be tag or place, not colour"],
      [{ rounding: "up" }, "Tracker: rounding must be whole or none, not up"],
      [{ maxTagDistance: -1 }, "Tracker: maxTagDistance must be 0 or more, not -1"],
      [{ placeWeight: Infinity }, "Tracker: placeWeight must be 0 or more, not Infinity"],
      [{ leastScore: NaN }, "Tracker: leastScore must be a number, not NaN"],
      [{ reach: NaN }, "Tracker: reach must be 0 or more, not NaN"],
      [{ minOverlap: 2 }, "Tracker: minOverlap must be from 0 to 1, not 2"],
      [{ maxGap: 0.5 }, "Tracker: maxGap must be a whole number, 0 or more, not 0.5"],
      [{ birthScore: NaN }, "Tracker: birthScore must be a number, not NaN"],
      [{ memory: 0 }, "Tracker: memory must be 1 or more, not 0"],
    ];
    for (const [options, message] of cases) {
      assert.throws(() => trackerOf(options), { name: "RangeError", message });
    }
  });
});
