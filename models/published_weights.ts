/**
 * The weights of {@linkcode PoseNet} that others have published, under our names.
 *
 * | from       | file                                   | names                          | what is done to them        |
 * | ---------- | -------------------------------------- | ------------------------------ | --------------------------- |
 * | authors    | pose-ae-train, `checkpoint.pth.tar`    | ours after `model.module.`     | nothing                     |
 * | mmpose     | mmpose 0.x, `hourglass_ae_coco_512x512`| `backbone.hourglass_modules.…` | batch norms are folded      |
 * | tensorflow | pose-ae-demo, variables of `my_model`  | `0_4_up1/weights`, `cnv1/…`, … | axes and channels are moved |
 *
 * Folding: mmpose's blocks are conv (without bias) → norm → ReLU, and a norm with fixed statistics is a factor and a
 * shift of each output channel, which a convolution can take over:
 *
 *     weight' = weight · γ / √(var + 1e-5)        bias' = β − mean · γ / √(var + 1e-5)
 *
 * TensorFlow's kernels are [kH, kW, C, O]. Of the 68 output channels of pose-ae-demo the first 17 are heatmaps and the
 * *last* 17 are tags; here tags follow heatmaps, and the channels that nobody reads come last. A network with 17 output
 * channels, as pose-ae-demo's for refinement, has no tags: it looks at one person at a time.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import { type HostArray, hostArray, type Shape, sizeOf } from "../core/host_array.ts";
import { variables } from "../nn/mod.ts";
import { PoseNet, type PoseNetOptions } from "./pose_net.ts";

/** Who published the weights. */
export type WeightOrigin = "authors" | "mmpose" | "tensorflow";

/** How one variable of ours comes from published tensors. */
export interface WeightRecipe {
  /** Shape of our variable. */
  readonly shape: Shape;
  /** The published tensors, by their names in the file. */
  readonly sources: readonly string[];
  /** Compute it from their values, in the same order. */
  readonly make: (sources: readonly HostArray[]) => HostArray;
}

/** What a file of published weights is made into. */
export interface WeightTranslation {
  /** Settings of the network. */
  readonly options: PoseNetOptions;
  /** By the paths of {@linkcode variables}. */
  readonly recipes: ReadonlyMap<string, WeightRecipe>;
}

/** What an origin calls things and how it stores them; names without what all of a file's have in front. */
interface Dialect {
  /** The first head's weights, which every network has: what stands before them is the file's prefix. */
  readonly mark: string;
  /** Settings that the sizes do not tell. */
  readonly options: (has: (name: string) => boolean) => PoseNetOptions;
  /** The origin's name of a block, from ours without `.conv`. */
  readonly block: (path: string, depth: number) => string;
  /** The recipe of a block's weight or bias. */
  readonly recipe: (
    block: string,
    field: "weight" | "bias",
    at: { readonly path: string; readonly has: (name: string) => boolean },
  ) => Pick<WeightRecipe, "sources" | "make">;
  /** The name of a block's kernels. */
  readonly weight: (block: string) => string;
  /** Sizes of a kernel as [O, C, kH, kW]. */
  readonly kernel: (shape: Shape) => Shape;
}

const same = ([array]: readonly HostArray[]): HostArray => array;

const dialects: Readonly<Record<WeightOrigin, Dialect>> = {
  authors: {
    mark: "outs.0.conv.weight",
    options: (has) => ({ batchNorm: has("pre.0.bn.weight") ? "authors" : "none" }),
    block: (path) => path,
    weight: (block) => `${block}.conv.weight`,
    kernel: (shape) => shape,
    recipe: (block, field) => ({ sources: [`${block}.conv.${field}`], make: same }),
  },
  mmpose: {
    mark: "backbone.out_convs.0.conv.weight",
    options: () => ({ imageNorm: "imagenet" }),
    block: (path) =>
      "backbone." + path.replace(/^pre\./, "stem.")
        .replace(/^features\./, "hourglass_modules.")
        .replace(/^outs\./, "out_convs.")
        .replace(/^merge_preds\.(\d+)\.conv$/, "remap_out_convs.$1")
        .replace(/^merge_features\.(\d+)\.conv$/, "remap_feature_convs.$1"),
    weight: (block) => `${block}.conv.weight`,
    kernel: (shape) => shape,
    recipe(block, field, { has }) {
      const conv = `${block}.conv.${field}`;
      const bn = (name: string) => `${block}.bn.${name}`;
      if (!has(bn("weight"))) return { sources: [conv], make: same };
      return field === "weight"
        ? { sources: [conv, bn("weight"), bn("running_var")], make: foldedWeight }
        : {
          sources: ["bias", "running_mean", "weight", "running_var"].map(bn),
          make: foldedBias,
        };
    },
  },
  tensorflow: {
    mark: "out_0/weights",
    options: () => ({ release: "tensorflow" }),
    block: tensorflowBlock,
    weight: (block) => `${block}/weights`,
    kernel: ([kH, kW, C, O]) => [O, C, kH, kW],
    recipe: (block, field, { path }) => ({
      sources: [`${block}/${field === "weight" ? "weights" : "biases"}`],
      make: ([array]) => fromTensorflow(array, path),
    }),
  },
};

/** What mmpose's batch norms add to variances: PyTorch's default. */
const EPSILON = 1e-5;

function foldedWeight([weight, gamma, variance]: readonly HostArray[]): HostArray {
  const perOutput = sizeOf(weight.shape) / weight.shape[0];
  const data = weight.data.map((value, i) => {
    const o = Math.floor(i / perOutput);
    return value * gamma.data[o] / Math.sqrt(variance.data[o] + EPSILON);
  });
  return { shape: weight.shape, data };
}

function foldedBias([beta, mean, gamma, variance]: readonly HostArray[]): HostArray {
  const data = beta.data.map((value, o) =>
    value - mean.data[o] * gamma.data[o] / Math.sqrt(variance.data[o] + EPSILON)
  );
  return { shape: beta.shape, data };
}

/** Blocks of the TensorFlow network; the hourglasses count their levels from the bottom, which is 1. */
function tensorflowBlock(path: string, depth: number): string {
  const stem: Record<string, string> = {
    "pre.0": "cnv1",
    "pre.1": "cnv2",
    "pre.3": "cnv2b",
    "pre.4": "cnv3",
    "pre.5": "cnv4",
  };
  if (path in stem) return stem[path];
  const [, s, block, inside = ""] = /^features\.(\d+)\.(\d)(?:\.(.*))?$/.exec(path) ?? [];
  if (block === "0") {
    const fields = inside.split(".");
    return `${s}_${depth + 1 - fields.length}_${fields.at(-1)}`;
  }
  if (block) return `${block === "1" ? "cnv5" : "cnv6"}_${s}`;
  return path.replace(/^outs\./, "out_").replace(/^merge_preds\.(\d+)\.conv$/, "tmp_out_$1")
    .replace(/^merge_features\.(\d+)\.conv$/, "tmp_$1");
}

/** K of COCO's people; tags are one number each. */
const KEYPOINTS = 17;

function fromTensorflow(array: HostArray, path: string): HostArray {
  const moved = array.shape.length === 4 ? outputsFirst(array) : array;
  if (path === "pre.0" && moved.shape.length === 4) return paddedKernel(moved);
  if (path.startsWith("outs.")) return reordered(moved, 0);
  if (path.startsWith("merge_preds.") && moved.shape.length === 4) return reordered(moved, 1);
  return moved;
}

/** [kH, kW, C, O] to [O, C, kH, kW]. */
function outputsFirst({ shape: [kH, kW, C, O], data }: HostArray): HostArray {
  const moved = hostArray([O, C, kH, kW]);
  let from = 0;
  for (let pixel = 0; pixel < kH * kW; pixel++) {
    for (let c = 0; c < C; c++) {
      for (let o = 0; o < O; o++) moved.data[(o * C + c) * kH * kW + pixel] = data[from++];
    }
  }
  return moved;
}

/** Two rows of zeros above and two columns to the left: see pose_net.ts. */
function paddedKernel({ shape: [O, C, kH, kW], data }: HostArray): HostArray {
  const padded = hostArray([O, C, kH + 2, kW + 2]);
  for (let i = 0; i < data.length; i++) {
    const [plane, y, x] = [Math.floor(i / (kH * kW)), Math.floor(i / kW) % kH, i % kW];
    padded.data[(plane * (kH + 2) + y + 2) * (kW + 2) + x + 2] = data[i];
  }
  return padded;
}

/** Heatmaps, tags, the rest, where tags were last along `axis` (0 or 1); heatmaps alone stay as they are. */
function reordered({ shape, data }: HostArray, axis: 0 | 1): HostArray {
  const channels = shape[axis];
  const inner = sizeOf(shape.slice(axis + 1));
  const result = hostArray(shape);
  const rest = channels - 2 * KEYPOINTS;
  for (let i = 0; i < data.length; i += inner) {
    const row = i / inner;
    const c = row % channels;
    const from = c < KEYPOINTS ? c : c < 2 * KEYPOINTS ? c + rest : c - KEYPOINTS;
    const begin = (row - c + from) * inner;
    result.data.set(data.subarray(begin, begin + inner), i);
  }
  return result;
}

/**
 * Whose names a file's tensors have; undefined if nobody's.
 *
 * @param names The tensors' names.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { originOfWeights } from "ae";
 *
 * assert.equal(originOfWeights(["model.module.outs.0.conv.weight"]), "authors");
 * assert.equal(originOfWeights(["layer1.0.conv1.weight"]), undefined);
 * ```
 */
export function originOfWeights(names: Iterable<string>): WeightOrigin | undefined {
  const all = [...names];
  return (Object.keys(dialects) as WeightOrigin[]).find((origin) =>
    prefixIn(all, dialects[origin].mark) !== undefined
  );
}

/** What stands before a file's names, e.g. `model.module.` or `my_model/`, if one of them is `mark` behind that. */
export function prefixIn(names: Iterable<string>, mark: string): string | undefined {
  for (const name of names) {
    const prefix = name.slice(0, -mark.length);
    if (name.endsWith(mark) && /^$|[./]$/.test(prefix)) return prefix;
  }
}

/**
 * How published weights become ours: the network's settings, read from the shapes, and a recipe for every variable.
 * A recipe may ask for tensors that the file does not have: compare `sources` with its names.
 *
 * @param origin Whose names they are.
 * @param shapes The file's tensors by name.
 * @throws {InputError} If the tensors that tell the network's sizes are missing or make no sense, or the network has
 * neither 17 output channels, heatmaps of 17 keypoints, nor 34 or more, heatmaps and tags.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { PoseNet, translateWeights, variables } from "ae";
 *
 * const model = new PoseNet({ stacks: 1, channels: 8, increase: 4 });
 * const shapes = [...variables(model)].map(([name, { shape }]) => [`module.${name}`, shape] as const);
 * const { options, recipes } = translateWeights("authors", new Map(shapes));
 * assert.deepEqual([options.channels, options.increase], [8, 4]);
 * assert.deepEqual(recipes.get("outs.0.conv.bias")!.sources, ["module.outs.0.conv.bias"]);
 * ```
 */
export function translateWeights(
  origin: WeightOrigin,
  shapes: ReadonlyMap<string, Shape>,
): WeightTranslation {
  const dialect = dialects[origin];
  const prefix = prefixIn(shapes.keys(), dialect.mark);
  if (prefix === undefined) throw new InputError(`has no tensor ${dialect.mark}`);
  const sizes = sizesOf(dialect, prefix, shapes);
  const has = (source: string) => shapes.has(source);
  const options = { ...dialect.options((name) => has(prefix + name)), ...sizes };
  const recipes = new Map<string, WeightRecipe>();
  for (const [name, { shape }] of variables(new PoseNet(options))) {
    const [, path, field] = /^(.*)\.conv\.(weight|bias)$/.exec(name) ?? [];
    // Norms are only in networks of the authors' names, which are ours.
    const recipe = path === undefined ? { sources: [prefix + name], make: same } : dialect.recipe(
      prefix + dialect.block(path, sizes.depth),
      field as "weight" | "bias",
      { path, has },
    );
    recipes.set(name, { shape, ...recipe });
  }
  return { options, recipes };
}

/** Stacks, channels, depth and widths, from the shapes of the kernels that tell them. */
function sizesOf(
  dialect: Dialect,
  prefix: string,
  shapes: ReadonlyMap<string, Shape>,
): PoseNetOptions & { readonly depth: number } {
  const kernelOf = (path: string, depth: number) => {
    const shape = shapes.get(prefix + dialect.weight(dialect.block(path, depth)));
    return shape?.length === 4 ? dialect.kernel(shape) : undefined;
  };
  /** The kernel that goes down from a level, if the hourglass has `depth` of them. */
  const low1 = (level: number, depth: number) =>
    kernelOf(`features.0.0.${"low2.".repeat(level)}low1`, depth);
  // Some names count levels from the top, some from the bottom: the deepest that both ends allow.
  let depth = 0;
  while (low1(0, depth + 1) && low1(depth, depth + 1)) depth++;
  let stacks = 0;
  while (kernelOf(`outs.${stacks}`, depth)) stacks++;
  if (depth === 0) {
    const name = prefix + dialect.weight(dialect.block("features.0.0.low1", 1));
    throw new InputError(`has no hourglass: ${name} is missing or no kernel`);
  }
  const [outputs, channels] = kernelOf("outs.0", depth)!;
  const [wide] = low1(0, depth)!;
  const [wider] = depth > 1 ? low1(1, depth)! : [2 * wide - channels];
  if (outputs !== KEYPOINTS && outputs < 2 * KEYPOINTS) {
    throw new InputError(
      `has ${outputs} output channels; heatmaps of ${KEYPOINTS} keypoints are 17, with tags 34 or more\n` +
        "  help: only networks for COCO's keypoints can be imported",
    );
  }
  const outputSizes = outputs === KEYPOINTS
    ? { tagDimensions: 0, extraChannels: 0 }
    : { extraChannels: outputs - 2 * KEYPOINTS };
  const sizes = { increase: wide - channels, innerIncrease: wider - wide };
  if (Object.values(sizes).some((size) => size < 0)) {
    throw new InputError(`has hourglasses that become narrower: ${channels}, ${wide}, ${wider}`);
  }
  return { stacks, channels, depth, ...outputSizes, ...sizes };
}
