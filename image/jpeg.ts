/**
 * JPEG: photographs. Reading is `@jsquash/jpeg`, MozJPEG compiled to WebAssembly: its pixels are those of
 * libjpeg bit for bit, and it turns pictures as their EXIF orientation says. Two things are added:
 *
 * - libjpeg goes on after damage and paints the missing part grey. It says so in a warning, and here a
 *   warning is an error: a data set should not learn from grey.
 * - It does not convert the four inks of print (CMYK, YCCK). The platform's `createImageBitmap` does, and
 *   turns too, but hands out pixels only as a PNG file, which {@linkcode decodePng} reads.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { decodePng } from "./png.ts";
import type { RgbImage } from "./rgb_image.ts";

/** What libjpeg says on its error stream while it decodes one picture. */
let warnings: string[] = [];
let decoder: Promise<Decode> | undefined;
type Decode = typeof import("@jsquash/jpeg/decode.js")["default"];

/** Pictures are decoded one after the other: the decoder is one, and so is its error stream. */
let last: Promise<unknown> = Promise.resolve();

/** Loaded with the first picture: programs that read none start 30 ms earlier. */
async function startDecoder(): Promise<Decode> {
  const { default: decode, init } = await import("@jsquash/jpeg/decode.js");
  const options = { printErr: (line: string) => void warnings.push(line) };
  await init(options as Parameters<typeof init>[0]); // its types forget printErr
  return decode;
}

async function decodeAlone(bytes: Uint8Array, name: string): Promise<RgbImage> {
  const decode = await (decoder ??= startDecoder());
  warnings = [];
  let picture: ImageData;
  try {
    picture = await decode(bytes.slice().buffer, { preserveOrientation: true });
  } catch (error) {
    decoder = undefined; // libjpeg left by exit(): its memory is lost, the next picture gets a new one
    // Anything else, such as a permission that is missing to load the decoder, is not the picture's fault.
    const ended = (error as { name?: string }).name === "ExitStatus";
    if (!ended && !(error instanceof WebAssembly.RuntimeError)) throw error;
    if (warnings.some((line) => line.includes("Unsupported color conversion"))) {
      return decodeByPlatform(bytes, name);
    }
    throw damaged(name);
  }
  // Stray bytes between segments are common, and harmless: no pixel is lost.
  if (warnings.some((line) => !line.includes("extraneous bytes"))) throw damaged(name);
  const { width, height, data: pixels } = picture; // read once: the property is computed at each access
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = pixels[from];
    data[to + 1] = pixels[from + 1];
    data[to + 2] = pixels[from + 2];
  }
  return { width, height, data };
}

function damaged(name: string): InputError {
  const reason = warnings.join("; ") || "the decoder gave up without a reason";
  return new InputError(`${name}: not a whole JPEG picture: ${reason}`);
}

async function decodeByPlatform(bytes: Uint8Array, name: string): Promise<RgbImage> {
  let png: Blob;
  try {
    const bitmap = await createImageBitmap(new Blob([bytes.slice()]));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(bitmap);
    png = await canvas.convertToBlob(); // PNG by default
  } catch (error) {
    throw new InputError(`${name}: not a whole JPEG picture: ${(error as Error).message}`);
  }
  return decodePng(new Uint8Array(await png.arrayBuffer()), name);
}

/**
 * The picture in a JPEG file: baseline or progressive, colour, grey or CMYK, turned and mirrored as its
 * EXIF orientation says.
 *
 * @param bytes The whole file.
 * @param name What to call it in errors, e.g. its path.
 * @throws {InputError} If the bytes are not a whole, undamaged JPEG file.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeJpeg } from "ae";
 *
 * const cutOff = new Uint8Array([0xff, 0xd8, 0xff, 0xe0]);
 * await assert.rejects(decodeJpeg(cutOff, "photo.jpg"), /photo\.jpg: not a whole JPEG picture/);
 * ```
 */
export function decodeJpeg(bytes: Uint8Array, name = "image"): Promise<RgbImage> {
  const result = last.then(() => decodeAlone(bytes, name));
  last = result.catch(() => undefined);
  return result;
}
