/**
 * Fewer passes over memory, in two ways.
 *
 * Chains of operations on single elements become one kernel: every intermediate result that only the next link needs
 * stays in a register instead of going to memory and back.
 *
 *     relu(x · a + b)      mul, add, relu: 3 kernels, 6 passes over memory    ──►   mul+add+relu: 1 kernel, 2 passes
 *
 * And such a chain is computed where the kernel before it stores its results, its _epilogue_:
 *
 *     relu(conv2d(x, w) + residual)      conv2d, add+relu    ──►   conv2d+add+relu: 1 kernel
 *
 * The numbers are those of the single kernels but for what the driver's compiler makes of a longer formula: it may
 * reorder sums and products of f32, so that (x + big) − big is x. Results in f16 are rounded at every link.
 *
 * @module
 */
import { ancestors, isLeaf, rebuild, resolveView } from "./graph.ts";
import type { Recipe } from "./op.ts";
import { sameShape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** The tensors that stand for `roots` when all that can be computed together is. */
export function fuse(roots: readonly Tensor[]): Tensor[] {
  return fuseEpilogues(fuseChains(roots));
}

/** Every link that can be absorbed by the next one is. */
function fuseChains(roots: readonly Tensor[]): Tensor[] {
  const { computed, isNeededOnce } = usesIn(roots);
  /** Which inputs an operation may absorb: those that nobody else needs, element for element. */
  const linksOf = (x: Tensor) =>
    x.recipe!.inputs.map((input) =>
      !isLeaf(input) && isNeededOnce(input) && input.recipe!.op.absorb !== undefined &&
      sameShape(input.shape, x.shape) && input.dtype === x.dtype
    );
  const fusing = (x: Tensor, recipe: Recipe) => {
    const links = recipe.op.absorb ? linksOf(x) : [];
    return links.includes(true) ? recipe.op.absorb!(recipe, links) : null;
  };
  return rebuildWith(roots, computed, fusing);
}

/** Every pointwise operation that can be computed where an input of it is stored is. */
function fuseEpilogues(roots: readonly Tensor[]): Tensor[] {
  const { computed, isNeededOnce } = usesIn(roots);
  const canTake = (base: Tensor, x: Tensor) =>
    !isLeaf(base) && isNeededOnce(base) && base.recipe!.op.stores !== undefined &&
    base.dtype === x.dtype;
  const fusing = (x: Tensor, recipe: Recipe) => {
    if (!recipe.op.epilogue) return null;
    const bases = x.recipe!.inputs.map(resolveView);
    // The newest only: the kernel moves to where its reader was, and what it reads is kept until then.
    const newest = bases.filter(({ size }) => size === x.size)
      .reduce<Tensor | null>((last, it) => !last || it.id > last.id ? it : last, null);
    if (!newest || !canTake(newest, x)) return null;
    return recipe.op.epilogue(recipe, bases.map((base) => base === newest));
  };
  return rebuildWith(roots, computed, fusing);
}

/** What is computed for `roots`, and whether one operation and nobody else needs a result. */
function usesIn(roots: readonly Tensor[]) {
  const { computed } = ancestors(roots);
  const uses = new Map<Tensor, number>();
  const use = (x: Tensor, times: number) => uses.set(x, (uses.get(x) ?? 0) + times);
  for (const x of roots) use(resolveView(x), Infinity);
  for (const x of computed) {
    for (const input of new Set(x.recipe!.inputs.map(resolveView))) use(input, 1);
  }
  return { computed, isNeededOnce: (x: Tensor) => uses.get(x) === 1 };
}

/** The same graph with the recipes that `fusing` gives for those of `computed` where it gives one. */
function rebuildWith(
  roots: readonly Tensor[],
  computed: readonly Tensor[],
  fusing: (x: Tensor, recipe: Recipe) => Recipe | null,
): Tensor[] {
  if (!computed.some((x) => fusing(x, x.recipe!))) return [...roots];
  return rebuild(
    roots,
    (x, recipe) => new Tensor(x.shape, x.dtype, { recipe: fusing(x, recipe) ?? recipe }),
  );
}
