/** Losses: heatmaps, tags, and both over all stacks. @module */
export * from "./heatmap_loss.ts";
export * from "./tag_loss.ts";
export * from "./pose_loss.ts";
