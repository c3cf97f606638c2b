/** Losses: heatmaps, tags (of pictures and over the frames of clips), and both over all stacks. @module */
export * from "./heatmap_loss.ts";
export * from "./tag_loss.ts";
export * from "./temporal_tag_loss.ts";
export * from "./pose_loss.ts";
