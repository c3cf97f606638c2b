/**
 * The weights of {@linkcode HigherHrNet} that its authors or mmpose have published, under our names, which are the authors':
 *
 *     file        linked in HRNet/HigherHRNet-Human-Pose-Estimation's README; `model_best.pth.tar`,
 *                 `checkpoint.pth.tar` or `final_state….pth.tar` of their `tools/dist_train.py`
 *     names       ours, in a checkpoint behind `module.`, of networks trained with 16-bit floats behind `1.`
 *     left over   `….num_batches_tracked`, a count that PyTorch's norms need only without a fixed momentum
 *
 * The finest branch tells the width, the last head the keypoints: COCO's 17 or CrowdPose's 14. Heatmaps and tags at a
 * quarter of the image's size, heatmaps alone at half of it (`WITH_AE_LOSS: [True, False]`), a tag for each keypoint, one
 * transposed convolution of 4 × 4 (`NUM_DECONVS: 1`): so are all the authors' `experiments`. Of images they subtract
 * ImageNet's mean and divide by its deviation (`tools/valid.py`).
 *
 * | name | image | parameters |
 * | ---- | ----- | ---------- |
 * | W32  | 512   | 28.6 M     |
 * | W48  | 640   | 63.8 M     |
 *
 * W32 was also trained with images of 640 pixels, which a file does not tell: `--image-size 640`.
 *
 * mmpose 0.x trained the same networks, in two parts: before the authors' names stand `backbone.` and, at the heads,
 * `keypoint_head.` (its `models/backbones/hrnet.py`, `models/heads/ae_higher_resolution_head.py`; layers, kernels and the
 * sums of branches are the authors', images too are normalised with ImageNet's figures). Its configurations of W48 have
 * images of 512 pixels. Of 14 keypoints it also has AI Challenger's, whose order is another than CrowdPose's: a file
 * does not tell which, and CrowdPose's is taken. Its networks for one person or with one size of maps lack the heads.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import type { Shape } from "../core/host_array.ts";
import { disposeModel } from "../nn/mod.ts";
import { HigherHrNet, type HigherHrNetOptions } from "./higher_hrnet.ts";
import { recipesByName } from "./published_names.ts";
import { prefixIn, type WeightRecipe } from "./published_weights.ts";

/** What a file of HigherHRNet's weights is made into. */
export interface HigherHrNetTranslation {
  /** `W32` or `W48` in the paper; W and the width. */
  readonly name: string;
  /** Its settings. */
  readonly options: HigherHrNetOptions & { readonly keypoints: number };
  /** Height and width of the images that the authors trained it with, pixels. */
  readonly imageSize: number;
  /** By the paths of {@linkcode variables}. */
  readonly recipes: ReadonlyMap<string, WeightRecipe>;
}

/** A tensor that every such network has: what stands before it is the file's prefix. */
const MARK = "transition1.0.0.weight";

/** The heads: heatmaps and tags, and the finer heatmaps. */
const COARSE_HEAD = "final_layers.0.weight", FINE_HEAD = "final_layers.1.weight";

/** Variables of the heads. */
const HEADS = /^(final|deconv)_layers/;

/** K of COCO and of CrowdPose. */
const KEYPOINTS = [17, 14];

/** More modules than this no stage has: the paper's have 1, 4 and 3. */
const MOST_MODULES = 16;

/** Where mmpose puts the layers, before the authors' names. */
const MMPOSE = { layers: "backbone.", heads: "keypoint_head." };

const HELP = "networks with the blocks and heads of the authors' experiments can be imported";

/**
 * Whether a file's tensors have the names of HigherHRNet.
 *
 * @param names The tensors' names.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { isHigherHrNet } from "ae";
 *
 * assert.ok(isHigherHrNet(["1.transition1.0.0.weight"]));
 * assert.ok(isHigherHrNet(["backbone.transition1.0.0.weight"])); // mmpose's
 * assert.ok(!isHigherHrNet(["module.trans1_branch1.0.weight"]));
 * ```
 */
export function isHigherHrNet(names: Iterable<string>): boolean {
  return prefixIn(names, MARK) !== undefined;
}

/**
 * How published weights become those of a {@linkcode HigherHrNet}: its width, modules and keypoints, and a recipe for
 * every variable. A recipe may ask for tensors that the file does not have, or that have another shape: compare `sources`
 * and `shape` with the file.
 *
 * @param shapes The file's tensors by name.
 * @throws {InputError} If the names are not HigherHRNet's, it has layers that HigherHRNet does not have, or its maps are
 * not heatmaps and tags of 17 or 14 keypoints and finer heatmaps.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { HigherHrNet, translateHigherHrNet, variables } from "ae";
 *
 * const theirs = new HigherHrNet({ width: 4, modules: [1, 1, 1] });
 * const shapes = [...variables(theirs)].map(([name, { shape }]) => [`1.${name}`, shape] as const);
 * const { name, options, recipes } = translateHigherHrNet(new Map(shapes));
 * assert.equal(name, "W4");
 * assert.deepEqual(options.modules, [1, 1, 1]);
 * assert.deepEqual(recipes.get("final_layers.1.bias")!.sources, ["1.final_layers.1.bias"]);
 * ```
 */
export function translateHigherHrNet(shapes: ReadonlyMap<string, Shape>): HigherHrNetTranslation {
  const prefix = prefixIn(shapes.keys(), MARK);
  if (prefix === undefined) throw new InputError(`has no tensor ${MARK}`);
  const shape = shapes.get(prefix + MARK)!;
  const [width] = shape;
  if (shape.length !== 4 || width === 0) {
    throw new InputError(`${prefix + MARK} is no kernel: its shape is [${shape.join(", ")}]`);
  }
  const isMmpose = prefix.endsWith(MMPOSE.layers);
  const headPrefix = isMmpose ? prefix.slice(0, -MMPOSE.layers.length) + MMPOSE.heads : prefix;
  const options = {
    width,
    keypoints: keypointsOf(shapes, headPrefix),
    modules: modulesOf(shapes, prefix),
    imageNorm: "imagenet",
  } as const;
  const name = `W${width}`;
  const model = new HigherHrNet(options);
  const recipes = recipesByName(model, {
    ...{ shapes, name, help: HELP },
    sourceOf: (path) => (HEADS.test(path) ? headPrefix : prefix) + path,
  });
  disposeModel(model);
  return { name, options, imageSize: width === 48 && !isMmpose ? 640 : 512, recipes };
}

/** K: the channels of the finer heatmaps, and half of those of heatmaps and tags. COCO's where a head is missing. */
function keypointsOf(shapes: ReadonlyMap<string, Shape>, prefix: string): number {
  const [coarse, fine] = [COARSE_HEAD, FINE_HEAD].map((head) => shapes.get(prefix + head)?.[0]);
  const keypoints = fine ?? (coarse === undefined ? KEYPOINTS[0] : coarse / 2);
  if (KEYPOINTS.includes(keypoints) && (coarse ?? 2 * keypoints) === 2 * keypoints) {
    return keypoints;
  }
  throw new InputError(
    `has heads of ${coarse ?? "no"} and ${fine ?? "no"} channels; heatmaps and tags, and finer ` +
      "heatmaps, are 34 and 17 of COCO's keypoints, 28 and 14 of CrowdPose's\n" +
      `  help: ${HELP}`,
  );
}

/** How many modules the stages 2, 3 and 4 have; the paper's number where none is there. */
function modulesOf(
  shapes: ReadonlyMap<string, Shape>,
  prefix: string,
): readonly [number, number, number] {
  const found = [1, 4, 3].map((usual, s) => {
    const stage = `${prefix}stage${s + 2}.`;
    const numbers = [...shapes.keys()].filter((name) => name.startsWith(stage))
      .map((name) => name.slice(stage.length).split(".")[0]);
    return new Set(numbers).size || usual;
  });
  const [stage2, stage3, stage4] = found;
  if (Math.max(...found) <= MOST_MODULES) return [stage2, stage3, stage4];
  throw new InputError(`has stages of ${found.join(", ")} modules, the paper's have 1, 4, 3`);
}
