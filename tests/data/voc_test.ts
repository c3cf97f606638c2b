import assert from "node:assert/strict";
import { encode } from "fast-png";
import { batchesAhead } from "../../data/ahead.ts";
import { batches } from "../../data/loader.ts";
import { loadVoc, VOC_CLASSES, VocDataset } from "../../data/voc.ts";

const [W, H] = [24, 16]; // of the photograph
const photo = Deno.readFileSync(new URL("../fixtures/images/colour.jpg", import.meta.url));
const [PERSON, DOG] = ["person", "dog"].map((name) => VOC_CLASSES.indexOf(name) + 1);

/** A PNG file of numbers with a palette of 256 colours, as VOC's: rectangles on 0. */
function numbers(
  rectangles: readonly (readonly [value: number, x: number, y: number, w: number, h: number])[],
  [width, height] = [W, H],
): Uint8Array {
  const data = new Uint8Array(width * height);
  for (const [value, x, y, w, h] of rectangles) {
    for (let row = y; row < y + h; row++) data.fill(value, row * width + x, row * width + x + w);
  }
  const palette = Array.from({ length: 256 }, (_, i) => [i, 255 - i, (i * 7) % 256]);
  return encode({ width, height, data, channels: 1, palette });
}

/** A VOC folder with the photographs `a` and `b`; files by path replace or add to the usual ones. */
async function inVocFolder(
  files: Readonly<Record<string, string | Uint8Array>>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const usual = {
    "ImageSets/Segmentation/val.txt": "a\nb\n",
    ...Object.fromEntries(["a", "b"].flatMap((name) => [
      [`JPEGImages/${name}.jpg`, photo],
      [
        `SegmentationObject/${name}.png`,
        numbers([[1, 2, 3, 4, 5], [3, 10, 0, 2, 2], [255, 6, 3, 1, 5]]),
      ],
      [
        `SegmentationClass/${name}.png`,
        numbers([[DOG, 2, 3, 4, 5], [PERSON, 10, 0, 2, 2], [255, 6, 3, 1, 5]]),
      ],
    ])),
  };
  try {
    for (const [path, content] of Object.entries({ ...usual, ...files })) {
      await Deno.mkdir(`${folder}/${path.slice(0, path.lastIndexOf("/"))}`, { recursive: true });
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(`${folder}/${path}`, bytes);
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("loadVoc() gives objects with masks, classes and boxes, and the void as ignore mask", async () => {
  await inVocFolder({}, async (folder) => {
    const voc = await loadVoc(folder, { set: "val" });
    assert.deepEqual([voc.length, voc.names], [2, ["a", "b"]]);
    const { id, fileName, image, people, instances, ignore } = await voc.sample(1);
    assert.deepEqual([id, fileName, image.width, image.height], [2, "b.jpg", W, H]);
    assert.deepEqual(people, []);
    const [dog, person] = instances!; // numbers 1 and 3: a number may be missing
    assert.equal(instances!.length, 2);
    assert.deepEqual([dog.classIndex, person.classIndex], [DOG - 1, PERSON - 1]);
    assert.deepEqual([dog.box, dog.area, dog.crowd], [[2, 3, 4, 5], 20, false]);
    assert.deepEqual([person.box, person.area], [[10, 0, 2, 2], 4]);
    const inside = (mask: Uint8Array) => [...mask.keys()].filter((i) => mask[i] === 1);
    assert.deepEqual(inside(person.mask.data), [10, 11, W + 10, W + 11]);
    assert.deepEqual(inside(ignore!.data), [3, 4, 5, 6, 7].map((y) => y * W + 6));
  });
});

Deno.test("VocDataset defines pictures of nothing, of void only, and objects of one pixel", async () => {
  const all = numbers([[255, 0, 0, W, H]]);
  await inVocFolder({
    "SegmentationObject/a.png": numbers([]),
    "SegmentationClass/a.png": numbers([]),
    "SegmentationObject/b.png": all,
    "SegmentationClass/b.png": all,
    "ImageSets/Segmentation/more.txt": "a b c",
    "JPEGImages/c.jpg": photo,
    "SegmentationObject/c.png": numbers([[254, W - 1, H - 1, 1, 1]]),
    "SegmentationClass/c.png": numbers([[1, W - 1, H - 1, 1, 1]]),
  }, async (folder) => {
    const voc = await loadVoc(folder, { set: "more" });
    const nothing = await voc.sample(0);
    assert.deepEqual([nothing.instances, nothing.ignore], [[], undefined]);
    const unknown = await voc.sample(1);
    assert.deepEqual(unknown.instances, []);
    assert.ok(unknown.ignore!.data.every((value) => value === 1));
    const [dot] = (await voc.sample(2)).instances!;
    assert.deepEqual([dot.box, dot.area, dot.classIndex], [[W - 1, H - 1, 1, 1], 1, 0]);
  });
});

Deno.test("VocDataset gives an object the class of most of its pixels, void ones aside", async () => {
  const classes = numbers([[255, 2, 3, 4, 4], [PERSON, 2, 7, 1, 1], [DOG, 3, 7, 2, 1]]);
  await inVocFolder({
    "SegmentationObject/a.png": numbers([[1, 2, 3, 4, 5]]),
    "SegmentationClass/a.png": classes,
  }, async (folder) => {
    const { instances } = await (await loadVoc(folder, { set: "val" })).sample(0);
    assert.deepEqual([instances![0].classIndex, instances![0].area], [DOG - 1, 20]);
  });
});

Deno.test("VocDataset opens once more in a worker", async () => {
  await inVocFolder({}, async (folder) => {
    const voc = await loadVoc(folder, { set: "val" });
    assert.deepEqual(structuredClone(voc.description), voc.description);
    const options = { batchSize: 2, inputSize: 16, stride: 2, seed: 1, steps: 1 };
    const [alone] = await Array.fromAsync(batches(voc, options));
    const [ahead] = await Array.fromAsync(batchesAhead(voc, { ...options, workers: 1 }));
    assert.ok(alone.images.data.every((value, i) => value === ahead.images.data[i]));
    assert.ok(alone.images.data.some((value) => value > 0));
  });
});

Deno.test("loadVoc() says which list, folder or file is missing", async () => {
  const refused = async (files: Record<string, string>, set: string, expected: RegExp) => {
    await inVocFolder(files, async (folder) => {
      await assert.rejects(loadVoc(folder, { set }), { name: "InputError", message: expected });
    });
  };
  const list = (names: string) => ({ "ImageSets/Segmentation/val.txt": names });
  await refused({}, "train", /ImageSets\/Segmentation\/train\.txt: no such file$/);
  await refused(list("\n"), "val", /val\.txt: names no photograph$/);
  await refused(list("a\nb\na"), "val", /val\.txt: names a twice$/);
  await refused(
    list("a\n../JPEGImages/b"),
    "val",
    /val\.txt: name 2 is "\.\.\/JPEGImages\/b", which leads out of the folder of pictures\n/,
  );
  await refused(
    list("a c d"),
    "val",
    /\/JPEGImages: 2 of 3 pictures are missing; the first: c\.jpg, d\.jpg$/,
  );
  await inVocFolder({}, async (folder) => {
    await Deno.remove(`${folder}/SegmentationClass`, { recursive: true });
    await assert.rejects(loadVoc(folder, { set: "val" }), /SegmentationClass: no such folder$/);
  });
});

Deno.test("VocDataset reads no file outside the folders for names that no list gave", async () => {
  await inVocFolder({}, async (folder) => {
    const voc = new VocDataset(folder, ["a", "../JPEGImages/b"]);
    assert.equal((await voc.sample(0)).fileName, "a.jpg");
    await assert.rejects(voc.sample(1), {
      name: "InputError",
      message: /^the name of photograph 2 is "\.\.\/JPEGImages\/b", which leads out of the folder/,
    });
  });
});

Deno.test("VocDataset says what is wrong with a file", async () => {
  const cases: [Record<string, string | Uint8Array>, RegExp][] = [
    [{ "SegmentationObject/a.png": "none" }, /SegmentationObject\/a\.png: not a whole PNG picture/],
    [
      { "SegmentationClass/a.png": numbers([], [3, 2]) },
      /SegmentationClass\/a\.png: is 3 x 2, the photograph is 24 x 16$/,
    ],
    [
      { "SegmentationClass/a.png": numbers([[77, 2, 3, 4, 5]]) },
      /SegmentationClass\/a\.png: pixel \(2, 3\) has class 77, 0 to 20 or 255 expected$/,
    ],
    [
      { "SegmentationClass/a.png": numbers([]) },
      /SegmentationObject\/a\.png: object 1 has no class: its pixels are background in .*Class\/a\.png$/,
    ],
    [
      {
        "SegmentationObject/a.png": encode({
          width: W,
          height: H,
          data: new Uint8Array(W * H * 3),
          channels: 3,
        }),
      },
      /SegmentationObject\/a\.png: its pixels are colours, not numbers up to 255\n {2}help: /,
    ],
  ];
  for (const [files, message] of cases) {
    await inVocFolder(files, async (folder) => {
      const voc = await loadVoc(folder, { set: "val" });
      await assert.rejects(async () => await voc.sample(0), { name: "InputError", message });
    });
  }
  await assert.rejects(async () => await new VocDataset("x", ["a"]).sample(1), {
    name: "RangeError",
    message: "VocDataset: there is no photograph 1, only 1",
  });
});
