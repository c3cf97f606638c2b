import assert from "node:assert/strict";
import { batchesAhead } from "../../data/ahead.ts";
import { instanceRecords, loadCocoInstances } from "../../data/coco_instances.ts";
import { batches } from "../../data/loader.ts";
import { writePng } from "../../io/png_file.ts";
import { rgbImage } from "../../image/rgb_image.ts";

const photo = { id: 7, file_name: "a.png", width: 6, height: 4 };
const square = {
  id: 1,
  image_id: 7,
  category_id: 18,
  segmentation: [[1, 1, 4, 1, 4, 3, 1, 3]] as unknown,
  bbox: [1, 1, 3, 2],
  area: 6,
};
const crowd = {
  ...square,
  id: 2,
  category_id: 3,
  segmentation: { size: [4, 6], counts: "0h0" },
  iscrowd: 1,
};
const file = (...annotations: object[]) => ({
  images: [photo, { ...photo, id: 8, file_name: "b.png" }],
  categories: [{ id: 18, name: "dog" }, { id: 3, name: "cat" }],
  annotations,
});

Deno.test("instanceRecords() numbers classes by id and takes photographs that show a thing", () => {
  const parsed = file(crowd, square, { ...crowd, id: 3, image_id: 8 });
  const { classes, records } = instanceRecords(parsed, "mine.json");
  assert.deepEqual(classes, [{ id: 3, name: "cat" }, { id: 18, name: "dog" }]);
  assert.equal(records.length, 1); // the other shows a crowd only
  const { instances, ...rest } = records[0];
  assert.deepEqual(rest, {
    id: 7,
    fileName: "a.png",
    width: 6,
    height: 4,
    people: [],
    ignored: [],
  });
  const box = [1, 1, 3, 2];
  assert.deepEqual(instances, [
    { classIndex: 0, segmentation: crowd.segmentation, box, area: 6, crowd: true },
    { classIndex: 1, segmentation: square.segmentation, box, area: 6, crowd: false },
  ]);
  assert.equal(instanceRecords(parsed, "mine.json", { photos: "all" }).records.length, 2);
});

Deno.test("instanceRecords() takes the classes asked for, in that order", () => {
  const parsed = file(crowd, square);
  const { classes, records } = instanceRecords(parsed, "mine.json", { classes: ["dog"] });
  assert.deepEqual(classes, [{ id: 18, name: "dog" }]);
  assert.deepEqual(records[0].instances!.map(({ classIndex }) => classIndex), [0]);
  const turned = instanceRecords(parsed, "mine.json", { classes: ["dog", "cat"] });
  assert.deepEqual(turned.records[0].instances!.map(({ classIndex }) => classIndex), [1, 0]);
});

Deno.test("instanceRecords() refuses what is wrong, unknown or empty", () => {
  const cases: [object, string[] | undefined, string][] = [
    [
      file({ ...square, area: null }),
      undefined,
      "annotations[0].area is null, not a finite number",
    ],
    [
      { ...file(square), images: [{ id: 7, width: 6, height: 4 }] },
      undefined,
      "images[0].file_name is missing, the name of a file expected",
    ],
    [
      { ...file(square), images: [{ ...photo, file_name: "/a.png" }] },
      undefined,
      'images[0].file_name is "/a.png", which leads out of the folder of pictures\n' +
      "  help: names are relative to that folder, and may name folders in it",
    ],
    [file(square), ["bird"], 'no categories are called "bird"\n  help: it has dog, cat'],
    [
      file(square),
      ["cat"],
      "the data set is empty: none of its 2 images shows a thing of the 1 classes",
    ],
  ];
  for (const [parsed, classes, message] of cases) {
    assert.throws(() => instanceRecords(parsed, "mine.json", { classes }), {
      name: "InputError",
      message: `mine.json: ${message}`,
    });
  }
  assert.throws(() => instanceRecords(file(square), "mine.json", { classes: ["dog", "dog"] }), {
    name: "RangeError",
    message: "instanceRecords: a class is asked for twice: dog, dog",
  });
});

Deno.test("loadCocoInstances() fills instances, here and in a worker", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writePng(`${folder}/a.png`, rgbImage(6, 4, new Uint8Array(72).fill(200)));
    const path = `${folder}/instances.json`;
    await Deno.writeTextFile(path, JSON.stringify(file(square, crowd)));
    const { classes, photographs } = await loadCocoInstances(path, folder);
    assert.deepEqual([classes.length, photographs.length], [2, 1]);
    const { people, instances, ignore } = await photographs.sample(0);
    assert.deepEqual([people, ignore], [[], undefined]);
    const [thing, many] = instances!;
    assert.deepEqual([thing.classIndex, thing.crowd, many.classIndex, many.crowd], [
      1,
      false,
      0,
      true,
    ]);
    // deno-fmt-ignore
    assert.deepEqual([...thing.mask.data], [
      0, 0, 0, 0, 0, 0,
      0, 1, 1, 1, 0, 0,
      0, 1, 1, 1, 0, 0,
      0, 0, 0, 0, 0, 0,
    ]);
    assert.ok(many.mask.data.every((inside) => inside === 1));
    assert.deepEqual(structuredClone(photographs.description), photographs.description);
    const options = { batchSize: 1, inputSize: 8, stride: 2, seed: 1, steps: 1 };
    const [alone] = await Array.fromAsync(batches(photographs, options));
    const [ahead] = await Array.fromAsync(batchesAhead(photographs, { ...options, workers: 1 }));
    assert.ok(alone.images.data.every((value, i) => value === ahead.images.data[i]));
    const missing = `${folder}/none`;
    await assert.rejects(loadCocoInstances(path, missing), /none: no such folder/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("CocoDataset says whose instance cannot be drawn", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writePng(`${folder}/a.png`, rgbImage(6, 4));
    const { records } = instanceRecords(file(square), "mine.json");
    const segmentation = { size: [4, 6] as const, counts: [3] };
    const [record] = records.map((one) => {
      return { ...one, instances: one.instances!.map((thing) => ({ ...thing, segmentation })) };
    });
    const { CocoDataset } = await import("../../data/coco.ts");
    await assert.rejects(new CocoDataset(folder, [record]).sample(0), {
      name: "InputError",
      message: /^a\.png: instance 0: segmentationRunLengths: the counts add up to 3/,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
