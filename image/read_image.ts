/**
 * Picture files: the kind is told by the first bytes, not by the file's name.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { decodeJpeg } from "./jpeg.ts";
import { decodePng, decodePngIndices, type IndexImage } from "./png.ts";
import type { RgbImage } from "./rgb_image.ts";

/** Reading files, loaded when first needed: programs that need none start earlier. */
const files = () => import("node:fs/promises");

/** First bytes of other picture formats, to say what a file is when it is none of ours. */
const OTHERS: readonly (readonly [start: string, name: string])[] = [
  ["GIF8", "a GIF picture"],
  ["BM", "a BMP picture"],
  ["RIFF", "a WebP picture or another RIFF file"],
  ["II*\0", "a TIFF picture"],
  ["MM\0*", "a TIFF picture"],
  ["%PDF", "a PDF document"],
  ["\0\0\0", "perhaps a HEIC or AVIF picture"],
  ["<", "a text with markup (an SVG picture, or an error page saved in place of a picture?)"],
];

/** What the bytes seem to be, in words. */
function describe(bytes: Uint8Array): string {
  if (bytes.length === 0) return "the file is empty";
  const start = String.fromCharCode(...bytes.subarray(0, 8));
  const known = OTHERS.find(([prefix]) => start.startsWith(prefix));
  if (known) return `it is ${known[1]}`;
  const hex = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `it starts with the bytes ${hex.join(" ")}`;
}

/**
 * The picture in the bytes of a JPEG or PNG file.
 *
 * @param bytes The whole file.
 * @param name What to call it in errors, e.g. its path.
 * @throws {InputError} If the bytes are neither JPEG nor PNG, or cut off or damaged.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeImage, encodePng, rgbImage } from "ae";
 *
 * const image = rgbImage(2, 2, new Uint8Array(12).fill(9));
 * assert.deepEqual(await decodeImage(encodePng(image)), image);
 * ```
 */
export async function decodeImage(bytes: Uint8Array, name = "image"): Promise<RgbImage> {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return await decodeJpeg(bytes, name);
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return decodePng(bytes, name);
  throw new InputError(`${name}: neither a JPEG nor a PNG picture: ${describe(bytes)}`);
}

/**
 * Read a JPEG or PNG file.
 *
 * @param path The file.
 * @throws {InputError} If there is no such file, it is a folder, pipe or device, it cannot be read, or it is not a whole
 *   JPEG or PNG picture.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readImage } from "ae";
 *
 * await assert.rejects(readImage("no/such/photo.jpg"), /no\/such\/photo\.jpg: no such file/);
 * ```
 */
export async function readImage(path: string): Promise<RgbImage> {
  return await decodeImage(await bytesOf(path), path);
}

/**
 * Read a PNG file whose pixels are numbers, see {@linkcode decodePngIndices}.
 *
 * @param path The file.
 * @throws {InputError} If there is no such file, it is a folder, pipe or device, it cannot be read, or it is not a whole PNG
 *   picture of numbers.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readIndexImage } from "ae";
 *
 * await assert.rejects(readIndexImage("no/such/objects.png"), /no\/such\/objects\.png: no such file/);
 * ```
 */
export async function readIndexImage(path: string): Promise<IndexImage> {
  return await decodePngIndices(await bytesOf(path), path);
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    const { readFile, stat } = await files();
    const found = await stat(path);
    if (found.isFile()) return await readFile(path);
    // One link to /dev/zero among the pictures would fill the memory.
    const kind = found.isDirectory() ? "a folder" : "a pipe or device";
    throw new InputError(`${path}: is ${kind}, not a file`);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = (error as { code?: string }).code === "ENOENT"
      ? "no such file"
      : `cannot be read (${(error as Error).message})`;
    throw new InputError(`${path}: ${reason}`);
  }
}
