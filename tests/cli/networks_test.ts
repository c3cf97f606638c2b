import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import {
  type CocoResult,
  decodePoses,
  DECODERS,
  disposeModel,
  EfficientHrNet,
  floatWeights,
  HigherHrNet,
  hostArray,
  loadState,
  PoseNet,
  read,
  readSafetensors,
  type RgbImage,
  type SafetensorsArray,
  type TagNetwork,
  type Tensor,
  tensor,
  toCocoResults,
  writeSafetensors,
} from "ae";
import { multiplyAdds } from "../../cli/info.ts";
import { kindNamed, kindOf, NETWORK_KINDS, PRESET_NAMES, presetNamed } from "../../cli/networks.ts";
import { learnedNumbers, makeModel } from "../../cli/weights.ts";
import { inFolder } from "../in_folder.ts";
import { efficientHrNetFile, higherHrNetFile, SMALL } from "./published_file.ts";
import { runMain } from "./run_main.ts";
import { jsonOf, sceneFiles, scenes, writeJson } from "./scene_files.ts";

/** What a program finds in a picture of the network's own size, with the library alone. */
async function foundByProgram(model: TagNetwork, image: RgbImage, id: number) {
  const { width, height, data } = image;
  const planes = hostArray([1, 3, height, width]);
  planes.data.forEach((_, i) => {
    const [channel, pixel] = [Math.floor(i / (height * width)), i % (height * width)];
    planes.data[i] = data[3 * pixel + channel] / 255;
  });
  const { heatmaps, tags } = await read({ ...model.mapsOf(tensor(planes)) });
  const flavour = DECODERS["higher-hrnet"];
  const people = decodePoses(heatmaps, tags, { ...flavour, frame: { stride: model.stride } });
  return toCocoResults(people, id, { missing: flavour.missing });
}

/** See that results are the same but for rounding. */
function assertSameResults(found: readonly CocoResult[], expected: readonly CocoResult[]): void {
  assert.equal(found.length, expected.length);
  for (const [i, { keypoints, score, ...rest }] of found.entries()) {
    assert.deepEqual({ ...rest }, {
      image_id: expected[i].image_id,
      category_id: expected[i].category_id,
    });
    assert.ok(Math.abs(score - expected[i].score) < 1e-3, `score of ${i}`);
    assert.equal(keypoints.length, expected[i].keypoints.length);
    const wrong = keypoints.findIndex((at, k) => !(Math.abs(at - expected[i].keypoints[k]) < 0.01));
    assert.equal(wrong, -1, `person ${i}: ${keypoints[wrong]}, ${expected[i].keypoints[wrong]}`);
  }
}

/** Import tensors for images of 64 pixels; the file made. */
async function imported(
  folder: string,
  tensors: Record<string, SafetensorsArray>,
): Promise<string> {
  const [source, out] = [`${folder}/theirs.safetensors`, `${folder}/ours.safetensors`];
  await writeSafetensors(source, tensors);
  const { code, message } = await runMain(
    ...["import-weights", source, "--out", out, "--image-size", "64"],
  );
  assert.deepEqual([code, message], [0, ""]);
  return out;
}

describe("predict finds with imported weights what a program finds with them", () => {
  const cases = [
    ["HigherHRNet", higherHrNetFile, HigherHrNet],
    ["EfficientHRNet", efficientHrNetFile, EfficientHrNet],
  ] as const;
  for (const [name, fileOf, Network] of cases) {
    it(name, () =>
      inFolder(async (folder) => {
        const weights = await imported(folder, fileOf());
        const photographs = await sceneFiles(folder);
        const out = ["--no-pictures", "--out", `${folder}/out`];
        const given = ["--weights", weights, "--ids", await writeJson(`${folder}/ids.json`, [2])];
        const { code, message } = await runMain("predict", ...photographs, ...given, ...out);
        assert.deepEqual([code, message], [0, ""]);

        const file = await readSafetensors(weights);
        const model = new Network(JSON.parse(file.metadata.options));
        await loadState(model, floatWeights(file));
        const { image } = (await scenes())[1];
        const expected = await foundByProgram(model, image, 2);
        assert.ok(expected.length > 5, "random maps have many peaks");
        assertSameResults(await jsonOf(`${folder}/out/results.json`), expected);
        disposeModel(model);
      }));
  }
});

describe("commands and a HigherHRNet", () => {
  it("evaluate looks as its authors test, and says by whose rules it decoded", () =>
    inFolder(async (folder) => {
      const weights = await imported(folder, higherHrNetFile());
      const json = `${folder}/figures.json`;
      const { code, message } = await runMain(
        ...["evaluate", ...await sceneFiles(folder), "--weights", weights],
        ...["--flip", "--scales", "higher-hrnet-1", "--json", json],
      );
      assert.deepEqual([code, message], [0, ""]);
      const { setup, images } = await jsonOf(json);
      assert.equal(images, 3);
      assert.deepEqual(setup, {
        ...{ weights, decoder: "higher-hrnet", scales: "higher-hrnet-1", flip: true, refine: "no" },
        ...{ threshold: 0.1, maxTagDistance: 1, ids: "all" },
      });
    }));

  it("--refine refuses one with tags, --preset that of another network", () =>
    inFolder(async (folder) => {
      const weights = await imported(folder, higherHrNetFile());
      const photo = (await sceneFiles(folder)).at(-1)! + "/1.png";
      const tags = `--refine ${weights}: is a network for several people\n` +
        "  help: train --single-person makes one that looks at one person at a time";
      const preset = `${weights}: its network is HigherHRNet, that of --preset demo PoseNet` +
        "\n  help: leave --preset out: the file says what its network is made with";
      const cases: [string[], string][] = [
        [["predict", photo, "--refine", weights, "--out", `${folder}/out`], tags],
        [["predict", photo, "--weights", weights, "--preset", "demo"], preset],
        [["info", weights, "--preset", "demo"], preset],
      ];
      for (const [args, problem] of cases) {
        const { code, message } = await runMain(...args);
        assert.deepEqual([code, message], [1, `${args[0]}: ${problem}`]);
      }
      await assert.rejects(Deno.stat(`${folder}/out/results.json`), Deno.errors.NotFound);
    }));

  it("refuses settings that are damaged, of every network", () =>
    inFolder(async (folder) => {
      const path = `${folder}/weights.safetensors`;
      const cases = [
        ["ae-higher-hrnet-1", { width: 0 }, "HigherHrNet: width must be a whole number"],
        ["ae-higher-hrnet-1", { modules: [1, 1] }, "HigherHrNet: stage4 must be a whole number"],
        ["ae-higher-hrnet-1", { imageNorm: 1 }, 'imageNorm can be "none" or "imagenet", not 1'],
        ["ae-efficient-hrnet-1", { imageNorm: "x" }, 'can be "none" or "imagenet", not x'],
        ["ae-higher-hrnet-1", { modules: [1, 1e9, 1] }, "modules is 1,1000000000,1, at most 64"],
        ["ae-efficient-hrnet-1", { backboneDepth: 1e9 }, "backboneDepth is 1000000000, at most"],
        ["ae-posenet-1", { stacks: 1e9 }, "stacks is 1000000000, at most 64 are allowed"],
        ["ae-posenet-1", { depth: "a" }, "depth is a, at most 64 are allowed"],
        ["ae-posenet-1", null, "they are no record"],
        ["ae-posenet-1", { imageNorm: "x" }, 'PoseNet: imageNorm can be "none" or "imagenet"'],
      ] as const;
      for (const [format, options, problem] of cases) {
        const settings = { preset: "own", imageSize: "64", options: JSON.stringify(options) };
        await writeSafetensors(path, { a: hostArray([1]) }, { format, ...settings });
        const { code, message } = await runMain("info", path);
        assert.equal(code, 1);
        assert.ok(message.includes(`${path}: its network settings are damaged: `), message);
        assert.ok(message.includes(problem), message);
      }
    }));
});

describe("presets of all networks", () => {
  it("have the parameters and multiply-adds that their tables state, and images that they take", () => {
    const figures = PRESET_NAMES.map((name) => {
      const { model, imageSize } = makeModel(name);
      assert.equal(imageSize % model.sizeMultiple, 0, name);
      const millions = learnedNumbers({ model }) / 1e6;
      const giga = multiplyAdds(model, [1, 3, imageSize, imageSize]) / 1e9;
      disposeModel(model);
      return [name, imageSize, millions.toFixed(2), giga.toFixed(2)].join(" ");
    });
    assert.deepEqual(figures, [
      "demo 64 0.56 0.07",
      "demo-wide 64 1.94 0.25",
      "segment 64 0.56 0.07",
      "segment-wide 64 1.94 0.25",
      "tiny-64 64 0.57 0.13",
      "small-128 128 1.53 0.60",
      "medium-128 128 4.63 0.98",
      "medium-256 256 10.42 4.48",
      "large-256 256 17.67 9.07",
      "residual-512 512 12.89 59.34",
      "authors 512 138.89 222.21",
      "higher-hrnet-w32 512 28.65 46.20",
      "higher-hrnet-w48 640 63.83 149.47",
      "higher-hrnet-demo 64 2.67 0.17",
      "efficient-hrnet-h0 512 19.73 23.96",
      "efficient-hrnet-h-1 480 13.00 13.13",
      "efficient-hrnet-h-2 448 8.26 7.03",
      "efficient-hrnet-h-3 416 5.36 3.76",
      "efficient-hrnet-h-4 384 2.76 1.81",
    ]);
  });

  it("see images as their authors do, and the nearest name is found", () => {
    const normOf = (name: string) => {
      const { options } = presetNamed(name);
      return "imageNorm" in options ? options.imageNorm : undefined;
    };
    const names = ["higher-hrnet-w32", "efficient-hrnet-h-4", "demo"];
    assert.deepEqual(names.map(normOf), ["imagenet", "imagenet", undefined]);
    assert.throws(() => presetNamed("higher-hrnet-w23"), {
      name: "InputError",
      message: /^unknown preset "higher-hrnet-w23".*\n {2}help: did you mean "higher-hrnet-w/,
    });
  });
});

describe("kindNamed() and kindOf()", () => {
  it("give every network the format of its files, and files without one to PoseNet", () => {
    const small = { stacks: 1, channels: 2, increase: 1, depth: 1 };
    const models = [new PoseNet(small), new HigherHrNet(SMALL), new EfficientHrNet()];
    assert.deepEqual(models.map((model) => kindOf(model).title), [
      ...["PoseNet", "HigherHRNet", "EfficientHRNet"],
    ]);
    for (const model of models) {
      const kind = kindOf(model);
      assert.equal(kindNamed("a.safetensors", kind.format), kind);
      disposeModel(model);
    }
    assert.equal(NETWORK_KINDS.length, models.length);
    assert.equal(kindNamed("a.safetensors").title, "PoseNet");
  });

  it("refuse what has no row", () => {
    class Own {
      readonly options = { keypoints: 17, tagDimensions: 1 };
      readonly stride = 4;
      readonly sizeMultiple = 4;
      mapsOf(images: Tensor) {
        return { heatmaps: images, tags: images };
      }
      readonly targetStrides = { stride: 4 };
      stacksOf(images: Tensor) {
        return [this.mapsOf(images)];
      }
    }
    assert.throws(() => kindOf(new Own()), {
      name: "RangeError",
      message: "weight files know no network Own\n  help: give it a row in cli/networks.ts",
    });
  });

  it("refuse a format that nobody has", () => {
    assert.throws(() => kindNamed("a.safetensors", "ae-training-1"), {
      name: "InputError",
      message: 'a.safetensors: its format is "ae-training-1", weight files have "ae-posenet-1", ' +
        '"ae-higher-hrnet-1", "ae-efficient-hrnet-1"',
    });
  });
});
