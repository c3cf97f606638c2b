import assert from "node:assert/strict";
import {
  disposeModel,
  type HostArray,
  hostArray,
  PoseNet,
  readSafetensors,
  stateOf,
  writeSafetensors,
} from "ae";
import { loadModel } from "../../cli/weights.ts";
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
    assert.deepEqual(decoding, { threshold: 0.1 });
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
    [() => {}, ["--from", "yolo"], /unknown --from "yolo"; there are authors, mmpose, tensorflow$/],
    [() => {}, ["--from", "autors"], /"autors".*\n {2}help: did you mean "authors"\?$/],
    [() => {}, ["--image-size", "510"], /--image-size must be a multiple of 8/],
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

Deno.test("import-weights wants one file and --out", async () => {
  assert.match((await runMain("import-weights", "a.pth")).message, /--out is missing/);
  assert.match((await runMain("import-weights", "--out", "b")).message, /name one file/);
  assert.match((await runMain("import-weights", "a", "b", "--out", "c")).message, /name one file/);
  const { message } = await importing("no/such.pth", "c");
  assert.equal(message, "import-weights: no/such.pth: no such file");
});
