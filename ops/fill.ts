/** Tensors of one number repeated. @module */
import { type DType, holds, typedArray } from "../core/dtype.ts";
import { checkSizes, type Shape, sizeOf } from "../core/host_array.ts";
import { perElement } from "../core/kernel.ts";
import { apply, type Op } from "../core/op.ts";
import type { Tensor } from "../core/tensor.ts";

interface FillAttrs {
  readonly shape: Shape;
  readonly dtype: DType;
  /** The number's bits: as an f32 where it is a float, else as the integer itself. */
  readonly bits: number;
}

const fillOp: Op<FillAttrs> = {
  name: "full",
  shape: (_inputs, { shape }) => shape,
  dtype: (_inputs, { dtype }) => dtype,
  kernel(request) {
    const { attrs, output } = request;
    const type = output.dtype === "f16" ? "f32" : output.dtype;
    // By its bits: WGSL refuses infinities and NaN in constants, and all numbers share a shader.
    return perElement("full", request, {
      inputs: [],
      vectors: ["out"],
      sizes: { BITS: attrs.bits },
      count: Math.ceil(sizeOf(output.shape) / 4), // buffers are padded: the last group may stick out
      body: `  out[i] = vec4<Out>(Out(bitcast<${type}>(BITS)));`,
    });
  },
  grad: () => [],
};

/**
 * A tensor of one number repeated.
 *
 * @param shape Sizes of the axes.
 * @param value A number in the type's range, or an infinity or NaN; for i32 and u32 a whole number.
 * @param dtype Type of the numbers. @default {"f32"}
 * @returns A tensor of that shape.
 * @throws {RangeError} If a size is not a whole number from 0, or the value does not fit the type.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { full } from "ae";
 *
 * assert.deepEqual(await full([2, 2], 7).array(), [[7, 7], [7, 7]]);
 * ```
 */
export function full(shape: Shape, value: number, dtype: DType = "f32"): Tensor {
  checkSizes("full", shape);
  if (!holds(dtype, value)) throw new RangeError(`full: ${value} is no ${dtype}`);
  const number = typedArray(dtype === "f16" ? "f32" : dtype, 1);
  number[0] = value;
  const [bits] = new Uint32Array(number.buffer);
  return apply(fillOp, [], { shape: [...shape], dtype, bits });
}
