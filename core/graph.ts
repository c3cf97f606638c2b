/**
 * Walking the graph of tensors that are described and not yet computed.
 *
 * @module
 */
import type { Tensor } from "./tensor.ts";

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
