/** Pictures written as PNG files; image/read_image.ts reads them. @module */
import { encodePng } from "../image/png.ts";
import type { RgbImage } from "../image/rgb_image.ts";
import { writeFileAtomic } from "./files.ts";

/**
 * Write a picture as a PNG file, completely or not at all.
 *
 * @param path The file; one that exists is replaced, see {@linkcode writeFileAtomic}.
 * @param image The picture, height x width pixels of 3 bytes.
 * @throws {InputError} If the file cannot be written, e.g. because its folder is missing or read-only.
 * @throws {ShapeError} If the bytes do not fill the picture.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readImage, rgbImage, writePng } from "ae";
 *
 * const folder = await Deno.makeTempDir();
 * const image = rgbImage(2, 2, new Uint8Array(12).fill(128));
 * await writePng(`${folder}/grey.png`, image);
 * assert.deepEqual(await readImage(`${folder}/grey.png`), image);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function writePng(path: string, image: RgbImage): Promise<void> {
  await writeFileAtomic(path, encodePng(image));
}
