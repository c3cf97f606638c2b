/**
 * Outputs of steps are lent: their buffers are the step's own, and its next call writes over them. A new value that a step
 * computes straight into its variable lies in the variable's buffer, and there anybody who gives the variable another
 * value writes over it. Either way the tensor says so when it is read, and never shows the other numbers.
 *
 * @module
 */
import type { Block } from "./pool.ts";
import { Tensor } from "./tensor.ts";

/** What was lent out of a buffer and not called back. */
const lent = new WeakMap<Block, Set<Tensor>>();

/** A tensor of this shape and type that shows what a buffer holds now. */
export function lend({ shape, dtype }: Tensor, block: Block): Tensor {
  const handle = new Tensor(shape, dtype, { block, borrowed: true });
  const ofBlock = lent.get(block) ?? new Set();
  lent.set(block, ofBlock.add(handle));
  return handle;
}

/** Call a tensor back; `why` as the end of a sentence. */
export function callBack(tensor: Tensor, why: string): void {
  const { storage } = tensor;
  if (storage.block) lent.get(storage.block)?.delete(tensor);
  storage.block = null;
  storage.gone = why;
}

/** Call back whatever shows the values of variables, before they get others. */
export function callBackFrom(variables: readonly Tensor[]): void {
  for (const variable of variables) {
    const { block } = variable.storage;
    if (!block) continue;
    const why = `was the value of ${variable}, which has another now; read it before`;
    for (const handle of lent.get(block) ?? []) callBack(handle, why);
    lent.delete(block);
  }
}
