/** PoseTrack's files, see track/pose_track_records.ts: read and checked, or written. @module */
import {
  type PoseTrackFrame,
  poseTrackRecord,
  poseTrackResults,
  poseTrackTruth,
} from "../track/pose_track_records.ts";
import type { TrackedPerson, TrackFrame } from "../track/track.ts";
import { writeFileAtomic } from "./files.ts";
import { readJson } from "./json.ts";

/**
 * Read an annotated video.
 *
 * @throws {InputError} If the file cannot be read, is not JSON, or {@linkcode poseTrackTruth} refuses it; the message
 *   starts with the path.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readPoseTrackTruth } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, '{"images": []}');
 * await assert.rejects(readPoseTrackTruth(path), /categories should be a list, it is missing/);
 * await Deno.remove(path);
 * ```
 */
export async function readPoseTrackTruth(path: string): Promise<PoseTrackFrame[]> {
  return poseTrackTruth(await readJson(path), path);
}

/**
 * Read a results file.
 *
 * @throws {InputError} If the file cannot be read, is not JSON, or {@linkcode poseTrackResults} refuses it; the message
 *   starts with the path.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readPoseTrackResults } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "[]");
 * await assert.rejects(readPoseTrackResults(path), /the file should be an object, it is \[\]/);
 * await Deno.remove(path);
 * ```
 */
export async function readPoseTrackResults(path: string): Promise<TrackFrame<TrackedPerson>[]> {
  return poseTrackResults(await readJson(path), path);
}

/**
 * Write tracks as a results file, completely or not at all.
 *
 * @param path In a folder that exists.
 * @param images The video's frames, e.g. of {@linkcode readPoseTrackTruth}.
 * @param found Who was found in them.
 * @throws {RangeError} If {@linkcode poseTrackRecord} refuses the tracks; nothing is written then.
 * @throws {InputError} If the file cannot be written.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readPoseTrackResults, writePoseTrackResults } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await writePoseTrackResults(path, [{ frame: 7, fileName: "7.jpg" }], []);
 * assert.deepEqual(await readPoseTrackResults(path), [{ frame: 7, things: [] }]);
 * await Deno.remove(path);
 * ```
 */
export async function writePoseTrackResults(
  path: string,
  images: readonly Pick<PoseTrackFrame, "frame" | "fileName">[],
  found: readonly TrackFrame<TrackedPerson>[],
): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(poseTrackRecord(images, found))}\n`);
}
