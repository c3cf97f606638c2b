import assert from "node:assert/strict";
import {
  AppearanceNet,
  assign,
  hostArray,
  parameters,
  Progress,
  rgbImage,
  stateOf,
  tensor,
  writeSafetensors,
} from "ae";
import { batches } from "../../data/mod.ts";
import { loadAppearance, Retagger, saveAppearance, trainAppearance } from "../../cli/appearance.ts";
import { clipBatches, videoClips } from "../../cli/sources.ts";
import { shippedWeights } from "../../cli/weights.ts";

const small = { channels: 4, keypoints: 17, tagDimensions: 2, seed: 5 };
const silent = () =>
  new Progress({ label: "", total: 1, sink: { show: () => {}, finish: () => {} } });

Deno.test("saveAppearance() and loadAppearance() keep a network, to 16 bits, and say what is wrong with a file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/a.safetensors`;
    const net = new AppearanceNet(small);
    await saveAppearance(path, net, { seed: "5" });
    const loaded = await loadAppearance(path);
    assert.deepEqual(loaded.options, small);
    const [before, after] = [await stateOf(net), await stateOf(loaded)];
    for (const [name, { data }] of Object.entries(before)) {
      assert.deepEqual([...after[name].data], [...new Float16Array(data)], name);
    }
    // What is no number is not written, and the file before stays.
    const [spoilt] = parameters(net).values();
    const { size, shape } = spoilt;
    await assign(spoilt, tensor(hostArray(shape, Array(size).fill(Infinity))));
    await assert.rejects(saveAppearance(path, net), {
      name: "RangeError",
      message:
        /a\.safetensors: is not written: \S+ holds Infinity\n {2}help: train with a smaller --rate$/,
    });
    assert.deepEqual((await loadAppearance(path)).options, small);
    const poses = await shippedWeights("demo");
    await assert.rejects(loadAppearance(poses!), {
      name: "InputError",
      message:
        `${poses}: is no file of an appearance network: its format is "ae-posenet-1", not "ae-appearance-1"`,
    });
    await writeSafetensors(path, before, {});
    await assert.rejects(loadAppearance(path), { message: /its format is not said, not "ae-app/ });
    await writeSafetensors(path, before, { format: "ae-appearance-1", options: '{"channels":0}' });
    await assert.rejects(loadAppearance(path), {
      name: "InputError",
      message: /its network settings are damaged: AppearanceNet: channels must be a whole number/,
    });
    await writeSafetensors(path, before, { format: "ae-appearance-1", options: "{}" });
    await assert.rejects(loadAppearance(path), { name: "InputError" }); // of other sizes
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("trainAppearance() repeats itself to the last bit, and makes as many steps as asked for", async () => {
  const run = async () => {
    const net = new AppearanceNet(small);
    const clips = batches(videoClips(1, 32), { ...clipBatches(4), inputSize: 32, stride: 2 });
    const options = { steps: 3, rate: 1e-2, progress: silent() };
    const { steps, curves } = await trainAppearance(net, clips, options);
    assert.equal(steps, 3);
    assert.deepEqual(curves.step, [1, 3]);
    return { state: await stateOf(net), curves };
  };
  const [first, second] = [await run(), await run()];
  assert.deepEqual(first.curves, second.curves);
  assert.deepEqual(first.state["out.conv.weight"], second.state["out.conv.weight"]);
  assert.notDeepEqual(
    first.state["out.conv.weight"],
    (await stateOf(new AppearanceNet(small)))["out.conv.weight"],
  );
  const none = batches(videoClips(1, 32), { ...clipBatches(2), inputSize: 32, stride: 2 });
  await assert.rejects(
    trainAppearance(new AppearanceNet(small), none, { rate: 1, progress: silent() }),
    {
      name: "RangeError",
      message: "trainAppearance: give a number of steps or minutes",
    },
  );
});

Deno.test("trainAppearance() looks at the last losses where the clock ends it, too", async () => {
  const { now } = performance;
  let minutes = 0;
  performance.now = () => 60_000 * minutes;
  const options = { ...clipBatches(4), inputSize: 32, stride: 2 };
  try {
    const run = async (rate: number) => {
      async function* threeInTime() {
        let made = 0;
        for await (const batch of batches(videoClips(1, 32), options)) {
          if (made++ === 3) minutes++;
          yield batch;
        }
      }
      const limits = { minutes: 1, rate, progress: silent() };
      return await trainAppearance(new AppearanceNet(small), threeInTime(), limits);
    };
    const { steps, curves } = await run(1e-2);
    assert.deepEqual([steps, curves.step], [3, [1, 3]]);
    await assert.rejects(run(1e30), {
      name: "RangeError",
      message: "trainAppearance: the loss is NaN at step 3\n  help: a smaller --rate",
    });
  } finally {
    performance.now = now;
  }
});

Deno.test("Retagger gives people the tags of the network's maps at their keypoints", async () => {
  const net = new AppearanceNet({ ...small, keypoints: 1 });
  using retagger = new Retagger(net);
  const image = rgbImage(16, 12);
  image.data.forEach((_, i) => image.data[i] = (i * 37) % 256);
  const planes = Float32Array.from({ length: 3 * 12 * 16 }, (_, i) => {
    const [pixel, channel] = [i % (12 * 16), Math.floor(i / (12 * 16))];
    return image.data[3 * pixel + channel] / 255;
  });
  const maps = await net.forward(tensor({ shape: [1, 3, 12, 16], data: planes })).read();
  const people = [{ keypoints: [{ x: 9.5, y: 4, score: 0.5, tag: [0] }], score: 0.5 }];
  const [person] = await retagger.retag(image, people);
  const at = 2 * 8 + 4; // row 4 / 2, column 9.5 / 2
  const expected = [0, 1].map((d) => maps.data[d * 6 * 8 + at]);
  person.keypoints[0]!.tag.forEach((value, d) => assert.ok(Math.abs(value - expected[d]) < 1e-5));
  assert.deepEqual(await retagger.retag(image, []), []);

  // Shown in the middle of a square, two rows lower.
  using inSquare = new Retagger(net, { side: 16 });
  const square = new Float32Array(3 * 16 * 16);
  for (let c = 0; c < 3; c++) {
    square.set(planes.subarray(c * 12 * 16, (c + 1) * 12 * 16), (16 * c + 2) * 16);
  }
  const wider = await net.forward(tensor({ shape: [1, 3, 16, 16], data: square })).read();
  const [{ keypoints: [moved] }] = await inSquare.retag(image, people);
  assert.deepEqual([moved!.x, moved!.y], [9.5, 4]); // where it was
  moved!.tag.forEach((value, d) => {
    assert.ok(Math.abs(value - wider.data[d * 8 * 8 + 3 * 8 + 4]) < 1e-5);
  });
});
