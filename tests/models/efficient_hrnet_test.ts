import assert from "node:assert/strict";
import {
  disposeModel,
  EFFICIENT_HRNETS,
  EfficientHrNet,
  type EfficientHrNetName,
  type EfficientHrNetOptions,
  type HighResolutionOptions,
  hostArray,
  loadState,
  sizeOf,
  stateOf,
  type Tensor,
  tensor,
  variables,
  zeros,
} from "ae";
import { ancestors } from "../../core/graph.ts";
import { authorsTensors } from "./efficient_hrnet_names.ts";
import {
  assertComputesAlike,
  assertGoesWithoutTags,
  assertLearns,
  assertSaysAsPyTorch,
  assertSeesAll,
  learnedNumbers,
} from "./two_resolutions.ts";

/** A network with every kind of part, small enough for a test. */
const small = {
  backboneWidth: 0.25,
  backboneDepth: 0.34,
  channels: [4, 6, 8, 10],
  modules: [1, 1, 1],
} as const;

/**
 * Multiply-adds of the convolutions that outputs for one image are computed by: how many there are, and how many
 * HigherHRNet's get_model_summary() sees, which multiplies a kernel's numbers by the pixels that come out.
 */
function multiplyAdds(outputs: readonly Tensor[]): { exact: number; summary: number } {
  const sums = { exact: 0, summary: 0 };
  for (const { recipe, shape } of ancestors(outputs).computed) {
    if (!/^conv2d(\.depthwise|\.grad\.input)?$/.test(recipe!.op.name)) continue;
    const [x, weight] = recipe!.inputs;
    // A transposed convolution is the input gradient of one: each pixel that goes in meets the whole kernel.
    const isTransposed = recipe!.op.name.endsWith(".grad.input");
    sums.exact += weight.size * sizeOf((isTransposed ? x.shape : shape).slice(2));
    sums.summary += weight.size * sizeOf(shape.slice(2));
  }
  return sums;
}

/** Cut off behind as many digits as `like` has. */
function cutLike(like: string, value: number): string {
  const digits = 10 ** (like.split(".")[1]?.length ?? 0);
  return `${Math.floor(digits * value) / digits}`;
}

Deno.test("EfficientHRNet H0 to H-4 cost what the authors state, as their summary counts", () => {
  // Millions of parameters and 10⁹ multiply-adds: there are, and the README and the paper say.
  const costs = {
    "H0": ["19.73", "23.3", "23.96", "25.6"],
    "H-1": ["13.00", "16", "13.13", "14.2"],
    "H-2": ["8.26", "10.3", "7.03", "7.7"],
    "H-3": ["5.36", "6.9", "3.76", "4.2"],
    "H-4": ["2.76", "3.7", "1.81", "2.1"],
  };
  for (const [name, expected] of Object.entries(costs)) {
    const { options, imageSize } = EFFICIENT_HRNETS[name as EfficientHrNetName];
    const model = new EfficientHrNet(options);
    // The parameters of the backbone's blocks are counted twice; the first of `features` is no block.
    const summary = learnedNumbers(model) + learnedNumbers({ blocks: model.features.slice(1) });
    const { heatmaps, fineHeatmaps } = model.forward(zeros([1, 3, imageSize, imageSize]));
    const operations = multiplyAdds([heatmaps, fineHeatmaps]);
    assert.deepEqual(
      [
        (learnedNumbers(model) / 1e6).toFixed(2),
        cutLike(expected[1], summary / 1e6),
        (operations.exact / 1e9).toFixed(2),
        cutLike(expected[3], operations.summary / 1e9),
      ],
      expected,
      name,
    );
    disposeModel(model);
  }
});

Deno.test("EfficientHrNet says what the same layers say in PyTorch", async () => {
  await assertSaysAsPyTorch(
    "efficient_hrnet.json",
    (options: EfficientHrNetOptions) => new EfficientHrNet({ ...options, imageNorm: "imagenet" }),
  );
});

Deno.test("EfficientHRNet H0 to H-4 have the names and shapes of the authors' code, no more and no fewer", () => {
  for (const [name, { options }] of Object.entries(EFFICIENT_HRNETS)) {
    const model = new EfficientHrNet(options);
    const theirs = authorsTensors(name as EfficientHrNetName);
    // PyTorch's count of batches is for norms without a fixed momentum.
    for (const path of theirs.keys()) if (path.endsWith("num_batches_tracked")) theirs.delete(path);
    const found = variables(model);
    for (const [path, shape] of theirs) {
      assert.deepEqual(found.get(path)?.shape, shape, `${name}: ${path}`);
    }
    assert.equal(found.size, theirs.size, name);
    disposeModel(model);
  }
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

Deno.test("EfficientHrNet says the same in f16, forgets nothing that counts, and goes without tags", async () => {
  const make = (settings: HighResolutionOptions) =>
    new EfficientHrNet({ ...small, seed: 1, ...settings });
  await assertComputesAlike(make);
  await assertGoesWithoutTags(make({ tagDimensions: 0 }));
});
