/** Files: weights, JSON, COCO's records. Read with checks, written completely or not at all. @module */
import "./choices_file.ts"; // keeps what core measures

export * from "./coco_records.ts";
export * from "./files.ts";
export { readJson } from "./json.ts";
export * from "./mat_file.ts";
export * from "./mpii_file.ts";
export * from "./safetensors.ts";
export * from "./skeleton_file.ts";
