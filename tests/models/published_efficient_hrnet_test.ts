import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  EFFICIENT_HRNETS,
  type EfficientHrNetName,
  isEfficientHrNet,
  type Shape,
  translateEfficientHrNet,
} from "ae";
import { AUTHORS_CONFIGS, authorsTensors } from "./efficient_hrnet_names.ts";

const names = Object.keys(AUTHORS_CONFIGS) as EfficientHrNetName[];

/** A file's tensors, with something in front of every name. */
function shapesOf(name: EfficientHrNetName, prefix = ""): Map<string, Shape> {
  return new Map([...authorsTensors(name)].map(([path, shape]) => [prefix + path, shape]));
}

const isCounter = (path: string) => path.endsWith(".num_batches_tracked");

describe("translateEfficientHrNet()", () => {
  it("knows H0 to H-4 and takes every tensor of the authors' code, of the same shape, as it is", () => {
    for (const name of names) {
      for (const prefix of ["", "module.", "state_dict.module.1."]) {
        const theirs = shapesOf(name, prefix);
        const { recipes, ...found } = translateEfficientHrNet(theirs);
        assert.deepEqual(found, {
          name,
          options: { ...EFFICIENT_HRNETS[name].options, imageNorm: "imagenet" },
        });
        for (const [path, { shape, sources, make }] of recipes) {
          assert.deepEqual(sources, [prefix + path]);
          assert.deepEqual(shape, theirs.get(prefix + path), `${name}: ${path}`);
          const array = { shape, data: new Float32Array(0) };
          assert.equal(make([array]), array);
        }
        const used = [...theirs.keys()].filter((path) => !isCounter(path));
        assert.equal(recipes.size, used.length, `${name}: how many are used`);
      }
    }
  });

  it("asks for what a file lacks, so that it can be named", () => {
    const theirs = shapesOf("H-3", "module.");
    theirs.delete("module.stage3.0.branches.1.1.bn2.running_var");
    theirs.delete("module.final_layers.0.weight");
    const { recipes } = translateEfficientHrNet(theirs);
    const missing = [...recipes.values()].flatMap(({ sources }) => sources)
      .filter((source) => !theirs.has(source));
    assert.deepEqual(missing, [
      "module.stage3.0.branches.1.1.bn2.running_var",
      "module.final_layers.0.weight",
    ]);
  });

  it("leaves alone what stands beside the network in a file", () => {
    const theirs = shapesOf("H-4", "model.");
    for (const path of ["classifier.1.weight", "model.classifier.1.bias", "features.17.1.weight"]) {
      theirs.set(path, [1]);
    }
    assert.equal(translateEfficientHrNet(theirs).name, "H-4");
  });

  it("refuses what is no network of the paper", () => {
    const help = "\n  help: only the paper's networks, H0 to H-4, can be imported";
    const cases: [Record<string, Shape>, string][] = [
      [
        { "trans1_branch1.0.weight": [40, 24, 3, 3] },
        "its finest branch has 40 channels, trans1_branch1.0.weight; the paper's have " +
        "32 (H0), 26 (H-1), 21 (H-2), 17 (H-3), 14 (H-4)",
      ],
      [
        { "final_layers.0.weight": [18, 14, 1, 1] },
        "has 18 output channels; heatmaps and tags of 17 keypoints are 34\n" +
        "  help: only networks for COCO's keypoints can be imported",
      ],
      [
        { "features.11.conv.0.1.weight": [1320, 220, 1, 1] },
        "is as wide as H-4, but has a tensor features.11.conv.0.1.weight, which H-4 does not have" +
        help,
      ],
      [
        { "stage2.0.branches.0.2.conv1.weight": [14, 14, 3, 3] },
        "is as wide as H-4, but has a tensor stage2.0.branches.0.2.conv1.weight, which H-4 does not have" +
        help,
      ],
    ];
    for (const [changed, message] of cases) {
      const shapes = new Map([...shapesOf("H-4"), ...Object.entries(changed)]);
      assert.throws(() => translateEfficientHrNet(shapes), { name: "InputError", message });
    }
    assert.throws(() => translateEfficientHrNet(new Map([["conv1.weight", [64, 3, 3, 3]]])), {
      name: "InputError",
      message: "has no tensor trans1_branch1.0.weight",
    });
  });
});

describe("isEfficientHrNet()", () => {
  it("knows whole names behind any prefix", () => {
    for (const name of names) assert.ok(isEfficientHrNet(authorsTensors(name).keys()), name);
    assert.ok(isEfficientHrNet(["a", "best_state_dict.trans1_branch1.0.weight"]));
    assert.ok(!isEfficientHrNet(["mytrans1_branch1.0.weight", "transition1.0.0.weight"]));
    assert.ok(!isEfficientHrNet([]));
  });
});
