import assert from "node:assert/strict";
import { describe, it } from "std/testing/bdd";
import { hostArray } from "../../core/host_array.ts";
import { drawAugmentation, SOUND_AUGMENTATION } from "../../data/augment.ts";
import { makeBatch } from "../../data/batch.ts";
import { instanceTargets, type TargetInstance } from "../../data/instance_targets.ts";
import { batches } from "../../data/loader.ts";
import { Random } from "../../data/random.ts";
import { sceneSource } from "../../data/scenes.ts";
import { rgbImage } from "../../image/rgb_image.ts";

const options = { classes: ["cat", "dog"], inputSize: 12, stride: 4, slots: 4, pixels: 5 };

/** A rectangle of pixels `[x, y, width, height]` of an input of 12 x 12. */
function box(
  [x, y, width, height]: readonly number[],
  classIndex = 0,
  crowd = false,
): TargetInstance {
  const inside = (i: number) =>
    i % 12 >= x && i % 12 < x + width && Math.floor(i / 12) >= y && Math.floor(i / 12) < y + height;
  return {
    classIndex,
    crowd,
    mask: hostArray([1, 12, 12], Array.from({ length: 144 }, (_, i) => inside(i) ? 1 : 0)),
  };
}

/** The rows of `[P, S]`. */
function rows({ shape: [P, S], data }: { shape: readonly number[]; data: ArrayLike<number> }) {
  return Array.from({ length: P }, (_, p) => Array.from(data).slice(p * S, (p + 1) * S));
}

const emptyRow = [0, 0, 0, 0, 0];

describe("instanceTargets", () => {
  it("has in each class's map the share of a pixel that shows any instance of it", () => {
    const { heatmaps, mask } = instanceTargets(
      [box([0, 0, 6, 4]), box([2, 0, 6, 4]), box([4, 5, 4, 4], 1)],
      options,
    );
    assert.deepEqual([...heatmaps.data], [
      ...[1, 1, 0, 0, 0, 0, 0, 0, 0], // 0 to 8 in columns: the overlap counts once
      ...[0, 0, 0, 0, 0.75, 0, 0, 0.25, 0],
    ]);
    assert.deepEqual([...mask.data], new Array(9).fill(1));
  });

  it("draws only pixels of which an instance has more than half, in its class's map", () => {
    const { index, visible } = instanceTargets(
      [box([0, 0, 12, 7]), box([3, 8, 9, 4], 1)], // rows 0 and 1; columns 1 and 2 of row 2
      options,
    );
    const [first, second, ...rest] = rows(index);
    assert.ok(first.every((i) => i < 6));
    assert.equal(new Set(first).size, 5, "there are six: none is drawn twice");
    assert.ok(second.every((i) => i === 9 + 7 || i === 9 + 8));
    assert.deepEqual(rest, [emptyRow, emptyRow]);
    assert.deepEqual(rows(visible), [[1, 1, 1, 1, 1], [1, 1, 1, 1, 1], emptyRow, emptyRow]);
  });

  it("reads an instance of one input pixel at its map pixel", () => {
    const { index, visible, heatmaps } = instanceTargets([box([5, 9, 1, 1])], options);
    assert.deepEqual(rows(index)[0], [7, 7, 7, 7, 7]);
    assert.deepEqual(rows(visible)[0], [1, 1, 1, 1, 1]);
    assert.equal(heatmaps.data[7], 1 / 16);
  });

  it("reads a thin one where most of it is", () => {
    const { index } = instanceTargets([box([3, 0, 3, 1])], options); // one input pixel, then two
    assert.deepEqual(rows(index)[0], [1, 1, 1, 1, 1]);
  });

  it("leaves crowds and what is out of bounds out of the loss, and keeps a row for the latter", () => {
    const { heatmaps, mask, visible, index } = instanceTargets(
      [box([0, 0, 5, 4], 0, true), box([8, 8, 1, 1]), box([0, 8, 4, 4])],
      { ...options, areas: [2, 100] },
    );
    assert.deepEqual([...mask.data], [0, 0, 1, 1, 1, 1, 1, 1, 0]);
    assert.deepEqual([...heatmaps.data], [0, 0, 0, 0, 0, 0, 1, 0, 0, ...new Array(9).fill(0)]);
    assert.deepEqual(rows(visible), [emptyRow, [1, 1, 1, 1, 1], emptyRow, emptyRow]);
    assert.deepEqual(rows(index)[1], [6, 6, 6, 6, 6]);
  });

  it("is empty without instances, and of those that do not show", () => {
    for (const instances of [[], [box([0, 0, 0, 0])]]) {
      const { heatmaps, mask, visible } = instanceTargets(instances, options);
      assert.ok(heatmaps.data.every((v) => v === 0) && visible.data.every((v) => v === 0));
      assert.ok(mask.data.every((v) => v === 1));
    }
  });

  it("has room for 60, and says how many found none", () => {
    const sixty = Array.from({ length: 60 }, (_, i) => box([i % 12, Math.floor(i / 12), 1, 1]));
    const { visible, dropped } = instanceTargets(sixty, { ...options, slots: 60 });
    assert.ok(visible.data.every((v) => v === 1));
    assert.equal(dropped, 0);
    const few = instanceTargets(sixty, options);
    assert.equal(few.dropped, 56);
    assert.deepEqual(
      few.heatmaps.data,
      instanceTargets(sixty, { ...options, slots: 60 }).heatmaps.data,
    );
  });

  it("draws the same pixels for the same seed, others for another", () => {
    const draw = (seed: number) =>
      instanceTargets([box([0, 0, 12, 12])], { ...options, seed }).index.data.join();
    assert.equal(draw(3), draw(3));
    assert.notEqual(draw(3), draw(4));
  });

  it("refuses what cannot be learnt", () => {
    const wrong = [
      [{ classes: [] }, "there are no classes"],
      [{ pixels: 0 }, "pixels must be a whole number, 1 or more, not 0"],
      [{ areas: [2, 1] as const }, "areas must be two numbers of 0 or more in order, not 2, 1"],
      [{ stride: 5 }, "inputSize 12 cannot be divided by stride 5"],
      [{ slots: 0.5 }, "slots must be a whole number, 1 or more, not 0.5"],
    ] as const;
    for (const [option, message] of wrong) {
      assert.throws(() => instanceTargets([], { ...options, ...option }), {
        name: "RangeError",
        message: `instanceTargets: ${message}`,
      });
    }
    assert.throws(() => instanceTargets([box([0, 0, 1, 1], 2)], options), {
      name: "RangeError",
      message: "instanceTargets: instance 0 has class 2, there are 2",
    });
    const small = { classIndex: 0, crowd: false, mask: hostArray([1, 4, 4]) };
    assert.throws(() => instanceTargets([small], options), {
      name: "ShapeError",
      message: /^instanceTargets: the mask of instance 0 is not of the input's size\n/,
    });
  });
});

describe("makeBatch of instances", () => {
  const scenes = sceneSource({ seed: 4, size: 32, people: [2, 5], setting: "stage" });
  const sizes = { inputSize: 32, stride: 2, slots: 3 };
  const instances = { classes: ["person"], pixels: 7 };

  it("has a second set of classes' maps on request", async () => {
    const samples = [await scenes.sample(0)];
    const learning = { ...instances, areas: [80, Infinity] as const };
    const whole = { ...sizes, instances: learning };
    const { fineHeatmaps, fineMask, ...first } = makeBatch(samples, { ...whole, fineStride: 1 });
    const [plain, fine] = [makeBatch(samples, whole), makeBatch(samples, { ...whole, stride: 1 })];
    assert.deepEqual(fineHeatmaps, fine.heatmaps);
    assert.deepEqual(fineMask, fine.mask);
    assert.ok(fine.mask.data.some((counts) => counts === 0), "somebody is too small");
    assert.deepEqual([first.heatmaps, first.mask], [plain.heatmaps, plain.mask]);
    assert.deepEqual([first.index, first.visible], [plain.index, plain.visible]);
  });

  it("has the five arrays of people, with classes and pixels in place of keypoints", async () => {
    const samples = await Promise.all([0, 1].map((i) => scenes.sample(i)));
    const batch = makeBatch(samples, { ...sizes, instances });
    assert.deepEqual(batch.heatmaps.shape, [2, 1, 16, 16]);
    assert.deepEqual(batch.index.shape, [2, 3, 7]);
    assert.deepEqual(batch.images.data, makeBatch(samples, sizes).images.data);
    samples.forEach((sample, n) => {
      const seen = sample.instances!.map(({ classIndex, crowd, mask }) => {
        return { classIndex, crowd, mask: hostArray([1, 32, 32], [...mask.data]) };
      });
      const own = instanceTargets(seen, { ...instances, ...sizes });
      assert.deepEqual(batch.heatmaps.data.slice(256 * n, 256 * (n + 1)), own.heatmaps.data);
      assert.deepEqual(batch.index.data.slice(21 * n, 21 * (n + 1)), own.index.data);
    });
  });

  it("moves and mirrors masks with the picture", async () => {
    const sample = await scenes.sample(0);
    // A picture that is white where somebody is shows after any augmentation what the masks should.
    const union = new Uint8Array(32 * 32);
    for (const { mask } of sample.instances!) mask.data.forEach((v, i) => union[i] |= v);
    const data = Uint8Array.from(
      { length: 3 * union.length },
      (_, i) => 255 * union[Math.floor(i / 3)],
    );
    const painted = { ...sample, image: rgbImage(32, 32, data) };
    for (let seed = 0; seed < 6; seed++) {
      const shown = drawAugmentation(painted.image, SOUND_AUGMENTATION, new Random(seed));
      const plain = { crop: shown.crop, mirror: shown.mirror };
      const { images, heatmaps, mask } = makeBatch([painted], { ...sizes, instances }, [plain]);
      let wrong = 0;
      heatmaps.data.forEach((share, i) => {
        const [x, y] = [2 * (i % 16), 2 * Math.floor(i / 16)];
        const four = [0, 1, 32, 33].map((step) => images.data[y * 32 + x + step]);
        const white = four.reduce((sum, v) => sum + v, 0) / 4;
        if (mask.data[i] && Math.abs(white - share) > 0.5) wrong++; // borders are cut at half
      });
      assert.ok(wrong <= 8, `${wrong} pixels of 256 differ for seed ${seed}`);
    }
  });

  it("takes void pixels and crowds out of the mask: a picture of nothing else teaches nothing", () => {
    const whole = { width: 32, height: 32, data: new Uint8Array(1024).fill(1) };
    const sample = {
      id: 1,
      fileName: "void.png",
      image: rgbImage(32, 32),
      people: [],
      instances: [],
      ignore: whole,
    };
    const crowd = {
      classIndex: 0,
      mask: whole,
      box: [0, 0, 32, 32] as const,
      area: 1024,
      crowd: true,
    };
    const { ignore: _, ...seen } = sample;
    for (const nothing of [sample, { ...seen, instances: [crowd] }]) {
      const { mask, visible } = makeBatch([nothing], { ...sizes, instances });
      assert.ok(mask.data.every((v) => v === 0) && visible.data.every((v) => v === 0));
    }
  });

  it("says which sample has no masks", () => {
    const sample = { id: 1, fileName: "a.png", image: rgbImage(32, 32), people: [] };
    assert.throws(() => makeBatch([sample], { ...sizes, instances }), {
      name: "RangeError",
      message: /^makeBatch: a.png comes without instances\n/,
    });
    assert.throws(() => makeBatch([sample], { ...sizes, instances: { classes: [] } }), {
      name: "RangeError",
      message: "makeBatch: there are no classes",
    });
  });

  it("draws pixels anew in each pass, the same ones for the same place", async () => {
    const one = { length: 1, sample: () => scenes.sample(1) };
    const of = (seed: number) =>
      Array.fromAsync(batches(one, { ...sizes, instances, batchSize: 1, seed, steps: 2 }));
    const [first, second] = await of(1);
    assert.notDeepEqual(first.index, second.index);
    assert.deepEqual((await of(1))[1].index, second.index);
    assert.deepEqual(first.heatmaps, second.heatmaps);
  });

  it("counts instances without a slot", async () => {
    const crowded = sceneSource({ seed: 4, size: 64, people: [5, 5], length: 1 });
    const stream = batches(crowded, { ...sizes, instances, batchSize: 1, steps: 1 });
    await Array.fromAsync(stream);
    assert.equal(stream.droppedPeople, 2);
  });
});
