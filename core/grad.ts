/**
 * Reverse-mode differentiation, from graph to graph: the gradient of a described number is itself a
 * description, made of the same operations, planned and run like everything else.
 *
 *     walk the loss's ancestors from the newest to the oldest; for each, ask its operation for the gradients
 *     of its inputs; sum over axes that were broadcast; add where several paths meet
 *
 * An input is always created before what is made from it, so newest-to-oldest is a topological order and no
 * graph search is needed.
 *
 * @module
 */
import { shapeError } from "./errors.ts";
import { sizeOf } from "./host_array.ts";
import { onBehalfOf } from "./origin.ts";
import { sameShape } from "./shape.ts";
import { algebraOf, ones, type Tensor, zeros } from "./tensor.ts";

/**
 * Gradients of one number with respect to tensors: `grad(loss, [w, b])[i]` is ∂loss/∂wrt[i].
 *
 * First derivatives only. Nothing is kept on the tensors, so there is nothing to set to zero.
 *
 * @param loss One number, shape `[]` or all sizes 1.
 * @param wrt Tensors that the loss depends on.
 * @param options.unreached What to do for a tensor that the loss does not depend on: refuse, or give zeros.
 * @default {"error"}
 * @returns Tensors of the same shapes as `wrt`.
 * @throws {ShapeError} If the loss is not one number.
 * @throws {RangeError} If the loss does not depend on one of `wrt` (it is named).
 * @throws {TypeError} If an operation on the way has no gradient.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { grad, tensor } from "ae";
 *
 * const x = tensor([1, 2, 3]);
 * const [gradX] = grad(x.square().sum(), [x]);
 * assert.deepEqual(await gradX.array(), [2, 4, 6]);
 * ```
 */
export function grad(
  loss: Tensor,
  wrt: readonly Tensor[],
  options: { readonly unreached?: "error" | "zero" } = {},
): Tensor[] {
  if (sizeOf(loss.shape) !== 1) {
    throw shapeError("grad", "the loss must be one number", { loss: [loss.shape, ""] }, "sum() it");
  }
  const relevant = dependents(loss, wrt);
  const gradients = new Map<Tensor, Tensor>([[loss, ones(loss.shape, loss.dtype)]]);
  for (const output of relevant) {
    const gradOutput = gradients.get(output);
    if (!gradOutput || !output.recipe) continue;
    const { op, inputs, attrs } = output.recipe;
    if (!inputs.some((input) => relevant.has(input))) continue;
    if (!op.grad) {
      throw new TypeError(
        `grad: ${op.name} has no gradient` +
          (op.name.includes(".grad") ? "; only first derivatives are supported" : ""),
      );
    }
    const addGradients = () =>
      op.grad!({ inputs, output, gradOutput, attrs }).forEach((gradInput, i) => {
        const input = inputs[i];
        if (!gradInput || !relevant.has(input)) return;
        const own = sumTo(gradInput, input.shape);
        const others = gradients.get(input);
        gradients.set(input, others ? sumOf(others, own) : own);
      });
    onBehalfOf(output, addGradients, `gradient of ${op.name}`);
  }
  return wrt.map((x, i) => {
    const gradient = gradients.get(x);
    if (gradient) return gradient;
    if (options.unreached === "zero") return zeros(x.shape, x.dtype);
    const name = "name" in x ? `variable ${x.name}` : `number ${i} of wrt, ${x}`;
    throw new RangeError(`grad: the loss does not depend on ${name}`);
  });
}

/** The sum of two gradients of one tensor, in the way that their operation knows if it has one. */
function sumOf(a: Tensor, b: Tensor): Tensor {
  const op = a.recipe?.op;
  return (op && op === b.recipe?.op && op.plus?.(a.recipe!, b.recipe!)) || a.add(b);
}

/** The loss's ancestors that lead to one of `wrt`, newest first. */
function dependents(loss: Tensor, wrt: readonly Tensor[]): Set<Tensor> {
  const seen = new Set<Tensor>();
  const stack = [loss];
  for (let x = stack.pop(); x; x = stack.pop()) {
    if (seen.has(x)) continue;
    seen.add(x);
    stack.push(...(x.recipe?.inputs ?? []));
  }
  const leading = new Set<Tensor>(wrt);
  const oldestFirst = [...seen].sort((a, b) => a.id - b.id);
  for (const x of oldestFirst) {
    if (x.recipe?.inputs.some((input) => leading.has(input))) leading.add(x);
  }
  return new Set(oldestFirst.filter((x) => leading.has(x)).reverse());
}

/** Sum over the axes along which `shape` was repeated to give `x`'s shape. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const missing = x.shape.length - shape.length;
  const axes = x.shape.map((_, axis) => axis)
    .filter((axis) => axis < missing || (shape[axis - missing] === 1 && x.shape[axis] !== 1));
  const summed = axes.length > 0 ? algebraOf().sum(x, axes, true) : x;
  return sameShape(summed.shape, shape) ? summed : summed.reshape(shape);
}
