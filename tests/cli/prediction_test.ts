import assert from "node:assert/strict";
import {
  COCO,
  combineFlipped,
  DECODERS,
  disposeModel,
  hostArray,
  type PoseMaps,
  PoseNet,
  rgbImage,
} from "ae";
import { type Sample, sceneSource } from "ae/data";
import { readOptions } from "../../cli/options.ts";
import { predictCommand } from "../../cli/predict.ts";
import {
  decode,
  decodeAgain,
  decoderOf,
  lookingOf,
  predict,
  type PredictOptions,
} from "../../cli/prediction.ts";
import { SCALE_RULES, scaleRule } from "../../cli/scales.ts";
import {
  AUTHORS_DECODING,
  type LoadedNetwork,
  loadModel,
  shippedWeights,
} from "../../cli/weights.ts";

Deno.test("decode() finds nobody in the margin of a picture that is not square", () => {
  // 64 x 32 pixels in a square of 64: maps of 32 x 32, with the picture in rows 8 to 23.
  const sample = { id: 1, fileName: "wide.png", image: rgbImage(64, 32), people: [] };
  const heatmaps = hostArray([17, 32, 32]);
  for (let k = 0; k < 17; k++) {
    heatmaps.data[k * 1024 + 16 * 32 + 16] = 1; // in the picture
    heatmaps.data[k * 1024 + 2 * 32 + 16] = 1; // above it
    heatmaps.data[k * 1024 + 29 * 32 + 16] = 1; // below it
  }
  const { people } = decode(sample, { heatmaps, tags: hostArray([1, 17, 32, 32]) }, 64, 2);
  assert.equal(people.length, 1);
  for (const keypoint of people[0].keypoints) {
    assert.ok(keypoint && keypoint.y > 14 && keypoint.y < 19, `${keypoint?.y}`);
  }
});

Deno.test("decode() leaves the maps of a square picture alone", () => {
  const sample = { id: 1, fileName: "square.png", image: rgbImage(64, 64), people: [] };
  const heatmaps = hostArray([17, 32, 32]);
  heatmaps.data[0] = heatmaps.data[1023] = 0.9;
  const found = decode(sample, { heatmaps, tags: hostArray([1, 17, 32, 32]) }, 64, 2);
  assert.equal(found.heatmaps, heatmaps);
  assert.equal(found.people.length, 2);
});

Deno.test("lookingOf() says what every option says", () => {
  const of = (...args: string[]) => lookingOf(readOptions(predictCommand, args));
  const plain = of();
  assert.deepEqual(plain, {
    flip: false,
    scales: scaleRule(undefined),
    threshold: undefined,
    maxTagDistance: undefined,
    flavour: DECODERS.default,
  });
  assert.deepEqual(of("--flip"), { ...plain, flip: true });
  assert.deepEqual(of("--scales", "demo9"), { ...plain, scales: SCALE_RULES.demo9 });
  assert.deepEqual(of("--threshold", "0.25"), { ...plain, threshold: 0.25 });
  assert.deepEqual(of("--tag-distance", "2"), { ...plain, maxTagDistance: 2 });
  assert.deepEqual(of("--decoder", "mmpose"), { ...plain, flavour: DECODERS.mmpose });
  const known = { decoder: "higher-hrnet" } as const;
  const given = (...args: string[]) => lookingOf(readOptions(predictCommand, args), known).flavour;
  assert.equal(given(), DECODERS["higher-hrnet"]);
  assert.equal(given("--decoder", "default"), DECODERS.default);
});

Deno.test("decoderOf() puts what was asked for before the weights, and these before the flavour", () => {
  const flavour = DECODERS["pose-ae-demo"];
  const decoding = { threshold: 0.4, maxTagDistance: 2 };
  const silent = { decoding: {}, skeleton: COCO }, weights = { decoding, skeleton: COCO };
  const of = ({ threshold, maxTagDistance }: ReturnType<typeof decoderOf>) => [
    threshold,
    maxTagDistance,
  ];
  assert.deepEqual(of(decoderOf(silent, {})), [0.1, 1]);
  assert.deepEqual(of(decoderOf(silent, { flavour })), [0.03, 1]);
  assert.equal(decoderOf({ ...silent, decoder: "higher-hrnet" }, {}).kernel, 5);
  assert.equal(decoderOf({ ...silent, decoder: "higher-hrnet" }, { flavour }).kernel, 3);
  assert.deepEqual(of(decoderOf(weights, { flavour })), [0.4, 2]);
  const asked = { flavour, threshold: 0.5, maxTagDistance: 3 };
  assert.deepEqual(of(decoderOf(weights, asked)), [0.5, 3]);
});

Deno.test("decoderOf() takes the weights' threshold for several scales where there are several", () => {
  const own = { decoding: { threshold: 0.7, scalesThreshold: 0.4 }, skeleton: COCO };
  const above = (scales: string | undefined, threshold?: number) =>
    decoderOf(own, { scales: scaleRule(scales), threshold });
  assert.deepEqual(["official", "1.5,1", "1.2"].map((it) => above(it).threshold), [0.4, 0.4, 0.7]);
  assert.deepEqual([above(undefined).threshold, above("official", 0.5).threshold], [0.7, 0.5]);
  assert.ok(!("scalesThreshold" in above("official"))); // no decoder knows it
  const silent = { decoding: { threshold: 0.7 }, skeleton: COCO };
  assert.equal(decoderOf(silent, { scales: scaleRule("official") }).threshold, 0.7);
});

Deno.test("decoderOf() takes the order of a skeleton that has COCO's names and another order", () => {
  const groupingOrder = COCO.groupingOrder.toReversed();
  const own = { decoding: {}, skeleton: { ...COCO, groupingOrder } };
  const flavour = DECODERS.mmpose;
  assert.deepEqual(decoderOf(own, { flavour }).groupingOrder, groupingOrder);
  const coco = { decoding: {}, skeleton: COCO };
  assert.deepEqual(decoderOf(coco, { flavour }).groupingOrder, COCO.groupingOrder);
});

Deno.test("decode() and predict() put no keypoint into the margin, whatever fills it in", async () => {
  // The picture is rows 8 to 23 of the maps. In the margin are the person's tag and a bright place, in it another tag.
  const sample = { id: 1, fileName: "wide.png", image: rgbImage(64, 32), people: [] };
  const heatmaps = hostArray([17, 32, 32]), tags = hostArray([1, 17, 32, 32]);
  heatmaps.data[16 * 32 + 16] = 0.9; // a nose
  for (let i = 0; i < tags.data.length; i++) {
    const row = Math.floor(i / 32) % 32;
    if (i >= 1024) tags.data[i] = row >= 8 && row < 24 ? 2 : 0;
    if (i >= 1024 && row < 8) heatmaps.data[i] = 0.5;
  }
  const { people: [alone] } = decode(sample, { heatmaps, tags }, 64, 2, DECODERS.mmpose);
  alone.keypoints.forEach((at, k) => assert.ok(at && at.y >= 0 && at.y <= 32, `${k}: ${at?.y}`));

  const [loaded, scenes] = await shipped();
  const wide = scenes.map((scene) => ({
    ...scene,
    image: rgbImage(64, 26, scene.image.data.slice(3 * 64 * 30, 3 * 64 * 56)),
  }));
  const options = { flavour: DECODERS.mmpose, threshold: 0.3 };
  let keypoints = 0;
  for (const { people } of await Array.fromAsync(predict(loaded, wide, options))) {
    for (const at of people.flatMap((person) => person.keypoints)) {
      assert.ok(at && at.y >= 0 && at.y <= 26, `${at?.y}`);
      keypoints++;
    }
  }
  assert.ok(keypoints > 50, `${keypoints}`);
  disposeModel(loaded.model);
});

/** Pictures of 16 x 16 pixels in which no two columns are alike. */
const samples = [0, 1, 2].map((id) => ({
  id,
  fileName: `${id}.png`,
  image: rgbImage(16, 16, Uint8Array.from({ length: 768 }, (_, i) => (i * (7 + id)) % 251)),
  people: [],
}));
/** A sample whose picture is mirrored: column x goes to 15 - x, or to 16 - x, and the first repeats the second. */
function mirroredSample(sample: typeof samples[number], at: "image pixels" | "heatmap pixels") {
  const zero = at === "image pixels" ? 15 : 16;
  const data = Uint8Array.from({ length: 768 }, (_, i) => {
    const [row, column, channel] = [Math.floor(i / 48), Math.floor(i / 3) % 16, i % 3];
    return sample.image.data[48 * row + 3 * Math.min(zero - column, 15) + channel];
  });
  return { ...sample, image: rgbImage(16, 16, data) };
}

Deno.test("predict() looks at the mirrored picture too where asked", async () => {
  const model = new PoseNet({ stacks: 1, channels: 4, increase: 0, depth: 1, stem: "stride2" });
  const loaded = { model, skeleton: COCO, imageSize: 16, decoding: AUTHORS_DECODING };
  const maps = async (of: typeof samples, options: PredictOptions = {}): Promise<PoseMaps[]> =>
    await Array.fromAsync(predict(loaded, of, options));
  const plain = await maps(samples);
  for (const mirror of ["image pixels", "heatmap pixels"] as const) {
    const others = await maps(samples.map((sample) => mirroredSample(sample, mirror)));
    const both = await maps(samples, { flip: true, flavour: { mirror } });
    samples.forEach((_, i) => {
      const expected = combineFlipped(plain[i], others[i], COCO.flip);
      assert.deepEqual(both[i].heatmaps, expected.heatmaps);
      assert.deepEqual(both[i].tags, expected.tags);
    });
  }
  disposeModel(model);
});

/** A model whose heatmaps have peaks, and scenes on which it finds people. */
async function shipped(): Promise<[LoadedNetwork, Sample[]]> {
  const loaded = await loadModel((await shippedWeights())!);
  const source = sceneSource({ seed: 3, size: 64, people: [1, 6], setting: "stage" });
  return [loaded, await Promise.all([0, 1, 2].map((i) => source.sample(i)))];
}

Deno.test("findPeople() finds on the device what decodePoses() finds in the maps, by every flavour", async () => {
  const [loaded, scenes] = await shipped();
  let people = 0, filled = 0;
  for (const [name, flavour] of Object.entries(DECODERS)) {
    for (const options of [{ flip: true }, { scales: scaleRule("1.5,1") }]) {
      const found = await Array.fromAsync(predict(loaded, scenes, { ...options, flavour }));
      found.forEach((prediction) => {
        const size = options.scales ? 96 : 64;
        const decoder = decoderOf(loaded, { ...options, flavour });
        const expected = decode(prediction.sample, prediction, size, loaded.model.stride, decoder);
        assert.deepEqual(decodeAgain(prediction, decoder).people, expected.people);
        assert.equal(prediction.people.length, expected.people.length, name);
        prediction.people.forEach(({ keypoints, score }, p) => {
          assert.ok(Math.abs(score - expected.people[p].score) < 1e-6);
          keypoints.forEach((at, k) => {
            const other = expected.people[p].keypoints[k];
            assert.deepEqual([at?.x, at?.y], [other?.x, other?.y], `${name}, ${p}, ${k}`);
            assert.deepEqual(at?.tag, other?.tag);
          });
          people++;
          filled += keypoints.filter((at) => at && at.score === 1).length;
        });
      });
    }
  }
  assert.ok(people > 50 && filled > 10, `${people} people, ${filled} filled in`);
  disposeModel(loaded.model);
});

Deno.test("predict() leaves out a scale whose maps are no numbers, and says so where none is left", async () => {
  const [loaded, [scene]] = await shipped();
  const { model } = loaded;
  assert.ok(model instanceof PoseNet);
  const forward = model.forward.bind(model);
  const breakAt = (side: number) => {
    model.forward = (images, options) =>
      images.shape[3] === side
        ? forward(images, options).map((out) => ({ ...out, heatmaps: out.heatmaps.mul(100) }))
        : forward(images, options);
  };
  const [alone] = await Array.fromAsync(predict(loaded, [scene]));
  breakAt(96);
  const scales = scaleRule("1.5,1");
  const { threshold } = loaded.decoding;
  const [rest] = await Array.fromAsync(predict(loaded, [scene], { scales, threshold }));
  assert.deepEqual(rest.heatmaps.shape, [17, 32, 32]);
  assert.deepEqual(
    rest.people.map(({ keypoints }) => keypoints[0]?.x),
    alone.people.map((p) => p.keypoints[0]?.x),
  );
  breakAt(64);
  await assert.rejects(
    () => Array.fromAsync(predict(loaded, [scene], { scales: scaleRule("1.6,1") })),
    /^RangeError: predict: the network's maps of .* are no numbers, or far above 1/,
  );
  disposeModel(model);
});

Deno.test("predict() brings maps to input pixels by the rule higher-hrnet, and finds the same people", async () => {
  const [loaded, scenes] = await shipped();
  const only = SCALE_RULES["higher-hrnet-1"];
  const faint = { ...loaded, decoding: { ...loaded.decoding, threshold: 0.4 } }; // resizing lowers peaks
  const [found] = await Array.fromAsync(predict(faint, scenes, { scales: only }));
  assert.deepEqual(found.heatmaps.shape, [17, 64, 64]);
  const [plain] = await Array.fromAsync(predict(loaded, scenes));
  assert.ok(plain.people.length > 0);
  // Peaks of resized maps lie within a heatmap pixel, two image pixels, of where they were; the order may be another.
  for (const { keypoints } of plain.people) {
    const nearest = Math.min(...found.people.map((person) => {
      const distances = person.keypoints.flatMap((at, k) => {
        const other = keypoints[k];
        return at && other ? [Math.hypot(at.x - other.x, at.y - other.y)] : [];
      }).sort((a, b) => a - b);
      return distances[Math.floor(distances.length / 2)];
    }));
    assert.ok(nearest < 2, `${nearest}`);
  }
  disposeModel(loaded.model);
});

Deno.test("predict() takes a stream, and gives every sample whatever the size of its batches", async () => {
  const model = new PoseNet({ stacks: 1, channels: 4, increase: 0, depth: 1, stem: "stride2" });
  const loaded = { model, skeleton: COCO, imageSize: 16, decoding: AUTHORS_DECODING };
  async function* stream() {
    for (let i = 0; i < 19; i++) yield await Promise.resolve({ ...samples[i % 3], id: i });
  }
  const found = await Array.fromAsync(predict(loaded, stream()));
  assert.deepEqual(found.map(({ sample }) => sample.id), Array.from({ length: 19 }, (_, i) => i));
  assert.deepEqual(found[18].heatmaps, found[0].heatmaps); // picture 0 in a full and in a filled batch
  disposeModel(model);
});
