import assert from "node:assert/strict";
import {
  disposeModel,
  EFFICIENT_HRNETS,
  EfficientHrNet,
  hostArray,
  loadState,
  type Shape,
  stateOf,
  tensor,
  zeros,
} from "ae";
import { assertLearns, assertNames, assertSeesAll, learnedNumbers } from "./two_resolutions.ts";

/** A network with every kind of part, small enough for a test. */
const small = {
  backboneWidth: 0.25,
  backboneDepth: 0.34,
  channels: [4, 6, 8, 10],
  modules: [1, 1, 1],
} as const;

Deno.test("EfficientHRNet H0 to H-4 have the parameters that the paper states, which counts the backbone twice", () => {
  const stated = { "H0": "23.3", "H-1": "16", "H-2": "10.3", "H-3": "6.9", "H-4": "3.7" };
  for (const [name, millions] of Object.entries(stated)) {
    const model = new EfficientHrNet(EFFICIENT_HRNETS[name as keyof typeof stated].options);
    const twice = learnedNumbers(model) + learnedNumbers({ features: model.features });
    const digits = 10 ** (millions.split(".")[1]?.length ?? 0);
    assert.equal(`${Math.floor(digits * twice / 1e6) / digits}`, millions, name);
    disposeModel(model);
  }
});

Deno.test("EfficientHrNet has the names and shapes of the authors' code", () => {
  // EfficientNet-B0 has 4.0 million parameters without its last two layers, 320 to 1280 to 1000, of 0.4 and 1.3 million.
  const shapes: Record<string, Shape> = {
    "features.0.1.weight": [32, 3, 3, 3],
    "features.0.2.running_mean": [32],
    "features.1.conv.0.1.weight": [32, 1, 3, 3],
    "features.1.conv.1.se.1.weight": [8, 32, 1, 1],
    "features.1.conv.1.se.3.bias": [32],
    "features.1.conv.2.weight": [16, 32, 1, 1],
    "features.1.conv.3.running_var": [16],
    "features.2.conv.0.1.weight": [96, 16, 1, 1],
    "features.2.conv.1.1.weight": [96, 1, 3, 3],
    "features.2.conv.2.se.1.bias": [4],
    "features.2.conv.3.weight": [24, 96, 1, 1],
    "features.5.conv.1.1.weight": [240, 1, 5, 5],
    "features.16.conv.3.weight": [320, 1152, 1, 1],
    "trans1_branch1.0.weight": [32, 24, 3, 3],
    "trans1_branch2.0.bias": [64],
    "trans2_branch2.0.weight": [64, 64, 3, 3],
    "trans2_branch3.0.weight": [128, 112, 3, 3],
    "trans3_branch4.0.weight": [256, 320, 3, 3],
    "trans3_branch4.1.running_var": [256],
    "stage2.0.branches.1.1.conv2.weight": [64, 64, 3, 3],
    "stage3.3.fuse_layers.2.0.1.0.weight": [128, 32, 3, 3],
    "stage4.2.fuse_layers.0.3.0.weight": [32, 256, 1, 1],
    "final_layers.0.weight": [34, 32, 1, 1],
    "final_layers.1.bias": [17],
    "deconv_layers.0.0.0.weight": [66, 32, 4, 4],
    "deconv_layers.0.2.0.bn2.bias": [32],
  };
  assertNames(new EfficientHrNet(), shapes, [
    "features.17.conv.0.1.weight",
    "stage2.0.branches.0.2.conv1.weight",
    "stage4.2.fuse_layers.1.0.0.0.weight",
    "deconv_layers.0.3.0.conv1.weight",
    "trans2_branch4.0.weight",
  ]);
});

Deno.test("EfficientHrNet's backbone pads as TensorFlow does: more behind the image than before it", async () => {
  const model = new EfficientHrNet(small);
  const state = await stateOf(model);
  // The first convolution: channel 0 sums its window, whose normalisation does nothing.
  state["features.0.1.weight"].data.fill(1);
  await loadState(model, state);
  const y = model.features[0].forward(tensor(hostArray([1, 3, 4, 4], Array(48).fill(1))), {});
  const swish = (x: number) => x / (1 + Math.exp(-x));
  // 3 x 3 windows at (0, 0), (0, 2), (2, 0), (2, 2): rows and columns beyond the fourth are zeros.
  const expected = [27, 18, 18, 12].map((sum) => swish(sum / Math.sqrt(1 + 1e-5)));
  const { data } = await y.read();
  expected.forEach((value, i) => assert.ok(Math.abs(data[i] - value) < 1e-4, `${data[i]}`));
  disposeModel(model);
});

Deno.test("EfficientHrNet sees the whole image with every branch, and nothing of its neighbours in a batch", async () => {
  const model = new EfficientHrNet({ ...small, tagDimensions: 2, seed: 3 });
  await assertSeesAll(model, (image) => image.fill(100, -8 * 64)); // the last channel's last rows
  disposeModel(model);
});

Deno.test("EfficientHrNet says what it cannot be made of or look at", () => {
  const model = new EfficientHrNet(small);
  assert.throws(
    () => model.forward(zeros([1, 3, 48, 64])),
    /^ShapeError: EfficientHrNet: height and width must be multiples of 32\n/,
  );
  assert.throws(() => new EfficientHrNet({ keypoints: 0 }), /EfficientHrNet: keypoints must be/);
  assert.throws(
    () => new EfficientHrNet({ modules: [1, 0, 1] }),
    /EfficientHrNet: modules\[1\] must be/,
  );
  assert.throws(
    () => new EfficientHrNet({ backboneDepth: 0 }),
    /^RangeError: EfficientHrNet: backboneDepth must be above 0, not 0$/,
  );
  disposeModel(model);
});

Deno.test("EfficientHrNet learns: losses on both sets of heatmaps and on tags fall", async () => {
  const model = new EfficientHrNet({ ...small, seed: 1 });
  await assertLearns(model);
  disposeModel(model);
});
