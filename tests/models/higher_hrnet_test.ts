import assert from "node:assert/strict";
import {
  Adam,
  combineHigherHrNet,
  compile,
  disposeModel,
  grad,
  heatmapLoss,
  HigherHrNet,
  hostArray,
  parameters,
  poseLoss,
  read,
  type Tensor,
  tensor,
  variables,
  zeros,
} from "ae";
import { type Batch, batches, sceneSource } from "ae/data";

Deno.test("HigherHRNet-W32 and W48 have the parameters that the paper states, under the authors' names", () => {
  for (const [width, millions] of [[32, "28.6"], [48, "63.8"]] as const) {
    const model = new HigherHrNet({ width });
    const count = [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);
    assert.equal((count / 1e6).toFixed(1), millions);
    if (width !== 32) continue;
    const shapes: Record<string, readonly number[]> = {
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
    const found = variables(model);
    for (const [name, shape] of Object.entries(shapes)) {
      assert.deepEqual(found.get(name)?.shape, shape, name);
    }
    // The last module only makes the finest branch, and a branch does not take in itself.
    for (
      const name of ["stage4.2.fuse_layers.1.0.0.0.weight", "stage3.0.fuse_layers.1.1.0.weight"]
    ) {
      assert.ok(!found.has(name), name);
    }
  }
});

Deno.test("HigherHrNet sees the whole image with every branch, and nothing of its neighbours in a batch", async () => {
  const model = new HigherHrNet({ width: 4, modules: [1, 1, 1], tagDimensions: 2, seed: 3 });
  const image = (n: number) => {
    const x = hostArray([2, 3, 64, 64]);
    x.data.forEach((_, i) => x.data[i] = Math.sin(0.01 * i * i));
    if (n > 0) x.data[3 * 64 * 64 - 1] += 1; // the last pixel of the first image
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
  assert.deepEqual(parts.tags0.shape, [2, 2, 17, 16, 16]);
  for (const name of ["heatmaps", "tags", "fine"]) {
    const [before, after] = [parts[`${name}0`].data, parts[`${name}1`].data];
    const half = before.length / 2;
    assert.notEqual(before[0], after[0], `${name}: the first pixel knows of the last`);
    for (let i = half; i < before.length; i++) assert.equal(before[i], after[i], name);
  }
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
  const losses: number[] = [];
  for (let i = 0; i < 12; i++) {
    const { total } = await step({ ...coarse, fine: fine.heatmaps, fineMask: fine.mask });
    losses.push(await total.item());
  }
  assert.ok(losses.at(-1)! < 0.5 * losses[0], losses.join(" "));
  disposeModel(model);
  disposeModel(adam);
});
