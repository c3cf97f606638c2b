import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { isHigherHrNet, type Shape, translateHigherHrNet } from "ae";
import { authorsTensors } from "./higher_hrnet_names.ts";

/** A file's tensors, with something in front of every name. */
function shapesOf(sizes: Parameters<typeof authorsTensors>[0], prefix = ""): Map<string, Shape> {
  return new Map([...authorsTensors(sizes)].map(([path, shape]) => [prefix + path, shape]));
}

describe("translateHigherHrNet()", () => {
  it("knows W32 and W48 and takes every tensor of the authors' code, of the same shape, as it is", () => {
    const cases = [
      [{ width: 32 }, { name: "W32", imageSize: 512 }],
      [{ width: 48 }, { name: "W48", imageSize: 640 }],
      [{ width: 32, keypoints: 14 }, { name: "W32", imageSize: 512 }],
    ] as const;
    for (const [sizes, expected] of cases) {
      for (const prefix of ["", "module.", "1."]) {
        const theirs = shapesOf(sizes, prefix);
        const { recipes, options, ...found } = translateHigherHrNet(theirs);
        assert.deepEqual(found, expected);
        assert.deepEqual(options, {
          ...{ keypoints: 17, modules: [1, 4, 3], imageNorm: "imagenet" },
          ...sizes,
        });
        for (const [path, { shape, sources, make }] of recipes) {
          assert.deepEqual(sources, [prefix + path]);
          assert.deepEqual(shape, theirs.get(prefix + path), `${expected.name}: ${path}`);
          const array = { shape, data: new Float32Array(0) };
          assert.equal(make([array]), array);
        }
        const used = [...theirs.keys()].filter((path) => !path.endsWith(".num_batches_tracked"));
        assert.equal(recipes.size, used.length, `${expected.name}: how many are used`);
      }
    }
  });

  it("asks for what a file lacks, so that it can be named", () => {
    // What ImageNet's weights of HRNet-W32 lack: the heads.
    const theirs = shapesOf({ width: 32 });
    const lacking = [...theirs.keys()].filter((path) => /^(final|deconv)_layers/.test(path));
    for (const path of lacking) theirs.delete(path);
    const { recipes, options } = translateHigherHrNet(theirs);
    assert.equal(options.keypoints, 17);
    const missing = [...recipes.values()].flatMap(({ sources }) => sources)
      .filter((source) => !theirs.has(source));
    const wanted = lacking.filter((path) => !path.endsWith(".num_batches_tracked"));
    assert.deepEqual(missing.sort(), wanted.sort());
  });

  it("leaves alone what stands beside the network in a file", () => {
    const theirs = shapesOf({ width: 4 }, "model.");
    for (const path of ["classifier.weight", "model.classifier.bias", "stage2.0.weight"]) {
      theirs.set(path, [1]);
    }
    assert.equal(translateHigherHrNet(theirs).name, "W4");
  });

  it("refuses what is no such network", () => {
    const help =
      "\n  help: networks with the blocks and heads of the authors' experiments can be imported";
    const heads = (coarse: string, fine: string) =>
      `has heads of ${coarse} and ${fine} channels; heatmaps and tags, and finer heatmaps, are ` +
      `34 and 17 of COCO's keypoints, 28 and 14 of CrowdPose's${help}`;
    const absent = (path: string) =>
      `is as wide as W4, but has a tensor ${path}, which W4 does not have${help}`;
    const cases: [Record<string, Shape>, string][] = [
      [
        { "transition1.0.0.weight": [4] },
        "transition1.0.0.weight is no kernel: its shape is [4]",
      ],
      [
        { "transition1.0.0.weight": [0, 256, 3, 3] },
        "transition1.0.0.weight is no kernel: its shape is [0, 256, 3, 3]",
      ],
      [{ "final_layers.0.weight": [18, 4, 1, 1] }, heads("18", "17")], // one tag for all keypoints
      [{ "final_layers.1.weight": [34, 4, 1, 1] }, heads("34", "34")], // tags in both sizes
      [
        { "final_layers.0.weight": [32, 4, 1, 1], "final_layers.1.weight": [16, 4, 1, 1] },
        heads("32", "16"),
      ],
      [{ "final_layers.2.weight": [17, 4, 1, 1] }, absent("final_layers.2.weight")],
      [
        { "stage4.2.fuse_layers.1.0.0.0.weight": [8, 4, 3, 3] },
        absent("stage4.2.fuse_layers.1.0.0.0.weight"),
      ],
      [
        Object.fromEntries(
          Array.from({ length: 20 }, (_, m) => [`stage3.${m}.branches.0.0.conv1.weight`, [1]]),
        ),
        "has stages of 1, 20, 3 modules, the paper's have 1, 4, 3",
      ],
    ];
    for (const [changed, message] of cases) {
      const shapes = new Map([...shapesOf({ width: 4 }), ...Object.entries(changed)]);
      assert.throws(() => translateHigherHrNet(shapes), { name: "InputError", message });
    }
    assert.throws(() => translateHigherHrNet(new Map([["conv1.weight", [64, 3, 3, 3]]])), {
      name: "InputError",
      message: "has no tensor transition1.0.0.weight",
    });
  });
});

describe("isHigherHrNet()", () => {
  it("knows whole names behind any prefix", () => {
    assert.ok(isHigherHrNet(authorsTensors({ width: 48 }).keys()));
    assert.ok(isHigherHrNet(["a", "1.transition1.0.0.weight"]));
    assert.ok(!isHigherHrNet(["mytransition1.0.0.weight", "trans1_branch1.0.weight"]));
    assert.ok(!isHigherHrNet([]));
  });
});
