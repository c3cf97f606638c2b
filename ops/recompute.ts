/**
 * Memory for time: a part of a network whose results in between are forgotten after the forward pass and computed once
 * more for the gradients.
 *
 *     y = f(x)       kept: x, y                      f's own results are free as soon as y is there
 *     ∂x, ∂p         f(x) again, then its gradients  a third more arithmetic for this part
 *
 * Chen, Xu, Zhang and Guestrin, "Training deep nets with sublinear memory cost", 2016, arXiv:1604.06174.
 *
 * @module
 */
import { grad } from "../core/grad.ts";
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
import { withoutAssignments } from "../core/trace.ts";
import { stopGradient } from "./stop_gradient.ts";

interface Attrs {
  readonly f: (x: Tensor) => Tensor;
}

/** Inputs are y, x and the parameters; the result is y itself, with gradients by another way. */
const recomputeOp: Op<Attrs> = {
  name: "recompute",
  view: true,
  shape: ([y]) => y,
  grad({ inputs: [, x, ...parameters], gradOutput, attrs: { f } }) {
    const again = withoutAssignments(() => f(x));
    const loss = again.mul(stopGradient(gradOutput)).sum();
    return [null, ...grad(loss, [x, ...parameters], { unreached: "zero" })];
  },
};

/**
 * Describe `f(x)` so that its gradients compute what they need of it once more instead of keeping it. The numbers are
 * the same.
 *
 * What `f` assigns (running averages) is assigned by the first pass alone. Worth it for parts with much in between,
 * such as one hourglass of several; nesting it is possible and costs another pass for each level.
 *
 * @param f Describes the part from its input; is called a second time when gradients are described, so it must say the
 * same again: no random numbers without a seed.
 * @param x The part's input.
 * @param parameters Every other tensor that gradients are wanted of: the part's parameters.
 * @returns `f(x)`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { grad, recompute, tensor } from "ae";
 *
 * const [x, w] = [tensor([1, 2]), tensor([3, 4])];
 * const y = recompute((x) => x.mul(w).square(), x, [w]);
 * const [gradX, gradW] = grad(y.sum(), [x, w]);
 * assert.deepEqual(await gradX.array(), [18, 64]); // 2 · x · w²
 * assert.deepEqual(await gradW.array(), [6, 32]); //  2 · x² · w
 * ```
 */
export function recompute(
  f: (x: Tensor) => Tensor,
  x: Tensor,
  parameters: readonly Tensor[] = [],
): Tensor {
  return apply(recomputeOp, [f(x), x, ...parameters], { f });
}
