/** COCO's keypoint files: read and checked, or written. @module */
import {
  checkCocoResults,
  checkCocoTruth,
  type CocoRecordOptions,
  type CocoResult,
  type CocoTruth,
} from "../pose/coco_records.ts";
import { writeFileAtomic } from "./files.ts";
import { readJson } from "./json.ts";

/**
 * Read a COCO results file of people: `[{ image_id, category_id, keypoints, score }, ...]`.
 *
 * @throws {InputError} If the file cannot be read, is not JSON, or {@linkcode checkCocoResults} refuses
 *   it; the message starts with the path and names the record.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readCocoResults } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, '[{"image_id": 1, "category_id": 1, "score": 1, "keypoints": [1]}]');
 * await assert.rejects(readCocoResults(path), /results\[0\].keypoints has 1 numbers, 51 expected/);
 * await Deno.remove(path);
 * ```
 */
export async function readCocoResults(
  path: string,
  options: CocoRecordOptions = {},
): Promise<readonly CocoResult[]> {
  return checkCocoResults(await readJson(path), { name: path, ...options });
}

/**
 * Read a COCO keypoint annotation file as far as evaluation needs it.
 *
 * @throws {InputError} If the file cannot be read, is not JSON, or {@linkcode checkCocoTruth} refuses
 *   it; the message starts with the path and names the record.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readCocoTruth } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, '{"images": [{"id": 1}]}');
 * await assert.rejects(readCocoTruth(path), /annotations should be a list, it is missing/);
 * await Deno.remove(path);
 * ```
 */
export async function readCocoTruth(
  path: string,
  options: CocoRecordOptions = {},
): Promise<CocoTruth> {
  return checkCocoTruth(await readJson(path), { name: path, ...options });
}

/**
 * Write a COCO results file, one record a line, completely or not at all.
 *
 * @throws {InputError} If {@linkcode checkCocoResults} refuses a record (nothing is written then) or the
 *   file cannot be written.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readCocoResults, writeCocoResults } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * const person = { image_id: 1, category_id: 1, keypoints: Array(51).fill(1), score: 0.5 };
 * await writeCocoResults(path, [person]);
 * assert.deepEqual(await readCocoResults(path), [person]);
 * await Deno.remove(path);
 * ```
 */
export async function writeCocoResults(
  path: string,
  results: readonly CocoResult[],
  options: CocoRecordOptions = {},
): Promise<void> {
  checkCocoResults(results, { name: path, ...options });
  await writeRecords(path, results);
}

/** Write a list of records, one a line, completely or not at all. */
export async function writeRecords(path: string, records: readonly object[]): Promise<void> {
  const lines = records.map((record) => JSON.stringify(record));
  await writeFileAtomic(path, lines.length > 0 ? `[\n${lines.join(",\n")}\n]\n` : "[]\n");
}
