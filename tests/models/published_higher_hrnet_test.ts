import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { isHigherHrNet, type Shape, translateHigherHrNet } from "ae";
import { authorsTensors } from "./higher_hrnet_names.ts";
import { mmposeTensors } from "./mmpose_names.ts";

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

  it("takes every tensor of mmpose's modules, of the same shape, as it is", () => {
    const cases = [
      [{ width: 32 }, 28.6],
      [{ width: 48 }, 63.8],
      [{ width: 32, joints: 14 }, 28.6],
    ] as const;
    for (const [sizes, millions] of cases) {
      const theirs = new Map(
        [...mmposeTensors(sizes)].map(([path, shape]) => [`state_dict.${path}`, shape]),
      );
      const { name, options, imageSize, recipes } = translateHigherHrNet(theirs);
      assert.deepEqual([name, imageSize], [`W${sizes.width}`, 512]);
      assert.equal(options.keypoints, "joints" in sizes ? 14 : 17);
      assert.deepEqual(options.modules, [1, 4, 3]);
      const used = new Set<string>();
      let learned = 0;
      for (const [path, { shape, sources, make }] of recipes) {
        const [source] = sources;
        const ours = source.replace(/^state_dict\.(backbone|keypoint_head)\./, "");
        assert.deepEqual([sources.length, ours], [1, path]);
        assert.deepEqual(shape, theirs.get(source), path);
        const array = { shape, data: new Float32Array(0) };
        assert.equal(make([array]), array);
        used.add(source);
        if (!path.includes(".running_")) learned += shape.reduce((a, b) => a * b, 1);
      }
      const left = [...theirs.keys()].filter((path) => !used.has(path));
      assert.ok(left.every((path) => path.endsWith(".num_batches_tracked")), left.join());
      assert.equal((learned / 1e6).toFixed(1), String(millions)); // as the paper states
    }
  });

  it("refuses mmpose's networks with other heads", () => {
    const theirs = mmposeTensors({ width: 4 });
    theirs.set("keypoint_head.deconv_layers.1.0.0.weight", [21, 4, 4, 4]);
    assert.throws(() => translateHigherHrNet(theirs), {
      name: "InputError",
      message: /has a tensor keypoint_head\.deconv_layers\.1\.0\.0\.weight, which W4 does not have/,
    });
    // HRNet for one person at a time has a head of one layer: those of HigherHRNet are missing.
    const single = new Map(
      [...mmposeTensors({ width: 4 })].filter(([path]) => path.startsWith("backbone.")),
    );
    single.set("keypoint_head.final_layer.weight", [17, 4, 1, 1]);
    const { recipes } = translateHigherHrNet(single);
    assert.deepEqual(recipes.get("final_layers.0.weight")!.sources, [
      "keypoint_head.final_layers.0.weight",
    ]);
    assert.ok(!single.has("keypoint_head.final_layers.0.weight"));
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
