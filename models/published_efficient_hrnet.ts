/**
 * The weights of {@linkcode EfficientHrNet} that its authors have published, under our names, which are theirs:
 *
 *     file        pretrained models H0 to H-4, linked in TeCSAR-UNCC/EfficientHRNet's README;
 *                 `checkpoint.pth.tar`, `model_best.pth.tar` or `final_state….pth.tar` of their `tools/dist_train.py`
 *     names       ours, in a checkpoint behind `module.` (or `module.1.`, trained with 16-bit floats)
 *     left over   `….num_batches_tracked`, a count that PyTorch's norms need only without a fixed momentum
 *
 * The width of the finest branch tells which network it is. The linked files have not been seen here: names and shapes
 * are those of the authors' code. What `import-weights` makes of them the commands take, and a program:
 *
 *     const file = await readSafetensors("h0.safetensors");
 *     const model = new EfficientHrNet(JSON.parse(file.metadata.options));
 *     await loadState(model, floatWeights(file));
 *     const { heatmaps, tags } = model.mapsOf(images);
 *
 * The backbone's ImageNet weights, linked there too, have the names of `features`; the last of those and `classifier`,
 * which make classes, are not in this network: `loadState({ features: model.features }, …)` takes the others.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import type { Shape } from "../core/host_array.ts";
import { disposeModel } from "../nn/mod.ts";
import {
  EFFICIENT_HRNETS,
  EfficientHrNet,
  type EfficientHrNetName,
  type EfficientHrNetOptions,
} from "./efficient_hrnet.ts";
import { recipesByName } from "./published_names.ts";
import { prefixIn, type WeightRecipe } from "./published_weights.ts";

/** What a file of EfficientHRNet's weights is made into. */
export interface EfficientHrNetTranslation {
  /** Which of the paper's networks it is. */
  readonly name: EfficientHrNetName;
  /** Its settings. */
  readonly options: EfficientHrNetOptions;
  /** By the paths of {@linkcode variables}. */
  readonly recipes: ReadonlyMap<string, WeightRecipe>;
}

/** A tensor that no other network of these names has: what stands before it is the file's prefix. */
const MARK = "trans1_branch1.0.weight";

/** The head of heatmaps and tags. */
const HEAD = "final_layers.0.weight";

/** Channels of the head: heatmaps and tags of COCO's 17 keypoints. */
const OUTPUTS = 34;

const HELP = "only the paper's networks, H0 to H-4, can be imported";

/**
 * Whether a file's tensors have the names of EfficientHRNet.
 *
 * @param names The tensors' names.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { isEfficientHrNet } from "ae";
 *
 * assert.ok(isEfficientHrNet(["module.trans1_branch1.0.weight"]));
 * assert.ok(!isEfficientHrNet(["transition1.0.0.weight"]));
 * ```
 */
export function isEfficientHrNet(names: Iterable<string>): boolean {
  return prefixIn(names, MARK) !== undefined;
}

/**
 * How published weights become those of an {@linkcode EfficientHrNet}: which of the paper's networks it is, and a recipe
 * for every variable. A recipe may ask for tensors that the file does not have, or that have another shape: compare
 * `sources` and `shape` with the file.
 *
 * @param shapes The file's tensors by name.
 * @throws {InputError} If the names are not EfficientHRNet's, its finest branch is as wide as in none of the paper's
 * networks, its maps are not heatmaps and tags of 17 keypoints, or it has more layers than the paper's.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { EFFICIENT_HRNETS, EfficientHrNet, translateEfficientHrNet, variables } from "ae";
 *
 * const theirs = new EfficientHrNet(EFFICIENT_HRNETS["H-4"].options);
 * const shapes = [...variables(theirs)].map(([name, { shape }]) => [`module.${name}`, shape] as const);
 * const { name, recipes } = translateEfficientHrNet(new Map(shapes));
 * assert.equal(name, "H-4");
 * assert.deepEqual(recipes.get("final_layers.1.bias")!.sources, ["module.final_layers.1.bias"]);
 * ```
 */
export function translateEfficientHrNet(
  shapes: ReadonlyMap<string, Shape>,
): EfficientHrNetTranslation {
  const prefix = prefixIn(shapes.keys(), MARK);
  if (prefix === undefined) throw new InputError(`has no tensor ${MARK}`);
  const name = nameOf(shapes.get(prefix + MARK)!);
  const outputs = shapes.get(prefix + HEAD)?.[0] ?? OUTPUTS;
  if (outputs !== OUTPUTS) {
    throw new InputError(
      `has ${outputs} output channels; heatmaps and tags of 17 keypoints are ${OUTPUTS}\n` +
        "  help: only networks for COCO's keypoints can be imported",
    );
  }
  const options: EfficientHrNetOptions = {
    ...EFFICIENT_HRNETS[name].options,
    imageNorm: "imagenet",
  };
  const model = new EfficientHrNet(options);
  const recipes = recipesByName(model, {
    ...{ shapes, name, help: HELP },
    sourceOf: (path) => prefix + path,
  });
  disposeModel(model);
  return { name, options, recipes };
}

/** The network whose finest branch is so wide: O of [O, C, kH, kW]. */
function nameOf([width]: Shape): EfficientHrNetName {
  const names = Object.keys(EFFICIENT_HRNETS) as EfficientHrNetName[];
  const widthOf = (name: EfficientHrNetName) => EFFICIENT_HRNETS[name].options.channels?.[0];
  const found = names.find((name) => widthOf(name) === width);
  if (found) return found;
  const known = names.map((name) => `${widthOf(name)} (${name})`).join(", ");
  throw new InputError(
    `its finest branch has ${width} channels, ${MARK}; the paper's have ${known}`,
  );
}
