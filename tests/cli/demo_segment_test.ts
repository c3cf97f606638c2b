import assert from "node:assert/strict";
import { disposeModel, hostArray } from "ae";
import { type Sample, SCENE_CLASSES } from "ae/data";
import { decodeMaps, measureInstances, segment, trueMaps } from "../../cli/segmentation.ts";
import { instanceSource } from "../../cli/sources.ts";
import { makeInstanceModel } from "../../cli/weights.ts";
import { rgbImage } from "../../image/rgb_image.ts";
import { runMain } from "./run_main.ts";

const scenes = instanceSource(7, 64);
const samples = await Promise.all(Array.from({ length: 9 }, (_, i) => scenes.sample(i)));
const sizes = { classes: SCENE_CLASSES, side: 64, stride: 2 };

Deno.test("decodeMaps() finds nearly everybody in ideal maps, measureInstances() says so", () => {
  const found = samples.map((sample) => decodeMaps(sample, trueMaps(sample, sizes), { stride: 2 }));
  const { masks, regions } = measureInstances(found, SCENE_CLASSES);
  assert.ok(masks.AP50 > 0.95 && masks.AP > 0.7);
  assert.deepEqual(regions.map(({ overlap, rule }) => `${overlap} ${rule}`), [
    "0.5 11-point",
    "0.5 all-points",
    "0.7 11-point",
    "0.7 all-points",
  ]);
});

Deno.test("measureInstances() holds nothing against what is found in a crowd", () => {
  const mask = (...data: number[]) => ({ width: 4, height: 1, data: Uint8Array.from(data) });
  const thing = { classIndex: 0, box: [0, 0, 1, 1] as const, area: 1 };
  const sample: Sample = {
    id: 1,
    fileName: "crowd",
    image: rgbImage(4, 1),
    people: [],
    instances: [
      { ...thing, mask: mask(1, 0, 0, 0), crowd: false },
      { ...thing, mask: mask(0, 0, 1, 0), crowd: true },
    ],
    ignore: mask(0, 0, 0, 1),
  };
  const maps = { heatmaps: hostArray([1, 1, 4]), tags: hostArray([1, 1, 1, 4]) };
  const found = [mask(0, 0, 1, 0), mask(0, 0, 0, 1), mask(1, 0, 0, 0)].map((mask, i) => {
    return { classIndex: 0, mask, score: 1 - i / 10, tag: [i] };
  });
  const { regions } = measureInstances([{ sample, ...maps, instances: found }], ["person"]);
  assert.deepEqual(regions.map(({ mean }) => mean), [1, 1, 1, 1]);
});

Deno.test("decodeMaps() finds nobody in the margins of a picture that is not square", () => {
  const mask = { width: 16, height: 8, data: new Uint8Array(128).fill(1) };
  const instance = { classIndex: 0, mask, box: [0, 0, 16, 8] as const, area: 128, crowd: false };
  const sample: Sample = {
    id: 1,
    fileName: "wide",
    image: rgbImage(16, 8),
    people: [],
    instances: [instance],
  };
  const heatmaps = hostArray([1, 8, 8], new Float32Array(64).fill(1)); // also above and below it
  const tags = hostArray(
    [1, 1, 8, 8],
    Float32Array.from({ length: 64 }, (_, i) => {
      const row = Math.floor(i / 8);
      return row < 2 ? -10 : row > 5 ? 10 : 0;
    }),
  );
  const { instances } = decodeMaps(sample, { heatmaps, tags }, { stride: 2, leastPixels: 1 });
  assert.equal(instances.length, 1);
  assert.deepEqual(instances[0].tag.map(Math.round), [0]);
  assert.ok(instances[0].mask.data.every((inside) => inside === 1));
});

Deno.test("segment() looks at every picture, at one size or several, in order", async () => {
  const loaded = makeInstanceModel("segment", SCENE_CLASSES, { seed: 1 });
  const one = await Array.fromAsync(segment(loaded, samples));
  assert.deepEqual(one.map(({ sample }) => sample.id), samples.map(({ id }) => id));
  assert.deepEqual(one[8].heatmaps.shape, [1, 32, 32]);
  const three = await Array.fromAsync(
    segment(loaded, samples.slice(0, 1), { scales: [1, 0.5, 2], threshold: 0, leastPixels: 1 }),
  );
  assert.deepEqual(three[0].heatmaps.data, one[0].heatmaps.data);
  for (const { mask } of three[0].instances) assert.deepEqual([mask.width, mask.height], [64, 64]);

  // Of a picture that is its own mirror image the second look is the first one's mirror image.
  const { image } = samples[0];
  const data = image.data.map((_, i) => {
    const [x, y] = [Math.floor(i / 3) % 64, Math.floor(i / 192)];
    return image.data[3 * (64 * y + Math.min(x, 63 - x)) + i % 3];
  });
  const symmetric = { ...samples[0], image: rgbImage(64, 64, data) };
  const [plain] = await Array.fromAsync(segment(loaded, [symmetric]));
  const [both] = await Array.fromAsync(segment(loaded, [symmetric], { flip: true }));
  assert.deepEqual([plain.tags.shape, both.tags.shape], [[4, 1, 32, 32], [8, 1, 32, 32]]);
  for (let i = 0; i < 4 * 1024; i++) {
    const expected = Math.SQRT1_2 * plain.tags.data[i - i % 32 + 31 - i % 32];
    assert.ok(Math.abs(both.tags.data[4096 + i] - expected) < 1e-4);
  }
  disposeModel(loaded.model);
});

Deno.test("main() runs demo:segment to its report, figures, pictures and weights, which train goes on with", async () => {
  const folder = await Deno.makeTempDir();
  const run = async (...args: string[]) => {
    const { code, printed, message } = await runMain(...args);
    return { code, said: code === 0 ? printed : message };
  };
  try {
    const out = `${folder}/demo`;
    const { code, said } = await run("demo:segment", "--steps", "2", "--batch", "2", "--out", out);
    assert.equal(code, 0, said);
    assert.match(said, /trained now .*with true detections .*ideal maps/);
    const { figures, steps } = JSON.parse(await Deno.readTextFile(`${out}/metrics.json`));
    assert.equal(steps, 2);
    assert.ok(figures["ideal maps"].masks.AP50 > 0.95);
    assert.ok(figures["shipped weights"].masks.AP50 > 0.75);
    assert.ok(figures["shipped, true detections"].masks.AP50 > 0.85);
    assert.ok(figures["with true detections"].masks.AP50 < 0.9); // two steps teach no tags
    const report = await Deno.readTextFile(`${out}/report.html`);
    assert.match(report, /tags of the detected pixels/);
    const pictures = [...Deno.readDirSync(out)].map(({ name }) => name);
    assert.equal(pictures.filter((name) => name.endsWith("_found.png")).length, 6);

    const weights = ["--weights", `${out}/weights.safetensors`];
    assert.match((await run("info", weights[1])).said, /instances +person\n/);
    const short = ["--steps", "1", "--batch", "1", "--out", `${folder}/train`];
    assert.match((await run("train", "--instances", ...weights, ...short)).said, /scenes, masks/);

    // A photograph with two classes of an instance file, of which one is learnt.
    const picture = pictures.find((name) => name.endsWith("_truth.png"))!;
    const thing = { image_id: 1, bbox: [0, 0, 200, 300], area: 6e4 };
    const square = [[0, 0, 200, 0, 200, 300, 0, 300]];
    const file = {
      images: [{ id: 1, file_name: picture, width: 512, height: 512 }],
      categories: [{ id: 1, name: "cat" }, { id: 2, name: "dog" }],
      annotations: [1, 2].map((id) => ({ ...thing, id, category_id: id, segmentation: square })),
    };
    await Deno.writeTextFile(`${folder}/instances.json`, JSON.stringify(file));
    const photos = ["--annotations", `${folder}/instances.json`, "--images", out];
    const ofPhotos = ["train", "--instances", ...photos, "--classes", "dog", "--steps", "1"];
    const taught = `${folder}/dogs`;
    const learnt = await run(...ofPhotos, "--batch", "1", "--out", taught);
    assert.equal(learnt.code, 0, learnt.said);
    assert.match((await run("info", `${taught}/weights.safetensors`)).said, /instances +dog\n/);

    const refused: [string[], RegExp][] = [
      [["train", ...weights, ...short], /are for --instances: they find no keypoints/],
      [
        ["predict", ...weights, `${out}/${pictures[0]}`],
        /finds instances \(person\) pixel by pixel/,
      ],
      [["train", "--instances", "--single-person", ...short], /choose one/],
      [
        ["train", "--instances", "--validate-every", "1", ...short],
        /--validate-every for keypoints/,
      ],
      [["train", "--instances", "--recipe", "small", ...short], /--instances has its own/],
      [["train", "--recipe", "instances", ...short], /give --instances too/],
      [["train", "--instances", "--classes", "cat", ...short], /scenes show people only/],
      [["train", "--classes", "cat", ...short], /--classes needs --instances/],
      [["train", "--instances", "--images", out, ...short], /not --annotations/],
      [["demo:segment", "--seed", "2017", "--out", out], /seed of the evaluation scenes/],
    ];
    for (const [args, message] of refused) {
      const { code, said } = await run(...args);
      assert.equal(code, 1, args.join(" "));
      assert.match(said, message);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
