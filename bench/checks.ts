/**
 * What results must be: single entries by their definitions in float64, and how far two arrays are apart.
 *
 * @module
 */
import type { HostArray } from "../mod.ts";
import { Random } from "../data/mod.ts";
import type { ConvData } from "./contestant.ts";

/** Relative error above which numbers are wrong. */
export const TOLERANCE = 1e-3;

/** One number that a result must hold. */
export interface Entry {
  /** Which result. */
  readonly result: number;
  /** Place in it. */
  readonly index: number;
  readonly value: number;
}

const ENTRIES = 32; // of each result

/** The largest difference of two arrays as a part of the largest number in the second; infinite where one is NaN. */
export function largestError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Infinity;
  let [difference, scale] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(got[i] - expected[i]);
    if (!(d < Infinity)) return Infinity;
    difference = Math.max(difference, d);
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return difference === 0 ? 0 : difference / scale;
}

/** Some entries of a b. */
export function matmulEntries(a: HostArray, b: HostArray): Entry[] {
  const [M, K] = a.shape;
  const N = b.shape[1];
  return places(M * N).map((index) => {
    const [i, j] = [Math.floor(index / N), index % N];
    let value = 0;
    for (let k = 0; k < K; k++) value += a.data[i * K + k] * b.data[k * N + j];
    return { result: 0, index, value };
  });
}

/** Some entries of y. */
export function convEntries({ x, w }: ConvData): Entry[] {
  const [N, C, H, W] = x.shape;
  const O = w.shape[0];
  return places(N * O * H * W).map((index) => {
    const [n, o, i, j] = unravelled(index, [N, O, H, W]);
    let value = 0;
    for (let c = 0; c < C; c++) {
      for (let k = 0; k < 9; k++) {
        const [u, v] = [Math.floor(k / 3), k % 3];
        value += pixel(x, [n, c, i + u - 1, j + v - 1]) * pixel(w, [o, c, u, v]);
      }
    }
    return { result: 0, index, value };
  });
}

/**
 * What Σ y g and its gradients must be. Y is linear in x and in w, so that the sum is also Σ x ∂x and Σ w ∂w: each
 * holds the whole of a gradient against the sum, which single entries do not.
 */
export function convGradientEntries(
  { x, w, g }: ConvData,
  [, gradX, gradW]: readonly Float32Array[],
): Entry[] {
  const [N, , H, W] = x.shape;
  const O = w.shape[0];
  const ofX = places(x.data.length).map((index) => {
    const [n, c, i, j] = unravelled(index, x.shape);
    let value = 0;
    for (let o = 0; o < O; o++) {
      for (let k = 0; k < 9; k++) {
        const [u, v] = [Math.floor(k / 3), k % 3];
        value += pixel(g, [n, o, i - u + 1, j - v + 1]) * pixel(w, [o, c, u, v]);
      }
    }
    return { result: 1, index, value };
  });
  const ofW = places(w.data.length).map((index) => {
    const [o, c, u, v] = unravelled(index, w.shape);
    let value = 0;
    for (let n = 0; n < N; n++) {
      for (let i = 0; i < H; i++) {
        for (let j = 0; j < W; j++) {
          value += pixel(g, [n, o, i, j]) * pixel(x, [n, c, i + u - 1, j + v - 1]);
        }
      }
    }
    return { result: 2, index, value };
  });
  const sums = [dot(x.data, gradX), dot(w.data, gradW)];
  return [...sums.map((value) => ({ result: 0, index: 0, value })), ...ofX, ...ofW];
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, number, i) => sum + number * b[i], 0);
}

/** A number of an array of four axes, 0 outside. */
function pixel({ shape, data }: HostArray, at: readonly [number, number, number, number]): number {
  let index = 0;
  for (let axis = 0; axis < 4; axis++) {
    if (at[axis] < 0 || at[axis] >= shape[axis]) return 0;
    index = index * shape[axis] + at[axis];
  }
  return data[index];
}

function unravelled(index: number, shape: readonly number[]): [number, number, number, number] {
  const [, B, C, D] = shape;
  return [
    Math.floor(index / (B * C * D)),
    Math.floor(index / (C * D)) % B,
    Math.floor(index / D) % C,
    index % D,
  ];
}

/** The first, the last and other places of an array, the same ones every time. */
function places(size: number): number[] {
  const random = new Random(size);
  return [0, size - 1, ...Array.from({ length: ENTRIES - 2 }, () => random.integer(size))];
}
