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
 *     metrics    OKS, figures of COCO, CrowdPose, MPII, VOC and tracking, errors, grouping accuracy
 *     display    pictures: poses, masks, heatmaps, tags, tracks, charts, reports
 *     pose       skeletons and people
 *     instance   things of a class, pixel by pixel
 *     track      who is who over the frames of a video
 *     image, io  pictures and files
 *     jupyter    what shows itself in a notebook
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
export * from "./track/mod.ts";
export * from "./image/mod.ts";
export * from "./decoders/mod.ts";
export * from "./metrics/mod.ts";
export * from "./display/mod.ts";
export * from "./io/mod.ts";
export * from "./jupyter/mod.ts";
