import assert from "node:assert/strict";
import { InputError, rgbImage } from "ae";
import {
  batches,
  batchesAhead,
  type DescribedSource,
  sceneSource,
  singlePersonSource,
} from "ae/data";

const scenes = sceneSource({ seed: 4, size: 64, people: [2, 4] });

Deno.test("singlePersonSource() shows one person at a time, the same again for the same number", async () => {
  const crops = singlePersonSource(scenes, { seed: 1, size: 32, leastSide: 10 });
  for (let i = 0; i < 20; i++) {
    const { image, people } = await crops.sample(i);
    assert.deepEqual([image.width, image.height, people.length], [32, 32, 1]);
    const again = await crops.sample(i);
    assert.deepEqual(again.people, people);
    assert.ok(again.image.data.every((value, at) => value === image.data[at]));
    // The middle of the annotated keypoints is moved by at most a tenth of the crop's largest side.
    const shown = people[0].keypoints.filter(({ visibility }) => visibility > 0);
    const middle = (axis: "x" | "y") =>
      (Math.min(...shown.map((it) => it[axis])) + Math.max(...shown.map((it) => it[axis]))) / 2;
    for (const axis of ["x", "y"] as const) {
      assert.ok(Math.abs(middle(axis) - 16) < 32 * 0.3, `${i}: ${axis} ${middle(axis)}`);
    }
  }
  const others = singlePersonSource(scenes, { seed: 2, size: 32, leastSide: 10 });
  const [one, other] = [await crops.sample(3), await others.sample(3)];
  assert.notDeepEqual(one.people, other.people);
});

Deno.test("singlePersonSource() without chance shows what refinement looks at", async () => {
  const person = {
    keypoints: [
      { x: 20, y: 30, visibility: 2 as const },
      { x: 60, y: 50, visibility: 1 as const },
      { x: 0, y: 0, visibility: 0 as const },
    ],
    box: [15, 25, 50, 30] as const,
    area: 400,
    crowd: false,
  };
  const source: DescribedSource = {
    length: 1,
    sample: (id) => ({ id, fileName: "one", image: rgbImage(100, 80), people: [person] }),
    description: { kind: "scenes", settings: {} },
  };
  const still = { scale: 0, shift: 0, rotationDegrees: 0 };
  const crops = singlePersonSource(source, { seed: 0, size: 26, leastSide: 1, ...still });
  const { people: [shown] } = await crops.sample(5); // counted around
  // Box of 40 x 20 around (40, 40), side 1.3 · 40 = 52: half as large in 26 pixels.
  const [a, b, none] = shown.keypoints;
  const near = (value: number, expected: number) => assert.ok(Math.abs(value - expected) < 1e-9);
  near(a.x, 13 - 10);
  near(a.y, 13 - 5);
  near(b.x, 13 + 10);
  near(b.y, 13 + 5);
  assert.deepEqual(none, person.keypoints[2]);
  near(shown.area, 100);
  near(shown.box[2], 25);
});

Deno.test("singlePersonSource() gives workers the same crops", async () => {
  const crops = singlePersonSource(scenes, { seed: 1, size: 32 });
  const options = { batchSize: 3, inputSize: 32, stride: 2, slots: 1, steps: 1 };
  const [here] = await Array.fromAsync(batches(crops, options));
  const [there] = await Array.fromAsync(batchesAhead(crops, options));
  assert.ok(here.images.data.every((value, i) => value === there.images.data[i]));
  assert.ok(here.heatmaps.data.every((value, i) => value === there.heatmaps.data[i]));
});

Deno.test("singlePersonSource() refuses sizes that are none, and a picture without people", async () => {
  assert.throws(() => singlePersonSource(scenes, { seed: 1, size: 0 }), /size must be a whole/);
  assert.throws(() => singlePersonSource(scenes, { seed: 1, size: 8, shift: -1 }), /shift must be/);
  const nobody: DescribedSource = {
    length: 1,
    sample: (id) => ({ id, fileName: "empty.png", image: rgbImage(8, 8), people: [] }),
    description: { kind: "scenes", settings: {} },
  };
  await assert.rejects(
    async () => await singlePersonSource(nobody, { seed: 1, size: 8 }).sample(0),
    /InputError: empty.png: shows nobody/,
  );
});

Deno.test("singlePersonSource() shows each picture of a finite source once a pass, and reports a broken one once", async () => {
  const whole = await scenes.sample(0);
  const shown: number[] = [];
  const source: DescribedSource = {
    length: 5,
    sample(index) {
      shown.push(index);
      if (index === 2) throw new InputError("2.png: broken");
      return whole;
    },
    description: { kind: "scenes", settings: {} },
  };
  const crops = singlePersonSource(source, { seed: 1, size: 16 });
  const options = { batchSize: 4, inputSize: 16, stride: 2, slots: 1, steps: 3 };
  const reported: number[] = [];
  const stream = batches(crops, { ...options, onBroken: ({ index }) => reported.push(index) });
  for await (const _ of stream);
  const passes = [0, 5, 10].map((from) => shown.slice(from, from + 5));
  for (const pass of passes) assert.deepEqual(pass.toSorted(), [0, 1, 2, 3, 4]);
  assert.notDeepEqual(passes[0], passes[1]);
  assert.deepEqual([reported, stream.broken.length], [[2], 1]);
});
