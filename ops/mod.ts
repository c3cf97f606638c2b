/** Operations on tensors, each with its gradient. @module */
import "./algebra.ts"; // gives tensors their methods

export * from "./argmax.ts";
export * from "./arithmetic.ts";
export * from "./avg_pool2d.ts";
export * from "./batch_norm.ts";
export * from "./cast.ts";
export * from "./compare.ts";
export { concat, slice, stack } from "./concat.ts";
export { conv2d, type Conv2dOptions } from "./conv2d.ts";
export * from "./conv_transpose2d.ts";
export * from "./elementary.ts";
export * from "./fill.ts";
export * from "./gather.ts";
export * from "./matmul.ts";
export * from "./max_pool2d.ts";
export * from "./nearest_by_tag.ts";
export * from "./neighbours_at.ts";
export * from "./one_hot.ts";
export * from "./pad.ts";
export * from "./permute.ts";
export { formula, pointwise, type PointwiseDefinition, type PointwiseOp } from "./pointwise.ts";
export * from "./random.ts";
export * from "./recompute.ts";
export * from "./reduce.ts";
export * from "./relu.ts";
export * from "./reshape.ts";
export * from "./resize2d.ts";
export * from "./softmax.ts";
export * from "./stop_gradient.ts";
export * from "./suppress_non_maxima.ts";
export { topK } from "./top_k.ts";
export * from "./upsample2d.ts";
export type { WindowOptions } from "./window.ts";
