/** The same values as another number type. @module */
import type { DType } from "../core/dtype.ts";
import { GpuError } from "../core/errors.ts";
import { sizeOf } from "../core/host_array.ts";
import { hasF16, perElement } from "../core/kernel.ts";
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";
import { reshape } from "./reshape.ts";

const isFloat = (dtype: DType) => dtype === "f32" || dtype === "f16";

const castOp: Op<{ readonly dtype: DType }> = {
  name: "cast",
  shape: ([x]) => x,
  dtype: (_inputs, { dtype }) => dtype,
  kernel(request) {
    const { inputs: [x], output } = request;
    if ((x.dtype === "f16" || output.dtype === "f16") && !hasF16()) {
      throw new GpuError(`cast: this adapter cannot compute with f16; stay with f32`);
    }
    return perElement("cast", request, {
      inputs: ["x"],
      vectors: ["x", "out"],
      count: Math.ceil(sizeOf(output.shape) / 4), // buffers are padded: the last group may stick out
      body: "  out[i] = vec4<Out>(x[i]);",
    });
  },
  grad({ inputs: [x], gradOutput }) {
    return [isFloat(x.dtype) && isFloat(gradOutput.dtype) ? cast(gradOutput, x.dtype) : null];
  },
};

/**
 * The same values as another number type.
 *
 * | from        | to         | value                                                     |
 * | ----------- | ---------- | --------------------------------------------------------- |
 * | f32         | f16        | rounded to nearest; beyond 65,504 not defined             |
 * | f32, f16    | i32, u32   | rounded towards zero; kept within the type's range        |
 * | i32, u32    | f32, f16   | rounded to nearest                                        |
 * | i32         | u32, back  | the same 32 bits, so -1 becomes 4,294,967,295             |
 *
 * Gradients pass between f32 and f16, rounded; integers have none.
 *
 * @param x Any shape.
 * @param dtype The type wanted.
 * @returns Same shape as `x`.
 * @throws {GpuError} When it is read, if f16 is involved and the adapter has none.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { cast, tensor } from "ae";
 *
 * assert.deepEqual(await cast(tensor([1.9, -1.9]), "i32").array(), [1, -1]);
 * ```
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? reshape(x, x.shape) : apply(castOp, [x], { dtype });
}
