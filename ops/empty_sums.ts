/**
 * Sums of no numbers: zeros that still depend on the tensors without numbers they come of, so that a gradient finds its
 * way back through them. A batch without images then has gradients, all zero, like every other.
 *
 * @module
 */
import type { Shape } from "../core/host_array.ts";
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
import { full } from "./fill.ts";

const emptySumsOp: Op<{ readonly shape: Shape }> = {
  name: "emptySums",
  shape: (_inputs, { shape }) => shape,
  lower: ({ output: { shape, dtype } }) => full(shape, 0, dtype),
  grad: ({ inputs }) => inputs.map(({ shape, dtype }) => full(shape, 0, dtype)),
};

/** Zeros of a shape, in the number type of the first of `inputs`, which hold no numbers. For reduce.ts and matmul.ts. */
export function emptySums(inputs: readonly Tensor[], shape: Shape): Tensor {
  return apply(emptySumsOp, inputs, { shape });
}
