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
import { ancestors, isLeaf, rebuild, resolveView } from "./graph.ts";
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

  /** Which inputs an operation may absorb: those that nobody else needs, element for element. */
  const linksOf = (x: Tensor) =>
    x.recipe!.inputs.map((input) =>
      !isLeaf(input) && uses.get(input) === 1 && input.recipe!.op.absorb !== undefined &&
      sameShape(input.shape, x.shape) && input.dtype === x.dtype
    );
  const isChain = computed.some((x) => x.recipe!.op.absorb && linksOf(x).includes(true));
  if (!isChain) return [...roots];
  return rebuild(roots, (x, recipe) => {
    const links = linksOf(x);
    const absorbed = links.includes(true) ? recipe.op.absorb?.(recipe, links) : null;
    return new Tensor(x.shape, x.dtype, { recipe: absorbed ?? recipe });
  });
}
