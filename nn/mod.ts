/** Layers and their parameters. @module */
export * from "./module.ts";
export * from "./init.ts";
export * from "./conv2d.ts";
export * from "./conv_transpose2d.ts";
export * from "./batch_norm2d.ts";
