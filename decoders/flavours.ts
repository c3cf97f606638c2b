/**
 * How others decode, as options of one decoder. Every line is an option of {@linkcode decodePoses}, whose documentation
 * says what it does; the first column is what you get without any.
 *
 * | option            | default | paper   | pose-ae-train | pose-ae-demo | higher-hrnet | mmpose  |
 * | ----------------- | ------- | ------- | ------------- | ------------ | ------------ | ------- |
 * | threshold         | 0.1     | 0.1 ?   | 0.1           | 0.03         | 0.1          | 0.1     |
 * | kernel            | 3       | 3 ?     | 3             | 3            | 5            | 5       |
 * | maxPeaks          | 30      | 30 ?    | 30            | 30           | 30           | 30      |
 * | plateaus          | all     | all     | all           | all          | all          | all     |
 * | groupingOrder     | head first | head first | head first | head first | head first   | head first |
 * | maxTagDistance    | 1       | 1 ?     | 1             | 1            | 1            | 1       |
 * | tagDistance       | rms     | l2 ?    | rms           | rms          | l2           | l2      |
 * | rounding          | whole   | none ?  | whole         | whole        | whole        | whole   |
 * | nearestInImage    | no      | no      | no            | no           | no           | no      |
 * | ties              | nearest | nearest | authors       | authors      | authors      | authors |
 * | equalTags         | separate | separate | overwrite   | overwrite    | overwrite    | separate |
 * | maxPeople         | 30      | 30 ?    | 30            | 30           | 30           | 30      |
 * | crowds            | best    | best    | stop          | cut          | first        | cut     |
 * | adjust            | quarter | quarter ? | quarter     | quarter      | quarter      | none    |
 * | centreShift       | 0.5     | 0.5     | 0.5           | 0.5          | 0.5          | 0.5     |
 * | fill              | yes     | no      | yes           | no           | yes          | yes     |
 * | filledScore       | one     | –       | one           | –            | heatmap      | heatmap |
 * | bounds            | map     | –       | authors       | –            | map          | map     |
 * | tagWeight         | 1       | –       | 1             | –            | 1            | 100     |
 * | fillNeeds         | above 0 | –       | above 0       | –            | above 0      | nothing |
 * | fillFrom          | all     | –       | all           | –            | all          | peaks   |
 * | scoreOf           | found   | found   | found         | found        | found        | filled  |
 * | duplicatesWithin  | 0       | 0       | 0             | 0            | 0            | 0       |
 * | missing (results) | mean    | mean    | mean          | zero         | zero         | zero    |
 * | cutOffAt (looks)  | 1       | 1       | 1             | none         | none         | none    |
 * | mirror (looks)    | heatmap pixels | heatmap pixels | image pixels | image pixels | image pixels | image pixels |
 *
 * A question mark: the paper does not say, or we could not read that it does, and something usual stands in. What
 * differs between programs and is no option, because it is not about decoding: the network's input sizes
 * (`--scales` of the command line), and which network.
 *
 * Sources: Newell, Huang and Deng, "Associative Embedding" (NIPS 2017), section 3; pose-ae-train, `test.py`,
 * `utils/group.py`; pose-ae-demo, `main.py`, `util.py`; HigherHRNet-Human-Pose-Estimation, `lib/core/group.py` with the
 * shipped COCO configurations; mmpose 1.x, `codecs/associative_embedding.py` with `ae_hrnet-w32_8xb24-300e_coco-512x512`.
 * OpenVINO's decoder is `higher-hrnet` with `nearestInImage: true` and `adjust: "sign"`, nearly.
 *
 * @module
 */
import { COCO } from "../pose/skeleton.ts";
import type { CocoResultOptions } from "./coco_results.ts";
import type { CombineOptions } from "./combine.ts";
import type { DecodeOptions } from "./decode_poses.ts";

/** One program's way from maps to results. */
export interface Flavour extends Omit<DecodeOptions, "frame"> {
  /** What stands for a missing keypoint in results, see {@linkcode toCocoResults}. */
  readonly missing?: CocoResultOptions["missing"];
  /** What averaged heatmaps are cut off at, see {@linkcode combineScales}. */
  readonly cutOffAt?: CombineOptions["cutOffAt"];
  /**
   * Where the second look's picture is mirrored: so that its pixels fall on each other (`"image pixels"`: every row
   * backwards), or so that the pixels of the heatmaps do (`"heatmap pixels"`), see {@linkcode mirrorImages}.
   * @default {"heatmap pixels"}
   */
  readonly mirror?: "image pixels" | "heatmap pixels";
}

/** The names of flavours. */
export type DecoderName =
  | "default"
  | "paper"
  | "pose-ae-train"
  | "pose-ae-demo"
  | "higher-hrnet"
  | "mmpose";

/** What all flavours agree on. */
const COMMON = {
  threshold: 0.1,
  kernel: 3,
  maxPeaks: 30,
  plateaus: "all",
  groupingOrder: COCO.groupingOrder,
  maxTagDistance: 1,
  tagDistance: "rms",
  rounding: "whole",
  nearestInImage: false,
  ties: "authors",
  equalTags: "overwrite",
  maxPeople: 30,
  adjust: "quarter",
  centreShift: 0.5,
  scoreOf: "found",
  duplicatesWithin: 0,
  mirror: "image pixels",
} as const;

const FILLING = {
  fill: true,
  filledScore: "one",
  bounds: "map",
  tagWeight: 1,
  fillNeeds: "above 0",
  fillFrom: "all",
} as const;

/**
 * The flavours by name, each written out in full (print one), but for `default`, which is empty. They are for COCO's 17
 * keypoints; for others give your own `groupingOrder` after them.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodePoses, DECODERS, hostArray } from "ae";
 *
 * const heatmaps = hostArray([17, 1, 8]), tags = hostArray([1, 17, 1, 8]);
 * heatmaps.data[3] = 0.05; // a faint nose
 * assert.equal(decodePoses(heatmaps, tags, DECODERS["pose-ae-train"]).length, 0);
 * assert.equal(decodePoses(heatmaps, tags, DECODERS["pose-ae-demo"]).length, 1);
 * assert.equal(DECODERS["pose-ae-demo"].threshold, 0.03);
 * ```
 */
export const DECODERS: Readonly<Record<DecoderName, Flavour>> = {
  default: {},
  paper: {
    ...COMMON,
    tagDistance: "l2",
    rounding: "none",
    ties: "nearest",
    equalTags: "separate",
    crowds: "best",
    fill: false,
    missing: "mean",
    cutOffAt: 1,
    mirror: "heatmap pixels",
  },
  "pose-ae-train": {
    ...COMMON,
    ...FILLING,
    crowds: "stop",
    bounds: "authors",
    missing: "mean",
    cutOffAt: 1,
  },
  "pose-ae-demo": {
    ...COMMON,
    threshold: 0.03,
    crowds: "cut",
    fill: false,
    missing: "zero",
    cutOffAt: Infinity,
  },
  "higher-hrnet": {
    ...COMMON,
    ...FILLING,
    kernel: 5,
    tagDistance: "l2",
    crowds: "first",
    filledScore: "heatmap",
    missing: "zero",
    cutOffAt: Infinity,
  },
  mmpose: {
    ...COMMON,
    ...FILLING,
    kernel: 5,
    tagDistance: "l2",
    equalTags: "separate",
    crowds: "cut",
    adjust: "none",
    filledScore: "heatmap",
    tagWeight: 100,
    fillNeeds: "nothing",
    fillFrom: "peaks",
    scoreOf: "filled",
    missing: "zero",
    cutOffAt: Infinity,
  },
};
