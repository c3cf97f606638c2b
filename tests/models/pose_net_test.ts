import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { grad, ones, read, tensor } from "../../core/mod.ts";
import { PoseNet, type PoseNetOptions } from "../../models/mod.ts";
import { parameters, stateOf, variables } from "../../nn/mod.ts";
import { normal } from "../../ops/mod.ts";
import { families } from "../../tools/golden/nn.ts";
import { assertClose } from "../close.ts";
import { assertRecorded } from "../fixtures/networks/run.ts";

const small = {
  stacks: 2,
  channels: 4,
  increase: 2,
  depth: 2,
  keypoints: 3,
  stem: "stride2",
} as const satisfies PoseNetOptions;

const count = (options: PoseNetOptions) =>
  [...parameters(new PoseNet(options)).values()].reduce((total, { size }) => total + size, 0);

describe("PoseNet", () => {
  it("has the names and shapes of the authors' weight files, in their order", async () => {
    await assertRecorded("posenet_shapes", families.posenet_shapes);
  });

  it("has the published numbers of parameters", () => {
    assert.equal(count({ extraChannels: 34 }), 138_893_840);
    assert.equal(count({}), 138_832_776);
    // The 2016 network for 16 keypoints without tags cannot be asked for; with 34 outputs it has 12.89 M.
    assert.equal((count({ blocks: "residual" }) / 1e6).toFixed(2), "12.89");
  });

  it("has the authors' other network, with the zeros of a larger first kernel", () => {
    const zeros = 3 * 64 * (9 * 9 - 7 * 7);
    const options = { release: "tensorflow" } as const;
    assert.equal(count({ ...options, extraChannels: 34 }) - zeros, 136_944_272);
  });

  it("sees images as mmpose's networks do, on request", async () => {
    const options = { ...small, stacks: 1, depth: 1, increase: 0 };
    const images = normal([1, 3, 8, 8], { seed: 1 });
    const { data } = await images.read();
    const [mean, deviation] = [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]];
    const normalized = data.map((x, i) =>
      (x - mean[Math.floor(i / 64)]) / deviation[Math.floor(i / 64)]
    );
    const { actual, expected } = await read({
      actual: new PoseNet({ ...options, imageNorm: "imagenet" }).forward(images)[0].raw,
      expected:
        new PoseNet(options).forward(tensor({ shape: [1, 3, 8, 8], data: normalized }))[0].raw,
    });
    assertClose(actual.data, expected.data);
  });

  it("names every variable by its path, whatever it is made of", () => {
    const variants: PoseNetOptions[] = [
      { ...small, batchNorm: "everywhere" },
      { ...small, batchNorm: "authors", stem: "stride4" },
      { ...small, blocks: "residual" },
    ];
    for (const options of variants) {
      for (const [path, { name }] of variables(new PoseNet(options))) assert.equal(name, path);
    }
  });

  it("draws each layer's weights from the seed and its path", async () => {
    const [one, two, other] = await Promise.all([
      stateOf(new PoseNet({ ...small, stacks: 1, seed: 1 })),
      stateOf(new PoseNet({ ...small, stacks: 2, seed: 1 })),
      stateOf(new PoseNet({ ...small, stacks: 1, seed: 2 })),
    ]);
    for (const [path, array] of Object.entries(one)) {
      assert.deepEqual(two[path], array, "another stack must not move this one's weights");
      assert.notDeepEqual(other[path], array);
    }
  });

  it("splits each stack's channels into heatmaps and tags", async () => {
    // One shallow stack of one width: few different shaders to compile.
    const options = { ...small, stacks: 1, depth: 1, increase: 0 };
    const model = new PoseNet({ ...options, tagDimensions: 2, extraChannels: 1 });
    const [stack] = model.forward(ones([2, 3, 8, 12]));
    const { raw, heatmaps, tags } = await read({ ...stack });
    assert.deepEqual(raw.shape, [2, 10, 4, 6]); // 3 (1 + 2) + 1
    assert.deepEqual(heatmaps.shape, [2, 3, 4, 6]);
    assert.deepEqual(tags.shape, [2, 2, 3, 4, 6]);
    const pixels = 4 * 6;
    const channel = (data: Float32Array, c: number) => data.slice(c * pixels, (c + 1) * pixels);
    assert.deepEqual(channel(heatmaps.data, 3 + 1), channel(raw.data, 10 + 1)); // image 1, keypoint 1
    assert.deepEqual(channel(tags.data, 6 + 3 + 2), channel(raw.data, 10 + 3 + 3 + 2)); // d 1, keypoint 2
  });

  it("gives the last stack's maps to the decoder, of images that it normalises itself", async () => {
    const model = new PoseNet({ ...small, imageNorm: "imagenet" });
    const images = normal([2, 3, 16, 16], { seed: 1 });
    const { heatmaps, tags } = model.forward(images)[1];
    const maps = model.mapsOf(images);
    assert.deepEqual(maps.heatmaps.shape, [2, 3, 16 / model.stride, 16 / model.stride]);
    assert.deepEqual(await maps.heatmaps.array(), await heatmaps.array());
    assert.deepEqual(await maps.tags.array(), await tags.array());
    const imageNorm = "x" as "none"; // a file may say anything
    assert.throws(() => new PoseNet({ ...small, imageNorm }), {
      name: "RangeError",
      message: 'PoseNet: imageNorm can be "none" or "imagenet", not x',
    });
  });

  it("lets a loss on the last stack reach every parameter before it", () => {
    const variants: PoseNetOptions[] = [{ ...small, batchNorm: "everywhere" }, {
      ...small,
      blocks: "residual",
    }];
    for (const options of variants) {
      const model = new PoseNet(options);
      const wrt = [...parameters(model).values()];
      const { raw } = model.forward(ones([1, 3, 16, 16]))[1];
      const gradients = grad(raw.sum(), wrt); // names a parameter that is not reached
      assert.deepEqual(gradients.map((g) => g.shape), wrt.map((w) => w.shape));
    }
  });

  it("spreads the tags at the start by `tagInitScale`, not the heatmaps", async () => {
    const weightOf = async (tagInitScale: number) =>
      (await new PoseNet({ ...small, extraChannels: 1, tagInitScale }).outs[1].conv.weight.read())
        .data;
    const [plain, scaled] = [await weightOf(1), await weightOf(4)];
    const factor = (o: number) => scaled[o * 4] / plain[o * 4];
    assert.deepEqual([0, 2, 3, 5, 6].map(factor), [1, 1, 4, 4, 1]);
  });

  it("tells its stride and the sizes it takes", () => {
    assert.deepEqual([new PoseNet(small).stride, new PoseNet(small).sizeMultiple], [2, 8]);
    const whole = new PoseNet({ stacks: 1, channels: 8, increase: 0 });
    assert.deepEqual([whole.stride, whole.sizeMultiple], [4, 64]);
    assert.deepEqual(whole.forward(ones([1, 3, 64, 128]))[0].heatmaps.shape, [1, 17, 16, 32]);
    assert.equal(whole.options.keypoints, 17);
  });

  it("refuses images of another form", () => {
    const model = new PoseNet(small);
    const bad = [
      [[3, 16, 16], "images must have 4 axes"],
      [[1, 1, 16, 16], "images must have 3 channels, not 1"],
      [[1, 3, 16, 20], "height and width must be multiples of 8"],
      [[1, 3, 0, 16], "height and width must be multiples of 8"],
    ] as const;
    for (const [shape, problem] of bad) {
      assert.throws(() => model.forward(ones(shape)), {
        name: "ShapeError",
        message: `PoseNet: ${problem}\n  images  [${shape.join(", ")}]   N C H W`,
      });
    }
    assert.throws(() => model.stemOf(ones([1, 4, 16, 16])), { name: "ShapeError" });
  });

  it("refuses sizes that no network has", () => {
    const bad = [
      [{ stacks: 0 }, "PoseNet: stacks must be a whole number, 1 or more, not 0"],
      [{ channels: -4 }, "PoseNet: channels must be a whole number, 1 or more, not -4"],
      [{ depth: 1.5 }, "PoseNet: depth must be a whole number, 1 or more, not 1.5"],
      [{ keypoints: 0 }, "PoseNet: keypoints must be a whole number, 1 or more, not 0"],
      [{ tagDimensions: -1 }, "PoseNet: tagDimensions must be a whole number, 0 or more, not -1"],
      [{ increase: -1 }, "PoseNet: increase must be a whole number, 0 or more, not -1"],
      [{ innerIncrease: NaN }, "PoseNet: innerIncrease must be a whole number, 0 or more, not NaN"],
      [{ extraChannels: -1 }, "PoseNet: extraChannels must be a whole number, 0 or more, not -1"],
      [{ tagInitScale: Infinity }, "PoseNet: tagInitScale must be a number, not Infinity"],
      [{ seed: -1 }, "initialValues: seed must be a whole number, 0 to 2^53 - 1, not -1"],
      [
        { release: "tensorflow" } as const,
        'PoseNet: release "tensorflow" has the stem "stride4" and blocks of one convolution',
      ],
      [
        { blocks: "residual", channels: 5 } as const,
        "Residual: outChannels must be even, not 5",
      ],
    ] as const;
    for (const [options, message] of bad) {
      assert.throws(() => new PoseNet({ ...small, ...options }), { name: "RangeError", message });
    }
  });
});
