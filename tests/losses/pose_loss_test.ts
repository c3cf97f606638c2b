import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { compile, hostArray, ones, read, type Tensor, tensor, zeros } from "../../core/mod.ts";
import { poseLoss } from "../../losses/mod.ts";
import { families } from "../../tools/golden/losses.ts";
import { assertClose } from "../close.ts";
import { assertRecorded } from "../fixtures/networks/run.ts";

const target = {
  heatmaps: zeros([1, 1, 2, 2]),
  index: tensor([[[0], [3]]], { dtype: "i32" }),
  visible: ones([1, 2, 1]),
};
const stack = (value: number) => ({
  heatmaps: ones([1, 1, 2, 2]).mul(value),
  tags: ones([1, 1, 1, 2, 2]).mul(value),
});

describe("poseLoss", () => {
  it("equals the authors' total over stacks, and its gradient", async () => {
    await assertRecorded("loss_total", families.loss_total);
  });

  it("averages over stacks and leaves its parts unweighted", async () => {
    const { loss, heatmap, pull, push } = poseLoss([stack(1), stack(3)], target);
    const got = await read({ loss, heatmap, pull, push });
    assertClose(got.heatmap.data, [5]);
    assertClose(got.pull.data, [0]);
    assertClose(got.push.data, [0.5]);
    assertClose(got.loss.data, [5 + 1e-3 * 0.5]);
    assert.deepEqual(loss.shape, []);
  });

  it("of a network without tags is the heatmap loss alone", async () => {
    const { heatmaps } = stack(2);
    const { loss, heatmap, pull, push } = poseLoss(
      [{ heatmaps, tags: zeros([1, 0, 1, 2, 2]) }],
      target,
    );
    const got = await read({ loss, heatmap, pull, push });
    assert.deepEqual(Object.values(got).map(({ data }) => data[0]), [4, 4, 0, 0]);
  });

  it("adds up the heatmap losses of both sizes, each with its own mask", async () => {
    const fine = tensor([[[[0, 1, 2, 3], [4, 5, 6, 7], [0, 0, 0, 0], [1, 1, 1, 1]]]]);
    const fineMask = tensor([[[[1, 1, 1, 1], [0, 1, 0, 1], [1, 1, 1, 1], [0, 1, 1, 1]]]]);
    const targets = {
      ...target,
      mask: tensor([[[1, 0], [1, 1]]]),
      fineHeatmaps: ones([1, 1, 4, 4]),
      fineMask,
    };
    const { a: { data: values }, b: { data: counts } } = await read({ a: fine, b: fineMask });
    let expected = 3 / 4; // (1 - 0)² at three of four pixels of the coarse maps
    values.forEach((value, i) => expected += counts[i] * (value - 1) ** 2 / 16);
    const prediction = { ...stack(1), fineHeatmaps: fine };
    const { heatmap, loss } = poseLoss([prediction, prediction], targets);
    const got = await read({ heatmap, loss });
    assertClose(got.heatmap.data, [expected]);
    assertClose(got.loss.data, [expected + 1e-3 * 0.5]);
    const { fineMask: _, ...unmasked } = targets;
    let all = 3 / 4;
    values.forEach((value) => all += (value - 1) ** 2 / 16);
    assertClose([await poseLoss([prediction], unmasked).heatmap.item()], [all]);
  });

  it("refuses finer heatmaps that only one side has", () => {
    const fineHeatmaps = ones([1, 1, 4, 4]);
    assert.throws(() => poseLoss([{ ...stack(1), fineHeatmaps }], target), {
      name: "RangeError",
      message: "poseLoss: only the prediction has finer heatmaps\n" +
        "  help: make batches with the network's targetStrides",
    });
    assert.throws(() => poseLoss([stack(1)], { ...target, fineHeatmaps }), {
      name: "RangeError",
      message: /^poseLoss: only the target has finer heatmaps\n/,
    });
  });

  it("takes weights that change from step to step without tracing again", async () => {
    using step = compile(({ pushWeight }: { pushWeight: Tensor }) =>
      poseLoss([stack(1)], target, { pushWeight, heatmapWeight: 0 }).loss
    );
    const at = async (weight: number) =>
      await (await step({ pushWeight: hostArray([], [weight]) })).item();
    assertClose([await at(1), await at(4)], [0.5, 2]);
    assert.equal(step.plans().size, 1);
  });

  it("refuses to be without predictions", () => {
    assert.throws(() => poseLoss([], target), {
      name: "RangeError",
      message: "poseLoss: there are no predictions",
    });
  });

  it("says when predictions and targets disagree", () => {
    const bad = { ...stack(1), heatmaps: zeros([1, 2, 2, 2]) };
    assert.throws(() => poseLoss([bad], target), { name: "ShapeError", message: /^heatmapLoss: / });
  });
});
