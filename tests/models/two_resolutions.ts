/**
 * What must hold for every network with heatmaps of two resolutions, HigherHRNet's and EfficientHRNet's.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  Adam,
  COCO,
  combineHigherHrNet,
  compile,
  disposeModel,
  grad,
  type HighResolutionOptions,
  type HostArray,
  hostArray,
  loadState,
  ones,
  parameters,
  poseLoss,
  read,
  type Shape,
  sizeOf,
  stateOf,
  type TagNetwork,
  type Tensor,
  tensor,
  variables,
  zeros,
} from "ae";
import { batches, type MadeBatch, sceneSource } from "ae/data";
import { assertClose } from "../close.ts";

/** A network whose coarse maps have a quarter of the image's size and whose fine ones have half of it. */
interface TwoResolutions {
  forward(images: Tensor, options?: { readonly training?: boolean }): {
    readonly heatmaps: Tensor;
    readonly tags: Tensor;
    readonly fineHeatmaps: Tensor;
  };
}

/** How many numbers a model learns. */
export function learnedNumbers(model: object): number {
  return [...parameters(model).values()].reduce((sum, { size }) => sum + size, 0);
}

/** See that a model has variables of these names and shapes, and none of the names in `absent`. */
export function assertNames(
  model: object,
  shapes: Readonly<Record<string, Shape>>,
  absent: readonly string[],
): void {
  const found = variables(model);
  for (const [name, shape] of Object.entries(shapes)) {
    assert.deepEqual(found.get(name)?.shape, shape, name);
  }
  for (const name of absent) assert.ok(!found.has(name), name);
}

/**
 * See that the first pixels of every set of maps depend on the end of their image, and nothing on another image of the batch.
 *
 * @param model Of 17 keypoints and tags of two dimensions.
 * @param change Changes the end of the first image, its numbers given.
 */
export async function assertSeesAll(
  model: TwoResolutions,
  change: (image: Float32Array) => void,
): Promise<void> {
  const images = hostArray([2, 3, 64, 64]);
  images.data.forEach((_, i) => images.data[i] = Math.sin(0.01 * i * i));
  const before = await read({ ...model.forward(tensor(images)) });
  change(images.data.subarray(0, 3 * 64 * 64));
  const after = await read({ ...model.forward(tensor(images)) });
  assert.deepEqual(before.heatmaps.shape, [2, 17, 16, 16]);
  assert.deepEqual(before.tags.shape, [2, 2, 17, 16, 16]);
  assert.deepEqual(before.fineHeatmaps.shape, [2, 17, 32, 32]);
  for (const name of ["heatmaps", "tags", "fineHeatmaps"] as const) {
    const [a, b] = [before[name].data, after[name].data];
    // Of some map: what a far pixel adds to heatmaps that begin near 0 may be lost beside their bias.
    const plane = before[name].shape.slice(-2).reduce((size, length) => size * length);
    const firsts = Array.from({ length: 17 }, (_, k) => k * plane);
    assert.ok(firsts.some((i) => a[i] !== b[i]), `${name}: no first pixel knows of the last`);
    for (let i = a.length / 2; i < a.length; i++) assert.equal(a[i], b[i], name);
  }
}

/**
 * See that what `poseLoss` adds up, losses on both sets of heatmaps and on tags, falls to half in twelve steps, and that
 * every variable changes.
 */
export async function assertLearns(model: TagNetwork): Promise<void> {
  const adam = new Adam(parameters(model), { learningRate: 3e-3 });
  const scenes = sceneSource({ seed: 2, size: 64, people: [1, 2] });
  const sizes = { batchSize: 2, inputSize: 64, slots: 2, steps: 1, ...model.targetStrides };
  const [batch] = await Array.fromAsync(batches(scenes, sizes));
  using step = compile((batch: Record<keyof MadeBatch, Tensor>) => {
    const { loss } = poseLoss(model.stacksOf(batch.images, { training: true }), batch);
    adam.update(grad(loss, adam.parameters));
    return { loss };
  });
  const before = await stateOf(model);
  const losses: number[] = [];
  for (let i = 0; i < 12; i++) {
    const { loss } = await step(batch as Required<MadeBatch>);
    losses.push(await loss.item());
  }
  assert.ok(losses.at(-1)! < 0.5 * losses[0], losses.join(" "));
  const after = await stateOf(model);
  for (const [name, { data }] of Object.entries(before)) {
    assert.ok(data.some((value, i) => value !== after[name].data[i]), `${name} has not changed`);
  }
  disposeModel(adam);
}

/** See that a network says in f16 about what it says in f32, and with `recompute` the same, gradients too, to the last bit. */
export async function assertComputesAlike(
  make: (settings: HighResolutionOptions) => TagNetwork,
): Promise<void> {
  const images = wavyImages();
  const at = (side: number) => zeros([2, 17, side, side]);
  const row = COCO.keypoints.map((_, k) => 64 * k);
  const target = {
    ...{ heatmaps: at(8), fineHeatmaps: at(16) },
    index: tensor([[row, row.map((at) => at + 63)], [row, row]], { dtype: "i32" }),
    visible: ones([2, 2, 17]),
  };
  /** Losses, in training with gradients: of two images the statistics of a batch would make much of any rounding. */
  const losses = async (
    settings: HighResolutionOptions,
    training: boolean,
  ): Promise<Record<string, HostArray>> => {
    const model = make(settings);
    const learned = parameters(model);
    const names = [...learned.keys()];
    using step = compile(({ images }: { images: Tensor }) => {
      const { loss, heatmap, pull } = poseLoss(model.stacksOf(images, { training }), target);
      if (!training) return { heatmap, pull };
      const gradients = grad(loss, [...learned.values()]).map((x, i) => [names[i], x] as const);
      return { heatmap, pull, ...Object.fromEntries(gradients) };
    });
    const found = await read(await step({ images }));
    disposeModel(model);
    return found;
  };
  const [kept, forgot] = [await losses({}, true), await losses({ recompute: true }, true)];
  for (const [name, { data }] of Object.entries(kept)) {
    assert.ok(data.every((value, i) => Object.is(value, forgot[name].data[i])), name);
  }
  const [f32, f16] = [await losses({}, false), await losses({ precision: "f16" }, false)];
  for (const name of ["heatmap", "pull"]) {
    const [a, b] = [f32, f16].map((found) => found[name].data[0]);
    assert.ok(a !== b && Math.abs(a - b) < 0.02 * a, `${name}: ${a} and ${b}`); // 11 binary digits
  }
}

/** See that a network without tags gives none, to the decoder and to the losses, and the heatmaps that go with them. */
export async function assertGoesWithoutTags(model: TagNetwork): Promise<void> {
  const images = tensor(wavyImages());
  const { tags, heatmaps } = model.mapsOf(images);
  assert.deepEqual([tags.shape, heatmaps.shape], [[2, 0, 17, 16, 16], [2, 17, 16, 16]]);
  const [stack] = model.stacksOf(images);
  assert.deepEqual(stack.tags.shape, [2, 0, 17, 8, 8]);
  const { data } = (await read({ heatmaps })).heatmaps;
  assert.ok(data.every(Number.isFinite));
  disposeModel(model);
}

/** `[2, 3, 32, 32]`, values 0 to 1. */
function wavyImages(): HostArray {
  const images = hostArray([2, 3, 32, 32]);
  images.data.forEach((_, i) => images.data[i] = 0.5 + 0.5 * Math.sin(0.01 * i * i));
  return images;
}

/** Numbers from 0 to 1 that the reference was made with too: Lehmer's generator. */
export function lehmer(): () => number {
  let seed = 1;
  return () => (seed = seed * 16807 % 2147483647) / 2147483647;
}

/** The reference's weights, see the fixture's README. */
export function referenceState(model: object, random: () => number): Record<string, HostArray> {
  const all = [...variables(model)].sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(all.map(([path, { shape }]) => {
    const scale = Math.sqrt(3 / sizeOf(shape.slice(1)));
    const isFactor = path.endsWith("running_var") || path.endsWith("weight");
    const draw = shape.length === 4
      ? () => (2 * random() - 1) * scale
      : isFactor
      ? () => 0.5 + random()
      : () => 0.4 * (random() - 0.5);
    return [path, { shape, data: Float32Array.from({ length: sizeOf(shape) }, draw) }];
  }));
}

/**
 * See that a network says what PyTorch says with the same weights of the same image, see the fixture's README.
 *
 * @param fixture In `tests/fixtures/networks`.
 * @param make Makes the network with the fixture's settings.
 * @param tolerance How far a number may be off.
 */
export async function assertSaysAsPyTorch<T extends object>(
  fixture: string,
  make: (options: T) => TagNetwork & TwoResolutions,
  tolerance = 2e-5,
): Promise<void> {
  const { options, image: [H, W], every, ...expected } = JSON.parse(
    await Deno.readTextFile(`tests/fixtures/networks/${fixture}`),
  );
  const model = make(options);
  const random = lehmer();
  await loadState(model, referenceState(model, random));
  const data = Float32Array.from({ length: 3 * H * W }, random);
  const images = tensor({ shape: [1, 3, H, W], data });
  const { heatmaps, tags, fineHeatmaps: fine } = model.forward(images);
  const { heatmaps: averaged, tags: enlargedTags } = model.mapsOf(images);
  const maps = await read({ heatmaps, tags, fine, averaged, enlargedTags });
  for (const [name, numbers] of Object.entries(expected as Record<keyof typeof maps, number[]>)) {
    const kept = maps[name as keyof typeof maps].data.filter((_, i) => i % every === 0);
    assertClose(kept, numbers, { tolerance, label: name });
  }
  const combined = await read({ ...combineHigherHrNet({ heatmaps, tags, fineHeatmaps: fine }) });
  assert.ok(combined.heatmaps.data.every((value, i) => value === maps.averaged.data[i]));
  assert.ok(combined.tags.data.every((value, i) => value === maps.enlargedTags.data[i]));
  disposeModel(model);
}
