/**
 * Published weights that have our names, since our fields are named after the authors' tensors: every variable is made of
 * the tensor of its own name, as it is. What HigherHRNet's files (published_higher_hrnet.ts) and EfficientHRNet's
 * (published_efficient_hrnet.ts) have in common.
 *
 * @module
 */
import { InputError } from "../core/errors.ts";
import type { Shape } from "../core/host_array.ts";
import { variables } from "../nn/mod.ts";
import type { WeightRecipe } from "./published_weights.ts";

/** A file, the network that it seems to hold, and what to say where that network lacks something. */
export interface NamedWeights {
  /** The file's tensors by name. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** The file's name of a variable, or of the layers that several variables begin with. */
  readonly sourceOf: (path: string) => string;
  /** The network's name in errors. */
  readonly name: string;
  /** Which networks can be imported. */
  readonly help: string;
}

/**
 * A recipe for every variable of a model. A recipe may ask for tensors that the file does not have, or that have another
 * shape: compare `sources` and `shape` with the file.
 *
 * @throws {InputError} If the file has layers that the model does not have: without them it would not say what theirs does.
 */
export function recipesByName(
  model: object,
  { shapes, sourceOf, name, help }: NamedWeights,
): Map<string, WeightRecipe> {
  const recipes = new Map(
    [...variables(model)].map(([path, { shape }]) => [
      path,
      { shape, sources: [sourceOf(path)], make: ([array]) => array } satisfies WeightRecipe,
    ]),
  );
  const taken = new Set([...recipes.keys()].map(sourceOf));
  const parts = new Set([...recipes.keys()].map((path) => `${sourceOf(path.split(".")[0])}.`));
  for (const tensor of shapes.keys()) {
    if (taken.has(tensor) || tensor.endsWith(".num_batches_tracked")) continue;
    if (![...parts].some((part) => tensor.startsWith(part))) continue; // beside the network: an optimiser, a classifier
    throw new InputError(
      `is as wide as ${name}, but has a tensor ${tensor}, which ${name} does not have\n` +
        `  help: ${help}`,
    );
  }
  return recipes;
}
