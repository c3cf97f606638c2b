import assert from "node:assert/strict";
import { loadMpii, mpiiRecords } from "../../data/mpii.ts";
import { makeBatch } from "../../data/batch.ts";
import { rgbImage } from "../../image/rgb_image.ts";
import { writePng } from "../../io/png_file.ts";
import { MPII, mpiiImages } from "../../pose/mod.ts";

const point = (id: number, x: number, y: number) => ({ id, x, y, is_visible: 1 });
const seen = { annopoints: { point: [point(9, 8, 4), point(0, 8, 12)] } };
const unseen = { objpos: { x: 20, y: 8 }, scale: 0.04 }; // a square of 8 pixels
const headOnly = { x1: 1, y1: 1, x2: 3, y2: 3 };
const images = mpiiImages({
  annolist: [
    { image: { name: "a.png" }, annorect: [seen, unseen, headOnly] },
    { image: { name: "b.png" }, annorect: [unseen] },
  ],
}, "mpii.json");

Deno.test("mpiiRecords() takes photographs that show somebody, and ignores people without keypoints", () => {
  const [record, ...others] = mpiiRecords(images);
  assert.equal(others.length, 0);
  assert.deepEqual([record.id, record.fileName, record.people.length], [1, "a.png", 3]);
  assert.deepEqual(record.ignored, [
    { place: "annolist[0].annorect[1]", shape: { box: [16, 4, 8, 8] } },
  ]);
  assert.equal(mpiiRecords(images, { photos: "all" }).length, 2);
  assert.deepEqual(mpiiRecords(images, { maskUnlabelled: false })[0].ignored, []);
  assert.throws(
    () => mpiiRecords(images.slice(1), { name: "mpii.json" }),
    /^InputError: mpii\.json: the data set is empty: none of its 1 images shows a person/,
  );
});

Deno.test("mpiiRecords() says where in the file something stands, also if images were left out", () => {
  const [record] = mpiiRecords(images.slice(1), { photos: "all" });
  assert.deepEqual(record.ignored.map(({ place }) => place), ["annolist[1].annorect[0]"]);
  const stray = mpiiImages({
    annolist: [{ image: { name: "a.png" } }, { image: { name: "a/../../b.png" } }],
  }, "mpii.json");
  assert.throws(() => mpiiRecords(stray.slice(1), { photos: "all", name: "mpii.json" }), {
    name: "InputError",
    message: /^mpii\.json: annolist\[1\]\.image\.name is "a\/\.\.\/\.\.\/b\.png", which leads out/,
  });
});

Deno.test("loadMpii() reads photographs of any size, for batches of 16 keypoints", async () => {
  const folder = await Deno.makeTempDir();
  await assert.rejects(
    loadMpii(images, folder),
    /1 of 1 pictures are missing; the first: a\.png/,
  );
  await writePng(`${folder}/a.png`, rgbImage(32, 16));
  const sample = await (await loadMpii(images, folder)).sample(0);
  assert.deepEqual([sample.image.width, sample.image.height], [32, 16]);
  assert.equal(sample.ignore?.data.reduce((sum, inside) => sum + inside, 0), 64);
  const options = { inputSize: 32, stride: 4, skeleton: MPII };
  const { heatmaps, visible } = makeBatch([sample], options);
  assert.deepEqual(heatmaps.shape, [1, 16, 8, 8]);
  assert.equal(visible.data.reduce((sum, value) => sum + value, 0), 2);
  await Deno.remove(folder, { recursive: true });
});
