import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, hostArray, ones, read, tensor, zeros } from "../../core/mod.ts";
import { tagLoss, type TagLossOptions } from "../../losses/mod.ts";
import { families } from "../../tools/golden/losses.ts";
import { finiteDifferences, type Numbers } from "../check_gradient.ts";
import { assertClose } from "../close.ts";
import { assertRecorded } from "../fixtures/networks/run.ts";

/** Two images, P = 4 people, K = 3 keypoints, D = 2, maps of 2 × 3 pixels; numbers by a small recurrence. */
const [N, P, K, D, H, W] = [2, 4, 3, 2, 2, 3];
const tags = Float32Array.from({ length: N * D * K * H * W }, (_, i) => (i * 29 % 47) / 23 - 1);
// Image 0: three people, the second with one keypoint, the fourth on pixels of the first; image 1: nobody.
const visible = Float32Array.from(
  [[1, 1, 1], [0, 2, 0], [0, 0, 0], [1, 0, 1]].flat().concat(new Array(P * K).fill(0)),
);
const index = Int32Array.from(
  [[0, 7, 14], [0, 9, 0], [5, 5, 5], [0, 8, 17]].flat().concat(new Array(P * K).fill(0)),
);
const target = {
  index: tensor({ shape: [N, P, K], data: index }),
  visible: tensor({ shape: [N, P, K], data: visible }),
};

/** The definition in plain loops and float64: the sum over images of pull and push. */
function reference(
  tags: ArrayLike<number>,
  form: string,
  sigma = 1,
): { pull: number; push: number } {
  let pull = 0;
  let push = 0;
  for (let n = 0; n < N; n++) {
    const people: number[][][] = []; // for each person the tags of its keypoints
    for (let p = 0; p < P; p++) {
      const found: number[][] = [];
      for (let k = 0; k < K; k++) {
        const at = (n * P + p) * K + k;
        if (visible[at] === 0) continue;
        found.push(Array.from({ length: D }, (_, d) => tags[(n * D + d) * K * H * W + index[at]]));
      }
      if (found.length > 0) people.push(found);
    }
    const count = people.length;
    if (count === 0) continue;
    const means = people.map((found) =>
      Array.from({ length: D }, (_, d) => found.reduce((sum, t) => sum + t[d], 0) / found.length)
    );
    people.forEach((found, p) => {
      const squares = found.map((t) => t.reduce((sum, x, d) => sum + (x - means[p][d]) ** 2, 0));
      const sum = squares.reduce((a, b) => a + b);
      pull += (form === "paper" ? sum : sum / found.length / D) / count;
    });
    for (let p = 0; p < count; p++) {
      for (let q = 0; q < count; q++) {
        const d2 = means[p].reduce((sum, x, d) => sum + (x - means[q][d]) ** 2, 0);
        if (form === "paper") push += Math.exp(-d2 / (2 * sigma ** 2)) / count ** 2;
        if (form === "paper" || p === q) continue;
        const near = form === "hinge" ? Math.max(0, 1 - Math.sqrt(d2)) : Math.exp(-d2);
        push += near / (2 * count * (count - 1));
      }
    }
  }
  return { pull, push };
}

/** ∂(pull + 3 push)/∂tags by central differences of the definition. */
function differences(form: string, sigma?: number): number[] {
  const losses = (values: Numbers) => {
    const { pull, push } = reference(values.data, form, sigma);
    return [pull, push];
  };
  return finiteDifferences(losses, [{ shape: [tags.length], data: [...tags] }], 0, [1, 3]);
}

const maps = () => tensor(hostArray([N, D, K, H, W], tags));

describe("tagLoss", () => {
  it("equals the authors' loss and its gradient in every odd case", async () => {
    await assertRecorded("loss_ae", families.loss_ae);
  });

  it("equals its definition in plain loops, and its differences, in every form", async () => {
    const cases: TagLossOptions[] = [
      {},
      { form: "paper" },
      { form: "paper", sigma: 0.5 },
      { form: "hinge" },
    ];
    for (const options of cases) {
      const { form = "authors", sigma } = options;
      const x = maps();
      const { pull, push } = tagLoss(x, target, options);
      const [gradient] = grad(pull.add(push.mul(3)).sum(), [x]);
      const got = await read({ pull, push, gradient });
      const expected = reference(tags, form, sigma);
      assertClose(got.pull.data, [expected.pull, 0], { label: `${form} pull` });
      assertClose(got.push.data, [expected.push, 0], { label: `${form} push` });
      assertClose(got.gradient.data, differences(form, sigma), { label: `${form} gradient` });
    }
  });

  it("gives the worked example of one tag map", async () => {
    // Three people with 3, 2 and 1 keypoints on one map of 8 pixels: means 0.2, 1.3 and 3.
    const row = tensor(hostArray([1, 1, 8, 1, 1], [0, 0.2, 0.4, 1, 1.6, 3, 9, 9]));
    const place = [[0, 1, 2], [3, 4], [5], []];
    const fill = (value: (k: number) => number) =>
      place.flatMap((own) =>
        Array.from({ length: 8 }, (_, k) => k < own.length ? value(own[k]) : 0)
      );
    const where = {
      index: tensor({ shape: [1, 4, 8], data: Int32Array.from(fill((k) => k)) }),
      visible: tensor({ shape: [1, 4, 8], data: Float32Array.from(fill(() => 1)) }),
    };
    const forms = { authors: tagLoss(row, where), paper: tagLoss(row, where, { form: "paper" }) };
    const got = await read({
      pull: forms.authors.pull,
      push: forms.authors.push,
      paperPull: forms.paper.pull,
      paperPush: forms.paper.push,
      hinge: tagLoss(row, where, { form: "hinge" }).push,
    });
    const figures = Object.values(got).map(({ data }) => data[0]);
    // pose-ae-train's C code gives the first two; the others follow from the formulas by hand.
    assertClose(figures, [0.03888888889, 0.05902786018, 0.08666667, 0.51148036, 0]);
  });

  it("has a hinge whose slope is finite where two people have the same tags", async () => {
    const x = ones([1, 1, 1, 1, 2]);
    const where = { index: tensor([[[0], [1]]], { dtype: "i32" }), visible: ones([1, 2, 1]) };
    const { push } = tagLoss(x, where, { form: "hinge" });
    const got = await read({ push, gradient: grad(push.sum(), [x])[0] });
    assertClose(got.push.data, [0.5]);
    assert.deepEqual([...got.gradient.data], [0, 0]);
  });

  it("says which shape is wrong", () => {
    const shapes = { index: zeros([2, 30, 17], "i32"), visible: zeros([2, 30, 17]) };
    const good = zeros([2, 1, 17, 8, 8]);
    const bad = [
      [zeros([2, 17, 8, 8]), shapes, "tags must have 5 axes"],
      [
        good,
        { ...shapes, index: zeros([2, 17, 30], "i32") },
        "index must be [N, P, K] with the N and K of tags",
      ],
      [
        good,
        { ...shapes, visible: zeros([2, 17, 30]) },
        "index and visible must both be [N, P, K]",
      ],
    ] as const;
    for (const [x, where, problem] of bad) {
      assert.throws(() => tagLoss(x, where), (error: Error) => {
        assert.equal(error.name, "ShapeError");
        assert.equal(error.message.split("\n")[0], `tagLoss: ${problem}`);
        assert.match(error.message, /visible +\[2, (30|17), (17|30)\] +N P K/);
        return true;
      });
    }
  });

  it("refuses unknown forms and widths that are none", () => {
    assert.throws(() => tagLoss(maps(), target, { form: "exp" as "paper" }), {
      name: "RangeError",
      message: "tagLoss: form must be authors, paper, hinge, pixels or pixel pairs, not exp",
    });
    assert.throws(() => tagLoss(maps(), target, { sigma: 0 }), {
      name: "RangeError",
      message: "tagLoss: sigma must be above 0, not 0",
    });
  });
});
