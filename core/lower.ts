/**
 * From what was asked to how it is done: operations that stand for several steps (a convolution, say, and its
 * gradients) are replaced by those steps just before planning, when the device is known.
 *
 *     conv2d(x, w)  ──►  outputs(matmul(kernels(w), tiles(x)))      or      direct(x, pack(w))
 *
 * Derivatives are taken of the operations as they were asked for, so each says its gradients once and not once for
 * every way to compute it. Steps that two of them need (a forward pass and its gradient both cut x into tiles) are
 * found to be the same and done once, unless their result is large: it would be kept all the time between.
 *
 * @module
 */
import { ancestors, rebuild, withInputs } from "./graph.ts";
import type { Recipe } from "./op.ts";
import { Tensor } from "./tensor.ts";
import { withSubject } from "./tune.ts";

/**
 * The tensors that stand for `roots` when every operation that can be lowered is.
 *
 * @param visit Called with each of those operations, also with those that others stand for, before it is lowered.
 */
export function lower(roots: readonly Tensor[], visit?: (x: Tensor) => void): Tensor[] {
  if (!ancestors(roots).computed.some((x) => x.recipe!.op.lower)) return [...roots];
  const shared: Shared = { steps: new Map(), ops: new Map(), visit };
  return rebuild(roots, (x, recipe) => {
    const before = new Tensor([], "f32", {}).id;
    // The last step is never shared: what two results own must be two buffers.
    return recipe.op.lower
      ? share(stepsOf(x, recipe, visit), before, shared, true)
      : withInputs(x, recipe.inputs);
  });
}

/** An operation in words that say all that its speed depends on. */
export function subjectOf({ recipe, shape, dtype }: Tensor): string {
  const { op, inputs, attrs } = recipe!;
  const types = [...inputs, { shape, dtype }].map((it) => `[${it.shape.join(", ")}] ${it.dtype}`);
  return `${op.name} ${types.join(" ")} ${JSON.stringify(attrs)}`;
}

/** What an operation stands for, on these inputs. */
function stepsOf(x: Tensor, { op, inputs, attrs }: Recipe, visit?: (x: Tensor) => void): Tensor {
  visit?.(x);
  return withSubject(() => subjectOf(x), () => op.lower!({ inputs, output: x, attrs }));
}

/** Steps made so far by what they do, and the numbers of the operations that they do. */
interface Shared {
  readonly steps: Map<string, Tensor>;
  readonly ops: Map<unknown, number>;
  readonly visit: ((x: Tensor) => void) | undefined;
}

/** A result with more bytes is computed again rather than kept until somebody else needs it. */
const MOST_SHARED_BYTES = 2 ** 22;

/** The same steps with those made before in place of new ones that do the same; steps have ids above `before`. */
function share(step: Tensor, before: number, shared: Shared, isLast = false): Tensor {
  const { recipe } = step;
  if (step.id <= before || !recipe) return step;
  // The last step may be a view: then what it shows is the last thing computed.
  const inputs = recipe.inputs.map((input, i) =>
    share(input, before, shared, isLast && recipe.op.view === true && i === 0)
  );
  if (recipe.op.lower) {
    return share(stepsOf(step, { ...recipe, inputs }, shared.visit), before, shared, isLast);
  }
  const isUnchanged = inputs.every((input, i) => input === recipe.inputs[i]);
  const same = isUnchanged ? step : withInputs(step, inputs);
  if (isLast || step.bytes > MOST_SHARED_BYTES) return same;
  const op = shared.ops.get(recipe.op) ?? shared.ops.size;
  shared.ops.set(recipe.op, op);
  const key = [op, JSON.stringify(recipe.attrs), ...inputs.map(({ id }) => id)].join();
  const known = shared.steps.get(key);
  if (!known) shared.steps.set(key, same);
  return known ?? same;
}
