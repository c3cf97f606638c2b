/**
 * PNG: pictures without loss. Writing is a few lines, because the format is a list of chunks around one
 * zlib stream; reading knows every colour type, depth and interlacing, and leaves that to `fast-png`.
 *
 *     signature, IHDR (size, depth, colour type), IDAT (zlib of the rows), IEND
 *     chunk = length, name, bytes, CRC-32 of name and bytes
 *     row   = filter byte, then the row's bytes
 *
 * W3C, "Portable Network Graphics (PNG) Specification", third edition, sections 5 and 11.
 *
 * @module
 */
import { InputError, shapeError } from "../core/errors.ts";
import type { RgbImage } from "./rgb_image.ts";
import type { DecodedPng } from "fast-png";

type Zlib = typeof import("node:zlib");

/** zlib, loaded with the first picture that is written: programs that write none start 15 ms earlier. */
function zlib(): Zlib {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule: (name: "node:zlib") => Zlib };
  };
  return process.getBuiltinModule("node:zlib");
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function chunk(name: string, bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(12 + bytes.length);
  const view = new DataView(result.buffer);
  view.setUint32(0, bytes.length);
  for (let i = 0; i < 4; i++) result[4 + i] = name.charCodeAt(i);
  result.set(bytes, 8);
  view.setUint32(8 + bytes.length, zlib().crc32(result.subarray(4, 8 + bytes.length)));
  return result;
}

/**
 * The bytes of a PNG file: 8-bit red, green, blue. Every row is stored as its difference to the row above
 * (filter 2), which halves the size of smooth pictures.
 *
 * @param image The picture.
 * @returns The file's bytes; {@linkcode decodePng} gives back exactly `image`.
 * @throws {ShapeError} If the bytes do not fill the picture.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodePng, encodePng, rgbImage } from "ae";
 *
 * const image = rgbImage(3, 2, new Uint8Array(18).map((_, i) => i));
 * assert.deepEqual(await decodePng(encodePng(image)), image);
 * ```
 */
export function encodePng({ width, height, data }: RgbImage): Uint8Array<ArrayBuffer> {
  if (data.length !== width * height * 3) {
    throw shapeError("encodePng", "the bytes do not fill the picture", {
      data: [[data.length], "bytes"],
      expected: [[height, width, 3], "H W C"],
    });
  }
  const stride = width * 3;
  const rows = new Uint8Array((stride + 1) * height);
  for (let y = 0, out = 0; y < height; y++) {
    rows[out++] = y === 0 ? 0 : 2; // 0: as it is, 2: minus the byte above
    for (let i = y * stride; i < (y + 1) * stride; i++) {
      rows[out++] = y === 0 ? data[i] : data[i] - data[i - stride];
    }
  }
  const header = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]); // 8 bits, colour type 2: RGB
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  const parts = [
    new Uint8Array(SIGNATURE),
    chunk("IHDR", header),
    chunk("IDAT", zlib().deflateSync(rows)),
    chunk("IEND", new Uint8Array(0)),
  ];
  const file = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/**
 * The picture in a PNG file: grey, colour or palette, 1 to 16 bits, interlaced or not. Grey becomes equal
 * red, green and blue; of 16 bits the upper 8 are kept; transparency is dropped, as OpenCV's `imread` does.
 *
 * @param bytes The whole file.
 * @param name What to call it in errors, e.g. its path.
 * @throws {InputError} If the bytes are not a whole, undamaged PNG file (checksums are verified).
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodePng, InputError } from "ae";
 *
 * await assert.rejects(decodePng(new Uint8Array(5), "photo.png"), InputError);
 * ```
 */
export async function decodePng(bytes: Uint8Array, name = "image"): Promise<RgbImage> {
  const png = await decoded(bytes, name);
  const { width, height, depth, channels, palette } = png;
  const result = new Uint8Array(width * height * 3);
  const scale = palette || depth >= 8 ? 1 : 255 / (2 ** depth - 1);
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0; x < width; x++, out += 3) {
      for (let c = 0; c < 3; c++) {
        const level = levelAt(png, x, y, channels < 3 ? 0 : c); // grey, or grey and alpha: the first channel
        if (palette && !palette[level]) {
          throw new InputError(
            `${name}: not a whole PNG picture: pixel (${x}, ${y}) has colour ${level} ` +
              `of a palette of ${palette.length}`,
          );
        }
        result[out + c] = palette ? palette[level][c] : level * scale;
      }
    }
  }
  return { width, height, data: result };
}

/** A picture of numbers: which thing, or which class, each pixel shows. */
export interface IndexImage {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `width * height` numbers, 0 to 255, top row first. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/**
 * The numbers in a PNG file whose pixels are places in a palette (the palette's colours are not looked at), or levels
 * of grey of up to 8 bits: annotations of VOC, Cityscapes and others.
 *
 * @param bytes The whole file.
 * @param name What to call it in errors, e.g. its path.
 * @throws {InputError} If the bytes are not a whole, undamaged PNG file, or it has colours or 16 bits.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodePngIndices, encodePng, rgbImage } from "ae";
 *
 * const colours = encodePng(rgbImage(2, 1));
 * await assert.rejects(decodePngIndices(colours, "1.png"), /1\.png: its pixels are colours, not numbers/);
 * ```
 */
export async function decodePngIndices(bytes: Uint8Array, name = "image"): Promise<IndexImage> {
  const png = await decoded(bytes, name);
  const { width, height, depth, channels } = png;
  if (channels !== 1 || depth > 8) {
    throw new InputError(
      `${name}: its pixels are ${
        channels > 1 ? "colours" : "of 16 bits"
      }, not numbers up to 255\n` +
        "  help: a PNG with a palette, or of 8-bit grey, is expected",
    );
  }
  const data = new Uint8Array(width * height);
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data[out++] = levelAt(png, x, y, 0);
  }
  return { width, height, data };
}

/** Deflate packs at most so many bytes into one. */
const MOST_PACKED = 1032;

/** Refuse a header that promises more pixels than the file's bytes can hold, before room is made for them. */
function checkPlausible(bytes: Uint8Array, name: string): void {
  if (bytes.length < 26) return; // too short to have a header: the decoder says so
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height, depth] = [view.getUint32(16), view.getUint32(20), view.getUint8(24)];
  if (width * height * depth / 8 <= MOST_PACKED * bytes.length) return;
  throw new InputError(
    `${name}: not a whole PNG picture: ${bytes.length} bytes cannot hold ${width} x ${height} pixels`,
  );
}

/** What `fast-png` makes of a file; checksums are verified. */
async function decoded(bytes: Uint8Array, name: string): Promise<DecodedPng> {
  checkPlausible(bytes, name);
  const { decode } = await import("fast-png"); // with the first picture: programs that read none start 25 ms earlier
  try {
    return decode(bytes, { checkCrc: true });
  } catch (error) {
    // Reading past the end is how the decoder meets a file that stops too early.
    const reason = error instanceof RangeError
      ? "the file ends too early"
      : String((error as Error).message).replace(/:? *$/, "");
    throw new InputError(`${name}: not a whole PNG picture: ${reason}`);
  }
}

/** The number at a pixel as it is stored, of 16 bits the upper 8. */
function levelAt(
  { width, depth, channels, data }: DecodedPng,
  x: number,
  y: number,
  channel: number,
): number {
  const at = x * channels + channel;
  if (depth === 16) return data[y * width * channels + at] >> 8;
  const rowBytes = Math.ceil(width * channels * depth / 8); // rows of 1, 2 or 4 bits end on a byte
  const bit = at * depth;
  const byte = data[y * rowBytes + (bit >> 3)];
  return depth === 8 ? byte : byte >> (8 - depth - (bit & 7)) & (2 ** depth - 1);
}
