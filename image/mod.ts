/** Pictures: reading, writing, bending, resizing, masks. No GPU. @module */
export * from "./affine.ts";
export * from "./jpeg.ts";
export * from "./mask.ts";
export { type Box, boxOverlaps, maskOverlaps } from "./overlap.ts";
export * from "./png.ts";
export { fillPolygons, isInsidePolygon, polygonRunLengths } from "./polygon.ts";
export * from "./read_image.ts";
export * from "./resize.ts";
export * from "./rgb_image.ts";
export {
  decodeRunLengths,
  encodeRunLengths,
  formatRunLengths,
  mergeRunLengths,
  parseRunLengths,
  type RunCounts,
  runLengthArea,
  runLengthBox,
  type RunLengths,
} from "./run_length.ts";
export * from "./warp.ts";
