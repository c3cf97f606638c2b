import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, hostArray, ones, read, tensor, zeros } from "../../core/mod.ts";
import { tagLoss, temporalTagLoss, type TemporalTagLossOptions } from "../../losses/mod.ts";
import { finiteDifferences, type Numbers } from "../check_gradient.ts";
import { assertClose } from "../close.ts";

/** Three clips of T = 3 frames, P = 4 identities, K = 2 keypoints, D = 2, maps of 2 × 3 pixels. */
const [C, T, P, K, D, H, W] = [3, 3, 4, 2, 2, 2, 3];
const tags = Float32Array.from({ length: C * T * D * K * H * W }, (_, i) => (i * 29 % 47) / 23 - 1);

/** `seen[c][p][t]`: pixel of each keypoint of identity p in frame t of clip c, -1 where it does not show. */
const seen = [
  [
    [[0, 4], [1, -1], [5, 5]],
    [[2, 2], [-1, -1], [3, 0]], // gone in the second frame
    [[-1, -1], [-1, -1], [-1, 4]], // comes last, with one keypoint
    [[-1, -1], [-1, -1], [-1, -1]],
  ],
  Array.from({ length: P }, () => Array.from({ length: T }, () => [-1, -1])), // nobody
  [
    [[1, 1], [2, -1], [-1, -1]],
    [[-1, 3], [-1, -1], [0, 0]],
    [[-1, -1], [-1, -1], [-1, -1]],
    [[-1, -1], [5, 2], [-1, 4]],
  ],
];
const places = seen.flatMap((clip) =>
  clip.flatMap((frames) =>
    frames.flatMap((pixels, t) =>
      pixels.map((pixel, k) => pixel < 0 ? 0 : (t * K + k) * H * W + pixel)
    )
  )
);
const target = {
  index: tensor({ shape: [C, P, T * K], data: Int32Array.from(places) }),
  visible: tensor(
    hostArray([C, P, T * K], seen.flat(3).map((pixel) => pixel < 0 ? 0 : 1)),
  ),
};

/** The definition in plain loops and float64: pull and push of each clip, or of the batch. */
function reference(
  tags: ArrayLike<number>,
  { each = "keypoint", among = "clip" }: TemporalTagLossOptions = {},
): { pull: number[]; push: number[] } {
  const tagAt = (c: number, t: number, k: number, pixel: number) =>
    Array.from({ length: D }, (_, d) => tags[(((c * T + t) * D + d) * K + k) * H * W + pixel]);
  const meanOf = (own: number[][]) =>
    Array.from({ length: D }, (_, d) => own.reduce((sum, tag) => sum + tag[d], 0) / own.length);
  const people = seen.map((clip, c) =>
    clip.map((frames) =>
      frames.flatMap((pixels, t) => {
        const own = pixels.flatMap((pixel, k) => pixel < 0 ? [] : [tagAt(c, t, k, pixel)]);
        return each === "keypoint" || own.length === 0 ? own : [meanOf(own)];
      })
    ).filter((own) => own.length > 0)
  );
  const losses = (among === "batch" ? [people.flat()] : people).map((identities) => {
    const means = identities.map(meanOf);
    let pull = 0, push = 0;
    identities.forEach((own, p) => {
      for (const tag of own) {
        tag.forEach((value, d) => {
          pull += (value - means[p][d]) ** 2 / D / own.length / identities.length;
        });
      }
      means.forEach((other, q) => {
        if (p === q) return;
        const squared = other.reduce((sum, value, d) => sum + (value - means[p][d]) ** 2, 0);
        push += Math.exp(-squared) / (2 * identities.length * (identities.length - 1));
      });
    });
    return { pull, push };
  });
  return { pull: losses.map(({ pull }) => pull), push: losses.map(({ push }) => push) };
}

/** ∂(pull + 3 push)/∂tags, summed over clips, by central differences of the definition. */
function differencesOf(options: TemporalTagLossOptions): number[] {
  const { pull, push } = reference(tags, options);
  const weights = [...pull.map(() => 1), ...push.map(() => 3)];
  const losses = (values: Numbers) => {
    const { pull, push } = reference(values.data, options);
    return [...pull, ...push];
  };
  return finiteDifferences(losses, [{ shape: [tags.length], data: [...tags] }], 0, weights);
}

describe("temporalTagLoss", () => {
  it("equals its definition in plain loops, and its differences, with gaps and an empty clip", async () => {
    for (const each of ["keypoint", "frame"] as const) {
      for (const among of ["clip", "batch"] as const) {
        const label = `${each} ${among}`;
        const x = tensor(hostArray([C * T, D, K, H, W], tags));
        const { pull, push } = temporalTagLoss(x, target, { each, among });
        const [gradient] = grad(pull.add(push.mul(3)).sum(), [x]);
        const got = await read({ pull, push, gradient });
        const expected = reference(tags, { each, among });
        assert.equal(expected.pull.length, among === "clip" ? C : 1);
        assertClose(got.pull.data, expected.pull, { label: `${label} pull` });
        assertClose(got.push.data, expected.push, { label: `${label} push` });
        const differences = differencesOf({ each, among });
        assertClose(got.gradient.data, differences, { label: `${label} gradient` });
      }
    }
  });

  it("is tagLoss where a clip is one frame, in every form", async () => {
    const one = {
      index: tensor({ shape: [C * T, 1, K], data: new Int32Array(C * T * K).fill(3) }),
      visible: ones([C * T, 1, K]),
    };
    const forms: TemporalTagLossOptions[] = [{}, { form: "paper", sigma: 0.5 }, { form: "hinge" }];
    for (const options of forms) {
      const x = tensor(hostArray([C * T, D, K, H, W], tags));
      const a = temporalTagLoss(x, one, options), b = tagLoss(x, one, options);
      const got = await read({ pull: a.pull, push: a.push, one: b.pull, other: b.push });
      assert.deepEqual(got.pull, got.one);
      assert.deepEqual(got.push, got.other);
    }
  });

  it("has pull a²/4 for one identity whose tag moves by a between two frames, and push by distance", async () => {
    for (const a of [0, 1, 3]) {
      // Two frames of one keypoint on a map of two pixels: somebody at 0 and then a, somebody at 5 all the time.
      const x = tensor(hostArray([2, 1, 1, 1, 2], [0, 5, 5, a]));
      const index = tensor({ shape: [1, 2, 2], data: Int32Array.of(0, 2 + 1, 1, 2 + 0) });
      const { pull, push } = temporalTagLoss(x, { index, visible: ones([1, 2, 2]) });
      const got = await read({ pull, push });
      assertClose(got.pull.data, [a * a / 4 / 2], { label: "pull" });
      assertClose(got.push.data, [Math.exp(-((5 - a / 2) ** 2)) / 2], { label: "push" });
    }
  });

  it("pushes two people apart who are never in one frame", async () => {
    const x = tensor(hostArray([2, 1, 1, 1, 1], [0.5, 0.5]));
    const index = tensor({ shape: [1, 2, 2], data: Int32Array.of(0, 0, 0, 1) });
    const visible = tensor(hostArray([1, 2, 2], [1, 0, 0, 1]));
    const { push } = temporalTagLoss(x, { index, visible });
    assert.equal(await push.item(), 0.5); // half of e⁰
  });

  it("refuses shapes that are no clips, and unknown forms", () => {
    const x = tensor(hostArray([C * T, D, K, H, W], tags));
    const at = (shape: number[]) => ({ index: zeros(shape, "i32"), visible: zeros(shape) });
    const cases: [object, string][] = [
      [
        at([2 * C, P, K]),
        "index must be [C, P, T · K] for the C · T frames and K keypoints of tags",
      ],
      [at([C, P, K]), "index must be [C, P, T · K] for the C · T frames and K keypoints of tags"],
      [{ ...target, visible: ones([C, P, K]) }, "index and visible must both be [C, P, T · K]"],
    ];
    for (const [bad, message] of cases) {
      assert.throws(
        () => temporalTagLoss(x, bad as typeof target),
        (error: Error) =>
          error.name === "ShapeError" && error.message.startsWith(`temporalTagLoss: ${message}\n`),
      );
    }
    assert.throws(() => temporalTagLoss(zeros([C * T, K, H, W]), target), {
      message: /^temporalTagLoss: tags must have 5 axes\n/,
    });
    const words: [object, string][] = [
      [{ each: "video" }, "temporalTagLoss: each must be keypoint or frame, not video"],
      [{ among: "all" }, "temporalTagLoss: among must be clip or batch, not all"],
      // It would push only people apart who were last seen in the same map.
      [{ form: "pixels" }, "temporalTagLoss: form must be authors, paper or hinge, not pixels"],
      [{ sigma: 0 }, "tagLoss: sigma must be above 0, not 0"],
    ];
    for (const [options, message] of words) {
      assert.throws(() => temporalTagLoss(x, target, options), { name: "RangeError", message });
    }
  });
});
