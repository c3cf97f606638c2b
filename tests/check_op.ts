/**
 * Check operations against plain loops: their numbers, their gradients by finite differences, and both again
 * with f16 tensors.
 *
 * @module
 */
import assert from "node:assert/strict";
import { grad, read, type Shape, sizeOf, type Tensor, tensor } from "../core/mod.ts";
import { Random } from "../data/random.ts";
import { cast } from "../ops/mod.ts";
import { finiteDifferences, type Numbers, type Reference } from "./check_gradient.ts";
import { assertClose } from "./close.ts";

/** An input: sizes alone for random numbers between -3 and 3, or the numbers. */
export type Sample = Shape | (Numbers & { readonly integers?: boolean });

/** What to check. */
export interface OpCheck {
  readonly op: (...inputs: readonly Tensor[]) => Tensor;
  readonly reference: Reference;
  readonly inputs: readonly Sample[];
  /** Shape that the result must have. */
  readonly shape: Shape;
  /** Check gradients: of which inputs, or of all that hold no integers. @default {true} */
  readonly gradient?: boolean | readonly number[];
  /** Check again with f16. @default {false} */
  readonly half?: boolean;
  /** @default {3e-5} */
  readonly tolerance?: number;
  /** Eleven bits are a relative 5e-4, and roundings add up. @default {1e-2} */
  readonly halfTolerance?: number;
}

/**
 * Assert that operations compute what their references do.
 *
 * Random inputs are numbers that f16 can hold, so that both types share one reference. Everything is computed
 * in one read: shaders are compiled side by side, and the wait for the device is paid once.
 */
export async function checkOp(...checks: readonly OpCheck[]): Promise<void> {
  const asked: Record<string, Tensor> = {};
  const comparisons: { key: string; expected: readonly number[]; tolerance: number }[] = [];
  const ask = (key: string, x: Tensor, expected: readonly number[], tolerance: number) => {
    asked[key] = x;
    comparisons.push({ key, expected, tolerance });
  };
  checks.forEach((check, c) => {
    const { op, reference, shape, gradient = true } = check;
    const random = new Random(1);
    const inputs = check.inputs.map((sample) => numbersOf(sample, random));
    const tensors = inputs.map(({ shape, data, integers }) =>
      tensor({ shape, data: integers ? Int32Array.from(data) : Float32Array.from(data) })
    );
    const expected = reference(...inputs);
    const weights = expected.map(() => Math.f16round(random.uniform(-1, 1)));
    const differentiable = typeof gradient === "boolean"
      ? inputs.flatMap(({ integers }, i) => gradient && !integers ? [i] : [])
      : gradient;
    const differences = differentiable.map((i) => finiteDifferences(reference, inputs, i, weights));
    for (const form of check.half ? ["f32", "f16"] as const : ["f32"] as const) {
      const tolerance = form === "f32" ? check.tolerance ?? 3e-5 : check.halfTolerance ?? 1e-2;
      const name = `check ${c}, [${inputs.map((x) => x.shape.join(", ")).join("] [")}] ${form}`;
      const result = op(...tensors.map((x, i) => inputs[i].integers ? x : cast(x, form)));
      assert.deepEqual([...result.shape], [...shape], `${name}: shape of the result`);
      const y = cast(result, "f32");
      ask(`${name}: y`, y, expected, tolerance);
      if (differentiable.length === 0) continue;
      const w = tensor({ shape, data: Float32Array.from(weights) });
      const gradients = grad(y.mul(w).sum(), differentiable.map((i) => tensors[i]));
      gradients.forEach((g, k) => {
        ask(`${name}: gradient of input ${differentiable[k]}`, g, differences[k], tolerance);
      });
    }
  });
  const got = await read(asked);
  for (const { key, expected, tolerance } of comparisons) {
    assertClose(got[key].data, expected, { tolerance, label: key });
  }
}

function numbersOf(sample: Sample, random: Random): Numbers & { readonly integers?: boolean } {
  if ("data" in sample) return sample;
  const data = Array.from({ length: sizeOf(sample) }, () => Math.f16round(random.uniform(-3, 3)));
  return { shape: sample, data };
}

/** Every place of a shape, in row-major order. */
export function* places(shape: Shape): Generator<number[]> {
  for (let i = 0; i < sizeOf(shape); i++) {
    let rest = i;
    const place = new Array<number>(shape.length);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place[axis] = rest % shape[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    yield place;
  }
}

/** Where a place lies in row-major order. */
export function placeOf(shape: Shape, place: readonly number[]): number {
  return place.reduce((flat, at, axis) => flat * shape[axis] + at, 0);
}

/** The number at a place. */
export function at({ shape, data }: Numbers, place: readonly number[]): number {
  return data[placeOf(shape, place)];
}

/** Numbers no two of which are equal, that f16 can hold (up to 2048 of them): for maxima, which have no gradient at a tie. */
export function distinct(shape: Shape): Numbers {
  const size = sizeOf(shape);
  const prime = 7919; // shares no factor with any size in use: visits every place once
  return {
    shape,
    data: Array.from({ length: size }, (_, i) => (i * prime % size - Math.floor(size / 2)) / 128),
  };
}
