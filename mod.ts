/**
 * Associative embedding on WebGPU: a small tensor library, the stacked hourglass, the tag loss, and the
 * decoders that turn heatmaps and tags into people.
 *
 *     core       tensors: described, planned, run, differentiated, compiled
 *     ops        operations, one file each: shape rule, shader, gradient
 *     nn, optim  layers, first values, optimisers, learning-rate schedules
 *     models     hourglass, PoseNet, presets
 *     losses     heatmap loss, tag loss (pull and push)
 *     decoders   peaks, grouping by tag, refinement: people from maps
 *     metrics    OKS, figures of COCO, CrowdPose, MPII and VOC, errors, grouping accuracy
 *     display    pictures: poses, masks, heatmaps, tags, charts, reports
 *     pose       skeletons and people
 *     instance   things of a class, pixel by pixel
 *     image, io  pictures and files
 *
 * Data sets are in `ae/data`.
 *
 * @module
 */
export * from "./core/mod.ts";
export * from "./ops/mod.ts";
export * from "./nn/mod.ts";
export * from "./optim/mod.ts";
export * from "./models/mod.ts";
export * from "./losses/mod.ts";
export * from "./pose/mod.ts";
export * from "./instance/mod.ts";
export * from "./image/mod.ts";
export * from "./decoders/mod.ts";
export * from "./metrics/mod.ts";
export * from "./display/mod.ts";
export * from "./io/mod.ts";
