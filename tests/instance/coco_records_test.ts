import assert from "node:assert/strict";
import { fillPolygons } from "../../image/polygon.ts";
import { decodeRunLengths } from "../../image/run_length.ts";
import {
  annotatedInstance,
  checkCocoInstanceResults,
  checkCocoInstanceTruth,
  segmentationRunLengths,
  toCocoInstanceResults,
  toCocoInstanceTruth,
} from "../../instance/coco_records.ts";

const square = [[1, 1, 4, 1, 4, 3, 1, 3]];
const runs = { size: [4, 6], counts: "0h0" };
const dog = {
  id: 1,
  image_id: 7,
  category_id: 18,
  segmentation: square as unknown,
  bbox: [1, 1, 3, 2],
  area: 6,
};
const file = (annotation: object = dog, rest: object = {}) => ({
  images: [{ id: 7, width: 6, height: 4 }],
  categories: [{ id: 18, name: "dog" }],
  annotations: [annotation],
  ...rest,
});

Deno.test("checkCocoInstanceTruth() takes polygons, lists and texts, crowds or not", () => {
  for (const segmentation of [square, runs, { size: [4, 6], counts: [24] }]) {
    for (const iscrowd of [undefined, 0, 1]) {
      const whole = file({ ...dog, segmentation, iscrowd });
      assert.equal(checkCocoInstanceTruth(whole), whole);
    }
  }
});

Deno.test("checkCocoInstanceTruth() names the file and the place of what is wrong", () => {
  const segmentation = (value: unknown) => file({ ...dog, segmentation: value });
  const place = "annotations[0].segmentation";
  const cases: [unknown, string][] = [
    [[], "expected an object with images and annotations, found a list"],
    [file(dog, { categories: undefined }), "categories should be a list, it is missing"],
    [file(dog, { categories: [3] }), "categories[0] should be an object, it is the number 3"],
    [file(dog, { categories: [{ id: 1 }] }), "categories[0].name should be a text, it is missing"],
    [
      file(dog, { categories: [{ id: 1, name: "a" }, { id: 1, name: "b" }] }),
      "categories[1].id is 1, which another category has already",
    ],
    [
      file({ ...dog, category_id: 3 }),
      "annotations[0].category_id is 3, which is not the id of any category",
    ],
    [file({ ...dog, bbox: [1] }), "annotations[0].bbox has 1 numbers, 4 expected"],
    [file({ ...dog, area: -1 }), "annotations[0].area is -1, an area is 0 or more"],
    [file({ ...dog, iscrowd: 2 }), "annotations[0].iscrowd is 2, 0 or 1 expected"],
    [
      file(dog, { images: [{ id: 7, width: 6 }] }),
      "height of image 7 is missing, not a whole number",
    ],
    [
      file(dog, { images: [{ id: 7, width: 0, height: 4 }] }),
      "width of image 7 is 0, 1 or more expected",
    ],
    [
      file(dog, { images: [{ id: 7, width: 6, height: 4 }, { id: 8 }] }), // nothing is in it
      "width of image 8 is missing, not a whole number",
    ],
    [segmentation(undefined), `${place} should be polygons or { size, counts }, it is missing`],
    [segmentation([]), `${place} is empty, at least one polygon expected`],
    [segmentation([3]), `${place}[0] should be a list, it is the number 3`],
    [
      segmentation([[1, 2, 3, 4]]),
      `${place}[0] has 4 numbers, 6 or more and an even number expected`,
    ],
    [segmentation([[1, 2, 3, 4, 5, null]]), `${place}[0][5] is null, not a finite number`],
    [
      segmentation([[1, 2, 3, 4, 5, 1e9]]),
      `${place}: polygons: a coordinate is 1000000000, farther out than 100000 pixels`,
    ],
    [segmentation({ counts: [24] }), `${place}.size should be a list, it is missing`],
    [
      segmentation({ size: [4, 6], counts: 24 }),
      `${place}.counts should be a list or a text, it is the number 24`,
    ],
    [
      segmentation({ size: [4, 6], counts: "0h" }),
      `${place}: parseRunLengths: the end at place 2 does not belong there`,
    ],
    [
      segmentation({ size: [4, 6], counts: [3] }),
      `${place}: run lengths: the counts add up to 3 but 4 x 6 are 24 pixels`,
    ],
    [
      segmentation({ size: [6, 4], counts: [24] }),
      `${place}.size is [6, 4], but the image is [4, 6]`,
    ],
  ];
  for (const [parsed, message] of cases) {
    assert.throws(() => checkCocoInstanceTruth(parsed, { name: "mine.json" }), {
      name: "InputError",
      message: `mine.json: ${message}`,
    });
  }
});

Deno.test("checkCocoInstanceTruth() of boxes needs neither masks nor sizes", () => {
  const whole = file({ ...dog, segmentation: undefined }, { images: [{ id: 7 }] });
  assert.equal(checkCocoInstanceTruth(whole, { shape: "boxes" }), whole);
});

const found = { image_id: 7, category_id: 18, score: 0.5 };

Deno.test("checkCocoInstanceResults() takes masks, boxes, both and nothing", () => {
  const masks = [{ ...found, segmentation: runs }];
  const boxes = [{ ...found, bbox: [0, 0, 1, 1] }];
  const both = [{ ...found, segmentation: runs, bbox: [0, 0, 1, 1] }];
  for (const results of [[], masks, both]) {
    assert.equal(checkCocoInstanceResults(results), results);
  }
  for (const results of [[], masks, boxes, both]) {
    assert.equal(checkCocoInstanceResults(results, { shape: "boxes" }), results);
  }
});

Deno.test("checkCocoInstanceResults() names the file and the place of what is wrong", () => {
  const mask = { ...found, segmentation: runs };
  const box = { ...found, bbox: [0, 0, 1, 1] };
  const cases: [unknown, "masks" | "boxes", string][] = [
    [{}, "masks", "expected a list of results, found an object"],
    [[3], "masks", "results[0] should be an object, it is the number 3"],
    [[{ ...mask, score: "1" }], "masks", 'results[0].score is "1", not a finite number'],
    [[box], "masks", "results[0] has no segmentation\n  help: without masks evaluate boxes"],
    [[found], "boxes", "results[0] has neither bbox nor segmentation"],
    [
      [box, mask],
      "boxes",
      "results[1] has no bbox but results[0] has one\n  help: give every result a bbox or none",
    ],
    [
      [mask, box],
      "boxes",
      "results[1] has a bbox but results[0] has none\n  help: give every result a bbox or none",
    ],
    [
      [{ ...mask, segmentation: square }],
      "masks",
      "results[0].segmentation should be polygons or { size, counts }, it is a list",
    ],
  ];
  for (const [parsed, shape, message] of cases) {
    assert.throws(() => checkCocoInstanceResults(parsed, { shape, name: "found.json" }), {
      name: "InputError",
      message: `found.json: ${message}`,
    });
  }
});

Deno.test("segmentationRunLengths() and annotatedInstance() draw every form", () => {
  const mask = fillPolygons(square, 6, 4);
  for (const segmentation of [square, { size: [4, 6] as const, counts: [5, 2, 2, 2, 2, 2, 9] }]) {
    assert.deepEqual(decodeRunLengths(segmentationRunLengths(segmentation, 6, 4)), mask);
    const rest = { classIndex: 2, box: [1, 1, 3, 2], area: 6, crowd: false } as const;
    assert.deepEqual(annotatedInstance({ ...rest, segmentation }, 6, 4), { ...rest, mask });
  }
});

const mask = fillPolygons(square, 6, 4);
const decoded = { classIndex: 1, mask, score: 0.5, tag: [0] };
const annotated = { classIndex: 1, mask, box: [1, 1, 3, 2], area: 6, crowd: true } as const;

Deno.test("toCocoInstanceResults() and toCocoInstanceTruth() make records that the checks take", () => {
  const empty = { ...decoded, mask: { ...mask, data: new Uint8Array(24) } };
  const results = toCocoInstanceResults([decoded, empty], 7, [3, 18]);
  assert.equal(results.length, 1); // a thing without a pixel has no record
  assert.deepEqual([results[0].category_id, results[0].image_id, results[0].score], [18, 7, 0.5]);
  checkCocoInstanceResults(results);

  const pictures = [{ id: 7, width: 6, height: 4, instances: [annotated, annotated] }];
  const truth = toCocoInstanceTruth(pictures, ["cat", "dog"]);
  checkCocoInstanceTruth(truth);
  assert.deepEqual(truth.categories, [{ id: 1, name: "cat" }, { id: 2, name: "dog" }]);
  const { segmentation, ...rest } = truth.annotations[1];
  assert.deepEqual(rest, {
    id: 2,
    image_id: 7,
    category_id: 2,
    bbox: [1, 1, 3, 2],
    area: 6,
    iscrowd: 1,
  });
  assert.deepEqual(decodeRunLengths(segmentationRunLengths(segmentation!, 6, 4)), mask);
});

Deno.test("toCocoInstanceResults() and toCocoInstanceTruth() refuse a class without a category", () => {
  assert.throws(() => toCocoInstanceResults([decoded], 7, [3]), {
    name: "RangeError",
    message: "toCocoInstanceResults: class 1 has no category",
  });
  assert.throws(() => toCocoInstanceResults([], 0.5), {
    name: "RangeError",
    message: "toCocoInstanceResults: imageId must be a whole number, not 0.5",
  });
  const pictures = [{ id: 7, width: 6, height: 4, instances: [annotated] }];
  assert.throws(() => toCocoInstanceTruth(pictures, ["cat"]), {
    name: "RangeError",
    message: "toCocoInstanceTruth: class 1 has no category",
  });
});
