import assert from "node:assert/strict";
import { decodeJpeg } from "../../image/jpeg.ts";
import type { RgbImage } from "../../image/rgb_image.ts";

const folder = new URL("../fixtures/images/", import.meta.url);
const file = (name: string) => Deno.readFileSync(new URL(name, folder));

/** Which of the four fields lies in each corner, by the colour nearest to it: R, G, B, W. */
function corners({ width, height, data }: RgbImage): string {
  const letter = (x: number, y: number) => {
    const [r, g, b] = data.subarray((y * width + x) * 3);
    return r > 150 && b > 150 ? "W" : r > 150 ? "R" : g > 150 ? "G" : b > 150 ? "B" : "?";
  };
  return letter(2, 2) + letter(width - 3, 2) + letter(2, height - 3) +
    letter(width - 3, height - 3);
}

Deno.test("decodeJpeg() reads baseline and progressive colour", async () => {
  for (const name of ["colour.jpg", "progressive.jpg"]) {
    const image = await decodeJpeg(file(name));
    assert.deepEqual([image.width, image.height], [24, 16]);
    assert.equal(corners(image), "RGBW", name);
  }
});

Deno.test("decodeJpeg() makes equal red, green and blue of grey", async () => {
  const { data } = await decodeJpeg(file("grey.jpg"));
  assert.ok(data.every((level, i) => level === data[i - i % 3]));
  assert.ok(Math.abs(data[0] - 90) <= 2);
});

Deno.test("decodeJpeg() converts the four inks of CMYK", async () => {
  const colour = await decodeJpeg(file("colour.jpg"));
  const inks = await decodeJpeg(file("cmyk.jpg"));
  assert.deepEqual([inks.width, inks.height], [24, 16]);
  assert.ok(inks.data.every((level, i) => Math.abs(level - colour.data[i]) <= 6));
});

Deno.test("decodeJpeg() turns and mirrors as EXIF says", async () => {
  // EXIF 2.3, tag 0x0112: which stored edges are the top and the left of the picture.
  const expected: Record<string, string> = {
    2: "GRWB",
    3: "WBGR",
    4: "BWRG",
    5: "RBGW",
    6: "BRWG",
    7: "WGBR",
    8: "GWRB",
  };
  for (const [orientation, order] of Object.entries(expected)) {
    const image = await decodeJpeg(file(`exif_${orientation}.jpg`));
    const size = Number(orientation) < 5 ? [24, 16] : [16, 24];
    assert.deepEqual([image.width, image.height], size, `orientation ${orientation}`);
    assert.equal(corners(image), order, `orientation ${orientation}`);
  }
  const inks = await decodeJpeg(file("cmyk_exif_6.jpg"));
  assert.deepEqual([inks.width, inks.height], [16, 24]);
  assert.equal(corners(inks), "BRWG");
});

Deno.test("decodeJpeg() refuses a file that is cut off or damaged, and names it", async () => {
  for (const name of ["cut_off.jpg", "cut_off_early.jpg"]) {
    await assert.rejects(decodeJpeg(file(name), name), {
      name: "InputError",
      message: new RegExp(`^${name}: not a whole JPEG picture: Premature end of JPEG file`),
    });
  }
  await assert.rejects(decodeJpeg(file("damaged.jpg"), "damaged.jpg"), {
    name: "InputError",
    message: /^damaged\.jpg: not a whole JPEG picture: Corrupt JPEG data/,
  });
  await assert.rejects(decodeJpeg(file("cmyk.jpg").slice(0, 300), "inks.jpg"), {
    name: "InputError",
    message: /^inks\.jpg: not a whole JPEG picture: /,
  });
});

Deno.test("decodeJpeg() tells pictures apart that are decoded at the same time", async () => {
  const names = [
    "cut_off.jpg",
    "colour.jpg",
    "cmyk.jpg",
    "damaged.jpg",
    "exif_3.jpg",
    "colour.jpg",
  ];
  const results = await Promise.allSettled(names.map((name) => decodeJpeg(file(name), name)));
  const found = results.map((it) => it.status === "fulfilled" ? corners(it.value) : it.reason.name);
  assert.deepEqual(found, ["InputError", "RGBW", "RGBW", "InputError", "WBGR", "RGBW"]);
});
