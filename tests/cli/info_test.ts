import assert from "node:assert/strict";
import {
  adapterInfo,
  compile,
  disposeModel,
  EFFICIENT_HRNETS,
  EfficientHrNet,
  HigherHrNet,
  PoseNet,
  preset,
  readSafetensors,
  type Shape,
  sizeOf,
  stateOf,
  type Tensor,
  variables,
  writeSafetensors,
} from "ae";
import { multiplyAdds, type WeightFileInfo } from "../../cli/info.ts";
import { inFolder } from "../in_folder.ts";
import { runMain } from "./run_main.ts";

const SHIPPED = "weights/demo.safetensors";

Deno.test("multiplyAdds() gives the published numbers", () => {
  const giga = (name: string) => {
    const { options, imageSize } = preset(name);
    return multiplyAdds(new PoseNet(options), [1, 3, imageSize, imageSize]) / 1e9;
  };
  assert.equal(giga("authors").toFixed(2), "222.21");
  assert.equal(giga("medium-256").toFixed(2), "4.48");
  assert.equal(giga("residual-512").toFixed(1), "59.3");
  // pose-ae-demo has 190.27 G; its 7x7 kernel has 81 places here: 32 more of 3 · 64 at 256 x 256.
  const tensorflow = new PoseNet({ extraChannels: 34, release: "tensorflow" });
  const padding = 32 * 3 * 64 * 256 ** 2;
  const own = multiplyAdds(tensorflow, [1, 3, 512, 512]) - padding;
  assert.equal((own / 1e9).toFixed(2), "190.27");
});

Deno.test("info says what the shipped weights are and what their network costs", async () => {
  const { code, printed } = await runMain("info", SHIPPED, "--json");
  assert.equal(code, 0);
  const info = JSON.parse(printed) as WeightFileInfo;
  assert.equal(info.preset, "demo-wide");
  assert.deepEqual(info.options, new PoseNet(info.options).options);
  assert.deepEqual([info.imageSize, info.batch], [64, 1]);
  assert.equal((info.parameters / 1e6).toFixed(2), "1.94");
  assert.equal(info.multiplyAdds, multiplyAdds(new PoseNet(info.options), [1, 3, 64, 64]));
  assert.deepEqual(info.adapter, await adapterInfo());
  const { forward, training } = info;
  assert.ok(training, "train trains it");
  for (const memory of [forward, training]) {
    const { parameterBytes, momentBytes, inputBytes, resultBytes, totalBytes } = memory;
    assert.equal(totalBytes, parameterBytes + momentBytes + inputBytes + resultBytes);
    assert.ok(resultBytes > 0);
  }
  assert.equal(training.momentBytes, 2 * 4 * info.parameters);
  assert.equal(forward.momentBytes, 0);

  const twice = JSON.parse(
    (await runMain("info", SHIPPED, "--json", "--batch", "2", "--size", "96")).printed,
  );
  assert.equal(twice.multiplyAdds, info.multiplyAdds * 2 * (96 / 64) ** 2);
  const text = (await runMain("info", SHIPPED)).printed;
  assert.match(text, /^multiply-adds {2}0.2451 G, forward$/m);
  assert.match(text, /^parameters {5}1,940,965 in 87 tensors of float32, float16$/m);
});

Deno.test("info prints the skeleton and what else the file says, each on a line", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const text = (await runMain("info", SHIPPED)).printed;
    assert.match(text, /^keypoints {6}17 of coco$/m);
    assert.match(
      text,
      /^decoding {7}peaks above 0.7, at several scales above 0.45, tags nearer than 1.2$/m,
    );
    assert.match(
      text,
      /^format {9}ae-posenet-1\nseed {11}1\nsteps {10}84420\ncommand {8}train --/m,
    );

    const path = `${folder}/single.safetensors`;
    const sizes = { stacks: 1, channels: 4, depth: 1, increase: 2 };
    const model = new PoseNet({ ...sizes, keypoints: 3, tagDimensions: 0 });
    const keypoints = ["a", "b", "c"];
    const metadata = {
      preset: "own",
      imageSize: "32",
      threshold: "0.2",
      maxTagDistance: "1",
      options: JSON.stringify(model.options),
      skeleton: JSON.stringify({ name: "three", keypoints, flip: [], sigmas: [1, 1, 1] }),
      importedFrom: "authors: \x1b[2J\nfile",
    };
    await writeSafetensors(path, await stateOf(model), metadata);
    const single = (await runMain("info", path)).printed;
    assert.match(single, /^keypoints {6}3 of three$/m);
    assert.match(single, /^decoding {7}second looks above 0.2$/m);
    assert.match(single, /^importedFrom {3}authors: \[2J file$/m);
    const info = JSON.parse((await runMain("info", path, "--json")).printed) as WeightFileInfo;
    assert.equal(info.skeleton, "three");
    assert.deepEqual(info.notes, { importedFrom: metadata.importedFrom });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("info's memory is that of a step that runs", async () => {
  const info = JSON.parse((await runMain("info", SHIPPED, "--json")).printed) as WeightFileInfo;
  const model = new PoseNet(info.options);
  using step = compile(({ images }: { images: Tensor }) => ({ ...model.mapsOf(images) }));
  await step({ images: { shape: [1, 3, 64, 64], data: new Float32Array(3 * 64 * 64) } });
  const [plan] = step.plans().values();
  assert.deepEqual([info.forward.resultBytes, info.forward.kernels], [
    plan.slotBytes,
    plan.kernels,
  ]);
});

/** A file with the header of these tensors and nothing but zeros, which take no place on the disk. */
async function emptyFile(
  path: string,
  tensors: ReadonlyMap<string, Shape>,
  metadata: Record<string, string>,
): Promise<void> {
  let at = 0;
  const header = Object.fromEntries(
    [...tensors].map(([name, shape]) => {
      const begin = at;
      at += 4 * sizeOf(shape);
      return [name, { dtype: "F32", shape, data_offsets: [begin, at] }];
    }),
  );
  const text = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata, ...header }));
  const length = new Uint8Array(new BigUint64Array([BigInt(text.length)]).buffer);
  await Deno.writeFile(path, new Uint8Array([...length, ...text]));
  await Deno.truncate(path, 8 + text.length + at);
}

Deno.test("info says what HigherHRNet-W32 and EfficientHRNet H-4 cost", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/weights.safetensors`;
    const cases = [
      [{ format: "ae-higher-hrnet-1", preset: "W32", imageSize: "512" }, new HigherHrNet()],
      [
        { format: "ae-efficient-hrnet-1", preset: "H-4", imageSize: "384" },
        new EfficientHrNet(EFFICIENT_HRNETS["H-4"].options),
      ],
    ] as const;
    const figures: string[][] = [];
    for (const [metadata, model] of cases) {
      const shapes = [...variables(model)].map(([name, { shape }]) => [name, shape] as const);
      const options = JSON.stringify(model.options);
      await emptyFile(path, new Map(shapes), { ...metadata, options });
      const { code, printed, message } = await runMain("info", path, "--json");
      assert.deepEqual([code, message], [0, ""]);
      const info = JSON.parse(printed) as WeightFileInfo;
      assert.deepEqual(info.options, model.options);
      assert.equal(info.training.momentBytes, 2 * 4 * info.parameters);
      assert.ok(info.training.resultBytes > info.forward.resultBytes);
      figures.push([
        info.network,
        info.decoder,
        (info.parameters / 1e6).toFixed(2),
        (info.multiplyAdds / 1e9).toFixed(2),
      ]);
      disposeModel(model);
    }
    assert.deepEqual(figures, [
      ["HigherHRNet", "higher-hrnet", "28.65", "46.20"],
      ["EfficientHRNet", "higher-hrnet", "2.76", "1.81"],
    ]);
    // The paper's 47.9 G count the transposed convolution's 4 x 4 kernels at the pixels that come out: four times.
    assert.equal((46.20 + 3 * (32 + 34) * 32 * 16 * 128 ** 2 / 1e9).toFixed(1), "47.9");
    const text = (await runMain("info", path, "--size", "64")).printed;
    assert.match(text, /^network {8}H-4: backboneWidth 0.684, .*, imageNorm none, seed 0$/m);
    assert.match(text, /^decoding {7}else by --decoder higher-hrnet$/m);
    assert.match(text, /^training step {2}\d/m);
  });
});

Deno.test("info refuses other files and sizes", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/w.safetensors`;
    const { arrays, metadata } = await readSafetensors(SHIPPED);
    const { ["outs.0.conv.bias"]: _, ...rest } = arrays;
    await writeSafetensors(path, rest, metadata);
    assert.match(
      (await runMain("info", path)).message,
      /tensor outs.0.conv.bias has shape none, the network needs \[85\]/,
    );
    await writeSafetensors(path, arrays);
    assert.match((await runMain("info", path)).message, /does not say which network it belongs to/);
    assert.equal((await runMain("info", path, "--preset", "demo-wide")).code, 0);
    assert.match(
      (await runMain("info", SHIPPED, "--size", "65")).message,
      /--size 65 does not suit the network: it needs a multiple of 32/,
    );
    assert.match((await runMain("info")).message, /FILE is missing/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
