/**
 * The shaders that compute a tensor, to be read.
 *
 * @module
 */
import { openGpu } from "./device.ts";
import type { Kernel } from "./kernel.ts";
import { makePlan } from "./plan.ts";
import { jobsOf } from "./run.ts";
import type { Tensor } from "./tensor.ts";

/**
 * The kernels that would run, in order, if a tensor were read now: `title` says what each computes, `code` is its WGSL.
 * Nothing is computed. A tensor that has its numbers needs none.
 *
 * @param x Any tensor.
 * @throws {GpuError} If the machine has no adapter.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { kernelsOf, relu, tensor } from "ae";
 *
 * const kernels = await kernelsOf(relu(tensor([1, -1]).mul(2)));
 * assert.equal(kernels.length, 1); // both operations in one
 * assert.match(kernels[0].code, /@compute/);
 * ```
 */
export async function kernelsOf(x: Tensor): Promise<Kernel[]> {
  return jobsOf(await openGpu(), makePlan([x])).map(({ kernel }) => kernel);
}
