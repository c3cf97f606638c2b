import assert from "node:assert/strict";
import {
  combineHigherHrNet,
  disposeModel,
  HigherHrNet,
  type HigherHrNetOptions,
  type HighResolutionOptions,
  tensor,
  variables,
  zeros,
} from "ae";
import { authorsTensors } from "./higher_hrnet_names.ts";
import {
  assertComputesAlike,
  assertGoesWithoutTags,
  assertLearns,
  assertNames,
  assertSaysAsPyTorch,
  assertSeesAll,
  learnedNumbers,
} from "./two_resolutions.ts";

Deno.test("HigherHRNet-W32 and W48 have the parameters that the paper states, under the authors' names", () => {
  for (const [width, millions] of [[32, "28.6"], [48, "63.8"]] as const) {
    const model = new HigherHrNet({ width });
    assert.equal((learnedNumbers(model) / 1e6).toFixed(1), millions);
    const wanted = [...authorsTensors({ width })].filter(([name]) =>
      !name.endsWith(".num_batches_tracked")
    );
    assertNames(model, Object.fromEntries(wanted), []);
    assert.equal(variables(model).size, wanted.length);
  }
});

Deno.test("HigherHrNet says what the same layers say in PyTorch, and mapsOf() the average of both sizes", async () => {
  await assertSaysAsPyTorch(
    "higher_hrnet.json",
    (options: HigherHrNetOptions) => new HigherHrNet({ ...options, imageNorm: "imagenet" }),
    2e-4, // of numbers up to 117
  );
});

Deno.test("HigherHrNet sees the whole image with every branch, and nothing of its neighbours in a batch", async () => {
  const model = new HigherHrNet({ width: 4, modules: [1, 1, 1], tagDimensions: 2, seed: 3 });
  await assertSeesAll(model, (image) => void (image[image.length - 1] += 1)); // the last pixel
  disposeModel(model);
  assert.throws(() => model.forward(zeros([1, 3, 48, 64])), /must be multiples of 32/);
  assert.throws(() => new HigherHrNet({ width: 0 }), /HigherHrNet: width must be/);
  const imageNorm = "imagnet" as "imagenet"; // a file may say anything
  assert.throws(() => new HigherHrNet({ imageNorm }), {
    name: "RangeError",
    message: 'HigherHrNet: imageNorm can be "none" or "imagenet", not imagnet',
  });
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

Deno.test("HigherHrNet says the same in f16, forgets nothing that counts, and goes without tags", async () => {
  const make = (settings: HighResolutionOptions) =>
    new HigherHrNet({ width: 4, modules: [1, 1, 1], seed: 1, ...settings });
  await assertComputesAlike(make);
  await assertGoesWithoutTags(make({ tagDimensions: 0 }));
});
