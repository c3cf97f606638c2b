/** MPII's annotation files, MATLAB's or JSON, see pose/mpii_records.ts. @module */
import { type MpiiImage, mpiiImages } from "../pose/mpii_records.ts";
import { readJson } from "./json.ts";
import { readMat } from "./mat_file.ts";

/**
 * Read MPII's annotation: a MAT-file if the name ends in `.mat`, else JSON.
 *
 * @throws {InputError} If the file cannot be read or decoded, or {@linkcode mpiiImages} refuses it; the message
 *   starts with the path.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readMpii } from "ae";
 *
 * const path = await Deno.makeTempFile({ suffix: ".json" });
 * await Deno.writeTextFile(path, '{"annolist": [{"image": {"name": "1.jpg"}}], "img_train": [1]}');
 * assert.deepEqual(await readMpii(path), [
 *   { id: 1, fileName: "1.jpg", train: true, people: [] },
 * ]);
 * await Deno.remove(path);
 * ```
 */
export async function readMpii(path: string): Promise<MpiiImage[]> {
  const parsed = /\.mat$/i.test(path) ? await readMat(path) : await readJson(path);
  return mpiiImages(parsed, path);
}
