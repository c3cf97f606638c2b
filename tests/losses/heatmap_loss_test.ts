import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, ones, read, tensor, zeros } from "../../core/mod.ts";
import { heatmapLoss } from "../../losses/mod.ts";
import { families } from "../../tools/golden/losses.ts";
import { assertClose } from "../close.ts";
import { assertRecorded } from "../fixtures/networks/run.ts";

describe("heatmapLoss", () => {
  it("equals the authors' loss and its gradient, also where everything is masked", async () => {
    await assertRecorded("loss_heatmap", families.loss_heatmap);
  });

  it("weights an error by 1 + foregroundWeight times the target", async () => {
    const predicted = tensor([[[[1, 0.5, 4]], [[0, 0, 2]]]]);
    const heatmaps = tensor([[[[0, 1, 0.5]], [[0, 0, 0]]]]);
    const loss = heatmapLoss(predicted, { heatmaps }, { foregroundWeight: 10 });
    const [gradient] = grad(loss.sum(), [predicted]);
    const got = await read({ loss, gradient });
    assertClose(got.loss.data, [(1 + 11 * 0.25 + 6 * 3.5 ** 2 + 4) / 6]);
    assertClose(
      got.gradient.data,
      [2 / 6, -11 / 6, 6 * 7 / 6, 0, 0, 4 / 6],
    );
  });

  it("takes the weight from a tensor, which may change from step to step", async () => {
    const predicted = tensor([[[[1, 0.5]]]]);
    const heatmaps = tensor([[[[0, 1]]]]);
    const got = await read({
      ten: heatmapLoss(predicted, { heatmaps }, { foregroundWeight: tensor(10) }),
      none: heatmapLoss(predicted, { heatmaps }, { foregroundWeight: tensor(0) }),
    });
    assertClose(got.ten.data, [(1 + 11 * 0.25) / 2]);
    assertClose(got.none.data, [1.25 / 2]);
  });

  it("counts every pixel without a mask, one number for each image", async () => {
    const loss = heatmapLoss(ones([2, 3, 4, 5]), { heatmaps: zeros([2, 3, 4, 5]) });
    assert.deepEqual(loss.shape, [2]);
    assertClose((await loss.read()).data, [1, 1]);
  });

  it("takes a mask with or without a channel axis", async () => {
    const mask = [[1, 0], [0, 0]]; // two images of 1 × 2 pixels
    const target = { heatmaps: zeros([2, 3, 1, 2]) };
    const without = heatmapLoss(ones([2, 3, 1, 2]), {
      ...target,
      mask: tensor([[mask[0]], [mask[1]]]),
    });
    const shaped = tensor([[[mask[0]]], [[mask[1]]]]);
    const got = await read({
      without,
      with: heatmapLoss(ones([2, 3, 1, 2]), { ...target, mask: shaped }),
    });
    assert.deepEqual([...got.without.data], [0.5, 0]);
    assert.deepEqual(got.with, got.without);
  });

  it("says which shapes disagree", () => {
    const predicted = zeros([2, 3, 4, 5]);
    const bad = [
      { heatmaps: zeros([2, 3, 5, 4]) },
      { heatmaps: zeros([2, 3, 4, 5]), mask: zeros([2, 3, 4, 5]) },
    ];
    for (const target of bad) {
      assert.throws(() => heatmapLoss(predicted, target), {
        name: "ShapeError",
        message: /^heatmapLoss: predicted, heatmaps and mask must agree on N, K, H and W\n/,
      });
    }
    assert.throws(() => heatmapLoss(zeros([3]), { heatmaps: zeros([3]) }), { name: "ShapeError" });
  });

  it("refuses a negative foreground weight", () => {
    const x = zeros([1, 1, 1, 1]);
    assert.throws(() => heatmapLoss(x, { heatmaps: x }, { foregroundWeight: -1 }), {
      name: "RangeError",
      message: "heatmapLoss: foregroundWeight must be 0 or more, not -1",
    });
  });
});
