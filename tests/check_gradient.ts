/**
 * Derivatives by finite differences, in float64, of a function written in plain loops: the oracle for every
 * gradient in the library.
 *
 *     ∂L/∂x ≈ (L(x + h) - L(x - h)) / 2h        L = Σ w·f(x), off by about h²
 *
 * @module
 */

/** Numbers in float64 and how they are arranged, row-major. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** An operation in plain loops: the numbers of its result. */
export type Reference = (...inputs: readonly Numbers[]) => readonly number[];

/** How far the differences reach. Float64 keeps 16 digits: 10 of them survive the subtraction. */
const STEP = 1e-5;

/**
 * The gradient of `Σ weights · reference(inputs)` with respect to input `which`.
 *
 * @param weights One for every number of the result.
 */
export function finiteDifferences(
  reference: Reference,
  inputs: readonly Numbers[],
  which: number,
  weights: readonly number[],
): number[] {
  const data = [...inputs[which].data];
  const changed = inputs.with(which, { shape: inputs[which].shape, data });
  const loss = () => reference(...changed).reduce((sum, y, i) => sum + y * weights[i], 0);
  return data.map((x, i) => {
    data[i] = x + STEP;
    const above = loss();
    data[i] = x - STEP;
    const below = loss();
    data[i] = x;
    return (above - below) / (2 * STEP);
  });
}
