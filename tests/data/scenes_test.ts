import assert from "node:assert/strict";
import { batches } from "../../data/loader.ts";
import { sceneInstances, sceneSource } from "../../data/scenes.ts";
import { personMask, syntheticScene } from "../../data/synthetic/scene.ts";

Deno.test("sceneSource() gives the scenes of a series by number", async () => {
  const source = sceneSource({ seed: 3, size: 32, people: [2, 3] });
  assert.equal(source.length, Infinity);
  const { id, image, people, ignore } = await source.sample(5);
  const scene = syntheticScene({ seed: 3, index: 5, size: 32, people: [2, 3] });
  assert.deepEqual({ id, image, people, ignore }, {
    id: 5,
    image: scene.image,
    people: scene.people,
    ignore: undefined,
  });
});

Deno.test("sceneSource() gives everybody's pixels as instances of one class", async () => {
  const source = sceneSource({ seed: 3, size: [48, 32], people: [4, 4] });
  const { people, instances } = await source.sample(2);
  const scene = syntheticScene({ seed: 3, index: 2, size: [48, 32], people: [4, 4] });
  assert.deepEqual(instances, sceneInstances(scene));
  assert.equal(instances!.length, people.length);
  instances!.forEach(({ classIndex, mask, box, area, crowd }, p) => {
    assert.deepEqual([classIndex, crowd, mask.width, mask.height], [0, false, 48, 32]);
    assert.deepEqual([box, area], [people[p].box, people[p].area]);
    assert.deepEqual(mask.data, personMask(scene, p));
  });
});

Deno.test("sceneInstances() is empty for a scene without people", () => {
  const scene = syntheticScene({ seed: 3, index: 0, size: 16, people: [0, 0] });
  assert.deepEqual(sceneInstances(scene), []);
});

Deno.test("sceneSource() goes through batches(), every pixel counting", async () => {
  const source = sceneSource({ seed: 3, size: 32, length: 3 });
  const stream = batches(source, { batchSize: 4, inputSize: 32, stride: 2, steps: 1 });
  for await (const { images, mask, visible } of stream) {
    assert.deepEqual(images.shape, [4, 3, 32, 32]);
    assert.ok(mask.data.every((value) => value === 1));
    assert.ok(visible.data.includes(1));
  }
  assert.deepEqual(stream.position, { epoch: 1, position: 1 });
});

Deno.test("sceneSource() refuses wrong options before the first scene is asked for", () => {
  assert.throws(() => sceneSource({ seed: 1, size: 32, length: 0 }), {
    name: "RangeError",
    message: "sceneSource: length must be a whole number, 1 or more, not 0",
  });
  assert.throws(() => sceneSource({ seed: 1, size: 3 }), { name: "RangeError" });
});
