import assert from "node:assert/strict";
import { Random } from "../../data/random.ts";
import { clearMot, evaluatePoseTrack, type PoseTrackOptions } from "../../metrics/mod.ts";
import { POSETRACK } from "../../pose/mod.ts";
import type { PoseTrackFrame, PoseTrackPerson, TrackedPerson } from "../../track/mod.ts";
import { isClose } from "./tracks.ts";

const K = POSETRACK.keypoints.length;
const HEAD = 30; // size of the head below: 0.6 * 50

/** An annotated person whose keypoints lie in a column at `x`. */
function personAt(identity: number, x: number): PoseTrackPerson {
  const keypoints = POSETRACK.keypoints.map((_, k) => ({ x, y: 20 * k, visibility: 2 }) as const);
  return {
    identity,
    keypoints,
    box: [x, 0, 1, 300],
    area: 300,
    crowd: false,
    headBox: [0, 0, 30, 40],
  };
}

/** The same, found `off` pixels to the right; without the keypoints in `missing`. */
function foundAt(identity: number, x: number, missing: readonly number[] = []): TrackedPerson {
  return {
    identity,
    keypoints: POSETRACK.keypoints.map((_, k) =>
      missing.includes(k) ? null : { x, y: 20 * k, score: 1, tag: [] }
    ),
    score: 1,
  };
}

function frameOf(
  frame: number,
  things: readonly PoseTrackPerson[],
  changes: Partial<PoseTrackFrame> = {},
): PoseTrackFrame {
  return { frame, things, fileName: `${frame}.jpg`, labelled: true, ignored: [], ...changes };
}

/** Evaluate a video of `[annotated, found]` frames. */
function evaluate(
  frames: readonly (readonly [readonly PoseTrackPerson[], readonly TrackedPerson[]])[],
  options: PoseTrackOptions = {},
) {
  const truth = frames.map(([people], f) => frameOf(f + 1, people));
  const found = frames.map(([, people], f) => ({ frame: f + 1, things: people }));
  return evaluatePoseTrack([{ truth, found }], options);
}

Deno.test("evaluatePoseTrack() is CLEAR MOT of each keypoint by itself", () => {
  const random = new Random(4);
  const frames = Array.from({ length: 8 }, () =>
    [
      [personAt(1, 0), personAt(2, 40)],
      [7, 8].map((identity, i) => {
        const missing = POSETRACK.keypoints.flatMap((_, k) => random.next() < 0.2 ? [k] : []);
        return foundAt(identity, 40 * i + random.uniform(-25, 25), missing);
      }),
    ] as const);
  const { keypoints, columns } = evaluate(frames);
  for (let k = 0; k < K; k++) {
    const expected = clearMot(
      frames.map(([people, found]) => {
        const there = found.filter((person) => person.keypoints[k]);
        return {
          truth: [1, 2],
          found: there.map(({ identity }) => identity),
          similarity: people.map((person) =>
            there.map((other) => {
              const far = Math.abs(person.keypoints[k].x - other.keypoints[k]!.x);
              return far <= HEAD ? 1 - far / HEAD : 0;
            })
          ),
        };
      }),
      { partner: "last" },
    );
    assert.equal(keypoints[k].keypoint, POSETRACK.keypoints[k]);
    assert.ok(isClose(keypoints[k].figures.MOTA, expected.MOTA));
  }
  const meanOf = (...names: string[]) => {
    const some = keypoints.filter(({ keypoint }) => names.includes(keypoint));
    return some.reduce((sum, { figures }) => sum + figures.MOTA, 0) / names.length;
  };
  assert.ok(isClose(columns.head!, meanOf("nose", "head_bottom", "head_top")));
  assert.ok(isClose(columns.wrist!, meanOf("left_wrist", "right_wrist")));
  assert.ok(isClose(columns.total!, meanOf(...POSETRACK.keypoints)));
});

Deno.test("evaluatePoseTrack() takes a keypoint at half a head, not beyond", () => {
  const recall = (off: number) => evaluate([[[personAt(1, 0)], [foundAt(7, off)]]]).recall;
  assert.deepEqual([recall(15), recall(15.01)], [1, 0]);
});

Deno.test("evaluatePoseTrack() leaves frames without labels and regions to ignore out", () => {
  const person = personAt(1, 0);
  const truth = [
    frameOf(1, [person], { ignored: [[-5, -5, 5, -5, 5, 5, -5, 5]] }), // the nose, keypoint 0
    frameOf(2, [], { labelled: false }),
  ];
  const found = [
    { frame: 1, things: [foundAt(7, 1)] },
    { frame: 2, things: [foundAt(7, 1)] },
  ];
  const { keypoints, frames } = evaluatePoseTrack([{ truth, found }]);
  assert.equal(frames, 1);
  const counts = ({ figures: { matches, misses, falsePositives } }: (typeof keypoints)[number]) => [
    matches,
    misses,
    falsePositives,
  ];
  assert.deepEqual(counts(keypoints[0]), [0, 0, 0]);
  assert.deepEqual(counts(keypoints[1]), [1, 0, 0]);
});

Deno.test("evaluatePoseTrack() leaves what is annotated nowhere out of the means", () => {
  const person = personAt(1, 0);
  const noWrists = {
    ...person,
    keypoints: person.keypoints.map((keypoint, k) =>
      /wrist/.test(POSETRACK.keypoints[k]) ? { x: 0, y: 0, visibility: 0 as const } : keypoint
    ),
  };
  const { columns, precision } = evaluate([[[noWrists], [foundAt(7, 0)]]]);
  assert.deepEqual([columns.wrist, columns.elbow, columns.total], [null, 1, 1]);
  assert.ok(isClose(precision!, 13 / 15)); // wrists were found, wrongly
});

Deno.test("evaluatePoseTrack() by poseval's rules leaves the last frame out and counts empty frames its way", () => {
  const [one, two] = [personAt(1, 0), personAt(2, 100)];
  const frames = [
    [[one, two], [foundAt(7, 0), foundAt(8, 100)]],
    [[one, two], []], // plain: two misses of each keypoint; poseval: one miss, one false positive
    [[], [foundAt(7, 0)]], // plain: a false positive; poseval: not there
    [[one], [foundAt(7, 0)]], // plain: a match; poseval: the last one
  ] as const;
  const counts = (rules: PoseTrackOptions["rules"]) => {
    const { frames: number, keypoints: [{ figures }] } = evaluate(frames, { rules });
    return [number, figures.matches, figures.misses, figures.falsePositives];
  };
  assert.deepEqual(counts("plain"), [4, 3, 2, 1]);
  assert.deepEqual(counts("poseval"), [2, 2, 1, 1]);
});

Deno.test("evaluatePoseTrack() of nothing is null, not NaN", () => {
  for (
    const { columns, MOTP, precision, recall } of [evaluatePoseTrack([]), evaluate([[[], []]])]
  ) {
    assert.deepEqual([columns.total, columns.head, MOTP, precision, recall], Array(5).fill(null));
  }
});

Deno.test("evaluatePoseTrack() refuses people without a head and frames that are not there", () => {
  const person = personAt(1, 0);
  const fails = (
    truth: readonly PoseTrackFrame[],
    found: { frame: number; things: TrackedPerson[] }[],
    message: RegExp,
  ) =>
    assert.throws(() => evaluatePoseTrack([{ truth, found, name: "a.json" }]), {
      name: "InputError",
      message,
    });
  fails(
    [frameOf(1, [{ ...person, headBox: null }])],
    [],
    /^a\.json: frame 1: person 1 has no head/,
  );
  fails(
    [frameOf(1, [{ ...person, headBox: [3, 3, 3, 3] }])],
    [],
    /^a\.json: frame 1: person 1 has a head box of no size/,
  );
  fails(
    [],
    [{ frame: 2, things: [] }],
    /^a\.json: people are found in frame 2, which is not there/,
  );
  assert.throws(() => evaluatePoseTrack([], { rules: "mine" as "plain" }), {
    name: "RangeError",
    message: "evaluatePoseTrack: rules must be plain or poseval, not mine",
  });
});
