import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  assign,
  type HostArray,
  hostArray,
  read,
  type Shape,
  sizeOf,
  type Tensor,
  tensor,
} from "../../core/mod.ts";
import {
  originOfWeights,
  PoseNet,
  type PoseNetOptions,
  translateWeights,
  type WeightOrigin,
  type WeightTranslation,
} from "../../models/mod.ts";
import { loadState, stateOf, variables } from "../../nn/mod.ts";
import { conv2d, maxPool2d, normal, pad, permute, relu, slice, upsample2d } from "../../ops/mod.ts";
import { assertClose } from "../close.ts";

type Weights = Record<string, HostArray>;

const small = { stacks: 2, channels: 6, depth: 2, increase: 3, innerIncrease: 2 } as const;
const images = normal([1, 3, 16, 16], { seed: 9 });

const shapesOf = (weights: Weights) =>
  new Map(Object.entries(weights).map(([name, { shape }]) => [name, shape]));

/** Follow the recipes. */
function made({ recipes }: WeightTranslation, weights: Weights): Weights {
  return Object.fromEntries([...recipes].map(([name, { sources, make, shape }]) => {
    const array = make(sources.map((source) => weights[source]));
    assert.deepEqual(array.shape, shape, name);
    return [name, array];
  }));
}

/** A network of ours with the weights of another. */
async function imported(origin: WeightOrigin, weights: Weights): Promise<PoseNet> {
  const translation = translateWeights(origin, shapesOf(weights));
  const model = new PoseNet(translation.options);
  await loadState(model, made(translation, weights));
  return model;
}

describe("translateWeights, authors", () => {
  it("finds the prefix, the network's sizes, and takes every tensor as it is", async () => {
    const options: PoseNetOptions = { ...small, extraChannels: 34 };
    const state = await stateOf(new PoseNet(options));
    const weights = Object.fromEntries(
      Object.entries(state).map(([name, array]) => [`model.module.${name}`, array]),
    );
    const translation = translateWeights("authors", shapesOf(weights));
    assert.deepEqual(new PoseNet(translation.options).options, new PoseNet(options).options);
    assert.deepEqual(made(translation, weights), state);
  });

  it("keeps the norms that their code has when it is told to", async () => {
    const options: PoseNetOptions = { ...small, batchNorm: "authors" };
    const state = await stateOf(new PoseNet(options));
    const translation = translateWeights("authors", shapesOf(state));
    assert.deepEqual(new PoseNet(translation.options).options, new PoseNet(options).options);
    assert.deepEqual(made(translation, state), state);
  });

  it("gives a network of 17 heatmaps no tags", async () => {
    const options: PoseNetOptions = { ...small, tagDimensions: 0 };
    const state = await stateOf(new PoseNet(options));
    const translation = translateWeights("authors", shapesOf(state));
    assert.deepEqual(new PoseNet(translation.options).options, new PoseNet(options).options);
    assert.deepEqual(made(translation, state), state);
  });

  it("gives a network of one level one increase", async () => {
    const options = { stacks: 1, channels: 4, depth: 1, increase: 2, innerIncrease: 2 };
    const translation = translateWeights(
      "authors",
      shapesOf(await stateOf(new PoseNet(options))),
    );
    assert.deepEqual(translation.options, { ...options, extraChannels: 0, batchNorm: "none" });
  });
});

/** mmpose's names, written down once more. */
function mmposeName(name: string): string {
  const rules: [RegExp, string][] = [
    [/^pre\./, "backbone.stem."],
    [/^features\./, "backbone.hourglass_modules."],
    [/^outs\./, "backbone.out_convs."],
    [/^merge_preds\.(\d)\.conv\./, "backbone.remap_out_convs.$1."],
    [/^merge_features\.(\d)\.conv\./, "backbone.remap_feature_convs.$1."],
  ];
  const [pattern, theirs] = rules.find(([it]) => it.test(name))!;
  return name.replace(pattern, theirs);
}

describe("translateWeights, mmpose", () => {
  it("folds batch norms into convolutions without changing what the network says", async () => {
    const model = new PoseNet({ ...small, batchNorm: "everywhere", imageNorm: "imagenet" });
    let seed = 0;
    for (const [name, variable] of variables(model)) {
      if (!name.includes(".bn.")) continue;
      const noise = normal([...variable.shape], { seed: seed++, std: 0.3 });
      const isPositive = name.endsWith("running_var") || name.endsWith("weight");
      await assign(variable, isPositive ? noise.exp() : noise);
    }
    const state = await stateOf(model);
    const weights = Object.fromEntries(
      Object.entries(state).map(([name, array]) => [mmposeName(name), array]),
    );
    const folded = await imported("mmpose", weights);
    assert.equal(folded.options.batchNorm, "none");
    const outputs = await read({
      expected: model.forward(images)[1].raw,
      actual: folded.forward(images)[1].raw,
    });
    assertClose(outputs.actual.data, outputs.expected.data, { tolerance: 1e-4 });
  });
});

/** pose-ae-demo's network in the plainest form: [N, C, H, W] and its own names. */
class TensorflowNetwork {
  readonly weights: Weights = {};
  #seed = 0;

  /** Convolution with TensorFlow's padding "SAME", and weights that are made when they are first asked for. */
  conv(x: Tensor, name: string, [size, C, O]: readonly number[], { stride = 1, ramp = true } = {}) {
    const draw = (shape: Shape, scale: number) => {
      const data = Float32Array.from({ length: sizeOf(shape) }, () => {
        this.#seed = (this.#seed * 1103515245 + 12345) % 2 ** 31;
        return (this.#seed / 2 ** 30 - 1) * scale;
      });
      return hostArray(shape, data);
    };
    const weights = this.weights[`my_model/${name}/weights`] ??= draw(
      [size, size, C, O],
      Math.sqrt(6 / (size * size * C)),
    );
    const biases = this.weights[`my_model/${name}/biases`] ??= draw([O], 0.1);
    const [, , H, W] = x.shape;
    const total = (length: number) =>
      Math.max((Math.ceil(length / stride) - 1) * stride + size - length, 0);
    const before = [H, W].map((length) => Math.floor(total(length) / 2));
    const after = [H, W].map((length, i) => total(length) - before[i]);
    const padded = pad(x, [0, 0, ...before], [0, 0, ...after]);
    const y = conv2d(padded, permute(tensor(weights), [3, 2, 0, 1]), {
      bias: tensor(biases),
      stride,
      pad: 0,
    });
    return ramp ? relu(y) : y;
  }

  hourglass(x: Tensor, n: number, f: number, more: readonly number[], stack: number): Tensor {
    const name = `${stack}_${n}_`;
    const wide = f + more[0];
    const up1 = this.conv(x, `${name}up1`, [3, f, f]);
    const low1 = this.conv(maxPool2d(x), `${name}low1`, [3, f, wide]);
    const low2 = n > 1
      ? this.hourglass(low1, n - 1, wide, more.slice(1), stack)
      : this.conv(low1, `${name}low2`, [3, wide, wide]);
    return up1.add(upsample2d(this.conv(low2, `${name}low3`, [3, wide, f])));
  }

  /** The last prediction of two stacks. */
  forward(x: Tensor, outputs: number): Tensor {
    const { channels: f, depth, increase, innerIncrease } = small;
    let inter = this.conv(x, "cnv1", [7, 3, 64], { stride: 2 });
    inter = maxPool2d(this.conv(inter, "cnv2", [3, 64, 128]));
    inter = this.conv(inter, "cnv2b", [3, 128, 128]);
    inter = this.conv(inter, "cnv3", [3, 128, 128]);
    inter = this.conv(inter, "cnv4", [3, 128, f]);
    const plain = { ramp: false };
    for (let s = 0;; s++) {
      const hourglass = this.hourglass(inter, depth, f, [increase, innerIncrease], s);
      const features = this.conv(this.conv(hourglass, `cnv5_${s}`, [3, f, f]), `cnv6_${s}`, [
        1,
        f,
        f,
      ]);
      const prediction = this.conv(features, `out_${s}`, [1, f, outputs], plain);
      if (s === 1) return prediction;
      inter = inter.add(this.conv(features, `tmp_${s}`, [1, f, f], plain))
        .add(this.conv(prediction, `tmp_out_${s}`, [1, outputs, f], plain));
    }
  }
}

describe("translateWeights, tensorflow", () => {
  it("says what their refinement network says: 17 heatmaps, no tags", async () => {
    const network = new TensorflowNetwork();
    const prediction = network.forward(images, 17);
    const model = await imported("tensorflow", network.weights);
    assert.deepEqual([model.options.tagDimensions, model.options.extraChannels], [0, 0]);
    const { heatmaps } = model.forward(images)[1];
    const outputs = await read({ heatmaps, prediction });
    assertClose(outputs.heatmaps.data, outputs.prediction.data, { tolerance: 1e-4 });
  });

  it("says what their network says: first 17 channels heatmaps, last 17 tags", async () => {
    const network = new TensorflowNetwork();
    const prediction = network.forward(images, 68);
    const model = await imported("tensorflow", network.weights);
    assert.deepEqual(
      [model.options.release, model.options.extraChannels, model.options.depth],
      ["tensorflow", 34, 2],
    );
    const { heatmaps, tags } = model.forward(images)[1];
    const outputs = await read({
      heatmaps,
      tags,
      theirHeatmaps: slice(prediction, [0, 0, 0, 0], [1, 17, 4, 4]),
      theirTags: slice(prediction, [0, 51, 0, 0], [1, 68, 4, 4]),
    });
    assertClose(outputs.heatmaps.data, outputs.theirHeatmaps.data, { tolerance: 1e-4 });
    assertClose(outputs.tags.data, outputs.theirTags.data, { tolerance: 1e-4 });
  });
});

describe("translateWeights", () => {
  const shapes = (entries: Record<string, Shape>) => new Map(Object.entries(entries));
  const outs = "outs.0.conv.weight";
  const low1 = "features.0.0.low1.conv.weight";

  it("refuses weights that tell no network", () => {
    const cases: [Record<string, Shape>, string][] = [
      [{ "layer1.weight": [1] }, "has no tensor outs.0.conv.weight"],
      [{ [outs]: [34, 8, 1, 1] }, `has no hourglass: ${low1} is missing or no kernel`],
      [{ [outs]: [34, 8, 1, 1], [low1]: [8] }, `has no hourglass: ${low1} is missing or no kernel`],
      [
        { [outs]: [28, 8, 1, 1], [low1]: [8, 8, 3, 3] },
        "has 28 output channels; heatmaps of 17 keypoints are 17, with tags 34 or more\n" +
        "  help: only networks for COCO's keypoints can be imported",
      ],
      [
        { [outs]: [16, 8, 1, 1], [low1]: [8, 8, 3, 3] },
        "has 16 output channels; heatmaps of 17 keypoints are 17, with tags 34 or more\n" +
        "  help: only networks for COCO's keypoints can be imported",
      ],
      [
        { [outs]: [34, 8, 1, 1], [low1]: [4, 8, 3, 3] },
        "has hourglasses that become narrower: 8, 4, 0",
      ],
    ];
    for (const [tensors, message] of cases) {
      assert.throws(() => translateWeights("authors", shapes(tensors)), {
        name: "InputError",
        message,
      });
    }
  });

  it("asks for what a file lacks, so that it can be named", () => {
    const { recipes } = translateWeights(
      "mmpose",
      shapes({
        "backbone.out_convs.0.conv.weight": [34, 8, 1, 1],
        "backbone.hourglass_modules.0.0.low1.conv.weight": [9, 8, 3, 3],
      }),
    );
    assert.deepEqual(recipes.get("pre.4.conv.bias")!.sources, ["backbone.stem.4.conv.bias"]);
  });
});

describe("originOfWeights", () => {
  it("knows whole names behind any prefix", () => {
    assert.equal(originOfWeights(["a", "model.module.outs.0.conv.weight"]), "authors");
    assert.equal(originOfWeights(["outs.0.conv.weight"]), "authors");
    assert.equal(originOfWeights(["backbone.out_convs.0.conv.weight"]), "mmpose");
    assert.equal(originOfWeights(["my_model/out_0/weights"]), "tensorflow");
    assert.equal(originOfWeights(["without.0.conv.weight", "layout_0/weights"]), undefined);
    assert.equal(originOfWeights([]), undefined);
  });
});
