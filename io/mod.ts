/** Files: weights, JSON, COCO's records. Read with checks, written completely or not at all. @module */
import "./choices_file.ts"; // keeps what core measures
import "./debug.ts"; // DEBUG=nan

export { openArrays } from "./array_file.ts";
export { cachePath } from "./cache_folder.ts";
export * from "./coco_instance_records.ts";
export { readCocoResults, readCocoTruth, writeCocoResults } from "./coco_records.ts";
export { readBytes, writeFileAtomic } from "./files.ts";
export { readJson } from "./json.ts";
export * from "./mat_file.ts";
export * from "./mot_file.ts";
export * from "./mpii_file.ts";
export { openNpz } from "./npz.ts";
export * from "./png_file.ts";
export * from "./pose_track_file.ts";
export * from "./safetensors.ts";
export * from "./skeleton_file.ts";
export type { ArrayFile, ItemType, StoredArray } from "./stored_array.ts";
export {
  openTorchFile,
  stateDictOf,
  type TorchFile,
  type TorchTensor,
  type TorchValue,
} from "./torch_file.ts";
