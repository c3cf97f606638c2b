/** COCO's instance files: read and checked, or written. @module */
import {
  checkCocoInstanceResults,
  checkCocoInstanceTruth,
  type CocoInstanceOptions,
  type CocoInstanceResult,
  type CocoInstanceTruth,
} from "../instance/coco_records.ts";
import { writeRecords } from "./coco_records.ts";
import { readJson } from "./json.ts";

/**
 * Read a COCO instance annotation file: classes, images, masks and boxes.
 *
 * @throws {InputError} If the file cannot be read, is not JSON, or {@linkcode checkCocoInstanceTruth} refuses
 *   it; the message starts with the path and names the record.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readCocoInstanceTruth } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, '{"images": [], "annotations": []}');
 * await assert.rejects(readCocoInstanceTruth(path), /categories should be a list, it is missing/);
 * await Deno.remove(path);
 * ```
 */
export async function readCocoInstanceTruth(
  path: string,
  options: CocoInstanceOptions = {},
): Promise<CocoInstanceTruth> {
  return checkCocoInstanceTruth(await readJson(path), { name: path, ...options });
}

/**
 * Read a COCO results file of masks or boxes.
 *
 * @throws {InputError} If the file cannot be read, is not JSON, or {@linkcode checkCocoInstanceResults} refuses
 *   it; the message starts with the path and names the record.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readCocoInstanceResults } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, '[{"image_id": 1, "category_id": 1, "score": 1, "bbox": [1, 2]}]');
 * await assert.rejects(
 *   readCocoInstanceResults(path, { shape: "boxes" }),
 *   /results\[0\].bbox has 2 numbers, 4 expected/,
 * );
 * await Deno.remove(path);
 * ```
 */
export async function readCocoInstanceResults(
  path: string,
  options: CocoInstanceOptions = {},
): Promise<readonly CocoInstanceResult[]> {
  return checkCocoInstanceResults(await readJson(path), { name: path, ...options });
}

/**
 * Write a COCO results file of masks or boxes, one record a line, completely or not at all.
 *
 * @throws {InputError} If {@linkcode checkCocoInstanceResults} refuses a record (nothing is written then) or the
 *   file cannot be written.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readCocoInstanceResults, toCocoInstanceResults, writeCocoInstanceResults } from "ae";
 *
 * const mask = { width: 3, height: 1, data: new Uint8Array([0, 1, 1]) };
 * const results = toCocoInstanceResults([{ classIndex: 0, mask, score: 0.5, tag: [0] }], 1);
 * const path = await Deno.makeTempFile();
 * await writeCocoInstanceResults(path, results);
 * assert.deepEqual(await readCocoInstanceResults(path), results);
 * await Deno.remove(path);
 * ```
 */
export async function writeCocoInstanceResults(
  path: string,
  results: readonly CocoInstanceResult[],
  options: CocoInstanceOptions = {},
): Promise<void> {
  checkCocoInstanceResults(results, { name: path, ...options });
  await writeRecords(path, results);
}
