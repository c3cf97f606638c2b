import assert from "node:assert/strict";
import {
  Adam,
  compile,
  disposeModel,
  EFFICIENT_HRNETS,
  EfficientHrNet,
  type EfficientHrNetName,
  grad,
  heatmapLoss,
  hostArray,
  type ImageNorm,
  loadState,
  normal,
  parameters,
  poseLoss,
  read,
  sizeOf,
  stateOf,
  type Tensor,
  tensor,
  variables,
  zeros,
} from "ae";
import { type Batch, batches, sceneSource } from "ae/data";
import { ancestors } from "../../core/graph.ts";
import { normalized } from "../../models/image_norm.ts";
import { assertClose } from "../close.ts";

/** A network with every kind of part, small enough for a test. */
const small = {
  backboneWidth: 0.25,
  backboneDepth: 0.34,
  channels: [4, 6, 8, 10],
  modules: [1, 1, 1],
} as const;

function count(model: object): number {
  return [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);
}

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
    const summary = count(model) + count({ blocks: model.features.slice(1) });
    const { heatmaps, fineHeatmaps } = model.forward(zeros([1, 3, imageSize, imageSize]));
    const operations = multiplyAdds([heatmaps, fineHeatmaps]);
    assert.deepEqual(
      [
        (count(model) / 1e6).toFixed(2),
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

Deno.test("EfficientHrNet sees images with ImageNet's mean and deviation, on request", async () => {
  const images = normal([1, 3, 32, 32], { seed: 4 });
  const models = ["imagenet", "none"].map((imageNorm) =>
    new EfficientHrNet({ ...small, imageNorm: imageNorm as ImageNorm })
  );
  const { actual, expected } = await read({
    actual: models[0].forward(images).fineHeatmaps,
    expected: models[1].forward(normalized(images, "imagenet")).fineHeatmaps,
  });
  assertClose(actual.data, expected.data);
  assert.deepEqual(models.map(({ options }) => options.imageNorm), ["imagenet", "none"]);
  models.forEach(disposeModel);
});

Deno.test("EfficientHrNet has the names and shapes of the authors' code", () => {
  const found = variables(new EfficientHrNet());
  // EfficientNet-B0 has 4.0 million parameters without its last two layers, 320 to 1280 to 1000, of 0.4 and 1.3 million.
  const shapes: Record<string, readonly number[]> = {
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
  for (const [name, shape] of Object.entries(shapes)) {
    assert.deepEqual(found.get(name)?.shape, shape, name);
  }
  for (
    const name of [
      "features.17.conv.0.1.weight",
      "stage2.0.branches.0.2.conv1.weight",
      "stage4.2.fuse_layers.1.0.0.0.weight",
      "deconv_layers.0.3.0.conv1.weight",
      "trans2_branch4.0.weight",
    ]
  ) {
    assert.ok(!found.has(name), name);
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
  const image = (n: number) => {
    const x = hostArray([2, 3, 64, 64]);
    x.data.forEach((_, i) => x.data[i] = Math.sin(0.01 * i * i));
    if (n > 0) x.data.fill(100, 3 * 64 * 64 - 8 * 64, 3 * 64 * 64); // the first image's last rows
    return tensor(x);
  };
  const outputs = [0, 1].map((n) => model.forward(image(n)));
  const parts = await read(
    Object.fromEntries(outputs.flatMap(({ heatmaps, tags, fineHeatmaps }, n) => [
      [`heatmaps${n}`, heatmaps],
      [`tags${n}`, tags],
      [`fine${n}`, fineHeatmaps],
    ])),
  );
  assert.deepEqual(parts.heatmaps0.shape, [2, 17, 16, 16]);
  assert.deepEqual(parts.tags0.shape, [2, 2, 17, 16, 16]);
  assert.deepEqual(parts.fine0.shape, [2, 17, 32, 32]);
  for (const name of ["heatmaps", "tags", "fine"]) {
    const [before, after] = [parts[`${name}0`].data, parts[`${name}1`].data];
    const half = before.length / 2;
    assert.notEqual(before[0], after[0], `${name}: the first pixel knows of the last rows`);
    for (let i = half; i < before.length; i++) assert.equal(before[i], after[i], name);
  }
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
  const adam = new Adam(parameters(model), { learningRate: 3e-3 });
  const scenes = sceneSource({ seed: 2, size: 64, people: [1, 2] });
  const shared = { batchSize: 2, inputSize: 64, slots: 2, steps: 1 };
  const [[coarse], [fine]] = await Promise.all(
    [4, 2].map((stride) => Array.fromAsync(batches(scenes, { ...shared, stride }))),
  );
  using step = compile(
    (batch: Record<keyof Batch, Tensor> & { readonly fine: Tensor; readonly fineMask: Tensor }) => {
      const { heatmaps, tags, fineHeatmaps } = model.forward(batch.images, { training: true });
      const { loss } = poseLoss([{ heatmaps, tags }], batch);
      const finer = heatmapLoss(fineHeatmaps, { heatmaps: batch.fine, mask: batch.fineMask });
      const total = loss.add(finer.mean());
      adam.update(grad(total, adam.parameters));
      return { total };
    },
  );
  const before = await stateOf(model);
  const losses: number[] = [];
  for (let i = 0; i < 12; i++) {
    const { total } = await step({ ...coarse, fine: fine.heatmaps, fineMask: fine.mask });
    losses.push(await total.item());
  }
  assert.ok(losses.at(-1)! < 0.5 * losses[0], losses.join(" "));
  const after = await stateOf(model);
  for (const [name, { data }] of Object.entries(before)) {
    assert.ok(data.some((value, i) => value !== after[name].data[i]), `${name} has not changed`);
  }
  disposeModel(model);
  disposeModel(adam);
});
