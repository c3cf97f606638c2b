/**
 * Walking the graph of tensors that are described and not yet computed, and describing it anew.
 *
 * @module
 */
import type { Recipe } from "./op.ts";
import { onBehalfOf } from "./origin.ts";
import { Tensor } from "./tensor.ts";

/** The tensor whose buffer a view shows; the tensor itself if it is no view or has a buffer. */
export function resolveView(x: Tensor): Tensor {
  while (x.recipe?.op.view && !x.storage.block) x = x.recipe.inputs[0];
  return x;
}

/** True if it has, or will get, numbers without being computed: a leaf of the plan. */
export function isLeaf(x: Tensor): boolean {
  return x.recipe === null || x.storage.block !== null;
}

/** Every tensor that must be computed for `roots`, in creation order, and the leaves they start from. */
export function ancestors(
  roots: readonly Tensor[],
): { readonly computed: Tensor[]; readonly leaves: Tensor[] } {
  const computed = new Set<Tensor>();
  const leaves = new Set<Tensor>();
  const stack = roots.map(resolveView);
  for (let x = stack.pop(); x; x = stack.pop()) {
    if (isLeaf(x)) {
      leaves.add(x);
    } else if (!computed.has(x)) {
      computed.add(x);
      for (const input of x.recipe!.inputs) stack.push(resolveView(input));
    }
  }
  return { computed: [...computed].sort((a, b) => a.id - b.id), leaves: [...leaves] };
}

/**
 * The same graph with every computed tensor made anew by `make`, from the old one and its recipe on the new inputs.
 * Everything is made anew, so that the order of creation stays the order in which things were asked for.
 *
 * @returns What stands for each of `roots`.
 */
export function rebuild(
  roots: readonly Tensor[],
  make: (x: Tensor, recipe: Recipe) => Tensor,
): Tensor[] {
  const made = new Map<Tensor, Tensor>();
  const standIn = (x: Tensor): Tensor => {
    const known = made.get(x);
    if (known) return known;
    const base = resolveView(x);
    if (base === x || standIn(base) === base) return x;
    return withInputs(x, [standIn(x.recipe!.inputs[0])]); // the same view of what stands for its base
  };
  for (const x of ancestors(roots).computed) {
    const recipe = { ...x.recipe!, inputs: x.recipe!.inputs.map(standIn) };
    made.set(x, onBehalfOf(x, () => make(x, recipe)));
  }
  return roots.map(standIn);
}

/** The same operation on other inputs of the same types. */
export function withInputs({ shape, dtype, recipe }: Tensor, inputs: readonly Tensor[]): Tensor {
  return new Tensor(shape, dtype, { recipe: { ...recipe!, inputs } });
}
