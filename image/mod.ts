/** Pictures: reading, writing, bending, resizing, masks. No GPU. @module */
export * from "./affine.ts";
export * from "./jpeg.ts";
export * from "./mask.ts";
export * from "./png.ts";
export * from "./polygon.ts";
export * from "./read_image.ts";
export * from "./resize.ts";
export * from "./rgb_image.ts";
export * from "./run_length.ts";
export * from "./warp.ts";
