/** MOTChallenge's text files, see track/mot_records.ts: read and checked, or written. @module */
import {
  type MotBox,
  type MotDetectionFrame,
  motDetections,
  motResults,
  motText,
  motTruth,
} from "../track/mot_records.ts";
import type { TrackedBox, TrackFrame } from "../track/track.ts";
import { readBytes, writeFileAtomic } from "./files.ts";
import { decodeUtf8 } from "./json.ts";

async function readText(path: string): Promise<string> {
  return decodeUtf8(await readBytes(path), path);
}

/**
 * Read a truth file, `gt.txt`.
 *
 * @throws {InputError} If the file cannot be read, is not UTF-8, or {@linkcode motTruth} refuses it; the message starts
 *   with the path and the line.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readMotTruth } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "1,4,10,20,30,60,1,-1,-1,-1\n1,4,50,20,30,60,1,-1,-1,-1\n");
 * await assert.rejects(readMotTruth(path), /:2: frame 1 has identity 4 already, in line 1/);
 * await Deno.remove(path);
 * ```
 */
export async function readMotTruth(path: string): Promise<TrackFrame<MotBox>[]> {
  return motTruth(await readText(path), path);
}

/**
 * Read a tracker's results.
 *
 * @throws {InputError} If the file cannot be read, is not UTF-8, or {@linkcode motResults} refuses it; the message
 *   starts with the path and the line.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readMotResults } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "1,-1,10,20,30,60,1,-1,-1,-1\n");
 * await assert.rejects(readMotResults(path), /:1: identity is -1/);
 * await Deno.remove(path);
 * ```
 */
export async function readMotResults(path: string): Promise<TrackFrame<TrackedBox>[]> {
  return motResults(await readText(path), path);
}

/**
 * Read a file of detections, `det.txt`.
 *
 * @throws {InputError} If the file cannot be read, is not UTF-8, or {@linkcode motDetections} refuses it; the message
 *   starts with the path and the line.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readMotDetections } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "3,-1,10,20,30,60,0.9,-1,-1,-1\n");
 * const [{ frame, detections }] = await readMotDetections(path);
 * assert.deepEqual([frame, detections.length], [3, 1]);
 * await Deno.remove(path);
 * ```
 */
export async function readMotDetections(path: string): Promise<MotDetectionFrame[]> {
  return motDetections(await readText(path), path);
}

/**
 * Write tracks as a results file, completely or not at all.
 *
 * @throws {RangeError} If {@linkcode motText} refuses the tracks; nothing is written then.
 * @throws {InputError} If the file cannot be written.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readMotResults, writeMotResults } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * const frames = [{ frame: 1, things: [{ identity: 4, box: [10, 20, 30, 60], score: 0.9 } as const] }];
 * await writeMotResults(path, frames);
 * assert.deepEqual(await readMotResults(path), frames);
 * await Deno.remove(path);
 * ```
 */
export async function writeMotResults(
  path: string,
  frames: readonly TrackFrame<TrackedBox>[],
): Promise<void> {
  await writeFileAtomic(path, motText(frames));
}
