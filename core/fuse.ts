/**
 * Chains of operations on single elements become one kernel: every intermediate result that only the next link needs
 * stays in a register instead of going to memory and back.
 *
 *     relu(x · a + b)      mul, add, relu: 3 kernels, 6 passes over memory    ──►   mul+add+relu: 1 kernel, 2 passes
 *
 * The numbers are those of the single kernels but for what the driver's compiler makes of a longer formula: it may
 * reorder sums and products of f32, so that (x + big) − big is x. Results in f16 are rounded at every link.
 *
 * @module
 */
import { ancestors, resolveView } from "./graph.ts";
import type { Recipe } from "./op.ts";
import { sameShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** The tensors that stand for `roots` when every link that can be absorbed by the next one is. */
export function fuse(roots: readonly Tensor[]): Tensor[] {
  const { computed } = ancestors(roots);
  const uses = new Map<Tensor, number>();
  const use = (x: Tensor, times: number) => uses.set(x, (uses.get(x) ?? 0) + times);
  for (const x of roots) use(resolveView(x), Infinity);
  for (const x of computed) {
    for (const input of new Set(x.recipe!.inputs.map(resolveView))) use(input, 1);
  }

  const fused = new Map<Tensor, Tensor>();
  const standIn = (x: Tensor): Tensor => {
    const known = fused.get(x);
    if (known) return known;
    const base = resolveView(x);
    if (base === x || standIn(base) === base) return x;
    return remake(x, { ...x.recipe!, inputs: [standIn(x.recipe!.inputs[0])] });
  };
  const remake = (x: Tensor, recipe: Recipe) => new Tensor(x.shape, x.dtype, { recipe });

  let any = false;
  for (const x of computed) {
    const recipe = x.recipe!;
    const inputs = recipe.inputs.map(standIn);
    const which = recipe.inputs.map((input, i) =>
      uses.get(input) === 1 && inputs[i].recipe?.op.absorb !== undefined &&
      inputs[i].storage.block === null && sameShape(input.shape, x.shape) &&
      input.dtype === x.dtype
    );
    const own = { ...recipe, inputs };
    const absorbed = which.includes(true) ? recipe.op.absorb?.(own, which) : null;
    any ||= absorbed !== null && absorbed !== undefined;
    // Everything is made anew, so that the order of creation stays the order in which things were asked for.
    fused.set(x, remake(x, absorbed ?? own));
  }
  return any ? roots.map(standIn) : [...roots];
}
