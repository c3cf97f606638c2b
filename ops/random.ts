/**
 * Seeded random numbers, made on the GPU.
 *
 * Element i depends on i and the seed alone, through the hash pcg4d (Jarzynski and Olano, "Hash Functions
 * for GPU Rendering", 2020), so the numbers are the same on every adapter, up to rounding, and however the
 * work is divided. Four at a time: the hash gives four.
 *
 *     uniform   u = 24 bits / 2²⁴, in 0 ≤ u < 1
 *     normal    √(-2 ln u) · cos 2πv  and  · sin 2πv  (Box and Muller, 1958), u in 0 < u ≤ 1
 *
 * @module
 */
import { checkSizes, type Shape, sizeOf } from "../core/host_array.ts";
import { floatLiteral, perElement } from "../core/kernel.ts";
import { apply, type Op } from "../core/op.ts";
import { Tensor } from "../core/tensor.ts";

interface Attrs {
  readonly shape: Shape;
  /** The seed, or null where it is the input. */
  readonly seed: number | null;
  /** Result = offset + factor · u. */
  readonly offset: number;
  readonly factor: number;
}

const PCG4D = `
fn pcg4d(start: vec4u) -> vec4u {
  var v = start * 1664525u + 1013904223u;
  for (var round = 0; round < 2; round++) {
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    if (round == 0) { v ^= v >> vec4u(16u); }
  }
  return v;
}`;

function randomOp(name: string, stream: number, fromBits: string): Op<Attrs> {
  return {
    name,
    shape: (_inputs, { shape }) => shape,
    dtype: () => "f32",
    kernel(request) {
      const { attrs: { seed, offset, factor }, output } = request;
      return perElement(name, request, {
        inputs: seed === null ? ["seed"] : [],
        vectors: ["out"],
        count: Math.ceil(sizeOf(output.shape) / 4), // buffers are padded: the last group may stick out
        declarations: PCG4D,
        iterations: 2,
        body: `  let bits = pcg4d(vec4u(i, ${
          seed === null ? "seed[0]" : `${seed}u`
        }, ${stream}u, 0u));
${fromBits}
  out[i] = ${floatLiteral(offset)} + ${floatLiteral(factor)} * u;`,
      });
    },
    grad: ({ inputs }) => inputs.map(() => null),
  };
}

const uniformOp = randomOp("uniform", 1, "  let u = vec4f(bits >> vec4u(8u)) / 16777216.0;");
const normalOp = randomOp(
  "normal",
  2,
  `  let radius = sqrt(-2.0 * log(vec2f((bits.xy >> vec2u(8u)) + 1u) / 16777216.0));
  let angle = 6.283185307179586 * vec2f(bits.zw >> vec2u(8u)) / 16777216.0;
  let u = vec4f(radius * cos(angle), radius * sin(angle));`,
);

const isFiniteF32 = (value: number) => Number.isFinite(Math.fround(value));

function random(
  op: Op<Attrs>,
  shape: Shape,
  seed: number | Tensor,
  offset: number,
  factor: number,
): Tensor {
  checkSizes(op.name, shape);
  if (seed instanceof Tensor) {
    if (seed.dtype !== "u32" || seed.size !== 1) {
      throw new TypeError(
        `${op.name}: a seed tensor must hold one u32, not [${seed.shape.join(", ")}] ${seed.dtype}`,
      );
    }
    return apply(op, [seed], { shape: [...shape], seed: null, offset, factor });
  }
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new RangeError(
      `${op.name}: the seed must be a whole number from 0 to 2³² - 1, not ${seed}`,
    );
  }
  return apply(op, [], { shape: [...shape], seed, offset, factor });
}

/**
 * Random numbers, equally likely everywhere from `low` up to `high`.
 *
 * The same seed and shape give the same numbers. Inside a compiled step a number as seed is baked, so every
 * call draws the same; a tensor as seed (an input or a variable of the step) draws anew.
 *
 * @param shape Sizes of the axes.
 * @param options.seed A whole number below 2³², or a u32 tensor with one number.
 * @param options.low Smallest value. @default {0}
 * @param options.high Upper bound, reached only by rounding. @default {1}
 * @returns f32 numbers.
 * @throws {RangeError} If a size or the seed is not a whole number in its range, or a bound is not finite or
 * they are in the wrong order.
 * @throws {TypeError} If a seed tensor does not hold one u32.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { uniform } from "ae";
 *
 * const { data } = await uniform([1000], { seed: 1, low: 2, high: 3 }).read();
 * assert.ok(data.every((value) => value >= 2 && value <= 3));
 * ```
 */
export function uniform(
  shape: Shape,
  options: { readonly seed: number | Tensor; readonly low?: number; readonly high?: number },
): Tensor {
  const { seed, low = 0, high = 1 } = options;
  if (!(low <= high) || ![low, high, high - low].every(isFiniteF32)) {
    throw new RangeError(
      `uniform: low and high must be in order and finite, as high - low, not ${low} and ${high}`,
    );
  }
  return random(uniformOp, shape, seed, low, high - low);
}

/**
 * Random numbers from the normal (Gaussian) distribution; none is farther than 5.8 `std` from the mean.
 *
 * The same seed and shape give the same numbers. Inside a compiled step a number as seed is baked, so every
 * call draws the same; a tensor as seed (an input or a variable of the step) draws anew.
 *
 * @param shape Sizes of the axes.
 * @param options.seed A whole number below 2³², or a u32 tensor with one number.
 * @param options.mean Mean. @default {0}
 * @param options.std Standard deviation. @default {1}
 * @returns f32 numbers.
 * @throws {RangeError} If a size or the seed is not a whole number in its range, the mean is not finite or
 * the deviation negative.
 * @throws {TypeError} If a seed tensor does not hold one u32.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { normal } from "ae";
 *
 * const x = normal([1000], { seed: 1, mean: 5 });
 * assert.ok(Math.abs(await x.mean().item() - 5) < 0.1);
 * ```
 */
export function normal(
  shape: Shape,
  options: { readonly seed: number | Tensor; readonly mean?: number; readonly std?: number },
): Tensor {
  const { seed, mean = 0, std = 1 } = options;
  if (!(std >= 0) || ![mean, std].every(isFiniteF32)) {
    throw new RangeError(
      `normal: mean and std must be finite and std not negative, not ${mean}, ${std}`,
    );
  }
  return random(normalOp, shape, seed, mean, std);
}
