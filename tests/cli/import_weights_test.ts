import assert from "node:assert/strict";
import {
  disposeModel,
  EfficientHrNet,
  floatWeights,
  type HostArray,
  hostArray,
  loadState,
  PoseNet,
  readSafetensors,
  type SafetensorsArray,
  sizeOf,
  stateOf,
  writeSafetensors,
} from "ae";
import { loadModel } from "../../cli/weights.ts";
import { inFolder } from "../in_folder.ts";
import { mmposeTensors } from "../models/mmpose_names.ts";
import { efficientHrNetFile, higherHrNetFile, SMALL } from "./published_file.ts";
import { runMain } from "./run_main.ts";

const options = {
  stacks: 1,
  channels: 4,
  depth: 1,
  increase: 2,
  innerIncrease: 2,
  extraChannels: 2,
};

/** A folder with the weights of a small network under the authors' names, changed by `change`. */
async function withWeights(
  change: (weights: Record<string, HostArray>) => void,
  body: (source: string, out: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const state = await stateOf(new PoseNet({ ...options, seed: 5 }));
    const weights = Object.fromEntries(
      Object.entries(state).map(([name, array]) => [`model.module.${name}`, array]),
    );
    change(weights);
    await writeSafetensors(`${folder}/theirs.safetensors`, weights);
    await body(`${folder}/theirs.safetensors`, `${folder}/ours.safetensors`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const importing = (source: string, out: string, ...more: string[]) =>
  runMain("import-weights", source, "--out", out, ...more);

const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);

Deno.test("import-weights refuses a weight file of this library, and a place that cannot be written, first", async () => {
  await withWeights(() => {}, async (source, out) => {
    assert.equal((await importing(source, out)).code, 0);
    assert.deepEqual(await importing(out, `${out}.again`), {
      code: 1,
      printed: "",
      message: `import-weights: ${out}: is a weight file of this library already\n` +
        `  help: predict --weights ${out}`,
    });
    const folder = out.replace(/\/[^/]*$/, "");
    assert.deepEqual(await importing(source, folder), {
      code: 1,
      printed: "",
      message: `import-weights: ${folder}: cannot be written: it is a folder`,
    });
  });
});

Deno.test("import-weights writes a file that loads as the same network, and tells of every tensor", async () => {
  const extra = (weights: Record<string, HostArray>) => {
    weights["model.module.extra"] = hostArray([2], [1, 2]);
  };
  await withWeights(extra, async (source, out) => {
    const { code, printed, message } = await importing(source, out);
    assert.deepEqual([code, message], [0, ""]);
    const lines = printed.split("\n");
    const expected = await stateOf(new PoseNet({ ...options, seed: 5 }));
    const names = Object.keys(expected);
    assert.deepEqual(
      lines.slice(0, names.length),
      names.map((name) =>
        `used     model.module.${name} -> ${name} [${expected[name].shape.join(", ")}]`
      ),
    );
    assert.deepEqual(lines.slice(names.length, names.length + 2), [
      "unused   model.module.extra [2]",
      `${names.length} of ${names.length} tensors made, ${names.length} of them under another name; ` +
      "1 unused, 0 missing",
    ]);
    assert.match(
      lines.at(-1)!,
      /ours.safetensors: 1 stack of 4 channels, 22 tensors, [\d,]+ numbers$/,
    );
    const { model, imageSize, decoding, preset } = await loadModel(out);
    assert.deepEqual([imageSize, decoding.threshold, preset], [512, 0.1, "imported from authors"]);
    assert.deepEqual(model.options, new PoseNet(options).options);
    const loaded = await stateOf(model);
    for (const name of names) assert.deepEqual(loaded[name], expected[name], name);
    const { metadata } = await readSafetensors(out);
    assert.equal(metadata.importedFrom, "authors: theirs.safetensors");
    disposeModel(model);
  });
});

Deno.test("import-weights makes a network for one person of 17 heatmaps", async () => {
  const single = { ...options, extraChannels: 0, tagDimensions: 0, seed: 6 };
  const state = await stateOf(new PoseNet(single));
  const change = (weights: Record<string, HostArray>) => {
    for (const name of Object.keys(weights)) delete weights[name];
    Object.assign(weights, state);
  };
  await withWeights(change, async (source, out) => {
    assert.equal((await importing(source, out)).message, "");
    const { model, decoding } = await loadModel(out);
    assert.equal(model.options.tagDimensions, 0);
    assert.deepEqual(decoding, { threshold: 0.15 });
    assert.deepEqual(await stateOf(model), state);
    disposeModel(model);
  });
});

Deno.test("import-weights names what is missing, does not fit or is no number, and writes nothing", async () => {
  const key = "model.module.pre.1.conv.bias";
  const cases: [(weights: Record<string, HostArray>) => void, string[], RegExp][] = [
    [
      (weights) => delete weights[key],
      [],
      /theirs.safetensors: tensors are missing, 1 of them; nothing is/,
    ],
    [
      (weights) => weights[key] = hostArray([3]),
      [],
      /pre.1.conv.bias gives pre.1.conv.bias the shape \[3\], but the network needs \[128\]/,
    ],
    [
      (weights) => weights[key].data[7] = NaN,
      [],
      /tensor "model.module.pre.1.conv.bias" is NaN at/,
    ],
    [
      (weights) => Object.keys(weights).forEach((name) => name !== key && delete weights[name]),
      [],
      /its tensors have nobody's names known here; the first is model.module.pre.1.conv.bias/,
    ],
    [() => {}, ["--from", "mmpose"], /theirs.safetensors: has no tensor backbone.out_convs.0/],
    [
      () => {},
      ["--from", "yolo"],
      /unknown --from "yolo"; there are authors, mmpose, tensorflow, higherhrnet, efficienthrnet$/,
    ],
    [() => {}, ["--from", "autors"], /"autors".*\n {2}help: did you mean "authors"\?$/],
    [
      () => {},
      ["--image-size", "510"],
      /--image-size 510 does not suit the network: it needs a multiple of 8/,
    ],
    [
      () => {},
      ["--image-size", "8200"],
      /--image-size must be a whole number, 1 or more, at most 8192, not 8200/,
    ],
  ];
  for (const [change, more, problem] of cases) {
    await withWeights(change, async (source, out) => {
      const { code, printed, message } = await importing(source, out, ...more);
      assert.equal(code, 1);
      assert.match(message, problem);
      assert.equal(await isThere(out), false);
      if (problem.source.includes("missing")) {
        assert.match(printed, /^missing {2}model.module.pre.1.conv.bias, for pre.1.conv.bias$/m);
      }
    });
  }
});

Deno.test("import-weights knows an EfficientHRNet, and programs load what it writes", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [source, out] = [`${folder}/H-4.safetensors`, `${folder}/ours.safetensors`];
    const theirs = efficientHrNetFile();
    await writeSafetensors(source, theirs);
    const { code, printed, message } = await importing(source, out);
    assert.deepEqual([code, message], [0, ""]);
    const lines = printed.split("\n");
    const counters = Object.keys(theirs).filter((name) => name.endsWith(".num_batches_tracked"));
    const used = Object.keys(theirs).length - counters.length;
    assert.ok(lines.includes("used     module.final_layers.1.bias -> final_layers.1.bias [17]"));
    assert.ok(lines.includes("unused   module.features.0.2.num_batches_tracked []"));
    assert.equal(
      lines.at(-2),
      `${used} of ${used} tensors made, ${used} of them under another name; ` +
        `${counters.length} unused, 0 missing`,
    );
    assert.match(
      lines.at(-1)!,
      /ours.safetensors: EfficientHRNet H-4, \d+ tensors, 2,7[\d,]+ numbers$/,
    );

    const file = await readSafetensors(out);
    const { format, preset, imageSize, threshold, importedFrom } = file.metadata;
    assert.deepEqual([format, preset, imageSize, threshold, importedFrom], [
      ...["ae-efficient-hrnet-1", "EfficientHRNet H-4", "384", "0.1"],
      "efficienthrnet: H-4.safetensors",
    ]);
    const model = new EfficientHrNet(JSON.parse(file.metadata.options));
    assert.equal(model.options.imageNorm, "imagenet");
    await loadState(model, floatWeights(file));
    for (const [path, { data }] of Object.entries(await stateOf(model))) {
      const expected = theirs[`module.${path}`].data;
      const wrong = data.findIndex((value, i) => value !== expected[i]);
      assert.equal(wrong, -1, `${path} at ${wrong}`);
    }
    disposeModel(model);

    assert.match(
      (await importing(out, `${out}.again`)).message,
      /ours\.safetensors: is a weight file of this library already\n {2}help: predict --weights/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What is wrong with a file, further arguments, and what the message says. */
type Refusal = [
  change: (weights: Record<string, SafetensorsArray>) => void,
  more: string[],
  problem: RegExp,
];

/** Import a file with each of some defects: nothing may be written. */
async function assertRefused(
  makeFile: () => Record<string, SafetensorsArray>,
  cases: readonly Refusal[],
  lacks: string,
): Promise<void> {
  await inFolder(async (folder) => {
    const [source, out] = [`${folder}/theirs.safetensors`, `${folder}/ours.safetensors`];
    for (const [change, more, problem] of cases) {
      const weights = makeFile();
      change(weights);
      await writeSafetensors(source, weights);
      const { code, printed, message } = await importing(source, out, ...more);
      assert.equal(code, 1);
      assert.match(message, problem);
      assert.equal(await isThere(out), false);
      if (problem.source.includes("missing")) assert.ok(printed.includes(lacks));
    }
  });
}

Deno.test("import-weights names what an EfficientHRNet lacks, and writes nothing", async () => {
  const key = "module.stage4.1.fuse_layers.0.3.1.running_var";
  const cases: Refusal[] = [
    [
      (weights) => delete weights[key],
      [],
      /theirs.safetensors: tensors are missing, 1 of them; nothing is written/,
    ],
    [
      (weights) => weights[key] = hostArray([13]),
      [],
      /gives stage4\S+ the shape \[13\], but the network needs \[14\]/,
    ],
    [
      (weights) => weights["module.stage4.2.branches.0.0.conv1.weight"] = hostArray([1]),
      [],
      /theirs.safetensors: is as wide as H-4, but has a tensor module.stage4.2.branches.0/,
    ],
    [
      () => {},
      ["--image-size", "400"],
      /--image-size 400 does not suit the network: it needs a multiple of 32/,
    ],
    [() => {}, ["--from", "authors"], /theirs.safetensors: has no tensor outs.0.conv.weight/],
  ];
  const lacks = `missing  ${key}, for stage4.1.fuse_layers.0.3.1.running_var`;
  await assertRefused(efficientHrNetFile, cases, lacks);
});

Deno.test("import-weights knows a HigherHRNet, of COCO's keypoints or CrowdPose's", async () => {
  await inFolder(async (folder) => {
    const [source, out] = [`${folder}/w4.safetensors`, `${folder}/ours.safetensors`];
    for (const [keypoints, skeleton] of [[17, "coco"], [14, "crowdpose"]] as const) {
      const theirs = higherHrNetFile({ ...SMALL, keypoints });
      await writeSafetensors(source, theirs);
      const { code, printed, message } = await importing(source, out, "--from", "higherhrnet");
      assert.deepEqual([code, message], [0, ""]);
      const lines = printed.split("\n");
      const counters = Object.keys(theirs).filter((name) => name.endsWith(".num_batches_tracked"));
      const used = Object.keys(theirs).length - counters.length;
      assert.ok(
        lines.includes(
          `used     1.deconv_layers.0.0.0.weight -> deconv_layers.0.0.0.weight [${
            4 + 2 * keypoints
          }, 4, 4, 4]`,
        ),
      );
      assert.ok(lines.includes("unused   1.layer1.0.bn1.num_batches_tracked []"));
      assert.equal(
        lines.at(-2),
        `${used} of ${used} tensors made, ${used} of them under another name; ` +
          `${counters.length} unused, 0 missing`,
      );
      assert.match(lines.at(-1)!, /ours.safetensors: HigherHRNet-W4, \d+ tensors, [\d,]+ numbers$/);

      const file = await readSafetensors(out);
      const { format, preset, imageSize, importedFrom, ...rest } = file.metadata;
      assert.deepEqual([format, preset, imageSize, importedFrom], [
        ...["ae-higher-hrnet-1", "HigherHRNet-W4", "512", "higherhrnet: w4.safetensors"],
      ]);
      assert.deepEqual([rest.threshold, rest.maxTagDistance], ["0.1", "1"]);
      assert.equal(JSON.parse(rest.skeleton).name, skeleton);
      const { imageNorm } = JSON.parse(rest.options);
      assert.equal(imageNorm, "imagenet");
      for (const [path, { data }] of Object.entries(floatWeights(file))) {
        const expected = theirs[`1.${path}`].data;
        const wrong = data.findIndex((value, i) => value !== expected[i]);
        assert.equal(wrong, -1, `${path} at ${wrong}`);
      }
    }
  });
});

Deno.test("import-weights knows mmpose's HigherHRNet by its names, asked for or not", async () => {
  await inFolder(async (folder) => {
    const [source, out] = [`${folder}/w4.safetensors`, `${folder}/ours.safetensors`];
    const theirs = Object.fromEntries(
      [...mmposeTensors({ width: 4 })].map(([path, shape], n) => [
        path,
        hostArray(shape, Float32Array.from({ length: sizeOf(shape) }, (_, i) => n + i / 4096)),
      ]),
    );
    await writeSafetensors(source, theirs);
    for (const asked of [[], ["--from", "mmpose"], ["--from", "higherhrnet"]]) {
      const { code, printed, message } = await importing(source, out, ...asked);
      assert.deepEqual([code, message], [0, ""]);
      assert.match(printed, /, 0 missing\n.*ours\.safetensors: HigherHRNet-W4, /);
      const loaded = await loadModel(out);
      assert.deepEqual([loaded.imageSize, loaded.decoder], [512, "higher-hrnet"]);
      for (const [path, { data }] of Object.entries(await stateOf(loaded.model))) {
        const part = /^(final|deconv)_layers/.test(path) ? "keypoint_head" : "backbone";
        const expected = theirs[`${part}.${path}`].data;
        assert.ok(data.every((value, i) => value === expected[i]), path);
      }
      disposeModel(loaded.model);
    }
  });
});

Deno.test("import-weights names what a HigherHRNet lacks, and writes nothing", async () => {
  const key = "1.final_layers.1.bias";
  const cases: Refusal[] = [
    [(weights) => delete weights[key], [], /theirs.safetensors: tensors are missing, 1 of them/],
    [
      (weights) => weights["1.final_layers.0.weight"] = hostArray([34, 4, 3, 3]),
      [],
      /gives final_layers.0.weight the shape \[34, 4, 3, 3\], but the network needs \[34, 4, 1, 1\]/,
    ],
    [
      (weights) => weights["1.deconv_layers.1.0.0.weight"] = hostArray([4, 4, 4, 4]),
      [],
      /theirs.safetensors: is as wide as W4, but has a tensor 1.deconv_layers.1.0.0.weight/,
    ],
    [() => {}, ["--image-size", "500"], /--image-size 500 does not suit the network/],
    [() => {}, ["--from", "efficienthrnet"], /has no tensor trans1_branch1.0.weight/],
  ];
  await assertRefused(higherHrNetFile, cases, `missing  ${key}, for final_layers.1.bias`);
});

Deno.test("import-weights wants one file and --out", async () => {
  assert.match((await runMain("import-weights", "a.pth")).message, /--out is missing/);
  assert.match((await runMain("import-weights", "--out", "b")).message, /FILE is missing/);
  assert.match((await runMain("import-weights", "a", "b", "--out", "c")).message, /argument "b"/);
  const { message } = await importing("no/such.pth", "c");
  assert.equal(message, "import-weights: no/such.pth: no such file");
});
