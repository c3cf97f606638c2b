import assert from "node:assert/strict";
import { combineHigherHrNet, disposeModel, HigherHrNet, type Shape, tensor, zeros } from "ae";
import { assertLearns, assertNames, assertSeesAll, learnedNumbers } from "./two_resolutions.ts";

Deno.test("HigherHRNet-W32 and W48 have the parameters that the paper states, under the authors' names", () => {
  for (const [width, millions] of [[32, "28.6"], [48, "63.8"]] as const) {
    const model = new HigherHrNet({ width });
    assert.equal((learnedNumbers(model) / 1e6).toFixed(1), millions);
    if (width !== 32) continue;
    const shapes: Record<string, Shape> = {
      "conv1.weight": [64, 3, 3, 3],
      "bn2.running_var": [64],
      "layer1.0.downsample.0.weight": [256, 64, 1, 1],
      "layer1.3.conv3.weight": [256, 64, 1, 1],
      "transition1.0.0.weight": [32, 256, 3, 3],
      "transition1.1.0.0.weight": [64, 256, 3, 3],
      "transition2.2.0.1.bias": [128],
      "transition3.3.0.0.weight": [256, 128, 3, 3],
      "stage2.0.branches.1.3.conv2.weight": [64, 64, 3, 3],
      "stage3.3.fuse_layers.0.2.0.weight": [32, 128, 1, 1],
      "stage3.3.fuse_layers.2.0.0.0.weight": [32, 32, 3, 3],
      "stage3.3.fuse_layers.2.0.1.0.weight": [128, 32, 3, 3],
      "stage4.1.fuse_layers.3.0.2.1.running_mean": [256],
      "stage4.2.fuse_layers.0.3.0.weight": [32, 256, 1, 1],
      "final_layers.0.weight": [34, 32, 1, 1],
      "final_layers.1.bias": [17],
      "deconv_layers.0.0.0.weight": [66, 32, 4, 4],
      "deconv_layers.0.0.1.weight": [32],
      "deconv_layers.0.4.0.bn2.bias": [32],
    };
    // The last module only makes the finest branch, and a branch does not take in itself.
    const absent = ["stage4.2.fuse_layers.1.0.0.0.weight", "stage3.0.fuse_layers.1.1.0.weight"];
    assertNames(model, shapes, absent);
  }
});

Deno.test("HigherHrNet sees the whole image with every branch, and nothing of its neighbours in a batch", async () => {
  const model = new HigherHrNet({ width: 4, modules: [1, 1, 1], tagDimensions: 2, seed: 3 });
  await assertSeesAll(model, (image) => void (image[image.length - 1] += 1)); // the last pixel
  disposeModel(model);
  assert.throws(() => model.forward(zeros([1, 3, 48, 64])), /must be multiples of 32/);
  assert.throws(() => new HigherHrNet({ width: 0 }), /HigherHrNet: width must be/);
});

Deno.test("combineHigherHrNet() averages what an enlarged coarse map and a fine map say", async () => {
  const { heatmaps, tags } = combineHigherHrNet({
    heatmaps: tensor([[[[0, 4]]]]),
    tags: tensor([[[[[1, 1]]], [[[2, 6]]]]]),
    fineHeatmaps: tensor([[[[1, 1, 1, 1], [0, 0, 0, 0]]]]),
  });
  // Bilinear: pixel centres of the large map lie at quarters of the small one's.
  assert.deepEqual(await heatmaps.array(), [[[[0.5, 1, 2, 2.5], [0, 0.5, 1.5, 2]]]]);
  assert.deepEqual(tags.shape, [1, 2, 1, 2, 4]);
  assert.deepEqual((await tags.array() as number[][][][][])[0][1][0][0], [2, 3, 5, 6]);
});

Deno.test("HigherHrNet learns: losses on both sets of heatmaps and on tags fall", async () => {
  const model = new HigherHrNet({ width: 4, modules: [1, 1, 1], seed: 1 });
  await assertLearns(model);
  disposeModel(model);
});
