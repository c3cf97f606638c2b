import assert from "node:assert/strict";
import { readMpii } from "../../io/mpii_file.ts";
import { mpiiImages } from "../../pose/mod.ts";

Deno.test("readMpii() reads from MATLAB's file what the same record says as JSON", async () => {
  const path = new URL("../fixtures/io/mpii_made_up.mat", import.meta.url).pathname;
  const point = [
    { id: 9, x: 40.5, y: 11 },
    { id: 8, x: 40, y: 30 },
    { id: 0, x: 35.25, y: 150, is_visible: 1 },
    { id: 15, x: 60, y: 80, is_visible: 0 },
  ];
  const head = { x1: 30, y1: 10, x2: 50, y2: 32 };
  const annolist = [
    {
      image: { name: "015601864.jpg" },
      annorect: [
        { ...head, annopoints: { point }, scale: 0.75, objpos: { x: 44, y: 81 } },
        { scale: 1.5, objpos: { x: 200, y: 90 } },
      ],
    },
    { image: { name: "000000002.jpg" }, annorect: [{ scale: 1, objpos: { x: 10, y: 20 } }] },
    { image: { name: "000000003.jpg" } },
  ];
  const json = { annolist, img_train: [1, 0, 1] };
  assert.deepEqual(await readMpii(path), mpiiImages(json, "mpii.json"));
});

Deno.test("readMpii() names the file that is none of MPII's", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(path, '{"images": []}');
  await assert.rejects(readMpii(path), (error: Error) => {
    assert.ok(error.message.startsWith(`${path}: has no annolist`), error.message);
    return true;
  });
  await Deno.remove(path);
  await assert.rejects(readMpii("no/such.mat"), /^InputError: no\/such\.mat: no such file/);
});
