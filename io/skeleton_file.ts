/** Skeletons described by small JSON files, see pose/skeleton_record.ts. @module */
import type { Skeleton } from "../pose/skeleton.ts";
import { skeletonFromRecord } from "../pose/skeleton_record.ts";
import { readJson } from "./json.ts";

/**
 * Read a skeleton from a JSON file.
 *
 * @throws {InputError} If the file cannot be read, is not JSON, or {@linkcode skeletonFromRecord} refuses it;
 *   the message starts with the path.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { readSkeleton } from "ae";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, '{"name": "eye", "keypoints": ["pupil"], "flip": [], "sigmas": [0.02]}');
 * assert.deepEqual((await readSkeleton(path)).keypoints, ["pupil"]);
 * await Deno.remove(path);
 * ```
 */
export async function readSkeleton(path: string): Promise<Skeleton> {
  return skeletonFromRecord(await readJson(path), path);
}
