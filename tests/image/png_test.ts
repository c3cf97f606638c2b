import assert from "node:assert/strict";
import { encode } from "fast-png";
import { decodePng, decodePngIndices, encodePng } from "../../image/png.ts";
import type { RgbImage } from "../../image/rgb_image.ts";
import { rgbImage } from "../../image/rgb_image.ts";
import { Random } from "../../data/random.ts";

const folder = new URL("../fixtures/images/", import.meta.url);
const file = (name: string) => Deno.readFileSync(new URL(name, folder));

/** Red, green, blue of a pixel in each of the four fields. */
function fields({ width, height, data }: RgbImage): number[][] {
  return [[3, 3], [width - 3, 3], [3, height - 3], [width - 3, height - 3]].map(([x, y]) => [
    ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
  ]);
}

const COLOURS = [[230, 30, 30], [30, 200, 40], [30, 40, 220], [240, 240, 230]];
const GREYS = [90, 131, 58, 239].map((level) => [level, level, level]);

Deno.test("encodePng() writes what decodePng() reads", async () => {
  const random = new Random(1);
  for (const [width, height] of [[1, 1], [3, 2], [17, 9]]) {
    const bytes = new Uint8Array(width * height * 3).map(() => random.integer(256));
    const image = rgbImage(width, height, bytes);
    assert.deepEqual(await decodePng(encodePng(image)), image);
  }
});

Deno.test("encodePng() refuses bytes that do not fill the picture", () => {
  assert.throws(() => encodePng({ width: 2, height: 2, data: new Uint8Array(3) }), {
    name: "ShapeError",
    message: /^encodePng: the bytes do not fill the picture\n/,
  });
});

Deno.test("decodePng() reads colour, transparency (dropped), palettes and grey", async () => {
  for (const name of ["colour.png", "alpha.png", "palette.png"]) {
    assert.deepEqual(fields(await decodePng(file(name))), COLOURS, name);
  }
  for (const name of ["grey.png", "grey_alpha.png"]) {
    assert.deepEqual(fields(await decodePng(file(name))), GREYS, name);
  }
});

Deno.test("decodePng() reads 1 and 16 bits", async () => {
  assert.deepEqual(fields(await decodePng(file("one_bit.png"))).map(([r]) => r), [0, 255, 0, 255]);
  const { data, width } = await decodePng(file("grey_16.png"));
  for (let x = 0; x < width; x++) assert.equal(data[x * 3], (2600 * x + 5) >> 8);
});

Deno.test("decodePng() reads interlaced pictures", async () => {
  const random = new Random(2);
  const image = rgbImage(11, 6, new Uint8Array(198).map(() => random.integer(256)));
  const bytes = encode({ ...image, channels: 3 }, { interlace: "Adam7" });
  assert.deepEqual(await decodePng(bytes), image);
});

Deno.test("decodePng() refuses every file that is cut off", async () => {
  const whole = file("colour.png");
  for (let length = 0; length < whole.length; length++) {
    await assert.rejects(decodePng(whole.slice(0, length), "cut.png"), {
      name: "InputError",
      message: /^cut\.png: not a whole PNG picture: /,
    });
  }
});

Deno.test("decodePng() refuses a file with a wrong byte", async () => {
  const bytes = file("colour.png");
  bytes[60] ^= 1;
  await assert.rejects(decodePng(bytes, "bad.png"), {
    name: "InputError",
    message: /^bad\.png: not a whole PNG picture: CRC mismatch/,
  });
});

Deno.test("decodePngIndices() gives places in the palette, of any depth, and levels of grey", async () => {
  const palette = [[9, 9, 9], [200, 0, 0], [9, 9, 9]]; // two equal colours are two places
  const data = new Uint8Array([0, 1, 2, 2, 1, 0]);
  const eight = encode({ width: 3, height: 2, data, channels: 1, palette });
  assert.deepEqual(await decodePngIndices(eight), { width: 3, height: 2, data });
  const grey = encode({ width: 3, height: 2, data, channels: 1 });
  assert.deepEqual((await decodePngIndices(grey)).data, data);

  const two = await decodePngIndices(file("palette.png")); // 2 bits: four fields
  const corners = [0, two.width - 1, two.data.length - two.width, two.data.length - 1];
  assert.deepEqual(corners.map((i) => two.data[i]).sort(), [0, 1, 2, 3]);
  assert.deepEqual([...new Set((await decodePngIndices(file("one_bit.png"))).data)].sort(), [0, 1]);
});

Deno.test("decodePngIndices() refuses colours, 16 bits and damaged files", async () => {
  const cases: [string, RegExp][] = [
    ["colour.png", /^x\.png: its pixels are colours, not numbers up to 255\n {2}help: /],
    ["grey_alpha.png", /^x\.png: its pixels are colours/],
    ["grey_16.png", /^x\.png: its pixels are of 16 bits, not numbers up to 255\n/],
    ["colour.jpg", /^x\.png: not a whole PNG picture: /],
  ];
  for (const [name, message] of cases) {
    await assert.rejects(decodePngIndices(file(name), "x.png"), { name: "InputError", message });
  }
});

Deno.test("decodePng() refuses a header that promises more than the bytes can hold, at once", async () => {
  const damaged = Uint8Array.fromBase64(
    "iVBORw0KGgoAAAANSUhEUiAAABgAAAAQCAQAAAAVUzzrAAAAJ0lEQVR4nGOM+s+AFWhiF2ZgwiGOE4xqIAYwWuGIh63UsmFUAzEAAKtDA48kETbiAAAAAElFTkSuQmCC",
  );
  await assert.rejects(decodePng(damaged, "a.png"), {
    name: "InputError",
    message: /^a\.png: not a whole PNG picture: \d+ bytes cannot hold 536870936 x 16 pixels$/,
  });
});
