/** Optimisers, learning-rate schedules and gradient clipping. @module */
export {
  type Optimizer,
  type Parameters,
  setLearningRate,
  type UpdateOptions,
} from "./optimizer.ts";
export * from "./adam.ts";
export * from "./rmsprop.ts";
export * from "./sgd.ts";
export * from "./clip.ts";
export * from "./loss_scale.ts";
export * from "./schedule.ts";
